"""The fields that are asked of objects of one type at one place, executed for a whole level."""

from collections.abc import Coroutine, Sequence
from functools import partial
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any

from compiler.completion import is_level_void
from compiler.leaves import IrregularError
from compiler.places import Places
from compiler.resolving import Computed, Irregular, Link, Related
from compiler.rows import Column, Constant, Inline, Rows, rows_of
from compiler.run import VOID, Bubble, Later, Run
from compiler.started import Started, finish_all
from compiler.subtree import Subtree, subtree_of

if TYPE_CHECKING:
    from compiler.plan import FieldPlan

# Making a function costs more than executing a small level a few times without it.
EXECUTIONS_BEFORE_CODE = 2
# So many executions, at most, go by between two attempts to make everything below at once.
LONGEST_PAUSE = 1023


class Selection:
    """A selection. Everything below an object is made by one generated function, if it is all there. If not, levels
    are; or, the first times and where something fails, fields: then every field is a column, and none waits for
    another.
    """

    __slots__ = (
        "_columns",
        "_executions",
        "_is_regular",
        "_linked",
        "_links",
        "_non_null",
        "_numbers",
        "_pause",
        "_rows",
        "_subtree",
        "_wait",
        "fields",
        "type_name",
    )

    def __init__(self, type_name: str, fields: Sequence["FieldPlan"]) -> None:
        self.type_name = type_name
        self.fields = fields
        self._executions = 0
        self._rows: Rows | None = None
        self._subtree: Subtree | None = None
        # How many executions go by before everything below is tried at once again, and how many of them are left.
        self._pause = 0
        self._wait = 0
        # Whether the values of leaves have been there at once, as generated code needs them.
        self._is_regular = True
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
        # Where, among the columns, those are that may not be null; with and without generated code.
        self._non_null = (_non_null(fields, range(len(fields))), _non_null(fields, self._columns))

    def execute(self, run: Run, sources: list[Any], places: Places) -> list[Any] | Later:
        """A dict for each source, or a Bubble if one of its non-null fields failed. Fields run side by side."""
        if not sources:
            return []
        is_coded = self._is_coded()
        if is_coded and self._subtree is not None and run.knows_awaitables_by_type:
            if self._wait:
                self._wait -= 1
            else:
                return self._made_at_once(run, self._subtree, sources, places)
        return self._made_by_level(run, sources, places, is_coded=is_coded)

    def _made_at_once(self, run: Run, subtree: Subtree, sources: list[Any], places: Places) -> list[Any] | Later:
        """With everything below; or, where that is not to be had, by levels."""
        try:
            made = subtree.make(run, sources)
        except Exception as error:  # noqa: BLE001 (whatever is unexpected is found by levels)
            self._wait = self._pause = min(2 * self._pause + 1, LONGEST_PAUSE)
            return _closing(self._made_by_level(run, sources, places, is_coded=True), error)
        self._pause = 0
        return made

    def _made_by_level(self, run: Run, sources: list[Any], places: Places, *, is_coded: bool) -> list[Any] | Later:
        level = _Level(self, sources, places, is_coded=is_coded)
        late: list[Later] = []
        for link in self._links:
            loaded = link.values(run, sources)
            if not isinstance(loaded, list):
                late.append(partial(self._follow, level, len(level.links), loaded))
                loaded = []
            level.links.append(loaded)
        for place, number in enumerate(level.numbers):
            if number in self._linked and len(level.links[self._linked[number]]) != len(sources):
                continue
            column = self._column(run, level, number)
            if not isinstance(column, list):
                late.append(partial(_put, level.columns, place, column))
                continue
            level.columns[place] = column
            if run.outcome.has_failed and not late and level.is_void(run):
                # Nobody will see the fields that have not begun.
                level.columns[place + 1 :] = [[VOID] * len(sources)] * (len(level.columns) - place - 1)
                break
        if late:
            return partial(self._finished, level, late)
        return self._made(run, level)

    def execute_serially(self, run: Run, sources: list[Any], places: Places) -> list[Any] | Later:
        """The same for the root of a mutation: one field after the other, stopping where null reaches the root."""
        data: dict[str, Any] = {}
        for number, field in enumerate(self.fields):
            column = field.column(run, sources, places)
            if not isinstance(column, list):
                return partial(self._serially_later, sources, places, data, number, column)
            [value] = column
            if type(value) is Bubble:
                return [value]
            data[field.name] = value
        return [data]

    async def _serially_later(
        self, sources: list[Any], places: Places, data: dict[str, Any], number: int, first: Later, run: Run
    ) -> list[Any]:
        """From the first field that has to wait."""
        column: list[Any] | Later = first
        while True:
            [value] = column if isinstance(column, list) else await column(run)
            if type(value) is Bubble:
                return [value]
            data[self.fields[number].name] = value
            number += 1
            if number == len(self.fields):
                return [data]
            column = self.fields[number].column(run, sources, places)

    @property
    def text(self) -> str:
        """The text of the function that makes a level."""
        return self._code().text

    @property
    def text_of_subtree(self) -> str | None:
        """The text of the function that makes everything below; None if there is none."""
        subtree = self._subtree or subtree_of(self)
        return None if subtree is None else subtree.text

    async def _finished(self, level: "_Level", late: list[Later], run: Run) -> list[Any]:
        await _side_by_side(run, level, late, level.columns, level.non_null)
        rows = self._made(run, level)
        return rows if isinstance(rows, list) else await rows(run)

    async def _follow(self, level: "_Level", number: int, loading: Later, run: Run) -> list[Any]:
        """Loads what some fields share, then makes their columns."""
        level.links[number] = await loading(run)
        late: list[Later] = []
        for place, field_number in enumerate(level.numbers):
            if self._linked.get(field_number) != number:
                continue
            column = self._column(run, level, field_number)
            if isinstance(column, list):
                level.columns[place] = column
            else:
                late.append(partial(_put, level.columns, place, column))
        if late:
            await _side_by_side(run, level, late, level.columns, level.non_null)
        return []

    def _made(self, run: Run, level: "_Level") -> list[Any] | Later:
        """The level's objects, of its columns."""
        if not level.is_coded:
            return self._joined(run, level, level.columns)
        if not all(type(loaded) is list for loaded in level.links):
            return self._field_by_field(run, level)
        try:
            rows: list[Any] = self._code().make(level.sources, *level.links, *level.columns)
        except Exception as error:  # noqa: BLE001 (whatever is unexpected is found field by field)
            return _closing(self._field_by_field(run, level), error)
        if run.outcome.has_failed:
            for place in level.non_null:
                _give_up(rows, level.columns[place])
        return rows

    def _field_by_field(self, run: Run, level: "_Level") -> list[Any] | Later:
        """The same without generated code: what it would have made becomes columns, too."""
        columns: list[list[Any]] = [[]] * len(self.fields)
        late: list[Later] = []
        for number in range(len(self.fields)):
            is_known = number in self._numbers
            column = level.columns[self._numbers[number]] if is_known else self._column(run, level, number)
            if isinstance(column, list):
                columns[number] = column
            else:
                late.append(partial(_put, columns, number, column))
        if late:
            return partial(self._joined_later, level, columns, late)
        return self._joined(run, level, columns)

    async def _joined_later(self, level: "_Level", columns: list[list[Any]], late: list[Later], run: Run) -> list[Any]:
        """Where attributes of leaves have to be awaited."""
        non_null = [number for number, field in enumerate(self.fields) if not field.is_nullable]
        await _side_by_side(run, level, late, columns, non_null)
        return self._joined(run, level, columns)

    def _column(self, run: Run, level: "_Level", number: int) -> list[Any] | Later:
        """The values of a field; what is loaded for it has to be there."""
        field = self.fields[number]
        if field.is_typename:
            return [self.type_name] * len(level.sources)
        if number in self._linked:
            column = field.linked_column(run, level.links[self._linked[number]], level.places)
        else:
            column = field.column(run, level.sources, level.places)
        if not isinstance(column, list) and number not in self._numbers:
            self._is_regular = False
        return column

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

    def _is_coded(self) -> bool:
        """Whether the level that begins is made by generated code."""
        if self._rows is None and self._is_regular:
            self._executions += 1
            if self._executions > EXECUTIONS_BEFORE_CODE:
                self._rows = self._code()
                self._subtree = subtree_of(self)
        return self._rows is not None and self._is_regular

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
                cell = Inline(field.leaf, field.is_nullable, field.resolving.relation.then, f"l{self._linked[number]}")
            else:
                assert field.leaf is not None
                assert isinstance(field.resolving, Computed)
                cell = Inline(field.leaf, field.is_nullable, field.resolving.compute, "s")
            cells.append((field.name, cell))
        return rows_of(cells, links=len(self._links), columns=len(self._columns))


def _non_null(fields: Sequence["FieldPlan"], numbers: Sequence[int]) -> list[int]:
    return [place for place, number in enumerate(numbers) if not fields[number].is_nullable]


class _Level:
    """The objects of one level while their fields are executed."""

    __slots__ = ("columns", "is_coded", "links", "non_null", "numbers", "places", "sources")

    def __init__(self, selection: Selection, sources: Sequence[Any], places: Places, *, is_coded: bool) -> None:
        self.sources = sources
        self.places = places
        self.is_coded = is_coded
        self.links: list[list[Any]] = []
        # The fields that have columns: all of them, where there is no generated code.
        self.numbers = selection._columns if is_coded else range(len(selection.fields))  # noqa: SLF001 (a level of it)
        self.columns: list[list[Any]] = [[]] * len(self.numbers)
        self.non_null = selection._non_null[is_coded]  # noqa: SLF001 (as above)

    def is_void(self, run: Run) -> bool:
        """Whether failures so far make null of every object of the level."""
        return is_level_void(run, [self.columns[place] for place in self.non_null], self.places)


def _closing(rows: list[Any] | Later, error: Exception) -> list[Any] | Later:
    """What was made because generated code ended with this error; what it met may be a coroutine, and has to end.

    Only then: an attribute may give the same coroutine whenever it is asked for, or another one.
    """
    if not isinstance(error, IrregularError) or not iscoroutine(error.value):
        return rows
    if isinstance(rows, list):
        error.value.close()
        return rows
    return partial(_and_close, rows, error.value)


async def _put(columns: list[list[Any]], place: int, column: Later, run: Run) -> list[Any]:
    columns[place] = await column(run)
    return []


async def _and_close(rows: Later, coroutine: Coroutine[Any, Any, Any], run: Run) -> list[Any]:
    """Waits for rows; then ends a coroutine that may not have been awaited for them."""
    try:
        return await rows(run)
    finally:
        coroutine.close()


async def _side_by_side(
    run: Run, level: _Level, late: list[Later], columns: list[list[Any]], non_null: Sequence[int]
) -> None:
    """Waits for columns of a level; where a failure makes null of all of it, the others are cut short."""

    def is_void() -> bool:
        return is_level_void(run, [columns[place] for place in non_null], level.places)

    if len(late) == 1 and not is_void():
        await late[0](run)
        return
    started = [Started(one(run.aside)) for one in late]
    await finish_all(started, is_void=is_void)
    if not all(one.is_done for one in started):
        nothing = [VOID] * len(level.sources)
        columns[:] = [column or nothing for column in columns]
        level.links = [Irregular(loaded or nothing) for loaded in level.links]


def _give_up(rows: list[Any], column: Sequence[Any]) -> None:
    """Puts a Bubble in place of each object whose non-null field has failed."""
    for index, value in enumerate(column):
        if type(value) is Bubble and (type(rows[index]) is dict or rows[index] is VOID):
            rows[index] = value
