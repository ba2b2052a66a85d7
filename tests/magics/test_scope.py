"""``var:NAME`` is the variable that Python would see on the line of the magic, or it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronicle_notebook.session._client import Client
from tests.magics.conftest import Shell

URL = "https://example.com/in"
CELL = "get_ipython().run_cell_magic('webhook', 'x var:hook --dry-run', 'event_types: [AccountOpened]\\n')"
"""The URL of a dry run is the shown result of each place below."""
POOL = """\
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor() as pool:
    pool.submit(get_ipython().run_line_magic, 'webhook', 'show var:hook').result()
"""
OF_NOTEBOOK, OF_PLACE = "https://example.com/notebook", "https://example.com/place"

SEEN = {
    "a parameter": f"def f(hook):\n    return {CELL}\nplan = f(own)",
    "a magic line in a function": "def f(hook):\n    x = %webhook code var:hook\n    return x\ncode = f('registered')",
    "an async function": f"async def f(hook):\n    return {CELL}\nplan = await f(own)",
    "a class": f"class C:\n    hook = own\n    plan = {CELL}\nplan = C.plan",
    "a method": f"class C:\n    def m(self, hook):\n        return {CELL}\nplan = C().m(own)",
    "a thread": "import threading\nmade = []\ndef f(hook):\n"
    f"    made.append({CELL})\nt = threading.Thread(target=f, args=(own,)); t.start(); t.join()\nplan = made[0]",
    "a variable of the function around that is captured": f"def f(hook):\n    def g():\n        hook\n"
    f"        return {CELL}\n    return g()\nplan = f(own)",
    "a comprehension": f"plan = [{CELL} for hook in [own]][0]",
    "a lambda": f"plan = (lambda hook: {CELL})(own)",
    "exec with its own namespace": "names = {'hook': own, 'get_ipython': get_ipython}\n"
    f"exec('plan = ' + {CELL!r}, names)\nplan = names['plan']",
    "a generator": f"def f(hook):\n    yield {CELL}\nplan = next(f(own))",
}


@pytest.mark.parametrize("place", SEEN)
def test_the_place_has_a_variable_of_its_own(place: str, connected: Shell, client: Client) -> None:
    client.webhooks.register("registered", URL, lambda builder: builder.with_event_type("AccountOpened"))
    connected.ip.user_ns.update(hook=OF_NOTEBOOK, own=OF_PLACE, plan=None, code=None)
    connected.value(SEEN[place])
    plan, code = connected.ip.user_ns["plan"], connected.ip.user_ns["code"]
    assert plan is None or plan.definition.target_url == OF_PLACE
    assert plan is not None or "registered" in str(code)


@pytest.mark.parametrize(
    "code",
    [
        f"plan = {CELL}",
        f"def f():\n    return {CELL}\nplan = f()",
        f"def f():\n    global hook\n    return {CELL}\nplan = f()",
        f"def f(other):\n    def g():\n        return {CELL}\n    return g()\nplan = f(own)",
        f"class C:\n    hook = own\n    def m(self):\n        return {CELL}\nplan = C().m()",
        (
            "def f():\n    class C:\n        hook = own\n        def m(self):\n"
            f"            return {CELL}\n    return C().m()\nplan = f()"
        ),
        "get_ipython().run_cell_magic('capture', '', 'plan = ' + " + repr(CELL) + ")",
    ],
)
def test_the_variable_of_the_notebook_is_seen_where_nothing_hides_it(code: str, connected: Shell) -> None:
    connected.ip.user_ns.update(hook=OF_NOTEBOOK, own=OF_PLACE)
    connected.value(code)
    assert connected.ip.user_ns["plan"].definition.target_url == OF_NOTEBOOK


@pytest.mark.parametrize(
    ("code", "what"),
    [
        (f"def f(hook):\n    def g():\n        return {CELL}\n    return g()\nf(own)", "a function around it may have"),
        (f"def f(hook):\n    del hook\n    return {CELL}\nf(own)", "it has no value yet on this line of f()"),
        (f"def f():\n    plan = {CELL}\n    hook = own\nf()", "it has no value yet on this line of f()"),
        (
            POOL,
            "no line of a cell or function called this magic",
        ),
    ],
)
def test_a_variable_that_cannot_be_known_is_refused(code: str, what: str, connected: Shell) -> None:
    connected.ip.user_ns.update(hook=OF_NOTEBOOK, own=OF_PLACE)
    lines = connected.two_lines(code)
    assert "var:hook" in lines[0]
    assert what in lines[0]


def test_a_removal_in_a_function_removes_what_its_parameter_names(connected: Shell, client: Client) -> None:
    for each in ("first", "second"):
        client.webhooks.register(each, URL, lambda builder: builder.with_event_type("AccountOpened"))
    connected.ip.user_ns["hook"] = "first"
    connected.value("def drop(hook):\n    x = %webhook remove var:hook --yes\n    return x\ngone = drop('second')")
    assert client.webhooks.ids() == ["first"]


def test_a_module_sees_its_own_variables(connected: Shell, tmp_path: Path) -> None:
    connected.ip.user_ns["hook"] = OF_NOTEBOOK
    source = f"from IPython import get_ipython\nhook = {OF_PLACE!r}\ndef f():\n    return {CELL}\n"
    (tmp_path / "places.py").write_text(source)
    connected.value(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport places\nplan = places.f()\ndel sys.path[0]"
    )
    assert connected.ip.user_ns["plan"].definition.target_url == OF_PLACE
