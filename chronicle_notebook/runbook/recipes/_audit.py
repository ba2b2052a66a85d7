"""What is wrong, risky or unusual about the webhooks of an event store, with a grade. Nothing is changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from urllib.parse import urlsplit

from chronicle_notebook.base._errors import did_you_mean
from chronicle_notebook.base._public import public_in
from chronicle_notebook.base._text import count
from chronicle_notebook.base._url import is_local, shown
from chronicle_notebook.definition.rules._header import header_caution
from chronicle_notebook.definition.rules._url import target_url_caution
from chronicle_notebook.display._listing import Column, Listing
from chronicle_notebook.model import (
    AuthorizationKind,
    ObserverState,
    RunningState,
    WebhookDefinition,
)
from chronicle_notebook.pausing._sleepers import asleep
from chronicle_notebook.registration._losses import (
    CIPHERTEXT_SENT,
    STATUS_NOT_CHECKED,
    basis_of,
    counts_any_answer,
)
from chronicle_notebook.session._client import Client
from chronicle_notebook.triage._condition import Condition, Severity, age
from chronicle_notebook.triage._triage import Triage

ALL = "(all)"
"""Replaces the id of a webhook if a finding is about the kernel, and so about every webhook."""
SEVERAL = "(several)"
"""Replaces the id of a webhook if a finding names several webhooks."""


@public_in("runbook")
@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about one webhook."""

    grade: Severity
    rule: str
    """A short name that does not change, for example ``plain-http``."""
    webhook: str
    what: str
    remedy: str

    def facts(self) -> dict[str, str]:
        """The finding for the outcome."""
        return {
            "grade": self.grade.value,
            "rule": self.rule,
            "webhook": self.webhook,
            "what": self.what,
            "remedy": self.remedy,
        }


_COLUMNS = (
    Column[Finding]("grade", "Grade", lambda each: each.grade.value, "category"),
    Column[Finding]("rule", "Rule", lambda each: each.rule),
    Column[Finding]("webhook", "Webhook", lambda each: each.webhook),
    Column[Finding]("what", "What", lambda each: each.what),
    Column[Finding]("remedy", "What to do", lambda each: each.remedy),
)


def audit(client: Client, *, largest_lag: int = 100) -> Listing[Finding]:
    """Check every webhook of the event store, in all namespaces.

    :param largest_lag: a larger lag of an observer is a finding.
    """
    hooks = list(client.webhooks.all())
    known = {each.id for each in client.event_types()}
    sequences = {each.id for space in client.namespaces() for each in client.at(namespace=space).event_sequences()}
    triage = client.triage()
    observers = client.observers()
    sleeping = asleep(hooks, observers)
    delivering = {hook.id for hook in hooks if hook.active} - sleeping
    found = [
        *(finding for hook in hooks for finding in _definition(hook, known, sequences)),
        *_inactive(hooks),
        *_targets(hooks, delivering),
        *_failing(triage),
        *_deliveries(hooks, observers, largest_lag),
        *_unobserved(sleeping, {each.id for each in observers}),
        *_kernel(client, [hook for hook in hooks if hook.id in delivering]),
    ]
    order = list(Severity)
    found.sort(key=lambda each: (order.index(each.grade), each.webhook, each.rule))
    counts = Counter(each.grade for each in found)
    told = ", ".join(f"{counts[grade]} {grade.value}" for grade in Severity if counts[grade]) or "none"
    return Listing(
        found,
        _COLUMNS,
        caption=f"Findings in {len(hooks)} webhooks of event store {client.event_store!r}: {told}",
        empty="No findings.",
        origin=client.origin,
    )


def too_bad(findings: Sequence[Finding], fail_on: str) -> str:
    """Why these findings are not acceptable; empty if they are.

    :param fail_on: the lowest grade that is not acceptable, or ``nothing``.
    """
    order = [grade.value for grade in Severity]
    if fail_on not in order:
        return ""
    counted = sum(order.index(each.grade.value) <= order.index(fail_on) for each in findings)
    return f"{counted} of grade {fail_on} or worse." if counted else ""


# -- what a definition tells ---------------------------------------------------------------------------------------


def _definition(hook: WebhookDefinition, known: Collection[str], sequences: Collection[str]) -> Iterator[Finding]:
    yield from _confidential(hook)
    yield from _event_types(hook, known)
    if hook.event_sequence_id not in sequences:
        what = f"No namespace has a sequence {hook.event_sequence_id!r}, so it never receives an event."
        hint = did_you_mean(hook.event_sequence_id, sequences) or "Check the id of the sequence."
        yield Finding(Severity.HIGH, "unknown-sequence", hook.id, what, hint)


def _inactive(hooks: Sequence[WebhookDefinition]) -> Iterator[Finding]:
    """One finding, however many are inactive: there is one thing to know about all of them."""
    ids = [hook.id for hook in hooks if not hook.active]
    doubt = "nothing is delivered, and kernels to 19.32 may lose the flag at a restart."
    if len(ids) == 1:
        yield Finding(Severity.LOW, "inactive", ids[0], f"It is inactive: {doubt}", "Remove it if it is not needed.")
    elif ids:
        what = f"{len(ids)} webhooks are inactive: {', '.join(ids)}. For them {doubt}"
        yield Finding(Severity.LOW, "inactive", SEVERAL, what, "Remove those that are not needed.")


def _confidential(hook: WebhookDefinition) -> Iterator[Finding]:
    parts = urlsplit(hook.target_url)
    local = is_local(parts.hostname or "")
    if parts.scheme == "http" and not local:
        what = f"Events and credentials go to {parts.hostname} in clear."
        yield Finding(Severity.HIGH, "plain-http", hook.id, what, "Use https.")
    credential = "@" in parts.netloc
    if credential:
        what = "Its target URL contains credentials, which kernels store and list in clear."
        yield Finding(Severity.HIGH, "credential-url", hook.id, what, "Use an authorization instead, and change them.")
    in_query = target_url_caution(hook.target_url)
    if in_query is not None:
        credential = True
        yield Finding(Severity.HIGH, "credential-query", hook.id, in_query.message, in_query.hint)
    for name, value in hook.headers.items():
        caution = header_caution(name, value)
        if caution is not None:
            credential = True
            yield Finding(Severity.HIGH, "credential-header", hook.id, caution.message, caution.hint)
    if hook.authorization.kind is AuthorizationKind.NONE and not credential and not local:
        what = "Deliveries do not prove where they come from; anybody could send to the target."
        yield Finding(Severity.LOW, "no-authorization", hook.id, what, "Add an authorization if the target is public.")


def _event_types(hook: WebhookDefinition, known: Collection[str]) -> Iterator[Finding]:
    unknown = [kind.id for kind in hook.event_types if kind.id not in known]
    if not hook.event_types:
        what = "It has no event types, so it never receives an event."
        yield Finding(Severity.HIGH, "never-fires", hook.id, what, "Name event types, or remove it.")
    elif len(unknown) == len(hook.event_types):
        what = f"The event store has none of its event types ({', '.join(unknown)}), so it never receives an event."
        yield Finding(Severity.HIGH, "never-fires", hook.id, what, did_you_mean(unknown[0], known) or "Check the ids.")
    elif unknown:
        what = f"The event store has no event type {', '.join(map(repr, unknown))}."
        hint = did_you_mean(unknown[0], known) or "Check the ids."
        yield Finding(Severity.MEDIUM, "unknown-event-type", hook.id, what, hint)


# -- what they have in common --------------------------------------------------------------------------------------


def _targets(hooks: Sequence[WebhookDefinition], delivering: Collection[str]) -> Iterator[Finding]:
    by_target: dict[str, list[WebhookDefinition]] = defaultdict(list)
    for hook in hooks:
        by_target[hook.target_url].append(hook)
    for url, sharing in by_target.items():
        for position, hook in enumerate(sharing[1:], start=1):
            yield _sharing(hook, sharing[:position], url, delivering)


def _sharing(
    hook: WebhookDefinition, earlier: Sequence[WebhookDefinition], url: str, delivering: Collection[str]
) -> Finding:
    """A duplicate if both webhooks deliver. If one does not, nothing arrives twice."""
    mine = {kind.id for kind in hook.event_types}
    for other in [each for each in earlier if {each.id, hook.id} <= set(delivering)]:
        common = mine & {kind.id for kind in other.event_types}
        if common and other.event_sequence_id == hook.event_sequence_id:
            what = f"{shown(url)} gets {', '.join(sorted(common))} from {other.id!r} too, so each event arrives twice."
            return Finding(Severity.MEDIUM, "duplicate", hook.id, what, "Remove one of the two.")
    others = ", ".join(repr(each.id) for each in earlier)
    what = f"{shown(url)} is the target of {others} too."
    return Finding(Severity.LOW, "shared-target", hook.id, what, "Join them if they belong to one consumer.")


# -- how deliveries go ---------------------------------------------------------------------------------------------


def _failing(triage: Triage) -> Iterator[Finding]:
    now = triage.origin.read_at
    for row in triage:
        if row.failed and row.definition is not None:
            causes = "; ".join(group.told(now) for group in row.groups)
            what = f"{count(len(row.failed), 'partition')} failing. {causes}."
            named = quote(f"webhook={row.webhook}")
            remedy = f"chronicle-notebook run recover-webhook -p {named} shows why, and repairs it."
            yield Finding(Severity.HIGH, "failing", row.webhook, what, remedy)
        elif row.failed and row.condition != Condition.PAUSED:
            what = f"{count(len(row.failed), 'partition')} failing, though no such webhook is registered."
            yield Finding(Severity.LOW, "left-behind", row.webhook, what, row.next_step)
        elif row.condition == Condition.STALLED:
            what = f"An event of its types has waited{age(row.since, now)}, and no partition fails."
            yield Finding(Severity.MEDIUM, "stalled", row.webhook, what, row.next_step)


def _deliveries(
    hooks: Sequence[WebhookDefinition],
    observers: Sequence[ObserverState],
    largest_lag: int,
) -> Iterator[Finding]:
    active = {hook.id for hook in hooks if hook.active}
    for each in observers:
        if each.id not in active:
            continue
        if each.running_state in {RunningState.QUARANTINED, RunningState.SUSPENDED, RunningState.DISCONNECTED}:
            what = f"Its observer in namespace {each.namespace!r} is {each.running_state.value}."
            yield Finding(Severity.HIGH, "not-running", each.id, what, "Look at its failed partitions.")
        if each.lag > largest_lag:
            what = f"In namespace {each.namespace!r} up to {each.lag:,} events wait."
            yield Finding(Severity.MEDIUM, "lag", each.id, what, "Check whether the target is slow.")


def _unobserved(sleeping: Collection[str], observed: Collection[str]) -> Iterator[Finding]:
    for webhook in sorted(set(sleeping) - set(observed)):
        what = (
            "It is listed as active and has no observer, so nothing is delivered: most likely it was registered as "
            "inactive. A restart of the kernel may start it, with its whole history."
        )
        yield Finding(Severity.MEDIUM, "no-observer", webhook, what, "Remove it if it must not deliver.")


def _kernel(client: Client, delivering: Sequence[WebhookDefinition]) -> Iterator[Finding]:
    """The known bugs of this kernel that concern deliveries, because with them everything may look well."""
    if delivering and counts_any_answer(client):
        basis = basis_of(client, STATUS_NOT_CHECKED)
        what = (
            f"This kernel counts every answer as delivered ({basis}): no failure does not prove that anything arrived."
        )
        yield Finding(Severity.MEDIUM, STATUS_NOT_CHECKED, ALL, what, "Look at the targets' own logs.")
    if basis := basis_of(client, CIPHERTEXT_SENT):
        for hook in delivering:
            if hook.authorization.kind in {AuthorizationKind.BASIC, AuthorizationKind.BEARER}:
                what = f"This kernel sends its encrypted secret instead of the secret ({basis}): the target refuses it."
                yield Finding(Severity.HIGH, CIPHERTEXT_SENT, hook.id, what, "Use OAuth or a newer kernel.")
