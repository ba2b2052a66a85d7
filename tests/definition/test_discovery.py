"""Declarations as they happen: in the cells of a real IPython shell, and in modules."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from chronicle_notebook.base._declarations import full_name
from chronicle_notebook.base._errors import (
    ChronicleWarning,
    DuplicateWebhookError,
    InvalidDeclarationError,
    InvalidInputError,
)
from chronicle_notebook.definition._declaration import declare, registry as webhooks, webhook
from chronicle_notebook.definition._discovery import declared_webhooks, discover, overlooked_webhooks
from chronicle_notebook.events._declared_event_type import _registry as event_types, declared_event_types, event_type_of
from chronicle_notebook.model import EventType

URL = "https://example.com/chronicle/webhooks"

Run = Callable[[str], None]

HOOK = """
@webhook(target_url="https://example.com/{name}", id="{id}")
class {name}:
    def define(self, builder):
        return builder.with_event_type("{event_type}")
"""


@pytest.fixture(autouse=True)
def nothing_else_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    for registry in (webhooks, event_types):
        monkeypatch.setattr(registry, "_noted", [])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))

    def run_cell(source: str) -> None:
        shell.run_cell(source).raise_error()

    run_cell("from chronicle_notebook.definition._declaration import webhook")
    run_cell("from chronicle_notebook.events._declared_event_type import event_type")
    yield run_cell
    shell.reset(new_session=False)
    shell.restore_sys_module_state()
    InteractiveShell.clear_instance()


def cell(name: str = "Hook", *, webhook_id: str = "hook", event_type: str = "A") -> str:
    return HOOK.format(name=name, id=webhook_id, event_type=event_type)


def in_the_notebook() -> list[str]:
    return [cls.__qualname__ for cls in declared_webhooks(["__main__"])]


def test_a_cell_that_runs_twice_declares_one_webhook(run: Run) -> None:
    run(cell())
    run(cell(event_type="B"))
    (cls,) = declared_webhooks(["__main__"])
    assert cls.__module__ == "__main__"
    assert declare(cls).definition.event_types == (EventType("B"),)


def test_an_old_class_is_replaced_even_if_instances_of_it_live_on(run: Run) -> None:
    run(cell())
    run("kept = [Hook(), Hook]")
    run(cell(event_type="B"))
    (cls,) = declared_webhooks(["__main__"])
    assert declare(cls).definition.event_types == (EventType("B"),)
    run("assert kept[1] is not Hook")


def test_a_class_that_was_deleted_drops_out_and_its_predecessor_does_not_come_back(run: Run) -> None:
    run(cell())
    run("kept = Hook")
    run(cell())
    run("kept_too = Hook")
    run("del Hook")
    assert in_the_notebook() == []
    run(cell())
    assert in_the_notebook() == ["Hook"]


def test_a_class_that_was_defined_again_without_the_decorator_drops_out(run: Run) -> None:
    run(cell())
    run("kept = Hook")
    run("class Hook: pass")
    assert in_the_notebook() == []


def test_a_name_that_now_leads_to_something_else_drops_out(run: Run) -> None:
    run(cell())
    run("kept, Hook = Hook, 7")
    assert in_the_notebook() == []


def test_webhooks_stand_in_the_order_of_their_latest_definition(run: Run) -> None:
    run(cell("One", webhook_id="one") + cell("Two", webhook_id="two") + cell("Three", webhook_id="three"))
    assert in_the_notebook() == ["One", "Two", "Three"]
    run(cell("One", webhook_id="one"))
    assert in_the_notebook() == ["Two", "Three", "One"]


def test_a_renamed_class_that_leaves_its_old_self_behind_is_a_duplicate(run: Run) -> None:
    run(cell("Before"))
    run(cell("After"))
    with pytest.raises(DuplicateWebhookError) as caught:
        discover(declared_webhooks(["__main__"]))
    assert caught.value.message == "__main__.Before and __main__.After both declare the webhook 'hook'."
    assert caught.value.field == "id"
    assert "del" in caught.value.hint
    run("del Before")
    assert [each.source for each in discover(declared_webhooks(["__main__"]))] == ["__main__.After"]


def test_a_nested_class_is_found_by_its_whole_name(run: Run) -> None:
    indented = "\n".join(f"    {line}" for line in cell().splitlines())
    run(f"class Group:\n{indented}")
    assert in_the_notebook() == ["Group.Hook"]
    run("del Group.Hook")
    assert in_the_notebook() == []


def test_event_types_of_cells_behave_the_same(run: Run) -> None:
    source = (
        "from dataclasses import dataclass\n@event_type(id='Opened', generation={})\n@dataclass\nclass Opened: pass"
    )
    run(source.format(1))
    run(source.format(2))
    found = [cls for cls in declared_event_types() if cls.__module__ == "__main__"]
    assert [event_type_of(cls) for cls in found] == [EventType("Opened", 2)]
    run("del Opened")
    assert [cls for cls in declared_event_types() if cls.__module__ == "__main__"] == []


def test_event_types_of_a_cell_are_found_by_the_webhook_of_another(run: Run) -> None:
    run("@event_type\nclass Opened:\n    owner: str")
    run(cell().replace('"A"', "Opened"))
    (declared,) = discover(declared_webhooks(["__main__"]))
    assert declared.definition.event_types == (EventType("Opened"),)
    assert [full_name(cls) for cls in declared.event_type_classes] == ["__main__.Opened"]


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    made = types.ModuleType("hooks_of_a_test")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    made.__dict__["webhook"] = webhook
    return made


def test_webhooks_of_loaded_modules_are_found(module: types.ModuleType) -> None:
    exec(cell("One", webhook_id="one"), module.__dict__)
    assert [full_name(cls) for cls in declared_webhooks()] == ["hooks_of_a_test.One"]
    assert declared_webhooks(["__main__"]) == []
    assert [each.definition.id for each in discover()] == ["one"]


def test_a_module_that_is_no_longer_loaded_is_not_looked_into(
    module: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    exec(cell(), module.__dict__)
    monkeypatch.delitem(sys.modules, module.__name__)
    assert declared_webhooks([module.__name__]) == []


def test_looking_while_a_module_is_loading_loses_nothing(module: types.ModuleType) -> None:
    def look_and_pass(cls: type) -> type:
        assert declared_webhooks([module.__name__]) == []
        return cls

    module.__dict__["look"] = look_and_pass
    exec(f"@look{cell()}", module.__dict__)
    assert [cls.__qualname__ for cls in declared_webhooks([module.__name__])] == ["Hook"]


def test_a_remake_by_another_decorator_stands_in_for_the_class(module: types.ModuleType) -> None:
    def remade(cls: type) -> type:
        made = type(cls.__name__, (cls,), {"__module__": cls.__module__})
        made.__qualname__ = cls.__qualname__
        return made

    module.__dict__["remade"] = remade
    exec(f"@remade{cell()}", module.__dict__)
    assert declared_webhooks([module.__name__]) == [module.__dict__["Hook"]]
    assert declare(module.__dict__["Hook"]).definition.id == "hook"


def test_the_same_class_in_two_modules_is_two_classes(
    module: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = types.ModuleType("other_hooks_of_a_test")
    monkeypatch.setitem(sys.modules, other.__name__, other)
    other.__dict__["webhook"] = webhook
    exec(cell(), module.__dict__)
    exec(cell(), other.__dict__)
    with pytest.raises(DuplicateWebhookError, match=r"hooks_of_a_test\.Hook and other_hooks_of_a_test\.Hook both"):
        discover(declared_webhooks([module.__name__, other.__name__]))


def test_a_class_made_in_a_function_stands_until_it_is_made_again_or_gone() -> None:
    def make() -> type:
        @webhook(target_url=URL)
        class Local:
            pass

        return Local

    first = make()
    assert declared_webhooks([__name__]) == [first]
    second = make()
    assert declared_webhooks([__name__]) == [second]
    del first, second
    gc.collect()
    assert declared_webhooks([__name__]) == []


def test_classes_that_one_function_makes_with_different_ids_all_stand() -> None:
    def make(name: str) -> type:
        @webhook(target_url=URL, id=name)
        class Made:
            def define(self, builder: Any) -> Any:
                return builder.with_event_type("A")

        return Made

    kept = [make("first"), make("second")]
    assert [each.definition.id for each in discover()] == ["first", "second"]
    kept.append(make("first"))
    assert declared_webhooks() == kept[1:], "the later one of the same id takes the place of the earlier one"


def test_configured_classes_are_taken_in_their_order_and_once() -> None:
    @webhook(target_url=URL, id="one")
    class One:
        pass

    @webhook(target_url=URL, id="two")
    class Two:
        pass

    asked: list[int] = []

    def all_event_types() -> list[EventType]:
        asked.append(1)
        return [EventType("A")]

    found = discover([Two, One, Two], all_event_types=all_event_types)
    assert [each.definition.id for each in found] == ["two", "one"]
    assert asked == [1]
    assert discover([]) == []


def test_a_configured_class_without_a_declaration_is_refused() -> None:
    with pytest.raises(InvalidDeclarationError, match=r"builtins\.int is not declared as a webhook"):
        discover([int])


def test_modules_are_several_names() -> None:
    with pytest.raises(InvalidInputError) as caught:
        declared_webhooks("__main__")
    assert caught.value.field == "modules"


DECLARATION = """
from chronicle_notebook.definition._declaration import webhook
@webhook(target_url="https://example.com/in", id="feed")
class Feed:
    def define(self, builder):
        return builder.with_event_type("AccountOpened")
"""
WAYS = {
    "run": "%run decl.py",
    "run -n": "%run -n decl.py",
    "runpy": "import runpy; Feed = runpy.run_path('decl.py')['Feed']",
    "spec": "import importlib.util as u; s = u.spec_from_file_location('m', 'decl.py'); "
    "m = u.module_from_spec(s); s.loader.exec_module(m); Feed = m.Feed",
    "exec": "from pathlib import Path; ns = {'__name__': 'mine'}; "
    "exec(Path('decl.py').read_text(), ns); Feed = ns['Feed']",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_class_of_a_namespace_that_is_no_module_is_found_while_a_variable_has_it(
    way: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("decl.py").write_text(DECLARATION)
    run(WAYS[way])
    assert [each.definition.id for each in discover()] == ["feed"]
    assert overlooked_webhooks() == []
    run(WAYS[way])
    assert [each.definition.id for each in discover()] == ["feed"]
    run("Feed = None")
    assert discover() == []


def test_a_class_that_no_variable_has_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("decl.py").write_text(DECLARATION)
    run(WAYS["spec"] + "; Feed = None")
    assert discover() == []
    assert overlooked_webhooks() == ["m.Feed"]
    run("del m, s")
    assert overlooked_webhooks() == []


def test_a_class_of_an_embedded_shell_is_found(tmp_path: Path) -> None:
    """embed() inside a function of a module: a cell's variables are those of the shell, not of the module."""
    told = [*DECLARATION.strip().splitlines(), "", ""]
    told += [
        "from chronicle_notebook.definition._discovery import discover",
        "print([x.definition.id for x in discover()])",
    ]
    (tmp_path / "work.py").write_text("import IPython\ndef f():\n    here = 1\n    IPython.embed(colors='nocolor')\n")
    done = subprocess.run(
        [sys.executable, "-c", "import work; work.f()"],
        input="\n".join([*told, "exit", "y", ""]),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        check=False,
    )
    assert "['feed']" in done.stdout, done.stdout + done.stderr


def test_a_reload_that_kept_the_old_declaration_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "autoreloaded.py"
    file.write_text(DECLARATION)
    run("%load_ext autoreload")
    run("%autoreload 2")
    run("import autoreloaded")
    try:
        assert [each.definition.target_url for each in discover()] == ["https://example.com/in"]
        changed = file.stat().st_mtime_ns + 2_000_000_000
        file.write_text(DECLARATION.replace("AccountOpened", "AccountClosed"))
        os.utime(file, ns=(changed, changed))
        run("pass")
        assert discover()[0].definition.target_url == "https://example.com/in"  # without a warning, which would fail
        file.write_text(DECLARATION.replace("/in", "/new"))
        os.utime(file, ns=(changed + 2_000_000_000, changed + 2_000_000_000))
        run("pass")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = discover()[0].definition.target_url
        if found != "https://example.com/new":  # IPython 8.18 loads the module anew, later ones patch the old class
            assert [each.category for each in told] == [ChronicleWarning]
            assert "the file has another target_url. Run importlib.reload on autoreloaded" in str(told[0].message)
        run("import importlib; importlib.reload(autoreloaded)")
        assert discover()[0].definition.target_url == "https://example.com/new"
    finally:
        run("%autoreload 0")
        sys.modules.pop("autoreloaded", None)
