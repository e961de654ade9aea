"""Where a referral goes, from what is known of it, from who has said no, and from who has no room.

`decide` has an answer for everything that can be known, and never names an agency to route to that consent does not
cover; nor one that the rules do not call eligible, unless a person has said so.
"""

from dataclasses import dataclass, field

from services.routing.domain.knowledge import (
    CONSULTATION,
    ELIGIBLE,
    INELIGIBLE,
    NEEDS_INFORMATION,
    REFUSE,
    REVIEW,
    ROUTE,
    Known,
)

WAITING, ROUTED, CONCLUDED = "awaiting-consent", "routed", "concluded"
ASKING, REVIEWING, NOT_ELIGIBLE = "information-requested", "under-review", "not-eligible"
CONSENT = "consent"
NO_CAPACITY, POSSIBLE_DUPLICATE = "no-capacity", "possible-duplicate"

Agencies = frozenset[str]
NOBODY: Agencies = frozenset()


@dataclass(frozen=True)
class Decision:
    """`status` says where the referral stands; `agencies` whom it is about, `codes` which reasons or which items.

    `basis` are the sequences of the facts and of the consent that it rests on. The same answer to newer facts is told
    again: whoever supplied them waits for one.
    """

    status: str
    agencies: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    basis: tuple[int, int] = field(default=(0, 0), compare=False)


def decide(known: Known, rejected_by: Agencies = NOBODY, full: Agencies = NOBODY) -> Decision | None:
    """The decision; None while the newest facts are not known or not assessed. An ended referral's is how it ended.

    `rejected_by` are agencies that said no, `full` those that take nobody at present.
    """
    if known.ended:
        return Decision(known.ended)
    if not known.is_complete:
        return None
    if known.kind != CONSULTATION and not known.scope:
        return Decision(WAITING)
    ruled = _by_ruling(known, rejected_by)
    if ruled:
        return ruled
    decision = _by_rules(known, rejected_by, full)
    if decision.status == ROUTED and known.unsettled_duplicates:
        return Decision(REVIEWING, decision.agencies, (POSSIBLE_DUPLICATE,))
    return decision


def may_route(known: Known, agency: str, rejected_by: Agencies) -> bool:
    """Whether a person may send the referral there: consent covers it, the rules do not exclude it, it has not said no."""
    assessed = any(each.agency == agency and each.outcome != INELIGIBLE for each in known.outcomes)
    return assessed and known.covers(agency) and agency not in rejected_by


def _by_ruling(known: Known, rejected_by: Agencies) -> Decision | None:
    """What a person decided, as long as it can be held to: a refusal for the facts that it was made on."""
    ruling = known.ruling
    if ruling is None or ruling.round != known.round:
        return None
    if ruling.decision == ROUTE and ruling.agency and may_route(known, ruling.agency, rejected_by):
        return Decision(ROUTED, (ruling.agency,))
    if ruling.decision == REFUSE and ruling.facts_sequence == known.facts_sequence:
        return Decision(NOT_ELIGIBLE, (), ("decided-by-person",))
    return None


def _by_rules(known: Known, rejected_by: Agencies, full: Agencies) -> Decision:
    if known.kind == CONSULTATION:
        able = _able(known, rejected_by | full)
        return _routed(able) or _no_capacity(known, rejected_by, full) or _undecided(known, rejected_by)
    return _by_choice(known, rejected_by | full) or _without_choice(known, rejected_by, full)


def _by_choice(known: Known, not_asked: Agencies) -> Decision | None:
    """What follows from the agencies that the family chose; None when it chose none or none of it leads anywhere."""
    able = _able(known, not_asked)
    chosen = [agency for agency in known.chosen if agency not in not_asked]
    if not chosen:
        return None
    chosen_able = tuple(dict.fromkeys(agency for agency in chosen if agency in able))
    unsure = tuple(agency for agency in known.agencies(NEEDS_INFORMATION) if agency in chosen)
    to_review = tuple(agency for agency in known.agencies(REVIEW) if agency in chosen)
    return (
        _routed(tuple(agency for agency in chosen_able if known.covers(agency)))
        or _asking_for_consent(chosen_able)
        or _asking_for_facts(known, unsure)
        or _reviewing("rules-need-a-person", to_review)
        or _reviewing("chosen-agency-cannot-take", able)
    )


def _without_choice(known: Known, rejected_by: Agencies, full: Agencies) -> Decision:
    able = _able(known, rejected_by | full)
    covered = tuple(agency for agency in able if known.covers(agency))
    if len(covered) > 1:
        # An agency that said no, or a chosen one without room, leaves the family waiting: the next is asked, not a person.
        next_one = rejected_by or known.chosen
        return Decision(ROUTED, covered[:1]) if next_one else Decision(REVIEWING, covered, ("several-agencies",))
    return (
        _routed(covered)
        or _no_capacity(known, rejected_by, full)
        or _asking_for_consent(able)
        or _undecided(known, rejected_by)
    )


def _no_capacity(known: Known, rejected_by: Agencies, full: Agencies) -> Decision | None:
    would = (agency for agency in _able(known, rejected_by) if agency in full and known.covers(agency))
    return _reviewing(NO_CAPACITY, tuple(would))


def _undecided(known: Known, rejected_by: Agencies) -> Decision:
    """When no agency can simply take it."""
    to_review = tuple(agency for agency in known.agencies(REVIEW) if agency not in rejected_by)
    unsure = tuple(agency for agency in known.agencies(NEEDS_INFORMATION) if agency not in rejected_by)
    return (
        _reviewing("rules-need-a-person", to_review)
        or _asking_for_facts(known, unsure)
        or _reviewing("rejected", tuple(sorted(rejected_by)))
        or Decision(NOT_ELIGIBLE, (), ("no-eligible-agency",))
    )


def _able(known: Known, not_asked: Agencies) -> tuple[str, ...]:
    return tuple(agency for agency in known.agencies(ELIGIBLE) if agency not in not_asked)


def _routed(agencies: tuple[str, ...]) -> Decision | None:
    return Decision(ROUTED, tuple(sorted(agencies))) if agencies else None


def _asking_for_consent(agencies: tuple[str, ...]) -> Decision | None:
    return Decision(ASKING, agencies, (CONSENT,)) if agencies else None


def _asking_for_facts(known: Known, agencies: tuple[str, ...]) -> Decision | None:
    items = dict.fromkeys(item for agency in agencies for item in known.outcome_of(agency).missing)
    return Decision(ASKING, agencies, tuple(items)) if agencies else None


def _reviewing(reason: str, agencies: tuple[str, ...]) -> Decision | None:
    return Decision(REVIEWING, agencies, (reason,)) if agencies else None
