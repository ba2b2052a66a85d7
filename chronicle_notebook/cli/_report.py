"""An outcome as lines for a terminal: the findings, and the state of each step."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SUBJECT = "webhook"
_GRADED = ("grade", _SUBJECT, "what", "remedy")


def lines(outcome: Mapping[str, Any]) -> Iterator[str]:
    """The summary of an outcome, given as :meth:`RunbookOutcome.to_dict`, then one line for each step and finding."""
    yield _one_line(f"{outcome['runbook']}: {outcome['status']}. {outcome['summary']}")
    steps, findings = outcome["steps"], outcome["findings"]
    width = _width(each["state"] for each in steps)
    for each in steps:
        note = f". {each['note']}" if each["note"] else ""
        yield _one_line(f"{each['subject']}: {each['what']}{note}", before=f"  {each['state'].ljust(width)}  ")
    graded = [each for each in findings if all(isinstance(each.get(key), str) for key in _GRADED)]
    if len(graded) == len(findings):
        yield from _graded(graded)
    else:
        yield from (f"  {_plain(each)}" for each in findings)


def unlisted(outcome: Mapping[str, Any]) -> list[str]:
    """The problems that no line of a step contains."""
    told = [f"{each['subject']}: {each['what']}: {each['state']}." for each in outcome["steps"]]
    return [
        _one_line(problem)
        for problem in outcome["problems"]
        if not any(problem.startswith(beginning) for beginning in told)
    ]


def as_json(outcome: Mapping[str, Any]) -> str:
    """The whole outcome for a program, in ASCII, which every pipe accepts."""
    return json.dumps(dict(outcome), indent=2)


def _graded(findings: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """The findings of an audit, which are sorted, worst first."""
    grades, hooks = _width(each["grade"] for each in findings), _width(each["webhook"] for each in findings)
    for each in findings:
        before = f"  {each['grade'].ljust(grades)}  {_one_line(each['webhook']).ljust(hooks)}  "
        yield _one_line(f"{each['what']} {each['remedy']}", before=before)


def _plain(finding: Mapping[str, Any]) -> str:
    """A finding of a comparison or of a user's runbook: the webhook, if it names one, and the other facts by name."""
    rest = ", ".join(
        f"{name} {value}" for name, value in finding.items() if name != _SUBJECT and value not in ("", None)
    )
    return _one_line(": ".join(part for part in (str(finding.get(_SUBJECT, "")), rest) if part))


def _width(texts: Iterator[str]) -> int:
    return max((len(_one_line(text)) for text in texts), default=0)


def _one_line(text: str, *, before: str = "") -> str:
    """A name from a kernel, made safe: it must neither break a line nor control the terminal."""
    return before + " ".join("".join(each if each.isprintable() else " " for each in text).split())
