"""What this server is meant to cost, as ratios of two numbers of one run; and what runs say about goals of any kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

OURS = "rookery"
# By (scenario, contestant): each number by its name, as benchmarks.report.medians gives them.
Numbers = Mapping[tuple[str, str], Mapping[str, float]]


class GoalsMissedError(Exception):
    """A run was to reach its goals and did not."""


class Verdict(NamedTuple):
    """What a run says about a goal."""

    goal: str
    is_reached: bool

    def __str__(self) -> str:
        return "reached" if self.is_reached else "missed"


def require(verdicts: Sequence[Verdict]) -> None:
    """Raises GoalsMissedError, which names them, if goals were missed; also if none was measured."""
    if not verdicts:
        raise GoalsMissedError("No goal was measured.")
    missed = [verdict.goal for verdict in verdicts if not verdict.is_reached]
    if missed:
        raise GoalsMissedError(f"{len(missed)} of {len(verdicts)} goals missed: {'; '.join(missed)}.")


@dataclass(frozen=True, slots=True)
class Goal:
    """Our number over that of another contestant is at most `bound`; `is_reversed`: theirs over ours is at least it."""

    scenario: str
    other: str
    bound: float
    number: str = "server_cpu_ms"
    is_reversed: bool = False

    def __str__(self) -> str:
        what = self.number.removesuffix("_ms").replace("_cpu", " CPU")
        ratio = f"{self.other} / {OURS}" if self.is_reversed else f"{OURS} / {self.other}"
        return f"{self.scenario}, {what}: {ratio} at {'least' if self.is_reversed else 'most'} {self.bound:g}"

    def ratio(self, found: Numbers) -> float | None:
        """The ratio of a run; None if one of the two did not take part."""
        ours, others = (found.get((self.scenario, name), {}).get(self.number) for name in (OURS, self.other))
        if not ours or not others:
            return None
        return others / ours if self.is_reversed else ours / others

    def verdict(self, ratio: float) -> Verdict:
        return Verdict(str(self), ratio >= self.bound if self.is_reversed else ratio <= self.bound)


GOALS = (
    Goal("HomeFeed", "mercurius", 0.45),
    Goal("HomeFeed", "mercurius-joined", 0.9),
    Goal("HomeFeed", "hand-written-redis", 1.1),
    Goal("HomeFeed", "uncompiled", 12, is_reversed=True),
    Goal("HomeFeed", "mercurius", 0.6, number="postgres_cpu_ms"),
    Goal("PostThread", "mercurius", 0.5),
    Goal("Profile", "mercurius", 0.8),
    Goal("Floor", "mercurius", 1.0),
    Goal("CreatePost", "apollo", 1.5),
)
