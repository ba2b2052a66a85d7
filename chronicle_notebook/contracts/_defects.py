"""The known bugs of kernels by version: what happens, and what this package does about it.

The facts come from Chronicle's source at 16.37 and from clients that cite its issues. If it is not known which release
fixes a bug, every kernel is assumed to have it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chronicle_notebook.base._public import public
from chronicle_notebook.model import ServerVersion


@public
@dataclass(frozen=True, slots=True)
class KnownDefect:
    """One bug of some kernel versions."""

    key: str
    """A short name, for example ``authorization-dropped``."""
    what: str
    """What happens, as a sentence."""
    versions: str
    """The kernel versions, as text for people."""
    remedy: str
    """What this package does about the bug, or what the user can do."""
    source: str
    """The source of this knowledge."""
    fixed_in: tuple[int, int, int] | None = None
    """The first release without the bug; None if it is not known."""
    generation: str | None = None
    """The wire generation that has the bug; None means both."""

    def affects(self, version: ServerVersion, generation: str) -> bool:
        """Whether a kernel has the bug, as far as is known."""
        if self.generation not in {None, generation}:
            return False
        if self.fixed_in is None:
            return True
        known = release_of(version.version)
        return known is None or known < self.fixed_in


_ISSUE = "Cratis/Chronicle#{}".format

DEFECTS = (
    KnownDefect(
        "authorization-dropped",
        "Credentials of a webhook are accepted, and not stored outside the event store System, which up to 16.37 takes "
        "no webhooks: deliveries carry no Authorization header.",
        "before 19.32.3; not with in-memory storage",
        "Each registration is read back, and an authorization that is not there is reported.",
        _ISSUE(4567),
        fixed_in=(19, 32, 3),
    ),
    KnownDefect(
        "updates-dropped",
        "A change of URL, headers, event types or authorization of an existing webhook is accepted, and not stored "
        "outside the event store System, which up to 16.37 takes no webhooks.",
        "before 19.32.3; not with in-memory storage",
        "Each registration is read back, and a field that did not change is reported. webhooks.replace() removes the "
        "webhook and registers it again.",
        _ISSUE(4567),
        fixed_in=(19, 32, 3),
    ),
    KnownDefect(
        "inactive-lost",
        "A webhook that is not active is listed as active, and may start to deliver after a restart of the kernel.",
        "all known, up to 19.32.3 at least; not with in-memory storage",
        "Each registration is read back, and the flag is reported. Remove a webhook that must not deliver.",
        f"{_ISSUE(4394)}, {_ISSUE(4581)}",
    ),
    KnownDefect(
        "changes-ignored",
        "A change of active, replayable or the event sequence of an existing webhook is ignored, and so is taking its "
        "authorization away.",
        "all known",
        "The outcome names each such field. webhooks.replace() removes the webhook and registers it again.",
        "K/Core/Services/Observation/Webhooks/Webhooks.cs",
    ),
    KnownDefect(
        "secrets-look-changed",
        "Credentials that are registered again look changed even if they are the same, so a replay may be recommended "
        "or started.",
        "all known",
        "A webhook without credentials is not sent again when nothing changed; of others the outcome says so.",
        "K/Core/Security/Encryption.cs",
    ),
    KnownDefect(
        "store-created",
        "A call that names an unknown event store creates it.",
        "all known",
        "The list of event stores is looked at first.",
        "K/Storage.MongoDB/Storage.cs",
    ),
    KnownDefect(
        "status-not-checked",
        "Any HTTP answer counts as delivered, 404 and 500 too, and the events are not sent again.",
        "up to 16.37 for certain, fixed by 19.30",
        "Look at the target's own log: the kernel's progress does not prove a delivery.",
        "K/Core/Observation/Webhooks/WebhookMediator.cs",
        fixed_in=(19, 30, 0),
    ),
    KnownDefect(
        "ciphertext-sent",
        "Deliveries with basic or bearer authorization carry the encrypted secret instead of the secret.",
        "up to 16.37, with in-memory storage, as others store no authorization; later kernels were not looked at",
        "Watch a delivery to be sure.",
        "K/Core/Observation/Webhooks/WebhookHttpClientFactory.cs",
        generation="classic",
    ),
    KnownDefect(
        "ciphertext-read-back",
        "The list of webhooks holds their secrets, encrypted.",
        "up to 16.37, with in-memory storage, as others store no authorization",
        "They are never shown, compared or sent again.",
        "K/Core/Services/Observation/Webhooks/WebhookDefinitionConverters.cs",
        generation="classic",
    ),
    KnownDefect(
        "test-passes-on-any-status",
        "The kernel's own test of a target passes on any HTTP answer, 500 too, and sends the secret unencrypted where "
        "a delivery would not.",
        "up to 16.37; later kernels have no such test",
        "webhooks.test() sends the request from here and looks at the status.",
        "K/Core/Observation/Webhooks/WebhookMediator.cs",
        generation="classic",
    ),
    KnownDefect(
        "authorization-change-fails",
        "Giving an existing webhook its first authorization is ignored when nothing else changes, and changing its "
        "kind makes the call fail.",
        "up to 16.37, with in-memory storage, as others store no authorization",
        "The outcome reports it. webhooks.replace() removes the webhook and registers it again.",
        "I/Changes/ObjectComparer.cs",
        generation="classic",
    ),
    KnownDefect(
        "always-replayable",
        "A webhook that is not replayable is replayed all the same.",
        "up to 16.37; later kernels were not looked at",
        "Let the target expect events again.",
        "K/Core/Observation/Webhooks/Webhooks.cs",
        generation="classic",
    ),
)
"""Every known defect that concerns webhooks."""

_RELEASE = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")


_DOCUMENTED = frozenset({"changes-ignored", "secrets-look-changed", "store-created"})
"""The behaviour of a kernel that works as documented."""


def known_defects(version: ServerVersion, generation: str) -> tuple[KnownDefect, ...]:
    """The known bugs of a kernel."""
    if version.is_sandbox:  # the version says nothing about the bugs of releases
        return tuple(defect for defect in DEFECTS if defect.key in _DOCUMENTED)
    return tuple(defect for defect in DEFECTS if defect.affects(version, generation))


def release_of(text: str) -> tuple[int, int, int] | None:
    """The release of a version; None if the version cannot be read.

    A development build counts as its release. Any other pre-release counts as the release before it, because it may
    lack the fix.
    """
    found = _RELEASE.fullmatch(text.strip())
    if found is None:
        return None
    major, minor, patch = int(found[1]), int(found[2]), int(found[3])
    if found[4] in {None, "development"}:
        return major, minor, patch
    return major, minor, patch - 1
