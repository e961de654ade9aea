"""The journey as data: every page of the form in its order, what it asks, and when it is asked at all. Pure.

No agency's rule stands here. A fact of a child's school or surgery is asked while the rules say that it could change an
answer; everything after the answer, while any agency may be able to help.
"""

from functools import cache

from services.referrals.web.refer.conditions import (
    agreed,
    all_chosen,
    by_another,
    by_the_family,
    by_way,
    going_on,
    names_of_agencies,
    not_yet,
    reached,
)
from services.referrals.web.refer.document import ADVICE
from services.referrals.web.refer.fields import Choice, Day, DayOrMonth, Field, Postcode, Several, Tick
from services.referrals.web.refer.own_fields import Ages, Agreement, Borough, Flags, GivenOn, Ways
from services.referrals.web.refer.place_field import PRACTICE, SCHOOL, PlaceField
from services.referrals.web.refer.step import Step
from services.referrals.web.refer.view import View


def _places_of_child(number: int) -> list[Step]:
    """Asked while they could change an answer; they may be told at any time, for whoever helps may want to come there."""
    return [_place(number, "school", SCHOOL, "school"), _place(number, "surgery", PRACTICE, "practice")]


def _place(number: int, name: str, kind: str, fact: str) -> Step:
    child = f"/children/{number}"
    pointer = f"{child}/{kind}"

    def asked(view: View) -> bool:
        told = bool(view.at(pointer)) or name in (view.at(f"{child}/seen") or ())
        return told or (str(number + 1), fact) in view.open

    field = PlaceField(pointer, kind=kind, page=name)
    return Step(name, (field,), number, asked=asked, open_to=lambda view: True)


def _about_child(number: int) -> list[Step]:
    child = f"/children/{number}"
    names = (Field(f"{child}/first_name"), Field(f"{child}/last_name"), Day(f"{child}/date_of_birth"))
    return [
        Step("child", names, number, going_on),
        Step("told", (Choice(f"{child}/told", section="refer-told"),), number, going_on),
    ]


def _way(name: str, reached_at: str, *flags: str) -> Step:
    pointer = f"/family_contact/safe_contact/{name}"
    fields: list[Field] = [Field(f"/family_contact/{reached_at}", must=True), Flags(pointer, names=flags)]
    if name == "telephone":
        fields.append(Field(f"{pointer}/good_times"))
    return Step(name, tuple(fields), asked=by_way(name))


_TYPE = Choice("/referrer/type", section="refer-types", must=True)
_CHOICE = Step(
    "services",
    (Several("/preferred_agencies", must=True, names=names_of_agencies),),
    asked=lambda view: len(view.possible) > 1,
    holds=all_chosen,
)
_ASKED_OF_OTHERS = (
    Field("/referrer/name"),
    Field("/referrer/role"),
    Field("/referrer/organisation"),
    Field("/referrer/email"),
    Field("/referrer/telephone"),
)
_YOU = Step("you", _ASKED_OF_OTHERS, asked=by_another, owns=("/referrer",), at={"/referrer": "/referrer/email"})
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
        *(step for n in numbers for step in _places_of_child(n)),
        Step("answer"),
        _CHOICE,
        Step(
            "agreement",
            (Agreement("/form/agreed"),),
            asked=by_another,
            holds=agreed,
            owns=("/consent",),
            aside=not_yet,
        ),
        Step(
            "agreed",
            (
                _GIVEN_BY,
                Field("/consent/name", must=True),
                Choice("/consent/method", section="refer-methods", must=True),
                GivenOn("/consent/given_at", must=True),
            ),
            asked=by_another,
        ),
        *(step for n in numbers for step in _about_child(n)),
        Step("children", asked=going_on),
        Step("views", (_CHILD_VIEW,), asked=by_another),
        Step(
            "ways",
            (Ways("/family_contact/safe_contact"),),
            asked=going_on,
            owns=("/family_contact", "/referrer"),
            at={"/referrer": "/family_contact/safe_contact", "/family_contact": "/family_contact/safe_contact"},
            late=frozenset({"no-safe-way", "needs-a-way-to-reach", "required"}),
        ),
        Step(
            "contact",
            (Field("/family_contact/name", must=True), Field("/family_contact/relationship", must=True)),
            asked=reached,
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
            asked=reached,
        ),
        Step(
            "needs",
            (Several("/needs", names=lambda view: view.needs),),
            asked=lambda view: bool(view.needs),
            holds=lambda view: set(view.at("/needs") or ()) <= set(view.needs),
        ),
        Step("notes", (Field("/notes"),), asked=going_on),
        _YOU,
        Step(
            "agree",
            (Agreement("/form/agreed"), _GIVEN_BY),
            asked=by_the_family,
            holds=agreed,
            owns=("/consent",),
            aside=not_yet,
        ),
        Step("views", (_CHILD_VIEW,), asked=by_the_family),
    )


ADVICE_STEPS = (
    Step("asker", (_TYPE,)),
    Step("borough", (Borough("/borough"),), at={"/borough": "/borough/code"}),
    Step("answer"),
    _CHOICE,
    Step("question", (Field("/question"),), asked=going_on),
    _YOU,
)


def steps_of(view: View) -> tuple[Step, ...]:
    """All pages of the form as it stands, those too that are not asked."""
    return ADVICE_STEPS if view.kind == ADVICE else family_steps(len(view.children))


FIRST = {"who": "family-support", "asker": ADVICE}
"""The pages that begin a form, and the kind that each begins."""
