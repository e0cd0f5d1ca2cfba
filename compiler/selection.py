"""The fields that are asked of objects of one type at one place, executed for a whole level."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from compiler.completion import is_level_void
from compiler.places import Places
from compiler.resolving import Computed, Irregular, Link, Related
from compiler.rows import Column, Constant, Inline, Rows, rows_of
from compiler.run import VOID, Bubble, Later, Run
from compiler.started import Started, finish_all

if TYPE_CHECKING:
    from compiler.plan import FieldPlan

# Making a function costs more than executing a small level a few times without it.
EXECUTIONS_BEFORE_CODE = 2


class Selection:
    """A selection. Levels are made by a generated function, or, where something fails, field by field."""

    __slots__ = ("_columns", "_executions", "_linked", "_links", "_numbers", "_rows", "fields", "type_name")

    def __init__(self, type_name: str, fields: Sequence["FieldPlan"]) -> None:
        self.type_name = type_name
        self.fields = fields
        self._executions = 0
        self._rows: Rows | None = None
        # What is loaded, once for all fields that share it; and by field, which of these it is.
        links: dict[tuple[Any, Any], int] = {}
        self._links: list[Link] = []
        self._linked: dict[int, int] = {}
        # The fields that are columns of their own: everything but leaves that the function makes itself.
        self._columns: list[int] = []
        for number, field in enumerate(fields):
            if isinstance(field.resolving, Related):
                relation = field.resolving.relation
                link = links.setdefault((relation.loader, relation.key), len(links))
                if link == len(self._links):
                    self._links.append(Link(relation))
                self._linked[number] = link
            is_inline = field.leaf is not None and isinstance(field.resolving, Computed | Related)
            if not is_inline and not field.is_typename:
                self._columns.append(number)
        self._numbers = {number: place for place, number in enumerate(self._columns)}

    def execute(self, run: Run, sources: list[Any], places: Places) -> list[Any] | Later:
        """A dict for each source, or a Bubble if one of its non-null fields failed. Fields run side by side."""
        if not sources:
            return []
        level = _Level(self, sources, places)
        late: list[Later] = []
        for link in self._links:
            loaded = link.values(run, sources)
            if not isinstance(loaded, list):
                late.append(partial(self._follow, level, len(level.links), loaded))
                loaded = []
            level.links.append(loaded)
        for place, number in enumerate(self._columns):
            field = self.fields[number]
            if number in self._linked:
                loaded = level.links[self._linked[number]]
                if len(loaded) != len(sources):
                    continue
                column = field.linked_column(run, loaded, places)
            else:
                column = field.column(run, sources, places)
            if isinstance(column, list):
                level.columns[place] = column
            else:
                late.append(partial(_put, level, place, column))
        if late:
            return partial(self._finished, level, late)
        return self._made(run, level)

    async def execute_serially(self, run: Run, source: Any, places: Places) -> Any:
        """The same for the root of a mutation: one field after the other, stopping where null reaches the root."""
        data: dict[str, Any] = {}
        for field in self.fields:
            column = field.column(run, [source], places)
            [value] = column if isinstance(column, list) else await column(run)
            if type(value) is Bubble:
                return value
            data[field.name] = value
        return data

    @property
    def text(self) -> str:
        """The text of the generated function."""
        return self._code().text

    async def _finished(self, level: "_Level", late: list[Later], run: Run) -> list[Any]:
        await _side_by_side(run, level, late)
        rows = self._made(run, level)
        return rows if isinstance(rows, list) else await rows(run)

    async def _follow(self, level: "_Level", number: int, loading: Later, run: Run) -> list[Any]:
        """Loads what some fields share, then makes their columns."""
        loaded = level.links[number] = await loading(run)
        late: list[Later] = []
        for place, field_number in enumerate(self._columns):
            if self._linked.get(field_number) != number:
                continue
            column = self.fields[field_number].linked_column(run, loaded, level.places)
            if isinstance(column, list):
                level.columns[place] = column
            else:
                late.append(partial(_put, level, place, column))
        if late:
            await _side_by_side(run, level, late)
        return []

    def _made(self, run: Run, level: "_Level") -> list[Any] | Later:
        """The level's objects, of its columns."""
        if self._rows is None:
            self._executions += 1
            if self._executions > EXECUTIONS_BEFORE_CODE:
                self._rows = self._code()
        if self._rows is not None and all(type(loaded) is list for loaded in level.links):
            try:
                rows: list[Any] = self._rows.make(level.sources, *level.links, *level.columns)
            except Exception:  # noqa: BLE001 (whatever is unexpected is found field by field)
                return self._field_by_field(run, level)
            if run.outcome.has_failed:
                for place in level.non_null:
                    _give_up(rows, level.columns[place])
            return rows
        return self._field_by_field(run, level)

    def _field_by_field(self, run: Run, level: "_Level") -> list[Any] | Later:
        """The same without generated code: every leaf has a column of its own, and may have to wait."""
        columns: list[list[Any]] = [[]] * len(self.fields)
        late: list[tuple[int, Later]] = []
        for number, field in enumerate(self.fields):
            column: list[Any] | Later
            if field.is_typename:
                column = [self.type_name] * len(level.sources)
            elif number in self._numbers:
                column = level.columns[self._numbers[number]]
            elif number in self._linked:
                column = field.linked_column(run, level.links[self._linked[number]], level.places)
            else:
                column = field.column(run, level.sources, level.places)
            if isinstance(column, list):
                columns[number] = column
            else:
                late.append((number, column))
        if late:
            return partial(self._joined_later, level, columns, late)
        return self._joined(run, level, columns)

    async def _joined_later(
        self, level: "_Level", columns: list[list[Any]], late: list[tuple[int, Later]], run: Run
    ) -> list[Any]:
        """Leaves that are awaitable attributes; rare enough to come one after the other."""
        for number, column in late:
            columns[number] = await column(run)
        return self._joined(run, level, columns)

    def _joined(self, run: Run, level: "_Level", columns: list[list[Any]]) -> list[Any]:
        names = [field.name for field in self.fields]
        if not names:
            return [{} for _ in level.sources]
        rows: list[Any] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        if run.outcome.has_failed:
            for field, column in zip(self.fields, columns, strict=True):
                if not field.is_nullable:
                    _give_up(rows, column)
        return rows

    def _code(self) -> Rows:
        if self._rows is not None:
            return self._rows
        cells: list[tuple[str, Inline | Constant | Column]] = []
        for number, field in enumerate(self.fields):
            cell: Inline | Constant | Column
            if field.is_typename:
                cell = Constant(self.type_name)
            elif number in self._numbers:
                cell = Column(self._numbers[number])
            elif isinstance(field.resolving, Related):
                assert field.leaf is not None
                cell = Inline(field.leaf, field.is_nullable, field.resolving.relation.then, self._linked[number])
            else:
                assert field.leaf is not None
                assert isinstance(field.resolving, Computed)
                cell = Inline(field.leaf, field.is_nullable, field.resolving.compute, None)
            cells.append((field.name, cell))
        return rows_of(cells, links=len(self._links), columns=len(self._columns))


class _Level:
    """The objects of one level while their fields are executed."""

    __slots__ = ("columns", "links", "non_null", "places", "sources")

    def __init__(self, selection: Selection, sources: Sequence[Any], places: Places) -> None:
        self.sources = sources
        self.places = places
        self.links: list[list[Any]] = []
        numbers = selection._columns  # noqa: SLF001 (one level of it)
        self.columns: list[list[Any]] = [[]] * len(numbers)
        self.non_null = [place for place, number in enumerate(numbers) if not selection.fields[number].is_nullable]


async def _put(level: _Level, place: int, column: Later, run: Run) -> list[Any]:
    level.columns[place] = await column(run)
    return []


async def _side_by_side(run: Run, level: _Level, late: list[Later]) -> None:
    """Waits for parts of a level; where a failure makes null of all of it, the others are cut short."""

    def is_void() -> bool:
        return is_level_void(run, [level.columns[place] for place in level.non_null], level.places)

    if len(late) == 1 and not is_void():
        await late[0](run)
        return
    started = [Started(one(run.aside)) for one in late]
    await finish_all(started, is_void=is_void)
    if not all(one.is_done for one in started):
        nothing = [VOID] * len(level.sources)
        level.columns = [column or nothing for column in level.columns]
        level.links = [Irregular(loaded or nothing) for loaded in level.links]


def _give_up(rows: list[Any], column: Sequence[Any]) -> None:
    """Puts a Bubble in place of each object whose non-null field has failed."""
    for index, value in enumerate(column):
        if type(value) is Bubble and (type(rows[index]) is dict or rows[index] is VOID):
            rows[index] = value
