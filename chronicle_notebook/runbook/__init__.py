"""Runbooks: notebooks that change webhooks step by step if ``apply`` is true, and report the outcome.

::

    run = cn.runbook.start("move-a-hook", globals(), schema={"webhook": str, "url": str})
    client = run.connect()
    run.step(
        run.webhook,
        f"point it at {run.url}",
        do=lambda: client.webhooks.register(client.webhooks.get(run.webhook).changed(target_url=run.url)),
        done=lambda: client.webhooks.get(run.webhook).target_url == run.url,
    )
    run.plan()      # a table of what would be done
    run.apply()     # does it, if the parameter ``apply`` is true
    run.finish()    # reads back, leaves the outcome, and fails unless everything is done

The functions below the class make the steps of the project's own runbooks.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chronicle_notebook.definition._credentials import required_variables
    from chronicle_notebook.runbook.engine._outcome import RunbookOutcome
    from chronicle_notebook.runbook.engine._run import Run, start
    from chronicle_notebook.runbook.engine._step import Step
    from chronicle_notebook.runbook.recipes._audit import Finding, audit, too_bad
    from chronicle_notebook.runbook.recipes._compare import compare, compared, mismatch, other_side, promotion
    from chronicle_notebook.runbook.recipes._diagnosis import Reason, diagnose, why
    from chronicle_notebook.runbook.recipes._drift import drift, drifted
    from chronicle_notebook.runbook.recipes._drift_watch import watched
    from chronicle_notebook.runbook.recipes._incident_report import IncidentReport, OpenIncident, incident
    from chronicle_notebook.runbook.recipes._move import move_host
    from chronicle_notebook.runbook.recipes._onboarding import onboard
    from chronicle_notebook.runbook.recipes._pause import pause, resume
    from chronicle_notebook.runbook.recipes._probe import measure, measured
    from chronicle_notebook.runbook.recipes._recovery import recover
    from chronicle_notebook.runbook.recipes._rotation import rotate

_HOMES = {
    "Finding": "recipes._audit",
    "OpenIncident": "recipes._incident_report",
    "IncidentReport": "recipes._incident_report",
    "Reason": "recipes._diagnosis",
    "Run": "engine._run",
    "RunbookOutcome": "engine._outcome",
    "Step": "engine._step",
    "audit": "recipes._audit",
    "compare": "recipes._compare",
    "compared": "recipes._compare",
    "diagnose": "recipes._diagnosis",
    "drift": "recipes._drift",
    "drifted": "recipes._drift",
    "incident": "recipes._incident_report",
    "measure": "recipes._probe",
    "measured": "recipes._probe",
    "mismatch": "recipes._compare",
    "move_host": "recipes._move",
    "onboard": "recipes._onboarding",
    "other_side": "recipes._compare",
    "pause": "recipes._pause",
    "promotion": "recipes._compare",
    "recover": "recipes._recovery",
    "required_variables": ".definition._credentials",
    "resume": "recipes._pause",
    "rotate": "recipes._rotation",
    "start": "engine._run",
    "too_bad": "recipes._audit",
    "watched": "recipes._drift_watch",
    "why": "recipes._diagnosis",
}

__all__ = [
    "Finding",
    "IncidentReport",
    "OpenIncident",
    "Reason",
    "Run",
    "RunbookOutcome",
    "Step",
    "audit",
    "compare",
    "compared",
    "diagnose",
    "drift",
    "drifted",
    "incident",
    "measure",
    "measured",
    "mismatch",
    "move_host",
    "onboard",
    "other_side",
    "pause",
    "promotion",
    "recover",
    "required_variables",
    "resume",
    "rotate",
    "start",
    "too_bad",
    "watched",
    "why",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
