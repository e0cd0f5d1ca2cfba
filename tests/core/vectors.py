"""The conformance vectors of twitter-text, from the outside data, as cases of a test."""

import os
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import yaml


class Vector(NamedTuple):
    """A text, and what is to be found in it, in the form of its section."""

    section: str
    description: str
    text: str
    expected: Any

    @property
    def name(self) -> str:
        """What tells it from all others of its file."""
        return f"{self.section}: {self.description}"


def read_vectors(file: str) -> list[Vector]:
    """The vectors of one file; none without outside data, so one test of a module asks for `outside_data`."""
    path = Path(os.environ.get("TEST_DATA_DIR", "")) / "twitter_text" / file
    if not path.is_file():
        return []
    sections: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
    return [
        Vector(section, each["description"], each["text"], each["expected"])
        for section, vectors in sections.items()
        for each in vectors
    ]


def of_sections(vectors: Iterable[Vector], *sections: str) -> list[Vector]:
    """Those of some sections."""
    return [vector for vector in vectors if vector.section in sections]


def linked_in(html: str) -> list[str]:
    """The texts that are links in a piece of HTML."""
    reader = _LinkReader()
    reader.feed(html)
    return reader.linked


class _LinkReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.linked: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            assert attrs, "A link leads somewhere."
            self._inside = True
            self.linked.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.linked[-1] += data
