"""Addresses: what is taken, how it is written, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.urls import InvalidUrlError, normalised_url


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com/", "https://example.com/"),
        ("HTTP://Example.COM:80/A/../b", "http://example.com/b"),
        ("https://example.com:8443/a?b=c/#d", "https://example.com:8443/a?b=c/#d"),
        ("https://example.com?q=a@b", "https://example.com/?q=a@b"),
        ("https://exämple.com/ä", "https://xn--exmple-cua.com/%C3%A4"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("https://a_b.example/", "https://a_b.example/"),
    ],
)
def test_an_address_is_written_as_browsers_do(given: str, shown: str) -> None:
    assert normalised_url(given) == shown
    assert normalised_url(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "//example.com",
        "https:",
        "https://",
        "https:///example.com",
        "http:example.com",
        "ftp://example.com",
        "javascript:alert(1)",
        "javascript://example.com/%0aalert(1)",
        "data:text/html,x",
        " https://example.com",
        "https://exa mple.com",
        "https://example.com/a b",
        "https://user@example.com",
        "https://user:secret@example.com",
        "https://@example.com",
        "https://example.com\\@evil.example",
        "https://example.com/\x00",
        "https://example.com/\n",
        "java\tscript://x",
        "https://exa\u00admple.com",
        "https://example.com/\u202egpj.exe",
        "https://exam\u200bple.com",
        "https://example.com/\ud800",
        "https://example.com:99999",
        "https://a..b/",
        "https://1.2.3.4.5/",
        "https://[::1",
        "https://xn--/",
        "https://a%00b.com",
    ],
)
def test_what_is_no_plain_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidUrlError):
        normalised_url(text)


@given(st.text().map(lambda text: f"https://{text}"))
def test_whatever_is_taken_is_short_of_surprises(text: str) -> None:
    try:
        shown = normalised_url(text)
    except InvalidUrlError:
        return
    assert shown.isascii()
    assert shown.startswith("https://")
    assert not any(character.isspace() for character in shown)
    assert normalised_url(shown) == shown
