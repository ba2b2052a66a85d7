"""A list of webhooks on which the kernel fails: what this means, and how to find the webhooks nevertheless."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from chronicle_notebook.base._errors import KernelFaultError

PLUS_IN_ID = (
    "A webhook of this event store has an event type id with a plus sign, and the kernel fails on every list that has "
    "this webhook. client.observers() lists the ids of all webhooks: remove the webhook with "
    "client.webhooks.remove(ID, unlisted=True)."
)
"""The hint for the failure (seen on 16.37.1 and on a build of 16.38 on SQLite)."""

_MISREAD = r"was not in a correct format|was not recognized as a valid Boolean"


@contextmanager
def explained() -> Iterator[None]:
    """Give the hint to the error of a list that the kernel cannot make."""
    try:
        yield
    except KernelFaultError as error:
        if any(re.search(_MISREAD, reason) for reason in error.reasons):
            error.hint = PLUS_IN_ID
        raise
