"""What the views of all widgets share: messages, errors that stay visible, a static form, an orderly end."""

from __future__ import annotations

import logging
import re
import sys
import threading
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import anywidget
import traitlets
from IPython.core.getipython import get_ipython as _get_ipython
from ipywidgets.widgets import widget as ipywidgets_widget

from chronicle_notebook.widgets._cell_forms import cell_forms
from chronicle_notebook.widgets._message import Told, told_error
from chronicle_notebook.widgets._session import Lockable
from chronicle_notebook.widgets._visibility import LEASES

Message = Mapping[str, Any]
Handler = Callable[[Message], None]
_log = logging.getLogger(__name__)

KEPT_ERRORS = 20


class View(anywidget.AnyWidget):
    """A widget whose two parts send each other messages ``{"kind": ...}``.

    A browser says ``hello`` when it shows the widget, and then gets all data; later it gets only changes. Messages may
    come in any thread. An error of a handler is shown in the widget and stays in :attr:`errors`.

    Every half minute a browser also says ``shown`` while it renders the widget, and ``gone`` when it stops. Then the
    widget asks the other browsers (``who``), and they answer ``shown``. When no browser shows the widget any more, for
    example because its cell was run again, it rests: its streams and threads end, and its data stay. It continues when
    a browser says anything, or when Python asks for data that must be read. A resting widget is closed when nothing in
    Python refers to it.

    Below the cell that shows the live widget there is a static form, which the live widget hides. So a notebook that is
    reopened, exported or not trusted shows a snapshot instead of only a loading message.
    """

    _still = traitlets.Unicode().tag(sync=True)
    """The class of the static form. The browser uses it to find the form."""

    closed = True
    """Whether there is nothing to end: the widget was closed, or its constructor raised an error."""

    def __init__(self) -> None:
        super().__init__()
        self._still = f"cn-still-{uuid.uuid4().hex}"
        self.errors: deque[Exception] = deque(maxlen=KEPT_ERRORS)
        """The latest errors of this widget, the newest at the end."""
        self.closed = False
        self.resting = False
        """Whether its streams and threads have ended because nobody looked."""
        self._sending = threading.RLock()
        self._pacing = threading.RLock()
        self._handlers: dict[str, Handler] = {}
        self.on_msg(self._received)
        self._hold_weakly()
        LEASES.renew(self)
        cell_forms()

    def close(self) -> None:
        """End all threads, streams and comms of this widget. A second call does nothing."""
        if not self.closed:
            with self._pacing:
                self.closed = True
            LEASES.end(self)
            self._end()
            self.layout.close()  # a separate widget with its own comm, which nobody else would close
            super().close()
            # It replaces this method by None, so that showing a closed widget would fail.
            self.__dict__.pop("_repr_mimebundle_", None)

    def tell(self, message: Message) -> None:
        """Send a message to every browser that shows this widget."""
        with self._sending:
            if not self.closed and self.comm is not None:
                self.send(dict(message))

    def failed(self, error: Exception) -> None:
        """Store an error and show it."""
        self.errors.append(error)
        _log.error("%s: %s", type(self).__name__, type(error).__name__)
        self._show(told_error(error))

    def guarded(self, work: Callable[..., None]) -> Callable[..., None]:
        """The same function, but its errors are shown instead of raised."""

        def guarded(*arguments: Any) -> None:
            try:
                work(*arguments)
            except Exception as error:  # noqa: BLE001 - nobody above would show it
                self.failed(error)

        return guarded

    def _received(self, _widget: object, message: object, _buffers: object) -> None:
        if self.closed or not isinstance(message, dict):
            return
        kind = str(message.get("kind"))
        if kind == "gone":
            LEASES.shorten(self)
            self.tell({"kind": "who"})
            return
        self.guarded(self._wake)()
        handler = self._handlers.get(kind)
        if handler is not None:
            self.guarded(handler)(message)

    def rest(self) -> None:
        """End streams and threads for now, unless somebody has looked in the meantime."""
        with self._pacing:
            if not (self.closed or self.resting or LEASES.holds(self)):
                self.resting = True
                self.guarded(self._pause)()

    def beat(self) -> None:
        """Tell the browsers that Python lives."""
        try:
            self.tell({"kind": "alive"})
        except Exception:  # noqa: BLE001 - a connection that ends: the browsers will notice the silence
            _log.debug("A sign of life was not sent.")

    def _wake(self) -> None:
        """Somebody looks, or Python asks for data."""
        with self._pacing:
            if self.closed:
                return
            LEASES.renew(self)
            if self.resting:
                self.resting = False
                self._resume()

    def _hold_weakly(self) -> None:
        """Make ipywidgets hold this widget only weakly. Otherwise it keeps every widget until it is closed."""
        handle = weakref.WeakMethod(self._handle_msg)

        def take(message: object) -> None:
            handler = handle()
            if handler is not None:
                handler(message)

        self.comm.on_msg(take)
        ipywidgets_widget._instances[self.model_id] = weakref.proxy(self)  # noqa: SLF001 - it has no other door

    def __del__(self) -> None:
        if not sys.is_finalizing():
            super().__del__()

    def _pause(self) -> None:
        """End streams and threads, and keep all data."""

    def _resume(self) -> None:
        """Start streams and threads again."""

    def _end(self) -> None:
        """End everything that the widget runs."""
        raise NotImplementedError

    def _show(self, told: Told) -> None:
        """Show a message in the widget."""
        raise NotImplementedError

    def _to_live(self, doing: str = "for a live one") -> str:
        """The words in a static form about how to get a live one."""
        return "It is closed: make a new one." if self.closed else f"Run the cell {doing}."

    def _static(self) -> str:
        """The widget as HTML that needs no script and no kernel, with the time of the snapshot."""
        raise NotImplementedError

    def show_still(self) -> None:
        """Display the static form beside the live widget, which hides it."""
        if not self.closed:
            from IPython.display import display as untyped

            display: Callable[..., None] = untyped
            display(self._enclosed(self._static()), raw=True, display_id=self._still)

    def _redraw(self) -> None:
        """Replace the static form where it is shown, so that a notebook is saved with what is true now."""
        if self.closed or _get_ipython() is None:
            return
        from IPython.display import update_display as untyped

        update: Callable[..., None] = untyped
        update(self._enclosed(self._static()), raw=True, display_id=self._still)

    def _enclosed(self, still: str) -> dict[str, str]:
        return {"text/html": f'<div class="{self._still}">{still}</div>'}

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        self._wake()
        if self.closed:  # there is nothing live to show any more
            return {"text/plain": repr(self), "text/html": self._static()}, {}
        bundle: tuple[dict[str, Any], dict[str, Any]] | None = super()._repr_mimebundle_(**options)
        if bundle is not None:
            bundle[0]["text/plain"] = repr(self)
            if cell_forms() is None:  # else the static form follows when the cell ends
                bundle[0]["text/html"] = self._static()
        return bundle

    def bundle_of(self, value: object, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The data and metadata of an output that shows this widget in place of a value that is none."""
        bundle = self._repr_mimebundle_(**options)
        forms = cell_forms()
        if bundle is not None and forms is not None and not self.closed:
            bundle[0]["text/html"] = ""  # else IPython adds the HTML of the value, and the static form follows anyway
            forms.stand_in(value, self.model_id)
        return bundle


def lock_of(client: Lockable) -> dict[str, Any] | None:
    """The bar for the browser; None if the event store is not protected."""
    if not client.protected:
        return None
    return {"banner": client.origin.banner, "store": client.event_store, "open": not client.locked}


def unlock(client: Lockable, message: Any) -> None:
    """Handle the typed name.

    :raises ProtectedError: it is not the name of the event store.
    """
    client.unlock(str(message.get("name")))


_NEIGHBOUR = re.compile(r'^import \{[^}]*\} from "\./[a-z_]+\.js";\n', re.MULTILINE)


@cache
def script(*names: str) -> str:
    """The modules of these names, as one text. Names inside them must be unique, because they share one scope."""
    return "\n".join(_NEIGHBOUR.sub("", _read(f"{name}.js")) for name in names)


@cache
def style(*names: str) -> str:
    """The style sheets of these names, as one text."""
    return "\n".join(_read(f"{name}.css") for name in names)


def _read(name: str) -> str:
    return files("chronicle_notebook.widgets").joinpath("static", name).read_text(encoding="utf-8")
