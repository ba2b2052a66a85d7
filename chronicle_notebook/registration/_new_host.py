"""A target that moves to another host while the kernel keeps the credentials of the webhook.

A registration without credentials does not take the stored ones away (seen on running kernels up to a build of 16.38).
So the kernel sends them to the new host, which may belong to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from chronicle_notebook.base._errors import InvalidDefinitionError
from chronicle_notebook.base._url import host_of, shown
from chronicle_notebook.model import AuthorizationKind, WebhookDefinition


def takes_credentials_along(wanted: WebhookDefinition, found: WebhookDefinition | None) -> bool:
    """Whether stored credentials would go to another host than before."""
    if found is None or found.authorization.kind is AuthorizationKind.NONE:
        return False
    return wanted.authorization.kind is AuthorizationKind.NONE and _origin(wanted) != _origin(found)


def warning(wanted: WebhookDefinition, found: WebhookDefinition | None) -> tuple[str, str]:
    """A sentence about the stored credentials and what to do, for a plan; empty if the host stays or they are given."""
    return (_sentence(wanted, found), _HINT) if found and takes_credentials_along(wanted, found) else ("", "")


def check_hosts(
    definitions: Iterable[WebhookDefinition], before: Mapping[str, WebhookDefinition], *, confirmed: str | None
) -> None:
    """Refuse to let stored credentials go to another host, unless that host is confirmed.

    :raises InvalidDefinitionError: names the webhook and both hosts.
    """
    for wanted in definitions:
        found = before.get(wanted.id)
        if (
            found is not None
            and takes_credentials_along(wanted, found)
            and _origin(wanted)[1] != (confirmed or "").lower()
        ):
            raise InvalidDefinitionError(
                _sentence(wanted, found),
                field="target_url",
                webhook=wanted.id,
                hint=f'{_HINT} That is confirm_host="{host_of(wanted.target_url)}".',
            )


_HINT = "Give the credentials again, or confirm the new host in register() if it is to have them."


def _sentence(wanted: WebhookDefinition, found: WebhookDefinition) -> str:
    return (
        f"Webhook {wanted.id!r} moves from {shown(_origin(found)[1])} to {host_of(wanted.target_url)} and names no "
        f"credentials, so the kernel would send the stored {found.authorization.kind.value} credentials there."
    )


def _origin(definition: WebhookDefinition) -> tuple[str, str]:
    try:
        return urlsplit(definition.target_url).scheme, host_of(definition.target_url).lower()
    except ValueError:  # other clients register any text
        return "", definition.target_url
