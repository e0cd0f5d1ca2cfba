"""`rookery explain`: what the server will do with a document, without doing it for good.

Exit status: 0 when every operation is explained, 1 when one is refused.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from app.commands.checks import require_settings

if TYPE_CHECKING:
    from graphql import GraphQLError, GraphQLSchema

    from app.rehearsal import Rehearsal
    from app.settings import Settings
    from schema.documents import Document, Operation
    from schema.root import Schema

NO_SERVERS = "Set DATABASE_URL and REDIS_URL to see what the operation asks of Postgres and Redis."
NOT_RUN = "Not run: what a subscription asks of Postgres depends on its events."
NOT_COMPILED = "COMPILED_EXECUTION=false: the server leaves every operation to graphql-core."


def explain(
    file: Annotated[Path, typer.Argument(help="A GraphQL document.", exists=True, dir_okay=False, readable=True)],
    operation: Annotated[str | None, typer.Option(help="Explain this operation only; default all of them.")] = None,
    variables: Annotated[str, typer.Option(help="The variables, a JSON object.")] = "{}",
    handle: Annotated[str | None, typer.Option("--as", help="Handle of the account that asks; default nobody.")] = None,
    source: Annotated[bool, typer.Option(help="Print the generated source.")] = True,
) -> None:
    """Print plan, fallbacks, source, cost and SQL of a document. Each operation is run once and leaves nothing."""
    from schema.documents import core_schema
    from schema.root import build_schema

    # As in `rookery dev`: nothing here needs the secret of production.
    settings = require_settings(rookery_env="development")
    given = _variables(variables)
    schema = build_schema(suggests_fields=True, is_compiled=settings.compiled_execution)
    text = file.read_text(encoding="utf-8")
    document = _document(core_schema(schema), text)
    chosen = [one for one in document.operations if operation is None or one.name == operation]
    if not chosen:
        _refuse("the document contains no operation" + (f" named {operation}." if operation else "."))
    refused = False
    for one in chosen:
        reasons = _problems(document, one, given)
        if not reasons:
            reasons = _print(settings, schema, text, document, one, given, handle=handle, has_source=source)
        for reason in reasons:
            typer.echo(f"Refused: {_title(one)}: {reason}", err=True)
            refused = True
    if refused:
        raise typer.Exit(1)


def _print(
    settings: "Settings",
    schema: "Schema",
    text: str,
    document: "Document",
    operation: "Operation",
    variables: Mapping[str, Any],
    *,
    handle: str | None,
    has_source: bool,
) -> list[str]:
    """Prints all about one operation; gives the reasons why not, if there are."""
    from graphql import GraphQLError

    from app.rehearsal import UnknownAccountError
    from compiler.explain import explain as explanation_of
    from schema.documents import core_schema
    from schema.limits import HIGHEST_COST, require_affordable

    try:
        explanation = explanation_of(operation.compiled, variables)
    except GraphQLError as error:
        return [error.message]
    typer.echo(f"{_title(operation)}\n")
    cost = require_affordable(core_schema(schema), document.node, operation.node, variables)
    typer.echo(f"Cost\n  {cost:,} points; {HIGHEST_COST:,} are allowed\n")
    if not settings.compiled_execution:
        typer.echo(f"{NOT_COMPILED}\n")
    typer.echo(explanation.text if has_source else replace(explanation, source=[]).text)
    try:
        statements = list(_statements(settings, schema, text, operation, variables, handle))
    except UnknownAccountError as error:
        return [str(error)]
    typer.echo("\n".join(["Statements", *statements, ""]))
    return []


def _statements(
    settings: "Settings",
    schema: "Schema",
    text: str,
    operation: "Operation",
    variables: Mapping[str, Any],
    handle: str | None,
) -> Iterator[str]:
    """What the operation asks of Postgres and Redis, as lines. Raises UnknownAccountError."""
    import asyncio

    from graphql import OperationType

    from app.rehearsal import CannotRehearseError, rehearse
    from compiler.explain import wrapped

    kind = operation.node.operation
    if kind is OperationType.SUBSCRIPTION:
        yield f"  {NOT_RUN}"
        return
    if settings.database_url is None or settings.redis_url is None:
        yield f"  {NO_SERVERS}"
        return
    is_query = kind is OperationType.QUERY
    running = rehearse(
        settings, schema, text, operation_name=operation.name, variables=variables, handle=handle, is_query=is_query
    )
    try:
        done = asyncio.run(running)
    except CannotRehearseError as error:
        yield from wrapped(f"Not run: {error}", indent="  ")
        return
    yield from _summary(done, handle=handle, has_acted=not is_query)
    for number, (statement, count) in enumerate(Counter(done.statements).items(), 1):
        yield ""
        yield f"  {number}. {'once' if count == 1 else f'{count} times'}"
        for line in statement.splitlines():
            yield from wrapped(line.strip(), indent="     ")


def _summary(done: "Rehearsal", *, handle: str | None, has_acted: bool) -> Iterator[str]:
    """How it went, in sentences."""
    from compiler.explain import wrapped

    statements = _numbered(len(done.statements), "statement")
    said = [f"{statements}, {_numbered(done.round_trips, 'Redis round trip')}, run as {handle or 'nobody'}."]
    if has_acted:
        said.append("Rolled back: nothing of it is kept, and nobody is told.")
    if done.is_redis_away:
        said.append("Redis does not answer: these are the statements of a server without it.")
    if done.needs_viewer:
        said.append("The operation needs a viewer: name an account by --as HANDLE.")
    said += [f"Error at {_place(error)}: {error.message}" for error in done.errors]
    for sentence in said:
        yield from wrapped(sentence, indent="  ")


def _document(schema: "GraphQLSchema", text: str) -> "Document":
    """The document, by the server's own checks. Ends the command if it is refused."""
    from graphql import GraphQLError

    from schema.documents import DocumentCache

    try:
        document = DocumentCache().document(schema, text)
    except GraphQLError as error:
        _refuse(_located(error))
    except RecursionError:
        _refuse("the document is nested too deeply.")
    if document.errors:
        _refuse(*map(_located, document.errors))
    return document


def _problems(document: "Document", operation: "Operation", variables: Mapping[str, Any]) -> list[str]:
    """Why the server would refuse the operation, if it would."""
    from graphql import NonNullTypeNode, print_ast

    missing = [
        f"${definition.variable.name.value}: {print_ast(definition.type)}"
        for definition in operation.node.variable_definitions or ()
        if isinstance(definition.type, NonNullTypeNode)
        and definition.default_value is None
        and definition.variable.name.value not in variables
    ]
    if missing:
        return [f"it needs variables that are not given: {', '.join(missing)}. Give them by --variables JSON."]
    return [error.message for error in document.problems(operation.name, variables)]


def _variables(text: str) -> dict[str, Any]:
    import orjson

    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        _refuse(f"--variables is not valid JSON: {error}.")
    if not isinstance(given, dict):
        _refuse("--variables must be a JSON object.")
    return given


def _refuse(*reasons: str) -> NoReturn:
    for reason in reasons:
        typer.echo(f"Refused: {reason}", err=True)
    raise typer.Exit(1)


def _title(operation: "Operation") -> str:
    return f"{operation.node.operation.value} {operation.name or 'without a name'}"


def _place(error: "GraphQLError") -> str:
    return ".".join(map(str, error.path)) if error.path else "the operation"


def _located(error: "GraphQLError") -> str:
    places = ", ".join(f"line {place.line}, column {place.column}" for place in error.locations or ())
    return f"{error.message} ({places})" if places else error.message


def _numbered(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
