"""The report about an incident: a summary, one line for each cause, what was done, and what to do next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from shlex import quote

from chronicle_notebook.base._public import public_in
from chronicle_notebook.base._text import count, readable
from chronicle_notebook.display._table_and_card import PLAIN, banner_html, banner_text, label
from chronicle_notebook.runbook.engine._step import Step
from chronicle_notebook.runbook.recipes._diagnosis import FAILING
from chronicle_notebook.runbook.recipes._incident import IncidentLine, Trouble, history, read_outcomes, troubles
from chronicle_notebook.runbook.recipes._target_store import TargetVerdict
from chronicle_notebook.session._client import Client
from chronicle_notebook.triage._cause import SHARED
from chronicle_notebook.triage._condition import Condition, TriageRow, duration, hour
from chronicle_notebook.triage._retries import Retries
from chronicle_notebook.triage._triage import Triage

MOST_COMMANDS = 3
"""The largest number of webhooks that get a command each. For more there is one command for all that fail."""
LONGEST_WORD = 18
"""The longest name, in characters, that stays on one line of a narrow page."""
MOST_NAMED = 6
"""The largest number of webhooks that one line names."""
_TITLES = {
    "refused": "Connection refused",
    "timeout": "No answer in time",
    "TLS": "Certificate or TLS",
    "DNS": "Host name not found",
    "reset": "Connection reset",
    "unreachable": "Host not reachable",
    "token": "No access token",
    "secret": "The kernel cannot read the secret",
    "header": "Invalid header",
    "URL": "Invalid target URL",
    "blocked id": "The kernel cannot use the id",
    "quarantined": "Observer quarantined",
    "circuit open": "Circuit open",
    SHARED: "Shared circuit open",
    "other": "Other failure",
}
_STATUS = {
    "401": "the target refuses the credentials",
    "403": "the target refuses the credentials",
    "404": "the target has nothing at this path",
    "410": "the target has nothing at this path any more",
    "429": "too many requests for the target",
}
_SOFT = "color:var(--jp-ui-font-color2,#616161)"
_BAD = "color:var(--jp-error-color1,#b71c1c)"
_LINE = "border:0;border-bottom:1px solid var(--jp-border-color2,#e0e0e0)"
_CELL = f"text-align:left;vertical-align:top;padding:6px;white-space:normal;{_LINE}"
_NUMBER = f"text-align:right;vertical-align:top;padding:6px;white-space:nowrap;{_LINE}"
_GOOD_NOTE = "border-left:3px solid var(--jp-success-color1,#2e7d32);background:var(--chronicle-good,transparent)"
_BAD_NOTE = "border-left:3px solid var(--jp-warn-color1,#8a5300);background:var(--chronicle-warning,transparent)"
_NOTE = "padding:6px 9px;margin:10px 0"


@public_in("runbook")
@dataclass(frozen=True, slots=True)
class IncidentReport:
    """What failed in an event store, why and for how long, what was done, and what to do next."""

    triage: Triage
    """The webhooks when the report was written."""
    troubles: tuple[Trouble, ...]
    """One for each webhook and cause, those that still fail first."""
    events: tuple[IncidentLine, ...]
    """What happened, the oldest first."""
    release: str
    """The release of the kernel; empty if it is not known."""
    profile: str | None = None
    """The profile for the commands."""

    @property
    def headline(self) -> str:
        """The summary in two or three sentences."""
        store = f"event store {self.triage.origin.event_store!r}"
        if not self.troubles:
            return f"No webhook fails in {store}, and no outcome says that one failed."
        names = {each.webhook for each in self.troubles}
        failing = {each.webhook for each in self.troubles if each.still}
        of = f"{len(names)} of {count(self.triage.webhooks, 'webhook')}"
        waited = f"{self._waited} waited"
        longest = duration(self.longest)
        if not failing:
            return f"No webhook fails any more. {of} failed, for {longest} at most. {waited}; none fails now."
        rest = f"{len(failing)} of them still fail" if len(failing) > 1 else f"{min(failing)} still fails"
        begun = f"{of} failed, for {longest} at most. {waited}"
        return f"{begun}. {rest}, and {count(self.waiting, 'event waits', 'events wait')} now."

    @property
    def still_failing(self) -> int:
        """The number of webhooks and other observers that fail now."""
        return len(self.triage.failing)

    @property
    def waited(self) -> int:
        """How many events waited, as far as they were counted."""
        return sum(each.waiting or 0 for each in self.troubles)

    @property
    def waiting(self) -> int:
        """How many events wait now, as far as they were counted."""
        return self.triage.failing.waiting

    @property
    def longest(self) -> float:
        """The seconds for which a webhook failed, for the one that failed longest."""
        return max((each.seconds for each in self.troubles), default=0.0)

    @property
    def commands(self) -> list[str]:
        """Shell commands to run next, the most urgent one first."""
        rows = [each for each in self.triage.failing if each.definition is not None]
        chosen = [f"webhooks={FAILING}"] if len(rows) > MOST_COMMANDS else [f"webhook={each.webhook}" for each in rows]
        where = [f"event_store={self.triage.origin.event_store}"]
        where += [f"profile={self.profile}"] if self.profile else []
        return [
            " ".join(["chronicle-notebook run recover-webhook", *(f"-p {quote(each)}" for each in (one, *where))])
            for one in chosen
        ]

    @property
    def remarks(self) -> list[str]:
        """What to know about what fails or is paused now."""
        found: list[str] = []
        for row in self.triage.failing:
            if len(found) == MOST_NAMED:
                found.append(f"{len(self.triage.failing) - MOST_NAMED} others fail too.")
                break
            told = row.outlook(self.triage.origin.read_at)
            only = " Only a retry brings it back, once the target works." if row.given_up else ""
            found.append(f"{row.webhook}: {told}.{only}{_otherwise(row)}")
        paused = [each.webhook for each in self.triage if each.condition == Condition.PAUSED]
        if paused:
            found.append(f"Paused: {', '.join(paused)}. client.webhooks.resume({paused[0]!r}) resumes it.")
        return [*found, *self.triage.remarks]

    def findings(self) -> list[dict[str, object]]:
        """The report for the outcome of a runbook, which a later report can read."""
        return [each.facts() for each in self.troubles]

    @property
    def _waited(self) -> str:
        least = "At least " if any(each.waiting is None for each in self.troubles) else ""
        return f"{least}{count(self.waited, 'event')}"

    @property
    def _place(self) -> str:
        origin = self.triage.origin
        begun = min((each.since for each in self.troubles if each.since is not None), default=None)
        written = origin.read_at.astimezone()
        span = "" if begun is None else f"Since {begun.astimezone():%d %b %Y, %H:%M} · "
        release = f" ({self.release})" if self.release else ""
        return f"{span}{origin.server}{release} · written {written:%d %b %Y, %H:%M %z}"

    @property
    def _heading(self) -> str:
        return f"Incident report: webhooks of {self.triage.origin.event_store}"

    def _causes(self) -> list[tuple[str, str, str, str, str, bool]]:
        """A line for each cause: title, explanation, webhooks, since, what waited, and whether it still fails."""
        found: defaultdict[str, list[Trouble]] = defaultdict(list)
        for each in self.troubles:
            found[each.cause].append(each)
        return [_line(cause, group) for cause, group in found.items()]

    def __repr__(self) -> str:
        lines = [banner_text(self.triage.origin.banner), self._heading, self._place, "", self.headline]
        if self.troubles:
            lines += ["", "Why"]
            for title, told, webhooks, since, waited, _ in self._causes():
                lines.append(f"  {title}{f' ({told})' if told else ''}: {webhooks}; since {since}; waited: {waited}")
        if self.events:
            lines += ["", "What was done", *(f"  {hour(each.when)}  {each.what}" for each in self.events)]
        if self.remarks or self.commands:
            lines += ["", "Next", *(f"  {each}" for each in self.remarks), *(f"  {each}" for each in self.commands)]
        return readable("\n".join(lines).strip("\n"))

    def _repr_html_(self) -> str:
        return (
            f'<div class="chronicle-notebook {PLAIN}" style="max-width:720px;line-height:1.45">'
            f"{banner_html(self.triage.origin.banner)}"
            f'<h1 style="font-size:19px;margin:0 0 2px;line-height:1.3">{_safe(self._heading)}</h1>'
            f'<div style="{_SOFT}">{_safe(self._place)}</div>'
            f'<div style="{_BAD_NOTE if self.still_failing else _GOOD_NOTE};{_NOTE}">{_emphasised(self.headline)}</div>'
            f"{self._tiles()}{self._why()}{self._done()}{self._next()}</div>"
        )

    def _tiles(self) -> str:
        tiles = (
            (
                str(self.still_failing),
                "still failing" if self.still_failing else "failing now",
                bool(self.still_failing),
            ),
            (f"{self.waited:,}", "events waited", False),
            (duration(self.longest), "longest failure", False),
        )
        boxes = "".join(
            '<div style="border:1px solid var(--jp-border-color2,#e0e0e0);border-radius:4px;padding:8px">'
            f'<div style="font-size:22px;font-weight:700{f";{_BAD}" if bad else ""}">{_safe(number)}</div>'
            f'<div style="{_SOFT}">{label(what)}</div></div>'
            for number, what, bad in tiles
        )
        grid = "display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr) minmax(0,1fr);gap:8px;margin:10px 0"
        return f'<div style="{grid}">{boxes}</div>' if self.troubles else ""

    def _why(self) -> str:
        if not self.troubles:
            return ""
        rows = "".join(
            f'<tr><th scope="row" style="{_CELL};font-weight:400"><b>{label(title)}</b>'
            f'<div style="{_SOFT};overflow-wrap:anywhere">{_safe(told)}</div></th>'
            f'<td style="{_CELL}{_breaking(webhooks)}">{_safe(webhooks)}</td><td style="{_CELL}">{_safe(since)}</td>'
            f'<td style="{_NUMBER}{f";{_BAD};font-weight:700" if still else ""}">{_safe(waited)}</td></tr>'
            for title, told, webhooks, since, waited, still in self._causes()
        )
        head = "".join(
            f'<th scope="col" style="{style};{_SOFT}">{label(title)}</th>'
            for title, style in (("Cause", _CELL), ("Webhooks", _CELL), ("Since", _CELL), ("Waited", _NUMBER))
        )
        return f"{_section('Why')}{_table(f'<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>')}"

    def _done(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="{_CELL};{_SOFT};width:72px;font-weight:400">{hour(each.when)}</th>'
            f'<td style="{_CELL}{f";{_BAD}" if each.bad else ""}">{_safe(each.what)}</td></tr>'
            for each in self.events
        )
        return f"{_section('What was done')}{_table(f'<tbody>{rows}</tbody>')}" if rows else ""

    def _next(self) -> str:
        notes = "".join(f'<div style="{_BAD_NOTE};{_NOTE}">{_safe(each)}</div>' for each in self.remarks)
        commands = "".join(f'<pre style="white-space:pre-wrap">{_safe(each)}</pre>' for each in self.commands)
        return f"{_section('Next')}{notes}{commands}" if notes or commands else ""


@public_in("runbook")
class OpenIncident:
    """An incident while its report is being written: what failed before, and the retry of this run."""

    def __init__(self, client: Client, outcomes: Sequence[str] = (), *, profile: str | None = None) -> None:
        self._client, self._profile = client, profile
        self._outcomes = read_outcomes(outcomes, event_store=client.event_store)
        self._before = client.triage()
        self._events: list[IncidentLine] = []

    def retry(self, webhooks: Sequence[str], *, release: bool = True, deadline: float = 60.0) -> list[Step]:
        """The step that retries failed partitions; none if no webhook is named.

        :param webhooks: ids, or ``failing`` for everything that fails.
        :param release: whether a quarantine is ended first, where the kernel has a call for this.
        :param deadline: the most seconds to follow the retries.
        """
        if not webhooks:
            return []
        ids = None if list(webhooks) == [FAILING] else list(webhooks)

        def send() -> TargetVerdict:
            retried = self._client.retry_failed_partitions(ids, release=release, wait=deadline)
            for webhook in dict.fromkeys(each.partition.observer_id for each in retried):
                items = [each for each in retried if each.partition.observer_id == webhook]
                part = Retries(items, origin=retried.origin)
                what = f"{webhook}: retry of {count(len(part), 'partition')}: {part.headline}"
                self._events.append(IncidentLine(part.origin.read_at, what, bad=not part.recovered))
            return TargetVerdict(retried.recovered, retried.headline)

        def recovered() -> bool:
            triage = self._client.triage()
            return not (triage if ids is None else triage.of(ids)).failing

        note = f"What failed is delivered again, so a target may get an event twice. It waits for up to {deadline:g} s."
        subject = ", ".join(ids or ["everything that fails"])
        return [Step(subject, "try failed partitions again", send, recovered, note=note)]

    def report(self) -> IncidentReport:
        """The report of now."""
        after = self._client.triage()
        found = troubles(self._before, after, self._outcomes)
        events = sorted([*history(found, self._outcomes), *self._events], key=lambda each: each.when)
        release = self._client.version.version
        return IncidentReport(after, tuple(found), tuple(events), release, self._profile)


def incident(client: Client, outcomes: Sequence[str] = (), *, profile: str | None = None) -> OpenIncident:
    """Begin a report about an incident. Nothing is changed.

    :param outcomes: files with the outcomes of earlier runs, for example of ``recover-webhook`` or an earlier report:
        the report then says what failed at that time, what was done, and with which result.
    :param profile: the profile for the commands in the report.
    :raises InvalidInputError: a file has no outcome for this event store.
    """
    return OpenIncident(client, outcomes, profile=profile)


def _line(cause: str, group: Sequence[Trouble]) -> tuple[str, str, str, str, str, bool]:
    names = list(dict.fromkeys(each.webhook for each in group))
    more = f" and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else ""
    begun = min((each.since for each in group if each.since is not None), default=None)
    waits = [each.waiting for each in group]
    known = sum(each or 0 for each in waits)
    waited = f"{known:,}" if None not in waits else f"{known:,} or more" if known else "not counted"
    still = any(each.still for each in group)
    hosts = list(dict.fromkeys(each.host for each in group if each.host))
    where = ", ".join(hosts[:2]) + (", …" if len(hosts) > 2 else "")
    told = [_STATUS.get(cause.removeprefix("HTTP "), ""), where]
    since = "–" if begun is None else _short(begun, max(each.until for each in group))
    explained = ": ".join(each for each in told if each)
    listed = f"{', '.join(names[:MOST_NAMED])}{more}"
    return _TITLES.get(cause, cause), explained, listed, since, f"{waited}{', still' if still else ''}", still


def _short(begun: datetime, ended: datetime) -> str:
    """The time of a first failure, and how long it lasted."""
    local = begun.astimezone()
    day = "" if local.date() == ended.astimezone().date() else f"{local:%d %b} "
    return f"{day}{local:%H:%M} ({duration((ended - begun).total_seconds())})"


def _otherwise(row: TriageRow) -> str:
    """The next step of what is not a registered webhook, for which there is no runbook."""
    return f" {row.next_step}" if row.definition is None and row.next_step else ""


def _breaking(text: str) -> str:
    """The style of a cell with names. Only a name that is too long for a narrow page is broken within."""
    return ";overflow-wrap:anywhere" if any(len(word) > LONGEST_WORD for word in text.split()) else ""


def _emphasised(text: str) -> str:
    first, _, rest = text.partition(". ")
    return f"<b>{_safe(first)}{'.' if rest else ''}</b> {_safe(rest)}"


def _section(title: str) -> str:
    return f'<h2 style="font-size:15px;margin:16px 0 6px">{title}</h2>'


def _table(rows: str) -> str:
    style = "border-collapse:collapse;width:100%;font-size:13px;border:0"
    return f'<table style="{style}">{rows}</table>'


def _safe(text: str) -> str:
    return escape(readable(text))
