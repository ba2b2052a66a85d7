"""Another kind of authorization is one class and its message: everything else asks the class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.contracts._authorization import ENTRIES, WireEntry
from chronicle_notebook.contracts._convert import definition_to_wire
from chronicle_notebook.contracts._registration_secrets import hiding
from chronicle_notebook.contracts.wire import webhooks_pb2
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.definition._code import render
from chronicle_notebook.definition._credentials import required_variables, with_credentials
from chronicle_notebook.definition.file._webhook_reader import read_document
from chronicle_notebook.definition.rules._check import cautions, check_revealed, problems
from chronicle_notebook.model import (
    EventType,
    UndisclosedAuthorization,
    WebhookCredentials,
    WebhookDefinition,
    _authorization,
)
from chronicle_notebook.model._authorization import Content, credentials, holds
from chronicle_notebook.reading._frame import columns_of, frame
from chronicle_notebook.runbook.recipes._rotation import with_secret
from chronicle_notebook.target_test._request import _lines, _target
from chronicle_notebook.widgets._details import _authorization as details_of
from chronicle_notebook.widgets._form_fields import Fields, changed
from chronicle_notebook.widgets._form_rules import remarks
from chronicle_notebook.widgets._rows import columns as explorer_columns

CANARY = "canary-9f2b-signature"


class MadeUp(StrEnum):
    """The name of the kind, which stands in ``AuthorizationKind`` if a release knows the kind."""

    SIGNATURE = "signature"


@pytest.fixture
def kind() -> Iterator[Any]:
    """A kind with a text, a URL and a secret, known while a test runs."""

    @credentials
    @dataclass(frozen=True, slots=True)
    class SignatureAuthorization(WebhookCredentials):
        kind: ClassVar[Any] = MadeUp.SIGNATURE
        number: ClassVar[int] = 7
        title: ClassVar[str] = "Signature"
        key_id: str = field(metadata=holds(Content.TEXT, "key id"))
        issuer: str = field(metadata=holds(Content.URL, "issuer"))
        signing_key: cn.Secret = field(metadata=holds(Content.TOKEN, "signing key"))

        def header(self) -> str:
            return f"Signature {self.key_id}:{self.signing_key.reveal()}"

    ENTRIES[SignatureAuthorization] = WireEntry(
        "Value1", lambda it: webhooks_pb2.BearerTokenAuthorization(Token=f"{it.key_id}.{it.signing_key.reveal()}")
    )
    yield SignatureAuthorization
    del ENTRIES[SignatureAuthorization], _authorization.KINDS["signature"], _authorization._UNDISCLOSED[7]


def signed(kind: Any, secret: cn.Secret, **texts: str) -> WebhookDefinition:
    """A webhook with credentials of the kind."""
    given = {"key_id": "k1", "issuer": "https://keys.example.com"} | texts
    target = "https://example.com/in"
    return WebhookDefinition("hook", target, (EventType("A"),), kind(**given, signing_key=secret))


def test_it_goes_over_the_wire_and_is_masked_in_the_words_of_a_kernel(kind: Any) -> None:
    definition = signed(kind, cn.Secret(CANARY))
    assert definition_to_wire(definition).Target.Authorization.Value1.Token == f"k1.{CANARY}"
    hide = hiding([definition])
    assert CANARY not in hide(f"the key {CANARY} is too short") + repr(definition) + str(definition._repr_html_())
    assert "Authorization: Signature k1:" in "\n".join(_lines(definition, _target(definition.target_url), 2))


def test_it_reads_back_as_its_kind_in_lists_and_frames(kind: Any) -> None:
    read_back = _authorization.undisclosed(7)
    assert read_back == UndisclosedAuthorization(MadeUp.SIGNATURE)  # type: ignore[arg-type]
    hook = WebhookDefinition("hook", "https://example.com/in", (EventType("A"),), read_back)
    table = frame(columns_of([hook, signed(kind, cn.Secret("x")), WebhookDefinition("open", "https://example.com")]))
    assert [*table["authorization"]] == ["signature", "signature", "none"]
    assert [*table["authorization"].cat.categories] == ["none", "basic", "bearer", "oauth", "signature"]
    assert explorer_columns([hook])["auth"] == [4]
    assert details_of(read_back) == "signature; the kernel holds the key id, issuer and signing key"


def test_its_summary_tells_the_fields_and_where_the_secret_comes_from(kind: Any) -> None:
    told = signed(
        kind, cn.Secret.env("HOOK_KEY"), issuer=f"https://u:{CANARY}@keys.example.com"
    ).authorization.summary()
    assert told == f"signature, key id 'k1', issuer https://{MASK}@keys.example.com, signing key from env:HOOK_KEY"


def test_it_is_written_as_python_and_yaml_and_read_again(kind: Any) -> None:
    definition = signed(kind, cn.Secret(CANARY))
    python, text = render(definition, "python"), render(definition, "yaml")
    step = '.with_authorization(cn.SignatureAuthorization("k1", "https://keys.example.com", cn.Secret.env('
    assert step in python
    assert CANARY not in python + text
    read = read_document(text).builder.build("hook", "https://example.com/in")
    assert read == signed(kind, cn.Secret.env("HOOK_SIGNING_KEY"))
    built = DefinitionBuilder().with_event_type("A").with_authorization(definition.authorization)
    assert built.build("hook", "https://example.com/in") == definition
    with pytest.raises(cn.InvalidDefinitionError, match="kind signature needs key_id"):
        read_document("{id: hook, url: 'https://example.com', authorization: {kind: signature}}")
    undisclosed = definition.changed(authorization=_authorization.undisclosed(7))
    assert "HOOK_KEY_ID" in render(undisclosed, "python")


def test_its_fields_are_checked_by_what_they_hold(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(definition: WebhookDefinition) -> list[tuple[str, str]]:
        return [(each.field, each.message) for each in problems(definition)]

    assert wrong(signed(kind, cn.Secret("x"))) == []
    assert wrong(signed(kind, cn.Secret(""))) == [("signing_key", "The signing key is empty.")]
    assert [name for name, _ in wrong(signed(kind, cn.Secret(" x"), key_id="", issuer="nowhere"))] == [
        "key_id",
        "issuer",
        "signing_key",
    ]
    (caution,) = cautions(signed(kind, cn.Secret("x"), issuer="http://keys.example.com"))
    assert caution.field == "issuer"
    (caution,) = cautions(signed(kind, cn.Secret("x" * 200)))
    assert caution.field == "signing_key"
    monkeypatch.setenv("HOOK_KEY", "two\nlines")
    with pytest.raises(cn.InvalidDefinitionError) as caught:
        check_revealed(signed(kind, cn.Secret.env("HOOK_KEY")))
    assert caught.value.field == "signing_key"


def test_the_form_asks_for_its_fields(kind: Any) -> None:
    fields = changed(Fields(id="hook", target_url="https://example.com/in", event_types=("A",)), "kind", "signature")
    found = remarks(fields, fields.definition(()), None)
    assert set(found.wrong) == {"key_id", "issuer"}  # the variable of the secret is filled in
    for name, value in {"key_id": "k1", "issuer": "https://keys.example.com "}.items():
        fields = changed(fields, name, value)
    fields = fields.with_secret(cn.Secret(CANARY))
    assert remarks(fields, fields.definition(()), None).wrong == {}
    assert fields.definition(()) == signed(kind, cn.Secret(CANARY))
    assert Fields.of(fields.definition(())).definition(()) == fields.definition(())


def test_its_secret_can_be_rotated_and_comes_from_variables(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read_back = signed(kind, cn.Secret("x")).changed(authorization=_authorization.undisclosed(7))
    assert required_variables(read_back) == ["HOOK_KEY_ID", "HOOK_ISSUER", "HOOK_SIGNING_KEY"]
    for name, value in {"KEY_ID": "k1", "ISSUER": "https://keys.example.com", "SIGNING_KEY": CANARY}.items():
        monkeypatch.setenv(f"HOOK_{name}", value)
    again = with_credentials(read_back)
    assert again == signed(kind, cn.Secret.env("HOOK_SIGNING_KEY"))
    with pytest.raises(cn.InvalidInputError, match="does not give the key_id back"):
        with_secret(read_back, cn.Secret("y"))


def test_a_kind_without_exactly_one_secret_is_refused() -> None:
    with pytest.raises(TypeError, match="exactly one"):

        @credentials
        @dataclass(frozen=True, slots=True)
        class NoSecretAuthorization(WebhookCredentials):
            key_id: str = field(metadata=holds(Content.TEXT, "key id"))
