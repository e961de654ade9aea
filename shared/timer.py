"""`@timer(interval=60)`: an entry point that comes round every so many seconds, whatever is done to the machine's clock.

nameko's own goes by the time of day: set back by an hour it is silent for an hour, set forward it makes up for every round that
it thinks it has missed, one after the other. This one goes by a clock that nobody sets, and makes up for none.
"""

import time

from eventlet import Timeout
from nameko.timer import Timer as TimeOfDayTimer


class Timer(TimeOfDayTimer):
    """Rounds never overlap; one that took longer than `interval` seconds is followed at once by the next."""

    def _run(self) -> None:
        due = time.monotonic() + (0 if self.eager else self.interval)
        while True:
            with Timeout(max(due - time.monotonic(), 0), exception=False):
                self.should_stop.wait()
                return
            self.handle_timer_tick()
            self.worker_complete.wait()
            self.worker_complete.reset()
            due = max(due + self.interval, time.monotonic())


timer = Timer.decorator
