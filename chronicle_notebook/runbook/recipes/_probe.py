"""Measuring which known defects a kernel has, as a step of a runbook."""

from __future__ import annotations

from datetime import UTC, datetime

from chronicle_notebook.probing import DEADLINE
from chronicle_notebook.probing._announcement import ProbeAnnouncement
from chronicle_notebook.probing._bench import PROBE_STORE
from chronicle_notebook.probing._probe import announced, check_deadline, place_of
from chronicle_notebook.runbook.engine._step import Step
from chronicle_notebook.session._client import Client


def measure(
    client: Client,
    *,
    again: bool = False,
    deadline: float = DEADLINE,
    receiver_url: str | None = None,
    receiver_port: int = 0,
) -> Step:
    """The step that probes the kernel, see :meth:`Client.probe`. Its note says what the probe does.

    :param again: probe a kernel that was probed before once more.
    :param deadline: the seconds after which the probe ends.
    :param receiver_url: as for :meth:`Client.probe`.
    :param receiver_port: as for :meth:`Client.probe`.
    :raises InvalidInputError: the probe cannot be made like this, for example because the kernel does not reach the
        receiver.
    """
    check_deadline(deadline)
    _, url = place_of(client.server, receiver_url, receiver_port)
    announcement = announced(client.origin, url, receiver_port, deadline)
    begun = datetime.now(UTC)

    def probe() -> str:
        result = client.probe(
            confirm=PROBE_STORE, deadline=deadline, receiver_url=receiver_url, receiver_port=receiver_port
        )
        return f"{result.summary}. {' '.join(result.left_behind)}".rstrip()

    def done() -> bool:
        found = client.probed
        return found is not None and (not again or found.taken >= begun)

    return Step(PROBE_STORE, "measure which known defects the kernel has", probe, done, note=_told(announcement))


def _told(announcement: ProbeAnnouncement) -> str:
    return " ".join(f"{name.capitalize()}: {text}." for name, text in announcement.facts)


def measured(client: Client) -> list[dict[str, str]]:
    """The findings of the kept probe of the kernel, for the outcome; empty if there is none."""
    return [{"defect": each.key, "verdict": each.verdict.value, "what": each.seen} for each in client.probed or ()]
