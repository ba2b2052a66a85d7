"""Which callers are allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import grpc

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.sandbox._authority import Authority

ANONYMOUS = frozenset(
    {
        methods.CHECK_COMPATIBILITY.path,
        methods.GET_DESCRIPTOR_SET.path,
        f"/{methods.SERVER}/ResetKernelState",
    }
)
"""The methods that everybody may call (source: K/Core/Services/Clients/ConnectionService.cs,
K/Core/Services/Host/Server.cs). The version is not one of them."""

if TYPE_CHECKING:
    _Handler = grpc.RpcMethodHandler[Any, Any]


class Gatekeeper(grpc.ServerInterceptor):
    """Refuses calls without a valid token as UNAUTHENTICATED, before it checks whether the method exists.

    A path without a method is refused too, because a kernel's policy covers everything that is not marked as anonymous
    (seen at 16.37.1). A token is checked when a call begins: a stream may live longer than its token.

    A kernel refuses with the HTTP status 401, before gRPC. gRPC for Python cannot answer with an HTTP status, so the
    code is the one that clients make of it, with a text of the sandbox.
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], _Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """Pass a call on, or answer it here."""
        if handler_call_details.method in ANONYMOUS:
            return continuation(handler_call_details)
        metadata = handler_call_details.invocation_metadata or ()
        proofs = [str(value) for name, value in metadata if name == "authorization"]
        if not proofs:
            return _MISSING
        return continuation(handler_call_details) if self._authority.admits(proofs) else _WRONG


def _refusal(why: str) -> _Handler:
    def refuse(_request: bytes, context: grpc.ServicerContext) -> NoReturn:
        # B1 in docs/fidelity.md: this is the code, because gRPC for Python cannot answer with an HTTP status.
        context.abort(grpc.StatusCode.UNAUTHENTICATED, why)

    return grpc.unary_unary_rpc_method_handler(refuse)


_MISSING = _refusal("The call needs an access token.")
_WRONG = _refusal("The access token is not valid, or has expired.")
