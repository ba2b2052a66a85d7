"""What stands for a URL where people look: host and path, and dots for what can be a credential."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.base._url import another, host_of, is_local, shown, shown_each, without_credentials

LETTERS = st.text("abcXYZ019-_~", min_size=1, max_size=8)
CANARY = "qx9canary7"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://a.example.com:1/b", "https://a.example.com:1/b"),
        ("https://a.example.com/@team/b", "https://a.example.com/@team/b"),
        ("http://[::1]:9/a", "http://[::1]:9/a"),
        ("https://reader:canary@a.example.com:1/b", f"https://{MASK}@a.example.com:1/b"),
        ("https://canary@a.example.com", f"https://{MASK}@a.example.com"),
        ("https://a.example.com/b?key=canary&x=canary", f"https://a.example.com/b?key={MASK}&x={MASK}"),
        ("https://a.example.com/b?canary", f"https://a.example.com/b?{MASK}"),
        ("https://a.example.com/b?", "https://a.example.com/b?"),
        ("https://a.example.com/b#canary", "https://a.example.com/b"),
        ("http://reader:can/ary@a.example.com/b", f"http://{MASK}@a.example.com/b"),
        ("http://reader:can?ary@a.example.com/b", f"http://{MASK}?{MASK}"),
        ("http://reader:can#ary@a.example.com/b", f"http://{MASK}"),
        ("//reader:canary@a.example.com/b", f"//{MASK}@a.example.com/b"),
        ("reader:canary@a.example.com/b", f"{MASK}@a.example.com/b"),
        (r"http:\\reader:canary@a.example.com\b", rf"http:\\{MASK}@a.example.com\b"),
        ("http://[canary", "http://[canary"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_secret(url: str, text: str) -> None:
    assert shown(url) == text
    assert list(shown_each(["http://x/", url])) == ["http://x/", text]


@given(user=LETTERS, word=LETTERS, host=LETTERS, path=LETTERS, name=LETTERS)
def test_user_name_password_and_query_are_never_in_it_and_host_and_path_always(
    user: str, word: str, host: str, path: str, name: str
) -> None:
    text = shown(f"https://{user}:{CANARY}{word}@{host}.example.com/{path}?{name}={CANARY}{word}&{CANARY}#{CANARY}")
    assert CANARY not in text
    assert text == f"https://{MASK}@{host}.example.com/{path}?{name}={MASK}&{MASK}"


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    shown(text)
    without_credentials(text, text)


def test_urls_with_nothing_to_hide_are_the_very_ones_that_were_given() -> None:
    urls = ["https://a.example.com/", "https://b.example.com/"]
    assert shown_each(urls) is urls


def test_two_that_look_alike_and_are_not_are_told_apart() -> None:
    assert another("a", "a") == "a (another value)"
    assert another("a", "b") == "b"


def test_a_host_is_told_without_the_user() -> None:
    assert host_of("https://reader:canary@a.example.com:1/b") == "a.example.com:1"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_this_machine_is_known_by_its_names_and_addresses(host: str) -> None:
    assert is_local(host)
    assert is_local(host, subdomains=False)


def test_a_name_below_localhost_is_this_machine_unless_it_must_be_sure() -> None:
    assert is_local("orders.localhost")
    assert not is_local("orders.localhost", subdomains=False)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "localhost.example.com", "10.0.0.1", "::2", "notlocalhost"])
def test_any_other_host_is_another_machine(host: str) -> None:
    assert not is_local(host)
