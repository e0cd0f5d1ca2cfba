"""Generated code for a selection and everything below it, where nothing has to be waited for.

Most levels of a page are there when its first one is: what a resolver brought has its edges, and the loaders have been
primed with the rows. Then one function writes the response objects of all these levels, as one would by hand. It is
hopeful: whatever it does not expect (a key that is not loaded yet, a null, a failure, a value of another type) ends it,
and the levels are executed one by one, which loads, finds and locates. It has changed nothing before that.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from compiler.completion import Completion, ListCompletion, NonNullCompletion, ObjectCompletion
from compiler.groups import GroupLoader
from compiler.leaves import IrregularError, LeafCompletion
from compiler.relations import MISSING, Attribute, Relation
from compiler.resolving import Computed, LookedUp, Related
from compiler.rows import Inline, got, leaf_expression, made, named, wrong
from compiler.run import Run

if TYPE_CHECKING:
    from compiler.plan import FieldPlan
    from compiler.selection import Selection

# Python nests at most 20 loops; and what is larger than this is hardly ever there as a whole.
MOST_NESTED = 16
MOST_FIELDS = 400


class Subtree(NamedTuple):
    """The function and its text: `make(run, sources)` gives a dict for each source, or raises anything."""

    make: Callable[[Run, list[Any]], list[Any]]
    text: str


def subtree_of(selection: "Selection") -> Subtree | None:
    """The function for a selection; None where something below is called, or where there is nothing to join."""
    if not any(field.selections or isinstance(field.resolving, Related) for field in selection.fields):
        return None
    writer = _Writer()
    try:
        last = f"rows.append({writer.object_of(selection, 's', nested=2)})"
    except _NotWritableError:
        return None
    lines = ["def tree(run, sources):", *writer.head, "    rows = []", "    for s in sources:", *writer.lines]
    text = "\n".join([*lines, f"        {last}", "    return rows"]) + "\n"
    return Subtree(made("tree", text, writer.names), text)


class _NotWritableError(Exception):
    """Something in the selection has to be called, or it is too large."""


class _Writer:
    """Writes statements from the outside in: `lines` for each object, `head` once for all of them."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"wrong": wrong, "known": _known, "getter": _getter, "itself": _itself}
        self.head: list[str] = ["    context = run.context"]
        self.lines: list[str] = []
        self._loaders: dict[Any, str] = {}
        self._variables = 0
        self._fields = 0

    def object_of(self, selection: "Selection", base: str, *, nested: int) -> str:
        """The response object of the object in a variable."""
        self._fields += len(selection.fields)
        if nested > MOST_NESTED or self._fields > MOST_FIELDS:
            raise _NotWritableError
        links = self._links(selection, base, nested)
        cells: list[str] = []
        for field in selection.fields:
            value = repr(selection.type_name) if field.is_typename else self._field(field, base, links, nested)
            cells.append(f"{field.name!r}: {value}")
        return "{" + ", ".join(cells) + "}"

    def _links(self, selection: "Selection", base: str, nested: int) -> dict[Any, tuple[str, str | None]]:
        """What is loaded for the object: by loader and key its variable, and that of the key if it may be None."""
        fields_by_link: dict[Any, list[FieldPlan]] = {}
        for field in selection.fields:
            if isinstance(field.resolving, Related):
                fields_by_link.setdefault(_link_of(field.resolving.relation), []).append(field)
        links: dict[Any, tuple[str, str | None]] = {}
        for link, fields in fields_by_link.items():
            loader, key = link
            found = got(key, base, self.names)
            known = self._loader(loader)
            # A key that is None is in no loader: where a field may not be null, it ends the function.
            if all(field.is_nullable for field in fields):
                key_variable = self._set(nested, found)
                variable = self._set(nested, f"None if {key_variable} is None else {known}[{key_variable}]")
                links[link] = (variable, key_variable)
            else:
                links[link] = (self._set(nested, f"{known}[{found}]"), None)
        return links

    def _field(self, field: "FieldPlan", base: str, links: Mapping[Any, tuple[str, str | None]], nested: int) -> str:
        """The expression of a field's data."""
        how, names = field.resolving, self.names
        get: Callable[[Any], Any] | None
        key: str | None
        if isinstance(how, Computed):
            get, source, key = how.compute, base, None
        elif isinstance(how, Related):
            get, (source, key) = how.relation.then, links[_link_of(how.relation)]
        elif isinstance(how, LookedUp):
            get, source, key = None, self._looked_up(how, base, nested, is_nullable=field.is_nullable), None
        else:
            raise _NotWritableError
        if key is not None and get is not None:
            source = self._set(nested, f"None if {key} is None else {got(get, source, names)}")
        elif get is not None and field.leaf is not None:
            return leaf_expression(Inline(field.leaf, field.is_nullable, get, source), names)
        elif get is not None:
            source = self._set(nested, got(get, source, names))
        return self._completed(field, field.completion, source, nested)

    def _looked_up(self, how: LookedUp, base: str, nested: int, *, is_nullable: bool) -> str:
        """The variable of what a relation with arguments leads to."""
        number = self._number()
        relation = named(how.relation, self.names)
        self.head += [
            f"    r{number} = {relation}(run)",
            f"    k{number} = known(r{number}.loader(context))",
            f"    g{number} = getter(r{number}.key)",
            f"    t{number} = r{number}.then or itself",
        ]
        key = self._set(nested, f"g{number}({base})")
        value = f"t{number}(k{number}[{key}])"
        return self._set(nested, f"None if {key} is None else {value}" if is_nullable else value)

    def _completed(
        self, field: "FieldPlan", completion: Completion, source: str, nested: int, *, is_nullable: bool = True
    ) -> str:
        """The expression of a value's data."""
        if isinstance(completion, NonNullCompletion):
            return self._completed(field, completion.inner, source, nested, is_nullable=False)
        if isinstance(completion, LeafCompletion):
            return leaf_expression(Inline(completion, is_nullable, None, source), self.names)
        if not isinstance(completion, ListCompletion | ObjectCompletion):
            raise _NotWritableError
        data = f"d{self._number()}"
        if is_nullable:
            self._write(nested, f"if {source} is None:")
            self._write(nested + 1, f"{data} = None")
            self._write(nested, "else:")
            nested += 1
        if isinstance(completion, ListCompletion):
            item = f"i{self._number()}"
            self._write(nested, f"if type({source}) is not list: wrong({source})")
            self._write(nested, f"{data} = []")
            self._write(nested, f"for {item} in {source}:")
            self._write(nested + 1, f"{data}.append({self._completed(field, completion.item, item, nested + 1)})")
            return data
        if not completion.is_known_by_kind:
            raise _NotWritableError
        kinds = named(completion.plain_kinds, self.names, f"kinds_of_{completion.type_name}")
        self._write(nested, f"if type({source}) not in {kinds}: wrong({source})")
        written = self.object_of(field.selections[completion.type_name], source, nested=nested)
        if not is_nullable:
            return written
        self._write(nested, f"{data} = {written}")
        return data

    def _loader(self, loader: Callable[[Any], GroupLoader[Any, Any]]) -> str:
        """The variable of what a loader has."""
        if loader not in self._loaders:
            variable = self._loaders[loader] = f"k{self._number()}"
            named_loader = named(loader, self.names, "loader")
            self.head.append(f"    {variable} = known({named_loader}(context))")
        return self._loaders[loader]

    def _set(self, nested: int, expression: str) -> str:
        """A new variable with this value."""
        variable = f"x{self._number()}"
        self._write(nested, f"{variable} = {expression}")
        return variable

    def _write(self, nested: int, text: str) -> None:
        if nested > MOST_NESTED:
            raise _NotWritableError
        self.lines.append("    " * nested + text)

    def _number(self) -> int:
        self._variables += 1
        return self._variables


def _link_of(relation: Relation) -> tuple[Any, Any]:
    return relation.loader, relation.key


def _known(loader: GroupLoader[Any, Any]) -> Mapping[Any, Any]:
    """What a loader has, by key. Raises IrregularError if that cannot be looked up by key."""
    if loader.known is None:
        raise IrregularError(None)
    return loader.known


def _getter(key: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same function, without Python code where it is only an attribute."""
    if isinstance(key, Attribute) and key.then is None and key.absent is MISSING and key.name.isidentifier():
        return attrgetter(key.name)
    return key


def _itself(value: Any) -> Any:
    return value
