"""What is asked of the token endpoint, and how a kernel refuses it.

Errors, descriptions and ids are those that kernels of 16.37.1 were seen to answer with.
"""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl, unquote_plus

from aiohttp import web

from chronicle_notebook.sandbox._authority import RefusedError

_FORM = "application/x-www-form-urlencoded"
_KNOWN_SCOPES = frozenset(("", "offline_access"))


async def credentials(request: web.BaseRequest) -> tuple[str, str]:
    """Id and secret of the client that asks for a token, from the form or from the header ``Authorization: Basic``.

    Raises RefusedError for every other request.
    """
    form = await _form(request)
    _check_grant(form)
    client, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
    if not client:
        raise RefusedError("invalid_request", "The mandatory 'client_id' parameter is missing.", "ID2029")
    if not secret:
        raise RefusedError(
            "invalid_request",
            "The 'client_secret' or 'client_assertion' parameter must be specified when using the client credentials "
            "grant.",
            "ID2057",
        )
    if set(form.get("scope", "").split(" ")) - _KNOWN_SCOPES:
        raise RefusedError("invalid_scope", "The specified 'scope' is invalid.", "ID2052")
    return client, secret


async def _form(request: web.BaseRequest) -> dict[str, str]:
    """The fields of a form; a repeated field counts as missing."""
    if request.method != "POST":
        raise RefusedError("invalid_request", "The specified HTTP method is not valid.", "ID2084")
    if "Content-Type" not in request.headers:
        raise RefusedError("invalid_request", "The mandatory 'Content-Type' header is missing.", "ID2081")
    if request.content_type != _FORM:
        raise RefusedError("invalid_request", "The specified 'Content-Type' header is invalid.", "ID2082")
    try:
        fields = parse_qsl((await request.read()).decode(), keep_blank_values=True, max_num_fields=32)
    except ValueError:
        fields = []
    names = [name for name, _ in fields]
    return {name: value for name, value in fields if names.count(name) == 1}


def _check_grant(form: dict[str, str]) -> None:
    match form.get("grant_type"):
        case "client_credentials":
            return
        case None | "":
            raise RefusedError("invalid_request", "The mandatory 'grant_type' parameter is missing.", "ID2029")
        case "password":
            # These two are the grants of a kernel's workbench. The sandbox has no users, and issues nothing to renew.
            raise RefusedError("invalid_grant", "The username/password couple is invalid.", "ID2024")
        case "refresh_token":
            raise RefusedError("invalid_grant", "The specified token is invalid.", "ID2004")
        case _:
            raise RefusedError("unsupported_grant_type", "The specified 'grant_type' is not supported.", "ID2032")


def _basic(request: web.BaseRequest) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        client = colon = secret = ""
    if not colon:
        raise RefusedError("invalid_request", "The specified 'Authorization' header is invalid.", "ID2087")
    return unquote_plus(client), unquote_plus(secret)
