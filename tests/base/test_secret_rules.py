"""What cannot be a secret: one rule for all of them."""

from __future__ import annotations

import pytest

from chronicle_notebook import Secret, SecretUnavailableError
from chronicle_notebook.base._secret_rules import unfit

CANARY = "qx9canary7"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{CANARY}\n", "has white space around it, often from reading a file."),
        (f"{CANARY}\r\n", "has white space around it, often from reading a file."),
        (f" {CANARY}", "has white space around it, often from reading a file."),
        (f"{CANARY}\u00a0", "has white space around it, often from reading a file."),
        (f"\ufeff{CANARY}", "has a byte order mark around it, often from reading a file."),
        (f"{CANARY}\ufeff", "has a byte order mark around it, often from reading a file."),
        (f"{CANARY}\nb", "contains a line break (character 11)."),
        (f"{CANARY}\u2028b", "contains a line break (character 11)."),
        (f"{CANARY}\tb", "contains a tab (character 11)."),
        (f"{CANARY}\0b", "contains a NUL (character 11)."),
        (f"{CANARY}\x9bb", "contains a control character (character 11)."),
        (f"{CANARY}\ud800", "contains half a character (a lone surrogate) (character 11)."),
        *(
            (f"{begin}{CANARY}{end}", "has quotes around it, often from a file of variables.")
            for begin, end in ('""', "''", "“”")
        ),
    ],
)
def test_what_does_not_belong_to_a_secret_is_named_and_nothing_is_repeated(text: str, message: str) -> None:
    fault = unfit(Secret(text))
    assert fault is not None
    assert fault.message == message
    assert fault.hint
    assert CANARY not in repr(fault)
    assert fault == unfit(text)
    assert fault.question == ("quotes" in message)


@pytest.mark.parametrize("text", ["a", "pä ss", '"', '""', "'a\"", 'a"b"', "correct horse", "🔑", "-----", "a\u200bb"])
def test_any_other_text_can_be_one(text: str) -> None:
    assert unfit(Secret(text)) is None


def test_a_reference_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_TOKEN", f"{CANARY}\n")
    assert unfit(Secret.env("WEBHOOK_TOKEN")) is not None
    monkeypatch.delenv("WEBHOOK_TOKEN")
    with pytest.raises(SecretUnavailableError):
        unfit(Secret.env("WEBHOOK_TOKEN"))
