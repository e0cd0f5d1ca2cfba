"""Who is asking."""

from datetime import datetime
from typing import NamedTuple


class Viewer(NamedTuple):
    """A signed-in account. An anonymous caller is `None` wherever a `Viewer | None` is expected."""

    account_id: int
    session_id: int
    token_expires_at: datetime
    # Whether the account was suspended when the token was made: it may read, and acts only if that was lifted since.
    was_suspended: bool = False
