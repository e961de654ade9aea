"""The order in which one endpoint hears: a lane for each referral, so that what fails holds back its own referral alone.

Pure: no clock, no database, no network. Of each lane only the first parcel may be on its way. The cursor (`Changes.after`)
never passes a parcel that is neither delivered nor noted as a row: whoever starts again from cursor and rows misses nothing.
Only what failed, or waits behind what failed, is noted.
"""

import heapq
from collections import deque
from dataclasses import dataclass
from datetime import datetime


@dataclass(eq=False)
class Parcel:
    """One event for one endpoint. `body` is None for one that is noted: it is read again when it is due.

    `read_at` says by the monotonic clock when the body was read.
    """

    position: int
    event_id: str
    subject: str
    body: bytes | None = None
    read_at: float = 0.0
    attempts: int = 0
    problem: str | None = None
    first_failed_at: datetime | None = None
    due_at: datetime | None = None
    noted: bool = False


@dataclass(frozen=True)
class Changes:
    """What to write down: the cursor, rows to write (waiting, and given up for good), positions whose rows end."""

    after: int
    waiting: list[Parcel]
    given_up: list[Parcel]
    ended: list[int]


class Lanes:
    """Give it parcels in the order of their positions; take what may be sent; say what came of it."""

    def __init__(self, after: int) -> None:
        self.read_to = after
        self.open = 0
        self._lanes: dict[str, deque[Parcel]] = {}
        self._ready: deque[str] = deque()
        self._later: list[tuple[datetime, str]] = []
        self._fresh: dict[int, Parcel] = {}
        self._waiting: dict[int, Parcel] = {}
        self._given_up: list[Parcel] = []
        self._ended: list[int] = []
        self._written = after

    @property
    def fresh(self) -> int:
        """How many parcels are neither delivered nor noted."""
        return len(self._fresh)

    @property
    def after(self) -> int:
        """The cursor: all up to here is delivered or noted."""
        return min(self._fresh) - 1 if self._fresh else self.read_to

    @property
    def changed(self) -> bool:
        """Whether there is anything to write down."""
        return bool(self._waiting or self._given_up or self._ended) or self.after != self._written

    def add(self, parcel: Parcel) -> None:
        """A parcel of the feed, or of a row (`noted`)."""
        self.open += 1
        lane = self._lanes.setdefault(parcel.subject, deque())
        lane.append(parcel)
        if not parcel.noted:
            self._fresh[parcel.position] = parcel
            self.read_to = parcel.position
            if lane[0].attempts:
                self._note(parcel)
        if len(lane) == 1:
            self._queue(parcel)

    def next(self, now: datetime) -> Parcel | None:
        """What may be sent now; it counts as on its way until `delivered`, `failed` or `give_up` is called."""
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[1])
        return self._lanes[self._ready.popleft()][0] if self._ready else None

    @property
    def ready(self) -> bool:
        """Whether something waits for nothing but its turn."""
        return bool(self._ready)

    def next_due(self) -> datetime | None:
        """When the first of those that failed is due again."""
        return self._later[0][0] if self._later else None

    def delivered(self, parcel: Parcel) -> None:
        self._end(parcel)
        if parcel.noted:
            self._ended.append(parcel.position)

    def give_up(self, parcel: Parcel) -> None:
        """Those behind it go on without it."""
        self._end(parcel)
        self._given_up.append(parcel)

    def failed(self, parcel: Parcel, due_at: datetime) -> None:
        """It is tried again at `due_at`; those behind it wait. The caller has counted the attempt."""
        parcel.due_at = due_at
        if parcel.attempts == 1:  # Who came behind it later was noted when it came.
            for each in [each for each in self._lanes[parcel.subject] if not each.noted]:
                self._note(each)
        self._waiting[parcel.position] = parcel
        self._queue(parcel)

    def take_changes(self) -> Changes:
        """What is to be written down since the last call."""
        changes = Changes(self.after, list(self._waiting.values()), self._given_up, self._ended)
        self._waiting, self._given_up, self._ended, self._written = {}, [], [], changes.after
        return changes

    def _end(self, parcel: Parcel) -> None:
        lane = self._lanes[parcel.subject]
        lane.popleft()
        self.open -= 1
        self._fresh.pop(parcel.position, None)
        self._waiting.pop(parcel.position, None)
        if lane:
            self._queue(lane[0])
        else:
            del self._lanes[parcel.subject]

    def _note(self, parcel: Parcel) -> None:
        del self._fresh[parcel.position]
        parcel.noted, parcel.body = True, None
        self._waiting[parcel.position] = parcel

    def _queue(self, parcel: Parcel) -> None:
        if parcel.due_at is None:
            self._ready.append(parcel.subject)
        else:
            heapq.heappush(self._later, (parcel.due_at, parcel.subject))
