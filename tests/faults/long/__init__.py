"""The long form of faults, `make faults`: every fault that Waypost is said to survive, one row each in docs/reliability.md.

`scenario` says what a fault is and what it strikes · `driver` runs one · `report` writes the page · the other modules hold
the faults, by what is broken.
"""
