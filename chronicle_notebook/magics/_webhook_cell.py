"""``%%webhook``: registers the webhook of the cell, or shows what this would do."""

from __future__ import annotations

from typing import Any

from chronicle_notebook.base._errors import InvalidDefinitionError, InvalidInputError
from chronicle_notebook.base._url import ReferencedText
from chronicle_notebook.definition._references import LITERAL
from chronicle_notebook.definition.file._webhook_reader import read_body
from chronicle_notebook.definition.rules._check import about
from chronicle_notebook.definition.rules._url import target_url_caution
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
    accept_unknown = "--accept-unknown" in call.switches
    webhook, url = call.required("ID"), call.required("URL")
    if call.referred("ID"):
        webhook = ReferencedText.of(webhook, call.values["ID"])  # what shows the plan shows the reference
    written = (call.given("URL") or "").removeprefix(LITERAL)
    if not allow_literal and target_url_caution(written) is not None:
        raise InvalidDefinitionError(
            "The query of the URL has a parameter that looks like a credential, and its value is in plain text, so it "
            "would stay in the notebook, its history and every copy of it.",
            field="target_url",
            hint="Write env:NAME or var:NAME for the whole URL; for a sandbox kernel, --allow-literal accepts it.",
        )
    with about(webhook):
        builder = read_body(call.body, variables=call.variables, allow_literal=allow_literal, first_line=BODY_LINE)
    with noted_warnings(print):
        if "--dry-run" in call.switches:
            return client.webhooks.plan(webhook, url, lambda _: builder, accept_unknown=accept_unknown)
        confirmed = call.text("--confirm-host")
        return client.webhooks.register(
            webhook, url, lambda _: builder, confirm_host=confirmed, accept_unknown=accept_unknown
        )
