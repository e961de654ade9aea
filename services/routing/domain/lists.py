"""The parts of an agency's work that it can ask a list of, and the orders in which it can have one."""

ACTIVE, NEW, DUE, OVERDUE, HELD, RECALLED, UNASSIGNED = WHICH = (
    "active",
    "new",
    "due",
    "overdue",
    "on-hold",
    "recalled",
    "unassigned",
)
"""What is not over; of it, what waits for an answer, is due today, is late, waits, must be stopped, has no worker."""

NEWEST, OLDEST, BY_DUE = SORTS = ("newest", "oldest", "due")
