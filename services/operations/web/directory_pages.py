"""The agency directory, as pages: what is live where, drafts with their mistakes, what a draft would change, publishing, back.

A service that has them is a `DirectoryPages`. They call what the API's routes call; forms are checked by its schemas.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from marshmallow import ValidationError
from werkzeug.wrappers import Response

from services.operations import directory, directory_reading, directory_schemas, directory_trials
from services.operations.desks import DesksProvider
from services.operations.directory_kept import FOLDER_ACTOR
from services.operations.directory_spread import spread, told
from shared.http import problems
from shared.http.fields import field_errors
from shared.http.problems import FieldError, Problem
from shared.http.request import Request
from shared.messaging.runtime import StoreProvider
from shared.web.forms import Form, Sheet, wrong_of
from shared.web.page import form_of, page, see
from shared.web.pages import Pages
from shared.web.people.records import list_people
from shared.web.people.roles import OPERATIONS

READ, WRITE = "operations:read", "operations:write"
FILES_LIMIT = 1 << 20
MISTAKES = 50
DONE = ("discarded", "published", "back")


class DirectoryPages:
    """What is live; one page for each draft; and a page before each act that cannot be taken back unseen."""

    desks = DesksProvider()
    store = StoreProvider()
    pages: Pages

    @page("GET", "/directory", scope=READ)
    def directory_page(self, request: Request) -> Response:
        return self._directory(request, Sheet(), [])

    @page("POST", "/directory", scope=WRITE, limit=FILES_LIMIT)
    def directory_upload(self, request: Request) -> Response:
        """Takes files as a draft, or tells every mistake in them."""
        form = form_of(request)
        try:
            asked = directory_schemas.NewDraft().load(_draft_of(form))
            draft_id = directory.upload(self.store, asked["files"], asked["whole"], asked["note"], _actor(request))
        except ValidationError as error:
            wrong = wrong_of(field_errors(error), self.pages.catalogue, "directory-errors")
            return self._directory(request, Sheet(form.typed(), _by_field(wrong)), [])
        except Problem as problem:
            if problem.status != 422:
                raise
            return self._mistaken(request, form, problem.errors)
        return see(f"/directory/drafts/{draft_id}")

    @page("GET", "/directory/drafts/<draft_id>", scope=READ)
    def draft_page(self, request: Request, draft_id: str) -> Response:
        """What a draft changes in its entries, and what that would change for families of the past."""
        return self._draft(request, "directory_draft.html", draft_id)

    @page("GET", "/directory/drafts/<draft_id>/live", scope=READ)
    def draft_live(self, request: Request, draft_id: str) -> Response:
        """The part of the page that renews itself."""
        return self._draft(request, "_directory_trial.html", draft_id)

    @page("POST", "/directory/drafts/<draft_id>/try", scope=WRITE)
    def draft_try(self, request: Request, draft_id: str) -> Response:
        directory_trials.begin(self.store, self.desks, draft_id, _actor(request))
        return see(f"/directory/drafts/{draft_id}")

    @page("GET", "/directory/drafts/<draft_id>/publish", scope=WRITE)
    def draft_publish_page(self, request: Request, draft_id: str) -> Response:
        """What publishing will do, before it is done."""
        return self._draft(request, "directory_publish.html", draft_id)

    @page("POST", "/directory/drafts/<draft_id>/publish", scope=WRITE)
    def draft_publish(self, request: Request, draft_id: str) -> Response:
        directory.publish(self.store, draft_id, _actor(request))
        spread(self.store, self.desks)
        return see("/directory?done=published")

    @page("POST", "/directory/drafts/<draft_id>/discard", scope=WRITE)
    def draft_discard(self, request: Request, draft_id: str) -> Response:
        directory.discard(self.store, draft_id, _actor(request))
        return see("/directory?done=discarded")

    @page("GET", "/directory/back", scope=WRITE)
    def back_page(self, request: Request) -> Response:
        """Which version would be live again, before it is."""
        seen = directory_reading.overview(self.store)
        return self.pages.show(request, "directory_back.html", seen=seen, people=self._people())

    @page("POST", "/directory/back", scope=WRITE)
    def back(self, request: Request) -> Response:
        number = form_of(request).text("/number")
        directory.back(self.store, int(number) if number.isdigit() else 0, _actor(request))
        spread(self.store, self.desks)
        return see("/directory?done=back")

    def _directory(self, request: Request, sheet: Sheet, mistakes: list[str]) -> Response:
        done = request.args.get("done", "")
        return self.pages.show(
            request,
            "directory.html",
            422 if sheet.wrong else 200,
            sheet=sheet,
            seen=directory_reading.overview(self.store),
            told=told(self.desks),
            mistakes=mistakes,
            people=self._people(),
            done=done if done in DONE else "",
        )

    def _mistaken(self, request: Request, form: Form, errors: Sequence[FieldError]) -> Response:
        """Mistakes within the files are listed as `waypost directory check` tells them."""
        mistakes = [error.detail for error in errors if error.code == "mistake"]
        wrong = wrong_of(errors, self.pages.catalogue, "directory-errors")
        return self._directory(request, Sheet(form.typed(), wrong), mistakes[:MISTAKES])

    def _draft(self, request: Request, template: str, draft_id: str) -> Response:
        kind = request.args.get("kind", "")
        chosen = {"kind": kind} if kind in self.pages.catalogue.section("directory-kinds") else {}
        found = directory_reading.list_changes(self.store, draft_id, request)
        draft = directory_reading.show_draft(self.store, draft_id)
        return self.pages.show(
            request,
            template,
            draft=draft,
            mine=draft["uploaded_by"] == _actor(request),
            items=found["items"],
            kind_chosen=chosen.get("kind", ""),
            most_listed=directory_trials.MOST_LISTED,
            next=urlencode({**chosen, "cursor": found["next"]}) if found["next"] else "",
            names={each["id"]: each["name"] for each in draft["entries"]} | self._agencies(),
            people=self._people(),
        )

    def _agencies(self) -> dict[str, str]:
        return {each.id: each.name for each in self.store.resources.directory.agencies}

    def _people(self) -> dict[str, str]:
        """Names by what the audit calls people."""
        with self.store.reading() as connection:
            everybody = list_people(connection, self.store.resources.keyring, OPERATIONS)
        return {f"key:p:{each.id}": each.name for each in everybody} | {FOLDER_ACTOR: "the folder"}


def _actor(request: Request) -> str:
    """As over the API, so that a person is one and the same here and there."""
    return f"key:{request.caller.id}"


def _draft_of(form: Form) -> dict[str, Any]:
    """The form as the API's document; raises a 422 problem for a file that is no text."""
    files, mistakes = {}, []
    for name, content in form.files("/files"):
        try:
            files[name] = content.decode("utf-8")
        except UnicodeDecodeError:
            mistakes.append(FieldError("/files", "mistake", f"{name}: cannot be read. Save it as UTF-8 text."))
    if mistakes:
        raise problems.invalid(mistakes)
    return {"files": files, "whole": form.text("/whole") == "yes", "note": form.text("/note")}


def _by_field(wrong: dict[str, str]) -> dict[str, str]:
    """An error of one file belongs to the field that brings them all."""
    return {("/files" if name.startswith("/files") else name): text for name, text in wrong.items()}
