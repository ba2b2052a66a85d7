"""What the tests of widgets share: what a view sends, what it is sent, and how loud a message is."""

from __future__ import annotations

from typing import Any

import pytest

from chronicle_notebook.widgets._message import Level
from chronicle_notebook.widgets._view import View


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Everything that views send to the browser, without the signs of life, whose times no test decides."""
    messages: list[dict[str, Any]] = []

    def send(_: View, content: dict[str, Any], buffers: object = None) -> None:
        if content != {"kind": "alive"}:
            messages.append(content)

    monkeypatch.setattr(View, "send", send)
    return messages


def level(model: Any) -> Level | None:
    """How serious it is what a model says."""
    return None if model.told is None else model.told.level


def receive(view: View, **message: Any) -> None:
    """Let a view receive a message as if a browser had sent it."""
    view._received(view, message, [])
