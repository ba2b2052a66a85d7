"""Every kind of error as a person reads it: what, against which server, and the next step. No more, and no secret."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import host_pb2
from chronicle_notebook.magics._guard import two_lines
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from tests.magics.conftest import Shell
from tests.scripted import ScriptedKernel

CANARY = "qx9canary7"


@pytest.mark.parametrize(
    ("cell", "what", "step"),
    [
        (
            "%webhooks",
            "UnknownClientError: %webhooks: No client is connected.",
            "Run %chronicle connect CONNECTION; without CONNECTION it starts a sandbox kernel.",
        ),
        (
            "%chronicle connect chronicle://127.0.0.1:9/?auth=none",
            "KernelUnreachableError: %chronicle connect: No connection to 127.0.0.1:9: Connection refused.",
            "Check host and port, and that the kernel runs. %chronicle doctor CONNECTION checks each step.",
        ),
        (
            f"%chronicle connect chronicle://localhost:{CANARY}",
            (
                "InvalidConnectionStringError: %chronicle connect: port must be a number from 1 to 65535, not "
                "a text of 10 characters."
            ),
            "If this was part of a password, write '/', '?', '@' and ':' in it as %2F, %3F, %40 and %3A.",
        ),
        (
            "%chronicle connect env:NOT_SET_ANYWHERE",
            "SecretUnavailableError: %chronicle connect: The environment variable 'NOT_SET_ANYWHERE' is not set.",
            "Set NOT_SET_ANYWHERE before this process (or Jupyter) starts, or use %env, and run again.",
        ),
        (
            "%chronicle connect var:nothing",
            "InvalidInputError: %chronicle connect: CONNECTION: there is no variable 'nothing'.",
            "Assign a text or a cn.Secret to it in a cell before this one.",
        ),
        (
            "%chronicle conect",
            "InvalidInputError: %chronicle: There is no subcommand 'conect'.",
            "Did you mean 'connect' or 'doctor'?",
        ),
        (
            "%chronicle use staging",
            "UnknownClientError: %chronicle use: No client is connected as 'staging'.",
            "Connect with %chronicle connect CONNECTION --as NAME.",
        ),
    ],
)
def test_without_a_connection(shell: Shell, cell: str, what: str, step: str) -> None:
    assert shell.two_lines(cell) == [what, f"Next step: {step}"]


@pytest.mark.parametrize(
    ("cell", "what", "step"),
    [
        (
            "%webhook show acount-events",
            "UnknownWebhookError: %webhook show: Event store STORE on SERVER has no webhook 'acount-events'.",
            "Did you mean 'account-events'?",
        ),
        (
            "%webhook show zzz",
            "UnknownWebhookError: %webhook show: Event store STORE on SERVER has no webhook 'zzz'.",
            "List them with client.webhooks.all().",
        ),
        (
            "%webhook remove acount-events --yes",
            "UnknownWebhookError: %webhook remove: Event store STORE on SERVER has no webhook 'acount-events'.",
            "Did you mean 'account-events'?",
        ),
        (
            "%chronicle use --namespace Defalt",
            "InvalidInputError: %chronicle use: Event store STORE on SERVER has no namespace 'Defalt'.",
            "Did you mean 'Default'?",
        ),
        (
            "%%webhook hook ftp://example.com\nevent_types: [AccountOpened]",
            (
                "InvalidDefinitionError: %%webhook (kernel SERVER): Webhook 'hook': The target URL is not an "
                "absolute http or https URL."
            ),
            "Write, for example, https://example.com/chronicle/webhooks.",
        ),
        (
            "%%webhook hook https://example.com\nevent_types: [AccountOpned]",
            (
                "UnknownEventTypeError: %%webhook (kernel SERVER): Webhook 'hook': The event store has no "
                "event type 'AccountOpned', so the webhook would never receive it."
            ),
            "Did you mean 'AccountOpened'?",
        ),
        (
            "%%webhook hook https://example.com\nauthorization: {token: env:NOT_SET_ANYWHERE}",
            (
                "SecretUnavailableError: %%webhook (kernel SERVER): The environment variable 'NOT_SET_ANYWHERE' is not "
                "set."
            ),
            "Set NOT_SET_ANYWHERE before this process (or Jupyter) starts, or use %env, and run again.",
        ),
    ],
)
def test_against_a_kernel(connected: Shell, client: Client, cell: str, what: str, step: str) -> None:
    client.webhooks.register("account-events", "https://example.com", lambda b: b.with_event_type("AccountOpened"))
    shown = what.replace("STORE", repr(client.event_store)).replace("SERVER", client.server)
    assert connected.two_lines(cell) == [shown, f"Next step: {step}"]


@pytest.mark.parametrize(
    ("code", "what", "step"),
    [
        (
            grpc.StatusCode.UNAUTHENTICATED,
            (
                "AuthenticationError: %chronicle stores: EventStores/AllEventStores on SERVER: the kernel does "
                "not accept the caller (no token)."
            ),
            "Check the credentials in the connection string.",
        ),
        (
            grpc.StatusCode.PERMISSION_DENIED,
            (
                "PermissionDeniedError: %chronicle stores: EventStores/AllEventStores on SERVER: the caller "
                "may not do this (no token)."
            ),
            "Use the credentials of a client that may do this.",
        ),
        (
            grpc.StatusCode.INTERNAL,
            "KernelFaultError: %chronicle stores: EventStores/AllEventStores on SERVER: the kernel failed (no token).",
            "The kernel's log has the details.",
        ),
        (
            grpc.StatusCode.ABORTED,
            (
                "RequestRefusedError: %chronicle stores: EventStores/AllEventStores on SERVER: the kernel "
                "aborted the call (no token)."
            ),
            "Run it again with --traceback to see where it came from.",
        ),
    ],
)
def test_what_a_kernel_refuses(
    shell: Shell, kernel: ScriptedKernel, code: grpc.StatusCode, what: str, step: str
) -> None:
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.29.4"))
    kernel.fail(methods.ALL_EVENT_STORES, code, "no token")
    with connect(kernel.connection_string) as client:
        assert shell.two_lines("%chronicle stores") == [what.replace("SERVER", client.server), f"Next step: {step}"]


def test_the_traceback_is_there_on_request_without_the_cell_or_variables(connected: Shell) -> None:
    cell = f"%%webhook hook https://example.com --traceback\nevent_types: [AccountOpned]\nheaders: {{x-a: {CANARY}}}\n"
    said = connected.run(cell).said
    assert said.startswith("Traceback (most recent call last):")
    assert "_webhooks.py" in said
    assert "_guard.py" not in said
    assert CANARY not in said
    assert said.strip().splitlines()[-1] == "Next step: Did you mean 'AccountOpened'?"


def test_the_switch_shows_every_traceback(connected: Shell) -> None:
    assert connected.run("%config ChronicleMagics.traceback = True").error is None
    assert "Traceback (most recent call last):" in connected.run("%webhook show nothing").said
    connected.run("%config ChronicleMagics.traceback = False")
    assert len(connected.two_lines("%webhook show nothing")) == 2


def test_the_type_stays_what_it_is(connected: Shell) -> None:
    assert isinstance(connected.run("%webhook show nothing").error, cn.UnknownWebhookError)


def test_an_error_that_was_not_foreseen_does_not_show_its_text(
    connected: Shell, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(Client, "status", fail)
    assert connected.two_lines("%chronicle") == [
        f"ValueError: %chronicle (kernel {client.server}) failed with an unexpected error.",
        "Next step: This is a fault of chronicle_notebook: run it again with --traceback, and report what that shows.",
    ]
    assert "ValueError" in connected.run("%chronicle --traceback").said


def test_an_interrupt_is_two_lines_too(connected: Shell, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "status", interrupt)
    assert connected.two_lines("%chronicle") == [
        f"KeyboardInterrupt: %chronicle (kernel {client.server}) was interrupted.",
        "Next step: If the command changes something, list the webhooks to see whether it did.",
    ]


def tree(root: type[cn.ChronicleError]) -> list[type[cn.ChronicleError]]:
    return [root, *(below for kind in root.__subclasses__() for below in tree(kind))]


def test_every_error_of_the_tree_reads_as_two_lines() -> None:
    kinds = tree(cn.ChronicleError)
    assert len(kinds) > 20
    for kind in kinds:
        error = kind.__new__(kind)
        error.message, error.hint = "It\nfailed.", "Do\nthis."
        if isinstance(error, cn.KernelError):
            error.server = ""
        what, step = two_lines(error, "%webhook show", "localhost:35000")
        assert re.fullmatch(r"\w+Error: %webhook show \(kernel localhost:35000\): It failed\.", what)
        assert step == "Next step: Do this."


@pytest.mark.parametrize(
    "line", ["%webhook show nothing", "%webhook show nothing --traceback", "%chronicle use staging"]
)
def test_an_error_that_went_through_a_magic_can_still_be_copied_and_sent_to_another_process(
    connected: Shell, line: str
) -> None:
    error: Any = connected.run(line).error
    assert error is not None
    shown = error._render_traceback_()
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert (type(again), str(again)) == (type(error), str(error))
        assert again._render_traceback_() == shown


def test_an_interruption_says_what_it_did_not_undo() -> None:
    interruption = KeyboardInterrupt()
    assert two_lines(interruption, "%%webhook", "h:1")[1].startswith("Next step: If the command changes something")
    interruption.add_note("The kernel had accepted the call.")
    assert two_lines(interruption, "%%webhook", "h:1")[1] == "Next step: The kernel had accepted the call."
