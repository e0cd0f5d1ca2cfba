"""The tags of an LDBC SNB data set, by their numbers: which hashtags they become."""

from pathlib import Path

from app.imports import tables
from app.imports.report import Report
from app.imports.tables import Row, Table
from core.entities import hashtag_from

_COLUMNS = ("id", "name")


class Tags:
    """The data set's tags. What a post has of them that makes no hashtag is counted in the report."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._hashtags: dict[str, str | None] = {}
        self._respelled: set[str] = set()
        self._used: set[str] = set()

    def take(self, row: Row) -> None:
        """Adds a row of the table of tags. Raises ValueError."""
        number, name = _tag(row.fields[0]), row.fields[1]
        if number in self._hashtags:
            raise ValueError(f"tag {number} was there before")
        hashtag = self._hashtags[number] = hashtag_from(name)
        if hashtag not in {None, name}:
            self._respelled.add(number)

    def hashtag_of(self, text: str) -> str | None:
        """The hashtag of the tag with the number in the text; None if it makes none. Raises ValueError."""
        number = _tag(text)
        if number not in self._hashtags:
            self._report.unmapped["tags without a name"] += 1
            return None
        hashtag = self._hashtags[number]
        if hashtag is None:
            self._report.unmapped["tags of digits and signs only"] += 1
            return None
        self._used.add(number)
        return hashtag

    def remark(self) -> str:
        """For the summary."""
        respelled = len(self._used & self._respelled)
        return f"tags: {len(self._used):,} became hashtags, {respelled:,} of them spelled anew"


def open_tags(folder: Path) -> list[Table]:
    """The tables of tags of a data set's folder; none where it has no names of tags. Raises SourceError."""
    return [tables.open_table(path, _COLUMNS, delimiter="|") for path in tables.parts_of(folder / "static", "tag")]


def _tag(number: str) -> str:
    return tables.number(number, "number of a tag")
