"""The journey as data: every page of the form in its order, what it asks, and when it is asked at all. Pure.

No agency's rule stands here. A fact of a child's school or surgery is asked while the rules say that it could change an
answer; everything after the answer, while any agency may be able to help.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from services.referrals.web.refer.document import ADVICE, Document
from services.referrals.web.refer.fields import (
    Ages,
    Agreement,
    Borough,
    Choice,
    Day,
    DayOrMonth,
    Field,
    Flags,
    GivenOn,
    Postcode,
    Several,
    Tick,
    Ways,
)
from services.referrals.web.refer.place_field import PRACTICE, SCHOOL, PlaceField
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


def _going_on(view: View) -> bool:
    """After the answer: while anybody may be able to help."""
    return not view.hopeless


def _by_another(view: View) -> bool:
    return not view.hopeless and not view.family


def _by_the_family(view: View) -> bool:
    return not view.hopeless and view.family


def _reached(view: View) -> bool:
    """Whether the family is reached by itself, and not through the referrer."""
    return not view.hopeless and not view.at("/family_contact/safe_contact/through_referrer_only")


def _agreed(view: View) -> bool:
    """Whether there is an agreement, to the words as they stand, for the agencies as they are chosen."""
    consent = view.at("/consent") or {}
    return (
        view.at("/form/agreed") == "yes"
        and view.at("/form/agreed_as") == view.at("/referrer/type")
        and consent.get("agencies") == view.chosen
        and consent.get("wording_version") == view.wording_version
    )


def _not_yet(view: View) -> str | None:
    return "/refer/not-yet" if view.at("/form/agreed") == "no" else None


def _all_chosen(view: View) -> bool:
    return set(view.at("/preferred_agencies") or ()) <= set(view.possible)


def _names_of_agencies(view: View) -> Mapping[str, str]:
    return {agency: view.known.entry_name(agency) for agency in view.possible}


def _by_way(channel: str) -> When:
    return lambda view: _reached(view) and view.safe(channel)


def _of_child(number: int) -> list[Step]:
    child = f"/children/{number}"

    def place(name: str, kind: str, fact: str) -> Step:
        pointer = f"{child}/{kind}"

        def asked(view: View) -> bool:
            return (str(number + 1), fact) in view.open or bool(view.at(pointer)) or name in seen(view)

        def seen(view: View) -> list[str]:
            names: list[str] = view.at(f"{child}/seen") or []
            return names

        return Step(name, (PlaceField(pointer, kind=kind, page=name),), number, asked=asked, open_to=lambda view: True)

    return [place("school", SCHOOL, "school"), place("surgery", PRACTICE, "practice")]


def _about_child(number: int) -> list[Step]:
    child = f"/children/{number}"
    names = (Field(f"{child}/first_name"), Field(f"{child}/last_name"), Day(f"{child}/date_of_birth"))
    return [
        Step("child", names, number, _going_on),
        Step("told", (Choice(f"{child}/told", section="refer-told"),), number, _going_on),
    ]


def _way(name: str, reached_at: str, *flags: str) -> Step:
    pointer = f"/family_contact/safe_contact/{name}"
    fields: list[Field] = [Field(f"/family_contact/{reached_at}", must=True), Flags(pointer, names=flags)]
    if name == "telephone":
        fields.append(Field(f"{pointer}/good_times"))
    return Step(name, tuple(fields), asked=_by_way(name))


_TYPE = Choice("/referrer/type", section="refer-types", must=True)
_CHOICE = Step(
    "services",
    (Several("/preferred_agencies", must=True, names=_names_of_agencies),),
    asked=lambda view: len(view.possible) > 1,
    holds=_all_chosen,
)
_ASKED_OF_OTHERS = (
    Field("/referrer/name"),
    Field("/referrer/role"),
    Field("/referrer/organisation"),
    Field("/referrer/email"),
    Field("/referrer/telephone"),
)
_YOU = Step("you", _ASKED_OF_OTHERS, asked=_by_another, owns=("/referrer",), at={"/referrer": "/referrer/email"})
_CHILD_VIEW = Choice("/consent/child_view", section="refer-child-views", must=True)
_GIVEN_BY = Choice("/consent/given_by", section="refer-givers", must=True)


@cache
def family_steps(count: int) -> tuple[Step, ...]:
    """The journey of a referral of so many children."""
    numbers = range(count)
    return (
        Step("who", (_TYPE,)),
        Step("home", (Postcode("/home/postcode"),), owns=("/home",), at={"/home": "/home/postcode"}),
        Step("ages", (Ages("/children"),), at={f"/children/{n}/age": "/children" for n in range(20)}),
        Step(
            "relative",
            (Choice("/relative/relationship", section="refer-relationships", must=True),),
            owns=("/relative",),
            at={"/relative": "/relative/relationship"},
        ),
        Step("stage", (Choice("/relative/stage", section="refer-stages", must=True),)),
        Step(
            "when", (DayOrMonth("/relative/released_on"),), asked=lambda view: view.at("/relative/stage") == "released"
        ),
        *(step for n in numbers for step in _of_child(n)),
        Step("answer"),
        _CHOICE,
        Step(
            "agreement",
            (Agreement("/form/agreed"),),
            asked=_by_another,
            holds=_agreed,
            owns=("/consent",),
            aside=_not_yet,
        ),
        Step(
            "agreed",
            (
                _GIVEN_BY,
                Field("/consent/name", must=True),
                Choice("/consent/method", section="refer-methods", must=True),
                GivenOn("/consent/given_at", must=True),
            ),
            asked=_by_another,
        ),
        *(step for n in numbers for step in _about_child(n)),
        Step("children", asked=_going_on),
        Step("views", (_CHILD_VIEW,), asked=_by_another),
        Step(
            "ways",
            (Ways("/family_contact/safe_contact"),),
            asked=_going_on,
            owns=("/family_contact", "/referrer"),
            at={"/referrer": "/family_contact/safe_contact", "/family_contact": "/family_contact/safe_contact"},
            late=frozenset({"no-safe-way", "needs-a-way-to-reach", "required"}),
        ),
        Step(
            "contact",
            (Field("/family_contact/name", must=True), Field("/family_contact/relationship", must=True)),
            asked=_reached,
        ),
        _way("telephone", "telephone", "message", "text", "name_organisation"),
        _way("email", "email", "name_organisation"),
        _way("letter", "address", "name_organisation"),
        Step(
            "help",
            (
                Choice("/family_contact/language", section="refer-languages"),
                Tick("/family_contact/interpreter"),
                Field("/family_contact/access_needs"),
            ),
            asked=_reached,
        ),
        Step(
            "needs",
            (Several("/needs", names=lambda view: view.needs),),
            asked=lambda view: bool(view.needs),
            holds=lambda view: set(view.at("/needs") or ()) <= set(view.needs),
        ),
        Step("notes", (Field("/notes"),), asked=_going_on),
        _YOU,
        Step(
            "agree",
            (Agreement("/form/agreed"), _GIVEN_BY),
            asked=_by_the_family,
            holds=_agreed,
            owns=("/consent",),
            aside=_not_yet,
        ),
        Step("views", (_CHILD_VIEW,), asked=_by_the_family),
    )


ADVICE_STEPS = (
    Step("asker", (_TYPE,)),
    Step("borough", (Borough("/borough"),), at={"/borough": "/borough/code"}),
    Step("answer"),
    _CHOICE,
    Step("question", (Field("/question"),), asked=_going_on),
    _YOU,
)


def steps_of(view: View) -> tuple[Step, ...]:
    """All pages of the form as it stands, those too that are not asked."""
    return ADVICE_STEPS if view.kind == ADVICE else family_steps(len(view.children))


FIRST = {"who": "family-support", "asker": ADVICE}
"""The pages that begin a form, and the kind that each begins."""
