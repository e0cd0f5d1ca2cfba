"""Documents that are meant to keep a server busy: each as long as 2,000 tokens and the bound on characters allow.

Each makes another step of parsing, measuring or validating do more than the length of the document suggests.
"""

from collections.abc import Callable, Mapping

from graphql import Lexer, Source, TokenKind

from schema.documents import LONGEST_CHARS, MOST_TOKENS

MILLION_FRAGMENTS_NAME = "20 fragments, each spreads the next one twice"
MILLION_FRAGMENTS = (
    "query { ...f0 } "
    + " ".join(f"fragment f{number} on Query {{ ...f{number + 1} ...f{number + 1} }}" for number in range(20))
    + " fragment f20 on Query { __typename }"
)


def token_count(text: str) -> int:
    """How many tokens the parser sees in a text."""
    lexer = Lexer(Source(text))
    count = 0
    while lexer.advance().kind is not TokenKind.EOF:
        count += 1
    return count


def documents() -> Mapping[str, str]:
    """The documents by what they are."""
    viewer = "{ viewer { %s } }"
    return {
        MILLION_FRAGMENTS_NAME: MILLION_FRAGMENTS,
        # Fields of one name are compared pair by pair, with all that is selected of them.
        "one field over and over": _filled(viewer, "email"),
        "one field 99 times": viewer % ("email " * 99),
        "one object over and over": _filled(viewer, "user { id }"),
        "one list over and over": _filled("{ publicFeed { edges { node { %s } } } }", "replies { edges { cursor } }"),
        "one list over and over, other pages each time": _filled_by(
            "{ publicFeed { edges { node { %s } } } }",
            lambda place: f"replies(first: {place % 100 + 1}) {{ edges {{ cursor }} }}",
        ),
        "one alias for other fields each time": _filled_by(
            "{ publicFeed { edges { node { %s } } } }",
            lambda place: f"a: {('body', 'likeCount', 'replyCount', 'id')[place % 4]}",
        ),
        "one introspected object over and over": _filled("{ __schema { types { fields { %s } } } }", "type { name }"),
        # Fragments: walked from each place that spreads them, and compared with each other.
        "fragments that spread all later ones": _triangle("Query", "viewer { email }"),
        "fragments of fields that spread all later ones": _triangle("Viewer", "email"),
        "a chain of fragments": _chain(MOST_TOKENS // 8 - 1),
        "a chain of 45 fragments": _chain(45),
        "a hundred fragments of one field": _hundred_fragments("email " * 11),
        "many operations over a chain of fragments": _operations_over_chain(operations=20, fragments=45),
        "spreads of fragments that are not there": _filled_by("{ %s }", lambda place: f"...f{place}"),
        # Depth, and width at the allowed depth.
        "inline fragments in each other": _nested("{ %s }", "... {", "__typename", "}"),
        "inline fragments in each other, 45 deep": _filled("{ %s }", "... { " * 45 + "__typename" + " }" * 45),
        "inline fragments beside each other": _filled('{ node(id: "x") { %s } }', "... on User { handle }"),
        "lists in each other": _nested("{ nodes(ids: %s) { id } }", "[", '"x"', "]"),
        "objects in each other": _nested("mutation { createPost(input: %s) { post { id } } }", "{ body:", '"x"', "}"),
        "replies in replies": _nested(
            "{ publicFeed { edges { node { %s } } } }", "replyTo { ... on Post {", "id", "} }"
        ),
        # Arguments and variables.
        "a long list": _filled("{ nodes(ids: [%s]) { id } }", '"x"'),
        "many fields of an input": _filled_by(
            "mutation { createPost(input: { %s }) { post { id } } }", lambda place: f"b{place}: 1"
        ),
        "many arguments that are not there": _filled_by(
            "{ publicFeed(%s) { edges { cursor } } }", lambda place: f"firts{place}: 1"
        ),
        "many values that are not in an enum": _filled_by(
            "{ publicFeed { edges { node { %s } } } }",
            lambda place: f"replies(sort: OLD{place}) {{ edges {{ cursor }} }}",
        ),
        "many variables": _filled_by("query (%s) { __typename }", lambda place: f"$v{place}: Int = {place}"),
        "many variables of unknown types": _filled_by(
            "query (%s) { __typename }", lambda place: f"$v{place}: Usr{place}"
        ),
        "many variables where another type belongs": _used_variables(99),
        "variables that are not there": _filled_by("{ nodes(ids: [%s]) { id } }", lambda place: f"$v{place}"),
        # Names.
        "many operations": _filled_by("%s", lambda place: f"query q{place} {{ __typename }}"),
        "many aliases": _filled_by("{ %s }", lambda place: f"a{place}: __typename"),
        "many fields that are not there": _filled_by("{ %s }", lambda place: f"viewr{place}"),
        "many directives": _filled(viewer, "email @include(if: true)"),
        "many directives that are not there": _filled_by("{ viewer { email %s } }", lambda place: f"@inclde{place}"),
        # Characters: few tokens, and much between or in them.
        "a string of escapes": _long('{ user(handle: "%s") { id } }', "\\u0041"),
        "a block string of empty lines": _long('{ user(handle: """%s""") { id } }', "\n"),
        "a long number": _long("{ publicFeed(first: %s) { edges { cursor } } }", "9"),
        "line breaks before many fields that are not there": _long(
            "%s" + _filled_by("{ viewer { %s } }", lambda place: f"nope{place}"), "\n"
        ),
        "commas": _long("{ %s __typename }", ","),
        "comments": _long("{ %s __typename }", "#\n"),
    }


def _filled(around: str, piece: str) -> str:
    return _filled_by(around, lambda _place: piece)


def _filled_by(around: str, piece: Callable[[int], str]) -> str:
    """`around` with as many pieces at its `%s` as the number of tokens allows."""
    left = MOST_TOKENS - token_count(around.replace("%s", " "))
    pieces: list[str] = []
    while (left := left - token_count(piece(len(pieces)))) >= 0:
        pieces.append(piece(len(pieces)))
    return around.replace("%s", " ".join(pieces))


def _nested(around: str, before: str, innermost: str, behind: str) -> str:
    """`around` with as many levels at its `%s` as the number of tokens allows."""
    left = MOST_TOKENS - token_count(around.replace("%s", innermost))
    levels = left // (token_count(before) + token_count(behind))
    return around.replace("%s", f"{before} " * levels + innermost + f" {behind}" * levels)


def _long(around: str, piece: str) -> str:
    """`around` with as much at its `%s` as the number of characters allows."""
    return around.replace("%s", piece * ((LONGEST_CHARS - len(around)) // len(piece)))


def _triangle(on_type: str, fields: str) -> str:
    def document(count: int) -> str:
        spreads = [f"...f{number}" for number in range(count)]
        fragments = [
            f"fragment f{number} on {on_type} {{ {fields} {' '.join(spreads[number + 1 :])} }}"
            for number in range(count)
        ]
        root = " ".join(spreads)
        return " ".join([f"{{ {root} }}" if on_type == "Query" else f"{{ viewer {{ {root} }} }}", *fragments])

    count = 1
    while token_count(document(count + 1)) <= MOST_TOKENS:
        count += 1
    return document(count)


def _chain(length: int, *, root: str = "{ ...f0 }", fields: str = "") -> str:
    fragments = [f"fragment f{number} on Query {{ {fields} ...f{number + 1} }}" for number in range(length - 1)]
    return " ".join([root, *fragments, f"fragment f{length - 1} on Query {{ __typename }}"])


def _hundred_fragments(fields: str) -> str:
    numbers = range(100)
    spreads = " ".join(f"...f{number}" for number in numbers)
    fragments = " ".join(f"fragment f{number} on Viewer {{ {fields} }}" for number in numbers)
    return f"{{ viewer {{ {spreads} }} }} {fragments}"


def _operations_over_chain(*, operations: int, fragments: int) -> str:
    roots = " ".join(f"query q{number}($handle: String!) {{ ...f0 }}" for number in range(operations))
    return _chain(fragments, root=roots, fields="user(handle: $handle) { id }")


def _used_variables(count: int) -> str:
    names = [f"$v{number}" for number in range(count)]
    return f"query ({' '.join(f'{name}: Int' for name in names)}) {{ nodes(ids: [{' '.join(names)}]) {{ id }} }}"
