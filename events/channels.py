"""Every channel of Redis pub/sub. Nothing else builds one."""


def bell(prefix: str) -> str:
    """Rung after a commit that left something in the outbox; workers listen. It may be lost: they also poll."""
    return f"{prefix}bell"


def home_prefix(prefix: str) -> str:
    """What the home channels of all accounts begin with; the account's id follows in decimal digits."""
    return f"{prefix}ev:home:"


def home(prefix: str, account_id: int) -> str:
    """What happens in an account's home feed."""
    return f"{home_prefix(prefix)}{account_id}"
