"""The commands that pauses offer: whoever pastes one must get what it promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import BearerAuthorization
from chronicle_notebook.session._client import Client

OPENED = cn.EventType("AccountOpened")


def pasted(text: str, client: Client) -> object:
    """What the first offered call gives."""
    found = re.search(r"client\.webhooks\.resume\(.*?\)(?= registers)", text)
    assert found is not None, text
    return eval(found[0], {"client": client})


@pytest.mark.parametrize("own", [True, False])
def test_the_offered_resumption_looks_into_the_file_of_the_pause(client: Client, tmp_path: Path, *, own: bool) -> None:
    file = tmp_path / "it's mine.yaml" if own else None
    client.webhooks.register(cn.WebhookDefinition("w0", "http://127.0.0.1:9/in", (OPENED,)))
    outcome = client.webhooks.pause("w0", file=file)
    foot = repr(client.webhooks.paused(file=file))
    assert f"client.webhooks.resume(ID{f', file={str(file)!r}' if own else ''})" in foot
    with pytest.raises(cn.InvalidInputError) as caught:
        client.webhooks.resume("zzzzzz", file=file)
    assert f"client.webhooks.paused({f'file={str(file)!r}' if own else ''})" in caught.value.hint
    assert pasted(" ".join(outcome.notes), client)
    assert client.webhooks.ids() == ["w0"]


def test_credentials_that_are_not_listed_yet_are_no_reason_to_remove_a_resumed_webhook(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("W1_TOKEN", "qx9canary7")
    bare = cn.WebhookDefinition("w1", "http://127.0.0.1:9/in", (OPENED,))
    client.webhooks.register(bare.changed(authorization=BearerAuthorization(cn.Secret.env("W1_TOKEN"))))
    client.webhooks.pause("w1")
    client.webhooks.register(bare)  # as a kernel lists it between the two steps of a registration
    with pytest.raises(cn.InvalidInputError, match="may still be coming") as caught:
        client.webhooks.resume("w1")
    assert "Look again in a few seconds" in caught.value.hint
