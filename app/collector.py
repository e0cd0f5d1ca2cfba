"""Python's garbage collector in a process that lives long."""

import gc

# Objects that may be in cycles, some tens of megabytes: a few hundred pages that are being made.
YOUNG_BEFORE_COLLECTION = 20_000


def spare_what_lives_on() -> None:
    """Leaves what there is now alone for good: the schema and the modules live as long as the process, and need not be
    looked at again and again. Requests and events leave the collector nothing (tested for requests); by CPython's own
    threshold it would look at each page several times meanwhile.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_BEFORE_COLLECTION, 5, 2)
