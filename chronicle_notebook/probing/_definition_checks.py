"""Checks of what a kernel stores: the webhooks are registered, changed, removed and read back."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

from chronicle_notebook.base._errors import KernelFaultError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.model import AuthorizationKind, BasicAuthorization, BearerAuthorization
from chronicle_notebook.probing._bench import PROBE_STORE, Bench
from chronicle_notebook.probing._check import Check, found, unmeasured
from chronicle_notebook.probing._result import ProbeFinding

TOO_LONG = 300
"""The bytes of a secret on which a kernel fails, because its key encrypts at most 190."""


def _registrations(bench: Bench) -> Iterator[ProbeFinding]:
    """One wait for everything that a kernel may drop, because each takes as long as something that never comes."""
    sealed = replace(bench.hook("sealed"), authorization=BearerAuthorization(bench.token))
    idle, steady = replace(bench.hook("idle"), active=False), replace(bench.hook("steady"), replayable=False)
    bench.add_seen(sealed, idle, steady, bench.hook("update"), bench.hook("fixed"))
    changed = replace(bench.hook("update"), target_url=bench.url("elsewhere"))
    unplayable = replace(bench.hook("fixed"), replayable=False)
    marked, ghost = bench.hook("a#b"), bench.hook("ghost")
    bench.kernel.remove_webhooks(PROBE_STORE, [ghost.id])
    bench.add(changed, unplayable, marked, ghost)

    def all_took_effect() -> bool:
        listed = bench.listed()
        return (
            {marked.id, ghost.id} <= listed.keys()
            and listed[sealed.id].authorization.kind is not AuthorizationKind.NONE
            and listed[changed.id].target_url == changed.target_url
            and not listed[unplayable.id].replayable
        )

    bench.until(all_took_effect)
    listed = bench.listed()
    stored = listed[sealed.id].authorization.kind is not AuthorizationKind.NONE
    bench.updates_dropped = listed[changed.id].target_url != changed.target_url
    yield found(
        "authorization-dropped",
        not stored,
        "A webhook was registered with a bearer token, and is listed without authorization.",
        "A webhook that was registered with a bearer token is listed with it.",
    )
    yield found(
        "updates-dropped",
        bench.updates_dropped,
        "The URL of a webhook was changed, and the list has the old URL.",
        "The URL of a webhook was changed, and the list has the new URL.",
    )
    yield found(
        "inactive-lost",
        listed[idle.id].active,
        "A webhook was registered as inactive, and is listed as active.",
        "A webhook that was registered as inactive is listed so.",
    )
    yield found(
        "changes-ignored",
        listed[unplayable.id].replayable,
        "A webhook was registered again as not replayable, and is listed as replayable.",
        "A webhook that was registered again as not replayable is listed so.",
    )
    yield found(
        "hash-in-id",
        marked.id not in listed,
        "A webhook whose id has a number sign was accepted, and is not listed.",
        "A webhook whose id has a number sign is listed.",
    )
    yield found(
        "unknown-removal-blocks",
        ghost.id not in listed,
        "An unknown id was removed, and a webhook that was then registered under it is not listed.",
        "An unknown id was removed, and a webhook that was then registered under it is listed.",
    )
    yield found(
        "ciphertext-read-back",
        bench.kernel.lists_secret(PROBE_STORE, sealed.id),
        "The list of webhooks has a secret, encrypted.",
        "The list of webhooks has no secret.",
    )
    yield _replayable(bench)
    yield from _credentials(bench, stored=stored)


def _replayable(bench: Bench) -> ProbeFinding:
    key = "always-replayable"
    if not bench.until(lambda: bench.observer("steady")) or (observer := bench.observer("steady")) is None:
        return unmeasured(key, "The webhook that is not replayable has no observer.")
    return found(
        key,
        observer.replayable,
        "The observer of a webhook that is not replayable says that it can be replayed.",
        "The observer of a webhook that is not replayable says so.",
    )


def _credentials(bench: Bench, *, stored: bool) -> Iterator[ProbeFinding]:
    """What the kernel does when the credentials of a webhook are registered again, or are of another kind."""
    sealed = replace(bench.hook("sealed"), authorization=BearerAuthorization(bench.token))
    if stored:
        before = bench.system_events("sealed")
        bench.add(sealed)
        yield found(
            "secrets-look-changed",
            bench.until(lambda: bench.system_events("sealed") > before),
            "The same credentials were registered again, and the kernel noted a change of them.",
            "The same credentials were registered again, and the kernel noted no change.",
        )
    else:
        yield unmeasured("secrets-look-changed", "This kernel stores no credentials: see authorization-dropped.")
    other = replace(bench.hook("other-kind"), authorization=BearerAuthorization(bench.token))
    bench.add_seen(other)
    if stored:
        bench.until(lambda: bench.listed()[other.id].authorization.kind is not AuthorizationKind.NONE)
    try:
        bench.add(replace(other, authorization=BasicAuthorization("probe", bench.token)))
        failed = False
    except KernelFaultError:
        failed = True
    yield found(
        "authorization-change-fails",
        failed,
        "The kernel failed when a webhook got another kind of authorization.",
        "The kernel accepted another kind of authorization for a webhook.",
    )


def _lists(bench: Bench) -> Iterator[ProbeFinding]:
    """A list whose second webhook has a secret that no kernel can encrypt."""
    bad = replace(bench.hook("bad"), authorization=BearerAuthorization(Secret(secrets.token_hex(TOO_LONG // 2))))
    first, last = bench.hook("first"), bench.hook("last")
    try:
        bench.add(first, bad, last)
    except KernelFaultError:
        made = bench.until(lambda: first.id in bench.listed())
        there = bench.listed()
        yield found(
            "list-made-in-part",
            made and last.id not in there,
            "The kernel failed on the second of three webhooks, made the first one, and did not make the third one.",
            "The kernel failed on the second of three webhooks, and treated the other two alike.",
        )
    else:
        yield unmeasured("list-made-in-part", "The kernel accepted a webhook on which it was to fail.")


def _one(bench: Bench) -> Iterator[ProbeFinding]:
    """The call for one webhook."""
    hook = bench.hook("flat")
    bench.note(hook.id)
    answer = bench.kernel.adds_one(PROBE_STORE, hook)
    yield found(
        "flat-add-broken",
        answer is False,
        "The kernel failed on the call for one webhook.",
        "The kernel has no call for one webhook."
        if answer is None
        else "The kernel accepted the call for one webhook.",
    )


DEFINITIONS = (
    Check(
        "register and change webhooks",
        (
            "authorization-dropped",
            "updates-dropped",
            "inactive-lost",
            "changes-ignored",
            "hash-in-id",
            "unknown-removal-blocks",
            "always-replayable",
            "ciphertext-read-back",
            "secrets-look-changed",
            "authorization-change-fails",
        ),
        _registrations,
    ),
    Check("register a list on which the kernel fails", ("list-made-in-part",), _lists),
    Check("use the call for one webhook", ("flat-add-broken",), _one),
)
"""The checks that need no delivery."""
