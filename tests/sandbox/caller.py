"""Calls of any method of a release by name, with messages made from the table of its contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._contract import ROOT, contract
from chronicle_notebook.sandbox._contract_descriptors import message_class
from tests.sandbox.conftest import Client


class Caller:
    """Calls methods of a release by name, with messages made from the table of its contract."""

    def __init__(self, sandbox: Sandbox, release: str) -> None:
        self.client = Client(sandbox.port)
        self.release = release

    def close(self) -> None:
        self.client.close()

    def request(self, short: str, **content: Any) -> Any:
        package, method = contract(self.release).paths[f"/{ROOT}.{short}"]
        return message_class(self.release, package.full_name(method.request))(**content)

    def call(self, short: str, **content: Any) -> Any:
        package, method = contract(self.release).paths[f"/{ROOT}.{short}"]
        answer = message_class(self.release, package.full_name(method.response))
        invoke: Any = self.client._channel.unary_unary(f"/{ROOT}.{short}", response_deserializer=answer.FromString)
        return invoke(self.request(short, **content).SerializeToString(), timeout=60)

    def stream(self, short: str, requests: Iterator[Any]) -> Any:
        invoke: Any = self.client._channel.stream_stream(
            f"/{ROOT}.{short}", request_serializer=lambda message: message.SerializeToString()
        )
        return invoke(requests, timeout=60)

    def follow(self, short: str, **content: Any) -> Any:
        package, method = contract(self.release).paths[f"/{ROOT}.{short}"]
        answer = message_class(self.release, package.full_name(method.response))
        invoke: Any = self.client._channel.unary_stream(f"/{ROOT}.{short}", response_deserializer=answer.FromString)
        return invoke(self.request(short, **content).SerializeToString(), timeout=60)


def refusal(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    error: Any = caught.value
    return error.code(), error.details()
