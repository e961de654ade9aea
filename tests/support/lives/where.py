"""Where a family is, and what the published rules of both agencies say of it. Pure, and without Waypost's own code."""

from dataclasses import dataclass

from tests.support.routing_model import AGENCIES

FAMILIES_APART, TIME_MATTERS = AGENCIES


@dataclass(frozen=True)
class Lives:
    """Where a family is: `kingston`, `merseyside`, `halton`, `elsewhere`, and None for what nobody has said."""

    home: str
    school: str | None = None
    gp: str | None = None

    @property
    def words(self) -> dict[str, str]:
        """What each agency's published rules say of a child of nine whose parent is sentenced."""
        everywhere = (self.home, self.school, self.gp)
        kingston = "needs-information" if None in everywhere else "ineligible"
        if "kingston" in everywhere:
            kingston = "eligible"
        mersey = "needs-information" if self.school is None else "ineligible"
        if "halton" in (self.home, self.school):
            mersey = "review"
        if "merseyside" in (self.home, self.school):
            mersey = "eligible"
        return {FAMILIES_APART: kingston, TIME_MATTERS: mersey}


BOTH = Lives("kingston", school="merseyside")
WHERE = [
    BOTH,
    Lives("kingston"),
    Lives("merseyside"),
    BOTH,
    Lives("elsewhere", school="elsewhere", gp="elsewhere"),
    Lives("halton", school="halton", gp="halton"),
    BOTH,
    Lives("elsewhere"),
]
"""For both agencies, for one, for none, for a person to decide, and with too little said."""
