"""How far something long has come: a function that is called now and then with what is done, and of how much."""

from collections.abc import Callable

Progress = Callable[[int, int], None]


def no_progress(done: int, of: int) -> None:
    """For callers that show none."""
