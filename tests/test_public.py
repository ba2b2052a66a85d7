"""The public names, and what importing them costs."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base import _errors

ROOT = Path(__file__).parents[1]

NAMES = """
    Action AnswerTooLargeError AppendRefusedError AppendResult AppendedEvent Applied AuthenticationError
    AuthorizationKind BasicAuthorization BearerAuthorization CallCancelledError Cause CertificateChangedWarning
    CertificateError ChronicleError ChronicleWarning Client ClientClosedError Code ConnectionString
    CredentialHeaderWarning CredentialUrlWarning DeadlineExceededError DefinitionBuilder Delivery DeliveryList
    DeliveryProgress DeliveryTimeoutError DesiredState Diagnosis DuplicateWebhookError EventSequence
    EventToAppend EventType FailedAttempt FailedPartition FieldEffect Grade Ineffective
    InvalidConnectionStringError InvalidDeclarationError InvalidDefinitionError InvalidInputError KernelError
    KernelFaultError KernelUnreachableError KnownDefect ListenedEventType Listing LongSecretWarning
    MethodNotImplementedError MissingDependencyError NoAuthorization NotHandledError NotSupportedError
    OAuthAuthorization ObservationState ObserverState Outcome Outcomes Ownership PausedWebhook
    PermissionDeniedError Plan PlanRefusedError PlannedField PlannedWebhook ProbeFinding ProbeProgress
    ProbeResult ProbeVerdict ProtectedError ProtocolError Receiver ReceiverError RedeliveryOutcome
    RedeliveryPlan RedeliveryRequest RegisteredEventType ReplacementError ReplayOutcome ReplayPlace ReplayPlan
    ReplayedPlace RequestRefusedError RequestState RetriedPartition Retries RunbookError RunningState Sandbox
    SandboxError Secret SecretUnavailableError SequenceTail ServerVersion StateAction StateFileError StatePlan
    Status TargetAnswer Triage TriageRow UndisclosedAuthorization UnknownClientError UnknownEventStoreError
    UnknownEventTypeError UnknownWebhookError WebhookDefinition WebhookList WebhookObservation WebhookView
    Webhooks __version__ client clients connect discover doctor event_type reset_sandbox runbook start_sandbox
    stop_sandbox tutorial use webhook webhooks widgets
    CauseGroup Drift DriftKind DriftRow
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


INTERNAL = {"LabError"}
"""Errors that only a program of this package raises, and turns into its own message."""


def below(root: type[Any]) -> Iterator[type[Any]]:
    yield root
    for kind in root.__subclasses__():
        yield from below(kind)


def test_the_errors_of_the_tree_are_all_public_and_drawn() -> None:
    import_every_module()
    kinds: set[type[Any]] = {*below(cn.ChronicleError), *below(cn.ChronicleWarning)}
    kinds = {kind for kind in kinds if kind.__module__.startswith(cn.__name__) and kind.__name__ not in INTERNAL}
    assert len(kinds) > 35
    drawn = (_errors.__doc__ or "").split()
    for kind in kinds:
        assert getattr(cn, kind.__name__) is kind
        assert kind.__doc__, kind
        assert kind.__name__ in drawn, f"{kind.__name__} is missing from the tree in the docstring"


def import_every_module() -> None:
    for module in pkgutil.walk_packages(cn.__path__, f"{cn.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_a_public_class_says_where_users_import_it_from() -> None:
    for name in NAMES:
        value = getattr(cn, name)
        if isinstance(value, type):
            assert value.__module__ == "chronicle_notebook", name
    for module in (cn.runbook, cn.widgets):
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, type):
                assert value.__module__ == module.__name__, name


@cache
def imported_for_types(module: str) -> dict[str, Any]:
    """What a module imports for type checkers alone, by name."""
    names: dict[str, Any] = {}
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, []), module, "exec"), names)
    return names


def returned(value: Any) -> Iterator[tuple[str, type]]:
    """The classes of this package that a public function, or a method or property of a public class, gives back."""
    members = {"": value} if inspect.isroutine(value) else vars(value) if isinstance(value, type) else {}
    for name, member in members.items():
        function = getattr(member, "fget", None) or getattr(member, "func", None) or member
        if name.startswith("_") or not inspect.isfunction(inspect.unwrap(function)):
            continue
        plain = inspect.unwrap(function)
        hint = get_type_hints(plain, localns=imported_for_types(plain.__module__)).get("return")
        for part in parts(hint):
            if isinstance(part, type) and part.__module__.startswith(cn.__name__):
                yield f"{getattr(value, '__qualname__', value)}.{name}", part


LOOKED_AT = [
    "AuthenticationMode",
    "Credentials",
    "Difference",
    "FormModel",
    "Negotiation",
    "Origin",
    "Shown",
    "DoctorStep",
    "WebhookCredentials",
]
"""What is looked at where it comes from, and given to nothing: nobody needs a name for it."""


def parts(hint: object) -> Iterator[object]:
    yield get_origin(hint) or hint
    for each in get_args(hint):
        yield from parts(each)


def test_what_the_public_names_give_back_is_public_too() -> None:
    modules = (cn.runbook, cn.webhooks, cn.widgets)
    public = {getattr(cn, name) for name in NAMES if name not in {"runbook", "webhooks", "widgets"}}
    public |= {getattr(module, name) for module in modules for name in module.__all__}
    found = {(where, kind) for value in public for where, kind in returned(value)}
    assert len(found) > 100
    assert {kind.__qualname__ for _, kind in found if kind not in public} == set(LOOKED_AT)


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## {cn.__version__}" in (ROOT / "CHANGELOG.md").read_text()


HEAVY = ["pandas", "numpy", "grpc", "google.protobuf", "ipywidgets", "anywidget", "IPython", "aiohttp", "cryptography"]


@pytest.mark.parametrize("statement", ["import chronicle_notebook", "from chronicle_notebook import webhook, Secret"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    program = f"import sys, json; {statement}; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert sorted(set(json.loads(result.stdout)) & set(HEAVY)) == []


NOT_FOR_A_LISTING = [
    "pandas",
    "numpy",
    "ipywidgets",
    "IPython",
    "aiohttp",
    "yaml",
    "tempfile",
    "tomllib",
    "difflib",
    "chronicle_notebook.definition",
    "chronicle_notebook.desired",
    "chronicle_notebook.pausing",
    "chronicle_notebook.receiver",
    "chronicle_notebook.registration",
    "chronicle_notebook.target_test",
    "chronicle_notebook.triage",
    "chronicle_notebook.widgets",
    "chronicle_notebook.probing._probe",
    "chronicle_notebook.probing._result",
    "chronicle_notebook.session._doctor",
]


def test_a_first_listing_loads_only_what_it_needs(shared_sandbox: cn.Sandbox) -> None:
    program = f"""
import sys, json, chronicle_notebook as cn
with cn.connect({shared_sandbox.connection_string!r}, event_store="System") as client:
    client.webhooks.all()
print(json.dumps(sorted(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(result.stdout))
    assert "chronicle_notebook.reading._list" in loaded
    assert sorted(loaded & set(NOT_FOR_A_LISTING)) == []


def test_listing_as_text_needs_no_pandas(shared_sandbox: cn.Sandbox) -> None:
    program = f"""
import sys, chronicle_notebook as cn
with cn.connect({shared_sandbox.connection_string!r}, event_store="System") as client:
    repr(client.webhooks.all())
assert "pandas" not in sys.modules and "ipywidgets" not in sys.modules and "IPython" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
