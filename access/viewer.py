"""Who is asking."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in account. An anonymous caller is `None` wherever a `Viewer | None` is expected."""

    account_id: int
    session_id: int
    token_expires_at: datetime
