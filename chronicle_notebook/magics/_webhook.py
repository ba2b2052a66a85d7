"""``%webhook``: one webhook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from chronicle_notebook.base._errors import InvalidInputError, NotSupportedError
from chronicle_notebook.base._url import shown
from chronicle_notebook.definition._code import Style
from chronicle_notebook.magics import _again
from chronicle_notebook.magics._clients import current
from chronicle_notebook.magics._parse import Call
from chronicle_notebook.magics._question import agreed
from chronicle_notebook.session._webhook_view import WebhookView

KEPT = "Nothing was removed."
BACK = "This code registers it again:"
BACK_AS_IT_WAS = "or, as long as this kernel runs: client.webhooks.register(outcome.removed)"


def run(call: Call) -> Any:
    """Run the subcommand."""
    return _COMMANDS[call.command.name](call)


def _show(call: Call) -> Any:
    return current().describe(call.required("ID"))


def _test(call: Call) -> Any:
    return current().webhooks.test(call.required("ID"))


def _retry(call: Call) -> Any:
    webhook, everything = call.text("ID"), "--failing" in call.switches
    if (webhook is None) is not everything:
        raise InvalidInputError(
            "A retry takes the id of a webhook, or --failing for everything that fails.",
            field="line",
            hint="Write %webhook retry ID, or %webhook retry --failing.",
        )
    return current().retry_failed_partitions(webhook, release="--release" in call.switches)


def _code(call: Call) -> Any:
    return current().webhooks.code(call.required("ID"), cast("Style", call.given("--as") or "python"))


def _remove(call: Call) -> Any:
    client = current()
    view = client.describe(call.required("ID"))
    if "--yes" not in call.switches and not _agreed(view):
        print(KEPT)  # noqa: T201 - the answer to the question
        return None
    # Printed before the removal: the webhook may be gone, however the call ends, and then nobody could write the code.
    print(f"{BACK}\n\n{client.webhooks.code(view.definition, 'cell')}\n{BACK_AS_IT_WAS}")  # noqa: T201 - to be copied
    return client.webhooks.remove(view.definition.id)


def _agreed(view: WebhookView) -> bool:
    """Ask the user, with the name of the webhook."""
    events = f"{view.delivered:,} event{'' if view.delivered == 1 else 's'} delivered so far"
    return agreed(
        f"Remove webhook {view.definition.id!r} (to {shown(view.definition.target_url)}, {events}) from event store "
        f"{view.event_store!r} on {view.server}?",
        to=f"remove {view.definition.id!r} from {view.server}",
    )


def _form(call: Call) -> Any:
    client = current()
    webhook = call.text("ID")
    definition = None if webhook is None else client.webhooks.get(webhook)
    try:
        from chronicle_notebook.widgets import WebhookForm
    except ImportError as error:
        failure = NotSupportedError(
            f"The form cannot be shown here: {error.name or 'a package'} is missing.",
            hint="Write a %%webhook cell instead; %webhook code ID --as cell gives one.",
        )
    else:
        return WebhookForm(client, definition, file=call.text("--file"), profile=call.text("--profile"))
    raise failure


_COMMANDS: dict[str, Callable[[Call], Any]] = {
    "show": _show,
    "test": _test,
    "retry": _retry,
    "remove": _remove,
    "pause": _again.pause,
    "paused": _again.paused,
    "resume": _again.resume,
    "replay": _again.replay,
    "redeliver": _again.redeliver,
    "code": _code,
    "form": _form,
}
