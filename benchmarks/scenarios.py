"""What is asked: each scenario is one document and a seeded choice of calls, the same for every contestant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from benchmarks.data import WORDS
from core import ids
from core.clock import utc_now
from core.tokens import Tokens

DOCUMENTS = Path(__file__).parent / "documents"
CALLS = 256
FEED_LENGTH = 20
# A run that takes longer than this has other troubles than an expired token.
TOKEN_TTL_S = 86_400

_READERS = "SELECT follower_id FROM follow GROUP BY 1 HAVING count(*) BETWEEN $1 AND $2 ORDER BY 1"
# Those with 30 replies or more; in a small world, where they are too few, the ones with the most replies.
_THREADS = """
SELECT id FROM (
    SELECT reply_to_id AS id, count(*) AS replies FROM post WHERE reply_to_id IS NOT NULL GROUP BY 1
    ORDER BY least(count(*), 30) DESC, 1 LIMIT $1
) AS thread
"""
_AUTHORS = "SELECT handle FROM account JOIN account_count ON account_id = id WHERE post_count >= 10 ORDER BY id"


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the variables of its scenario's document, and who asks."""

    variables: Mapping[str, Any]
    token: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A document, and the calls that are made with it, in turn, over and over.

    `volatile` names the fields that differ from one answer to the next; they are not compared.
    """

    name: str
    document: str
    calls: Sequence[Call]
    volatile: frozenset[str] = frozenset()
    does_write: bool = False


def names() -> Sequence[str]:
    """The names of all scenarios: those of their documents."""
    return sorted(path.stem for path in DOCUMENTS.glob("*.graphql"))


def token_of(tokens: Tokens, account_id: int) -> str:
    """An access token of an account; no session is behind it."""
    return tokens.access_token(account_id=account_id, session_id=ids.NOBODY + 1, now=utc_now())[0]


async def choose(url: str, *, seed: int, secret: str) -> list[Scenario]:
    """Every scenario, with calls chosen from the world at `url`."""
    rng = Random(f"{seed}/calls")
    tokens = Tokens(secret, access_ttl_s=TOKEN_TTL_S)
    connection = await asyncpg.connect(url)
    try:
        # People who follow somebody, but not everybody.
        readers = [row[0] for row in await connection.fetch(_READERS, 10, 500)]
        threads = [row[0] for row in await connection.fetch(_THREADS, CALLS)]
        authors = [row[0] for row in await connection.fetch(_AUTHORS)]
    finally:
        await connection.close()

    def scenario(
        name: str, variables: Sequence[Mapping[str, Any]], *, volatile: frozenset[str] = frozenset()
    ) -> Scenario:
        viewers = rng.choices(readers, k=len(variables))
        made = [token_of(tokens, viewer) for viewer in viewers]
        document = (DOCUMENTS / f"{name}.graphql").read_text()
        calls = [Call(given, token) for given, token in zip(variables, made, strict=True)]
        return Scenario(name, document, calls, volatile, does_write=name == "CreatePost")

    bodies = [" ".join(rng.choices(WORDS, k=rng.randint(4, 40))) for _ in range(CALLS)]
    return [
        scenario("HomeFeed", [{"first": FEED_LENGTH}] * CALLS),
        scenario("PostThread", [{"id": ids.encode(ids.Kind.POST, number)} for number in rng.choices(threads, k=CALLS)]),
        scenario("Profile", [{"handle": handle} for handle in rng.choices(authors, k=CALLS)]),
        scenario("Floor", [{}] * CALLS),
        scenario("CreatePost", [{"body": body} for body in bodies], volatile=frozenset({"id", "createdAt"})),
    ]
