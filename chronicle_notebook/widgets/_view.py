"""What the views of all widgets share: messages, errors that stay visible, a static form, an orderly end."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from chronicle_notebook.widgets._told import Told, told_error

Message = Mapping[str, Any]
Handler = Callable[[Message], None]
_log = logging.getLogger(__name__)

KEPT_ERRORS = 20


class View(anywidget.AnyWidget):
    """A widget whose halves send each other messages ``{"kind": ...}``.

    A browser says ``hello`` when it shows the widget, and is then told everything; later only what changed. Messages
    may come on any thread. What a handler raises appears in the widget and stays in :attr:`errors`.

    Beside the live widget stands a static form of it, which the live one hides: so a notebook that is reopened,
    exported or not trusted shows a snapshot, and not only that something is loading.
    """

    _still = traitlets.Unicode().tag(sync=True)
    """The class of the static form, by which the browser finds it."""

    def __init__(self) -> None:
        super().__init__()
        self._still = f"cn-still-{uuid.uuid4().hex}"
        self.errors: deque[Exception] = deque(maxlen=KEPT_ERRORS)
        """What went wrong in this widget last, the newest at the end."""
        self.closed = False
        self._sending = threading.RLock()
        self._handlers: dict[str, Handler] = {}
        self.on_msg(self._received)

    def close(self) -> None:
        """End every thread, stream and comm of this widget. Closing it again does nothing."""
        if not self.closed:
            self.closed = True
            self._end()
            self.layout.close()  # a widget of its own, with a comm that nobody else would close
            super().close()

    def tell(self, message: Message) -> None:
        """Send a message to every browser that shows this widget."""
        with self._sending:
            if not self.closed and self.comm is not None:
                self.send(dict(message))

    def failed(self, error: Exception) -> None:
        """Keep an error and show it."""
        self.errors.append(error)
        _log.error("%s: %s", type(self).__name__, type(error).__name__)
        self._show(told_error(error))

    def guarded(self, work: Callable[..., None]) -> Callable[..., None]:
        """The same function, whose errors are shown instead of raised."""

        def guarded(*arguments: Any) -> None:
            try:
                work(*arguments)
            except Exception as error:  # noqa: BLE001 - nobody above would show it
                self.failed(error)

        return guarded

    def _received(self, _widget: object, message: object, _buffers: object) -> None:
        if self.closed or not isinstance(message, dict):
            return
        handler = self._handlers.get(str(message.get("kind")))
        if handler is not None:
            self.guarded(handler)(message)

    def _end(self) -> None:
        """End what the widget has running."""
        raise NotImplementedError

    def _show(self, told: Told) -> None:
        """Show a message in the widget."""
        raise NotImplementedError

    def _static(self) -> str:
        """The widget as HTML that needs neither script nor kernel, with the time of the snapshot."""
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        from IPython.display import display as untyped

        display: Callable[..., None] = untyped
        bundle = self._repr_mimebundle_()
        if bundle is None:
            display({"text/plain": repr(self)}, raw=True)
            return
        data, metadata = bundle
        still = data.pop("text/html")
        display(data, metadata=metadata, raw=True)
        display({"text/html": f'<div class="{self._still}">{still}</div>'}, raw=True)

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle: tuple[dict[str, Any], dict[str, Any]] | None = super()._repr_mimebundle_(**options)
        if bundle is not None:
            bundle[0]["text/plain"] = repr(self)
            bundle[0]["text/html"] = self._static()
        return bundle
