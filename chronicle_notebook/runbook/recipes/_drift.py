"""The drift of an event store from a file of webhooks, for a runbook that checks it."""

from __future__ import annotations

from collections.abc import Sequence

from chronicle_notebook.desired._drift import Drift
from chronicle_notebook.desired._state import DesiredState
from chronicle_notebook.session._client import Client


def drift(
    client: Client,
    file: str,
    *,
    variables: str | None = None,
    strict: bool = False,
    ignore: Sequence[str] = (),
    ignore_headers: Sequence[str] = (),
) -> Drift:
    """How far what is registered is from a file, see :meth:`DesiredState.drift`. Nothing is sent.

    :param variables: the profile whose variables count in the file.
    :param strict: count what a kernel like this one does not keep, too.
    :param ignore: fields that may differ.
    :param ignore_headers: names of headers that may differ.
    :raises StateFileError: the file cannot be read, or something in it is wrong.
    """
    state = DesiredState.read(file, profile=variables)
    return state.drift(client, strict=strict, ignore=ignore, ignore_headers=ignore_headers)


def drifted(found: Drift) -> str:
    """Why a drift is not acceptable, with the next step; empty if there is none."""
    if not found:
        return ""
    profile = f" --profile {found.profile}" if found.profile else ""
    return f"chronicle-notebook plan {found.path}{profile} shows what would be sent."
