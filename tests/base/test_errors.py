"""Errors read as sentences, carry what they are about, and help with names."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._errors import did_you_mean, missing, nearest
from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.definition.rules._check import problems
from chronicle_notebook.model import AuthorizationKind, BearerAuthorization, UndisclosedAuthorization


def test_an_error_reads_as_what_happened_and_what_to_do_next() -> None:
    error = cn.InvalidDefinitionError("The id is empty.", field="id", webhook="", hint="Give it a name.")
    assert str(error) == "The id is empty. Give it a name."
    assert (error.message, error.field, error.hint) == ("The id is empty.", "id", "Give it a name.")
    assert isinstance(error, ValueError)
    assert isinstance(error, cn.ChronicleError)


def test_deadlines_and_missing_packages_are_also_what_python_calls_them() -> None:
    assert issubclass(cn.DeadlineExceededError, TimeoutError)
    assert issubclass(cn.MissingDependencyError, ImportError)


def test_a_missing_package_names_the_extra() -> None:
    error = missing("sandbox", "The embedded sandbox kernel", ModuleNotFoundError(name="aiohttp"))
    assert "aiohttp" in str(error)
    assert "pip install 'chronicle-notebook[sandbox]'" in str(error)


def test_the_nearest_names_are_found_whatever_their_case() -> None:
    known = ["AccountOpened", "AccountClosed", "FundsDeposited"]
    assert nearest("accountopend", known)[0] == "AccountOpened"
    assert did_you_mean("AcountOpened", known).startswith("Did you mean 'AccountOpened'")
    assert did_you_mean("zzz", known) == ""


HOOK = cn.WebhookDefinition("audit", "http://127.0.0.1:9/in", (cn.EventType("AccountOpened"),))
NEEDED: dict[type[cn.ChronicleError], dict[str, Any]] = {
    cn.ReplacementError: {"definition": HOOK},
    cn.ProtectedError: {"event_store": "shop"},
    cn.DeliveryTimeoutError: {"wanted": 2, "received": 1},
    cn.NotHandledError: {"webhook": "a", "failing": 1},
}
"""What some errors cannot be made without."""
KINDS = [
    kind
    for name in sorted(dir(cn))
    if isinstance(kind := getattr(cn, name), type) and issubclass(kind, cn.ChronicleError)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_can_be_copied_and_survives_a_trip_to_another_process(kind: type[cn.ChronicleError]) -> None:
    error = kind("It failed.", hint="Try again.", **NEEDED.get(kind, {}))
    error.add_note("And that is not all.")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind
        assert again is not error
        assert str(again) == "It failed. Try again."
        assert again.args == error.args
        assert vars(again) == vars(error)
        assert again.__notes__ == ["And that is not all."]


def test_what_errors_carry_travels_with_them() -> None:
    error = cn.AppendRefusedError("No.", server="k:1", call="Append", reasons=("It is late.",))
    again = pickle.loads(pickle.dumps(error))
    assert (again.server, again.call, again.reasons) == ("k:1", "Append", ("It is late.",))


def test_a_lost_webhook_is_told_in_another_process_even_if_its_secrets_must_stay() -> None:
    secret = cn.Secret("canary-4d1c")
    definition = HOOK.changed(authorization=BearerAuthorization(secret), headers={"x-source": "1", "x-key": secret})
    error = cn.ReplacementError("It is gone.", definition=definition)
    assert copy.copy(error).definition is copy.deepcopy(error).definition is definition
    sent = pickle.dumps(error)
    assert b"canary" not in sent
    kept = pickle.loads(sent).definition
    assert kept == definition.changed(
        authorization=UndisclosedAuthorization(AuthorizationKind.BEARER), headers={"x-source": "1", "x-key": MASK}
    )
    # It must not be registered as if it were whole.
    assert {problem.field for problem in problems(kept)} == {"authorization", "headers"}
