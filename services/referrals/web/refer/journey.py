"""Where somebody is on the way through the form: what is asked, what is still to do, what came before. Pure."""

from collections.abc import Collection, Iterable
from functools import cached_property

from services.referrals.web.refer.step import Step
from services.referrals.web.refer.steps import steps_of
from services.referrals.web.refer.view import View
from shared.http.problems import FieldError

CHECK = "check"
START = "/"


def unasked(view: View) -> list[str]:
    """The pointers of fields on pages that are not asked: what stands there was answered before something changed."""
    asked = {field.pointer for step in steps_of(view) if step.asked(view) for field in step.fields}
    return [field.pointer for step in steps_of(view) for field in step.fields if field.pointer not in asked]


class Journey:
    """The way as it is for this document. `errors` is all that the API would say of it as it stands."""

    def __init__(self, view: View, errors: Iterable[FieldError]) -> None:
        self.view = view
        self.steps = steps_of(view)
        self.asked = [step for step in self.steps if step.asked(view)]
        self._errors: dict[int, list[FieldError]] = {}
        self._orphans: dict[int, list[FieldError]] = {}
        for error in dict.fromkeys(errors):
            owner = _owner(error, self.steps, self.asked)
            if owner in self.asked:
                self._errors.setdefault(id(owner), []).append(error)
            else:
                nearest = _owner(error, self.asked, self.asked) or self.asked[-1]
                self._orphans.setdefault(id(nearest), []).append(error)

    def find(self, path: str) -> Step | None:
        """The page at an address, where it is asked or may be visited."""
        found = [step for step in self.steps if step.path == path]
        asked = [step for step in found if step in self.asked]
        return next(iter(asked), None) or next((step for step in found if step.open_to(self.view)), None)

    def errors_of(self, step: Step, late: bool = False) -> list[FieldError]:
        """What is wrong on a page, under the fields where it is shown.

        With `late`, also what counts only in the end; and what belongs to a page that is not asked, so that nothing that
        the API would refuse is left unsaid.
        """
        own = [error for error in self._errors.get(id(step), ()) if late or error.code not in step.late]
        told = [FieldError(step.at.get(error.pointer, error.pointer), error.code, error.detail) for error in own]
        if late and step.fields:
            first = step.fields[0].pointer
            told += [FieldError(first, error.code, error.detail) for error in self._orphans.get(id(step), ())]
        return told

    def is_seen(self, step: Step) -> bool:
        return step.name in step.seen(self.view.document)

    def is_done(self, step: Step, late: bool = False) -> bool:
        return self.is_seen(step) and step.holds(self.view) and not self.errors_of(step, late)

    @cached_property
    def next(self) -> Step | None:
        """The first page on which something is still to do; None when all is answered."""
        for late in (False, True):
            for step in self.asked:
                if not self.is_done(step, late):
                    return step
            if self.view.hopeless:
                break
        return None

    @property
    def next_path(self) -> str:
        if self.next is None:
            return self.ending
        return f"/refer/{self.next.path}"

    @property
    def ending(self) -> str:
        """Where the way ends: the answers to check, or the answer that nobody here can help."""
        return "/refer/answer" if self.view.hopeless else f"/refer/{CHECK}"

    def is_reached(self, step: Step) -> bool:
        """Whether a page may be shown: nothing before it is left to do."""
        if step not in self.asked or self.next is None:
            return True
        return self.asked.index(step) <= self.asked.index(self.next)

    def back(self, step: Step | None) -> str:
        """Where the way back leads: from the list of answers (None) and before all is answered, to the page before."""
        if step is not None and self.next is None and not self.view.hopeless:
            return self.ending
        if step is not None and step not in self.asked:
            return "/refer/answer"
        before = self.asked if step is None else self.asked[: self.asked.index(step)]
        return f"/refer/{before[-1].path}" if before else START


def _owner(error: FieldError, steps: Iterable[Step], asked: Collection[Step]) -> Step | None:
    """The page that an error belongs to: the one that owns the longest beginning of its pointer.

    Of two that own as much, the one that is asked, and the later one.
    """
    owners = [
        (len(pointer), step in asked, number, step)
        for number, step in enumerate(steps)
        for pointer in (*(field.pointer for field in step.fields), *step.owns)
        if error.pointer == pointer or error.pointer.startswith(f"{pointer}/")
    ]
    return max(owners, key=lambda each: each[:3])[3] if owners else None
