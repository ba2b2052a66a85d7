"""The service's functions by name of a client, in the shape of Chronicle's other clients.

``namespace`` is accepted as it is there, and has no effect: webhooks belong to the event store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chronicle_notebook._client import Client
from chronicle_notebook._connect import client as find
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.webhooks._list import WebhookList
from chronicle_notebook.webhooks._observation import WebhookObservation
from chronicle_notebook.webhooks._outcome import Outcome, Outcomes
from chronicle_notebook.webhooks._probe import TargetAnswer
from chronicle_notebook.webhooks._service import WAIT, Configure, Webhooks

if TYPE_CHECKING:
    import pandas as pd

AnyClient = str | Client


def _service(client: AnyClient, _namespace: str | None) -> Webhooks:
    return (find(client) if isinstance(client, str) else client).webhooks


def all(client: AnyClient = "default", namespace: str | None = None) -> WebhookList:  # noqa: A001 - the settled name
    """All webhooks: see :meth:`Webhooks.all`."""
    return _service(client, namespace).all()


def to_frame(client: AnyClient = "default", namespace: str | None = None, *, tidy: bool = False) -> pd.DataFrame:
    """All webhooks as a DataFrame: see :meth:`Webhooks.to_frame`."""
    return _service(client, namespace).to_frame(tidy=tidy)


def discover(client: AnyClient = "default", namespace: str | None = None) -> WebhookList:
    """The definitions of declared classes: see :meth:`Webhooks.discover`."""
    return _service(client, namespace).discover()


def register(
    webhook: type | WebhookDefinition | str,
    target_url: str | None = None,
    configure: Configure | None = None,
    *,
    client: AnyClient = "default",
    namespace: str | None = None,
    wait: float = WAIT,
) -> Outcome:
    """Register one webhook: see :meth:`Webhooks.register`."""
    arguments: tuple[Any, ...] = (webhook,) if target_url is None else (webhook, target_url, configure)
    return _service(client, namespace).register(*arguments, wait=wait)


def register_discovered(client: AnyClient = "default", namespace: str | None = None, *, wait: float = 30.0) -> Outcomes:
    """Register every declared class: see :meth:`Webhooks.register_discovered`."""
    return _service(client, namespace).register_discovered(wait=wait)


def remove(
    webhook: str | type, *, client: AnyClient = "default", namespace: str | None = None, wait: float = WAIT
) -> Outcome:
    """Remove a webhook: see :meth:`Webhooks.remove`."""
    return _service(client, namespace).remove(webhook, wait=wait)


def replace(
    webhook: type | WebhookDefinition,
    *,
    client: AnyClient = "default",
    namespace: str | None = None,
    wait: float = WAIT,
) -> Outcome:
    """Remove a webhook and register it anew as one guarded step: see :meth:`Webhooks.replace`."""
    return _service(client, namespace).replace(webhook, wait=wait)


def observe(
    on_change: Callable[[WebhookList], None] | None = None,
    *,
    client: AnyClient = "default",
    namespace: str | None = None,
) -> WebhookObservation:
    """The full list at each change: see :meth:`Webhooks.observe`."""
    return _service(client, namespace).observe(on_change)


def test(
    webhook: str | type | WebhookDefinition,
    *,
    client: AnyClient = "default",  # noqa: PT028
    namespace: str | None = None,  # noqa: PT028
    timeout: float = 10.0,  # noqa: PT028
) -> TargetAnswer:
    """Send a test request to the target: see :meth:`Webhooks.test`."""
    return _service(client, namespace).test(webhook, timeout=timeout)


test.__test__ = False  # type: ignore[attr-defined]  # pytest takes any function of this name for a test
