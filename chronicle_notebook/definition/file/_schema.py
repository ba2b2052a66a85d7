"""The JSON Schema of the file, for editors: completion, and a mark under what is wrong. The table of keys makes it.

The reader is stricter: it also checks URLs, headers, ids, owners and variables.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from chronicle_notebook.definition.file._keys import (
    EVENT_TYPE_KEYS,
    OWNERSHIP_KEYS,
    STATE_KEYS,
    VERSION,
    WEBHOOK_KEYS,
    Key,
)
from chronicle_notebook.model._authorization import KINDS, WebhookCredentials

FILE = "webhooks.schema.json"
"""The name of the file with the schema, in this package."""
_REFERENCE = r"^(env|file|keyring):.+"


def schema() -> dict[str, Any]:
    """The schema, as draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:chronicle-notebook:webhooks:{VERSION}",
        "title": "Webhooks of a Chronicle event store, as code",
        **_mapping(STATE_KEYS),
        "$defs": {
            "webhook": _mapping(WEBHOOK_KEYS),
            "event_type": {"oneOf": [{"type": "string", "minLength": 1}, _mapping(EVENT_TYPE_KEYS)]},
            "authorization": {"oneOf": [{"const": "none"}, {"type": "null"}, _nothing(), *map(_kind, KINDS.values())]},
            "ownership": {
                **_mapping(OWNERSHIP_KEYS),
                "oneOf": [{"required": ["header", "value"]}, {"required": ["ids"]}],
            },
        },
    }


def schema_text() -> str:
    """The schema as the package has it in a file."""
    return files("chronicle_notebook.definition.file").joinpath(FILE).read_text(encoding="utf-8")


def rendered() -> str:
    """The text of that file, made anew."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _mapping(keys: tuple[Key, ...]) -> dict[str, Any]:
    needed = [key.name for key in keys if key.needed]
    return {
        "type": "object",
        "additionalProperties": False,
        **({"required": needed} if needed else {}),
        "properties": {key.name: {"description": key.about, **key.schema} for key in keys},
    }


def _nothing() -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["kind"],
        "properties": {"kind": {"const": "none"}},
    }


def _kind(kind: type[WebhookCredentials]) -> dict[str, Any]:
    """A kind of credentials. The name of the kind can be left out where a field tells it."""
    parts = kind.parts()
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [part.name for part in parts],
        "properties": {
            "kind": {"const": kind.kind.value},
            **{
                part.name: {
                    "description": f"The {part.label}{', as a reference such as env:NAME' if part.secret else ''}.",
                    "type": "string",
                    **({"pattern": _REFERENCE} if part.secret else {"minLength": 1}),
                }
                for part in parts
            },
        },
    }
