"""The envelopes that commands and queries answer with."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from uuid import uuid4

from google.protobuf.message import Message

from chronicle_notebook.contracts._scalars import guid_to_wire
from chronicle_notebook.sandbox._exceptions import BareException
from chronicle_notebook.sandbox._unserved import UnservedError

Answer = TypeVar("Answer", bound=Message)


class ValidationFailed(Exception):  # noqa: N818 - a verdict, which becomes part of a normal answer
    """The request is not valid: a message and the name of the member for each problem."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__("; ".join(message for message, _ in problems))
        self.problems = problems


def envelope(kind: type[Answer], **content: Any) -> Answer:
    """A successful answer, with its own CorrelationId and an explicit IsAuthorized, as in kernels by 19.29.4."""
    answer: Any = kind(IsAuthorized=True, **content)
    identity = guid_to_wire(uuid4())
    # By its parts: the class of the answer may be made from the table of the contract, with a GUID type of its own.
    answer.CorrelationId.lo, answer.CorrelationId.hi = identity.lo, identity.hi
    return answer  # type: ignore[no-any-return]


def required(*members: tuple[object, str, str]) -> None:
    """Raise ValidationFailed for everything that is missing, each with the message and the member."""
    problems = [(complaint, member) for value, complaint, member in members if not value]
    if problems:
        raise ValidationFailed(*problems)


def live(changes: Iterable[None], make: Callable[[], Answer]) -> Iterator[Answer]:
    """An answer at each change, all of one CorrelationId: a stream is one query."""
    identity = guid_to_wire(uuid4())
    for _ in changes:
        answer: Any = make()
        answer.CorrelationId.CopyFrom(identity)
        yield answer


def guarded(kind: type[Answer], make: Callable[[], Answer | bytes], *, early: bool = False) -> Answer | bytes:
    """An answer, or the envelope with the error: a kernel puts every failure into the envelope, with gRPC status OK.

    Commands report the messages of the whole chain and the stack trace, queries only the top message (source: the Arc
    framework under the kernel), and up to 16.38 the stack trace too, which ``early`` says (seen).
    """
    try:
        return make()
    except ValidationFailed as failed:
        answer: Any = envelope(kind)
        for message, member in failed.problems:
            # Severity is left out: a missing one means Error.
            answer.ValidationResults.add(Message=message, Members=[member])
        return answer  # type: ignore[no-any-return]
    except (UnservedError, BareException):
        raise
    except Exception as error:  # noqa: BLE001 - the kernel reports every exception in the envelope
        return failure(kind, error, early=early)


def failure(kind: type[Answer], error: Exception, *, early: bool = False) -> Answer:
    """The envelope of an exception."""
    answer: Any = envelope(kind)
    if command := _is_command(kind):
        answer.ExceptionMessages.extend(str(link) for link in _chain(error))
    else:
        answer.ExceptionMessages.append(str(error))
    if command or early:
        answer.ExceptionStackTrace = "".join(traceback.format_tb(error.__traceback__))
    return answer  # type: ignore[no-any-return]


def early_bytes(kind: type[Message]) -> Callable[[Message | bytes], bytes]:
    """A serializer for envelopes of a kind as kernels up to 16.38 write them, byte for byte (seen).

    ``IsAuthorized`` is left out if it is true. The texts about a failure are written although they are empty, which
    protobuf for Python does not do.
    """
    texts = ("ExceptionStackTrace", "AuthorizationFailureReason") if _is_command(kind) else ("ExceptionStackTrace",)
    empty = {name: bytes((kind.DESCRIPTOR.fields_by_name[name].number << 3 | 2, 0)) for name in texts}

    def serialize(answer: Message | bytes) -> bytes:
        rest: Any = kind.FromString(answer if isinstance(answer, bytes) else answer.SerializeToString())
        head: Any = kind(
            CorrelationId=rest.CorrelationId,
            ValidationResults=rest.ValidationResults,
            ExceptionMessages=rest.ExceptionMessages,
        )
        for name in ("CorrelationId", "IsAuthorized", "ValidationResults", "ExceptionMessages"):
            rest.ClearField(name)
        absent = b"".join(text for name, text in empty.items() if not getattr(rest, name))
        return b"".join((head.SerializeToString(), absent, rest.SerializeToString()))

    return serialize


def _is_command(kind: type[Message]) -> bool:
    return "AuthorizationFailureReason" in kind.DESCRIPTOR.fields_by_name


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
