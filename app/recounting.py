"""Recounting all counts: at once for `rookery counters verify`, step by step every night in the worker."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from actions import recounts
from actions.recounts import Drift, Step
from app.services import open_database
from app.settings import Settings
from core import ids
from core.database import Database
from core.errors import UnavailableError
from core.ids import Kind
from models.counts import Counter

log = structlog.get_logger(__name__)

# One subject is counted by one statement, a million rows in less than a second.
LONGEST_STATEMENT_S = 120.0
# How many subjects are named; there may be millions.
NAMED = 5
# Where subjects have ids that clients know.
_KINDS = {"post": Kind.POST, "account": Kind.USER}
# Whoever comes a moment too early finds nothing due and comes back a minute later.
LATE_S = 0.01


@dataclass(slots=True)
class Tally:
    """What there is to say about one counter: subjects checked, and drift found, missing and surplus apart."""

    counter: Counter
    checked: int = 0
    drifted: int = 0
    missing: int = 0
    surplus: int = 0
    first: list[Drift] = field(default_factory=list)

    def add(self, drifts: Sequence[Drift]) -> None:
        """Takes drift that was found."""
        self.drifted += len(drifts)
        self.missing += sum(each.missing for each in drifts if each.missing > 0)
        self.surplus -= sum(each.missing for each in drifts if each.missing < 0)
        self.first += drifts[: NAMED - len(self.first)]

    def lines(self) -> Iterator[str]:
        """The tally, for people."""
        line = f"{name_of(self.counter)}: {self.checked:,} checked, {self.drifted:,} drifted"
        yield line + (f", {self.missing:,} missing, {self.surplus:,} too many" if self.drifted else "")
        for each in self.first:
            yield f"  {shown_id(self.counter, each)}: {each.told:,} told, {each.true:,} true"
        if self.drifted > len(self.first):
            yield f"  … and {self.drifted - len(self.first):,} more"


def name_of(counter: Counter) -> str:
    """A counter's name, for people: "post likes"."""
    return counter.name.lower().replace("_", " ")


def shown_id(counter: Counter, drift: Drift) -> str:
    """The id of the subject as clients know it, or else its number."""
    kind = _KINDS.get(recounts.TRUTHS[counter].subjects.name)
    return str(drift.subject_id) if kind is None else ids.encode(kind, drift.subject_id)


def open_recount_database(settings: Settings) -> Database:
    """A database to recount in: one connection, and patience with what everybody likes or follows."""
    return open_database(settings, pool_size=1, command_timeout_s=LONGEST_STATEMENT_S)


async def verify(db: Database, *, repairs: bool) -> list[Tally]:
    """Compares every count with what it counts. With `repairs`, mends what has drifted. Raises UnavailableError."""
    tallies = {counter: Tally(counter) for counters in recounts.COUNTERS.values() for counter in counters}
    for subjects, counters in recounts.COUNTERS.items():
        after = 0
        while (stretch := await recounts.fetch_stretch(db, subjects, after=after)).last_id is not None:
            for counter in counters:
                found = await recounts.fetch_drift(db, counter, stretch, after=after)
                if found and repairs:
                    found = await db.transact(recounts.repair, counter, [each.subject_id for each in found])
                tallies[counter].checked += stretch.size
                tallies[counter].add(found)
            after = stretch.last_id
    return list(tallies.values())


async def recount(
    db: Database, *, hour_utc: int, is_stopping: Callable[[], bool], rest: Callable[[float], Awaitable[None]]
) -> None:
    """Takes the steps that are due, resting in between, until nothing is due or the process stops."""
    for subjects in recounts.COUNTERS:
        while not is_stopping():
            try:
                step = await db.transact(recounts.take_step, subjects, hour_utc=hour_utc)
            except UnavailableError:
                log.warning("recount is put off", subjects=subjects)
                raise
            if step is None:
                break
            _tell(subjects, step)
            if step.is_last:
                break
            await rest(step.rest_s + LATE_S)


def _tell(subjects: str, step: Step) -> None:
    for counter, drifts in step.repaired.items():
        tally = Tally(counter)
        tally.add(drifts)
        log.warning(
            "counts had drifted",
            counter=name_of(counter),
            repaired=tally.drifted,
            missing=tally.missing,
            surplus=tally.surplus,
            first_ids=[shown_id(counter, each) for each in tally.first],
        )
    if step.is_last:
        tell = log.warning if step.drifted else log.info
        tell("counts recounted", subjects=subjects, checked=step.checked, drifted=step.drifted)
