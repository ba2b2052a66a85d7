"""Sending the requests of a re-delivery: one after the other, not too quickly, and with an end at any moment."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chronicle_notebook.connection._http_exchange import NoAnswerError
from chronicle_notebook.model import StoredEvent, WebhookDefinition
from chronicle_notebook.pausing._body import body
from chronicle_notebook.pausing._progress import DeliveryProgress, OnProgress
from chronicle_notebook.pausing._redelivery_outcome import RedeliveryRequest, RequestState
from chronicle_notebook.target_test._answer import why_no_answer
from chronicle_notebook.target_test._request import post

MARK = "x-chronicle-notebook-redelivery"
"""The header that marks a request. Its value is the same for all requests of one re-delivery."""
FAILURES = 3
"""After so many failures in a row, of different event sources, nothing more is sent: the target does not work."""
_EARLIER = "an earlier event of this event source was not delivered"


@dataclass(frozen=True, slots=True)
class Errand:
    """One request to send: events of one event source, in order."""

    partition: str
    events: tuple[StoredEvent, ...]

    @property
    def request(self) -> RedeliveryRequest:
        """The request before it was sent."""
        return RedeliveryRequest(self.partition, tuple(each.sequence_number for each in self.events))


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, and why it ended early."""

    requests: tuple[RedeliveryRequest, ...]
    mark: str
    stopped: str


class Sending:
    """One run over all requests. After a failure the later events of the same event source are not sent, because
    targets rely on their order."""

    def __init__(
        self,
        definition: WebhookDefinition,
        errands: Sequence[Errand],
        *,
        event_store: str,
        namespace: str,
        rate: float,
        timeout: float,
    ) -> None:
        """Take what to send.

        :param rate: requests in a second, at most.
        :param timeout: seconds for each request.
        """
        self._mark = uuid.uuid4().hex
        self._definition = definition
        self._errands = errands
        self._place = {"event_store": event_store, "namespace": namespace}
        self._interval, self._timeout = 1.0 / rate, timeout
        self._requests = [each.request for each in errands]
        self._failed: set[str] = set()
        self._in_a_row = 0

    def run(self, cancel: threading.Event, told: OnProgress) -> Sent:
        """Send until everything is sent, somebody stops it, or the target fails again and again."""
        total, stopped = sum(len(each.events) for each in self._errands), ""
        delivered = 0
        for position, errand in enumerate(self._errands):
            if errand.partition in self._failed:
                self._requests[position] = replace(self._requests[position], detail=_EARLIER)
                continue
            started = time.monotonic()
            try:
                if cancel.is_set():
                    stopped = "stopped by its caller"
                    break
                done = self._requests[position] = self._sent(self._requests[position], errand)
                if done.state is RequestState.DELIVERED:
                    delivered, self._in_a_row = delivered + len(errand.events), 0
                else:
                    self._failed.add(errand.partition)
                    self._in_a_row += 1
                told(DeliveryProgress(delivered, total, "events"))
                if self._in_a_row >= FAILURES:
                    stopped = f"stopped after {FAILURES} failures in a row"
                    break
                if position + 1 < len(self._errands):
                    cancel.wait(max(0.0, self._interval - (time.monotonic() - started)))
            except KeyboardInterrupt:
                if self._requests[position].state is RequestState.NOT_SENT:
                    self._requests[position] = replace(
                        self._requests[position],
                        state=RequestState.UNKNOWN,
                        detail="interrupted before the answer",
                        duration=time.monotonic() - started,
                    )
                stopped = "stopped by Ctrl-C"
                break
        return Sent(tuple(self._requests), self._mark, stopped)

    def _sent(self, request: RedeliveryRequest, errand: Errand) -> RedeliveryRequest:
        """Send one request, once: a second attempt could deliver it twice."""
        started = time.monotonic()
        trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        own = {name.lower() for name in self._definition.headers}
        headers = {**self._definition.headers, MARK: self._mark} | (
            {} if "traceparent" in own else {"traceparent": trace}
        )
        try:
            answer = post(
                self._definition.changed(headers=headers),
                body(errand.partition, errand.events, **self._place),
                self._timeout,
            )
        except (OSError, NoAnswerError) as error:
            detail = why_no_answer(error, self._timeout)
            return replace(request, state=RequestState.UNKNOWN, detail=detail, duration=time.monotonic() - started)
        good = 200 <= answer.status < 300
        return replace(
            request,
            state=RequestState.DELIVERED if good else RequestState.REFUSED,
            status=answer.status,
            detail=f"HTTP {answer.status} {answer.reason}".rstrip(),
            duration=time.monotonic() - started,
        )
