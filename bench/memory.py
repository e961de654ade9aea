"""Memory over time: the default under a steady load, looked at again and again. What grows by itself shows as a slope."""

from bench.client import open_loop
from bench.processes import resident
from bench.report import Figure, Table
from bench.systems import Servers

RATE = 5.0
PARTS = 12


def measure(servers: Servers, seconds: float) -> list[Table]:
    """Looks a dozen times."""
    system = servers.default()
    process = system.start()
    system.make_keys()
    requests = system.referrals()[0]
    looks = []
    for _ in range(PARTS):
        answers = open_loop(system.port, requests, RATE, seconds / PARTS)
        assert {answer.status for answer in answers} == {201}, "not every referral was accepted"
        looks.append(resident(process))
    system.stop()
    later = looks[PARTS // 2 :]
    submitted = int(RATE * seconds / PARTS)
    how = (
        f"`waypost run` on SQLite, {RATE:.0f} referrals a second for {seconds:.0f} s, {submitted * PARTS:,} in all; resident "
        f"memory after each twelfth. Growth is that of the second half, from its first look to its last."
    )
    figures = [
        Figure("memory after the first twelfth", looks[:1], "MB"),
        Figure("memory half-way", later[:1], "MB"),
        Figure("memory at the end", looks[-1:], "MB"),
        Figure(
            "growth in the second half, for 1,000 referrals",
            [(later[-1] - later[0]) / (submitted * (len(later) - 1)) * 1000],
            "MB",
        ),
    ]
    return [Table("Memory over time", how, figures)]
