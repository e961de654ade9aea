"""Garbage is looked for rarely: what a run loads stays to its end, and looking through it took an eighth of the time."""

import atexit
import gc


def collect_rarely() -> None:
    """Called once, when all tests are loaded. What leaks is still found: at the latest, when the run ends."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)
