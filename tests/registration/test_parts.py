"""Long lists: they go out in parts, each webhook has its outcome however the call ends, and nothing is sent twice."""

from __future__ import annotations

import dataclasses
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._call import Method
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.display import _progress
from chronicle_notebook.model import EventType, RegisteredEventType, WebhookDefinition
from chronicle_notebook.registration import _interrupted, _parts
from chronicle_notebook.registration._outcome import Action, Outcomes
from chronicle_notebook.registration._parts import FIRST, MOST, SECONDS, Course, Pace
from chronicle_notebook.registration._send import SENT_BEFORE
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._registrar import Registrar
from tests.waiting import LONG, Hold, ctrl_c

OPENED = EventType("AccountOpened")
SCALE = 0.01
"""A hundredth of a kernel's 0.13 s for each webhook, and of the seconds that a part takes."""


def hooks(count: int, **more: Any) -> Sequence[WebhookDefinition]:
    return [WebhookDefinition(f"w{each:04}", "http://127.0.0.1:9/in", (OPENED,), **more) for each in range(count)]


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    """A kernel that takes its time for each webhook of a list."""
    behaviour = dataclasses.replace(Behaviour(), registration_seconds=0.13)
    with Sandbox(settle_delay=0.0, time_scale=SCALE, behaviour=behaviour) as running:
        yield running


@pytest.fixture
def client(slow: Sandbox, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[cn.Client]:
    monkeypatch.setattr(_parts, "SECONDS", SECONDS * SCALE)
    monkeypatch.setattr(_interrupted, "_unfinished", {})
    store = "store-" + format(abs(hash(request.node.nodeid)), "x")
    with cn.connect(slow.connection_string, event_store=store, name=store) as opened:
        opened.ensure_event_store()
        opened._kernel.register_event_types(store, [RegisteredEventType(OPENED, {"type": "object"})])
        yield opened


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each part had."""
    sent: list[int] = []
    call = Channel.call

    def counting(channel: Channel, method: Method[Any, Any], request: Any, **options: Any) -> Any:
        if method.name in {"AddWebhooks", "RemoveWebhooks"}:
            sent.append(len(request.serialize() if hasattr(request, "serialize") else request.SerializeToString()))
        return call(channel, method, request, **options)

    monkeypatch.setattr(Channel, "call", counting)
    return sent


def appended(client: cn.Client, kind: str) -> Counter[str]:
    """How often the kernel has an event of a kind for each webhook."""
    events = client._kernel.events(client.event_store, "Default", "system")
    return Counter(each.event_source_id for each in events if each.type.id == kind)


class Held:
    """Holds the kernel's work at the n-th webhook until a test lets go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.hold = Hold()
        self.at = at
        self.done = 0
        work = Registrar._work

        def working(registrar: Registrar, *arguments: Any) -> None:
            work(registrar, *arguments)
            self.done += 1
            if self.done == at:
                self.hold.wait()

        monkeypatch.setattr(Registrar, "_work", working)

    def not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The call whose work is held has a deadline of a second. All others have all the time they need."""
        call, sent = Channel.call, 0

        def hurried(channel: Channel, method: Method[Any, Any], request: Any, **options: Any) -> Any:
            nonlocal sent
            if method.name == "AddWebhooks" and sent < self.at:
                content = request.serialize() if hasattr(request, "serialize") else request.SerializeToString()
                sent += len(method.request.FromString(content).Webhooks)
                if sent >= self.at:
                    options["timeout"] = 1.0
            return call(channel, method, request, **options)

        monkeypatch.setattr(Channel, "call", hurried)


# -- how many go into a part ---------------------------------------------------------------------------------------


def test_a_part_takes_a_few_seconds_of_the_kernel_whatever_that_is() -> None:
    pace = Pace()
    assert pace.size == FIRST
    pace.measured(FIRST, FIRST * 0.13)
    assert pace.size == int(SECONDS / 0.13)
    pace.measured(pace.size, pace.size * 0.001)
    assert pace.size == 4 * int(SECONDS / 0.13)
    for _ in range(9):
        pace.measured(pace.size, 0.0)
    assert pace.size == MOST
    pace.missed()
    assert pace.size == MOST // 4
    pace.measured(pace.size, 10_000.0)
    assert pace.size == 1
    pace.missed()
    assert pace.size == 1


def test_each_element_is_in_one_list_whatever_ends_the_sending() -> None:
    ends: dict[int, BaseException] = {1: cn.KernelFaultError("it failed"), 2: cn.PermissionDeniedError("not you")}
    for number, error in [*ends.items(), (3, cn.ProtocolError("strange")), (4, KeyboardInterrupt())]:
        course: Course[int] = Course(list(range(100)))

        def send(part: Any, error: BaseException = error, course: Course[int] = course) -> None:
            if course.answered:
                raise error

        if isinstance(error, KeyboardInterrupt):
            with pytest.raises(KeyboardInterrupt):
                course.run(send, lambda _: [], lambda: None)
        else:
            course.run(send, lambda _: [], lambda: None)
        everything = [*course.answered, *course.failed, *course.unanswered, *course.unsent]
        assert sorted(everything) == list(range(100))
        assert len(course.answered) == FIRST
        assert bool(course.failed) is (number == 1)
        assert bool(course.unanswered) is (number > 2)
        assert bool(course.fault) is (number == 1)


# -- a thousand ----------------------------------------------------------------------------------------------------


def test_a_thousand_are_registered_and_removed_each_once_with_an_outcome(
    client: cn.Client, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(_progress.CallProgress, "tell", lambda _self, text, **_: said.append(text))
    wanted = hooks(1000)
    outcomes = client.webhooks.register(wanted, wait=LONG)
    assert outcomes
    assert [each.webhook for each in outcomes] == [each.id for each in wanted]
    assert {each.action for each in outcomes} == {Action.CREATED}
    assert len(parts) > 4, "it went out in one call, or nearly"
    assert max(parts) < 200_000
    assert "of 1,000 sent" in said[0]
    assert len(said) == len(parts) - 1
    assert set(appended(client, "WebhookAdded").values()) == {1}
    assert len(appended(client, "WebhookAdded")) == 1000

    again = client.webhooks.register(wanted, wait=LONG)
    assert {each.action for each in again} == {Action.UNCHANGED}

    said.clear()
    gone = client.webhooks.remove([each.id for each in wanted], wait=LONG)
    assert gone
    assert client.webhooks.ids() == []
    assert "gone." in said[-1]
    assert set(appended(client, "WebhookRemoved").values()) == {1}


SECRET = cn.Secret("canary-7d1e0a44")


def test_a_list_that_was_interrupted_tells_what_was_made_and_goes_on_where_it_stopped(
    client: cn.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = hooks(120, authorization=cn.BearerAuthorization(SECRET))
    held = Held(monkeypatch, at=50)
    with ctrl_c(held.hold.entered.is_set) as caught:
        client.webhooks.register(wanted, wait=LONG)
    told: Outcomes = vars(caught.value)["outcomes"]
    assert [each.webhook for each in told] == [each.id for each in wanted]
    made = {each.webhook for each in told if each}
    under_way = {each.webhook for each in told if each.unanswered}
    unsent = {each.webhook for each in told if each.unsent}
    assert FIRST <= len(made) < 51
    assert under_way
    assert unsent
    assert len(made) + len(under_way) + len(unsent) == 120
    note = caught.value.__notes__[0]
    assert f"{len(made)} registered, {len(under_way)} under way, {len(unsent)} not sent" in note
    assert "under way" in repr(told)
    assert "canary" not in repr(told) + told._repr_html_() + note

    held.hold.release()
    again = client.webhooks.register(wanted, wait=LONG)
    assert again
    assert [each.webhook for each in again if SENT_BEFORE in each.notes] == sorted(made | under_way)
    assert set(client.webhooks.ids()) == {each.id for each in wanted}
    assert set(appended(client, "WebhookAdded").values()) == {1}
    # What this process sent just now with the same credentials is not sent again.
    assert set(appended(client, "BearerTokenAuthorizationSetForWebhook").values()) == {1}


def test_what_the_kernel_still_does_when_the_call_is_made_again_is_not_sent_a_second_time(
    client: cn.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch, at=20)
    wanted = hooks(60)
    with ctrl_c(held.hold.entered.is_set):
        client.webhooks.register(wanted, wait=LONG)
    read, looks = client._kernel.webhooks, []

    def reading(event_store: str) -> Sequence[WebhookDefinition]:
        looks.append(1)
        if len(looks) == 3:  # the second call is waiting for what the first one has sent
            held.hold.release()
        return read(event_store)

    monkeypatch.setattr(client._kernel, "webhooks", reading)
    assert client.webhooks.register(wanted, wait=LONG)
    assert set(appended(client, "WebhookAdded").values()) == {1}
    assert len(appended(client, "WebhookAdded")) == 60


def test_a_changed_credential_is_sent_after_an_interruption(client: cn.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch, at=20)
    with ctrl_c(held.hold.entered.is_set):
        client.webhooks.register(hooks(60, authorization=cn.BearerAuthorization(SECRET)), wait=LONG)
    held.hold.release()
    other = cn.BearerAuthorization(cn.Secret("canary-another"))
    again = client.webhooks.register(hooks(60, authorization=other), wait=LONG)
    assert again
    assert not any(SENT_BEFORE in each.notes for each in again)
    assert again[0].action is Action.UPDATED


def test_a_removal_that_was_interrupted_removes_no_id_twice(client: cn.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [each.id for each in hooks(80)]
    client.webhooks.register(hooks(80), wait=LONG)
    held = Held(monkeypatch, at=20)
    with ctrl_c(held.hold.entered.is_set) as caught:
        client.webhooks.remove(wanted, wait=LONG)
    told: Outcomes = vars(caught.value)["outcomes"]
    assert len([each for each in told if each]) >= FIRST
    assert any(each.unanswered for each in told)
    assert any(each.unsent for each in told)
    assert "removed" in caught.value.__notes__[0]
    held.hold.release()
    again = client.webhooks.remove(wanted, wait=LONG)
    assert again
    assert client.webhooks.ids() == []
    assert set(appended(client, "WebhookRemoved").values()) == {1}
    with pytest.raises(cn.UnknownWebhookError):
        client.webhooks.remove(wanted[0])


# -- a deadline ----------------------------------------------------------------------------------------------------


def test_after_a_deadline_in_the_middle_each_webhook_has_its_outcome(
    client: cn.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch, at=50)
    held.not_waited_for(monkeypatch)
    wanted = hooks(120)
    outcomes = client.webhooks.register(wanted, wait=0.2)
    assert not outcomes
    made = {each.webhook for each in outcomes if each}
    under_way = {each.webhook for each in outcomes if each.unanswered}
    unsent = {each.webhook for each in outcomes if each.unsent}
    assert len(made) >= FIRST
    assert under_way
    assert unsent
    assert len(made) + len(under_way) + len(unsent) == 120
    shown = repr(outcomes)
    assert f"Of 120 webhooks: {len(made)} seen, {len(under_way)} under way, {len(unsent)} not sent." in shown
    assert "The kernel may still work on it" in outcomes.failed[0].summary
    assert "No answer" in outcomes[-1].summary or "in time" in outcomes[-1].summary

    held.hold.release()
    assert client.webhooks.register(wanted, wait=LONG)
    assert set(appended(client, "WebhookAdded").values()) == {1}


def test_a_kernel_that_is_only_late_is_waited_for_and_gets_smaller_parts(
    client: cn.Client, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch, at=10)
    held.not_waited_for(monkeypatch)
    read = client._kernel.webhooks
    looks: list[int] = []

    def reading(event_store: str) -> Sequence[WebhookDefinition]:
        looks.append(len(parts))
        if len(looks) == 3:  # the list before, a look after the deadline, and one more
            held.hold.release()
        return read(event_store)

    monkeypatch.setattr(client._kernel, "webhooks", reading)
    outcomes = client.webhooks.register(hooks(40), wait=LONG)
    assert outcomes
    late = [each for each in outcomes if any("did not answer in time" in note for note in each.notes)]
    assert len(late) >= FIRST
    assert parts[1] < parts[0]
    assert set(appended(client, "WebhookAdded").values()) == {1}


# -- progress ------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_line_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(_progress, "in_notebook", lambda: False)
    with _progress.CallProgress(shown_after=0.0) as progress:
        progress.tell("10 of 20 sent")
        progress.tell("9 left")
    assert stream.getvalue() == "\r10 of 20 sent\r9 left       \n"


@pytest.mark.parametrize("quick", [True, False])
def test_a_quick_call_and_a_script_show_nothing(monkeypatch: pytest.MonkeyPatch, *, quick: bool) -> None:
    stream: io.StringIO = Terminal() if quick else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(_progress, "in_notebook", lambda: False)
    with _progress.CallProgress(shown_after=LONG if quick else 0.0) as progress:
        progress.tell("10 of 20 sent")
    assert stream.getvalue() == ""


def test_a_notebook_shows_one_output_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.display

    shown: list[str] = []

    class Handle:
        def update(self, line: object) -> None:
            shown.append(f"update: {line!r}")

    def display(line: Any, *, display_id: bool) -> Handle:
        assert display_id
        assert "<script" not in line._repr_html_()
        shown.append(repr(line))
        return Handle()

    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setattr(_progress, "in_notebook", lambda: True)
    calls: list[Callable[[_progress.CallProgress], None]] = [lambda p: p.tell("1 of 2"), lambda p: p.tell("2 of 2")]
    with _progress.CallProgress(shown_after=0.0) as progress:
        for call in calls:
            call(progress)
    assert shown == ["1 of 2", "update: 2 of 2"]
