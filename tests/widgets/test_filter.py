"""Which webhooks a filter lets through."""

from __future__ import annotations

import pytest

from chronicle_notebook.model import AuthorizationKind, EventType, UndisclosedAuthorization, WebhookDefinition
from chronicle_notebook.widgets._filter import ExplorerFilter

HOOK = WebhookDefinition(
    "account-events",
    "https://billing.example.com/in",
    (EventType("AccountOpened", 2), EventType("FundsDeposited")),
    UndisclosedAuthorization(AuthorizationKind.BEARER),
)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"text": "ACCOUNT"},
        {"text": "billing opened"},
        {"text": "  funds  "},
        {"event_type": "AccountOpened"},
        {"authorization": "bearer"},
        {"state": "failing"},
        {"text": "billing", "event_type": "FundsDeposited", "authorization": "bearer", "state": "failing"},
        {"unknown": "passed over", "text": None},
    ],
)
def test_what_fits_is_let_through(given: dict[str, object]) -> None:
    assert ExplorerFilter.read(given).accepts(HOOK, "failing")


@pytest.mark.parametrize(
    "given",
    [
        {"text": "billing closed"},
        {"event_type": "Account"},
        {"event_type": "AccountOpened+2"},
        {"authorization": "none"},
        {"state": "caught up"},
        {"text": "account", "state": "inactive"},
    ],
)
def test_what_does_not_fit_is_kept_out(given: dict[str, object]) -> None:
    assert not ExplorerFilter.read(given).accepts(HOOK, "failing")
