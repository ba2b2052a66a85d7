"""Errors read as sentences, carry what they are about, and help with names."""

from __future__ import annotations

import pickle

import pytest

import chronicle_notebook as cn
from chronicle_notebook._errors import did_you_mean, missing, nearest


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


def test_errors_survive_a_trip_to_another_process() -> None:
    error = cn.UnknownWebhookError("No webhook 'x'.", field="id", hint="Look again.")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.field) == (str(error), "id")


@pytest.mark.parametrize("kind", [cn.KernelError, cn.RequestRefusedError, cn.UnknownEventTypeError])
def test_errors_that_carry_more_survive_it_too(kind: type[cn.ChronicleError]) -> None:
    error = kind("It failed.", hint="Try again.")
    assert str(pickle.loads(pickle.dumps(error))) == "It failed. Try again."
