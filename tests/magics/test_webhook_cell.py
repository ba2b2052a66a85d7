"""``%%webhook`` in a real shell: register, dry-run, and what the cell may not hold."""

from __future__ import annotations

import pytest

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import host_pb2
from chronicle_notebook.model import AuthorizationKind
from chronicle_notebook.registration._outcome import Action, Outcome
from chronicle_notebook.registration._plan import Plan, PlannedAction
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from tests.magics.conftest import Shell
from tests.scripted import ScriptedKernel

CANARY = "qx9canary7"
URL = "https://example.com/hooks?a=b&c={d}#"[:-1]


def test_a_cell_registers_and_shows_the_outcome(
    connected: Shell, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", CANARY)
    ran = connected.run(f"""%%webhook 'my hook' {URL}
event_types:
  - AccountOpened
  - FundsDeposited
headers:
  x-json: '{{"a": "b"}}'
  x-source: my-app
authorization:
  kind: bearer
  token: env:HOOK_TOKEN
""")
    assert isinstance(ran.value, Outcome), ran.said
    assert ran.value.action is Action.CREATED
    assert CANARY not in ran.said
    found = client.webhooks.get("my hook")
    assert found.target_url == URL
    assert [kind.id for kind in found.event_types] == ["AccountOpened", "FundsDeposited"]
    assert dict(found.headers) == {"x-json": '{"a": "b"}', "x-source": "my-app"}
    assert found.authorization.kind is AuthorizationKind.BEARER


def test_values_come_from_variables_by_name_and_nothing_is_put_into_text(connected: Shell, client: Client) -> None:
    connected.ip.user_ns.update(target=URL, source="from a variable", x="never put in")
    connected.value(
        "%%webhook hook var:target\nevent_types: [AccountOpened]\n"
        "headers: {x-a: var:source, x-b: '{x}', x-c: $x, x-d: '{{x}}'}\n"
    )
    found = client.webhooks.get("hook")
    assert found.target_url == URL
    assert dict(found.headers) == {"x-a": "from a variable", "x-b": "{x}", "x-c": "$x", "x-d": "{{x}}"}


def test_without_event_types_it_gets_all_that_are_known(connected: Shell, client: Client) -> None:
    connected.value(f"%%webhook hook {URL}\n# all of them\n")
    assert {kind.id for kind in client.webhooks.get("hook").event_types} == {"AccountOpened", "FundsDeposited"}


@pytest.mark.parametrize("end", ["", "\n", "\n\n   \n"])
def test_the_body_may_be_left_out_as_every_key_of_it_may(connected: Shell, client: Client, end: str) -> None:
    plan = connected.value(f"%%webhook hook {URL} --dry-run{end}")
    assert isinstance(plan, Plan)
    assert {kind.id for kind in plan.definition.event_types} == {"AccountOpened", "FundsDeposited"}
    assert len(client.webhooks.all()) == 0
    assert connected.value(f"%%webhook hook {URL}{end}").action is Action.CREATED
    lines = connected.two_lines(f"%%webhook{end}")
    assert lines[0].startswith("InvalidInputError: %%webhook (kernel 127.0.0.1:")
    assert lines[0].endswith("ID is missing: its id; an existing webhook of this id is updated.")


@pytest.mark.parametrize("cell", ["%%webhooks", "%%time", "%webhook show", "x = '%%webhook'", ""])
def test_any_other_cell_is_left_as_it_is(shell: Shell, cell: str) -> None:
    before = shell.ip.transform_cell(cell)
    shell.ip.run_line_magic("unload_ext", "chronicle_notebook")
    assert shell.ip.transform_cell(cell) == before
    shell.ip.run_line_magic("load_ext", "chronicle_notebook")


def test_a_terminal_goes_on_waiting_for_the_body(shell: Shell) -> None:
    assert shell.ip.check_complete(f"%%webhook hook {URL}")[0] == "incomplete"
    assert shell.ip.check_complete(f"%%webhook hook {URL}\nactive: true\n\n")[0] == "complete"


def test_a_dry_run_sends_nothing_and_shows_what_would_change(connected: Shell, client: Client) -> None:
    plan = connected.value(f"%%webhook hook {URL} --dry-run\nevent_types: [AccountOpened]\n")
    assert isinstance(plan, Plan)
    assert plan.action is PlannedAction.CREATE
    assert len(client.webhooks.all()) == 0
    connected.value(f"%%webhook hook {URL}\nevent_types: [AccountOpened]\n")
    plan = connected.value(f"%%webhook hook {URL} --dry-run\nevent_types: [FundsDeposited]\nactive: false\n")
    assert [change.field for change in plan.changes] == ["event_types", "active"]
    assert "ignored by the kernel" in repr(plan)
    assert [kind.id for kind in client.webhooks.get("hook").event_types] == ["AccountOpened"]


def test_a_dry_run_refuses_what_a_registration_would_refuse(connected: Shell) -> None:
    lines = connected.two_lines(f"%%webhook hook {URL} --dry-run\nevent_types: [AccountOpend]\n")
    assert lines[1] == "Next step: Did you mean 'AccountOpened'?"


@pytest.mark.parametrize("field", ["token", "password", "client_secret"])
def test_a_secret_that_is_written_out_is_refused_and_not_repeated(connected: Shell, client: Client, field: str) -> None:
    cell = f"%%webhook hook {URL}\nevent_types: [AccountOpened]\nauthorization:\n  {field}: {CANARY}\n  username: me\n"
    cell = cell.replace("  username: me\n", "") if field != "password" else cell
    if field == "client_secret":
        cell += "  authority: https://id.example.com\n  client_id: me\n"
    what, step = connected.two_lines(cell)
    assert what == (
        f"InvalidDefinitionError: %%webhook (kernel {client.server}): Webhook 'hook': line 4: {field} is in plain "
        "text, so it would stay in the notebook, its history and every copy of it."
    )
    assert step == ("Next step: Write env:NAME or var:NAME; for a sandbox kernel, --allow-literal accepts it.")
    for line in ("%config ChronicleMagics.traceback = True", cell):
        ran = connected.run(line)
        assert CANARY not in ran.said
    assert "Traceback" in ran.said
    assert len(client.webhooks.all()) == 0


def test_a_sandbox_takes_a_written_out_secret_when_it_is_told_to(connected: Shell, client: Client) -> None:
    cell = f"%%webhook hook {URL} --allow-literal\nevent_types: [AccountOpened]\nauthorization: {{token: {CANARY}}}\n"
    ran = connected.run(cell)
    assert isinstance(ran.value, Outcome), ran.said
    assert CANARY not in ran.said
    assert client.webhooks.get("hook").authorization.kind is AuthorizationKind.BEARER


def test_no_other_kernel_takes_a_written_out_secret(shell: Shell, kernel: ScriptedKernel) -> None:
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.29.4"))
    with connect(kernel.connection_string):
        lines = shell.two_lines(f"%%webhook hook {URL} --allow-literal\nauthorization: {{token: {CANARY}}}\n")
    assert lines[1] == "Next step: Write env:NAME or var:NAME instead of the secret."
    assert kernel.count(methods.ADD_WEBHOOKS) == 0
    assert CANARY not in "".join(lines)


@pytest.mark.parametrize("line", ["{url}\nheaders: {{x-api-key: {secret}}}", "{url}&token={secret}"])
def test_a_credential_in_a_header_or_in_the_url_is_refused_as_a_token_is(
    connected: Shell, client: Client, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    what, step = connected.two_lines(f"%%webhook hook {line.format(url=URL, secret=CANARY)}\n")
    assert what.endswith("in plain text, so it would stay in the notebook, its history and every copy of it.")
    assert "env:NAME or var:NAME" in step
    assert "--allow-literal accepts it" in step
    assert CANARY not in what + step
    assert len(client.webhooks.all()) == 0
    monkeypatch.setenv("HOOK_KEY", CANARY)
    monkeypatch.setenv("HOOK_URL", f"{URL}&token={CANARY}")
    referenced = "env:HOOK_URL" if "token" in line else f"{URL}\nheaders: {{x-api-key: env:HOOK_KEY}}"
    ran = connected.run(f"%%webhook hook {referenced}\n")
    assert isinstance(ran.value, Outcome), ran.said
    assert CANARY not in ran.said


def test_event_types_that_nobody_registered_are_accepted_on_request(connected: Shell, client: Client) -> None:
    cell = "{line}\nevent_types: [NotYetThere]\n"
    assert connected.two_lines(cell.format(line=f"%%webhook hook {URL}"))[0].startswith("UnknownEventTypeError")
    line = f"%%webhook hook {URL} --accept-unknown"
    assert isinstance(connected.value(cell.format(line=f"{line} --dry-run")), Plan)
    connected.value(cell.format(line=line))
    assert [kind.id for kind in client.webhooks.get("hook").event_types] == ["NotYetThere"]


@pytest.mark.parametrize("flag", ["", " --dry-run"])
def test_a_warning_is_one_line_and_does_not_repeat_the_cell(connected: Shell, flag: str) -> None:
    line = f"%%webhook hook {URL} --allow-literal{flag}"
    ran = connected.run(f"{line}\nevent_types: [AccountOpened]\nheaders: {{x-api-key: {CANARY}}}\n")
    assert ran.error is None, ran.said
    assert ran.lines[0].startswith("CredentialHeaderWarning: Webhook 'hook': The header 'x-api-key' looks like")
    assert CANARY not in ran.said


def test_a_key_that_does_not_exist_is_refused_with_the_nearest(connected: Shell, client: Client) -> None:
    what, step = connected.two_lines(f"%%webhook hook {URL}\nactive: yes\nreplayble: no\n")
    assert what == (
        f"InvalidDefinitionError: %%webhook (kernel {client.server}): Webhook 'hook': line 3: the body has no key "
        "'replayble'."
    )
    assert step == "Next step: Did you mean 'replayable'?"
