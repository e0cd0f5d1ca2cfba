"""What became of the operations of a process, in numbers."""

from collections.abc import Mapping
from typing import NamedTuple

from compiler import CompiledExecutor
from schema.documents import DocumentCache
from schema.shadow import Shadow


class Counts(NamedTuple):
    """Since the process began. An event of a subscription is an operation here."""

    compiled: int
    fallback: int
    # How often operations were left to graphql-core, by the reason.
    fallback_reasons: Mapping[str, int]
    evicted_plans: int
    evicted_documents: int
    shadowed: int = 0
    different: int = 0
    skipped_shadows: int = 0
    undecided_shadows: int = 0


def counts_of(documents: DocumentCache, shadow: Shadow | None) -> Counts:
    """The numbers of this moment."""
    executed = CompiledExecutor.plans
    counts = Counts(
        compiled=executed.compiled_count,
        fallback=executed.fallback_count,
        fallback_reasons=executed.fallback_reasons,
        evicted_plans=executed.evicted_count,
        evicted_documents=documents.evicted_count,
    )
    if shadow is None:
        return counts
    return counts._replace(
        shadowed=shadow.shadowed_count,
        different=shadow.different_count,
        skipped_shadows=shadow.skipped_count,
        undecided_shadows=shadow.undecided_count,
    )
