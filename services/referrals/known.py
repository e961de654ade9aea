"""What a body is held against: the directory's agencies and needs, and where postcodes, schools and practices are.

Everything is answered in this process. A place is told as events tell it: `{"place": code or null, "basis": …}`.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from shared.directory.agency import Directory
from shared.places.places import Found, Places
from shared.resources import Resources

Thin = dict[str, Any]

RELEASES_FOR = 5.0  # seconds; as long as the places themselves take to see a new file
NOT_GIVEN: Thin = {"place": None, "basis": "not-given"}
_NOT_IN_A_RELEASE = re.compile(r"[^A-Za-z0-9 ._:+-]+")


class Known:
    """One for each service in a process."""

    def __init__(self, resources: Resources, clock: Callable[[], float] = time.monotonic) -> None:
        self._resources = resources
        self._go_by(resources.directory)
        self.places: Places = resources.places
        self._clock = clock
        self._releases: Thin = {}
        self._releases_until = 0.0

    @property
    def directory(self) -> Directory:
        """The one that is gone by at this moment."""
        return self._now()

    @property
    def agencies(self) -> frozenset[str]:
        self._now()
        return self._agencies

    @property
    def needs(self) -> frozenset[str]:
        self._now()
        return self._needs

    def entry_name(self, entry_id: str) -> str:
        """The name of an agency or a signpost; its id when the directory never had it."""
        self._now()
        return self._names.get(entry_id, entry_id)

    def exists(self, postcode: str) -> bool:
        return self.places.postcode(postcode) is not None

    def is_district(self, code: str) -> bool:
        return not code.startswith("gias:") and self.places.district_name(code) is not None

    def home(self, home: Mapping[str, Any] | None) -> Thin:
        """Where the family lives, by postcode."""
        return self._by_postcode(home["postcode"]) if home else NOT_GIVEN

    def borough(self, borough: Mapping[str, Any] | None) -> Thin:
        """The borough that a consultation is about, by code or by a postcode in it."""
        if not borough:
            return NOT_GIVEN
        if borough.get("code"):
            return {"place": borough["code"], "basis": "code"}
        return self._by_postcode(borough["postcode"])

    def school(self, school: Mapping[str, Any] | None) -> Thin:
        if not school:
            return NOT_GIVEN
        return _thin(self.places.school(school.get("urn"), school.get("postcode")))

    def practice(self, practice: Mapping[str, Any] | None) -> Thin:
        return (
            _thin(self.places.practice(practice.get("ods_code"), practice.get("postcode"))) if practice else NOT_GIVEN
        )

    def releases(self) -> Thin:
        """The release of each data set, in the signs that an event may carry."""
        now = self._clock()
        if now >= self._releases_until:
            self._releases = {
                name: _NOT_IN_A_RELEASE.sub(" +", text)[:80] for name, text in self.places.releases.items()
            }
            self._releases_until = now + RELEASES_FOR
        return self._releases

    def _now(self) -> Directory:
        if self._resources.directory is not self._directory:
            self._go_by(self._resources.directory)
        return self._directory

    def _go_by(self, directory: Directory) -> None:
        """Counts once what is asked for with every referral."""
        self._directory = directory
        self._agencies = frozenset(agency.id for agency in directory.agencies)
        self._needs = frozenset(directory.needs)
        self._names = {agency.id: agency.name for agency in (*directory.agencies, *directory.former)} | {
            signpost.id: signpost.name for signpost in directory.signposts
        }

    def _by_postcode(self, text: str) -> Thin:
        postcode = self.places.postcode(text)
        if postcode is None:
            return {"place": None, "basis": "not-found"}
        return {"place": postcode.district, "basis": "postcode" if postcode.district else "no-district"}


def _thin(found: Found) -> Thin:
    return {"place": found.place, "basis": found.source}
