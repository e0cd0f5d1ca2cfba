"""What an import tells: lines that it skipped, at once; what it did, at the end."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core.errors import ValidationError


class SourceError(Exception):
    """The files cannot be imported at all: nothing was. The message is for the person who named them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, for people: the first is 1."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Report:
    """Counts of one run. `tell` gets each skipped line as it is met; `advance` hears of progress."""

    def __init__(self, *, tell: Callable[[str], None], progress: Progress) -> None:
        self.added: Counter[str] = Counter()
        self.present: Counter[str] = Counter()
        self.unmapped: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.remarks: list[str] = []
        self.skipped_lines = 0
        self._tell = tell
        self._progress = progress

    def skip(self, place: Place, reason: object) -> None:
        """A broken line: it is told, counted, and the import goes on without it. Rules are counted by their codes."""
        self.skipped_lines += 1
        if isinstance(reason, ValidationError):
            self.refused.update({problem.code for problem in reason.problems})
        self._tell(f"{place}: {reason}")

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """A progress bar of `total` records; gives the function that moves it on."""
        task = self._progress.add_task(name, total=total)
        yield lambda count: self._progress.advance(task, count)

    def lines(self) -> Iterator[str]:
        """The summary, for people."""
        for name in dict.fromkeys((*self.added, *self.present)):
            present = self.present[name]
            yield f"{name}: {self.added[name]:,} added" + (f", {present:,} there already" if present else "")
        for name, count in self.unmapped.items():
            yield f"{name}: {count:,} not imported, Rookery has no such thing"
        yield from self.remarks
        for code, count in self.refused.items():
            yield f"refused as {code}: {count:,}"
        yield f"lines skipped: {self.skipped_lines:,}"


def progress_bars(console: Console) -> Progress:
    """Bars on a terminal; on anything else nothing but their last state."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
