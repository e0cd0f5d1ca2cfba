"""`rookery seed`: an empty database gets people who know each other, and no other database gets anybody."""

import secrets
from datetime import timedelta

from pydantic import SecretStr

from actions.trends import Rules
from app.demo import DEMO_HANDLE, DEMO_PASSWORD
from app.settings import Settings
from tests.api import trends
from tests.api.sessions import login
from tests.fixtures.api import Api
from tests.fixtures.commands import run_command
from tests.worlds import World

HOUR = timedelta(hours=1)
HOME = """{
  viewer { user { handle } }
  homeFeed(first: 50) { edges { node { author { handle } } repostedBy { handle } } }
}"""
COUNTS = '{ user(handle: "alice") { postCount followerCount } carol: user(handle: "carol") { displayName } }'


async def test_demo_people_can_sign_in_and_have_a_feed_and_trends(settings: Settings, api: Api) -> None:
    done = await run_command(settings, "seed")
    assert (done.returncode, done.stdout) == (0, "Made the demo accounts.\n")

    for handle in (DEMO_HANDLE, "bob", "carol", "dan"):
        signed_in = await login(api, handle, DEMO_PASSWORD)
        assert signed_in["errors"] == []
        answer = await api.run(HOME, token=signed_in["accessToken"])
        data = answer.data
        assert data["viewer"]["user"]["handle"] == handle
        authors = {edge["node"]["author"]["handle"] for edge in data["homeFeed"]["edges"]}
        assert len(authors) > 1

    as_by_default = Rules(half_life=6 * HOUR, youngest=24 * HOUR, fewest_accounts=3, every=HOUR)
    await trends.rank(World(api.services), as_by_default)
    assert await trends.names(api) == ["puffins"]
    assert len(await trends.posts(api)) > 1


async def test_where_somebody_is_nobody_is_added(settings: Settings, api: Api, world: World) -> None:
    before = await api.data(COUNTS)
    done = await run_command(settings, "seed")
    assert (done.returncode, done.stdout) == (0, "There are accounts already; no demo accounts are made.\n")
    assert await api.data(COUNTS) == before


async def test_in_production_nobody_gets_a_password_that_is_known(settings: Settings, api: Api) -> None:
    production = {"rookery_env": "production", "secret_key": SecretStr(secrets.token_hex(32))}
    done = await run_command(settings.model_copy(update=production), "seed")
    assert (done.returncode, done.stdout) == (1, "")
    assert "production" in done.stderr
    assert (await api.data('{ user(handle: "alice") { id } }'))["user"] is None
