"""``Applied``: the result of a plan, read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import count, readable
from chronicle_notebook.desired._plan_card import CELL, FONT, GRID, LINE, safe, unseen
from chronicle_notebook.desired._plan_text import as_cell, as_code
from chronicle_notebook.desired._planned import PlannedWebhook, StateAction
from chronicle_notebook.display._table_and_card import PLAIN, Tone, banner_html, banner_text
from chronicle_notebook.registration._outcome import Action, Outcome, Outcomes


@public
class Applied(Outcomes):
    """The result of a plan: an outcome for each webhook that was to be sent.

    ``bool(applied)`` is true if each of them is true, and the plan left nothing out because the kernel ignores it.
    """

    def __init__(
        self,
        outcomes: Sequence[Outcome],
        *,
        caption: str,
        before: Path | None = None,
        seconds: float = 0.0,
        planned: Mapping[str, PlannedWebhook] | None = None,
        ignored: Sequence[str] = (),
    ) -> None:
        super().__init__(outcomes, caption=caption)
        self.before = before
        """The file with the state of before; None if nothing had to be sent. Applying it goes back."""
        self.seconds = seconds
        """How long it took."""
        self.ignored = tuple(ignored)
        """The ids of webhooks that differ and were not sent, because the kernel ignores the change. A plan with
        ``replace=True`` sends them."""
        self._planned = dict(planned or {})

    def __bool__(self) -> bool:
        return super().__bool__() and not self.ignored

    @property
    def in_effect(self) -> list[Outcome]:
        """The outcomes of what took effect as a whole."""
        return [each for each in self if each]

    @property
    def in_part(self) -> list[Outcome]:
        """The outcomes of what took effect in part."""
        return [each for each in self if each.accepted and each.visible and each.ineffective]

    @property
    def summary(self) -> str:
        """How many took effect, in one sentence."""
        number = len(self.ignored)
        left = f" {count(number, 'webhook')} left, as the kernel ignores the change." if number else ""
        if not len(self):
            return f"Nothing had to be sent.{left}"
        rest = len(self) - len(self.in_effect) - len(self.in_part)
        told = [f"{len(self.in_effect):,} in effect"]
        told += [f"{len(self.in_part):,} in part"] if self.in_part else []
        told += [f"{rest:,} not in effect"] if rest else []
        return f"{', '.join(told)}, after {self.seconds:.1f} s.{left}"

    def to_dict(self) -> dict[str, Any]:
        """The result for a program, with values that JSON can have and without secrets.

        Keys: ``in_effect``, ``in_part``, ``not_in_effect`` (numbers), ``seconds``, ``before`` (a path), ``ignored``
        (ids), ``webhooks`` (``id``, ``action``, ``in_effect``, ``took_effect``, ``did_not``).
        """
        return {
            "in_effect": len(self.in_effect),
            "in_part": len(self.in_part),
            "not_in_effect": len(self) - len(self.in_effect) - len(self.in_part),
            "seconds": round(self.seconds, 3),
            "before": None if self.before is None else str(self.before),
            "ignored": list(self.ignored),
            "webhooks": [
                {
                    "id": each.webhook,
                    "action": each.action.value,
                    "in_effect": bool(each),
                    "took_effect": self._took(each),
                    "did_not": self._did_not(each),
                }
                for each in self
            ],
        }

    def to_markdown(self) -> str:
        """The result as GitHub and GitLab read Markdown. It contains no secret."""
        lines = [f"### Applied: {as_cell(self.summary)}", "", as_cell(self._caption)]
        if len(self):
            lines += ["", "| | id | what took effect | what did not, and remarks |", "| --- | --- | --- | --- |"]
            lines += [f"| {' | '.join(map(as_cell, cells))} |" for cells in self._rows()]
        if self.before is not None:
            lines += ["", f"- The state of before is in `{as_code(str(self.before))}`. Applying that file goes back."]
        return "\n".join(lines) + "\n"

    def _took(self, outcome: Outcome) -> str:
        """What took effect, as the read-back shows it."""
        if not (outcome.accepted and outcome.visible):
            return ""
        item = self._planned.get(outcome.webhook)
        seen = f"seen after {outcome.waited:.2f} s"
        if outcome.action in {Action.CREATED, Action.REMOVED} or item is None:
            return f"{outcome.action.value}, {seen}"
        left = {each.field for each in outcome.ineffective}
        fields = [each.field for each in item.fields if each.field not in left and each.effect.value != "ignored"]
        verb = "replaced" if item.action is StateAction.REPLACE else outcome.action.value
        return f"{verb}{': ' + ', '.join(fields) if fields else ''}, {seen}"

    def _did_not(self, outcome: Outcome) -> str:
        """What did not take effect, and what else to know."""
        if not (outcome.accepted and outcome.visible):
            return outcome.summary
        return " ".join([*map(str, outcome.ineffective), *outcome.notes])

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        for each in self:
            yield "✓" if each else "!", each.webhook, self._took(each) or "–", self._did_not(each) or "–"

    def _foot(self) -> str:
        if self.before is None:
            return ""
        return (
            f'To go back: cn.DesiredState.read("{self.before}").plan(client, prune=True, replace=True)'
            ".apply(allow_removals=True)"
        )

    def __repr__(self) -> str:
        lines = [banner_text(self[0].origin.banner)] if len(self) else []
        lines.append(f"Applied: {self.summary} {self._caption}")
        width = max((len(readable(each.webhook)) for each in self), default=0)
        for sign, webhook, took, did_not in self._rows():
            lines.append(f"  {sign} {readable(webhook).ljust(width)}  {readable(took)}")
            lines += [f"    {'':{width}}  {readable(did_not)}"] if did_not != "–" else []
        return "\n".join(filter(None, [*lines, self._foot()]))

    def _repr_html_(self) -> str:
        rows = "".join(_row(*cells) for cells in self._rows())
        titles = ("", "Id", "What took effect, read back", "What did not, and remarks")
        head = "".join(
            f'<th scope="col" style="{CELL};font-weight:600">{title or unseen("In effect")}</th>' for title in titles
        )
        table = (
            f'<div style="overflow-x:auto" tabindex="0"><table style="{GRID}">'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
        foot = self._foot()
        below = f'<div style="padding:5px 10px;border-top:{LINE}"><code>{safe(foot)}</code></div>' if foot else ""
        return (
            f'<div class="chronicle-notebook {PLAIN}" role="group" aria-label="Applied" style="{FONT}border:{LINE};'
            f'border-left:3px solid {Tone.GOOD if self else Tone.WARNING};max-width:1060px;position:relative">'
            f"{banner_html(self[0].origin.banner if len(self) else '')}"
            f'<div style="padding:5px 10px;border-bottom:{LINE}"><b>Applied</b> {safe(self.summary)} '
            f"{safe(self._caption)}</div>{table if len(self) else ''}{below}</div>"
        )


def caption(outcomes: Sequence[Outcome], where: str) -> str:
    """What a result is about."""
    return f"{count(len(outcomes), 'webhook')} in {where}"


def _row(sign: str, webhook: str, took: str, did_not: str) -> str:
    colour = Tone.GOOD if sign == "✓" else Tone.WARNING
    word = "in effect" if sign == "✓" else "not all in effect"
    return (
        f'<tr style="border-top:{LINE}"><td style="{CELL};color:{colour}"><span aria-hidden="true">{sign}</span>'
        f"{unseen(word)}</td>"
        f'<th scope="row" style="{CELL};min-width:16ch">{safe(webhook)}</th>'
        f'<td style="{CELL};min-width:24ch">{safe(took)}</td>'
        f'<td style="{CELL};min-width:24ch">{safe(did_not)}</td></tr>'
    )
