"""`rookery explain`: the statements are those of the server, nothing stays, and refusals say why."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlmodel import SQLModel
from typer.testing import CliRunner

from app.commands import cli
from app.rehearsal import CannotRehearseError, Rehearsal, UnknownAccountError, rehearse
from app.services import timeline_store
from app.settings import CHECKOUT, Settings
from compiler.explain import WIDTH
from loaders.pages import GREATEST_ID
from schema.root import build_schema
from tests.fixtures.api import Api
from tests.fixtures.commands import run_command
from tests.worlds import Person, World, post_id

SCHEMA = build_schema(suggests_fields=True)
NOBODY_LISTENS = "127.0.0.1:1"
HOT = CHECKOUT / "benchmarks" / "documents"
HOME = "{ homeFeed(first: 10) { edges { node { id body author { handle } } } } }"
UNFOLLOW = "mutation ($id: ID!) { unfollowUser(input: { userId: $id }) { user { handle } errors { code } } }"
REGISTER = 'register(input: { handle: "bob", displayName: "Bob", email: "b@example.com", password: "long enough" })'
POSTS = 'createPost(input: { body: "new" }) { post { id body author { handle } } errors { code } }'


class Conductor:
    """Rehearses documents over the test's servers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def __call__(
        self, document: str, *, by: Person | None = None, is_query: bool = True, **variables: Any
    ) -> Rehearsal:
        handle = None if by is None else by.handle
        return await rehearse(
            self.settings, SCHEMA, document, operation_name=None, variables=variables, handle=handle, is_query=is_query
        )


@pytest.fixture
def rehearsed(settings: Settings) -> Conductor:
    return Conductor(settings)


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def rows(sql: asyncpg.Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {name: await sql.fetchval(f'SELECT count(*) FROM "{name}"') for name in SQLModel.metadata.tables}


async def seen_by_server(api: Api, document: str, *, by: Person, **variables: Any) -> tuple[Counter[str], int]:
    """The statements and Redis round trips of a request, as the budgets of API tests count them."""
    statements: list[str] = []
    trips: list[None] = []
    db, cache = api.services.db, api.services.cache
    db.observers.append(statements.append)
    cache.round_trip_observers.append(lambda: trips.append(None))
    await api.data(document, by=by, **variables)
    for _ in range(10):
        await asyncio.sleep(0)  # the worker's bell rings beside the request
    db.observers.clear()
    cache.round_trip_observers.clear()
    asked = [text for text in statements if "FROM session" not in text or "revoked_at >" not in text]
    return Counter(asked), len(trips)


@pytest.fixture
async def reply_to(world: World) -> str:
    """The id of a post with a reply; alice has both in her home feed, and her timeline is warm."""
    number = await world.post(world.bob, "from bob")
    await world.post(world.carol, "a reply", reply_to=number)
    await world.services.resources.home.rebuild(world.alice.account_id)
    return post_id(number)


@pytest.mark.parametrize("name", ["HomeFeed", "PostThread", "Profile", "CreatePost"])
async def test_statements_and_round_trips_are_those_of_the_server(
    api: Api, world: World, reply_to: str, rehearsed: Conductor, name: str
) -> None:
    document = (HOT / f"{name}.graphql").read_text()
    needed: dict[str, dict[str, Any]] = {
        "HomeFeed": {"first": 10},
        "PostThread": {"id": reply_to},
        "Profile": {"handle": "bob"},
        "CreatePost": {"body": "new"},
    }
    variables = needed[name]
    done = await rehearsed(document, by=world.alice, is_query=name != "CreatePost", **variables)
    assert done.errors == []
    assert not done.is_redis_away
    assert done.statements
    expected = await seen_by_server(api, document, by=world.alice, **variables)
    assert (Counter(done.statements), done.round_trips) == expected


async def test_warm_home_feed_takes_one_round_trip_and_few_statements(
    world: World, reply_to: str, rehearsed: Conductor
) -> None:
    done = await rehearsed((HOT / "HomeFeed.graphql").read_text(), by=world.alice, first=10)
    assert done.round_trips == 1
    assert 1 <= len(done.statements) <= 3


async def test_floor_asks_nothing(services: object, rehearsed: Conductor) -> None:
    done = await rehearsed("{ __typename }")
    assert (done.statements, done.round_trips, done.errors) == ([], 0, [])


async def test_act_leaves_no_row(api: Api, world: World, sql: asyncpg.Connection, rehearsed: Conductor) -> None:
    before = await rows(sql)
    done = await rehearsed(f"mutation {{ {POSTS} }}", by=world.alice, is_query=False)
    assert done.errors == []
    assert any(text.startswith(("INSERT", "WITH")) for text in done.statements)
    assert await rows(sql) == before
    await api.data(f"mutation {{ {POSTS} }}", by=world.alice)
    assert await rows(sql) != before


async def test_what_an_act_reads_afterwards_is_what_it_has_changed(world: World, rehearsed: Conductor) -> None:
    acts = 'mutation { createPost(input: { body: "new" }) { post { replies(first: 2) { edges { cursor } } } } }'
    alone = await rehearsed(acts.replace("{ replies(first: 2) { edges { cursor } } }", "{ id }"), by=world.alice)
    assert alone.errors  # a query's rehearsal refuses every write
    done = await rehearsed(acts, by=world.alice, is_query=False)
    assert done.errors == []
    assert any("FROM post" in text and "reply_to_id" in text for text in done.statements)


async def test_refused_act_does_not_hide_the_next_one(world: World, rehearsed: Conductor) -> None:
    document = f"mutation {{ {REGISTER} {{ errors {{ code }} }} {POSTS} }}"
    both = await rehearsed(document, by=world.alice, is_query=False)
    alone = await rehearsed(f"mutation {{ {POSTS} }}", by=world.alice, is_query=False)
    assert both.errors == []
    assert len(both.statements) > len(alone.statements)
    assert Counter(alone.statements) <= Counter(both.statements)


async def test_cold_timeline_stays_cold(world: World, settings: Settings, rehearsed: Conductor) -> None:
    await world.post(world.bob, "from bob")
    done = await rehearsed(HOME, by=world.alice)
    assert done.round_trips == 1
    store = timeline_store(settings, world.services.cache)
    assert await store.read(world.alice.account_id, before=GREATEST_ID, limit=1) is None


async def test_act_that_drops_a_timeline_does_not_drop_it(
    api: Api, world: World, reply_to: str, settings: Settings, rehearsed: Conductor
) -> None:
    store = timeline_store(settings, world.services.cache)
    done = await rehearsed(UNFOLLOW, by=world.alice, is_query=False, id=world.bob.id)
    assert done.errors == []
    assert await store.read(world.alice.account_id, before=GREATEST_ID, limit=1) is not None
    expected = await seen_by_server(api, UNFOLLOW, by=world.alice, id=world.bob.id)
    assert (Counter(done.statements), done.round_trips) == expected
    assert await store.read(world.alice.account_id, before=GREATEST_ID, limit=1) is None


async def test_operation_that_needs_a_viewer_says_so(world: World, rehearsed: Conductor) -> None:
    assert (await rehearsed(HOME)).needs_viewer
    assert not (await rehearsed(HOME, by=world.alice)).needs_viewer


async def test_unknown_handle_is_refused(world: World, settings: Settings) -> None:
    with pytest.raises(UnknownAccountError, match="zoe"):
        await rehearse(settings, SCHEMA, HOME, operation_name=None, variables={}, handle="zoe", is_query=True)


async def test_postgres_that_is_away_is_told(settings: Settings, rehearsed: Conductor) -> None:
    rehearsed.settings = settings.model_copy(update={"database_url": f"postgresql://nobody@{NOBODY_LISTENS}/none"})
    with pytest.raises(CannotRehearseError, match="Postgres cannot be reached"):
        await rehearsed(HOME)


async def test_database_without_tables_is_told(
    world: World, settings: Settings, server_database_url: str, rehearsed: Conductor
) -> None:
    rehearsed.settings = settings.model_copy(update={"database_url": server_database_url})
    with pytest.raises(CannotRehearseError, match="does not exist"):
        await rehearsed(HOME, by=world.alice)


async def test_operation_is_stopped_at_its_deadline(
    world: World, settings: Settings, sql: asyncpg.Connection, rehearsed: Conductor
) -> None:
    rehearsed.settings = settings.model_copy(update={"operation_deadline_s": 0.2})
    async with sql.transaction():
        await sql.execute("LOCK TABLE post IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CannotRehearseError, match=r"took longer than 0\.2 seconds"):
            await rehearsed(HOME, by=world.alice)
    rehearsed.settings = settings
    assert (await rehearsed(HOME, by=world.alice)).errors == []


async def test_redis_that_is_away_is_told_and_the_statements_are_those_without_it(
    world: World, settings: Settings, rehearsed: Conductor
) -> None:
    assert (await rehearsed(HOME, by=world.alice)).statements
    rehearsed.settings = settings.model_copy(update={"redis_url": f"redis://{NOBODY_LISTENS}/0"})
    done = await rehearsed(HOME, by=world.alice)
    assert done.is_redis_away
    assert done.statements
    assert done.errors == []


async def test_command_prints_everything_at_a_hundred_columns(
    world: World, reply_to: str, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "two.graphql"
    file.write_text(f"query Home {HOME} mutation Post {{ {POSTS} }}")
    done = await run_command(settings, "explain", str(file), "--as", "alice")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= WIDTH
    home, _, post = done.stdout.partition("mutation Post\n")
    for part in (home, post):
        titles = ["Cost", "Plan (a batch is one load for all objects of a level)", "Left to graphql-core"]
        places = [part.index(f"\n{title}\n") for title in [*titles, "Generated source", "Statements"]]
        assert places == sorted(places)
    assert "  20 points; 5,000 are allowed\n" in home
    assert re.search(r"\n  [1-3] statements?, 1 Redis round trip, run as alice\.\n", home)
    assert "\n  1. once\n     " in home
    assert "Rolled back" not in home
    assert "Rolled back: nothing of it is kept" in post
    assert "     INSERT INTO " in post or "     WITH " in post


async def test_command_refuses_an_unknown_handle(world: World, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "home.graphql"
    file.write_text(f"query Home {HOME}")
    done = await run_command(settings, "explain", str(file), "--as", "zoe")
    assert done.returncode == 1
    assert done.stderr == "Refused: query Home: There is no account with the handle zoe.\n"


def explained(tmp_path: Path, document: str, *options: str) -> tuple[int, str, str]:
    """The command's status, standard output and standard error, where no servers are named."""
    file = tmp_path / "document.graphql"
    file.write_text(document)
    done = CliRunner().invoke(cli, ["explain", str(file), *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def without_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "COMPILED_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("without_servers")
class TestWithoutServers:
    """What needs no database."""

    def test_everything_but_the_statements_is_printed(self, tmp_path: Path) -> None:
        status, out, err = explained(tmp_path, HOME)
        assert (status, err) == (0, "")
        assert "query without a name\n\nCost\n  20 points" in out
        assert "    homeFeed(first: 10): FeedConnection!" in out
        assert "Left to graphql-core\n  nothing\n" in out
        assert "def rows(" in out
        assert out.endswith(
            "Statements\n  Set DATABASE_URL and REDIS_URL to see what the operation asks of Postgres and Redis.\n\n"
        )

    def test_source_can_be_left_out(self, tmp_path: Path) -> None:
        _, out, _ = explained(tmp_path, HOME, "--no-source")
        assert "homeFeed" in out
        assert "def rows(" not in out

    def test_subscription_is_explained_and_not_run(self, tmp_path: Path) -> None:
        status, out, _ = explained(tmp_path, "subscription { homeFeed { ... on PostAdded { cursor } } }")
        assert status == 0
        assert "      on PostAdded\n" in out
        assert "  Not run: what a subscription asks of Postgres depends on its events.\n" in out

    def test_kill_switch_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "COMPILED_EXECUTION=false" not in explained(tmp_path, HOME)[1]
        monkeypatch.setenv("COMPILED_EXECUTION", "false")
        assert "COMPILED_EXECUTION=false: the server leaves every operation" in explained(tmp_path, HOME)[1]

    def test_one_of_several_operations_can_be_chosen(self, tmp_path: Path) -> None:
        document = "query One { __typename } query Two { viewer { email } }"
        assert explained(tmp_path, document)[1].count("Left to graphql-core") == 2
        status, out, _ = explained(tmp_path, document, "--operation", "Two")
        assert (status, out.splitlines()[0]) == (0, "query Two")
        assert "query One" not in out

    @pytest.mark.parametrize(
        ("document", "options", "reason"),
        [
            ("query {", (), "Syntax Error: Expected Name, found <EOF>. (line 1, column 8)"),
            ("{ nothing }", (), "Cannot query field 'nothing' on type 'Query'. (line 1, column 3)"),
            ("fragment Lonely on Post { id }", (), "Fragment 'Lonely' is never used."),
            ("query One { __typename }", ("--operation", "Two"), "the document contains no operation named Two."),
            ("{ __typename }", ("--variables", "{"), "--variables is not valid JSON"),
            ("{ __typename }", ("--variables", "[]"), "--variables must be a JSON object."),
            (
                "query Feed($first: Int!, $after: Cursor) { homeFeed(first: $first, after: $after) { eventCursor } }",
                (),
                "query Feed: it needs variables that are not given: $first: Int!. Give them by --variables JSON.",
            ),
            (
                "query Feed($first: Int!) { homeFeed(first: $first) { eventCursor } }",
                ("--variables", '{"first": "ten"}'),
                "query Feed: Variable '$first' has invalid value",
            ),
            (
                "{ publicFeed(first: 100) { edges { node { replies(first: 100) { edges { node { id } } } } } } }",
                (),
                "query without a name: The operation may ",
            ),
            ("{ " + "a: __typename " * 31 + "}", (), "aliases; 30 are allowed."),
        ],
    )
    def test_refused_document_says_why(
        self, tmp_path: Path, document: str, options: tuple[str, ...], reason: str
    ) -> None:
        status, out, err = explained(tmp_path, document, *options)
        assert (status, out) == (1, "")
        assert err.startswith("Refused: ")
        assert reason in err
        assert "Traceback" not in err

    def test_good_operation_is_explained_beside_a_refused_one(self, tmp_path: Path) -> None:
        document = "query Good { __typename } query Bad($id: ID!) { post(id: $id) { id } }"
        status, out, err = explained(tmp_path, document)
        assert status == 1
        assert out.startswith("query Good\n")
        assert err.startswith("Refused: query Bad: it needs variables that are not given: $id: ID!")
