"""Plays a path: every viewer reads it on the stage, and what they see is laid beside what they should."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tests.contracts.matrix.cast import ANONYMOUS, AUTHORS, viewers_of
from tests.contracts.matrix.paths import FRAGMENTS, Path, PathToPosts, PathToUsers
from tests.contracts.matrix.stage import Stage, bio_of, set_stage, website_of
from tests.fixtures.api import Api
from tests.worlds import post_id

# A large page is more than a document gives at once; a small one makes lists scan on, and end between hidden things.
PAGES = (60, 7)
MOST_PAGES = 60


class Cell(NamedTuple):
    """What of one target one viewer sees by one path."""

    path: str
    viewer: str
    target: str
    is_expected: bool
    is_seen: bool

    @property
    def is_leak(self) -> bool:
        return self.is_seen and not self.is_expected

    @property
    def is_right(self) -> bool:
        return self.is_seen is self.is_expected


def whole(path: Path) -> str:
    """The document with the fragment that it spreads."""
    [fragment] = [text for name, text in FRAGMENTS.items() if f"...{name}" in path.document]
    return f"{path.document} {fragment}"


def viewers(path: Path) -> Iterator[str]:
    for viewer in dict.fromkeys(viewer for author in AUTHORS for viewer in viewers_of(author)):
        if viewer != ANONYMOUS or not path.needs_viewer:
            yield viewer


async def play(api: Api, path: Path) -> list[Cell]:
    """Every cell of a path, on a stage of its own."""
    stage = await set_stage(api.services)
    await path.scene(stage)
    return [cell for viewer in viewers(path) for cell in await _cells(api, stage, path, viewer)]


async def _cells(api: Api, stage: Stage, path: Path, viewer: str) -> list[Cell]:
    texts = [await _read(api, stage, path, viewer, first) for first in (PAGES if path.is_paged else (0,))]
    assert len({frozenset(_found(stage, path, text)) for text in texts}) == 1, "pages differ by their size"
    return [*_compared(stage, path, viewer, texts[0])]


def _compared(stage: Stage, path: Path, viewer: str, text: str) -> Iterator[Cell]:
    found = _found(stage, path, text)
    for target, is_expected in expected(path, viewer):
        yield Cell(path.name, viewer, target, is_expected, target in found)


def expected(path: Path, viewer: str) -> Iterator[tuple[str, bool]]:
    """What the viewer should see or not see there. Others than viewers read only what is their own."""
    match path:
        case PathToPosts():
            for target in path.targets:
                if viewer in viewers_of(target.author):
                    yield target.word, path.expects(viewer, target)
        case PathToUsers():
            for author in path.targets:
                if viewer in viewers_of(author):
                    words = (author, bio_of(author), website_of(author))
                    for word, is_expected in zip(words, path.expects(viewer, author), strict=True):
                        if is_expected is not None:
                            yield word, is_expected


def _found(stage: Stage, path: Path, text: str) -> set[str]:
    """What of all targets stands in an answer."""
    if isinstance(path, PathToUsers):
        words = [word for author in AUTHORS for word in (author, bio_of(author), website_of(author))]
        return {word for word in words if f'"{word}"' in text}
    found = {target.word for target in stage.posts if target.word in text}
    if not path.keeps_places:
        by_id = {target.word for target, number in stage.posts.items() if post_id(number) in text}
        assert by_id == found, "an id without what it names"
    return found


async def _read(api: Api, stage: Stage, path: Path, viewer: str, first: int) -> str:
    """All that the viewer is told, to the end of the list, as text."""
    told: list[str] = []
    for variables in path.variables(stage, viewer):
        after, has_next = None, True
        for _ in range(MOST_PAGES):
            page = {"first": first, "after": after} if path.is_paged else {}
            data = await api.data(whole(path), by=stage.person(viewer), **variables, **page)
            told.append(json.dumps(data))
            info = _page_info(data) if path.is_paged else None
            has_next, after = (info["hasNextPage"], info["endCursor"]) if info else (False, None)
            if not has_next:
                break
        assert not has_next, f"more than {MOST_PAGES} pages"
    return "\n".join(told)


def _page_info(data: Any) -> Any:
    """The place of the list in an answer, if it got so far."""
    if isinstance(data, list):
        data = {str(number): value for number, value in enumerate(data)}
    if not isinstance(data, dict):
        return None
    return data.get("pageInfo") or next(filter(None, map(_page_info, data.values())), None)


def told_wrong(cells: Iterable[Cell]) -> list[str]:
    """The wrong cells, in few words: the target, and who sees it that should not, or the other way round."""
    wrong = [cell for cell in cells if not cell.is_right]
    return [
        f"{'LEAK' if is_leak else 'HIDDEN'} {target}: {', '.join(cell.viewer for cell in group)}"
        for (target, is_leak), group in _grouped(wrong).items()
    ]


def _grouped(cells: Iterable[Cell]) -> dict[tuple[str, bool], list[Cell]]:
    groups: dict[tuple[str, bool], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.target, cell.is_leak), []).append(cell)
    return groups
