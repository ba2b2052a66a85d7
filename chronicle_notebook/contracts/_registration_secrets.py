"""Hides the secrets of a registration in the messages of a kernel: a validator can quote the password that it
refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from chronicle_notebook.base._credential_names import looks_like_credential
from chronicle_notebook.base._redaction import SHORTEST, Hide, without
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import shown
from chronicle_notebook.model import WebhookCredentials, WebhookDefinition


def hiding(definitions: Sequence[WebhookDefinition]) -> Hide:
    """A function that hides the secrets of a registration. It looks the secrets up only when there is a text."""

    def hide(text: str) -> str:
        for definition in definitions if text else ():
            if definition.target_url in text:
                text = text.replace(definition.target_url, shown(definition.target_url))
            for look_up in _secrets(definition):
                # A secret that cannot be looked up any more was not sent either, and the error to report is a different
                # one.
                with suppress(Exception):
                    text = without(text, look_up())
        return text

    return hide


def _secrets(definition: WebhookDefinition) -> Iterator[Callable[[], str]]:
    if isinstance(definition.authorization, WebhookCredentials):
        yield from definition.authorization.sent()
    for name, value in definition.headers.items():
        if isinstance(value, Secret):
            yield value.reveal
        elif looks_like_credential(name) or len(value) > SHORTEST:
            yield value.__str__
