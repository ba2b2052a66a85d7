"""What ``client.webhooks`` shows of itself: its calls."""

from __future__ import annotations

from chronicle_notebook._display import Card, banner_of

CALLS = (
    ("all(), ids(), get(id)", "what is registered"),
    ("to_frame()", "the same as a DataFrame"),
    ("explore()", "the same as a widget, live"),
    ("plan(...), register(...)", "what a registration would do, and do it"),
    ("replace(...), remove(id)", "change what kernels otherwise keep, and take away"),
    ("test(id)", "send a test request to the target"),
    ("code(id)", "write one out as code"),
    ("observe()", "the list at each change"),
)
"""The calls that a person wants first, with what they are for."""


def calls_card(event_store: str, server: str) -> Card:
    """What can be done, and nothing that would need an answer of the kernel."""
    return Card(heading=f"Webhooks of event store {event_store!r} on {server}", facts=CALLS, banner=banner_of(server))
