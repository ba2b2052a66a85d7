"""``WebhookForm``: builds a webhook in the browser."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from chronicle_notebook.base._arguments import check_names
from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._public import public_in
from chronicle_notebook.desired._state import DesiredState
from chronicle_notebook.display._table_and_card import Card, clock
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.widgets._form_file import StateFile
from chronicle_notebook.widgets._form_model import FormModel
from chronicle_notebook.widgets._form_port import FORM_SCRIPTS, FormPort, static_rows
from chronicle_notebook.widgets._message import Told
from chronicle_notebook.widgets._session import Session
from chronicle_notebook.widgets._view import View, script, style


@public_in("widgets")
class WebhookForm(View):
    """A form that builds, tests and registers a webhook, and shows the code that does the same.

    ::

        form = cn.widgets.WebhookForm(client)
        form                    # fill it in, then, in another cell:
        form.definition, form.outcome

    A secret comes from an environment variable, or the user types it. A typed secret is sent to this Python process
    once and stays there. ``close()`` deletes it. Python deletes it too when no browser shows the form any more and no
    variable refers to the form.

    :param definition: the first content of the form: a definition, or the id of a registered webhook. If the id of the
        definition is registered, the form edits that webhook.
    :param file: a file of webhooks as code, see :meth:`chronicle_notebook.DesiredState.put`. After the kernel has
        accepted the webhook, the form writes it into this file too, with references in place of secrets.
    :param profile: the profile whose variables count in the file.
    :raises UnknownWebhookError: no webhook has this id.
    :raises StateFileError: the file cannot be read, or something in it is wrong.
    """

    _esm = script(*FORM_SCRIPTS, "form_view")
    _css = style("common", "form")

    def __init__(
        self,
        client: Session,
        definition: WebhookDefinition | str | None = None,
        *,
        file: str | Path | None = None,
        profile: str | None = None,
    ) -> None:
        if isinstance(definition, str):
            definition = client.webhooks.get(definition)
        elif definition is not None and not isinstance(definition, WebhookDefinition):
            raise InvalidInputError(
                f"A form needs a definition or the id of a webhook, not {type(definition).__name__}.",
                field="definition",
                hint="List the ids with client.webhooks.ids(), or leave it out for a new webhook.",
            )
        check_names(profile=profile)
        if file is not None:
            DesiredState.read(file, profile=profile)  # an error in the file comes before the form
        super().__init__()
        self._port = FormPort(client, self.tell, definition, None if file is None else StateFile(Path(file), profile))
        self._handlers = dict.fromkeys(self._port.kinds, self._port.receive)
        self._port.start()

    @property
    def model(self) -> FormModel:
        """The state and the actions of the form, without the widget."""
        return self._port.model

    @property
    def definition(self) -> WebhookDefinition:
        """The definition in the form. It may be incomplete."""
        return self.model.definition

    @property
    def outcome(self) -> Outcome | None:
        """The outcome of the last registration; None before the first one."""
        return self.model.outcome

    def __repr__(self) -> str:
        fields = self.model.fields
        return f"<WebhookForm {fields.id or 'not filled in yet'!r} on {self.model.client.server}>"

    def _end(self) -> None:
        self._port.close()

    def _show(self, told: Told) -> None:
        self.model.tell(told)

    def _static(self) -> str:
        client = self.model.client
        return Card(
            heading=f"Webhook form, event store {client.event_store!r} on {client.server}",
            facts=static_rows(self.model),
            notes=(f"As it was {clock(datetime.now(UTC))}. {self._to_live('to fill it in')}",),
            banner=client.origin.banner,
        ).html()
