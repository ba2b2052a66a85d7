"""The servers of a cluster, and which of them to try first.

Facts (source: C/Connections/*LoadBalancerStrategy.cs, K/Server/Program.cs): the client resolves names and chooses a
server again at each new connection. With one server there is no choice. ``least-connections`` first waits up to 250 ms,
so that clients that lost their connections together do not come back together. It asks every server for
``/connections/count``; a server that does not answer within two seconds counts as full. Then it announces the
connection to the server with the fewest clients, with ``/connections/reserve``.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

from chronicle_notebook.base._errors import ChronicleError, KernelUnreachableError
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._tls import Secured, secure
from chronicle_notebook.connection._trust import Trust

LONGEST_JITTER = 0.25
"""The longest pause before the servers are asked, in seconds."""
COUNT_TIMEOUT = 2.0
"""The time in seconds in which a server must say how many clients it has."""
AVOIDED = 10.0
"""The time in seconds in which a failed server is tried last."""

_FULL = 2**63


class Cluster:
    """The servers of one connection string."""

    def __init__(self, target: ConnectionString, trust: Trust) -> None:
        self._target, self._trust = target, trust
        self._failed: dict[Host, float] = {}
        self._turn = int.from_bytes(os.urandom(2))

    @property
    def single(self) -> bool:
        """Whether there is only one server."""
        return self._target.scheme == "chronicle" and len(self._target.hosts) == 1

    @property
    def described(self) -> str:
        """The servers to choose from, as text for people; empty if there is only one."""
        if self.single:
            return ""
        hosts = self._target.hosts
        which = f"SRV records of {hosts[0].name}" if self._target.scheme != "chronicle" else f"{len(hosts)} servers"
        return f"{which}, {self._target.load_balancer}"

    def candidates(self, deadline: Deadline) -> list[Host]:
        """The servers at this moment, in the order in which to try them.

        :raises KernelUnreachableError: a name cannot be resolved.
        """
        if self.single:
            return list(self._target.hosts)
        hosts = self._hosts(deadline)
        if len(hosts) > 1:
            hosts = self._ordered(hosts, deadline)
        now = time.monotonic()
        return sorted(hosts, key=lambda host: now - self._failed.get(host, -AVOIDED) < AVOIDED)

    def failed(self, host: Host) -> None:
        """Note that a server did not answer: it is tried last for some time."""
        self._failed[host] = time.monotonic()

    def chosen(self, secured: Secured) -> None:
        """Announce the connection to a server. It does not matter whether the server receives this."""
        if self.single or self._target.load_balancer != "least-connections":
            return

        def reserve() -> None:
            from chronicle_notebook.connection._http import post

            with suppress(ChronicleError):
                post(secured, self._trust, "/connections/reserve", lambda: b"", Deadline(COUNT_TIMEOUT))

        threading.Thread(target=reserve, name="chronicle-reserve", daemon=True).start()

    def _hosts(self, deadline: Deadline) -> list[Host]:
        if self._target.scheme == "chronicle":
            return list(self._target.hosts)
        from chronicle_notebook.connection._srv import resolve

        anywhere = self._trust.skip is True
        return resolve(self._target.hosts[0].name, self._target.srv_name_server, deadline, anywhere=anywhere)

    def _ordered(self, hosts: list[Host], deadline: Deadline) -> list[Host]:
        import random

        match self._target.load_balancer:
            case "round-robin":
                start = self._turn % len(hosts)
                self._turn += 1
                return hosts[start:] + hosts[:start]
            case "random":
                return random.sample(hosts, len(hosts))
            case _:
                return self._by_load(hosts, deadline)

    def _by_load(self, hosts: list[Host], deadline: Deadline) -> list[Host]:
        import random

        time.sleep(min(random.uniform(0, LONGEST_JITTER), deadline.left))  # noqa: S311
        within = deadline.within(COUNT_TIMEOUT)
        counts = dict.fromkeys(hosts, _FULL)
        asking = [
            threading.Thread(target=self._ask, args=(host, counts, within), name="chronicle-count", daemon=True)
            for host in hosts
        ]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join(within.left)
        told = dict(counts)
        return sorted(random.sample(hosts, len(hosts)), key=lambda host: told[host])

    def _ask(self, host: Host, counts: dict[Host, int], deadline: Deadline) -> None:
        from chronicle_notebook.connection._http import get

        with suppress(ChronicleError, ValueError):
            answer = get(secure(host, self._trust, deadline), self._trust, "/connections/count", deadline)
            if answer.status == 200:
                counts[host] = int(answer.body)


def together(failures: list[KernelUnreachableError]) -> KernelUnreachableError:
    """One error for all servers that were tried."""
    if len(failures) == 1:
        return failures[0]
    return KernelUnreachableError(
        f"None of the {len(failures)} servers can be reached: {' '.join(error.message for error in failures)}",
        server=failures[0].server,
        hint="Check the hosts, and that the kernels run.",
    )
