"""Discovery of a cluster by DNS: ``chronicle+srv://name`` asks for the SRV records of ``_chronicle._tcp.name``.

They are ordered by priority, and by weight within one, the heaviest first
(source: C/Connections/ChronicleServerAddressResolver.cs). Chronicle's own clients follow them wherever they lead. An
answer of DNS proves nothing, and the certificate of a server is verified under the name that DNS gave: so here they
must stay in the domain that was named.
"""

from __future__ import annotations

from chronicle_notebook.base._errors import KernelUnreachableError, missing
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline, look_up

LOOK_UP_TIMEOUT = 5.0
"""Seconds that the look-up may take, unless the call ends earlier."""


def resolve(name: str, name_server: Host | None, deadline: Deadline, *, anywhere: bool = False) -> list[Host]:
    """The servers that a name leads to, the preferred ones first.

    :param anywhere: follow records that lead out of the domain, for who trusts every server anyway.
    :raises MissingDependencyError: dnspython is not installed (the extra ``srv``).
    :raises KernelUnreachableError: no records, one that leads out of the domain, or no answer from the name server.
    """
    try:
        import dns.exception
        import dns.rdatatype
        import dns.resolver
    except ImportError as error:
        raise missing("srv", "Discovery with chronicle+srv", error) from None
    question = f"_chronicle._tcp.{name}"
    within = deadline.within(LOOK_UP_TIMEOUT)
    try:
        resolver = dns.resolver.Resolver(configure=name_server is None)
        if name_server is not None:
            resolver.nameservers = [look_up(name_server, within)[0][1][0]]
            resolver.port = name_server.port
        records = resolver.resolve(question, dns.rdatatype.SRV, lifetime=within.left, search=False)
        found = sorted(records, key=lambda record: (record.priority, -record.weight))
        hosts = [Host(record.target.to_text(omit_final_dot=True), record.port) for record in found]
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        why = "there are none"
    except (dns.exception.DNSException, OSError) as error:
        why = "the name server does not answer" if isinstance(error, dns.exception.Timeout) else type(error).__name__
    else:
        if not anywhere:
            _check_inside(name, hosts, question)
        return hosts
    raise KernelUnreachableError(
        f"The servers of {name} cannot be found by the SRV records of {question}: {why}.",
        server=name,
        hint="Check the name and srvNameServer, or list the hosts: chronicle://one,two.",
    )


def _check_inside(name: str, hosts: list[Host], question: str) -> None:
    """Refuse servers outside of the domain that a name is in, as the drivers of MongoDB do.

    That is what follows the first dot, and for a name of two parts or one the name itself.
    """
    labels = name.rstrip(".").split(".")
    domain = ".".join(labels[1:] if len(labels) > 2 else labels)
    for host in hosts:
        if not f".{host.name}".lower().endswith(f".{domain}".lower()):
            raise KernelUnreachableError(
                f"An SRV record of {question} leads to {host.name}, which is not in {domain}: nothing was sent there.",
                server=name,
                hint="Check who answers for that name. If the servers are elsewhere, list them: chronicle://one,two.",
            )
