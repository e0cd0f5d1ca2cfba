"""What time it is, and who says so."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)
