"""URLs on another host, and how URLs are shown."""

from __future__ import annotations

import pytest

from chronicle_notebook import InvalidInputError
from chronicle_notebook.runbook._move import moved
from chronicle_notebook.runbook._url import host_of, shown


@pytest.mark.parametrize(
    ("url", "from_host", "new"),
    [
        ("https://old.example.com/a/b?c=d", "old.example.com", "https://new.example.com/a/b?c=d"),
        ("https://OLD.example.com:8443/a", "old.example.com", "https://new.example.com/a"),
        ("https://old.example.com:8443/a", "old.example.com:8443", "https://new.example.com/a"),
        ("https://old.example.com/a", "old.example.com:8443", None),
        ("https://not-old.example.com/a", "old.example.com", None),
        ("https://ada:pw@old.example.com:1/a", "old.example.com:1", "https://ada:pw@new.example.com/a"),
        ("http://[::1]:9/in", "::1", "http://new.example.com/in"),
    ],
)
def test_only_the_host_changes(url: str, from_host: str, new: str | None) -> None:
    assert moved(url, from_host, "new.example.com") == new


@pytest.mark.parametrize("host", ["", "https://new.example.com", "new.example.com/x", "a b", "ada:pw@new", "new:port"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        moved("https://old.example.com/a", "old.example.com", host)
    assert caught.value.field == "to_host"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://a.example.com:1/b", "https://a.example.com:1/b"),
        (
            "https://ada:canary@a.example.com/b?key=canary&x=canary#canary",
            "https://••••••@a.example.com/b?key=••••••&x=••••••",
        ),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_secret(url: str, text: str) -> None:
    assert shown(url) == text
    assert "canary" not in host_of(url)
