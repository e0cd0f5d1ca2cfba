"""What a compiled operation will do, in words: its plan, what is left to graphql-core and why, its generated code.

    explanation = explain(operation, {"first": 10})
    print(explanation.text)
    assert explanation.fallbacks == []

Below interfaces and unions a running operation plans a type when a value of it first appears; here all possible types
are planned, so that nothing stays untold. Nothing is executed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, NamedTuple

from graphql import get_named_type, print_ast
from graphql.language import OperationType
from graphql.type import GraphQLInterfaceType, GraphQLUnionType
from strawberry.types.field import StrawberryField

from compiler.arguments import STRAWBERRY_DEFINITION
from compiler.operation import CompiledOperation
from compiler.plan import FieldPlan, NotCompilableError, Plan
from compiler.relations import MARK, MISSING, Attribute, Lookup, Relation
from compiler.resolving import Called, Computed, LookedUp, Related
from compiler.selection import Selection

WIDTH = 100
# Types below interfaces and unions multiply with each level: beyond this many fields no more of them are planned.
MOST_FIELDS = 5_000
_HOW_COLUMN = 40
_MANNERS = {
    OperationType.QUERY: "",
    OperationType.MUTATION: " (one field after the other)",
    OperationType.SUBSCRIPTION: " (for each event)",
}


class Fallback(NamedTuple):
    """Something that is left to graphql-core: a field ("User.email") at a path of response names, and why.

    Without a field it is the operation as a whole.
    """

    path: tuple[str, ...]
    field: str | None
    why: str

    def __str__(self) -> str:
        if self.field is None:
            return f"the operation as a whole: {self.why}"
        return f"{'.'.join(self.path)} ({self.field}): {self.why}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Lines of text of at most WIDTH columns, where words allow it; and the fallbacks, none for the best of operations.

    `is_whole`: whether all possible types were planned; False if there were too many.
    """

    plan: Sequence[str]
    source: Sequence[str]
    fallbacks: Sequence[Fallback]
    is_whole: bool = True

    @property
    def text(self) -> str:
        """All of it."""
        left = [line for fallback in self.fallbacks for line in wrapped(str(fallback), indent="  ")] or ["  nothing"]
        plan = "Plan (a batch is one load for all objects of a level)"
        parts = {plan: self.plan, "Left to graphql-core": left, "Generated source": self.source}
        return "\n".join(f"{title}\n" + "\n".join(lines) + "\n" for title, lines in parts.items() if lines)


def explain(operation: CompiledOperation, inputs: Mapping[str, Any] | None = None) -> Explanation:
    """What the operation will do with some variables. Raises GraphQLError if the variables are wrong."""
    try:
        plan = operation.plan(inputs)
    except NotCompilableError as error:
        return Explanation([], [], [Fallback((), None, str(error))])
    except RecursionError:
        return Explanation([], [], [Fallback((), None, "it is nested too deeply")])
    telling = _Telling(plan)
    is_serial = operation.node.operation is OperationType.MUTATION
    root = telling.selection(plan.root, has_code=not is_serial)
    lines = [f"  {root.types[0]}{_MANNERS[operation.node.operation]}", *_plan_lines(root, "    ")]
    if not telling.is_whole:
        lines += wrapped(
            f"More types are possible below interfaces and unions; {MOST_FIELDS:,} fields are told.", indent="  "
        )
    source = list(_source_lines(root, ()))[1:]
    return Explanation(lines, source, list(_fallbacks(root, ())), telling.is_whole)


def wrapped(text: str, *, indent: str, hanging: str = "  ") -> list[str]:
    """A line of text as lines of at most WIDTH columns, broken at spaces only."""
    return wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


class _Told(NamedTuple):
    """A selection, the same for all of these types. `code` is None where none is generated."""

    types: tuple[str, ...]
    fields: "tuple[_ToldField, ...]"
    code: str | None


class _ToldField(NamedTuple):
    """A field of a selection. `declared`: its name in the response, its field, its arguments and its type."""

    name: str
    field_name: str
    declared: str
    how: str
    why_not: str | None
    is_abstract: bool
    below: tuple[_Told, ...]


class _Telling:
    """Goes through a plan, and makes what is missing of it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.is_whole = True

    def selection(self, selection: Selection, *, has_code: bool = True, is_in_subtree: bool = False) -> _Told:
        """`is_in_subtree`: whether a function that has been told makes all of it, too."""
        subtree = selection.text_of_subtree if has_code and not is_in_subtree else None
        is_in_subtree = is_in_subtree or subtree is not None
        fields = tuple(self._field(field, is_in_subtree=is_in_subtree) for field in selection.fields)
        code = [text for text in (subtree, selection.text if has_code else None) if text is not None]
        return _Told((selection.type_name,), fields, "\n".join(code) or None)

    def _field(self, field: FieldPlan, *, is_in_subtree: bool) -> _ToldField:
        below = [self.selection(found, is_in_subtree=is_in_subtree) for found in self._selections(field)]
        how, why_not = _how(field), field.resolving.why_not
        if field.is_typename:
            how, why_not = "constant", None
        elif _is_event(field):
            how, why_not = f"the event, as {_named(_function(field))} gives it", None
        return _ToldField(
            field.name, field.field_name, _declared(field), how, why_not, field.is_abstract, _merged(below)
        )

    def _selections(self, field: FieldPlan) -> list[Selection]:
        """What is selected below a field, by all types that its values may have."""
        if not field.is_abstract:
            return list(field.selections.values())
        details = [field.details._replace(node=node) for node in field.nodes]
        abstract = get_named_type(field.field_def.type)
        assert isinstance(abstract, GraphQLInterfaceType | GraphQLUnionType)
        found = []
        for possible in self._plan.schema.get_possible_types(abstract):
            known = field.selections.get(possible.name)
            if known is None and self._plan.field_count >= MOST_FIELDS:
                self.is_whole = False
            else:
                found.append(known or self._plan.below(possible, details))
        return found


def _merged(selections: Sequence[_Told]) -> tuple[_Told, ...]:
    """One for all types of which the same is selected in the same way."""
    types: dict[tuple[Any, ...], list[str]] = {}
    for selection in selections:
        types.setdefault((selection.fields, selection.code), []).extend(selection.types)
    return tuple(_Told(tuple(names), fields, code) for (fields, code), names in types.items())


def _declared(field: FieldPlan) -> str:
    """`name: field(arguments): Type`, the field's name only where the response has another one."""
    node = field.details.node
    arguments = ", ".join(print_ast(argument) for argument in node.arguments or ())
    called = f"({arguments})" if arguments else ""
    alias = "" if field.name == field.field_name else f"{field.name}: "
    return f"{alias}{field.field_name}{called}: {field.field_def.type}"


def _is_event(field: FieldPlan) -> bool:
    """Whether the field's value is the event of a subscription: nothing is asked for it."""
    definition = (field.field_def.extensions or {}).get(STRAWBERRY_DEFINITION)
    return field.field_def.subscribe is not None and isinstance(definition, StrawberryField)


def _how(field: FieldPlan) -> str:
    """How a field's values are found, for all objects of a level."""
    resolving = field.resolving
    match resolving:
        case Computed(compute=Attribute()):
            return resolving.kind
        case Computed():
            return f"computed by {_named(resolving.compute)}"
        case Related():
            return _followed(resolving.relation)
        case LookedUp():
            return f"batch, as {_named(_function(field))} says"
        case Called():
            return f"resolver {_named(_function(field))}, for each object"
        case _:
            why_not = resolving.why_not
            return resolving.kind if why_not is None else f"{resolving.kind}, for each object: {why_not}"


def _followed(relation: Relation) -> str:
    loaded = f"batch of {_named(relation.loader)} by {_named(relation.key)}"
    match relation.then:
        case None:
            return loaded
        case Attribute(name=name, absent=absent):
            return f"{loaded}, then {name}" + ("" if absent is MISSING else f" or {absent!r}")
        case then:
            return f"{loaded}, then {_named(then)}"


def _function(field: FieldPlan) -> Any:
    """The function that was declared for a field; of any kind."""
    definition = field.field_def.extensions[STRAWBERRY_DEFINITION]
    function = definition.base_resolver.wrapped_func
    declared = getattr(function, MARK, None)
    return declared.relation_of if isinstance(declared, Lookup) else function


def _named(value: Callable[..., Any]) -> str:
    """A function by where it is written; another callable by its own name, if it has one."""
    if isinstance(own := getattr(value, "name", None), str):
        return own
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if module is None or name is None:
        return repr(value)
    if name.endswith("<lambda>"):
        return f"a lambda in {module}, line {value.__code__.co_firstlineno}"
    return f"{module}.{name.partition('.<locals>')[0]}"


def _plan_lines(selection: _Told, indent: str) -> Iterator[str]:
    for field in selection.fields:
        yield from _columns(f"{indent}{field.declared}", field.how)
        for below in field.below:
            deeper = f"{indent}  "
            if field.is_abstract:
                nothing = "" if below.fields else ": nothing"
                yield from wrapped(f"on {', '.join(below.types)}{nothing}", indent=deeper)
                deeper += "  "
            yield from _plan_lines(below, deeper)


def _columns(left: str, right: str) -> list[str]:
    """Both in one line, if there is room for them."""
    line = f"{left:<{_HOW_COLUMN}}  {right}"
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(left) - len(left.lstrip(" ")) + 4)
    return [*wrapped(left.lstrip(" "), indent=indent[4:], hanging="    "), *wrapped(right, indent=f"{indent}= ")]


def _source_lines(selection: _Told, path: tuple[str, ...]) -> Iterator[str]:
    if selection.code is not None and selection.fields:
        yield ""
        place = f"{'.'.join(path)} ({', '.join(selection.types)})" if path else selection.types[0]
        yield from wrapped(f"# {place}", indent="  ", hanging="# ")
        for line in selection.code.splitlines():
            own = " " * (len(line) - len(line.lstrip(" ")))
            yield from wrapped(line.lstrip(" "), indent=f"  {own}", hanging="    ")
    for field in selection.fields:
        for below in field.below:
            yield from _source_lines(below, (*path, field.name))


def _fallbacks(selection: _Told, path: tuple[str, ...]) -> Iterator[Fallback]:
    for field in selection.fields:
        if field.why_not is not None:
            for type_name in selection.types:
                yield Fallback((*path, field.name), f"{type_name}.{field.field_name}", field.why_not)
        for below in field.below:
            yield from _fallbacks(below, (*path, field.name))
