"""A kernel that answers with the bytes of a recording: gRPC, TLS and tokens on one real port, with nothing behind it.

What a request means decides which answer it gets, so the client may have other ids, times and ports than the one that
was recorded. The recording is a line of time: a test names the step that it is in, and each write of the step moves it
on. A read gets the answers between two writes in their order, and then the last of them again and again, so a client
may ask more or less often than the one that was recorded. A write that the step does not have is not answered.
"""

from __future__ import annotations

import json
import secrets
import threading
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.sandbox._contract import contract, release_of
from chronicle_notebook.sandbox._contract_text import contract_text
from tests.recorded import evening
from tests.recorded.derived import derive
from tests.recorded.recording import Call, Delivered, Element, Opened, Recording, Step
from tests.scripted_front import HttpAnswer, HttpRequest, ScriptedFront, as_json

CLIENT, SECRET = "recorded-client", "recorded-secret"
ANONYMOUS = {methods.CHECK_COMPATIBILITY.path, methods.GET_DESCRIPTOR_SET.path}
UNANSWERED = "the recording has no answer to this"
_TOKEN_DOCUMENTATION = "https://documentation.openiddict.com/errors/"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a unary call, or one element of a stream."""

    message: bytes | None
    status: str = "OK"
    details: str = ""


class RecordedKernel:
    """Serves one recording. ``address`` replaces that of the recorded target in both directions."""

    def __init__(self, recording: Recording, *, address: str = "") -> None:
        self.recording = recording
        self.unanswered: list[str] = []
        """Each request to which the recording has no answer."""
        self.derived: list[str] = []
        """The methods whose answers were put together from what the recording has of other ones."""
        self.deliveries: list[Delivered] = []
        """What the kernel delivered in the steps so far, in its order."""
        release = release_of(recording.version)
        self._text = contract_text(release)
        self._declared = {path.rpartition("/")[::2] for path in contract(release).paths}
        self._tokens: set[str] = set()
        self._line = Timeline(recording)
        self._addresses = (
            recording.receiver.removeprefix("http://").encode(),
            address.removeprefix("http://").encode(),
        )
        assert not address or len(self._addresses[0]) == len(self._addresses[1]), "the bytes around it tell its length"
        self._server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers((_Handler(self),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self._front = ScriptedFront(self).on("/connect/token", self._token)  # type: ignore[arg-type]
        self._front.on("/health", HttpAnswer(200, b"Healthy", {"Content-Type": "text/plain"}))

    @property
    def connection_string(self) -> str:
        return f"chronicle://{CLIENT}:{SECRET}@{self._front.address}/?skipTlsValidation=true"

    @property
    def server(self) -> str:
        """``host:port``."""
        return self._front.address

    def step(self, name: str) -> Step:
        """Enter a step: what was recorded before it is over, whether it was asked for or not."""
        step = self.recording.step(name)
        self._line.enter(name)
        self.deliveries.extend(step.deliveries)
        return step

    def somebody_writes(self) -> None:
        """Take the next write of the step as made, by somebody else than the client."""
        self._line.pass_write()

    def finish(self) -> None:
        """Take everything in the step as done: what is read now is what was recorded last in it."""
        self._line.pass_all()

    def stop(self) -> None:
        self._line.stop()
        self._front.stop()
        self._server.stop(0).wait()

    def allowed(self, path: str, metadata: dict[str, str]) -> bool:
        """Whether a caller may make a call."""
        scheme, _, token = metadata.get("authorization", "").partition(" ")
        return path in ANONYMOUS or (scheme.lower() == "bearer" and token in self._tokens)

    def answers(self, path: str, request: bytes) -> Iterator[Answer]:
        """What is answered to a call: one answer, or those of a stream as they come."""
        if path == methods.GET_DESCRIPTOR_SET.path:
            yield Answer(methods.GET_DESCRIPTOR_SET.response(SchemaDefinition=self._text).SerializeToString())
            return
        meant = evening.meaning(path, self._inward(request), self.recording.generation)
        for answer in self._line.answers(path, meant):
            if answer is None:
                yield self._otherwise(path, request, meant)
                return
            yield self._outward(answer)

    def _otherwise(self, path: str, request: bytes, meant: str) -> Answer:
        made = derive(path, self._inward(request), self._line.latest, list(self._line.written()))
        if made is not None:
            self.derived.append(path)
            return self._outward(Answer(made))
        service, method = path.rpartition("/")[::2]
        if (service, method) not in self._declared:
            known = any(service == each for each, _ in self._declared)
            return Answer(None, "UNIMPLEMENTED", f"{'Method' if known else 'Service'} is unimplemented.")
        self.unanswered.append(f"{path.rpartition('.')[2]} {meant}")
        return Answer(None, "FAILED_PRECONDITION", UNANSWERED)

    def _inward(self, data: bytes) -> bytes:
        theirs, ours = self._addresses
        return data.replace(ours, theirs) if ours else data

    def _outward(self, answer: Answer) -> Answer:
        theirs, ours = self._addresses
        if not ours or answer.message is None:
            return answer
        return Answer(answer.message.replace(theirs, ours), answer.status, answer.details)

    def _token(self, request: HttpRequest) -> HttpAnswer:
        form = {name: values[0] for name, values in parse_qs(request.body).items()}
        known = form.get("client_id") == CLIENT
        if not known or form.get("client_secret") != SECRET:
            id_, which = ("ID2055", "client credentials are") if known else ("ID2052", "'client_id' is")
            problem = {
                "error": "invalid_client",
                "error_description": f"The specified {which} invalid.",
                "error_uri": f"{_TOKEN_DOCUMENTATION}{id_}",
            }
            return as_json(problem, 401)
        token = secrets.token_hex(344)
        self._tokens.add(token)
        body = json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 3600}, indent=2).encode()
        kind = {"Content-Type": "application/json;charset=UTF-8", "Cache-Control": "no-store", "Pragma": "no-cache"}
        return HttpAnswer(200, body, kind)


class Timeline:
    """Where in a recording its reader is, and what is answered there."""

    def __init__(self, recording: Recording) -> None:
        self._generation = recording.generation
        self._entries = recording.entries
        self._moved = threading.Condition()
        self._stopped = False
        self._starts: dict[str, int] = {}
        start = 0
        for step in recording.steps:
            self._starts[step.name] = start
            start += len(step.entries)
        self._steps = [*self._starts.values(), start]
        self._from = 0
        self._end = self._steps[1]
        self._writes = [index for index, entry in enumerate(self._entries) if self._is_write(entry)]
        self._meant: dict[int, tuple[str, str]] = {}
        self._reads: dict[tuple[str, str], list[int]] = {}
        self._streams: dict[tuple[str, str], list[int]] = {}
        self._lacking = {
            _lacked(entry): Answer(None, entry.status, entry.details)
            for entry in self._entries
            if isinstance(entry, Call) and entry.status == "UNIMPLEMENTED"
        }
        self._sort()
        self._served: dict[tuple[str, str], int] = {}

    def enter(self, step: str) -> None:
        with self._moved:
            self._from = self._starts[step]
            self._served.clear()
            self._end = self._steps[self._steps.index(self._from, list(self._starts).index(step)) + 1]
            self._moved.notify_all()

    def pass_write(self) -> None:
        with self._moved:
            self._from = self._horizon() + 1
            assert self._from <= self._end, "the step has no such write"
            self._moved.notify_all()

    def pass_all(self) -> None:
        with self._moved:
            self._from = self._end
            self._moved.notify_all()

    def stop(self) -> None:
        with self._moved:
            self._stopped = True
            self._moved.notify_all()

    def answers(self, path: str, meant: str) -> Iterator[Answer | None]:
        """What is answered; None when nothing is known."""
        key = (path, meant)
        lacking = self._lacking.get(path) or self._lacking.get(path.rpartition("/")[0])
        if lacking is not None:
            yield lacking
        elif _goes_on(path):
            yield from self._stream(key)
        elif self._writes_with(path):
            yield self._write(key)
        else:
            yield self._read(key)

    def latest(self, path: str, meant: str) -> bytes | None:
        """The answer to another call at this point of time, or None. A write is taken as made."""
        key = (path, meant)
        answer = self._write(key) if self._writes_with(path) else self._read(key, step_on=False)
        return None if answer is None else answer.message

    def written(self) -> Iterator[Call]:
        """Each write that was made so far."""
        for index in self._writes:
            entry = self._entries[index]
            if index < self._from and isinstance(entry, Call):
                yield entry

    def _writes_with(self, path: str) -> bool:
        method = evening.methods_of(self._generation).get(path)
        return method is not None and method.write

    def _is_write(self, entry: object) -> bool:
        return isinstance(entry, Call) and self._writes_with(entry.path) and entry.status != "UNIMPLEMENTED"

    def _sort(self) -> None:
        opened: dict[str, str] = {}
        for index, entry in enumerate(self._entries):
            if isinstance(entry, Call):
                key = (entry.path, evening.meaning(entry.path, entry.request, self._generation))
                self._meant[index] = key
                if not self._is_write(entry):
                    self._reads.setdefault(key, []).append(index)
            elif isinstance(entry, Opened):
                opened[entry.path] = evening.meaning(entry.path, entry.request, self._generation)
            elif isinstance(entry, Element):
                kind = self._streams if _goes_on(entry.path) else self._reads
                kind.setdefault((entry.path, opened[entry.path]), []).append(index)

    def _write(self, key: tuple[str, str]) -> Answer | None:
        with self._moved:
            for index in self._writes:
                if self._from <= index < self._end and self._meant[index] == key:
                    self._from = index + 1
                    self._moved.notify_all()
                    return self._answer(index)
        return None

    def _horizon(self) -> int:
        """Up to where everything has been said: the next write of the step that was not made yet, or its end."""
        at = bisect_left(self._writes, self._from)
        return min(self._writes[at], self._end) if at < len(self._writes) else self._end

    def _read(self, key: tuple[str, str], *, step_on: bool = True) -> Answer | None:
        with self._moved:
            known = [index for index in self._reads.get(key, ()) if index < self._horizon()]
            if not known:
                return None
            after = max(self._from, self._served.get(key, -1) + 1)
            found = next((index for index in known if index >= after), known[-1])
            if step_on:
                self._served[key] = found
            return self._answer(found)

    def _stream(self, key: tuple[str, str]) -> Iterator[Answer | None]:
        """The elements of a stream as the steps reach them, until the recording is put away."""
        known = self._streams.get(key)
        if known is None:
            yield None
            return
        # A stream begins with what the kernel said when it was opened in this step, or else with the latest.
        with self._moved:
            begin = max(bisect_left(known, self._from), 0)
            begin = min(begin, len(known) - 1)
        for index in known[begin:]:
            with self._moved:
                while not self._stopped and index >= self._horizon():
                    self._moved.wait()
                if self._stopped:
                    return
            yield self._answer(index)
        with self._moved:
            self._moved.wait_for(lambda: self._stopped)

    def _answer(self, index: int) -> Answer:
        entry = self._entries[index]
        if isinstance(entry, Element):
            return Answer(entry.message)
        assert isinstance(entry, Call)
        return Answer(entry.response, entry.status, entry.details)


def _lacked(call: Call) -> str:
    """What a kernel does not have that answers UNIMPLEMENTED: a method, or its whole service."""
    return call.path.rpartition("/")[0] if call.details.startswith("Service") else call.path


def _goes_on(path: str) -> bool:
    """Whether a method answers again and again."""
    return path.rpartition("/")[2].startswith("Observe")


class _Handler(grpc.GenericRpcHandler):
    """Every method, each as a stream: with one answer that is the same on the wire as a call without one."""

    def __init__(self, kernel: RecordedKernel) -> None:
        self._kernel = kernel

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        path = details.method
        metadata = {key: str(value) for key, value in details.invocation_metadata}

        def answer(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            if not self._kernel.allowed(path, metadata):
                # A kernel refuses with HTTP before gRPC, which gRPC's clients tell like this.
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "Received http2 header with status: 401")
            for each in self._kernel.answers(path, request):
                if each.message is None:
                    context.abort(grpc.StatusCode[each.status], each.details)
                yield each.message

        return grpc.unary_stream_rpc_method_handler(answer)


@contextmanager
def playing(recording: Recording, *, address: str = "") -> Iterator[RecordedKernel]:
    """A kernel that answers with a recording."""
    kernel = RecordedKernel(recording, address=address)
    try:
        yield kernel
    finally:
        kernel.stop()
