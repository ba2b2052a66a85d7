"""What a failed write changed. A list of webhooks is not all or nothing.

The kernel works through a list one by one. When it fails on one webhook, the webhooks before it are changed and the
others are not, and the answer does not say which (seen on 16.37.1 and on a build of 16.38). So the list is read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from chronicle_notebook.base._errors import KernelError, KernelFaultError
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.registration._differences import differing

NOTHING_SENT = "Nothing was sent."
UNCHANGED = "The list of webhooks shows that nothing was changed. The kernel's log has the details."


def took_effect(wanted: WebhookDefinition, before: WebhookDefinition | None, found: WebhookDefinition | None) -> bool:
    """Whether the read-back shows that the kernel changed a webhook, or that the webhook is as wanted."""
    if found is None:
        return False
    return before is None or not differing(wanted, found) or bool(differing(before, found))


def nothing_changed(before: Mapping[str, WebhookDefinition], found: Mapping[str, WebhookDefinition]) -> bool:
    """Whether two lists of webhooks are the same."""
    if before.keys() != found.keys():
        return False
    return not any(differing(before[webhook], found[webhook]) for webhook in before)


def as_unchanged(fault: KernelFaultError) -> KernelFaultError:
    """The failure, with the hint that the read-back allows."""
    fault.hint = UNCHANGED
    return fault


def fault_note(fault: KernelFaultError, *, done: bool) -> str:
    """The note about one webhook of a call on which the kernel failed."""
    words = " / ".join(_first(fault.reasons)) or fault.message
    rest = "This change was made before that." if done else "Correct what the kernel failed on, and send it again."
    return f"The kernel failed while it worked on the call: {words}. {rest}"


@contextmanager
def before_sending() -> Iterator[None]:
    """Say in an error that nothing was sent, where only reading comes before the write."""
    try:
        yield
    except KernelError as error:
        if not error.hint.startswith(NOTHING_SENT):
            error.hint = f"{NOTHING_SENT} {error.hint}".rstrip()
        raise


def _first(reasons: Iterable[str]) -> list[str]:
    return [reason.rstrip(".") for reason in list(reasons)[:3]]
