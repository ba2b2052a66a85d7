"""The public names, and what importing them costs."""

from __future__ import annotations

import ast
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

import chronicle_notebook as cn

ROOT = Path(__file__).parents[1]

NAMES = """
    AnswerTooLargeError AppendRefusedError AuthenticationError CallCancelledError CertificateChangedWarning
    CertificateError ChronicleError ChronicleWarning Client ClientClosedError ConnectionString
    CredentialHeaderWarning CredentialUrlWarning DeadlineExceededError DefinitionBuilder DeliveryTimeoutError
    DuplicateWebhookError EventType InvalidConnectionStringError InvalidDeclarationError InvalidDefinitionError
    InvalidInputError KernelError KernelFaultError KernelUnreachableError LongSecretWarning
    MethodNotImplementedError MissingDependencyError NotSupportedError Outcome Outcomes PermissionDeniedError
    ProtectedError ProtocolError Receiver ReceiverError ReplacementError RequestRefusedError RunbookError Sandbox
    SandboxError Secret SecretUnavailableError UnknownClientError UnknownEventStoreError UnknownEventTypeError
    UnknownWebhookError WebhookDefinition WebhookList __version__ client clients connect doctor event_type
    reset_sandbox runbook start_sandbox stop_sandbox use webhook webhooks widgets
""".split()  # noqa: SIM905 - easier to read and to change than a list


def test_the_public_names_are_these_and_each_can_be_had() -> None:
    assert sorted(vars(cn)["__all__"]) == sorted(NAMES)
    assert set(NAMES) <= set(dir(cn))
    for name in NAMES:
        assert getattr(cn, name) is not None
    with pytest.raises(AttributeError):
        cn.nothing_of_this_name  # type: ignore[attr-defined]  # noqa: B018


def test_type_checkers_are_told_the_same_names() -> None:
    tree = ast.parse((ROOT / "chronicle_notebook" / "__init__.pyi").read_text())
    told = {alias.asname for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert told | {"__version__"} == set(NAMES)


def test_the_errors_of_the_tree_are_all_public_and_all_of_one_tree() -> None:
    from chronicle_notebook import _errors

    errors = {
        name: kind
        for name, kind in vars(_errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception) and kind.__module__ == _errors.__name__
    }
    assert set(errors) <= set(NAMES)
    for name, kind in errors.items():
        assert issubclass(kind, cn.ChronicleError | cn.ChronicleWarning), name
        assert kind.__doc__, name
        drawn = f"{name} (" in (_errors.__doc__ or "") or f"{name} " in (_errors.__doc__ or "")
        assert drawn or f"{name}\n" in (_errors.__doc__ or ""), f"{name} is missing from the tree in the docstring"


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## {cn.__version__}" in (ROOT / "CHANGELOG.md").read_text()


HEAVY = ["pandas", "numpy", "grpc", "google.protobuf", "ipywidgets", "anywidget", "IPython", "aiohttp", "cryptography"]


@pytest.mark.parametrize("statement", ["import chronicle_notebook", "from chronicle_notebook import webhook, Secret"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    program = f"import sys, json; {statement}; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert sorted(set(json.loads(result.stdout)) & set(HEAVY)) == []


def test_listing_as_text_needs_no_pandas(shared_sandbox: cn.Sandbox) -> None:
    program = f"""
import sys, chronicle_notebook as cn
with cn.connect({shared_sandbox.connection_string!r}, event_store="System") as client:
    repr(client.webhooks.all())
assert "pandas" not in sys.modules and "ipywidgets" not in sys.modules and "IPython" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_importing_costs_at_most_thirty_milliseconds_over_a_bare_interpreter() -> None:
    def spent(program: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        return time.perf_counter() - started

    bare, imported = ([spent(program) for _ in range(7)] for program in ("pass", "import chronicle_notebook"))
    # The least disturbed runs: a busy machine adds to some of them, and takes from none.
    assert min(imported) - min(bare) < 0.030
    assert statistics.median(imported) > 0
