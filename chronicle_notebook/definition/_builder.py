"""``DefinitionBuilder``: builds a definition step by step; each step is a new value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from inspect import iscoroutine
from typing import Any

from chronicle_notebook.base._errors import InvalidDefinitionError, InvalidInputError
from chronicle_notebook.base._public import public
from chronicle_notebook.base._secrets import MASK, Secret, secret
from chronicle_notebook.definition.rules._check import check
from chronicle_notebook.definition.rules._header import check_header_name, check_twice
from chronicle_notebook.definition.rules._problem import Problem
from chronicle_notebook.events._declared_event_type import event_type_of, is_event_type
from chronicle_notebook.model import (
    EVENT_LOG,
    NO_AUTHORIZATION,
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    NoAuthorization,
    OAuthAuthorization,
    WebhookAuthorization,
    WebhookDefinition,
)


@public
@dataclass(frozen=True, slots=True, repr=False)
class DefinitionBuilder:
    """Builds the definition of a webhook. Each method returns a new builder and does not change this one.

    >>> DefinitionBuilder().with_event_type("AccountOpened").with_header("x-source", "my-app")
    DefinitionBuilder(event_types=[AccountOpened], headers=['x-source'])

    By default a webhook observes ``event-log``, is active and replayable, and has no authorization.
    """

    _event_types: tuple[EventType, ...] = ()
    _event_type_classes: tuple[type, ...] = ()
    _authorization: WebhookAuthorization = NO_AUTHORIZATION
    _headers: tuple[tuple[str, str | Secret], ...] = ()
    _event_sequence_id: str = EVENT_LOG
    _replayable: bool = True
    _active: bool = True

    @property
    def event_types(self) -> tuple[EventType, ...]:
        """The event types so far, in order."""
        return self._event_types

    @property
    def authorization(self) -> WebhookAuthorization:
        """The authorization so far."""
        return self._authorization

    @property
    def event_type_classes(self) -> tuple[type, ...]:
        """The classes that were given to :meth:`with_event_type`. A kernel may not have their schemas yet."""
        return self._event_type_classes

    def on_event_sequence(self, id: str) -> DefinitionBuilder:  # noqa: A002 - the settled name
        """Observe a sequence other than ``event-log``."""
        return replace(self, _event_sequence_id=id)

    def with_authorization(self, authorization: WebhookAuthorization) -> DefinitionBuilder:
        """Deliver with these credentials, for example ``BearerAuthorization(token)``. If several are given, the last
        one counts."""
        return replace(self, _authorization=authorization)

    def with_basic_auth(self, username: str, password: Secret | str) -> DefinitionBuilder:
        """Deliver with a user name and a password. If several authorizations are given, the last one counts."""
        return self.with_authorization(BasicAuthorization(username, secret(password, field="password")))

    def with_bearer_token(self, token: Secret | str) -> DefinitionBuilder:
        """Deliver with a fixed bearer token. If several authorizations are given, the last one counts."""
        return self.with_authorization(BearerAuthorization(secret(token, field="token")))

    def with_oauth(self, authority: str, client_id: str, client_secret: Secret | str) -> DefinitionBuilder:
        """Deliver with a token that the kernel fetches from ``authority``. If several authorizations are given, the
        last one counts.

        :param authority: an absolute http or https URL. Below this URL the kernel asks for
            ``/.well-known/openid-configuration``.
        """
        return self.with_authorization(
            OAuthAuthorization(authority, client_id, secret(client_secret, field="client_secret"))
        )

    def with_header(self, name: str, value: str | Secret) -> DefinitionBuilder:
        """Send a header with each delivery. If the same name is given again, the new value replaces the old one.

        A :class:`~chronicle_notebook.Secret` keeps the value out of the notebook; kernels store and list it in clear.

        :raises InvalidDefinitionError: the name differs from an earlier one only in upper and lower case.
        """
        if not isinstance(name, str):
            raise _raised(check_header_name(name)[0])
        for earlier, _ in self._headers:
            for problem in check_twice(earlier, name):
                raise _raised(problem)
        return replace(self, _headers=tuple((dict(self._headers) | {name: value}).items()))

    def with_headers(self, headers: Mapping[str, str | Secret]) -> DefinitionBuilder:
        """Send several headers with each delivery; see :meth:`with_header`."""
        if not isinstance(headers, Mapping):
            raise InvalidDefinitionError(
                f"headers must be a mapping of names to values, not {type(headers).__name__}.",
                field="headers",
                hint='Write, for example, {"x-source": "my-app"}.',
            )
        builder = self
        for name, value in headers.items():
            builder = builder.with_header(name, value)
        return builder

    def with_event_type(self, event_type: str | EventType | type, generation: int | None = None) -> DefinitionBuilder:
        """Deliver events of this type. A repeated event type is kept once, in its first place.

        :param event_type: an id such as ``"AccountOpened"`` or ``"AccountOpened+2"``, an event type, or a class with
            ``@event_type``.
        :param generation: the generation for an id without one; by default 1.
        :raises InvalidDefinitionError: the argument is anything else, or the two generations differ.
        """
        found = _told_generation(_event_type(event_type), event_type, generation)
        named = any(known.id == found.id and known.generation == found.generation for known in self._event_types)
        types = self._event_types if named else (*self._event_types, found)
        classes = self._event_type_classes
        if isinstance(event_type, type) and event_type not in classes:
            classes = (*classes, event_type)
        return replace(self, _event_types=types, _event_type_classes=classes)

    def with_event_types(self, *event_types: str | EventType | type) -> DefinitionBuilder:
        """Deliver events of these types; see :meth:`with_event_type`."""
        builder = self
        for event_type in event_types:
            builder = builder.with_event_type(event_type)
        return builder

    def not_replayable(self) -> DefinitionBuilder:
        """Register the webhook so that its events are never sent again from the start."""
        return replace(self, _replayable=False)

    def not_active(self) -> DefinitionBuilder:
        """Register the webhook as inactive, so that nothing is sent."""
        return replace(self, _active=False)

    def build(
        self,
        id: str,  # noqa: A002 - the settled name
        target_url: str,
        *,
        known_event_types: Collection[str] | None = None,
    ) -> WebhookDefinition:
        """The definition, after a check.

        :param id: the id of the webhook.
        :param target_url: the URL to which the kernel POSTs the events: an absolute http or https URL.
        :param known_event_types: the ids of the event store's event types; without them, every event type is accepted.
        :raises UnknownEventTypeError: an event type is not one of the known ones.
        :raises InvalidDefinitionError: another field cannot work; ``field`` names it.
        """
        definition = WebhookDefinition(
            id=id,
            target_url=target_url,
            event_types=self._event_types,
            authorization=self._authorization,
            headers=dict(self._headers),
            event_sequence_id=self._event_sequence_id,
            replayable=self._replayable,
            active=self._active,
        )
        check(definition, known_event_types=known_event_types)
        return definition

    def __repr__(self) -> str:
        parts: list[str] = []
        if self._event_types:
            parts.append(f"event_types=[{', '.join(map(str, self._event_types))}]")
        if not isinstance(self._authorization, NoAuthorization):
            parts.append(f"authorization={self._authorization.kind} {MASK}")
        if self._headers:
            # A text that is not a header name may be a value in the wrong place.
            names = ", ".join(MASK if check_header_name(name) else repr(name) for name, _ in self._headers)
            parts.append(f"headers=[{names}]")
        if self._event_sequence_id != EVENT_LOG:
            parts.append(f"event_sequence_id={self._event_sequence_id!r}")
        parts += [f"{name}=False" for name in ("replayable", "active") if not getattr(self, f"_{name}")]
        return f"DefinitionBuilder({', '.join(parts)})"


def _raised(problem: Problem) -> InvalidDefinitionError:
    return problem.error(problem.message, field=problem.field, hint=problem.hint)


def _event_type(given: object) -> EventType:
    if isinstance(given, EventType):
        return given
    if isinstance(given, str):
        try:
            return EventType.parse(given)
        except ValueError:  # more digits than a generation has
            return EventType(given)
    if is_event_type(given):
        return event_type_of(given)
    what = f"the class {given.__qualname__}" if isinstance(given, type) else type(given).__name__
    raise InvalidDefinitionError(
        f"An event type must be an id, an EventType or a class with @cn.event_type, not {what}.",
        field="event_types",
        hint="Put @cn.event_type above the class."
        if isinstance(given, type)
        else 'Write, for example, "AccountOpened".',
    )


def _told_generation(found: EventType, given: object, generation: Any) -> EventType:
    if generation is None or generation == found.generation:
        return found
    if not isinstance(generation, int):
        kind = type(generation).__name__
        message = f"The generation of an event type is a whole number, not {kind}."
        raise InvalidDefinitionError(message, field="event_types", hint="Write, for example, generation=2.")
    if isinstance(given, str) and found.id == given:
        return replace(found, generation=generation)
    raise InvalidDefinitionError(
        f"The event type {str(found)!r} has generation {found.generation}, but generation={generation!r} was given.",
        field="event_types",
        hint="Give the generation only once.",
    )


def configured(
    configure: Callable[[DefinitionBuilder], Any] | None, builder: DefinitionBuilder | None = None
) -> DefinitionBuilder:
    """The builder that a configure function such as ``lambda b: b.with_event_type("AccountOpened")`` returns.

    :param configure: a function that takes a builder and returns one; None returns the builder unchanged.
    :param builder: the argument of the function; by default an empty builder.
    :raises InvalidInputError: the argument is not a function, or the function returns something else. The usual reason
        is a missing ``return``.
    """
    start = DefinitionBuilder() if builder is None else builder
    if configure is None:
        return start
    if not callable(configure):
        raise InvalidInputError(
            f"The third argument is a function that takes a builder, not {type(configure).__name__}.",
            field="configure",
            hint='Write, for example, lambda b: b.with_event_type("AccountOpened").',
        )
    return returned_builder(configure(start), by="The configure function", field="configure")


def returned_builder(result: object, *, by: str, field: str) -> DefinitionBuilder:
    """The result of a function, if it is a builder.

    :param by: the owner of the function, as the beginning of a sentence.
    :raises InvalidInputError: the result is not a builder. Then no setting of the function would have any effect.
    """
    if isinstance(result, DefinitionBuilder):
        return result
    hint = "Return the builder of its last call."
    if result is None:
        what, hint = (
            "nothing",
            "Builders do not change, so return the builder of the last call. Is a return missing?",
        )
    elif iscoroutine(result):
        result.close()
        what, hint = "a coroutine", "Write it with def instead of async def."
    else:
        what = type(result).__name__
    raise InvalidInputError(f"{by} returned {what} instead of a builder.", field=field, hint=hint)
