"""Rate limits: so many requests a second on average, with bursts, for each of many askers, in bounded memory.

A token bucket kept as one number for each asker: the moment at which its bucket is full again (GCRA). It holds for one
process; several processes allow as many times more.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from shared.http import problems

_MOST = 20_000


class RateLimit:
    """`RateLimit(per_second=20, burst=40)`. Who asks is any text: a key's id, a client's address."""

    def __init__(
        self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic, most: int = _MOST
    ) -> None:
        self._interval = 1 / per_second
        self._tolerance = burst / per_second
        self._clock = clock
        self._most = most
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, who: str) -> None:
        """Counts one request; raises a 429 problem, which counts nothing, when there is none left."""
        if who in self._full_at:
            self._full_at.move_to_end(who)
        self._full_at[who] = self._next(who, self._clock())
        if len(self._full_at) > self._most:
            # The one that was silent longest has the fullest bucket, so forgetting it forgives the least.
            self._full_at.popitem(last=False)

    def check(self, who: str) -> None:
        """Raises the same problem as `take` would, and counts nothing."""
        self._next(who, self._clock())

    def _next(self, who: str, now: float) -> float:
        full_at = max(now, self._full_at.get(who, now)) + self._interval
        wait = full_at - now - self._tolerance
        # A hair of tolerance: sums of intervals are not exact, and a burst of 40 is 40.
        if wait > 1e-6:
            raise problems.rate_limited(wait)
        return full_at
