"""How often operations ran compiled, how often not and why, and how many plans were forgotten."""

from collections.abc import Mapping

from graphql import GraphQLError

# Reasons are ours and few; what comes after so many is one more reason.
MOST_REASONS = 32
OTHER_REASONS = "other reasons"


class Counters:
    """Counts since the process began. One thread counts, so nothing is locked."""

    __slots__ = ("_reasons", "compiled_count", "evicted_count", "fallback_count")

    def __init__(self) -> None:
        self.compiled_count = 0
        self.fallback_count = 0
        self.evicted_count = 0
        self._reasons: dict[str, int] = {}

    @property
    def fallback_reasons(self) -> Mapping[str, int]:
        """How often operations were left to graphql-core, by the reason."""
        return dict(self._reasons)

    def count_fallback(self, reason: str) -> None:
        """One more operation is left to graphql-core."""
        self.fallback_count += 1
        if reason not in self._reasons and len(self._reasons) >= MOST_REASONS:
            reason = OTHER_REASONS
        self._reasons[reason] = self._reasons.get(reason, 0) + 1


def reason_of(error: Exception) -> str:
    """Why an operation that cannot be planned is left to graphql-core; without a word of the request's own."""
    if isinstance(error, GraphQLError):
        return "it is refused"  # graphql-core says why, in words that may quote the request
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
