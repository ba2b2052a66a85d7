"""The rules for literal secrets, asked about what references lead to at the moment in which it is about to be sent.

A literal was checked when it was given. A variable of the environment is looked up late, and often ends with a line
break that nobody sees.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chronicle_notebook._secrets import Secret
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.webhooks._authorization_rules import check_secret, check_token, secrets_of
from chronicle_notebook.webhooks._header_rules import check_header_value
from chronicle_notebook.webhooks._problem import Problem


def check_revealed(definition: WebhookDefinition) -> None:
    """Look every secret up, and refuse one that could not be sent. A person is asked for one at a prompt.

    :raises SecretUnavailableError: a reference leads nowhere.
    :raises InvalidDefinitionError: what it leads to cannot work. Nothing of it is repeated.
    """
    for field, secret in secrets_of(definition.authorization):
        check = check_token if field == "token" else partial(check_secret, field=field)
        _check(definition, secret, check)
    for name, value in definition.headers.items():
        if isinstance(value, Secret):
            _check(definition, value, partial(check_header_value, name))


def _check(definition: WebhookDefinition, secret: Secret, rule: Callable[[Secret], list[Problem]]) -> None:
    if secret.reference is None:
        return
    for problem in rule(Secret(secret.reveal())):
        raise problem.error(
            f"Webhook {definition.id!r}: {problem.message}",
            field=problem.field,
            webhook=definition.id,
            hint=f"It is what {secret.reference} leads to: look how that is set. {problem.hint}".rstrip(),
        )
