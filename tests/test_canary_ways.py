"""A hunt for a planted secret over everything that shows, keeps or sends: at least seventy ways of working."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
import shelve
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import chronicle_notebook as cn
from chronicle_notebook.definition._code import Style
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.session._client import Client
from chronicle_notebook.widgets._view import View

CANARY = "canary-7d1c-hunted"
FEWEST = 70
SHOWN_BY: dict[str, Callable[[Any], object]] = {
    "repr": repr,
    "str": str,
    "format": format,
    "html": lambda value: getattr(value, "_repr_html_", lambda: "")(),
    "mimebundle": lambda value: getattr(value, "_repr_mimebundle_", lambda: "")(),
    "pickle": pickle.dumps,
    "json": lambda value: json.dumps(value, default=repr),
    "deepcopy": lambda value: repr(copy.deepcopy(value)),
    "asdict": lambda value: repr(dataclasses.asdict(value)) if hasattr(value, "__dataclass_fields__") else "",
}


CELL = """%%webhook magic http://127.0.0.1:9/in
event_types: [AccountOpened]
authorization: {kind: bearer, token: var:token}"""


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cn-") as folder:
        yield Path(folder) / "data"


@pytest.fixture
def client(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("CANARY", CANARY)
    with (
        cn.Sandbox(data=data, auth=True, clients={"hunter": cn.Secret.env("CANARY")}, settle_delay=0.01) as kernel,
        cn.connect(
            f"chronicle://hunter:env%3ACANARY@127.0.0.1:{kernel.port}", event_store="shop", name="hunt"
        ) as client,
    ):
        client.ensure_event_store()
        client._kernel.register_event_types("shop", [RegisteredEventType(EventType("AccountOpened"))])
        yield client


def with_secrets() -> dict[str, cn.DefinitionBuilder]:
    start = cn.DefinitionBuilder().with_event_type("AccountOpened")
    return {
        "basic": start.with_basic_auth("reader", cn.Secret(CANARY)),
        "bearer": start.with_bearer_token(cn.Secret.env("CANARY")),
        "oauth": start.with_oauth("http://127.0.0.1:9/realm", "client", cn.Secret(CANARY)),
        "header": start.with_header("x-api-key", cn.Secret(CANARY)),
    }


def objects(client: Client, endpoint: cn.Receiver, data: Path) -> Iterator[tuple[str, Any]]:
    """What a person holds, by a name."""
    yield "literal secret", cn.Secret(CANARY)
    yield "connection string", cn.ConnectionString.parse(f"chronicle://me:{CANARY}@localhost")
    yield "api key", cn.ConnectionString.parse(f"chronicle://localhost/?apiKey={CANARY}")
    yield "client", client
    yield "status", client.status()
    yield "doctor", client.doctor()
    for kind, builder in with_secrets().items():
        definition = builder.build(f"hook-{kind}", f"{endpoint.url}?sig={CANARY}" if kind == "header" else endpoint.url)
        yield f"{kind}: builder", builder
        yield f"{kind}: definition", definition
        yield f"{kind}: plan", client.webhooks.plan(definition)
        yield f"{kind}: outcome", client.webhooks.register(definition)
        yield f"{kind}: test", client.webhooks.test(definition)
        styles: tuple[Style, ...] = ("python", "cell", "yaml")
        for style in styles:
            yield f"{kind}: code as {style}", client.webhooks.code(definition, style)
        yield f"{kind}: description", client.describe(definition.id)
    client.event_log.append("account-1", EventType("AccountOpened"), {})
    endpoint.wait_for(1)
    yield "list", client.webhooks.all()
    yield "frame", client.webhooks.to_frame().to_csv()
    yield "tidy frame", client.webhooks.to_frame(tidy=True).to_json()
    yield "deliveries", endpoint.deliveries
    yield "delivery", endpoint.deliveries[-1]
    yield "delivery headers", endpoint.deliveries[-1].headers
    yield "deliveries as a frame", endpoint.to_frame().to_html()
    yield "observers", client.observers()
    yield "failed partitions", client.failed_partitions()
    yield "removal", client.webhooks.remove("hook-basic")
    for wrong in (f"{CANARY}\n", f'"{CANARY}"', f"\ufeff{CANARY}"):
        secret = cn.Secret(wrong)
        with pytest.raises(cn.InvalidInputError) as refused:
            client.webhooks.register("wrong", endpoint.url, partial(bearing, secret=secret))
        yield f"refusal of {wrong.encode()[:2]!r}", of_the_package(refused.value)


def bearing(builder: cn.DefinitionBuilder, secret: cn.Secret) -> cn.DefinitionBuilder:
    return builder.with_event_type("AccountOpened").with_bearer_token(secret)


def of_the_package(error: BaseException) -> str:
    """An error, and the local variables of every frame of the package that it came through."""
    package = str(Path(cn.__file__).parent)
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [frame for frame in frames if frame.f_code.co_filename.startswith(package)]
    assert own, "it comes from the package"
    return f"{error!r} {error} " + " ".join(repr(frame.f_locals) for frame in own)


def sessions(client: Client, endpoint: cn.Receiver, folder: Path) -> Iterator[tuple[str, Any]]:
    """What a person does in a shell and with widgets."""
    form = cn.widgets.WebhookForm(client, with_secrets()["bearer"].build("formed", endpoint.url))
    explorer = client.webhooks.explore()
    inspector = cn.widgets.DeliveryInspector(endpoint)
    views: list[View] = [form, explorer, inspector]
    for view in views:
        yield f"{type(view).__name__}: state", repr(view.get_state())
        yield f"{type(view).__name__}: static", view._repr_mimebundle_()
    for view in views:
        view.close()
    shell: Any = InteractiveShell(profile_dir=None)
    shell.history_manager.enabled = False
    shell.user_ns.update(client=client, url=endpoint.url, token=CANARY)
    cn.load_ipython_extension(shell)
    try:
        for cell in (
            CELL,
            "%webhook show magic",
            "%webhook code magic",
            "%webhooks",
            "%chronicle",
        ):
            result = shell.run_cell(cell, silent=True)
            yield cell.split("\n")[0], f"{result.result!r}{result.error_in_exec!r}"
        with pytest.raises(cn.ChronicleError) as caught:
            client.webhooks.register("bad", f"nowhere?code={CANARY}", partial(bearing, secret=cn.Secret(CANARY)))
        yield "%xmode Verbose", of_the_package(caught.value)
    finally:
        cn.unload_ipython_extension(shell)
    with shelve.open(str(folder / "kept")) as kept:
        kept["hook"] = with_secrets()["header"].build("kept", f"http://x/?sig={CANARY}").without_secrets()
    yield "%store", b"".join(path.read_bytes() for path in folder.glob("kept*"))


def test_it_is_found_in_no_way_of_working(
    client: Client, data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = io.StringIO()
    handler, root = logging.StreamHandler(log), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    hits, ways = [], 0
    try:
        with cn.Receiver() as endpoint, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            for name, value in objects(client, endpoint, data):
                for way, show in SHOWN_BY.items():
                    try:
                        told = show(value)
                    except TypeError as refused:  # a secret does not pickle
                        told = str(refused)
                    ways += 1
                    if CANARY.encode() in (told if isinstance(told, bytes) else str(told).encode("utf-8", "replace")):
                        hits.append(f"{name}: {way}")
            for name, value in sessions(client, endpoint, tmp_path):
                ways += 1
                if CANARY.encode() in (value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")):
                    hits.append(name)
        left = {
            "log": log.getvalue(),
            "warnings": " ".join(str(each.message) for each in warned),
            "terminal": "".join(capfd.readouterr()),
            "command line": Path("/proc/self/cmdline").read_bytes().decode(errors="replace"),
        }
        ways += len(left)
        hits += [name for name, text in left.items() if CANARY in text]
        stored = {path.name: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert hits == []
    assert ways >= FEWEST
    # The security page says that headers and URLs are kept in clear in the data folder, and credentials are not.
    in_clear = [name for name, content in stored.items() if CANARY.encode() in content]
    assert set(in_clear) <= {"sandbox.db", "sandbox.db-wal"}
    assert data.stat().st_mode & 0o077 == 0
