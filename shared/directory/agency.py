"""The directory in memory: agencies with compiled rules, signposts, and the version that decisions are stored with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shared.directory.retention import Periods
from shared.rules.evaluate import CompiledRules, Context
from shared.rules.facts import Facts
from shared.rules.receipt import ELIGIBLE, Receipt


@dataclass(frozen=True)
class Signpost:
    """A service that families are told of and nobody is referred to. `listing` is the entry as its file has it."""

    id: str
    name: str
    telephone: str | None
    website: str | None
    verified_on: date | None
    listing: Mapping[str, Any]


@dataclass(frozen=True)
class Agency:
    """An agency that takes referrals. Times are working days; `notify_email` is None where none is published."""

    id: str
    name: str
    organization: str
    verified_on: date | None
    needs: Mapping[str, str]
    consent_version: str
    consent_wording: str
    acknowledge_days: int
    decide_days: int
    first_contact_days: int
    channels: tuple[str, ...]
    notify_email: str | None
    capacity: str
    rules: CompiledRules
    listing: Mapping[str, Any]


@dataclass(frozen=True)
class AgencyDecision:
    """What the rules say about one referral and one agency; `receipt` has the reasons."""

    receipt: Receipt

    @property
    def agency(self) -> str:
        """The agency's id."""
        return self.receipt.agency

    @property
    def outcome(self) -> str:
        """`eligible`, `review`, `needs-information` or `ineligible`."""
        return self.receipt.outcome

    @property
    def children(self) -> Mapping[str, str]:
        """The outcome by child id; empty for a consultation."""
        return self.receipt.children

    @property
    def covered(self) -> tuple[str, ...]:
        """The ids of the children that the agency can take."""
        return tuple(child for child, outcome in self.children.items() if outcome == ELIGIBLE)

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts, each named once, that would decide what is unknown; the receipt tells for which child."""
        return tuple(dict.fromkeys(item.fact for item in self.receipt.missing))


@dataclass(frozen=True)
class Directory:
    """All entries of one folder.

    `version` changes when what a file says does, not when a comment or its layout does. `retention` is how long a referral
    is kept in each state that it can end in; empty where no file says so. `former` are agencies that were in it once: they
    are asked nothing any more, and referrals that they have in hand still name them.
    """

    version: str
    agencies: tuple[Agency, ...]
    signposts: tuple[Signpost, ...]
    retention: Periods = field(default_factory=dict)
    former: tuple[Agency, ...] = ()

    def agency(self, agency_id: str) -> Agency:
        """The agency, or what was one; KeyError when there never was one of that id."""
        for agency in (*self.agencies, *self.former):
            if agency.id == agency_id:
                return agency
        raise KeyError(agency_id)

    @property
    def needs(self) -> Mapping[str, str]:
        """Every need that an agency names: code to words."""
        return {code: name for agency in self.agencies for code, name in agency.needs.items()}

    def assess(self, facts: Facts, received_on: date, releases: Mapping[str, str]) -> list[AgencyDecision]:
        """Every agency's decision, in the directory's order.

        `releases` is the release by data set that places came from.
        """
        context = Context(self.version, received_on, dict(releases))
        return [AgencyDecision(agency.rules.decide(facts, context)) for agency in self.agencies]
