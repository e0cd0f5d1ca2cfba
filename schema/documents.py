"""Documents: parsed, bounded and validated once, priced for each set of page sizes, compiled, kept within a bound.

Parsing and validating a feed's document costs more than answering it. Only valid documents are kept, and none that is
large: nobody can fill the memory with texts that are sent once.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, specified_rules
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from compiler import CompiledOperation
from core.errors import CostExceededError
from schema.limits import operations_of, require_affordable, shape_problems

MOST_TOKENS = 2_000
MOST_DOCUMENTS = 1_000
MOST_BYTES = 32_000_000
LONGEST_KEPT_CHARS = 20_000
MOST_PRICES = 64
# Measured: a document's nodes take this much for each character of its text, and a plan this much for each field.
BYTES_PER_CHAR = 30
BYTES_PER_FIELD = 4_000
# The response's encoder writes these as Strawberry's scalar would.
NATIVES: Mapping[str, type] = {"DateTime": datetime}

_RULES = tuple(specified_rules)


class Operation:
    """One operation of a valid document: which page sizes have been found affordable, and how it is run."""

    __slots__ = ("_affordable", "_compiled", "_document", "_schema", "node")

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode) -> None:
        self.node = node
        self._schema = schema
        self._document = document
        self._affordable: set[tuple[Any, ...]] = set()
        self._compiled: CompiledOperation | None = None

    @property
    def name(self) -> str | None:
        return self.node.name.value if self.node.name else None

    def require_affordable(self, variables: Mapping[str, Any]) -> None:
        """Raises CostExceededError. Only page sizes and lengths of lists make a difference."""
        sizes = ((name, len(value) if type(value) is list else value) for name, value in variables.items())
        key = tuple([(name, size) for name, size in sizes if type(size) is int])
        if key in self._affordable:
            return
        require_affordable(self._schema, self._document, self.node, variables)
        if len(self._affordable) >= MOST_PRICES:
            self._affordable.clear()
        self._affordable.add(key)

    @property
    def compiled(self) -> CompiledOperation:
        """The operation, ready to run; made when first asked for."""
        if self._compiled is None:
            self._compiled = CompiledOperation(self._schema, self._document, self.node, natives=NATIVES)
        return self._compiled

    @property
    def planned_fields(self) -> int:
        """How many fields have been planned so far."""
        return 0 if self._compiled is None else self._compiled.field_count


class Document:
    """A parsed document: its operations if it is valid, else what is wrong with it."""

    __slots__ = ("errors", "node", "operations", "weight")

    def __init__(self, schema: GraphQLSchema, node: DocumentNode, errors: list[GraphQLError]) -> None:
        self.node = node
        self.errors = errors
        self.operations = [Operation(schema, node, operation) for operation in operations_of(node)]
        # What the cache has counted for it.
        self.weight = 0

    def named(self, name: str | None) -> Operation | None:
        """The operation with this name, or the first one."""
        if name is None:
            return self.operations[0] if self.operations else None
        return next((operation for operation in self.operations if operation.name == name), None)

    def problems(self, name: str | None, variables: Mapping[str, Any]) -> list[GraphQLError]:
        """Why a request for one of its operations is refused, if it is."""
        if self.errors:
            return list(self.errors)
        if name is None and len(self.operations) > 1:
            return [GraphQLError("The document has several operations: name the one to run in `operationName`.")]
        operation = self.named(name)
        try:
            if operation is not None:
                operation.require_affordable(variables)
        except CostExceededError as error:
            return [GraphQLError(str(error), original_error=error)]
        return []

    @property
    def planned_fields(self) -> int:
        """How many fields of its operations have been planned."""
        return sum(operation.planned_fields for operation in self.operations)


class DocumentCache:
    """Valid documents by their text, with their plans, the least recently used forgotten first."""

    def __init__(
        self,
        *,
        most_documents: int = MOST_DOCUMENTS,
        most_bytes: int = MOST_BYTES,
        longest_chars: int = LONGEST_KEPT_CHARS,
    ) -> None:
        self._most_documents = most_documents
        self._most_bytes = most_bytes
        self._longest_chars = longest_chars
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._documents)

    def document(self, schema: GraphQLSchema, text: str) -> Document:
        """The document with this text. Raises GraphQLError if it cannot be parsed."""
        kept = self._documents.get(text)
        if kept is not None:
            self._documents.move_to_end(text)
            return kept
        node = parse(text, max_tokens=MOST_TOKENS)
        # A document of a forbidden shape may be slow to validate: it is not.
        errors = shape_problems(node) or validate_document(schema, node, _RULES)
        document = Document(schema, node, errors)
        if not errors and len(text) <= self._longest_chars:
            self._documents[text] = document
            self.weigh(text, document)
        return document

    def weigh(self, text: str, document: Document) -> None:
        """Counts what a kept document takes by now, with its plans, and forgets others where that is too much."""
        if self._documents.get(text) is not document:
            return
        weight = len(text) * BYTES_PER_CHAR + document.planned_fields * BYTES_PER_FIELD
        self._bytes += weight - document.weight
        document.weight = weight
        while self._bytes > self._most_bytes or len(self._documents) > self._most_documents:
            _, forgotten = self._documents.popitem(last=False)
            self._bytes -= forgotten.weight


class Documents(SchemaExtension):
    """Strawberry's hooks around parsing and validating; one instance per operation, one cache for all."""

    def __init__(self, cache: DocumentCache) -> None:
        super().__init__()
        self._cache = cache
        self._document: Document | None = None

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        assert context.query is not None
        self._document = self._cache.document(core_schema(context.schema), context.query)
        context.graphql_document = self._document.node
        yield

    def on_validate(self) -> Iterator[None]:
        context, document = self.execution_context, self._document
        assert document is not None
        # `operation_name` names the first operation where the request names none.
        named = context._provided_operation_name  # noqa: SLF001 (Strawberry has no other way to it)
        # Set before Strawberry looks: a list, even an empty one, is the result of the validation.
        context.pre_execution_errors = document.problems(named, context.variables or {})
        yield


def core_schema(schema: Any) -> GraphQLSchema:
    """graphql-core's schema behind Strawberry's."""
    found: GraphQLSchema = schema._schema  # noqa: SLF001 (Strawberry has no other way to the types)
    return found
