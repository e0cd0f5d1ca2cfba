"""Our server as it is, without the rules: `python -m benchmarks.without_rules`.

What it lacks of the real one is what the rules cost: facts of posts and accounts in every statement, mutes, filters and
exclusive lists in feeds, and the door that everything passes (loaders/guard.py). In a world where nobody is private or
blocked it gives the same answers.
"""

import sys
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

_NO_FACTS: sa.ColumnElement[int] = sa.literal_column("0", sa.Integer)
_NO_TEXT: sa.ColumnElement[str | None] = sa.literal_column("NULL::text", sa.Text)
# In this order: other modules take the facts from theirs when they are imported, and the rest is in such modules.
_WITHOUT_RULES: Mapping[str, Any] = {
    "loaders.facts.user_facts": _NO_FACTS,
    "loaders.facts.user_facts_by_id": _NO_FACTS,
    "loaders.facts.audience_facts": sa.literal_column("NULL::integer[]", sa.ARRAY(sa.Integer)),
    "loaders.wanted._is_muted": sa.false(),
    "loaders.wanted.warning_to_filter": _NO_TEXT,
    "loaders.posts.warning_to_filter": _NO_TEXT,
    "loaders.registry.guard": None,
    "loaders.parts.guard": None,
}


def take_rules_away() -> None:
    """From this process, for good."""
    for function, answer in _WITHOUT_RULES.items():
        patch(function, lambda *_, answer=answer: answer).start()


def main() -> int:
    take_rules_away()
    from app.serving import run_server
    from app.settings import settings

    given = settings()
    return run_server(host=given.host, port=given.port, processes=1, inherited_fd=None)


if __name__ == "__main__":
    sys.exit(main())
