"""What a form knows at a moment: what was answered, and what the agencies' rules say of it so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from services.referrals.known import Known
from services.referrals.web.refer.document import ADVICE, Document, is_family
from shared.clock import london_date
from shared.directory.agency import Agency
from shared.rules import ELIGIBLE, NEEDS_INFORMATION, REVIEW
from shared.web.pointers import at

Outcome = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """A document with the answers of the anonymous check; no answers while it cannot be made yet."""

    document: Document
    outcomes: tuple[Outcome, ...]
    known: Known
    now: datetime

    def at(self, pointer: str) -> Any:
        """What was answered there; None where nothing was."""
        return at(self.document, pointer)

    @property
    def kind(self) -> str:
        return str(self.document["kind"])

    @property
    def advice(self) -> bool:
        return self.kind == ADVICE

    @property
    def family(self) -> bool:
        """Whether a family refers itself."""
        return is_family(self.document)

    @property
    def children(self) -> list[Document]:
        found = self.document.get("children")
        return found if isinstance(found, list) else []

    @property
    def today(self) -> Any:
        return london_date(self.now)

    @cached_property
    def possible(self) -> list[str]:
        """The agencies that the referral may be for: those that can help, or about which a person decides.

        Where there is none, those about which something is still unknown.
        """
        found = [each for each in self.outcomes if each["outcome"] in (ELIGIBLE, REVIEW)]
        found = found or [each for each in self.outcomes if each["outcome"] == NEEDS_INFORMATION]
        return [each["agency"] for each in found]

    @property
    def hopeless(self) -> bool:
        """Whether no agency can help, whatever else is told."""
        return bool(self.outcomes) and not self.possible

    @cached_property
    def open(self) -> frozenset[tuple[str | None, str]]:
        """The facts that could still change an answer: whose (a child's number from 1, or nobody's), and which.

        None, once an agency can help: to ask on would keep the family from it, and hardly anybody would gain by it.
        """
        if any(each["outcome"] == ELIGIBLE for each in self.outcomes):
            return frozenset()
        return self.unknown

    @cached_property
    def unknown(self) -> frozenset[tuple[str | None, str]]:
        """The facts that leave some agency's answer open."""
        return frozenset(
            (item["child"], item["fact"])
            for each in self.outcomes
            if each["outcome"] == NEEDS_INFORMATION
            for item in each["receipt"]["missing"]
        )

    @property
    def chosen(self) -> list[str]:
        """The agencies that the referral is for: those that were chosen, or the only one that can help."""
        if len(self.possible) < 2:
            return self.possible
        return [each for each in self.possible if each in (self.document.get("preferred_agencies") or [])]

    @property
    def agencies(self) -> list[Agency]:
        """The same, as the directory has them."""
        return [self.known.directory.agency(each) for each in self.chosen]

    @property
    def wording_version(self) -> str:
        """Of the words that the family agrees to: one version, or those of several agencies in their order."""
        return "_".join(dict.fromkeys(agency.consent_version for agency in self.agencies))

    @cached_property
    def needs(self) -> dict[str, str]:
        """The needs that the chosen agencies name: code to words."""
        return {code: name for agency in self.agencies for code, name in agency.needs.items()}

    def safe(self, channel: str) -> bool:
        """Whether a way to reach the family was called safe."""
        return bool(self.at(f"/family_contact/safe_contact/{channel}/safe"))
