"""A comparison of two environments: the webhooks that only one of them has, and the fields that differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import another, shown
from chronicle_notebook.desired._mapping import Allowance, check_hosts, moved
from chronicle_notebook.desired._plan import StatePlan
from chronicle_notebook.desired._state import DesiredState
from chronicle_notebook.display._listing import Column, Listing
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.registration._differences import FIELDS, differing
from chronicle_notebook.session._client import Client


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one webhook that differs, or a webhook that one side does not have (then ``field`` is empty)."""

    webhook: str
    field: str
    left: str
    right: str

    def facts(self) -> dict[str, str]:
        """The finding for the outcome."""
        return {"webhook": self.webhook, "field": self.field, "left": self.left, "right": self.right}


OTHER = "other side"
"""The name of the client of the other environment."""

_COLUMNS = (
    Column[Difference]("webhook", "Webhook", lambda each: each.webhook),
    Column[Difference]("field", "Field", lambda each: each.field or "registered"),
    Column[Difference]("left", "Left", lambda each: each.left),
    Column[Difference]("right", "Right", lambda each: each.right),
)


def other_side(
    client: Client,
    *,
    profile: str | None = None,
    connection: Secret | None = None,
    event_store: str | None = None,
) -> Client:
    """A client of the environment to compare with: the one of a profile or a connection string, else the same kernel.

    ``client`` is the current client afterwards, so that later calls do not go to the other environment.

    :param connection: a reference to the connection string, which may contain a secret.
    :param event_store: by default the event store of the profile, else the one of ``client``.
    :raises InvalidInputError: the arguments lead to the same event store as ``client``.
    """
    from chronicle_notebook.session._connect import clients, connect, use

    store = event_store or client.event_store
    if profile is not None:
        other = connect(profile=profile, event_store=event_store, name=OTHER)
    elif connection is not None:
        other = connect(connection.reveal(), event_store=store, name=OTHER)
    else:
        other = client.at(event_store=store)
    if client.name in clients():  # connecting makes a client the current one, even if it is only used for reading
        use(client.name)
    if _is_same(client, other) and (profile, connection, event_store) != (None, None, None):
        raise InvalidInputError(
            f"Event store {client.event_store!r} on {client.server} is on both sides.",
            field="other_profile" if profile is not None else "other_connection" if connection else "other_event_store",
            hint="Name another environment, or another event store, for one of them.",
        )
    return other


def _is_same(left: Client, right: Client) -> bool:
    """Whether both clients use the same event store under the same address."""
    return (left.server, left.event_store) == (right.server, right.event_store)


def compared(left: Client, right: Client, differences: Sequence[Difference]) -> str:
    """The result of a comparison, in a sentence."""
    itself = ", because the event store was compared with itself" if _is_same(left, right) else ""
    return f"{len(differences)} difference{'' if len(differences) == 1 else 's'}{itself}."


def mismatch(left: Client, right: Client, differences: Sequence[Difference]) -> str:
    """Why two event stores do not match; empty if they do.

    An event store is not compared with itself: it always matches, and a reader would take this for good news.
    """
    if _is_same(left, right):
        return "This proves nothing."
    return "They should be the same." if differences else ""


def compare(
    left: Client,
    right: Client,
    *,
    ignore: Collection[str] = (),
    ignore_headers: Collection[str] = (),
    hosts: Collection[str] = (),
) -> Listing[Difference]:
    """How the webhooks of two event stores differ. Nothing is changed.

    The values of headers are compared, but only their names are shown. Of credentials only the kind can be compared.

    :param ignore: fields that may differ, for example ``target_url``.
    :param ignore_headers: names of headers that may differ, for example ``x-env``.
    :param hosts: which host on the right stands for one on the left, each ``left=right``; ``*.domain`` for all below.
    :raises InvalidInputError: there is no such field, or a host is not one.
    """
    allowed = Allowance.of(ignore, ignore_headers)
    mapping = mapped_hosts(hosts)
    here = {each.id: moved(each, mapping) for each in left.webhooks.all()}
    there = {each.id: each for each in right.webhooks.all()}
    found = [
        difference
        for webhook in sorted(here.keys() | there.keys())
        for difference in _differences(webhook, here.get(webhook), there.get(webhook), allowed)
    ]
    return Listing(
        found,
        _COLUMNS,
        caption=f"{len(found)} difference{'' if len(found) == 1 else 's'} in {len({*here, *there})} webhooks"
        f"{', of an event store and itself' if _is_same(left, right) else ''}",
        empty="They are the same, as far as kernels report.",
        foot=f"Left: {left.event_store!r} on {left.server}. Right: {right.event_store!r} on {right.server}.",
    )


def promotion(
    left: Client,
    right: Client,
    *,
    ignore: Collection[str] = (),
    ignore_headers: Collection[str] = (),
    hosts: Collection[str] = (),
) -> StatePlan:
    """What would make the right side like the left one, for example production like staging. Nothing is sent.

    ``apply()`` of the plan carries it out. It keeps the webhooks that only the right side has.

    :param ignore: fields that stay as they are on the right.
    :param ignore_headers: names of headers that stay as they are on the right. A new webhook does not get them.
    :param hosts: the host on the right for each one on the left, each ``left=right``.
    :raises UnknownEventTypeError: the right side does not have an event type.
    """
    state = DesiredState.of(left).mapped(mapped_hosts(hosts), event_store=right.event_store)
    return state.plan(right, ignore=ignore, ignore_headers=ignore_headers)


def mapped_hosts(pairs: Collection[str]) -> dict[str, str]:
    """The mapping of hosts from texts ``left=right``.

    :raises InvalidInputError: a text is not such a pair, or a host is not one.
    """
    found: dict[str, str] = {}
    for each in pairs:
        old, _, new = each.partition("=")
        if not old or not new or old in found:
            raise InvalidInputError(
                "Hosts are mapped by left=right, each left one once.",
                field="hosts",
                hint='Write ["hooks.staging.example.com=hooks.example.com"].',
            )
        found[old] = new
    check_hosts(found)
    return found


def _differences(
    webhook: str, left: WebhookDefinition | None, right: WebhookDefinition | None, allowed: Allowance
) -> list[Difference]:
    if left is None or right is None:
        return [Difference(webhook, "", "no" if left is None else "yes", "no" if right is None else "yes")]
    names = differing(allowed.applied(left, right), right)
    shows = {field.name: field.show for field in FIELDS}
    shows["target_url"] = lambda definition: shown(definition.target_url)
    return [
        Difference(webhook, name, shows[name](left), another(shows[name](left), shows[name](right))) for name in names
    ]
