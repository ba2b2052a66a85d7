"""Random definitions that a kernel could have, and random secrets in the environment for those that need some."""

from __future__ import annotations

import random
import string

import chronicle_notebook as cn

TYPES = [f"Type{number}" for number in range(8)]
_ODD = "äöß ${host} $${x} '\"#: -{}[]*&!|>%@`\u202e\u200b日本"
_VALUE = string.ascii_letters + string.digits + " ${}:#'\"-,[]!&*%@?|>~`\\"
_IDS = string.ascii_letters + string.digits + "-_./ ${}:é"


def some(rng: random.Random, alphabet: str, most: int = 12) -> str:
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(1, most)))


def secret(rng: random.Random, number: int) -> cn.Secret:
    kind = rng.choice(["env", "env", "env", "file", "keyring"])
    name = f"{some(rng, string.ascii_uppercase, 6)}_{number}"
    if kind == "file":
        return cn.Secret.file(f"/run/secrets/{name}")
    return cn.Secret.env(name) if kind == "env" else cn.Secret.keyring(f"chronicle/{name}")


def authorization(rng: random.Random, number: int) -> cn.DefinitionBuilder:
    builder = cn.DefinitionBuilder()
    kind = rng.randrange(4)
    if kind == 1:
        return builder.with_basic_auth(some(rng, string.ascii_letters + "${}"), secret(rng, number))
    if kind == 2:
        return builder.with_bearer_token(secret(rng, number))
    if kind == 3:
        return builder.with_oauth(
            f"https://id-{number}.example.com/", some(rng, string.ascii_letters), secret(rng, number)
        )
    return builder


def definition(rng: random.Random, number: int) -> cn.WebhookDefinition:
    """One that keeps every rule, with everything that a definition can have."""
    builder = authorization(rng, number)
    for name in rng.sample(TYPES, rng.randint(1, 4)):
        builder = builder.with_event_type(cn.EventType(name, rng.randint(1, 3), rng.random() < 0.1))
    for header in rng.sample(["x-source", "x-team", "X-Api-Key", "x-env", "Via", "x-token"], rng.randint(0, 3)):
        value = some(rng, _VALUE).strip() or "1"
        builder = builder.with_header(header, secret(rng, number) if rng.random() < 0.2 else value)
    if rng.random() < 0.2:
        builder = builder.on_event_sequence(some(rng, string.ascii_lowercase + "-${}", 8))
    if rng.random() < 0.2:
        builder = builder.not_replayable()
    if rng.random() < 0.2:
        builder = builder.not_active()
    path = "".join(rng.choice(["/in", "/a-b", "/%20", "/x.y"]) for _ in range(rng.randint(0, 3)))
    query = rng.choice(["", "", "?a=1&b=2", "?token=canary-of-a-query"])
    odd = some(rng, _IDS).strip() if rng.random() < 0.5 else ""
    return builder.build(f"{odd}hook-{number:05}", f"https://host-{number % 97}.example.com{path}{query}")
