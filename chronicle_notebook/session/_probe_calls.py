"""The calls of a client that measure which known defects its kernel has."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from chronicle_notebook.base._arguments import check_flag, check_names
from chronicle_notebook.base._errors import ChronicleWarning, InvalidInputError
from chronicle_notebook.probing import DEADLINE
from chronicle_notebook.session._guard import LOCK

if TYPE_CHECKING:
    from chronicle_notebook.contracts._kernel_defects import Measurement
    from chronicle_notebook.contracts.negotiated import NegotiatedGateway
    from chronicle_notebook.model import ServerVersion
    from chronicle_notebook.probing._progress import Report
    from chronicle_notebook.probing._result import ProbeResult


def kept_measurement(server: str, version: ServerVersion) -> Measurement | None:
    """What a kept result of a probe says of a server and its release; None if there is none."""
    from chronicle_notebook.probing._kept import recall

    return recall(server, version)


class ProbeCalls:
    """The part of a client that measures its kernel."""

    _kernel: NegotiatedGateway
    embedded: bool

    if TYPE_CHECKING:

        @property
        def version(self) -> ServerVersion:
            """The version that the server reports."""

    def probe(
        self,
        *,
        confirm: str | None = None,
        receiver_url: str | None = None,
        receiver_port: int = 0,
        deadline: float = DEADLINE,
        keep: bool = True,
        progress: Report | None = None,
    ) -> ProbeResult:
        """Measure which of the known defects the kernel has.

        Which defects a kernel has depends on its storage too, and no answer of a kernel names the storage. The probe
        registers, changes and removes webhooks in the event store ``chronicle-probe``, and lets the kernel deliver
        events to a receiver of this process. It says so first and asks. Its webhooks are removed however it ends; the
        event store stays, because no call of a kernel removes one.

        The result is kept for this server and release. From then on :attr:`known_defects`, plans, outcomes and cards
        say ``measured on`` with the date. Probe again after the storage of the kernel was changed.

        :param confirm: ``chronicle-probe``, as an answer to the question whether the probe may begin.
        :param receiver_url: the URL under which the kernel reaches the receiver, for a kernel that is not on this
            machine, or that runs in a container: of a tunnel, or ``http://host.docker.internal:PORT``.
        :param receiver_port: the port of the receiver on 127.0.0.1; by default a free port.
        :param deadline: the seconds after which the probe ends, 60 by default and 16 at least. What is not measured by
            then stays not measured.
        :param keep: whether the result is kept. One that cannot be written is returned, with a warning.
        :param progress: called with each step; by default the steps are shown.
        :raises InvalidInputError: the probe was not confirmed, the receiver cannot be reached from the kernel, or an
            argument has a wrong type or value; nothing was sent.
        :raises MissingDependencyError: the packages of the receiver are not installed.
        :raises KernelError: the kernel refused, or could not be reached.
        """
        from chronicle_notebook.probing import _kept
        from chronicle_notebook.probing._announcement import check_confirmed
        from chronicle_notebook.probing._bench import PROBE_STORE
        from chronicle_notebook.probing._probe import announced, check_deadline, place_of, probe
        from chronicle_notebook.probing._progress import reporter

        check_names(confirm=confirm)
        check_flag(keep, field="keep")
        check_deadline(deadline)
        receiver, url = place_of(self._kernel.server, receiver_url, receiver_port)
        check_confirmed(announced(self._kernel.origin(), url, receiver_port, deadline), confirm)
        LOCK.unlock(self._kernel.server, PROBE_STORE, PROBE_STORE)
        report = reporter() if progress is None else progress
        result = probe(self._kernel, receiver, url, version=self.version.version, deadline=deadline, report=report)
        if not keep:
            return result
        try:
            _kept.keep(result, passing=self.embedded)
        except InvalidInputError as error:  # a minute of measuring is not lost for this
            warnings.warn(f"{error.message} It is only what this call returned. {error.hint}", ChronicleWarning, 2)
            return result
        return result.as_kept()

    @property
    def probed(self) -> ProbeResult | None:
        """The kept result of a probe of this server and release; None if there is none."""
        from chronicle_notebook.probing import _kept

        return _kept.kept(self._kernel.server, self.version.version)

    def forget_probe(self) -> bool:
        """Delete the kept result of a probe of this server and release. Returns whether there was one."""
        from chronicle_notebook.probing import _kept

        return _kept.forget(self._kernel.server, self.version.version)
