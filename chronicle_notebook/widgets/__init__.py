"""Widgets for JupyterLab: build a webhook with a form, explore all webhooks live, watch deliveries, apply a plan.

Each widget has a model without ipywidgets, which holds its state and has its own tests, and a view, which connects it
to the browser. ``_explorer_model``, ``_form_model``, ``_inspector_model`` and ``_plan_model`` are the models;
``_explorer``, ``_form``, ``_inspector`` and ``_plan_card`` are the views, which are based on ``_view``; ``static/`` has
their ES modules and styles, which ``_view`` joins. The two sides send each other plain messages, which the top of each
view describes. Only data that both sides must share is a synced trait, and no secret ever is.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chronicle_notebook.widgets._explorer import WebhookExplorer
    from chronicle_notebook.widgets._form import WebhookForm
    from chronicle_notebook.widgets._inspector import DeliveryInspector
    from chronicle_notebook.widgets._plan_card import PlanCard

__all__ = ["DeliveryInspector", "PlanCard", "WebhookExplorer", "WebhookForm"]

_HOMES = {
    "DeliveryInspector": "_inspector",
    "PlanCard": "_plan_card",
    "WebhookExplorer": "_explorer",
    "WebhookForm": "_form",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
