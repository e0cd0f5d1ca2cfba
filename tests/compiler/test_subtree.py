"""A page that is all there is made at once; what is not is loaded, and the answer is the same."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql import OperationDefinitionNode, parse

from compiler import Attribute, GroupLoader, Relation, relation
from compiler.operation import CompiledOperation
from compiler.selection import EXECUTIONS_BEFORE_CODE, Selection
from schema.documents import core_schema

DOCUMENT = "{ shelf { books { title author { name } } } }"
AUTHORS = {1: SimpleNamespace(name="Anna"), 2: SimpleNamespace(name="Bela")}
BOOKS = [SimpleNamespace(title="One", author_id=1), SimpleNamespace(title="Two", author_id=2)]
ANSWER = {
    "shelf": {
        "books": [{"title": "One", "author": {"name": "Anna"}}, {"title": "Two", "author": {"name": "Bela"}}],
    }
}


class Authors(GroupLoader[int, Any]):
    """Counts what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    async def batch_load_fn(self, keys: list[int]) -> list[Any]:
        self.asked += keys
        return [AUTHORS[key] for key in keys]


@strawberry.type
class Author:
    name: str


@strawberry.type
class Book:
    title: str
    author: Author | None = relation(
        Relation(loader=lambda authors: authors, key=Attribute("author_id")), graphql_type=Author | None
    )


@strawberry.type
class Shelf:
    books: list[Book]


@strawberry.type
class Query:
    @strawberry.field
    async def shelf(self) -> Shelf:
        return SimpleNamespace(books=list(BOOKS))  # type: ignore[return-value]  # shown as one


class Shop:
    """Runs one operation again and again, and says which levels were executed one by one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        node = parse(DOCUMENT)
        [definition] = [one for one in node.definitions if isinstance(one, OperationDefinitionNode)]
        self._operation = CompiledOperation(core_schema(strawberry.Schema(Query)), node, definition)
        self._levels: list[str] = []
        by_level = Selection._made_by_level

        def noted(selection: Selection, *arguments: Any, **options: Any) -> Any:
            self._levels.append(selection.type_name)
            return by_level(selection, *arguments, **options)

        monkeypatch.setattr(Selection, "_made_by_level", noted)

    async def levels(self, *, known: Sequence[int]) -> list[str]:
        """The levels of an execution before which these authors are known; the others are loaded, once."""
        authors = Authors()
        authors.prime_many({key: AUTHORS[key] for key in known})
        self._levels.clear()
        result = await self._operation.execute(None, context=authors)
        assert (result.data, result.errors) == (ANSWER, None)
        assert authors.asked == [key for key in AUTHORS if key not in known]
        return list(self._levels)


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """One whose operation has its generated code."""
    shop = Shop(monkeypatch)
    for _ in range(EXECUTIONS_BEFORE_CODE):
        assert await shop.levels(known=[1, 2]) == ["Query", "Shelf", "Book", "Author"]
    return shop


async def test_what_is_all_there_is_made_at_once(shop: Shop) -> None:
    assert await shop.levels(known=[1, 2]) == ["Query"]


@pytest.mark.parametrize("known", [[], [1]])
async def test_what_is_not_loaded_is_loaded_by_levels(shop: Shop, known: list[int]) -> None:
    assert await shop.levels(known=known) == ["Query", "Shelf", "Book", "Author"]


async def test_what_was_tried_in_vain_is_tried_less_and_less_often(shop: Shop) -> None:
    """Whether an execution is made at once shows that it was tried: all that is known is made so."""
    await shop.levels(known=[])
    assert "Shelf" in await shop.levels(known=[1, 2])
    await shop.levels(known=[])
    for _ in range(3):
        assert "Shelf" in await shop.levels(known=[1, 2])

    for _ in range(4):
        assert await shop.levels(known=[1, 2]) == ["Query"]
