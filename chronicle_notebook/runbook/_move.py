"""Moving webhooks to another host: path, headers, event types and credentials stay."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from chronicle_notebook._client import Client
from chronicle_notebook._errors import InvalidInputError, did_you_mean
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.runbook._credentials import needs, with_credentials
from chronicle_notebook.runbook._step import Step
from chronicle_notebook.runbook._target import answers
from chronicle_notebook.runbook._url import host_of, shown
from chronicle_notebook.webhooks._url_rules import check_target_url


def move_host(
    client: Client,
    from_host: str,
    to_host: str,
    *,
    test_targets: bool = True,
    timeout: float = 10.0,
) -> list[Step]:
    """The steps that point every webhook of a host at the same path on another one.

    :param from_host: ``host`` or ``host:port`` as in the target URLs; without a port that of any port.
    :param to_host: ``host`` or ``host:port``.
    :param test_targets: first see that the new target answers 2xx; nothing is changed where it does not.
    :param timeout: in seconds, for each target.
    :raises InvalidInputError: the new host is none, or neither host has a webhook.
    """
    hooks = client.webhooks.all()
    moving = [(each, moved(each.target_url, from_host, to_host)) for each in hooks]
    steps = [
        step
        for definition, url in moving
        if url is not None
        for step in _steps(client, definition, url, test=test_targets, timeout=timeout)
    ]
    there = [each.id for each in hooks if _is_at(each.target_url, to_host)]
    if not steps and not there:
        hosts = {host_of(each.target_url) for each in hooks}
        raise InvalidInputError(
            f"No webhook of event store {client.event_store!r} points at {from_host!r}.",
            field="from_host",
            hint=did_you_mean(from_host, hosts) or f"They point at {', '.join(sorted(hosts)) or 'nothing'}.",
        )
    return steps


def moved(url: str, from_host: str, to_host: str) -> str | None:
    """A URL on the other host; None when it is on another one than ``from_host``."""
    if not _is_at(url, from_host):
        return None
    if not to_host or set(to_host) & set("/@?#") or check_target_url(f"https://{to_host}/"):
        raise InvalidInputError(f"{to_host!r} is no host.", field="to_host", hint="Write host or host:port.")
    user, at, _ = urlsplit(url).netloc.rpartition("@")
    return urlunsplit(urlsplit(url)._replace(netloc=f"{user}{at}{to_host}"))


def _is_at(url: str, host: str) -> bool:
    return host.lower() in {host_of(url).lower(), (urlsplit(url).hostname or "").lower()}


def _steps(client: Client, definition: WebhookDefinition, url: str, *, test: bool, timeout: float) -> list[Step]:
    wanted = definition.changed(target_url=url)
    steps = []
    if test:
        what = f"see that {shown(url)} takes deliveries"
        steps.append(answers(definition.id, lambda: with_credentials(wanted), what, timeout=timeout))
    return [
        *steps,
        Step(
            definition.id,
            f"point it at {shown(url)} instead of {shown(definition.target_url)}",
            do=lambda: client.webhooks.register(with_credentials(wanted)),
            done=lambda: client.webhooks.get(definition.id).target_url == url,
            note=needs(definition),
        ),
    ]
