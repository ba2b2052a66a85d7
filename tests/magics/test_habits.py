"""What users of other magics write first is refused, with what to write here; and nothing is registered."""

from __future__ import annotations

import nbformat
import pytest
from nbconvert import PythonExporter

from chronicle_notebook.session._client import Client
from tests.magics.conftest import Shell

BODY = "\nevent_types: [AccountOpened]\n"


@pytest.mark.parametrize(
    ("code", "what", "step"),
    [
        ("%webhooks --active  # only those", "A comment cannot stand on the line", "Put it on a line of its own."),
        ("%webhook show a  #this", "A comment cannot stand on the line", "Put it on a line of its own."),
        ("%webhook show $hook", "$hook is not expanded", "Write var:hook, or env:hook for one of the environment."),
        ("%webhook show ${hook}", "$hook is not expanded", "Write var:hook, or env:hook for one of the environment."),
        ("%chronicle connect $CHRONICLE_URL", "$CHRONICLE_URL is not expanded", "Write env:CHRONICLE_URL, or var:"),
        ("%webhook show {hook}", "{hook} is not expanded", "Write var:hook."),
        ("%webhook show {{hook}}", "{{hook}} is not expanded", "Write var:hook."),
        ("%%webhook feed {url} --dry-run" + BODY, "{url} is not expanded", "Write var:url."),
        ("%%webhook feed {base}/in --dry-run" + BODY, "A name with $ or in", "Make the text in Python: text = f'"),
        ("%%webhook {tenant} https://example.com/in" + BODY, "{tenant} is not expanded", "Write var:tenant."),
        ("%%webhook 'a-{tenant}' https://example.com/in" + BODY, "The id has braces", "Make the id in Python"),
        ("%%webhook a-{tenant} https://example.com/in" + BODY, "A name with $ or in", "Make the text in Python"),
        ("%%webhook a-$tenant https://example.com/in" + BODY, "A name with $ or in", "Make the text in Python"),
        ("%%webhook a https://{host}/in" + BODY, "A name with $ or in", "into quotes"),
        ("%%webhook a https://example.com/$x/in" + BODY, "A name with $ or in", "into quotes"),
        ("%webhooks --event-type=$kind", "$kind is not expanded", "Write var:kind, or env:kind"),
        ("%webhooks --event-type={kind}", "{kind} is not expanded", "Write var:kind."),
        ("%%webhook '{tenant}' https://example.com/in" + BODY, "The id has braces", "write 'literal:{tenant}'"),
        ("%%webhook feed \\\n  https://example.com/in" + BODY, "A backslash does not continue", "Write the whole line"),
        ("%webhooks --active;", "A semicolon at the end", "Leave it out; assign the result"),
        ("%webhooks \N{EM DASH}active", "is a typographic one", "Write --active with two plain hyphens."),
        ("%webhooks \N{EN DASH}-active", "is a typographic one", "Write --active with two plain hyphens."),
        (
            "%webhook show \N{LEFT DOUBLE QUOTATION MARK}a b\N{RIGHT DOUBLE QUOTATION MARK}",
            "A typographic quote",
            "Write '",
        ),
    ],
)
def test_a_habit_from_elsewhere_is_told(code: str, what: str, step: str, connected: Shell, client: Client) -> None:
    lines = connected.two_lines(code)
    assert what in lines[0]
    assert step in lines[1]
    assert client.webhooks.ids() == []


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("%webhook list", "Write %webhooks, which lists them."),
        ("%webhook delete a", "Write %webhook remove ID."),
        ("%webhook create a", "Write %%webhook ID URL on the first line of a cell, and the rest below it; "),
        ("%webhook my-hook", "For one webhook write %webhook show ID. It has show, test, retry, remove, "),
        ("%webhook sho my-hook", "Did you mean 'show'?"),
        ("%webhooks list", "Write %webhooks alone."),
        ("%chronicle status", "Write %chronicle alone."),
        ("%webhook redeliver a", "Write --from 120, or --since 2h."),
        ("%webhook redeliver a --from 1 --since 2h", "Write --from 120, or --since 2h."),
        ("%webhook resume a", "List what is paused with "),
        ("%%webhook a https://e.example/in\nauthorization: bearer\n", "for example {kind: bearer, token: env:NAME}."),
    ],
)
def test_a_word_of_other_tools_leads_to_the_one_of_here(line: str, step: str, connected: Shell) -> None:
    assert step in connected.two_lines(line)[1]


def test_an_id_that_has_braces_is_written_with_a_prefix(connected: Shell, client: Client) -> None:
    connected.value("%%webhook 'literal:{tenant}' 'https://example.com/{id}?a=$b'" + BODY)
    assert client.webhooks.get("{tenant}").target_url == "https://example.com/{id}?a=$b"
    code = str(connected.value("%webhook code 'literal:{tenant}' --as cell"))
    connected.value("%webhook remove 'literal:{tenant}' --yes")
    connected.ip.user_ns["_"] = None
    assert "literal:{tenant}" in code


def test_a_question_mark_at_the_end_is_quoted(connected: Shell, client: Client) -> None:
    client.webhooks.register("a", "https://example.com/hook1", lambda builder: builder.with_event_type("AccountOpened"))
    assert len(connected.value("%webhooks --url '*hook?'")) == 1
    shown = connected.run("%webhooks --help").said
    assert "Quote a pattern that ends in ?" in " ".join(shown.split())


@pytest.mark.parametrize("named", [True, False])
def test_the_cell_of_code_survives_as_an_exported_script(named: bool, connected: Shell, client: Client) -> None:
    client.webhooks.register("a", "https://example.com/in", lambda builder: builder.with_event_type("AccountOpened"))
    definition = client.webhooks.get("a")
    cell = str(client.webhooks.code(definition if named else definition.changed(event_types=()), "cell"))
    script, _ = PythonExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)]))
    client.webhooks.remove("a")
    connected.value(script)
    assert client.webhooks.ids() == ["a"]
