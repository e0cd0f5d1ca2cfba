"""The paths to posts and users by the feeds of lists."""

from functools import partial

from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import NEUTRAL
from tests.contracts.matrix.groups import list_of_all, list_of_all_and_others, lists_of_neutrals
from tests.contracts.matrix.paths import PAGE, Path, PathToPosts, PathToUsers
from tests.contracts.matrix.paths_to_relations import as_owner, each_group

_FEED = f"""
query ($id: ID!, $first: Int!, $after: Cursor) {{
  list(id: $id) {{ posts(first: $first, after: $after) {{ edges {{ node {{ ...PostTarget }} }} {PAGE} }} }}
}}
"""
_the_list = partial(each_group, owners=[NEUTRAL])
PATHS_BY_LISTS: tuple[Path, ...] = (
    PathToPosts(
        "list feed", _FEED, list_of_all, _the_list, is_paged=True, expects=oracle.is_in_list_feed_without_replies
    ),
    PathToPosts(
        "list feed with replies",
        _FEED,
        list_of_all_and_others,
        _the_list,
        is_paged=True,
        expects=oracle.is_in_list_feed,
    ),
    PathToUsers(
        "list that an entry is in the feed of",
        "query ($id: ID!) { "
        "list(id: $id) { posts(first: 1) { edges { reason { list { owner { ...UserTarget } } } } } } }",
        lists_of_neutrals,
        each_group,
        expects=as_owner,
    ),
)
