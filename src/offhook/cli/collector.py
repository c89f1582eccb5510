"""Python's garbage collector in a server: it must not stop contacts to look at everything there is.

A full collection looks at every object, which takes 0.1 s with two thousand contacts in memory (bench/durable), and
nothing is answered meanwhile. What contacts leave behind is nearly always freed without it, as soon as nobody knows it.
"""

import gc

_THRESHOLDS = (50_000, 20, 100)  # objects, and collections of younger ones, between collections; Python: 700, 10, 10


def settle() -> None:
    """What is there now stays: no collection looks at it again, and full ones are rare from here on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
