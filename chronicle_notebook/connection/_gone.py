"""The errors for a connection that is not there any more."""

from __future__ import annotations

from chronicle_notebook import _fork
from chronicle_notebook._errors import ClientClosedError, KernelError, KernelUnreachableError

_AGAIN = "Connect again with cn.connect()."


def closed(server: str, *, under_way: bool = False) -> ClientClosedError:
    """The client was closed.

    :param under_way: a call that changes something was on its way.
    """
    if under_way:
        return ClientClosedError(
            f"The client of {server} was closed while the kernel worked.",
            hint=f"What was asked for may have happened. {_AGAIN[:-1]}, and look at what the kernel lists.",
        )
    return ClientClosedError(f"The client of {server} was closed.", hint=_AGAIN)


def lost(server: str) -> KernelUnreachableError:
    """The connection ended."""
    return KernelUnreachableError(f"The connection to {server} was lost.", server=server, hint="Call again.")


def check_process(server: str, *, inherited: bool) -> None:
    """Return when gRPC works in this process.

    :param inherited: whether the connection was made by the process that this one was forked from.
    :raises KernelError: it does not.
    """
    if inherited:
        message = f"The client of {server} belongs to the process that this one was forked from."
    elif _fork.grpc_is_lost():
        message = f"{server} cannot be called from here: this process was forked from one that used gRPC."
    else:
        return
    raise KernelError(message, server=server, hint=f"gRPC does not survive a fork. {_fork.ADVICE}")
