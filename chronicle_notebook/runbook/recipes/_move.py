"""Moving webhooks to another host: path, headers, event types and credentials stay."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.base._url import host_of, shown
from chronicle_notebook.definition._credentials import needs, refuse_shared, required_variables, with_credentials
from chronicle_notebook.definition.rules._url import check_target_url
from chronicle_notebook.model import AuthorizationKind, WebhookDefinition
from chronicle_notebook.pausing._checks import check_at_hand, check_can_come_back
from chronicle_notebook.pausing._kept import KeptDefinitions, kept_text, variables
from chronicle_notebook.pausing._restore import replace_by_kept, restored
from chronicle_notebook.pausing._sleepers import refuse_waking
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.registration._losses import (
    IN_USE_FOR_A_WHILE,
    UPDATES_DROPPED,
    check_accepted,
    drops_updates,
    refuse_interruption,
    release_of,
)
from chronicle_notebook.runbook.engine._step import Step
from chronicle_notebook.runbook.recipes._pause import keeping
from chronicle_notebook.runbook.recipes._target_store import answers, finds_credentials
from chronicle_notebook.session._client import Client

_PORTS = {"http": 80, "https": 443}


def move_host(
    client: Client,
    from_host: str,
    to_host: str,
    *,
    test_targets: bool = True,
    replace: bool = False,
    file: str | Path = "moved-webhooks.yaml",
    accept_defects: Collection[str] = (),
    timeout: float = 10.0,
) -> list[Step]:
    """The steps that change the host of all webhooks of a host; the paths stay.

    All targets are tested, and all credentials looked up, before the first webhook is changed.

    :param from_host: ``host`` or ``host:port`` as in the target URLs; without a port every port matches.
    :param to_host: ``host`` or ``host:port``. If neither host names a port, the port stays.
    :param test_targets: first test whether the new targets answer 2xx; if one does not, nothing is changed.
    :param replace: remove each webhook and register it again, for kernels that drop changes. Meanwhile ``file`` has the
        new definition. If the run ends half-way, the next run continues from the file.
    :param accept_defects: the names of known bugs that do not concern this kernel.
    :param timeout: seconds for each target.
    :raises InvalidInputError: the new host is not a host, no webhook has the old host, several targets would become the
        same, or the kernel would drop the changes or lose events.
    """
    check_accepted(accept_defects)
    hooks = client.webhooks.all()
    kept = KeptDefinitions.of(client, file) if replace else None
    moving = [
        (each, each.changed(target_url=url))
        for each in hooks
        if (url := moved(each.target_url, from_host, to_host)) is not None
    ]
    removed = [] if kept is None else _left_removed(client, kept, hooks, to_host)
    if not moving and not removed:
        return _already_there(client, hooks, from_host, to_host)
    needed = {wanted.id: required_variables(wanted) for _, wanted in moving}
    if kept is not None:
        needed = {wanted.id: variables(kept_text(wanted)) for _, wanted in moving}
        needed |= {wanted.id: variables(kept.here()[wanted.id].text) for wanted in removed}
    refuse_shared(needed, field="from_host")
    _refuse_joining([before for before, _ in moving], from_host, to_host)
    if kept is not None:
        _check_replaceable(client, moving, kept, accept_defects)
    elif UPDATES_DROPPED not in accept_defects and drops_updates(client, hooks):
        raise _would_be_dropped(client, accept_defects)
    steps = [step for _, wanted in moving for step in _prepared(wanted, test=test_targets, timeout=timeout)]
    for before, wanted in moving:
        steps += [_changed(client, before, wanted)] if kept is None else _replaced(client, before, wanted, kept)
    if kept is not None:
        steps += [_again(client, wanted, kept) for wanted in removed]
    return steps


def moved(url: str, from_host: str, to_host: str) -> str | None:
    """The URL with the new host; None if it has another host than ``from_host``."""
    if not _is_at(url, from_host):
        return None
    if not to_host or set(to_host) & set("/@?#") or check_target_url(f"https://{to_host}/"):
        raise InvalidInputError(f"{to_host!r} is not a host.", field="to_host", hint="Write host or host:port.")
    parts, port = urlsplit(url), _port(url)
    user, at, _ = parts.netloc.rpartition("@")
    stays = port is not None and host_of(url).lower() != from_host.lower() and _port(f"//{to_host}") is None
    return urlunsplit(parts._replace(netloc=f"{user}{at}{to_host}{f':{port}' if stays else ''}"))


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:  # other clients register any text
        return None


def _is_at(url: str, host: str) -> bool:
    try:
        name = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    return host.lower() in {host_of(url).lower(), name, f"[{name}]"}


def _hosts(hooks: Iterable[WebhookDefinition]) -> set[str]:
    found = set()
    for each in hooks:
        with suppress(ValueError):
            found.add(host_of(each.target_url))
    return found


def _already_there(client: Client, hooks: WebhookList, from_host: str, to_host: str) -> list[Step]:
    """The steps of a move that is already done: each webhook of the new host, as done. If there is none, the name is
    wrong.

    Nobody knows where these webhooks were before, so a host that is similar to ``from_host`` is suggested.
    """
    there = [each for each in hooks if _is_at(each.target_url, to_host)]
    others = _hosts(hooks) - _hosts(there)
    meant = did_you_mean(from_host, others)
    if there and not meant:
        return [
            Step(each.id, f"point it at {shown(each.target_url)}", do=lambda: None, done=lambda: True) for each in there
        ]
    rest = f", and {len(there)} point at {to_host!r} already" if there else ""
    raise InvalidInputError(
        f"No webhook of event store {client.event_store!r} points at {from_host!r}{rest}.",
        field="from_host",
        hint=meant or f"They point at {', '.join(sorted(others)) or 'nothing'}.",
    )


def _refuse_joining(hooks: Sequence[WebhookDefinition], from_host: str, to_host: str) -> None:
    """Refuse to join several ports of the old host, which are several receivers, into one port of the new host."""
    if not hooks or _port(f"//{to_host}") is None or _port(f"//{from_host}") is not None:
        return
    urls = [each.target_url for each in hooks]
    found = {_port(url) or _PORTS.get(urlsplit(url).scheme, 0) for url in urls}
    if len(found) > 1:
        ports = [str(port) for port in sorted(found)]
        raise InvalidInputError(
            f"The webhooks of {from_host!r} point at its ports {', '.join(ports[:-1])} and {ports[-1]}, and "
            f"{to_host!r} has one: all of them would be sent there.",
            field="to_host",
            hint="Name the port in from_host, one at a time; or none in to_host, so that each keeps its own.",
        )


def _would_be_dropped(client: Client, accepted: Collection[str]) -> InvalidInputError:
    return InvalidInputError(
        f"This kernel, {release_of(client)}, accepts a change of a target and forgets it ({UPDATES_DROPPED}), so that "
        "nothing would be moved.",
        field="replace",
        hint="Give replace=true, which removes each webhook and registers it again, at the position that it has. If "
        "you know that this does not concern your kernel, for example for its storage in memory, give "
        f"accept_defects={','.join([*accepted, UPDATES_DROPPED])}.",
    )


def _check_replaceable(
    client: Client,
    moving: Sequence[tuple[WebhookDefinition, WebhookDefinition]],
    kept: KeptDefinitions,
    accepted: Collection[str],
) -> None:
    refuse_waking(client, [before for before, _ in moving], field="replace")
    for before, wanted in moving:
        check_can_come_back(client, wanted, kept, before=before)
        refuse_interruption(client, wanted, accepted)


def _left_removed(client: Client, kept: KeptDefinitions, hooks: WebhookList, to_host: str) -> list[WebhookDefinition]:
    """The webhooks that an earlier run removed and did not register again.

    :raises InvalidInputError: they were to be registered at another host.
    """
    found = []
    for entry in kept.waiting():
        if entry.id in hooks.ids or not entry.moving:
            continue
        check_at_hand(client, entry, kept)
        wanted = entry.definition()
        if not _is_at(wanted.target_url, to_host):
            raise InvalidInputError(
                f"An earlier run removed {entry.id!r}, to register it at {shown(wanted.target_url)}, and ended there.",
                field="to_host",
                hint=f"Finish that first, with to_host={host_of(wanted.target_url)}. It waits in {kept.path}.",
            )
        found.append(wanted)
    return found


def _prepared(wanted: WebhookDefinition, *, test: bool, timeout: float) -> list[Step]:
    complete = partial(with_credentials, wanted)
    if test:
        return [answers(wanted, complete, timeout=timeout)]
    known = wanted.authorization.kind is AuthorizationKind.NONE
    return [] if known else [finds_credentials(wanted, complete)]


def _what(before: WebhookDefinition, wanted: WebhookDefinition) -> str:
    return f"point it at {shown(wanted.target_url)} instead of {shown(before.target_url)}"


def _changed(client: Client, before: WebhookDefinition, wanted: WebhookDefinition) -> Step:
    return Step(
        wanted.id,
        _what(before, wanted),
        do=lambda: client.webhooks.register(with_credentials(wanted)),
        done=lambda: client.webhooks.get(wanted.id).target_url == wanted.target_url,
        note=f"{needs(wanted)} {IN_USE_FOR_A_WHILE}".lstrip(),
    )


def _replaced(
    client: Client, before: WebhookDefinition, wanted: WebhookDefinition, kept: KeptDefinitions
) -> list[Step]:
    return [
        keeping(kept, wanted, moving=True),
        Step(
            wanted.id,
            f"remove it, and {_what(before, wanted)}".replace("point it", "register it pointed"),
            do=lambda: replace_by_kept(client, kept, wanted.id),
            done=lambda: (
                client.webhooks.all().find(wanted.id) is not None
                and client.webhooks.get(wanted.id).target_url == wanted.target_url
            ),
            note="It goes on from where it is. Where the kernel fails in between it is removed, and the next run "
            f"registers it from {kept.path.name}.",
        ),
    ]


def _again(client: Client, wanted: WebhookDefinition, kept: KeptDefinitions) -> Step:
    entry = kept.here()[wanted.id]
    return Step(
        wanted.id,
        f"register it at {shown(wanted.target_url)}: an earlier run removed it and came no further",
        do=lambda: replace_by_kept(client, kept, wanted.id),
        done=lambda: restored(client, entry),
        note=f"It needs {', '.join(entry.secrets)}." if entry.secrets else "",
    )
