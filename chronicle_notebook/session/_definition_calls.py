"""The part of ``client.webhooks`` that shows one webhook as code and tests its target."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chronicle_notebook.base._arguments import check_seconds

if TYPE_CHECKING:
    from chronicle_notebook.contracts._gateway import KernelGateway
    from chronicle_notebook.definition._code import Code, Style
    from chronicle_notebook.model import WebhookDefinition
    from chronicle_notebook.registration._examination import Destination
    from chronicle_notebook.target_test._answer import TargetAnswer
    from chronicle_notebook.target_test._trial import Append


class DefinitionCalls:
    """Show the code of a webhook, and send a test request to its target."""

    _kernel: KernelGateway
    _event_store: Callable[[], str]
    _appender: Callable[[], Append | None]

    if TYPE_CHECKING:

        def get(self, webhook: str) -> WebhookDefinition:
            """One webhook by its id."""

        def _destination(self) -> Destination: ...

    def code(self, webhook: str | type | WebhookDefinition, style: Style = "python") -> Code:
        """A webhook as code that registers it again.

        Secrets are references such as ``env:ACCOUNT_EVENTS_TOKEN``, because kernels do not return secrets. The code
        also has references for values that may be secret: the values of headers, except of headers that are never
        secret, and a URL with a user name or a query. While the webhook is registered, ``get(id).headers`` and
        ``get(id).target_url`` have the values.

        :param style: ``python``, ``cell`` (a ``%%webhook`` cell) or ``yaml``.
        """
        from chronicle_notebook.definition._code import render

        return render(self._definition(webhook, call="code"), style)

    def test(self, webhook: str | type | WebhookDefinition, *, timeout: float = 10.0) -> TargetAnswer:
        """Send the kernel's test request to the target, from this machine, and say what the answer proves.

        Kernels from 16.38 on have no call for a test. For an id, the definition is read back, so the request carries no
        credentials; give a definition or a class to send them.

        If the target is a :class:`~chronicle_notebook.Receiver` of this process and the kernel is a sandbox, the test
        also appends a sample event and waits for it. No other kernel ever gets an event for a test.

        :param timeout: seconds for the answer of the target, above 0.
        """
        from chronicle_notebook.target_test._trial import tried

        check_seconds(timeout, field="timeout", above_zero=True)
        definition = self._definition(webhook, call="test")
        return tried(self._kernel, self._event_store(), definition, append=self._appender(), timeout=timeout)

    def _definition(self, webhook: str | type | WebhookDefinition, *, call: str) -> WebhookDefinition:
        """The definition for a call that also takes an id; for an id the definition is read back."""
        from chronicle_notebook.definition._inputs import one_declared

        if isinstance(webhook, str):
            return self.get(webhook)
        takes = f"{call}() takes an id, a declared class or a definition"
        return one_declared(webhook, takes, known=self._destination().event_types).definition
