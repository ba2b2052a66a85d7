"""Discovery of a cluster by DNS: ``chronicle+srv://name`` asks for the SRV records of ``_chronicle._tcp.name``.

The records are ordered by priority, and within one priority by weight, the heaviest first (source:
C/Connections/ChronicleServerAddressResolver.cs). Chronicle's own clients accept any server in them. But an answer of
DNS proves nothing, and the certificate of a server is verified under the name from DNS. So here the servers must be in
the domain of the name.
"""

from __future__ import annotations

from chronicle_notebook.base._errors import KernelUnreachableError, missing
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline, look_up

LOOK_UP_TIMEOUT = 5.0
"""The time limit of the look-up in seconds, unless the call ends earlier."""


def resolve(name: str, name_server: Host | None, deadline: Deadline, *, anywhere: bool = False) -> list[Host]:
    """The servers of a name, the preferred ones first.

    :param anywhere: accept records that name a server outside of the domain, for callers that trust every server
        anyway.
    :raises MissingDependencyError: dnspython is not installed (the extra ``srv``).
    :raises KernelUnreachableError: there are no records, a record names a server outside of the domain, or the name
        server does not answer.
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
    """Refuse servers outside of the domain of a name, as the drivers of MongoDB do.

    The domain is the text after the first dot. For a name of one or two parts the domain is the name itself.
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
