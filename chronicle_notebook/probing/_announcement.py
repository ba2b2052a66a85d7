"""What a probe says before it begins, and the question whether it may."""

from __future__ import annotations

from dataclasses import dataclass

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._table_and_card import Card
from chronicle_notebook.probing._bench import LONGEST_QUIET, PROBE_STORE

AGAIN = f'Read it, and write client.probe(confirm="{PROBE_STORE}"), or give --confirm {PROBE_STORE} to the command.'


_STAYS = (
    f"the event store {PROBE_STORE!r} with these events and event types, because no call of a kernel removes them; "
    "later probes use it again. Where the kernel blocks an unknown id, it also tries for some 30 minutes to apply one "
    "removal in that event store"
)


@dataclass(frozen=True, slots=True, repr=False)
class ProbeAnnouncement(Displayed):
    """What a probe of a kernel would do, and what would stay behind. Nothing was sent."""

    server: str
    """``host:port`` of the kernel."""
    receiver: str
    """Where the receiver of this process listens, and how the kernel reaches it."""
    deadline: float
    """The seconds after which the probe ends."""
    banner: str = ""
    """The banner of a protected kernel."""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What it does, and what stays behind, each with its name."""
        return [
            ("it makes", f"the event store {PROBE_STORE!r} with some 25 event types, if it is not there"),
            ("it registers", f"some 25 webhooks in {PROBE_STORE!r}, changes some of them, and removes them all"),
            ("it appends", "some 15 events there, and the kernel delivers them to this process"),
            ("receiver", self.receiver),
            ("others", f"one slow answer may delay deliveries of the whole kernel by {LONGEST_QUIET:g} seconds"),
            ("it takes", f"{self.deadline:g} seconds at most"),
            ("stays behind", _STAYS),
        ]

    def _display(self) -> Card:
        return Card(
            heading=f"A probe of the kernel on {self.server} measures which of the known defects it has",
            facts=self.facts,
            notes=["Nothing was sent yet."],
            banner=self.banner,
        )


def check_confirmed(announcement: ProbeAnnouncement, confirm: str | None) -> None:
    """Return if the probe may begin; without ``confirm``, show the announcement and ask.

    :raises InvalidInputError: the text is not the name of the event store, or nobody can answer here.
    """
    given = confirm
    if given is None:
        print(announcement)  # noqa: T201 - a question without it could not be answered
        try:
            given = input(f"Type {PROBE_STORE} to begin: ").strip()
        except (EOFError, OSError, RuntimeError, NotImplementedError):
            raise InvalidInputError(
                "A probe writes to the kernel, and nobody can be asked here, so nothing was sent.",
                field="confirm",
                hint=AGAIN,
            ) from None
    if given != PROBE_STORE:
        raise InvalidInputError(
            f"The given text is not the name of the event store {PROBE_STORE!r}, so nothing was sent.",
            field="confirm",
            hint=AGAIN,
        )
