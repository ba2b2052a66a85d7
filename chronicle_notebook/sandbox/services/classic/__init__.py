"""The services of the classic contract of kernel 16.37.1. The services that both contracts share are in the parent
folder."""

from chronicle_notebook.sandbox.services.classic._early_names import EarlyNamesService
from chronicle_notebook.sandbox.services.classic._event_types import ClassicEventTypesService
from chronicle_notebook.sandbox.services.classic._names import ClassicNamesService
from chronicle_notebook.sandbox.services.classic._observation import ClassicObservationService
from chronicle_notebook.sandbox.services.classic._sequences import ClassicSequencesService
from chronicle_notebook.sandbox.services.classic._webhooks import ClassicWebhooksService

__all__ = [
    "ClassicEventTypesService",
    "ClassicNamesService",
    "ClassicObservationService",
    "ClassicSequencesService",
    "ClassicWebhooksService",
    "EarlyNamesService",
]
