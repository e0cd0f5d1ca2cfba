"""Every Redis key of the timelines, and every bound. Nothing else builds one.

Every key expires, but for the three that say what the others are worth.
"""

# Entries that a timeline keeps; past its end a feed goes on in SQL. 800 is what large systems keep (docs/timelines.md).
LARGEST_TIMELINE = 800
# Entries that a rebuild brings back: twenty pages; the rest of the room is for what is pushed.
REBUILT_ENTRIES = 400
# A rebuild that takes longer than this has died, and another may start.
REBUILD_LOCK_S = 10
# Who follows more accounts than this, or more pulled authors, is answered by SQL: copies would cost more than they save
# (docs/timelines.md). So long it is believed.
MOST_FOLLOWED = 2_000
MOST_PULLED = 50
OVER_S = 3_600
# A reader's timeline is kept alive once in so long, or more often if it lives but a few days.
KEPT_EVERY_S = 86_400


def home(prefix: str, epoch: str, account_id: int) -> str:
    """The home timeline of an account.

    What was kept in an earlier epoch (timelines.epochs) may have missed pushes and must not be found again.
    """
    return f"{prefix}tl:{epoch}:{account_id}"


def home_prefix(prefix: str, epoch: str) -> str:
    """What the home timelines of all accounts begin with; the account's id follows in decimal digits."""
    return f"{prefix}tl:{epoch}:"


def binding(prefix: str) -> str:
    """Which run of a server keeps the timelines, and of which epoch."""
    return f"{prefix}tl-binding"


def beat(prefix: str) -> str:
    """Up to when everything that was handled is there."""
    return f"{prefix}tl-beat"


def catching(prefix: str) -> str:
    """Up to which event everything has to be handled again before timelines are read."""
    return f"{prefix}tl-catching"


def rebuild_lock(prefix: str, epoch: str, account_id: int) -> str:
    """Held while an account's timeline is rebuilt, so that one rebuild runs at a time."""
    return f"{prefix}tl-rebuild:{epoch}:{account_id}"
