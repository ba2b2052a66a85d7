"""One environment's webhooks for another one: other hosts, and what may differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.base._url import host_of
from chronicle_notebook.model import OAuthAuthorization, WebhookDefinition
from chronicle_notebook.registration._differences import FIELDS


def check_hosts(hosts: Mapping[str, str]) -> None:
    """Refuse what is not a mapping of hosts.

    :raises InvalidInputError: a key or a value is not ``host``, ``host:port`` or ``*.domain``.
    """
    for before, after in hosts.items():
        for name in (before, after):
            if not isinstance(name, str) or not name or any(each in name for each in "/@? #"):
                raise InvalidInputError(
                    "A host is given as host or host:port, or *.domain for every host below a domain.",
                    field="hosts",
                    hint='Write {"hooks.staging.example.com": "hooks.example.com"}.',
                )
        if before.startswith("*.") != after.startswith("*."):
            raise InvalidInputError(
                "A domain is mapped to a domain: both begin with '*.'.",
                field="hosts",
                hint='Write {"*.staging.example.com": "*.example.com"}.',
            )


def moved(definition: WebhookDefinition, hosts: Mapping[str, str]) -> WebhookDefinition:
    """The webhook with other hosts in its URL, and in the authority of OAuth."""
    url = _moved_url(definition.target_url, hosts)
    authorization = definition.authorization
    if isinstance(authorization, OAuthAuthorization):
        authority = _moved_url(authorization.authority, hosts)
        authorization = OAuthAuthorization(authority, authorization.client_id, authorization.client_secret)
    return definition.changed(target_url=url, authorization=authorization)


def _moved_url(url: str, hosts: Mapping[str, str]) -> str:
    host = host_of(url)
    new = _new_host(host, hosts)
    if new is None:
        return url
    parts = urlsplit(url)
    user = parts.netloc.removesuffix(host)
    return urlunsplit(parts._replace(netloc=f"{user}{new}"))


def _new_host(host: str, hosts: Mapping[str, str]) -> str | None:
    """The other host, or None if this one stays. A key with the port comes first, and then the longest key that fits. A
    key without a port leaves the port as it is."""
    lowered = {name.lower(): other for name, other in hosts.items()}
    if host.lower() in lowered:
        return lowered[host.lower()]
    front, bracket, rest = host.rpartition("]")
    name, colon, port = rest.partition(":")
    name = f"{front}{bracket}{name}"
    if name.lower() in lowered:
        return f"{lowered[name.lower()]}{colon}{port}"
    domains = sorted((each for each in lowered if each.startswith("*.")), key=len, reverse=True)
    found = next((each for each in domains if name.lower().endswith(each[1:])), None)
    return None if found is None else f"{name[: len(name) - len(found) + 1]}{lowered[found][1:]}{colon}{port}"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may differ, and then stays as it is registered."""

    fields: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    """Names in lower case."""

    @classmethod
    def of(cls, fields: Collection[str], headers: Collection[str]) -> Allowance:
        """An allowance, after a check.

        :raises InvalidInputError: there is no such field, or one text was given in place of a list.
        """
        known = [field.name for field in FIELDS]
        for given, name in ((fields, "ignore"), (headers, "ignore_headers")):
            if isinstance(given, str):
                raise InvalidInputError(f"{name} is a list of names.", field=name, hint=f"Write {name}=[{given!r}].")
        for field in fields:
            if field not in known:
                hint = did_you_mean(field, known) or f"It has {', '.join(known)}."
                raise InvalidInputError(f"A webhook has no field {field!r} to ignore.", field="ignore", hint=hint)
        return cls(frozenset(fields), frozenset(name.lower() for name in headers))

    def applied(self, wanted: WebhookDefinition, found: WebhookDefinition | None) -> WebhookDefinition:
        """The wanted webhook, with what may differ as it is registered. A new webhook has no ignored header."""
        if self.headers:
            kept = {name: value for name, value in wanted.headers.items() if name.lower() not in self.headers}
            there = {} if found is None else found.headers
            kept |= {name: value for name, value in there.items() if name.lower() in self.headers}
            wanted = wanted.changed(headers=kept)
        if found is None or not self.fields:
            return wanted
        return wanted.changed(**{name: getattr(found, name) for name in self.fields})
