"""Tables in text files, a record a line, fields without quotes: reading them line by line, telling what is broken."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from app.imports.report import Place, Report, SourceError

# The decimal digits of 64 bits.
LONGEST_NUMBER_CHARS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """The wanted fields of a line, in the order in which they were asked for."""

    place: Place
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose first line was read and has the wanted columns."""

    path: Path
    delimiter: str
    width: int
    wanted: tuple[int, ...]

    def rows(self, report: Report) -> Iterator[Row]:
        """Every line but the first; one with too many or few fields, or that is no UTF-8, is skipped and told."""
        with opened(self.path) as file:
            for place, line in islice(text_lines(file, self.path, report), 1, None):
                fields = line.split(self.delimiter)
                if len(fields) != self.width:
                    report.skip(place, f"{len(fields)} fields, not {self.width}")
                    continue
                yield Row(place, tuple(fields[index] for index in self.wanted))


def open_table(path: Path, columns: Sequence[str], *, delimiter: str) -> Table:
    """The table in a file. Raises SourceError if there is no such file or it lacks a column."""
    with opened(path) as file:
        header = header_line(file, path)
    names = header.split(delimiter)
    return Table(path, delimiter, len(names), wanted_columns(path, names, columns))


def parts_of(folder: Path, name: str) -> list[Path]:
    """The files of one table of a data set: large ones have several."""
    return sorted(folder.glob(f"{name}_[0-9]*_[0-9]*.csv"))


def header_line(file: BinaryIO, path: Path) -> str:
    """The first line. Raises SourceError if there is none, or no text."""
    try:
        header = file.readline().decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is no text file: its first line is not valid UTF-8.") from error
    if not header:
        raise SourceError(f"{path} is empty.")
    return header


def wanted_columns(path: Path, names: Sequence[str], columns: Sequence[str]) -> tuple[int, ...]:
    """Where the columns are; one that is wanted twice is the first and the second of its name.

    Raises SourceError if one is missing.
    """
    places: list[int] = []
    for column in columns:
        place = next((index for index, name in enumerate(names) if name == column and index not in places), None)
        if place is None:
            raise SourceError(f"{path} has no column {column!r}; its first line has {', '.join(names)[:200]}.")
        places.append(place)
    return tuple(places)


def text_lines(file: BinaryIO, path: Path, report: Report) -> Iterator[tuple[Place, str]]:
    """Every line, without its end; empty ones are left out, one that is no UTF-8 is skipped and told."""
    for number, raw in enumerate(file, start=1):
        place = Place(path, number)
        try:
            line = raw.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            report.skip(place, f"not valid UTF-8 (byte {error.start + 1} of the line)")
            continue
        if line:
            yield place, line


def opened(path: Path) -> BinaryIO:
    """The file, for reading. Raises SourceError if that cannot be."""
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error


def number(text: str, what: str) -> str:
    """The decimal number in the text, in its shortest form. Raises ValueError, saying `what` it is not."""
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER_CHARS):
        raise ValueError(f"{text!r} is no {what}.")
    return text.lstrip("0") or "0"
