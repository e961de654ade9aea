"""When what failed is tried again."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class RetryPolicy:
    """When a failed event is tried again: after about 2, 4, 8 … seconds, at most 15 minutes; parked after the last."""

    attempts: int = 10
    first: float = 2.0
    longest: float = 900.0

    def due(self, now: datetime, attempts: int) -> datetime | None:
        """The next try after `attempts` failed ones, or None to park. Jittered: what failed together returns apart."""
        if attempts >= self.attempts:
            return None
        wait = min(self.first * 2 ** (attempts - 1), self.longest)
        return now + timedelta(seconds=wait * random.uniform(0.5, 1.0))
