"""Languages of posts that do not name theirs: told where they are plain, never changed where somebody gave one."""

import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import typer

from app import settings as app_settings
from app.commands.checks import require_settings
from app.services import ProcessServices
from app.settings import CHECKOUT, Settings
from tests.api.posts import refusals
from tests.fixtures.api import Api
from tests.worlds import World

GERMAN = "Guten Morgen zusammen, ich wünsche euch einen schönen Tag"
FRENCH = "Bonjour à tous, passez une bonne journée avec vos amis"
CREATE = """
mutation ($input: CreatePostInput!) {
  createPost(input: $input) { post { id language } errors { __typename code path } }
}
"""
EDIT = """
mutation ($input: EditPostInput!) {
  editPost(input: $input) { post { id language version } errors { __typename code path } }
}
"""
SERVES_WITHOUT = """
import sys
sys.modules["py3langid"] = sys.modules["numpy"] = None
from app.services import ProcessServices
from app.settings import Settings
settings = Settings(rookery_env="development", database_url="postgresql://nowhere/x", redis_url="redis://nowhere/0")
assert ProcessServices(settings).resources.languages is None
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"detect_language": True})


@pytest.fixture
async def plain_services(settings: Settings) -> AsyncIterator[ProcessServices]:
    """The services of a process that does not detect languages."""
    services = ProcessServices(settings.model_copy(update={"detect_language": False}))
    await services.start()
    yield services
    await services.stop()


async def created(api: Api, world: World, **given: Any) -> Any:
    """The post that alice makes."""
    payload = (await api.data(CREATE, by=world.alice, input=given))["createPost"]
    assert payload["errors"] == []
    return payload["post"]


async def edited(api: Api, world: World, post: Any, **changed: Any) -> Any:
    """The post after alice has changed it."""
    payload = (await api.data(EDIT, by=world.alice, input={"postId": post["id"], **changed}))["editPost"]
    assert payload["errors"] == []
    return payload["post"]


@pytest.mark.parametrize(
    ("body", "language"),
    [
        (GERMAN, "de"),
        (FRENCH, "fr"),
        ("Доброе утро всем, хорошего дня", "ru"),
        ("おはようございます、良い一日を", "ja"),
        ("大家早上好，祝你们今天过得愉快，晚上我们一起去看电影吧", "zh"),
        ("صباح الخير للجميع، أتمنى لكم يوما سعيدا", "ar"),
        ("สวัสดีตอนเช้าทุกคน", "th"),
        ("@bob Herkese günaydın, iyi günler dilerim 😃 #GoodMorningEveryone https://example.com/good-morning", "tr"),
        ("ok", None),
        ("lol haha", None),
        ("Go go go!!! 😀😀😀", None),
        ("#GoodMorningEveryone @goodmorning https://example.com/good-morning", None),
        ("12:30 -> 13:45 = 75", None),
        ("\u200d\ufe0f\u0301" * 20 + "x", None),
    ],
)
async def test_a_post_gets_the_language_that_it_is_plainly_in(
    api: Api, world: World, body: str, language: str | None
) -> None:
    assert (await created(api, world, body=body))["language"] == language


async def test_a_language_that_is_given_stays_and_costs_no_statement(api: Api, world: World) -> None:
    assert (await created(api, world, body=GERMAN, language="gsw"))["language"] == "gsw"
    with api.budget(sql=2, redis=1):
        assert (await created(api, world, body=GERMAN))["language"] == "de"


async def test_an_edit_tells_the_language_of_a_new_text_only_where_none_is_known(api: Api, world: World) -> None:
    unknown = await created(api, world, body="hm")
    assert unknown["language"] is None
    assert await edited(api, world, unknown, body=FRENCH) == {"id": unknown["id"], "language": "fr", "version": 2}
    assert (await edited(api, world, unknown, body=GERMAN))["language"] == "fr"
    assert (await edited(api, world, unknown, language=None))["language"] is None
    # The text stays, so nothing is told of it, and an edit of nothing makes no version.
    assert await edited(api, world, unknown, body=GERMAN) == {"id": unknown["id"], "language": None, "version": 4}
    assert (await edited(api, world, unknown, isSensitive=True))["language"] is None
    assert (await edited(api, world, unknown, body=FRENCH, language=None))["language"] is None
    assert (await edited(api, world, unknown, body=GERMAN, language="als"))["language"] == "als"


async def test_texts_that_are_refused_are_refused_as_without_detection(api: Api, world: World) -> None:
    for body, path in ((GERMAN * 100, ["body"]), ("", ["body"]), ("nul \x00 " + GERMAN, ["body"])):
        payload = (await api.data(CREATE, by=world.alice, input={"body": body}))["createPost"]
        assert refusals(payload) == [("ValidationError", path)]
    answer = await api.run(CREATE, input={"body": GERMAN})
    assert answer.codes == ["UNAUTHENTICATED"]
    answer = await api.run(CREATE, by=world.alice, input={"body": "\ud800 " + GERMAN})
    assert answer.codes or refusals(answer.data["createPost"]) == [("ValidationError", ["body"])]


async def test_nothing_is_told_where_it_is_not_switched_on(plain_services: ProcessServices) -> None:
    assert plain_services.resources.languages is None
    context = plain_services.open_context(None, client_ip="", request_id="r")
    assert context.language_of(GERMAN) is None


def test_server_without_the_packages_starts_where_it_is_not_switched_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVES_WITHOUT], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_command_ends_with_the_reason_where_the_packages_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROOKERY_ENV", "development")
    monkeypatch.setenv("DETECT_LANGUAGE", "true")
    assert require_settings().detect_language
    monkeypatch.setattr(app_settings, "LANGUAGE_PACKAGES", ("no.such.package",))
    with pytest.raises(typer.Exit):
        require_settings()
    said = capsys.readouterr().err
    assert "DETECT_LANGUAGE=true" in said
    assert "[language]" in said
    assert "Traceback" not in said
    monkeypatch.setenv("DETECT_LANGUAGE", "false")
    assert not require_settings().detect_language
