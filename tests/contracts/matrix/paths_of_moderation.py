"""The paths of those who keep others away: blocks, mutes, hidden replies, and what moderators read and write.

The rows are there for everyone who could have made them, so that the rules alone say what they lead to.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from models.reports import ModerationKind
from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import AUTHORS, EACH_REASON, NEUTRAL, OPEN, SUSPENDED, VIEWERS, Target
from tests.contracts.matrix.paths import PAGE, Path, PathToPosts, PathToUsers, Shown, as_itself
from tests.contracts.matrix.paths_to_posts import ANSWERS, each_author, root
from tests.contracts.matrix.paths_to_users import each_user
from tests.contracts.matrix.stage import Stage

MODERATOR = "moderator"
# What the reports name that acts are done to: one post that the moderator sees, one hidden from them, and one by which
# somebody has reported the moderator.
OF_SEEN, OF_HIDDEN, OF_MODERATOR = (Target(OPEN, name, is_answer=False) for name in ("public", "followers", "unlisted"))
_NOTHING: Shown = (False, False, False)


# Who should see what.


def as_another(viewer: str, author: str) -> Shown:
    """As somebody else; nobody blocks, mutes or reports themselves."""
    return _NOTHING if viewer == author else as_itself(viewer, author)


def as_blocked(viewer: str, author: str) -> Shown:
    """As somebody whom the viewer blocks: by no more than a face."""
    is_seen, _, _ = as_another(viewer, author)
    return is_seen, False, False


def to_moderators(viewer: str, author: str) -> Shown:
    return as_itself(viewer, author) if oracle.moderates(viewer) else _NOTHING


def as_whoever_acts(viewer: str, author: str) -> Shown:
    """As who reported or moderated. What the suspended one did is about the moderator, who is not to know of it."""
    return _NOTHING if author == SUSPENDED else to_moderators(viewer, author)


def post_to_moderators(viewer: str, target: Target) -> bool:
    return oracle.moderates(viewer) and oracle.sees(viewer, target)


# Scenes.


async def blocks(stage: Stage) -> None:
    """Every viewer blocks every author."""
    blocked = [name for name in _signed_in_viewers(stage) if not VIEWERS[name].blocks]
    await stage.insert("block", _pairs(stage, blocked, "blocker_id", "blocked_id"))


async def mutes(stage: Stage) -> None:
    """Every viewer mutes every author."""
    muting = [name for name in _signed_in_viewers(stage) if not VIEWERS[name].mutes]
    await stage.insert("mute", _pairs(stage, muting, "muter_id", "muted_id"))


async def reports_of_users(stage: Stage) -> None:
    """Every viewer has reported every author."""
    await stage.insert("report", _pairs(stage, _signed_in_viewers(stage), "reporter_id", "account_id"))


def _signed_in_viewers(stage: Stage) -> list[str]:
    return [name for name in stage.signed_in if name in VIEWERS]


def _pairs(stage: Stage, viewers: Iterable[str], one: str, other: str) -> list[dict[str, int]]:
    return [{one: stage.number(viewer), other: stage.number(author)} for viewer in viewers for author in AUTHORS]


async def hidden_replies(stage: Stage) -> None:
    await stage.hide_replies(ANSWERS)


async def reports_by_users(stage: Stage) -> None:
    """Every author has reported somebody, the suspended one the moderator."""
    rows = [{"reporter_id": stage.number(author), "account_id": _acted_on(stage, author)} for author in AUTHORS]
    await stage.insert("report", rows)


async def acts_by_users(stage: Stage) -> None:
    """Every author has warned somebody, when they were moderators: the suspended one the moderator."""
    rows = [{"moderator_id": stage.number(author), "account_id": _acted_on(stage, author)} for author in AUTHORS]
    await stage.insert("moderation_action", rows)


def _acted_on(stage: Stage, author: str) -> int:
    return stage.number(MODERATOR if author == SUSPENDED else NEUTRAL)


async def acts_on_users(stage: Stage) -> None:
    await stage.insert("moderation_action", [{"account_id": stage.number(author)} for author in AUTHORS])


async def own_reports(stage: Stage) -> None:
    """Every viewer has reported every post."""
    rows = [{"reporter_id": stage.number(viewer), **about} for viewer in stage.signed_in for about in _of_posts(stage)]
    await stage.insert("report", rows)


async def reports_of_posts(stage: Stage) -> None:
    """Somebody has reported every post."""
    await stage.insert("report", [{"reporter_id": stage.number(NEUTRAL), **about} for about in _of_posts(stage)])


async def few_reports(stage: Stage) -> None:
    """Somebody has reported two posts, and the moderator."""
    targets = (OF_SEEN, OF_HIDDEN, OF_MODERATOR)
    stage.reports = dict(zip(targets, await stage.mint(len(targets)), strict=True))
    rows = [
        {
            "id": id_,
            "reporter_id": stage.number(NEUTRAL),
            "account_id": stage.number(MODERATOR if target is OF_MODERATOR else target.author),
            "post_id": stage.posts[target],
        }
        for target, id_ in stage.reports.items()
    ]
    await stage.insert("report", rows)


async def acts_on_posts(stage: Stage) -> None:
    await stage.insert("moderation_action", _of_posts(stage))


async def answered_reports(stage: Stage) -> None:
    """Every post has been reported, and nothing but the report says that it was the post."""
    ids = await stage.mint(len(EACH_REASON))
    reports = [
        {"id": id_, "reporter_id": stage.number(NEUTRAL), **about}
        for id_, about in zip(ids, _of_posts(stage), strict=True)
    ]
    await stage.insert("report", reports)
    answers = [
        {"kind": int(ModerationKind.RESOLVE_REPORT), "account_id": report["account_id"], "report_id": report["id"]}
        for report in reports
    ]
    await stage.insert("moderation_action", answers)


async def warnings(stage: Stage) -> None:
    """Every viewer has been warned for every post."""
    rows = [
        {"account_id": stage.number(viewer), "post_id": about["post_id"]}
        for viewer in stage.signed_in
        for about in _of_posts(stage)
    ]
    await stage.insert("moderation_action", rows)


def _of_posts(stage: Stage) -> list[Mapping[str, int]]:
    return [{"account_id": stage.number(target.author), "post_id": stage.posts[target]} for target in EACH_REASON]


# The paths. Nothing thins these lists out but that of hidden replies, so a page that holds all tells as much as two.

_ALL = "first: 50"


def _edges(selected: str) -> str:
    return f"{{ edges {{ node {{ {selected} }} }} }}"


def _to_users(name: str, field: str, selected: str, **rest: Any) -> PathToUsers:
    return PathToUsers(name, f"{{ {field}({_ALL}) {_edges(selected)} }}", **rest)


def _of_own(name: str, field: str, selected: str, **rest: Any) -> PathToUsers:
    document = f"{{ viewer {{ {field}({_ALL}) {_edges(selected)} }} }}"
    return PathToUsers(name, document, needs_viewer=True, **rest)


def _to_posts(name: str, document: str, **rest: Any) -> PathToPosts:
    return PathToPosts(name, document, targets=EACH_REASON, **rest)


_USER, _POST = "...UserTarget", "post { ...PostTarget }"
PATHS_OF_MODERATION: tuple[Path, ...] = (
    _of_own("blocks", "blocks", _USER, scene=blocks, expects=as_blocked),
    _of_own("mutes", "mutes", _USER, scene=mutes, expects=as_another),
    _of_own("reported", "reports", f"user {{ {_USER} }}", scene=reports_of_users, expects=as_another),
    _to_users("reporter", "reports", f"reporter {{ {_USER} }}", scene=reports_by_users, expects=as_whoever_acts),
    _to_users(
        "moderator", "moderationActions", f"moderator {{ {_USER} }}", scene=acts_by_users, expects=as_whoever_acts
    ),
    _to_users("moderated", "moderationActions", f"user {{ {_USER} }}", scene=acts_on_users, expects=to_moderators),
    PathToPosts(
        "hidden replies",
        "query ($id: ID!, $first: Int!, $after: Cursor) { post(id: $id) { "
        f"hiddenReplies(first: $first, after: $after) {{ edges {{ node {{ ...PostTarget }} }} {PAGE} }} }} }}",
        hidden_replies,
        root,
        is_paged=True,
        targets=ANSWERS,
    ),
    _to_posts(
        "own reports", f"{{ viewer {{ reports({_ALL}) {_edges(_POST)} }} }}", scene=own_reports, needs_viewer=True
    ),
    _to_posts("reports", f"{{ reports({_ALL}) {_edges(_POST)} }}", scene=reports_of_posts, expects=post_to_moderators),
    _to_posts(
        "acts on a user",
        f"query ($handle: String!) {{ user(handle: $handle) {{ moderationActions({_ALL}) {_edges(_POST)} }} }}",
        scene=acts_on_posts,
        variables=each_author,
        expects=post_to_moderators,
    ),
    _to_posts(
        "report of an act",
        f"query ($id: ID!) {{ moderationActions(userId: $id, {_ALL}) {_edges(f'report {{ {_POST} }}')} }}",
        scene=answered_reports,
        variables=each_user,
        expects=post_to_moderators,
    ),
    _to_posts("warnings", f"{{ viewer {{ warnings({_ALL}) {_edges(_POST)} }} }}", scene=warnings, needs_viewer=True),
)
