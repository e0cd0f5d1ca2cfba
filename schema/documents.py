"""Documents: parsed, measured and validated once, priced for each request, compiled, kept within a bound.

Parsing and validating a feed's document costs more than answering it. Only valid documents are kept, and none that is
large: nobody can fill the memory with texts that are sent once.
"""

import hashlib
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, parse
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from compiler import CompiledOperation
from core.errors import BadInputError, CostExceededError
from schema.limits import affordable, measured, operations_of, require_bounded
from schema.prices import Price
from schema.validation import validation_errors

MOST_TOKENS = 2_000
LONGEST_CHARS = 65_536
MOST_DOCUMENTS = 1_000
MOST_BYTES = 32_000_000
LONGEST_KEPT_CHARS = 20_000
# An error says where it is by counting the lines before: thousands of errors in large documents would take seconds.
LONGEST_LOCATED_CHARS = 20_000
MOST_LOCATED_LINES = 1_000
# Measured: a document takes this much and this much for each token, beside its text; a plan this much for each field.
BYTES_PER_DOCUMENT = 10_000
BYTES_PER_TOKEN = 1_000
BYTES_PER_FIELD = 4_000
# The response's encoder writes these as Strawberry's scalar would.
NATIVES: Mapping[str, type] = {"DateTime": datetime}


class Operation:
    """One operation of a valid document: what it costs, and how it is run."""

    __slots__ = ("_compiled", "_document", "_price", "_schema", "_variables", "kind", "name", "node")

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode, price: Price
    ) -> None:
        self.node = node
        self.name: str | None = node.name.value if node.name else None
        self.kind = OperationType(node.operation.value)
        self._schema = schema
        self._document = document
        self._price = price
        self._variables = [definition.variable.name.value for definition in node.variable_definitions or ()]
        self._compiled: CompiledOperation | None = None

    def require_affordable(self, variables: Mapping[str, Any]) -> int:
        """The cost. Raises CostExceededError, and BadInputError for pages and lists of impossible sizes."""
        for name in self._variables:
            value = variables.get(name)
            if type(value) is list or type(value) is dict:
                require_bounded(name, value)
        return affordable(self._price.of(variables))

    @property
    def compiled(self) -> CompiledOperation:
        """The operation, ready to run; made when first asked for."""
        if self._compiled is None:
            self._compiled = CompiledOperation(
                self._schema,
                self._document,
                self.node,
                natives=NATIVES,
                hide_suggestions=hides_suggestions(self._schema),
            )
        return self._compiled

    @property
    def planned_fields(self) -> int:
        """How many fields have been planned so far."""
        return 0 if self._compiled is None else self._compiled.field_count


class Document:
    """A parsed document: its operations if it is valid, else what is wrong with it."""

    __slots__ = ("errors", "node", "operations", "weight")

    def __init__(
        self, schema: GraphQLSchema, node: DocumentNode, errors: list[GraphQLError], prices: list[Price]
    ) -> None:
        self.node = node
        self.errors = errors
        self.operations = [
            Operation(schema, node, operation, price)
            for operation, price in zip(operations_of(node), prices, strict=True)
        ]
        # What the cache has counted for it.
        self.weight = 0

    def named(self, name: str | None) -> Operation | None:
        """The operation with this name, or the first one."""
        for operation in self.operations:
            if name is None or operation.name == name:
                return operation
        return None

    def problems(self, name: str | None, variables: Mapping[str, Any]) -> Sequence[GraphQLError]:
        """Why a request for one of its operations is refused, if it is."""
        if self.errors:
            return self.errors
        if name is None and len(self.operations) > 1:
            return [GraphQLError("The document has several operations: name the one to run in `operationName`.")]
        operation = self.named(name)
        try:
            if operation is not None:
                operation.require_affordable(variables)
        except (CostExceededError, BadInputError) as error:
            return [GraphQLError(str(error), original_error=error)]
        return ()

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
        # The last one that was not kept: a socket asks twice for a subscription.
        self._unkept: tuple[str, Document] | None = None
        self.evicted_count = 0

    def __len__(self) -> int:
        return len(self._documents)

    def document(self, schema: GraphQLSchema, text: str) -> Document:
        """The document with this text. Raises GraphQLError if it cannot be parsed."""
        kept = self._documents.get(text)
        if kept is not None:
            self._documents.move_to_end(text)
            return kept
        if self._unkept is not None and self._unkept[0] == text:
            return self._unkept[1]
        document = _checked(schema, text)
        if document.errors or len(text) > self._longest_chars:
            self._unkept = text, document
        else:
            self._documents[text] = document
            self.weigh(text, document)
        return document

    def weigh(self, text: str, document: Document) -> None:
        """Counts what a kept document takes by now, with its plans, and forgets others where that is too much."""
        if self._documents.get(text) is not document:
            return
        tokens, fields = document.node.token_count, document.planned_fields
        # The text, and the same once more in the nodes.
        weight = BYTES_PER_DOCUMENT + 2 * sys.getsizeof(text) + tokens * BYTES_PER_TOKEN + fields * BYTES_PER_FIELD
        self._bytes += weight - document.weight
        document.weight = weight
        while self._bytes > self._most_bytes or len(self._documents) > self._most_documents:
            _, forgotten = self._documents.popitem(last=False)
            self._bytes -= forgotten.weight
            self.evicted_count += 1


def _checked(schema: GraphQLSchema, text: str) -> Document:
    if len(text) > LONGEST_CHARS:
        raise GraphQLError(f"The document has {len(text)} characters; {LONGEST_CHARS} are allowed.")
    is_located = len(text) <= LONGEST_LOCATED_CHARS and text.count("\n") + text.count("\r") <= MOST_LOCATED_LINES
    node = parse(text, max_tokens=MOST_TOKENS, no_location=not is_located)
    problems, prices = measured(schema, node)
    errors = problems or validation_errors(schema, node, hide_suggestions=hides_suggestions(schema))
    return Document(schema, node, errors, prices)


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
        context.pre_execution_errors = list(document.problems(named, context.variables or {}))
        yield


def sha256_of(text: str) -> str:
    """By which logs and spans know a document: its text may quote what nobody else should read."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def hides_suggestions(schema: GraphQLSchema) -> bool:
    """Whether errors keep to themselves what may have been meant, which would tell of the schema."""
    found: bool = schema._strawberry_schema.config.disable_field_suggestions  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def core_schema(schema: Any) -> GraphQLSchema:
    """graphql-core's schema behind Strawberry's."""
    found: GraphQLSchema = schema._schema  # noqa: SLF001 (Strawberry has no other way to the types)
    return found
