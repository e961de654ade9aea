"""What a page of the form is. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from services.referrals.web.refer.document import Document
from services.referrals.web.refer.fields import Field
from services.referrals.web.refer.view import View
from shared.http.problems import FieldError

When = Callable[[View], bool]


def always(view: View) -> bool:
    return True


def never(view: View) -> bool:
    return False


@dataclass(frozen=True)
class Step:
    """A page. `child` is the place of the child that it is about, from 0.

    `asked`: when it lies on the way. `open_to`: when it may be visited though it does not. `holds`: whether the answers
    still fit what was answered elsewhere. `owns`: pointers besides those of its fields whose errors belong here; `at` says
    under which field they are shown. `late`: codes that count only when all else is answered. `aside`: where an answer
    leads away to.
    """

    name: str
    fields: tuple[Field, ...] = ()
    child: int | None = None
    asked: When = always
    open_to: When = never
    holds: When = always
    owns: tuple[str, ...] = ()
    at: Mapping[str, str] = field(default_factory=dict)
    late: frozenset[str] = frozenset()
    aside: Callable[[View], str | None] = lambda view: None

    @property
    def path(self) -> str:
        """The end of its address."""
        return self.name if self.child is None else f"{self.name}-{self.child + 1}"

    def seen(self, document: Document) -> list[str]:
        """The names of the pages that were answered, among which this one's stands once it was."""
        part = document["form"] if self.child is None else document["children"][self.child]
        names: list[str] = part.setdefault("seen", [])
        return names

    def in_order(self, errors: Iterable[FieldError]) -> list[FieldError]:
        """Errors in the order of the fields on the page."""
        pointers = [each.pointer for each in self.fields]
        known = len(pointers)
        return sorted(errors, key=lambda error: pointers.index(error.pointer) if error.pointer in pointers else known)
