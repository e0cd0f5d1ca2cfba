"""What of an operation decides which fields are selected, and whether it can be compiled."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql.language import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

CONDITIONS = frozenset({"skip", "include"})


def conditions_of(
    operation: OperationDefinitionNode, fragments: Mapping[str, Any]
) -> tuple[tuple[str, ...], str | None]:
    """The variables of @skip and @include, in a fixed order; and why the operation cannot be compiled, if so."""
    names: set[str] = set()
    for directive in _directives(operation.selection_set, fragments, seen=set()):
        if directive.name.value in CONDITIONS:
            values = [argument.value for argument in directive.arguments or ()]
            names.update(value.name.value for value in values if isinstance(value, VariableNode))
        elif directive.name.value in {"defer", "stream"}:
            return (), f"it uses @{directive.name.value}"
    return tuple(sorted(names)), None


def _directives(
    selections: SelectionSetNode, fragments: Mapping[str, Any], *, seen: set[str]
) -> Iterator[DirectiveNode]:
    for selection in selections.selections:
        yield from selection.directives or ()
        if isinstance(selection, FieldNode | InlineFragmentNode):
            if selection.selection_set is not None:
                yield from _directives(selection.selection_set, fragments, seen=seen)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
            seen.add(selection.name.value)
            fragment = fragments.get(selection.name.value)
            if fragment is not None:
                yield from _directives(fragment.selection_set, fragments, seen=seen)
