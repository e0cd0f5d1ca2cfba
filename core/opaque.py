"""Opaque texts: a few bytes in URL-safe base64 without padding, with exactly one spelling."""

import binascii

TO_URL = bytes.maketrans(b"+/", b"-_")
# "+" and "/" become a character that base64 refuses, so that they are no second spelling of "-" and "_".
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")


def to_text(raw: bytes) -> str:
    """The text of some bytes."""
    return binascii.b2a_base64(raw, newline=False).translate(TO_URL).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    """The bytes of a text. Raises ValueError for one that `to_text` never gives."""
    raw = binascii.a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4), strict_mode=True)
    if to_text(raw) != text:
        raise ValueError("This is another spelling of an opaque text.")
    return raw
