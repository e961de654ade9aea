"""When a page of the form is asked, and whether its answers still hold. Pure; no agency's rule stands here."""

from collections.abc import Mapping

from services.referrals.web.refer.step import When
from services.referrals.web.refer.view import View


def going_on(view: View) -> bool:
    """After the answer: while anybody may be able to help."""
    return not view.hopeless


def by_another(view: View) -> bool:
    return not view.hopeless and not view.family


def by_the_family(view: View) -> bool:
    return not view.hopeless and view.family


def reached(view: View) -> bool:
    """Whether the family is reached by itself, and not through the referrer."""
    return not view.hopeless and not view.at("/family_contact/safe_contact/through_referrer_only")


def agreed(view: View) -> bool:
    """Whether there is an agreement, to the words as they stand, for the agencies as they are chosen."""
    consent = view.at("/consent") or {}
    return (
        view.at("/form/agreed") == "yes"
        and view.at("/form/agreed_as") == view.at("/referrer/type")
        and consent.get("agencies") == view.chosen
        and consent.get("wording_version") == view.wording_version
    )


def not_yet(view: View) -> str | None:
    return "/refer/not-yet" if view.at("/form/agreed") == "no" else None


def all_chosen(view: View) -> bool:
    return set(view.at("/preferred_agencies") or ()) <= set(view.possible)


def names_of_agencies(view: View) -> Mapping[str, str]:
    return {agency: view.known.entry_name(agency) for agency in view.possible}


def by_way(channel: str) -> When:
    return lambda view: reached(view) and view.safe(channel)
