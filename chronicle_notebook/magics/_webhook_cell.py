"""``%%webhook``: registers the webhook of the cell, or shows what this would do."""

from __future__ import annotations

from typing import Any

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.definition.file._webhook_reader import read_body
from chronicle_notebook.definition.rules._check import about
from chronicle_notebook.magics._clients import current
from chronicle_notebook.magics._guard import noted_warnings
from chronicle_notebook.magics._parse import Call

BODY_LINE = 2
"""The number of the first line of the body in the cell."""


def run(call: Call) -> Any:
    """Register the webhook, or show the plan."""
    client = current()
    allow_literal = "--allow-literal" in call.switches
    if allow_literal and not client.sandbox:
        raise InvalidInputError(
            "--allow-literal works only with a sandbox kernel.",
            field="--allow-literal",
            hint="Write env:NAME or var:NAME instead of the secret.",
        )
    webhook, url = call.required("ID"), call.required("URL")
    with about(webhook):
        builder = read_body(call.body, variables=call.variables, allow_literal=allow_literal, first_line=BODY_LINE)
    with noted_warnings(print):
        if "--dry-run" in call.switches:
            return client.webhooks.plan(webhook, url, lambda _: builder)
        confirmed = call.text("--confirm-host")
        return client.webhooks.register(webhook, url, lambda _: builder, confirm_host=confirmed)
