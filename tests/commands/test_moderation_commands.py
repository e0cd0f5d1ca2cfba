"""`rookery moderator` and `rookery suspend` as people run them: what they print, and their exit status."""

from app.settings import Settings
from models.reports import ModerationKind
from tests.api.moderation import acts, make_moderator, standing
from tests.api.posts import seen
from tests.fixtures.api import Api
from tests.fixtures.commands import run_command
from tests.worlds import World

NOBODY_LISTENS = "postgresql://nobody@127.0.0.1:1/none"


async def test_an_account_becomes_a_moderator_and_a_member_again(settings: Settings, api: Api, world: World) -> None:
    for options, said, is_moderator in (
        ((), "@Carol is a moderator.\n", True),
        ((), "@Carol is a moderator.\n", True),
        (("--remove",), "@Carol is no moderator any more.\n", False),
    ):
        done = await run_command(settings, "moderator", "Carol", *options)
        assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
        assert (await standing(api, world.carol.token))["isModerator"] is is_moderator


async def test_an_account_is_suspended_without_a_moderator_and_that_is_lifted(
    settings: Settings, api: Api, world: World
) -> None:
    await make_moderator(world, world.carol)
    post = await world.post(world.bob)
    done = await run_command(settings, "suspend", "bob", "--note", "A court says so.")
    assert (done.returncode, done.stdout, done.stderr) == (0, "@bob is suspended.\n", "")
    assert await seen(api, post) is None
    lifted = await run_command(settings, "suspend", "bob", "--lift")
    assert (lifted.returncode, lifted.stdout, lifted.stderr) == (0, "@bob is not suspended.\n", "")
    assert await seen(api, post) is not None
    kinds = (ModerationKind.LIFT_SUSPENSION, ModerationKind.SUSPEND)
    assert [(act["kind"], act["moderator"], act["note"]) for act in await acts(api, by=world.carol)] == [
        (kinds[0].name, None, None),
        (kinds[1].name, None, "A court says so."),
    ]


async def test_what_cannot_be_done_has_the_status_1(settings: Settings, world: World) -> None:
    assert "nobody_here" not in world.people
    for arguments, said in (
        (("moderator", "nobody_here"), "There is no account @nobody_here.\n"),
        (("suspend", "nobody_here"), "There is no account @nobody_here.\n"),
        (("suspend", "bob", "--lift"), "There is nothing to change: it is so already.\n"),
        (("suspend", "bob", "--note", "x" * 1_001), "The text has 1001 characters; 1000 are allowed.\n"),
    ):
        done = await run_command(settings, *arguments)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


async def test_postgres_that_is_away_has_the_status_2(settings: Settings) -> None:
    away = settings.model_copy(update={"database_url": NOBODY_LISTENS})
    for verb in ("moderator", "suspend"):
        done = await run_command(away, verb, "bob")
        assert (done.returncode, done.stdout, done.stderr) == (2, "", "Postgres cannot be reached.\n")
