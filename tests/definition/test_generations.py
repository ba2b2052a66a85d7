"""Generation 0, which a kernel keeps for a client that names none, and ids that look like one with a generation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

import chronicle_notebook as cn
from chronicle_notebook.contracts.wire import webhooks_pb2
from chronicle_notebook.definition._code import Style
from chronicle_notebook.definition.file._webhook_reader import read_body, read_document
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.session._client import Client
from tests.sandbox.conftest import Client as RawClient, hook
from tests.waiting import eventually

STORE = "banking"
KINDS = [("X", 0), ("X", 1), ("Y", 3), ("Y+3", 1), ("Y+3", 0), ("Z", 2)]


@pytest.fixture
def kernel() -> Iterator[cn.Sandbox]:
    with cn.Sandbox(settle_delay=0.01) as running:
        yield running


@pytest.fixture
def client(kernel: cn.Sandbox) -> Iterator[Client]:
    with cn.connect(kernel.connection_string, event_store=STORE) as opened:
        opened.ensure_event_store()
        yield opened


def register(kernel: cn.Sandbox, *kinds: tuple[str, int]) -> None:
    """Register a webhook as another client can, with any generation."""
    raw = RawClient(kernel.port)
    try:
        raw.register_types(*dict.fromkeys(name for name, _ in kinds), store=STORE)
        wanted = hook("h", "http://127.0.0.1:9/in")
        wanted.EventTypes.extend(webhooks_pb2.EventType(Id=name, Generation=number) for name, number in kinds)
        raw.settle(wanted, store=STORE)
    finally:
        raw.close()


@given(st.builds(EventType, st.text("XY+03\n", min_size=1, max_size=6), st.integers(0, 12)))
def test_the_text_of_an_event_type_is_read_as_what_it_was_written_from(kind: EventType) -> None:
    assert EventType.parse(str(kind)) == kind


def test_the_first_generation_of_a_plain_id_is_the_id_alone() -> None:
    assert [str(EventType(name, number)) for name, number in KINDS] == ["X+0", "X", "Y+3", "Y+3+1", "Y+3+0", "Z+2"]


def test_a_tidy_frame_has_the_generations_that_the_kernel_told(kernel: cn.Sandbox, client: Client) -> None:
    register(kernel, *KINDS)
    for frame in (client.webhooks.to_frame(tidy=True), client.webhooks.all().to_frame(tidy=True)):
        assert list(zip(frame["event_type"], frame["generation"], strict=True)) == KINDS


@pytest.mark.parametrize("style", ["python", "cell", "yaml"])
def test_a_webhook_without_a_generation_is_written_out_so_that_it_can_be_put_back(
    style: Style, kernel: cn.Sandbox, client: Client
) -> None:
    register(kernel, ("X", 0), ("Y", 3))
    code = client.webhooks.code("h", style=style)
    assert "Generation 0 is written as 1" in code
    again = put_back(code, style, client)
    assert again.event_types == (EventType("X"), EventType("Y", 3))


@pytest.mark.parametrize("name", ["a+b", "+", "Y+3"])
def test_an_id_with_a_plus_sign_is_refused_before_anything_is_sent(client: Client, name: str) -> None:
    """One webhook with such an id makes every list of its event store fail, until somebody removes it."""
    wanted = WebhookDefinition("h", "http://127.0.0.1:9/in", (EventType(name),))
    for attempt in (
        lambda: client.webhooks.register(wanted),
        lambda: client.webhooks.plan(wanted),
        lambda: cn.DefinitionBuilder().with_event_type(EventType(name)).build("h", "http://127.0.0.1:9/in"),
    ):
        with pytest.raises(cn.InvalidDefinitionError, match=r"contains '\+'") as caught:
            attempt()
        assert caught.value.field == "event_types"
    assert client.webhooks.ids() == []
    with pytest.raises(cn.InvalidDeclarationError, match=r"contains '\+'"):
        cn.event_type(name)


def test_the_same_event_type_twice_is_refused_as_kernels_break_on_it(kernel: cn.Sandbox, client: Client) -> None:
    register(kernel, ("X", 1))
    wanted = WebhookDefinition("h", "http://127.0.0.1:9/in", (EventType("X"), EventType("X"))).changed(id="twice")
    with pytest.raises(cn.InvalidDefinitionError, match="named twice"):
        client.webhooks.register(wanted)


def test_two_generations_that_would_be_one_are_written_once(kernel: cn.Sandbox, client: Client) -> None:
    register(kernel, ("X", 0), ("X", 1))
    assert put_back(client.webhooks.code("h"), "python", client).event_types == (EventType("X"),)


def test_what_needs_no_word_about_generations_gets_none(kernel: cn.Sandbox, client: Client) -> None:
    register(kernel, ("X", 1), ("Y", 3))
    assert "Generation" not in client.webhooks.code("h")


def put_back(code: str, style: str, client: Client) -> WebhookDefinition:
    """What is registered once the webhook was removed and its code was run."""
    client.webhooks.remove("h")
    eventually(lambda: client.webhooks.ids() == [])
    if style == "python":
        exec(code, {})
    elif style == "cell":
        first, _, body = code.partition("\n")
        client.webhooks.register(read_body(body).build("h", first.split()[-1]))
    else:
        document = read_document(code)
        client.webhooks.register(document.builder.build(document.id, document.target_url))
    return client.webhooks.get("h")
