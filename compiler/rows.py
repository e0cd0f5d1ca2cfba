"""Generated code: one function for each selection, that makes the response objects of a whole level.

A leaf that is an attribute of the object, computed of it, or part of something loaded for it, is written into the
function, with its type check, which is serialisation, null check and guard in one. Columns of all other fields are
handed in. Anything unexpected raises: the level is then done field by field, which finds and locates the errors.
"""

from collections.abc import Callable, Sequence
from keyword import iskeyword
from typing import Any, NamedTuple

from compiler.leaves import GREATEST_INT, SMALLEST_INT, IrregularError, LeafCompletion
from compiler.relations import MISSING, Attribute

MakeRows = Callable[..., list[dict[str, Any]]]


class Inline(NamedTuple):
    """A leaf that is written into the function: what `get` makes of the variable `base`; without it, that itself."""

    leaf: LeafCompletion
    is_nullable: bool
    get: Callable[[Any], Any] | None
    base: str


class Constant(NamedTuple):
    """A value that the plan knows."""

    value: str


class Column(NamedTuple):
    """A value that is handed in, by the number of its column."""

    number: int


class Rows(NamedTuple):
    """The function and its text: `make(sources, *links, *columns)`; links and columns are lists as long as sources."""

    make: MakeRows
    text: str


def rows_of(cells: Sequence[tuple[str, Inline | Constant | Column]], *, links: int, columns: int) -> Rows:
    """The function for objects with these response names and values, in this order."""
    names: dict[str, Any] = {"wrong": wrong}
    iterated = [f"l{number}" for number in range(links)] + [f"c{number}" for number in range(columns)]
    parameters = "".join(f", {name}s" for name in iterated)
    lines = [f"def rows(sources{parameters}):", "    return ["]
    lines.append("        {")
    lines += [f"            {name!r}: {_expression(cell, names)}," for name, cell in cells]
    lines.append("        }")
    if iterated:
        joined = ", ".join(f"{name}s" for name in iterated)
        lines.append(f"        for s, {', '.join(iterated)} in zip(sources, {joined})")
    else:
        lines.append("        for s in sources")
    lines.append("    ]")
    text = "\n".join(lines) + "\n"
    return Rows(made("rows", text, names), text)


def made(name: str, text: str, names: dict[str, Any]) -> Any:
    """The function of this name that a text defines; `names` are its globals."""
    exec(compile(text, "<compiled selection>", "exec"), names)  # noqa: S102 (our own text; names are quoted or ours)
    return names[name]


def wrong(value: Any) -> Any:
    """Called by generated code for a value that it does not expect."""
    raise IrregularError(value)


def _expression(cell: Inline | Constant | Column, names: dict[str, Any]) -> str:
    if isinstance(cell, Constant):
        return repr(cell.value)
    if isinstance(cell, Column):
        return f"c{cell.number}"
    return leaf_expression(cell, names)


def leaf_expression(cell: Inline, names: dict[str, Any]) -> str:
    """The leaf's data, checked. `v` is a variable that the expression may use."""
    value = got(cell.get, cell.base, names)
    leaf = cell.leaf
    if leaf.is_int:
        test = f"type(v) is int and {SMALLEST_INT} <= v <= {GREATEST_INT}"
    elif leaf.plain is not None:
        test = f"type(v) is {named(leaf.plain, names)}"
    else:
        coerce = named(leaf.coercer(), names)
        return f"None if (v := {value}) is None else {coerce}(v)" if cell.is_nullable else f"{coerce}({value})"
    if cell.is_nullable:
        return f"v if (v := {value}) is None or {test} else wrong(v)"
    return f"v if {test.replace('type(v)', f'type(v := {value})', 1)} else wrong(v)"


def got(get: Callable[[Any], Any] | None, base: str, names: dict[str, Any]) -> str:
    """What `get` makes of a variable."""
    if get is None:
        return base
    if isinstance(get, Attribute) and get.name.isidentifier() and not iskeyword(get.name):
        value = f"{base}.{get.name}"
        if get.then is not None:
            value = f"{named(get.then, names)}({value})"
        return value if get.absent is MISSING else f"({named(get.absent, names)} if {base} is None else {value})"
    return f"{named(get, names)}({base})"


def named(value: Any, names: dict[str, Any], called: str = "") -> str:
    """A name for a value in the function's globals; plain constants and the types of leaves are written as they are.

    `called`: what the name begins with; its own name where that is not given.
    """
    if value is None or type(value) in {bool, int, str}:
        return repr(value)
    if any(value is kind for kind in (str, int, bool)):
        return str(value.__name__)
    called = called or getattr(value, "__name__", "")
    name = f"{called if called.isidentifier() else 'value'}_{len(names)}"
    names[name] = value
    return name
