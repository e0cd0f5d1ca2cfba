"""Look-ahead: what a document selects below the field that is being resolved, so that it can be fetched with it."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from compiler.relations import Relation
from compiler.resolving import Related
from compiler.run import PlannedInfo, Run

if TYPE_CHECKING:
    from compiler.plan import FieldPlan


T = TypeVar("T")


class Call(NamedTuple):
    """One selection of a field: its arguments by Python name, as its resolver gets them; and what is below it."""

    arguments: dict[str, Any]
    ahead: "Ahead"


class Ahead:
    """What is selected below a field, as far as the plan knows. Paths are of the schema's names, from there.

    What does not depend on variables is looked up once for a plan.
    """

    __slots__ = ("_field", "_run")

    def __init__(self, run: Run, field: "FieldPlan") -> None:
        self._run = run
        self._field = field

    @property
    def is_alone(self) -> bool:
        """Whether the operation selects no other field beside this one, so that nobody else asks for anything yet."""
        return self._field.ahead.is_alone

    def relations(self, *path: str) -> frozenset[Relation] | None:
        """The declared relations that are selected at the end of `path`; empty if nothing is.

        None if that cannot be said, because there is an interface or a union on the way.
        """
        return self.noted(_as_they_are, path)

    def noted(self, conclude: Callable[[frozenset[Relation] | None], T], path: tuple[str, ...]) -> T:
        """What `conclude` says of the relations at the end of `path`, asked once for a plan."""
        notes = self._field.ahead.notes
        if (conclude, path) not in notes:
            fields = _fields_at(self._field, path)
            notes[conclude, path] = conclude(None if fields is None else _relations_below(fields))
        found: T = notes[conclude, path]
        return found

    def once(self, conclude: "Callable[[Ahead], T]") -> T:
        """What `conclude` says of all this, asked once for a plan: it must not look at arguments."""
        notes = self._field.ahead.notes
        if (conclude, None) not in notes:
            notes[conclude, None] = conclude(self)
        found: T = notes[conclude, None]
        return found

    def calls(self, *path: str) -> list[Call]:
        """Each selection of the field at the end of `path` whose arguments are good; none below abstract types."""
        known = self._field.ahead
        fields = known.fields.get(path)
        if fields is None:
            fields = known.fields[path] = _fields_at(self._field, path) or ()
        calls = []
        for field in fields:
            try:
                arguments = field.arguments(self._run)
            except Exception:  # noqa: BLE001, S112 (whoever resolves the field says what is wrong)
                continue
            calls.append(Call(arguments, Ahead(self._run, field)))
        return calls


class KnownAhead:
    """What has been looked up below a field."""

    __slots__ = ("fields", "is_alone", "notes")

    def __init__(self) -> None:
        self.is_alone = False
        self.fields: dict[tuple[str, ...], Sequence[FieldPlan]] = {}
        self.notes: dict[tuple[Callable[..., Any], tuple[str, ...] | None], Any] = {}


def _as_they_are(relations: frozenset[Relation] | None) -> frozenset[Relation] | None:
    return relations


def look_ahead(info: Any) -> Ahead | None:
    """What is selected below the field that `info` (Strawberry's or graphql-core's) belongs to.

    None where that is not known: on another executor than a compiled one.
    """
    raw = getattr(info, "_raw_info", info)
    return Ahead(raw.run, raw.position) if isinstance(raw, PlannedInfo) else None


def _fields_at(field: "FieldPlan", path: Sequence[str]) -> "Sequence[FieldPlan] | None":
    """The fields at the end of a path; None if there is an abstract type on the way, of which only values say more."""
    fields: Sequence[FieldPlan] = [field]
    for name in path:
        if any(above.is_abstract for above in fields):
            return None
        fields = [below for below in _below(fields) if below.field_name == name]
    return fields


def _relations_below(fields: "Sequence[FieldPlan]") -> frozenset[Relation] | None:
    if any(field.is_abstract for field in fields):
        return None
    resolvings = (field.resolving for field in _below(fields))
    return frozenset(resolving.relation for resolving in resolvings if isinstance(resolving, Related))


def _below(fields: "Sequence[FieldPlan]") -> "Iterator[FieldPlan]":
    for field in fields:
        for selection in field.selections.values():
            yield from selection.fields
