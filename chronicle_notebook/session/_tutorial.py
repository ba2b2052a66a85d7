"""Where the tutorials run: on a sandbox, or in an event store of their own on a kernel of one's own."""

from __future__ import annotations

import atexit
import json
import os
import secrets
from collections.abc import Iterator

from chronicle_notebook.base._arguments import check_names
from chronicle_notebook.base._errors import ChronicleError, InvalidInputError, missing
from chronicle_notebook.base._text import count, listed
from chronicle_notebook.base._url import is_local
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.model import EventToAppend, EventType, RegisteredEventType, WebhookDefinition
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect, connect_embedded
from chronicle_notebook.session._location import DEFAULT_NAMESPACE
from chronicle_notebook.session._sandbox_process import SANDBOX_STORE
from chronicle_notebook.session._server_choice import VARIABLE

TUTORIAL_STORE = "tutorial"
"""The event store that the tutorials use on a kernel of one's own."""
SANDBOX_VARIABLE = "CHRONICLE_NOTEBOOK_SANDBOX"
"""The environment variable that names the sandbox of ``chronicle-notebook lab``."""


def tutorial(
    connection: str | ConnectionString | None = None, *, event_store: str | None = None, name: str = "default"
) -> Client:
    """A client for the tutorials, with the example of a bank: event types, events and webhooks.

    Without ``connection`` this is a sandbox kernel, even if ``CHRONICLE_CONNECTION_STRING`` names a kernel: the sandbox
    of ``chronicle-notebook lab`` (``CHRONICLE_NOTEBOOK_SANDBOX`` names it), else the sandbox inside this process.

    With ``connection`` the tutorial runs on that kernel, in an event store made for it. The example's webhooks point at
    a port on which no program listens. When the client is closed or the process ends, the webhooks of this event store
    are removed, except those that were there before and are not the example's. The event store itself, with its events,
    stays: no call of a kernel removes an event store. Run one tutorial at a time there.

    :param connection: a connection string, as for :func:`connect`.
    :param event_store: by default ``banking`` on the sandbox, and ``tutorial`` on a kernel of one's own.
    :param name: the name for :func:`client`.
    :raises InvalidInputError: the event store exists and has something else in it than the tutorials, or
        ``CHRONICLE_NOTEBOOK_SANDBOX`` names a host that is not this machine.
    :raises MissingDependencyError: the packages of the sandbox, which has the example, are not installed.
    """
    check_names(event_store=event_store, name=name)
    if connection is not None:
        return _on_own_kernel(connection, event_store or TUTORIAL_STORE, name)
    told = os.getenv(SANDBOX_VARIABLE, "").strip()
    if told:
        _check_sandbox(ConnectionString.parse(told))
        opened = connect(told, event_store=event_store or SANDBOX_STORE, name=name)
    else:
        opened = connect_embedded(event_store, DEFAULT_NAMESPACE, name)
    meant = os.getenv(VARIABLE, "").strip()
    if meant and meant != told:
        print(f"Tutorials use a sandbox kernel ({opened.server}), not the kernel that {VARIABLE} names.")  # noqa: T201
    return opened


def _check_sandbox(told: ConnectionString) -> None:
    for host in told.hosts:
        if not is_local(host.name):
            raise InvalidInputError(
                f"{SANDBOX_VARIABLE} names {host}, which is not this machine.",
                field=SANDBOX_VARIABLE,
                hint='Unset it. For a kernel of your own: cn.tutorial("chronicle://...").',
            )


def _on_own_kernel(connection: str | ConnectionString, event_store: str, name: str) -> Client:
    opened = connect(connection, event_store=event_store, name=name)
    try:
        foreign = _prepare(opened)
    except BaseException:
        opened.close()
        raise
    opened.before_close(lambda: _clean_up(opened, foreign))
    atexit.register(opened.close)  # closing twice does nothing the second time
    return opened


def _prepare(opened: Client) -> set[str]:
    """Make the event store with the example, or find it as an earlier tutorial left it.

    :return: the ids of the webhooks that are there and not the example's.
    """
    try:
        from chronicle_notebook.sandbox import _bank as bank
    except ImportError as error:
        raise missing("sandbox", "The example of the tutorials", error) from None
    store = opened.event_store
    if store in opened.event_stores():
        lacking = {*bank.EVENT_TYPES} - {each.id for each in opened.event_types()}
        if lacking:
            raise InvalidInputError(
                f"The kernel {opened.server} has an event store {store!r} already, and not for the tutorials: it does "
                f"not have {listed(sorted(lacking))}.",
                field="event_store",
                hint=f'Name a new one: cn.tutorial("chronicle://...", event_store="{store}-2").',
            )
    else:
        opened.ensure_event_store()
        opened.ensure_namespace(bank.TENANT)
        opened.register_event_types(
            *(RegisteredEventType(EventType(each), json.loads(bank.schema(each))) for each in bank.EVENT_TYPES)
        )
        for namespace, owners in ((DEFAULT_NAMESPACE, bank.OWNERS), (bank.TENANT, bank.TENANT_OWNERS)):
            opened.at(namespace=namespace).event_log.append_many(
                EventToAppend(each.account, EventType(each.event_type), each.content) for each in bank.history(owners)
            )
    registered, example = {*opened.webhooks.ids()}, {each.id: each for each in _webhooks()}
    for id_, webhook in example.items():
        if id_ not in registered:
            opened.webhooks.register(webhook)
    opened.look()
    foreign = registered - {*example}
    kept = f", except {listed(sorted(foreign))}" if foreign else ""
    print(  # noqa: T201
        f"The tutorial uses event store {store!r} on {opened.server}. When this client is closed, all webhooks of that "
        f"event store are removed{kept}. The event store itself stays: no call removes one."
    )
    return foreign


def _webhooks() -> Iterator[WebhookDefinition]:
    """The webhooks of the example. No program runs at their targets, because a kernel may make an inactive one
    active."""
    from chronicle_notebook.sandbox import _bank as bank

    made_up, here = secrets.token_urlsafe(24), DefinitionBuilder().with_headers(bank.HERE)
    path = f"{bank.NOBODY}/chronicle/webhooks"
    yield here.with_event_types(*bank.LIFE).build("ledger-mirror", f"{bank.NOBODY}/ledger")
    yield here.with_event_types(*bank.ALARM).build("overdraft-alarm", f"{bank.NOBODY}/alarm")
    inactive = here.not_active()
    yield inactive.with_event_types(*bank.MONEY).with_bearer_token(made_up).build("fraud-watch", path)
    crm = inactive.with_event_types("AccountOpened", "CustomerMoved").with_basic_auth("chronicle", made_up)
    yield crm.build("crm-sync", f"{bank.NOBODY}/hooks")
    report = inactive.with_event_types(*bank.LIFE, *bank.ALARM)
    yield report.with_oauth(f"{bank.NOBODY}/realms/bank", "chronicle", made_up).build("regulator-report", path)
    yield inactive.with_event_types(*bank.EVENT_TYPES).build("audit-archive", f"{bank.NOBODY}/archive")


def _clean_up(opened: Client, foreign: set[str]) -> None:
    """Remove the webhooks of the event store of the tutorials. The connection may be gone by then."""
    where = f"event store {opened.event_store!r} on {opened.server}"
    try:
        ids = [each for each in opened.webhooks.ids() if each not in foreign]
        for id_ in ids:
            opened.webhooks.remove(id_)
    except ChronicleError as error:
        print(f"Not all webhooks of {where} were removed. {error.message} {error.hint}".strip())  # noqa: T201
    else:
        print(f"Removed {count(len(ids), 'webhook')} from {where}.")  # noqa: T201
