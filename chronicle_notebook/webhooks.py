"""The functions of ``client.webhooks`` with the name of a client as an argument, as in Chronicle's other clients.

``namespace`` is accepted as in those clients and has no effect, because webhooks belong to the event store. Only a
replay and a re-delivery can be of one namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

from chronicle_notebook.base._errors import ChronicleError
from chronicle_notebook.definition._code import Code, Style
from chronicle_notebook.definition._inputs import Configure
from chronicle_notebook.display._listing import Listing
from chronicle_notebook.model import WebhookAuthorization, WebhookDefinition
from chronicle_notebook.pausing._paused import PausedWebhook
from chronicle_notebook.pausing._redelivery import RedeliveryPlan
from chronicle_notebook.pausing._replay import ReplayPlan
from chronicle_notebook.pausing._storage import Kept
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.reading._observation import ObservationState, WebhookObservation
from chronicle_notebook.registration._outcome import Outcome, Outcomes
from chronicle_notebook.registration._plan import Plan
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import client as find
from chronicle_notebook.session._webhooks import WAIT, Webhooks
from chronicle_notebook.target_test._answer import TargetAnswer

if TYPE_CHECKING:
    import pandas as pd

    from chronicle_notebook.widgets import WebhookExplorer

__all__ = [
    "all",
    "code",
    "discover",
    "explore",
    "forget_paused",
    "get",
    "ids",
    "observe",
    "pause",
    "paused",
    "plan",
    "redeliver",
    "register",
    "register_discovered",
    "remove",
    "replace",
    "replay",
    "resume",
    "test",
    "to_frame",
]

AnyClient = str | Client
Space = str | None
"""The name of a namespace, or none."""
File = str | Path | None
"""The path of a file, or none."""


def _service(client: AnyClient, _namespace: str | None) -> Webhooks:
    return (find(client) if isinstance(client, str) else client).webhooks


def all(client: AnyClient = "default", namespace: Space = None) -> WebhookList:  # noqa: A001 - the settled name
    """All webhooks: see :meth:`Webhooks.all`."""
    return _service(client, namespace).all()


def ids(client: AnyClient = "default", namespace: Space = None) -> list[str]:
    """The ids of all webhooks: see :meth:`Webhooks.ids`."""
    return _service(client, namespace).ids()


def get(webhook: str, *, client: AnyClient = "default", namespace: Space = None) -> WebhookDefinition:
    """One webhook by its id: see :meth:`Webhooks.get`."""
    return _service(client, namespace).get(webhook)


def to_frame(
    client: AnyClient = "default",
    namespace: Space = None,
    *,
    tidy: bool = False,
    event_type: str | None = None,
    url: str | None = None,
    authorization: str | None = None,
    active: bool | None = None,
) -> pd.DataFrame:
    """All webhooks, or those that match the filters, as a DataFrame: see :meth:`Webhooks.to_frame`."""
    return _service(client, namespace).to_frame(
        tidy=tidy, event_type=event_type, url=url, authorization=authorization, active=active
    )


def discover(client: AnyClient = "default", namespace: Space = None) -> WebhookList:
    """The definitions of declared classes: see :meth:`Webhooks.discover`."""
    return _service(client, namespace).discover()


@overload
def register(
    webhook: type | WebhookDefinition,
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    wait: float = WAIT,
    confirm_host: str | None = None,
    accept_unknown: bool = False,
) -> Outcome: ...


@overload
def register(
    webhook: Iterable[type | WebhookDefinition],
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    wait: float = WAIT,
    confirm_host: str | None = None,
    accept_unknown: bool = False,
) -> Outcomes: ...


@overload
def register(
    webhook: str,
    target_url: str,
    configure: Configure | None = None,
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    wait: float = WAIT,
    confirm_host: str | None = None,
    accept_unknown: bool = False,
) -> Outcome: ...


def register(
    webhook: type | WebhookDefinition | str | Iterable[type | WebhookDefinition],
    target_url: str | None = None,
    configure: Configure | None = None,
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    wait: float = WAIT,
    confirm_host: str | None = None,
    accept_unknown: bool = False,
) -> Outcome | Outcomes:
    """Register one webhook, or a list of webhooks: see :meth:`Webhooks.register`."""
    arguments: tuple[Any, ...] = (webhook, target_url, configure)
    outcome: Outcome | Outcomes = _service(client, namespace).register(
        *arguments, wait=wait, confirm_host=confirm_host, accept_unknown=accept_unknown
    )
    return outcome


def register_discovered(client: AnyClient = "default", namespace: Space = None, *, wait: float = 30.0) -> Outcomes:
    """Register every declared class: see :meth:`Webhooks.register_discovered`."""
    return _service(client, namespace).register_discovered(wait=wait)


@overload
def remove(  # type: ignore[overload-overlap]  # one text is an id, and no list of letters
    webhook: str | type,
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    wait: float = WAIT,
    unlisted: bool = False,
) -> Outcome: ...


@overload
def remove(
    webhook: Iterable[str | type],
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    wait: float = WAIT,
    unlisted: bool = False,
) -> Outcomes: ...


def remove(
    webhook: str | type | Iterable[str | type],
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    wait: float = WAIT,
    unlisted: bool = False,
) -> Outcome | Outcomes:
    """Remove one webhook, or a list of webhooks: see :meth:`Webhooks.remove`."""
    outcome: Outcome | Outcomes = _service(client, namespace).remove(cast("Any", webhook), wait=wait, unlisted=unlisted)
    return outcome


def replace(
    webhook: type | WebhookDefinition, *, client: AnyClient = "default", namespace: Space = None, wait: float = WAIT
) -> Outcome:
    """Remove a webhook and register it again, as one guarded step: see :meth:`Webhooks.replace`."""
    return _service(client, namespace).replace(webhook, wait=wait)


@overload
def pause(  # type: ignore[overload-overlap]  # one text is an id, and no list of letters
    webhook: str | type,
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    reason: str = "",
    authorization: WebhookAuthorization | None = None,
    file: File = None,
    accept_defects: Collection[str] = (),
    dry_run: bool = False,
) -> Outcome: ...


@overload
def pause(
    webhook: Iterable[str | type],
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    reason: str = "",
    authorization: WebhookAuthorization | None = None,
    file: File = None,
    accept_defects: Collection[str] = (),
    dry_run: bool = False,
) -> Outcomes: ...


def pause(
    webhook: str | type | Iterable[str | type],
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    reason: str = "",
    authorization: WebhookAuthorization | None = None,
    file: File = None,
    accept_defects: Collection[str] = (),
    dry_run: bool = False,
) -> Outcome | Outcomes:
    """Stop the deliveries of one webhook, or of several, until they are resumed: see :meth:`Webhooks.pause`."""
    outcome: Outcome | Outcomes = _service(client, namespace).pause(
        cast("Any", webhook),
        reason=reason,
        authorization=authorization,
        file=file,
        accept_defects=accept_defects,
        dry_run=dry_run,
    )
    return outcome


def resume(
    webhook: str | type | Iterable[str | type] | None = None,
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    file: File = None,
) -> Outcome | Outcomes:
    """Register one paused webhook again, several, or all: see :meth:`Webhooks.resume`."""
    outcome: Outcome | Outcomes = _service(client, namespace).resume(cast("Any", webhook), file=file)
    return outcome


def forget_paused(
    webhook: str | type, *, client: AnyClient = "default", namespace: Space = None, file: File = None
) -> PausedWebhook:
    """Take the record of a pause out of the file: see :meth:`Webhooks.forget_paused`."""
    return _service(client, namespace).forget_paused(webhook, file=file)


def paused(client: AnyClient = "default", namespace: Space = None, *, file: File = None) -> Listing[PausedWebhook]:
    """The paused webhooks: see :meth:`Webhooks.paused`."""
    return _service(client, namespace).paused(file=file)


def replay(
    webhook: str | type,
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    partition: str | None = None,
    storage: Kept | None = None,
) -> ReplayPlan:
    """Look at a replay by the kernel, of all namespaces or of one: see :meth:`Webhooks.replay`."""
    return _service(client, None).replay(webhook, namespace=namespace, partition=partition, storage=storage)


def redeliver(  # noqa: PLR0913 - as the method
    webhook: str | type,
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    from_sequence_number: int | None = None,
    since: datetime | None = None,
    to_sequence_number: int | None = None,
    partition: str | None = None,
    authorization: WebhookAuthorization | None = None,
    include_waiting: bool = False,
    limit: int = 1_000,
    rate: float = 10.0,
    timeout: float = 30.0,
) -> RedeliveryPlan:
    """Look at a re-delivery from this process, in one namespace: see :meth:`Webhooks.redeliver`."""
    return _service(client, None).redeliver(
        webhook,
        from_sequence_number=from_sequence_number,
        since=since,
        to_sequence_number=to_sequence_number,
        namespace=namespace,
        partition=partition,
        authorization=authorization,
        include_waiting=include_waiting,
        limit=limit,
        rate=rate,
        timeout=timeout,
    )


def plan(
    webhook: type | WebhookDefinition | str,
    target_url: str | None = None,
    configure: Configure | None = None,
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    accept_unknown: bool = False,
) -> Plan:
    """What a registration would do: see :meth:`Webhooks.plan`."""
    arguments: tuple[Any, ...] = (webhook, target_url, configure)
    return _service(client, namespace).plan(*arguments, accept_unknown=accept_unknown)


def code(
    webhook: str | type | WebhookDefinition,
    style: Style = "python",
    *,
    client: AnyClient = "default",
    namespace: Space = None,
) -> Code:
    """A webhook as code: see :meth:`Webhooks.code`."""
    return _service(client, namespace).code(webhook, style)


def observe(
    on_change: Callable[[WebhookList], None] | None = None,
    *,
    client: AnyClient = "default",
    namespace: Space = None,
    on_state: Callable[[ObservationState], None] | None = None,
    on_error: Callable[[ChronicleError], None] | None = None,
) -> WebhookObservation:
    """The complete list at each change: see :meth:`Webhooks.observe`."""
    return _service(client, namespace).observe(on_change, on_state=on_state, on_error=on_error)


def explore(
    client: AnyClient = "default",
    namespace: Space = None,
    *,
    file: str | Path | None = None,
    profile: str | None = None,
) -> WebhookExplorer:
    """A widget with all webhooks, live: see :meth:`Webhooks.explore`."""
    return _service(client, namespace).explore(file=file, profile=profile)


def test(
    webhook: str | type | WebhookDefinition,
    *,
    client: AnyClient = "default",  # noqa: PT028
    namespace: Space = None,  # noqa: PT028
    timeout: float = 10.0,  # noqa: PT028
) -> TargetAnswer:
    """Send a test request to the target: see :meth:`Webhooks.test`."""
    return _service(client, namespace).test(webhook, timeout=timeout)


test.__test__ = False  # type: ignore[attr-defined]  # pytest takes any function of this name for a test


def __dir__() -> list[str]:
    return sorted(__all__)
