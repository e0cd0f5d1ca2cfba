"""Links in running text: addresses with http(s)://, and bare domains that end in a known top-level domain.

What may stand before, in and behind a link follows twitter-text; docs/text.md lists where we differ, and why.
Every run of characters is looked at a bounded number of times, so the time is linear in the length of the text.
"""

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import regex
from publicsuffixlist import PSLFILE

LONGEST_HOST_CHARS = 253
LONGEST_LABEL_CHARS = 63
# Without ASCII a label is sent encoded, and four of its characters are then "xn--".
LONGEST_FOREIGN_LABEL_CHARS = 59

_ENCODED_PREFIX = "xn--"
# Latin letters that a domain can be registered with, and the marks that may stand on them.
_LATIN: Final = r"A-Za-z\xC0-\xD6\xD8-\xF6\xF8-\u024F\u0300-\u036F\u1E00-\u1EFF"
# Behind a scheme a host may be in any script, symbols included.
_HOST: Final = r"[[\p{L}\p{M}\p{N}\p{So}_.\-]--\p{Default_Ignorable_Code_Point}]"
# Not before a bare domain: what would make it the end of something else, such as the host of an e-mail address.
# Letters that pass for Latin ones count, so that no link begins in the middle of what looks like one word.
_BARE_EDGE: Final = rf"[{_LATIN}0-9_.\-\p{{Greek}}\p{{Cyrillic}}@\uFF20$#\uFF03/\\]"

_CANDIDATE = regex.compile(
    rf"(?<![A-Za-z0-9@\uFF20$#\uFF03])(?P<scheme>(?i:https?)://)(?P<host>{_HOST}++)"
    rf"|(?<!{_BARE_EDGE})(?P<host>[{_LATIN}0-9_\-]++(?:\.[{_LATIN}0-9_\-]*+)++)(?![@\uFF20])",
    regex.VERSION1,
)
# Every link has a dot with something behind it; most dots of a text end a sentence.
_DOT_INSIDE = regex.compile(r"\.[^\s.]")
# The start of a label that is written in Latin letters. Only all of it can be a top-level domain.
_LATIN_LABEL = regex.compile(rf"[{_LATIN}0-9\-]++")
# Behind a top-level domain: what shows that its word goes on. Scripts that are written without spaces are not here.
_GOES_ON = regex.compile(
    r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{Armenian}\p{Georgian}\p{Hebrew}\p{Arabic}\p{M}0-9@\uFF20+_\-]", regex.VERSION1
)
_PORT: Final = r"(?::[0-9]{1,5}+(?![0-9]))?+"
_IN_PATH: Final = rf"[{_LATIN}\p{{Cyrillic}}0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&]"
# Parentheses belong to a path in pairs, two deep: those around a link are not part of it.
_PARENTHESES: Final = (
    rf"\((?:{_IN_PATH}++(?:\({_IN_PATH}++\){_IN_PATH}*+)?+|\({_IN_PATH}++\){_IN_PATH}*+)\)"  # (a(b)c) or ((b)c)
)
_TAIL = regex.compile(
    rf"{_PORT}(?P<path>/(?:{_IN_PATH}++|{_PARENTHESES})*+)?+(?P<query>\?[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]++)?+",
    regex.VERSION1,
)
# Punctuation at the end is the sentence's, not the link's.
_NOT_LAST_IN_PATH = "!*';:,.$%[]\u2013~@|&"
_NOT_LAST_IN_QUERY = "!?*'@();:+$%[].,~|"


class FoundLink(NamedTuple):
    """Where a link stands (in code points, the end is exclusive), and the URL that it opens."""

    start: int
    end: int
    url: str


def find_links(body: str) -> list[FoundLink]:
    """All links of a text, in order. A bare domain opens with https."""
    if _DOT_INSIDE.search(body) is None:
        return []
    found: list[FoundLink] = []
    position = 0
    while match := _CANDIDATE.search(body, position):
        start = match.start()
        position = match.end()
        host_end = _host_end(body, *match.span("host"))
        if host_end is not None:
            position = _tail_end(body, host_end)
            written = body[start:position]
            found.append(FoundLink(start, position, written if match["scheme"] else f"https://{written}"))
    return found


def _host_end(body: str, start: int, end: int) -> int | None:
    """Where the host ends that begins a run of host characters: behind its last label that is a top-level domain.

    None if there is no such label, or a label before it cannot be one.
    """
    host_end = None
    label_start = start
    while (dot := body.find(".", label_start, min(end, start + LONGEST_HOST_CHARS))) != -1:
        label = body[label_start:dot]
        if not _is_label(label):
            break
        label_start = dot + 1
        # A registered name has no underscores; names below it may have them.
        if "_" not in label and (found := _top_level_end(body, label_start)) is not None:
            host_end = found
    return host_end if host_end is not None and host_end - start <= LONGEST_HOST_CHARS else None


def _is_label(label: str) -> bool:
    if not label or label[0] in "-_" or label[-1] in "-_":
        return False
    if label.isascii():
        return len(label) <= LONGEST_LABEL_CHARS
    return len(label) <= LONGEST_FOREIGN_LABEL_CHARS and label[:4].lower() != _ENCODED_PREFIX


def _top_level_end(body: str, start: int) -> int | None:
    """Where the top-level domain ends that begins here; None if none does."""
    known = _top_level_domains()
    if match := _LATIN_LABEL.match(body, start, start + known.longest + 1):
        ends = [match.end()]
    else:
        ends = list(range(min(start + known.longest_foreign, len(body)), start, -1))
    for end in ends:
        if body[start:end].lower() in known.names:
            return None if _GOES_ON.match(body, end) else end
    return None


def _tail_end(body: str, start: int) -> int:
    """Where a link ends whose host ends here: behind its port, path and query."""
    match = _TAIL.match(body, start)
    assert match is not None
    if match["query"] is not None and (query := match["query"].rstrip(_NOT_LAST_IN_QUERY)):
        return int(match.start("query")) + len(query)
    if match["path"] is not None:
        return int(match.start("path")) + len(match["path"].rstrip(_NOT_LAST_IN_PATH))
    return int(match.start("query") if match["query"] is not None else match.end())


class _TopLevelDomains(NamedTuple):
    names: frozenset[str]
    longest: int
    longest_foreign: int


@cache
def _top_level_domains() -> _TopLevelDomains:
    """The last labels of the rules of the Public Suffix List, as written and encoded. Reading takes milliseconds."""
    written: set[str] = set()
    with Path(PSLFILE).open(encoding="utf-8") as lines:
        for line in lines:
            if (rule := line.partition(" ")[0].strip()) and not rule.startswith("//"):
                written.add(rule.rpartition(".")[2].lower())
    foreign = {name for name in written if not name.isascii()}
    names = written | {_ENCODED_PREFIX + name.encode("punycode").decode() for name in foreign}
    return _TopLevelDomains(frozenset(names), max(map(len, names)), max(map(len, foreign)))
