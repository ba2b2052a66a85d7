"""The first listing in a fresh process, import and connection included, against the same with bare grpcio and protobuf.

Both processes list the same webhooks from the same server. The bare one knows the address, the certificate and the wire
generation beforehand, and makes the one call. Both run compiled modules (:mod:`benchmarks.installed`).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.installed import as_installed

ROUNDS = 24
COUNT = 100

RATIO = "first listing in a fresh process / bare grpcio and protobuf"
LIMITS = {RATIO: 1.5}
"""What a figure must not be over."""

_OURS = """
import sys
import chronicle_notebook as cn
client = cn.connect(sys.argv[1], event_store="banking")
assert len(client.webhooks.all()) == int(sys.argv[2])
"""

_BARE = """
import sys
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
pool = descriptor_pool.DescriptorPool()
for file in descriptor_pb2.FileDescriptorSet.FromString(open(sys.argv[4], "rb").read()).file:
    pool.Add(file)
package = "Cratis.Chronicle.Contracts.Observation.Webhooks"
request, answer = (
    message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
    for name in ("GetWebhooksRequest", "QueryResult_IEnumerable_WebhookDetailsResponse")
)
credentials = grpc.ssl_channel_credentials(open(sys.argv[3], "rb").read())
channel = grpc.secure_channel(sys.argv[1], credentials, [("grpc.ssl_target_name_override", "localhost")])
call = channel.unary_unary(f"/{package}.Webhooks/GetWebhooks", request.SerializeToString, answer.FromString)
assert len(call(request(EventStore="banking"), timeout=30).Data) == int(sys.argv[2])
channel.close()
"""


def measure() -> dict[str, float]:
    """The ratio of the quickest runs, in turns, and milliseconds of both."""
    command = [sys.executable, "-m", "tests.many", str(COUNT)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as made,
        as_installed() as environment,
    ):
        try:
            assert server.stdout is not None
            connection = server.stdout.readline().strip()
            address = connection.removeprefix("chronicle://").partition("/")[0]
            bare = [address, str(COUNT), *_files(address, Path(made))]
            listings = (_OURS, connection, str(COUNT)), (_BARE, *bare)
            rounds = [[_spent(environment, *listing) for listing in listings] for _ in range(1 + ROUNDS)]
        finally:
            server.kill()
    quickest, bare_quickest = (min(each) for each in zip(*rounds[1:], strict=True))  # the first round compiles
    return {
        "first listing in a fresh process, ms": quickest * 1000,
        "the same with bare grpcio and protobuf, ms": bare_quickest * 1000,
        RATIO: quickest / bare_quickest,
    }


def _files(address: str, folder: Path) -> list[str]:
    """Files with the server's certificate and with the contract."""
    import ssl

    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    from chronicle_notebook.contracts.wire import bcl_pb2, webhooks_pb2

    host, _, port = address.partition(":")
    (folder / "certificate.pem").write_text(ssl.get_server_certificate((host, int(port))))
    found = FileDescriptorSet()
    for module in (bcl_pb2, webhooks_pb2):
        module.DESCRIPTOR.CopyToProto(found.file.add())
    (folder / "contract.binpb").write_bytes(found.SerializeToString())
    return [str(folder / "certificate.pem"), str(folder / "contract.binpb")]


def _spent(environment: dict[str, str], program: str, *arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, env=environment)
    return time.perf_counter() - started
