"""Whatever text comes in: a definition that holds, or an error of this package that says nothing secret."""

from __future__ import annotations

import warnings

from hypothesis import event, given, settings, strategies as st

from chronicle_notebook.base._errors import ChronicleError, InvalidInputError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.definition.rules._check import cautions, problems, warn
from chronicle_notebook.model import EventType, WebhookDefinition

CANARY = "qx9canary7"


def mostly(good: str, other: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Else nearly no definition would be right in all its fields at once."""
    return st.sampled_from([True, True, True, False]).flatmap(lambda right: st.just(good) if right else other)


wild = st.text(st.characters(exclude_categories=()), max_size=12)
"""Text of every kind, control characters and lone surrogates among it."""
planted = st.builds(lambda before, after: f"{before}{CANARY}{after}", wild, wild)
names = wild | st.sampled_from(["x-source", "X-Source", "Authorization", "Content-Type", "x-api-key", "Host"])
urls = (
    wild
    | st.sampled_from(["https://example.com/hook", "http://[::1]:9/", "http://[::1", "http://a:99999", "//h", "http:x"])
    | st.builds(lambda text: f"https://example.com/{text}", wild)
    | st.builds(lambda secret: f"https://reader:{secret}@example.com/", planted)
    | st.builds(lambda secret: f"reader:{secret}@example.com", planted)
    | st.builds(lambda secret: f"https://example.com:{secret}/", planted)
)
ids = st.sampled_from(["account-events", "ä", "b c", "a#b", " a"]) | wild
event_types = st.one_of(
    mostly("A", wild),
    st.sampled_from(["A", "A+2", "A+0", "A+" + "9" * 5000]),
    st.builds(EventType, wild, st.integers()),
)
secrets = planted | st.builds(Secret, planted) | st.just(Secret.env("NOT_SET_ANYWHERE")) | st.just("")


@st.composite
def builders(draw: st.DrawFn) -> DefinitionBuilder:
    builder = DefinitionBuilder()
    for event_type in draw(st.lists(event_types, min_size=draw(st.integers(0, 1)), max_size=3)):
        builder = builder.with_event_type(event_type)
    for name, value in draw(st.lists(st.tuples(names, secrets), max_size=3)):
        refused: InvalidInputError | None = None
        try:
            builder = builder.with_header(name, value)
        except InvalidInputError as error:
            refused = error
        assert CANARY not in f"{refused}"
    kind = draw(st.sampled_from(["none", "basic", "bearer", "oauth"]))
    if kind == "basic":
        builder = builder.with_basic_auth(draw(mostly("reader", wild)), draw(secrets))
    elif kind == "bearer":
        builder = builder.with_bearer_token(draw(secrets))
    elif kind == "oauth":
        builder = builder.with_oauth(draw(urls), draw(mostly("c", wild)), draw(secrets))
    return builder.on_event_sequence(draw(mostly("event-log", ids)))


@settings(max_examples=400, deadline=None)
@given(builder=builders(), webhook=mostly("account-events", ids), url=mostly("https://example.com/hook", urls))
def test_a_build_gives_a_definition_that_holds_or_an_error_that_tells_no_secret(
    builder: DefinitionBuilder, webhook: str, url: str
) -> None:
    assert CANARY not in repr(builder)
    refused: ChronicleError | None = None
    try:
        definition = builder.build(webhook, url)
    except ChronicleError as error:
        refused = error
    if refused is None:
        event("a definition")
        assert problems(definition) == []
        assert CANARY not in repr(definition)
    else:
        event("an error")
        assert isinstance(refused, InvalidInputError)
        assert refused.field
        assert CANARY not in f"{refused} {refused.field} {refused.hint} {refused.args}"
        assert refused.__cause__ is None
        assert refused.__context__ is None


@settings(max_examples=400, deadline=None)
@given(
    webhook=ids,
    url=urls,
    types=st.lists(st.one_of(event_types, st.integers(), st.none()), max_size=3),
    headers=st.dictionaries(names | st.integers(), secrets | st.none(), max_size=3),
    sequence=ids | st.integers(),
    flags=st.tuples(st.booleans() | st.none(), st.booleans() | st.integers()),
    authorization=st.builds(lambda builder: builder._authorization, builders()) | st.none(),
)
def test_problems_and_cautions_take_any_definition_and_tell_no_secret(
    webhook: str, url: str, types: list[object], headers: object, sequence: object, flags: object, authorization: object
) -> None:
    replayable, active = flags  # type: ignore[misc]
    definition = WebhookDefinition(
        webhook,
        url,
        event_types=tuple(types),  # type: ignore[arg-type]
        headers=headers,  # type: ignore[arg-type]
        event_sequence_id=sequence,  # type: ignore[arg-type]
        replayable=replayable,  # type: ignore[has-type]
        active=active,  # type: ignore[has-type]
        authorization=authorization,  # type: ignore[arg-type]
    )
    said = [f"{each.field} {each.message} {each.hint}" for each in problems(definition)]
    said += [f"{each.field} {each.message} {each.hint}" for each in cautions(definition)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn(definition)
    assert len(caught) == len(cautions(definition))
    said += [str(each.message) for each in caught]
    assert not any(CANARY in text for text in said)
    assert all(text.rstrip() and "." in text for text in said)
