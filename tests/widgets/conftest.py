"""What the tests of widgets share: a way to wait for what happens on another thread, and what a view sends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from chronicle_notebook.widgets._told import Level
from chronicle_notebook.widgets._view import View


def until(condition: Callable[[], object], *, within: float = 8.0) -> None:
    """Wait until something is true, and fail when it does not come true."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Everything that views send to the browser."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(View, "send", lambda self, content, buffers=None: messages.append(content))
    return messages


def level(model: Any) -> Level | None:
    """How serious it is what a model says."""
    return None if model.told is None else model.told.level


def receive(view: View, **message: Any) -> None:
    """Let a view receive a message as if a browser had sent it."""
    view._received(view, message, [])
