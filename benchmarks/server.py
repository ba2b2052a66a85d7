"""A server that answers GetWebhooks with bytes made before; it prints its address and runs until it is killed."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts._scalars import guid_to_wire
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import webhooks_pb2
from chronicle_notebook.sandbox._certificate import Certificate

TYPES = ["AccountOpened", "FundsDeposited", "FundsWithdrawn", "AccountClosed", "CustomerMoved"]


def answer(count: int) -> bytes:
    """The answer with some number of webhooks, each with two event types and two headers."""
    message = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse(
        CorrelationId=guid_to_wire(uuid4()), IsAuthorized=True
    )
    for number in range(count):
        kinds = [TYPES[number % 5], TYPES[(number + 2) % 5]]
        message.Data.add(
            Identifier=f"hook-{number:05}",
            Id=f"hook-{number:05}",
            Url=f"https://target-{number % 97}.example.com/chronicle/webhooks/{number}",
            EventSequenceId="event-log",
            EventTypes=[webhooks_pb2.EventType(Id=kind, Generation=1 + number % 2) for kind in kinds],
            AuthorizationType=webhooks_pb2.AuthorizationType.ValueType(number % 4),
            Headers={"x-source": "my-app", "x-team": f"team-{number % 40}"},
            IsReplayable=True,
            IsActive=number % 7 > 0,
        )
    return message.SerializeToString()


def main(count: int) -> None:
    """Serve."""
    data = answer(count)
    certificate = Certificate.generate()
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_send_message_length", -1)])
    service, _, name = methods.GET_WEBHOOKS.path[1:].partition("/")
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(lambda _request, _context: data)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: handler}),))
    credentials = grpc.ssl_server_credentials([(certificate.key, certificate.chain)])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    print(f"chronicle://127.0.0.1:{port}/?auth=none", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
