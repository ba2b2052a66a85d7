"""The probe: it measures on a running kernel which of the known defects it has."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from chronicle_notebook.base._arguments import check_port, check_seconds
from chronicle_notebook.base._errors import (
    CallCancelledError,
    ChronicleError,
    DeadlineExceededError,
    InvalidInputError,
    KernelUnreachableError,
)
from chronicle_notebook.base._url import is_local, shown
from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.probing import DEADLINE
from chronicle_notebook.probing._announcement import ProbeAnnouncement
from chronicle_notebook.probing._aside import aside
from chronicle_notebook.probing._bench import PROBE_STORE, TIDYING, Bench, TimeOver, Unclear
from chronicle_notebook.probing._check import Check, unmeasured
from chronicle_notebook.probing._definition_checks import DEFINITIONS
from chronicle_notebook.probing._delivery_checks import DELIVERIES, LABELS, reach
from chronicle_notebook.probing._progress import ProbeProgress, Report
from chronicle_notebook.probing._result import ProbeFinding, ProbeResult, ProbeVerdict
from chronicle_notebook.probing._unmeasured import REASONS
from chronicle_notebook.receiver import Receiver

SHORTEST_DEADLINE = 2 * TIDYING
_PATH = "/probe"
TIME_OVER = "The time of the probe was over."
CHECKS = (
    Check("deliver an event to this process", ("count-not-told",), reach, delivers=True),
    *DEFINITIONS,
    *DELIVERIES,
)
"""Every check, in order."""
_NOT_REACHED = (
    "No delivery reached the receiver of this process. A kernel in a container does not reach 127.0.0.1 of this "
    "machine: give receiver_url, for example http://host.docker.internal:PORT, and receiver_port=PORT."
)


def place_of(server: str, receiver_url: str | None, receiver_port: int) -> tuple[Receiver, str | None]:
    """The receiver of a probe, which does not serve yet, and its URL for the kernel if that is another one than its
    own.

    :param server: ``host:port`` of the kernel.
    :raises InvalidInputError: the kernel is not on this machine, and no URL is given.
    """
    check_port(receiver_port)
    if receiver_url is None:
        host = server.rpartition(":")[0]
        if not is_local(host):
            raise InvalidInputError(
                f"The kernel on {server} is not on this machine, and the receiver of a probe listens on 127.0.0.1 "
                "alone, so that no delivery could reach it.",
                field="receiver_url",
                hint="Give receiver_url, the URL of a tunnel or a proxy that leads to this machine, and receiver_port, "
                "the port on 127.0.0.1 that it leads to.",
            )
        return Receiver(port=receiver_port, path=_PATH), None
    parts = urlsplit(receiver_url) if isinstance(receiver_url, str) else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise InvalidInputError(
            "receiver_url is an absolute http or https URL without a user name and a query.",
            field="receiver_url",
            hint="Write receiver_url='http://host.docker.internal:8123', for example.",
        )
    if not receiver_port:
        raise InvalidInputError(
            "A receiver_url leads to a port of this machine, and none is given.",
            field="receiver_port",
            hint="Give receiver_port, the port on 127.0.0.1 that the URL leads to.",
        )
    path = parts.path.rstrip("/") + _PATH
    return Receiver(port=receiver_port, path=path, hosts=[parts.hostname]), receiver_url.rstrip("/") + _PATH


def check_deadline(deadline: float) -> None:
    """Refuse a deadline that leaves no time for the checks.

    :raises InvalidInputError: it is too short, or no number of seconds.
    """
    check_seconds(deadline, field="deadline", above_zero=True)
    if deadline < SHORTEST_DEADLINE:
        raise InvalidInputError(
            f"A probe needs {SHORTEST_DEADLINE:g} seconds at least, of which {TIDYING:g} are for the removal of its "
            "webhooks.",
            field="deadline",
            hint=f"Give deadline={DEADLINE:g}, the default.",
        )


def announced(origin: Origin, url: str | None, port: int, deadline: float) -> ProbeAnnouncement:
    """What a probe of a kernel would do.

    :param origin: names the kernel.
    :param url: the URL under which the kernel reaches the receiver, if it is not its own.
    :param port: the port of the receiver; 0 for a free port.
    """
    told = f"on {f'port {port}' if port else 'a free port'} of 127.0.0.1"
    told += "" if url is None else f", which the kernel reaches as {shown(url)}"
    return ProbeAnnouncement(origin.server, told, deadline, origin.banner)


def probe(
    kernel: KernelGateway, receiver: Receiver, url: str | None, *, version: str, deadline: float, report: Report
) -> ProbeResult:
    """Measure a kernel. The webhooks of the probe are removed however it ends.

    :param url: the URL under which the kernel reaches the receiver, if it is not its own.
    :param version: the version that the kernel reports.
    :param deadline: the seconds after which the probe ends; what is not measured then stays so.
    :raises KernelError: the kernel does not answer, or refuses what every check needs.
    """
    started, taken = time.monotonic(), datetime.now(UTC)
    with receiver:
        until = started + deadline - TIDYING
        bench = Bench(kernel, receiver, url or receiver.url, until=until)
        try:
            findings = aside(lambda told: _findings(bench, told, started), report=report, until=until, stop=bench.stop)
        except BaseException as error:
            left = _tidied(bench)
            error.add_note(" ".join(left) or "The webhooks of the probe were removed.")
            raise
        left = _tidied(bench)
    return ProbeResult(
        findings,
        server=kernel.server,
        version=version,
        generation=kernel.generation,
        taken=taken,
        duration=time.monotonic() - started,
        left_behind=left,
        banner=kernel.origin().banner,
    )


def _prepared(bench: Bench) -> str:
    """Make what every check needs. Returns why this was not possible in time; empty if it was."""
    try:
        bench.kernel.ensure_event_store(PROBE_STORE)
        bench.clear_forgotten()
        listed = bench.register_types(LABELS)
    except (TimeOver, CallCancelledError):
        return TIME_OVER
    return "" if listed else "The kernel did not list the event types of the probe."


def _tidied(bench: Bench) -> tuple[str, ...]:
    bench.release()
    return bench.tidy()


def _findings(bench: Bench, report: Report, started: float) -> list[ProbeFinding]:
    """One finding for each known defect, in the order of the table."""
    found = {key: unmeasured(key, why) for key, why in REASONS.items()}
    over = _prepared(bench)
    for step, check in enumerate(CHECKS, start=1):
        if not over:
            present, absent = (
                sum(each.verdict is verdict for each in found.values())
                for verdict in (ProbeVerdict.PRESENT, ProbeVerdict.ABSENT)
            )
            report(ProbeProgress(step, len(CHECKS), check.title, time.monotonic() - started, present, absent))
        why = over
        if not over:
            try:
                for each in _looked(check, bench):
                    found[each.key] = each
            except (TimeOver, CallCancelledError):
                why = over = TIME_OVER
            except Unclear as reason:
                why = str(reason)
            except (DeadlineExceededError, KernelUnreachableError) as error:
                why = over = f"The kernel did not answer any more: {error.message}"
            except ChronicleError as error:
                why = f"A call failed: {error.message}"
        found = {key: unmeasured(key, why or "Nothing was seen.") for key in check.keys} | found
    return [found.get(defect.key) or unmeasured(defect.key, "It was not looked at.") for defect in DEFECTS]


def _looked(check: Check, bench: Bench) -> Iterator[ProbeFinding]:
    if check.delivers and check.look is not reach and not bench.reached:
        raise Unclear(_NOT_REACHED)
    yield from check.look(bench)
    if check.look is reach and not bench.reached:
        raise Unclear(_NOT_REACHED)
