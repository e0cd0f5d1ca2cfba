"""Documents: parsed, bounded and validated once, priced for each set of page sizes, kept within a bound.

Parsing and validating a feed's document costs more than answering it. Only valid documents are kept, and none that is
large: nobody can fill the memory with texts that are sent once.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, parse
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from core.errors import CostExceededError
from schema.limits import operations_of, require_affordable, shape_problems

MOST_TOKENS = 2_000
MOST_DOCUMENTS = 1_000
MOST_CHARS = 4_000_000
LONGEST_KEPT_CHARS = 20_000
MOST_PRICES = 64


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A valid document, and which operations with which variables have been found affordable."""

    document: DocumentNode
    affordable: set[tuple[Any, ...]] = field(default_factory=set)

    def require_affordable(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> None:
        """Raises CostExceededError. Only page sizes and lengths of lists make a difference."""
        sizes = ((name, len(value) if isinstance(value, list) else value) for name, value in variables.items())
        key = (id(operation), *sorted(size for size in sizes if isinstance(size[1], int)))
        if key in self.affordable:
            return
        require_affordable(schema, self.document, operation, variables)
        if len(self.affordable) >= MOST_PRICES:
            self.affordable.clear()
        self.affordable.add(key)


class DocumentCache:
    """Valid documents by their text, the least recently used forgotten first."""

    def __init__(
        self,
        *,
        most_documents: int = MOST_DOCUMENTS,
        most_chars: int = MOST_CHARS,
        longest_chars: int = LONGEST_KEPT_CHARS,
    ) -> None:
        self._most_documents = most_documents
        self._most_chars = most_chars
        self._longest_chars = longest_chars
        self._documents: OrderedDict[str, KeptDocument] = OrderedDict()
        self._chars = 0

    def __len__(self) -> int:
        return len(self._documents)

    def get(self, text: str) -> KeptDocument | None:
        """The document with this text, if it is kept."""
        kept = self._documents.get(text)
        if kept is not None:
            self._documents.move_to_end(text)
        return kept

    def keep(self, text: str, kept: KeptDocument) -> None:
        """Keeps a document that has been found valid, unless it is too long."""
        if len(text) > self._longest_chars or text in self._documents:
            return
        self._documents[text] = kept
        self._chars += len(text)
        while self._chars > self._most_chars or len(self._documents) > self._most_documents:
            forgotten, _ = self._documents.popitem(last=False)
            self._chars -= len(forgotten)


class Documents(SchemaExtension):
    """Strawberry's hooks around parsing and validating; one instance per operation, one cache for all."""

    def __init__(self, cache: DocumentCache) -> None:
        super().__init__()
        self._cache = cache
        self._kept: KeptDocument | None = None

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = MOST_TOKENS
        yield

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        assert context.query is not None
        self._kept = self._cache.get(context.query)
        if self._kept is None:
            context.graphql_document = parse(context.query, **context.parse_options)
            # A document of a forbidden shape may be slow to validate: it is not.
            context.pre_execution_errors = shape_problems(context.graphql_document) or None
        else:
            context.graphql_document = self._kept.document
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        if not context.pre_execution_errors:
            # Set before Strawberry looks: a list, even an empty one, is the result of the validation.
            context.pre_execution_errors = self._validated()
        yield

    def _validated(self) -> list[GraphQLError]:
        context = self.execution_context
        if self._kept is None:
            assert context.query is not None
            assert context.graphql_document is not None
            schema = context.schema._schema  # noqa: SLF001 (Strawberry has no other way to the types)
            errors = validate_document(schema, context.graphql_document, context.validation_rules)
            if errors:
                return errors
            self._kept = KeptDocument(context.graphql_document)
            self._cache.keep(context.query, self._kept)
        problem = self._problem(self._kept)
        return [] if problem is None else [problem]

    def _problem(self, kept: KeptDocument) -> GraphQLError | None:
        """Why this request is refused although its document is valid."""
        context = self.execution_context
        operations = operations_of(kept.document)
        # `operation_name` names the first operation where the request names none.
        named = context._provided_operation_name  # noqa: SLF001 (as above)
        if named is None and len(operations) > 1:
            return GraphQLError("The document has several operations: name the one to run in `operationName`.")
        schema: GraphQLSchema = context.schema._schema  # noqa: SLF001 (as above)
        for operation in operations:
            if named in {None, operation.name and operation.name.value}:
                try:
                    kept.require_affordable(schema, operation, context.variables or {})
                except CostExceededError as error:
                    return GraphQLError(str(error), original_error=error)
        return None
