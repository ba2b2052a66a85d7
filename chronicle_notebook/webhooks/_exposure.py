"""Credentials that go over a network in clear: kernels send them to a target of http, and to an authority of http."""

from __future__ import annotations

from urllib.parse import urlsplit

from chronicle_notebook._errors import CredentialUrlWarning
from chronicle_notebook._url import is_local
from chronicle_notebook.model import (
    BasicAuthorization,
    BearerAuthorization,
    OAuthAuthorization,
    UndisclosedAuthorization,
    WebhookDefinition,
)
from chronicle_notebook.webhooks._problem import Caution

_WITH_CREDENTIALS = (BasicAuthorization, BearerAuthorization, OAuthAuthorization, UndisclosedAuthorization)


def exposures(definition: WebhookDefinition) -> list[Caution]:
    """A caution for each URL of http, but on this machine, that credentials are sent to. It repeats nothing of it."""
    authorization = definition.authorization
    found = []
    if isinstance(authorization, _WITH_CREDENTIALS) and _is_open(definition.target_url):
        found.append(
            Caution(
                "target_url",
                "The target is http, so the credentials go over the network in clear with each delivery.",
                "Use https, unless nobody else can listen on the way.",
                CredentialUrlWarning,
            )
        )
    if isinstance(authorization, OAuthAuthorization) and _is_open(authorization.authority):
        found.append(
            Caution(
                "authority",
                "The OAuth authority is http, so the client's secret and the token go over the network in clear.",
                "Use https, unless nobody else can listen on the way.",
                CredentialUrlWarning,
            )
        )
    return found


def _is_open(url: object) -> bool:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        return parts is not None and parts.scheme == "http" and not is_local(parts.hostname or "")
    except ValueError:  # what is no URL is a problem, and told as one
        return False
