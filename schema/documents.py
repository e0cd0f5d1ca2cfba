"""Documents: parsed and validated once, kept within a bound of entries and of bytes; and what one may look like.

Parsing and validating a feed's document costs more than answering it. Only valid documents are kept, and none that is
large: nobody can fill the memory with texts that are sent once.
"""

from collections import OrderedDict
from collections.abc import Iterator

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, parse
from strawberry.extensions import SchemaExtension

MOST_TOKENS = 2_000
MOST_DOCUMENTS = 1_000
MOST_CHARS = 4_000_000
LONGEST_KEPT_CHARS = 20_000


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
        self._documents: OrderedDict[str, DocumentNode] = OrderedDict()
        self._chars = 0

    def __len__(self) -> int:
        return len(self._documents)

    def get(self, text: str) -> DocumentNode | None:
        """The document with this text, if it is kept."""
        document = self._documents.get(text)
        if document is not None:
            self._documents.move_to_end(text)
        return document

    def keep(self, text: str, document: DocumentNode) -> None:
        """Keeps a document that has been found valid, unless it is too long."""
        if len(text) > self._longest_chars or text in self._documents:
            return
        self._documents[text] = document
        self._chars += len(text)
        while self._chars > self._most_chars or len(self._documents) > self._most_documents:
            forgotten, _ = self._documents.popitem(last=False)
            self._chars -= len(forgotten)


class Documents(SchemaExtension):
    """Strawberry's hooks around parsing and validating; one instance per operation, one cache for all."""

    def __init__(self, cache: DocumentCache) -> None:
        super().__init__()
        self._cache = cache

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = MOST_TOKENS
        yield

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        text = context.query
        assert text is not None
        document = self._cache.get(text)
        if document is not None:
            context.graphql_document = document
            # Valid, but for what depends on the request: nothing is left for the validation to find.
            context.pre_execution_errors = []
        else:
            context.graphql_document = parse(text, **context.parse_options)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        yield
        assert context.graphql_document is not None
        if context.pre_execution_errors:
            return
        assert context.query is not None
        self._cache.keep(context.query, context.graphql_document)
        if context.operation_name is None and _operation_count(context.graphql_document) > 1:
            message = "The document has several operations: name the one to run in `operationName`."
            context.pre_execution_errors = [GraphQLError(message)]


def _operation_count(document: DocumentNode) -> int:
    return sum(isinstance(definition, OperationDefinitionNode) for definition in document.definitions)
