"""``%chronicle``: the connection, and the contents of the kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chronicle_notebook.base._errors import InvalidInputError, KernelError, UnknownClientError
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.display._listing import Column, Listing
from chronicle_notebook.magics._clients import current
from chronicle_notebook.magics._parse import Call
from chronicle_notebook.session import _connect

WALK = "%chronicle doctor CONNECTION checks each step."

if TYPE_CHECKING:
    from chronicle_notebook.session._client import Client

WRITTEN_OUT = (
    "Note: this line contains a secret, which stays in the notebook. Write env:NAME instead, or keep the whole "
    "connection string in a variable of the environment and write: %chronicle connect env:NAME"
)


def run(call: Call) -> Any:
    """Run the subcommand."""
    return _COMMANDS[call.command.name](call)


def _status(_: Call) -> Any:
    return current().status()


def _connect_to(call: Call) -> Any:
    given = call.given("CONNECTION")
    target = None if given is None else ConnectionString.parse(call.required("CONNECTION"))
    if target is not None and given == call.text("CONNECTION") and _literal(target):
        print(WRITTEN_OUT)  # noqa: T201 - it must be seen where the notebook is read
    try:
        opened = _connect.connect(
            target,
            event_store=call.text("--store"),
            namespace=call.text("--namespace"),
            name=call.text("--as") or "default",
        )
    except KernelError as error:
        error.hint = error.hint.replace(_connect.WALK, WALK)
        raise
    _check_referred(call, opened)
    return opened


def _check_referred(call: Call, opened: Client) -> None:
    """Refuse an event store or namespace of a reference that the kernel does not have. The client would show its name
    from then on, and the variable may be another one than was meant.

    :raises InvalidInputError: the kernel does not have it.
    """
    if not (call.referred("--store") or call.referred("--namespace")):
        return
    try:
        opened.at(event_store=opened.event_store, namespace=opened.namespace)
    except InvalidInputError as error:
        opened.close()
        error.hint = "Set the variable to a name that exists, or write a new name out on this line."
        raise


def _literal(target: ConnectionString) -> bool:
    secrets = (target.password, target.api_key, target.certificate_password)
    return any(secret is not None and secret.reference is None for secret in secrets)


def _use(call: Call) -> Any:
    if not call.values:
        return _clients()
    try:
        return _connect.use(call.text("NAME"), event_store=call.text("--store"), namespace=call.text("--namespace"))
    except UnknownClientError as error:
        error.hint = error.hint.replace(_connect.NAME_IT, "Connect with %chronicle connect CONNECTION --as NAME.")
        raise


def _clients() -> Listing[Client]:
    here = current()
    return Listing(
        list(_connect.clients().values()),
        (
            Column["Client"]("name", "Name", lambda each: each.name),
            Column["Client"]("current", "Current", lambda each: each is here, "bool"),
            Column["Client"]("server", "Kernel", lambda each: each.server),
            Column["Client"]("event_store", "Event store", lambda each: each.event_store),
            Column["Client"]("namespace", "Namespace", lambda each: each.namespace),
        ),
        caption="The clients of this process",
        empty="None is connected.",
        foot="Switch with %chronicle use NAME",
    )


def _stores(_: Call) -> Any:
    return current().event_stores()


def _namespaces(_: Call) -> Any:
    return current().namespaces()


def _event_types(_: Call) -> Any:
    return current().listened_event_types()


def _sequences(_: Call) -> Any:
    return current().event_sequences()


def _doctor(call: Call) -> Any:
    return _connect.doctor(call.text("CONNECTION"))


def _sandbox(call: Call) -> Any:
    match call.given("ACTION"):
        case "start":
            return _connect.start_sandbox()
        case "reset":
            fresh = _connect.reset_sandbox()
            print("The sandbox kernel was reset to the demo, and its clients were connected again.")  # noqa: T201
            return fresh
    ran = _connect.stop_sandbox()
    print("The sandbox kernel was stopped, and its data are gone." if ran else "No sandbox kernel ran.")  # noqa: T201
    return None


_COMMANDS: dict[str, Callable[[Call], Any]] = {
    "": _status,
    "connect": _connect_to,
    "use": _use,
    "stores": _stores,
    "namespaces": _namespaces,
    "event-types": _event_types,
    "sequences": _sequences,
    "doctor": _doctor,
    "sandbox": _sandbox,
}
