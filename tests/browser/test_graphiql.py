"""GraphiQL in a real browser against a real server: examples, sign-in, live events, completion, no other origin."""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.fixtures.browser import LONGEST_WAIT_MS, BrowserPage

HEADERS_SETTLE_MS = 400
PASSWORD = "correct-horse-battery"

REGISTER = """
mutation Register($input: RegisterInput!) { register(input: $input) { accessToken errors { message } } }
"""
CREATE_POST = """
mutation Post($body: String!) { createPost(input: { body: $body }) { post { id } errors { message } } }
"""


class LiveServer(Protocol):
    url: str


@dataclass(frozen=True, slots=True)
class Member:
    """Someone with an account, who can also post without the browser."""

    url: str
    handle: str
    token: str

    async def post(self, body: str) -> None:
        payload = (await request(self.url, CREATE_POST, {"body": body}, token=self.token))["createPost"]
        assert payload["errors"] == []


async def request(url: str, query: str, variables: dict[str, Any], *, token: str | None = None) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=LONGEST_WAIT_MS / 1000) as client:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
    answer = response.json()
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


@pytest.fixture
async def member(live_server: LiveServer) -> Member:
    handle = f"robin{secrets.token_hex(3)}"
    new = {"handle": handle, "displayName": "Robin", "email": f"{handle}@example.org", "password": PASSWORD}
    payload = (await request(live_server.url, REGISTER, {"input": new}))["register"]
    assert payload["errors"] == []
    return Member(url=live_server.url, handle=handle, token=payload["accessToken"])


@pytest.fixture
async def graphiql(live_server: LiveServer, browser_page: BrowserPage, graphiql_dist: Path) -> Page:
    """The page at its first visit, with the schema loaded."""
    page = browser_page.page
    async with page.expect_response("**/graphql"):
        await page.goto(f"{live_server.url}/graphiql")
    await page.locator(".graphiql-query-editor .view-line").first.wait_for()
    return page


async def open_tab(page: Page, title: str) -> None:
    await page.get_by_role("tab", name=title).click()
    # The editor shows its text a moment later than the tab its title.
    await expect(page.locator(".graphiql-query-editor")).to_contain_text(title)


async def run_tab(page: Page, title: str) -> Locator:
    """Runs a tab's operation; returns the place of its response."""
    await open_tab(page, title)
    await page.get_by_role("button", name=re.compile("Execute query")).click()
    return page.locator(".graphiql-response")


async def sign_in(page: Page, *, handle: str, password: str) -> None:
    await page.get_by_role("button", name="Sign in").click()
    panel = page.get_by_role("form", name="Sign in")
    await panel.get_by_label("Handle").fill(handle)
    await panel.get_by_label("Password").fill(password)
    await panel.get_by_role("button", name="Sign in").click()


async def test_first_visit_shows_an_example_per_tab(graphiql: Page) -> None:
    titles = graphiql.locator(".graphiql-tab-button")

    await expect(titles).to_have_text(["SignIn", "HomeFeed", "ForYou", "NewestThread", "CreatePost", "LiveHome"])


async def test_queries_and_live_events_work_without_leaving_the_origin(
    live_server: LiveServer, browser_page: BrowserPage, graphiql: Page, member: Member
) -> None:
    await member.post("written-before")

    response = await run_tab(graphiql, "NewestThread")
    await expect(response).to_contain_text("written-before")

    await sign_in(graphiql, handle=member.handle, password=PASSWORD)
    await expect(graphiql.get_by_text(f"Signed in as @{member.handle}")).to_be_visible()
    response = await run_tab(graphiql, "HomeFeed")
    await expect(response).to_contain_text("written-before")

    response = await run_tab(graphiql, "ForYou")
    await expect(response).to_contain_text("trends")
    await expect(response).not_to_contain_text("errors")

    response = await run_tab(graphiql, "LiveHome")
    await expect(response).to_contain_text("Started")
    await member.post("written-while-watching")
    await expect(response).to_contain_text("PostAdded")
    await expect(response).to_contain_text("written-while-watching")

    assert any(url.startswith("ws://") for url in browser_page.requests)
    assert browser_page.requests_beyond(live_server.url) == []
    assert browser_page.problems == []


async def test_policy_stops_requests_to_other_origins(graphiql: Page, browser_page: BrowserPage) -> None:
    outcome = await graphiql.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'stopped')")

    assert outcome == "stopped"
    assert any("Content Security Policy" in problem for problem in browser_page.problems)


async def test_sign_in_fills_the_header_of_every_tab_and_sign_out_empties_it(graphiql: Page, member: Member) -> None:
    headers = graphiql.get_by_role("region", name="Headers")
    await sign_in(graphiql, handle=member.handle, password=PASSWORD)

    for tab in ("HomeFeed", "CreatePost", "LiveHome"):
        await open_tab(graphiql, tab)
        await expect(headers).to_contain_text("Bearer")

    await graphiql.get_by_role("button", name="Sign out").click()
    await expect(headers).not_to_contain_text("Bearer")
    await open_tab(graphiql, "CreatePost")
    await expect(headers).not_to_contain_text("Bearer")


async def test_refused_sign_in_says_why_and_keeps_what_was_typed(graphiql: Page, member: Member) -> None:
    await sign_in(graphiql, handle=member.handle, password="a-wrong-password")

    panel = graphiql.get_by_role("form", name="Sign in")
    await expect(panel.get_by_role("alert")).not_to_be_empty()
    await expect(panel.get_by_label("Handle")).to_have_value(member.handle)
    await expect(graphiql.get_by_text("Signed in as")).to_have_count(0)


async def test_token_is_not_kept_in_local_storage(graphiql: Page, member: Member) -> None:
    await sign_in(graphiql, handle=member.handle, password=PASSWORD)
    await open_tab(graphiql, "HomeFeed")
    await expect(graphiql.get_by_role("region", name="Headers")).to_contain_text("Bearer")
    # GraphiQL takes the editor's headers over into the tab, and so into the history, a tenth of a second later.
    await graphiql.wait_for_timeout(HEADERS_SETTLE_MS)

    response = await run_tab(graphiql, "HomeFeed")
    await expect(response).to_contain_text("homeFeed")
    for key in ("tabState", "queries"):
        await graphiql.wait_for_function(f"localStorage.getItem('graphiql:{key}')?.includes('HomeFeed')")

    stored = await graphiql.evaluate("JSON.stringify(localStorage)")
    assert "Bearer" not in stored
    assert member.token not in stored


async def test_editor_completes_field_names_from_the_schema(
    graphiql: Page, browser_page: BrowserPage, live_server: LiveServer
) -> None:
    await graphiql.get_by_role("button", name="New tab").click()
    await graphiql.locator(".graphiql-query-editor .view-line").first.click()
    await graphiql.keyboard.press("ControlOrMeta+A")
    await graphiql.keyboard.type("{ publicF")
    await graphiql.keyboard.press("Control+Space")

    suggestion = graphiql.locator(".suggest-widget .monaco-list-row").filter(has_text="publicFeed")
    await expect(suggestion).to_be_visible()
    # The type comes from the schema; without workers the editor would suggest words of the text.
    await expect(suggestion).to_contain_text("FeedConnection")
    assert browser_page.requests_beyond(live_server.url) == []
    assert browser_page.problems == []


@pytest.mark.parametrize(
    ("button", "content"),
    [
        ("Show Documentation Explorer", "Root Types"),
        ("Show GraphiQL Explorer", "publicFeed"),
        ("Show History", "History"),
    ],
)
async def test_side_panel_opens(graphiql: Page, browser_page: BrowserPage, button: str, content: str) -> None:
    if content == "publicFeed":
        await open_tab(graphiql, "NewestThread")
    await graphiql.get_by_role("button", name=button).click()

    await expect(graphiql.locator(".graphiql-plugin")).to_contain_text(content)
    assert browser_page.problems == []
