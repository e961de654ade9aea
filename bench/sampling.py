"""Where the time of a service goes: `python -m bench.sampling FILE run referrals` is `waypost run referrals`, watched.

From SIGUSR1 on, a thousand times a second of processor time at the most, the running stack is noted; at the end FILE has
the functions by own time and by time with all that they call. Green threads are seen, since whatever runs is asked.
"""

import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY = 0.001
SHOWN = 60


class Sampler:
    """Counts stacks until `report`."""

    def __init__(self) -> None:
        self._own: Counter[str] = Counter()
        self._whole: Counter[str] = Counter()
        self._samples = 0

    def start(self) -> None:
        """From the next SIGUSR1 on, so that starting is not what is seen."""
        signal.signal(signal.SIGPROF, self._sample)
        signal.signal(signal.SIGUSR1, lambda *_: signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY))

    def report(self) -> str:
        signal.setitimer(signal.ITIMER_PROF, 0)
        lines = [f"{self._samples} samples"]
        for title, counted in (("own", self._own), ("with what it calls", self._whole)):
            lines += ["", title]
            lines += [f"{n / max(1, self._samples):7.1%}  {name}" for name, n in counted.most_common(SHOWN)]
        return "\n".join(lines) + "\n"

    def _sample(self, _: int, frame: FrameType | None) -> None:
        self._samples += 1
        if frame is not None:
            self._own[f"{_name(frame)}:{frame.f_lineno}"] += 1
        seen = set()
        while frame is not None:
            seen.add(_name(frame))
            frame = frame.f_back
        self._whole.update(seen)


def _name(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname if sys.version_info >= (3, 11) else '?'}"


def main() -> None:
    target = Path(sys.argv.pop(1))
    sampler = Sampler()
    from services.__main__ import main as waypost

    sampler.start()
    try:
        waypost()
    finally:
        target.write_text(sampler.report())


if __name__ == "__main__":
    main()
