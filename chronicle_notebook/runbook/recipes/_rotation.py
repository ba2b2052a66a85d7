"""Giving a webhook a new secret without losing an event.

The right order: the receiver starts to accept the new secret in addition to the old one, the webhook gets the new one,
the receiver removes the old one. The first and the last step are done at the receiver. If the receiver accepts neither
secret, a delivery fails, and a kernel that checks the answer sends it again. Some kernels before 19.30 count every
answer as delivered, and would lose it. So the new secret is tested at the target before anything changes.
"""

from __future__ import annotations

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition._credentials import at_hand, why_unusable
from chronicle_notebook.model import UndisclosedAuthorization, WebhookDefinition, class_of, is_fetched
from chronicle_notebook.registration._losses import CIPHERTEXT_SENT, IN_USE_FOR_A_WHILE, defects_of
from chronicle_notebook.runbook.engine._step import Step
from chronicle_notebook.runbook.recipes._target_store import answers
from chronicle_notebook.session._client import Client

RESENT = "Kernels do not report whether it is the same, so each run sends it."
CIPHERTEXT = (
    "This kernel sends the encrypted secret instead of the secret, so that the target refuses any of them: a new one "
    "changes nothing."
)


def rotate(
    client: Client,
    webhook: str,
    secret: Secret,
    *,
    username: str | None = None,
    authority: str | None = None,
    client_id: str | None = None,
    test_target: bool = True,
    timeout: float = 10.0,
) -> list[Step]:
    """The steps that give a webhook a new token, password or client secret. The kind of its authorization stays.

    :param secret: a reference.
    :param username: for basic authorization, because most kernels do not return it; None for the one that is listed.
    :param authority: for OAuth, together with ``client_id``, because most kernels do not return them.
    :param test_target: first test whether the target accepts a request with the new secret. OAuth cannot be tested from
        here.
    :param timeout: seconds for the target.
    :raises InvalidInputError: the webhook has no authorization, or a required argument is missing.
    """
    found = client.webhooks.get(webhook)
    wanted = with_secret(found, secret, username=username, authority=authority, client_id=client_id)
    failing = {(each.namespace, each.partition) for each in client.failed_partitions(webhook)}

    def deliveries_hold() -> bool | None:
        """No partition fails that did not fail before: an undelivered event would be the first sign of a problem."""
        now = {(each.namespace, each.partition) for each in client.failed_partitions(webhook)}
        return False if now - failing else None

    steps = []
    if test_target and not is_fetched(found.authorization):
        steps.append(answers(wanted, lambda: wanted, timeout=timeout))
    return [
        *steps,
        Step(
            webhook,
            f"give it the secret from {secret.reference}",
            do=lambda: client.webhooks.register(at_hand(wanted)),
            done=deliveries_hold,
            note=about_secret(client, wanted, secret),
        ),
    ]


def about_secret(client: Client, wanted: WebhookDefinition, secret: Secret) -> str:
    """What to know before a webhook gets another secret."""
    told = [why_unusable(secret), RESENT, IN_USE_FOR_A_WHILE]
    if CIPHERTEXT_SENT in defects_of(client) and not is_fetched(wanted.authorization):
        told.append(CIPHERTEXT)
    return " ".join(each for each in told if each)


def with_secret(
    found: WebhookDefinition,
    secret: Secret,
    *,
    username: str | None = None,
    authority: str | None = None,
    client_id: str | None = None,
) -> WebhookDefinition:
    """A webhook that was read back, with another token, password or client secret. The kind of its authorization stays.

    :raises InvalidInputError: the webhook has no authorization, or another argument that its kind needs is missing.
    """
    kind = class_of(found.authorization)
    if kind is None:
        raise InvalidInputError(
            f"Webhook {found.id!r} has no authorization whose secret could be rotated.",
            field="webhook",
            hint="Register it with one first, and check with webhooks.plan() what the kernel does with it.",
        )
    authorization = found.authorization
    listed = authorization.listed if isinstance(authorization, UndisclosedAuthorization) else {}
    given = {"username": username, "authority": authority, "client_id": client_id}
    texts = listed | {name: value for name, value in given.items() if value is not None}
    values = {
        part.name: secret if part.secret else _given(part.name, texts.get(part.name), found) for part in kind.parts()
    }
    return found.changed(authorization=kind.of(values))


def _given(name: str, value: str | None, found: WebhookDefinition) -> str:
    if value is None:
        raise InvalidInputError(
            f"Webhook {found.id!r} has {found.authorization.kind.value} authorization, of which this kernel does not "
            f"give the {name} back.",
            field=name,
            hint=f"Give the parameter {name}.",
        )
    return value
