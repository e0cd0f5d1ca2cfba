"""Look-ahead: what a document selects below the field that is being resolved, so that it can be fetched with it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from compiler.run import PlannedInfo, Run

if TYPE_CHECKING:
    from compiler.plan import FieldPlan


class Call(NamedTuple):
    """One selection of a field: its arguments by Python name, as its resolver gets them; and what is below it."""

    arguments: dict[str, Any]
    ahead: "Ahead"


class Ahead:
    """What is selected below some fields (usually one), as far as the plan knows."""

    __slots__ = ("_fields", "_run")

    def __init__(self, run: Run, fields: Sequence["FieldPlan"]) -> None:
        self._run = run
        self._fields = fields

    def names(self, *path: str) -> frozenset[str] | None:
        """The schema's names of what is selected below `path`, a path of such names from here; empty if nothing is.

        None if that cannot be said, because there is an interface or a union on the way.
        """
        fields = self._at(path)
        if fields is None:
            return None
        below = list(_below(fields))
        if any(found is None for found in below):
            return None
        return frozenset(field.field_name for field in below if field is not None)

    def calls(self, *path: str) -> list[Call]:
        """Each selection of the field at the end of `path` whose arguments are good; none below abstract types."""
        *above, name = path
        fields = self._at(above)
        calls = []
        for field in _below(fields or ()):
            if field is None or field.field_name != name:
                continue
            try:
                arguments = field.arguments(self._run)
            except Exception:  # noqa: BLE001, S112 (whoever resolves the field says what is wrong)
                continue
            calls.append(Call(arguments, Ahead(self._run, [field])))
        return calls

    def _at(self, path: Sequence[str]) -> Sequence["FieldPlan"] | None:
        fields = self._fields
        for name in path:
            below = list(_below(fields))
            if any(field is None for field in below):
                return None
            fields = [field for field in below if field is not None and field.field_name == name]
        return fields


def look_ahead(info: Any) -> Ahead | None:
    """What is selected below the field that `info` (Strawberry's or graphql-core's) belongs to.

    None where that is not known: on another executor than a compiled one.
    """
    raw = getattr(info, "_raw_info", info)
    return Ahead(raw.run, [raw.position]) if isinstance(raw, PlannedInfo) else None


def _below(fields: Sequence["FieldPlan"]) -> "Iterator[FieldPlan | None]":
    """The fields below; None for what is below an abstract type, of which only values say what it is."""
    for field in fields:
        if field.is_abstract:
            yield None
        for selection in field.selections.values() if not field.is_abstract else ():
            yield from selection.fields
