"""Addresses of web pages and pictures that people give: checked by a browser's rules. Nothing here fetches one."""

import regex
from pydantic import ValidationError
from pydantic_core import Url

LONGEST_URL_CHARS = 2_000

# White space, control and format characters (those that turn the direction of text are among them), what no text is
# made of, and the backslash, which browsers read as a slash. A browser drops some of these in silence, so that people
# would read another address than the one that is opened.
_DECEPTIVE = regex.compile(r"[\p{Z}\p{C}\\]")
# The scheme with its slashes, and a host without a name or password before it.
_BEGINNING = regex.compile(r"https?://[^/?#@]+(?:[/?#]|$)", regex.IGNORECASE)
_HOST = regex.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?")


class InvalidUrlError(Exception):
    """No http or https address that can be shown to people as it is."""


def normalised_url(text: str) -> str:
    """The address as browsers write it, all in ASCII. Raises InvalidUrlError.

    It may be longer than the text. A host that was given without a path stays without one.
    """
    if _DECEPTIVE.search(text) is not None or _BEGINNING.match(text) is None:
        raise InvalidUrlError
    try:
        url = Url(text)
    except ValidationError as error:
        raise InvalidUrlError from error
    if url.host is None or _HOST.fullmatch(url.host) is None:
        raise InvalidUrlError
    shown = str(url)
    return shown[:-1] if text.count("/") == len("//") and shown.endswith("/") else shown
