"""Parked messages, as pages: groups, the messages of one, a message with its referral's timeline, and all that may be done.

A service that has them is a `ParkedPages`. A form is checked by the schema of the API; each service checks the rest.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import eventlet
import orjson
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from services.operations import schemas
from services.operations.desks import WATCHED, DesksProvider
from shared.http import problems
from shared.http.fields import REQUIRED, field_errors, invalid_field
from shared.http.problems import Problem
from shared.http.request import Request
from shared.messaging.redacting import NOT_JSON
from shared.web.forms import Form, Sheet, wrong_of
from shared.web.page import SeeOther, form_of, page, see
from shared.web.pages import Pages

READ, WRITE = "operations:read", "operations:write"
FILTER = ("group", "error", "place", "type", "subject")
PAGE = 50


class ParkedPages:
    """Every page is one question to one service's desk, or two; lists are pages."""

    desks = DesksProvider()
    pages: Pages

    @page("GET", "/parked", scope=READ)
    def parked_groups_page(self, request: Request) -> Response:
        """What went wrong and where, the largest group first; of all services, or of one. A filter leads to what matches."""
        wanted, service = _filter_of(request.args), request.args.get("service", "")
        if wanted and service in WATCHED:
            raise SeeOther(f"/parked/{service}?{urlencode(wanted)}")
        services = [service] if service in WATCHED else WATCHED
        groups, jobs, silent = self._desks(services)
        return self.pages.show(
            request,
            "parked.html",
            groups=groups,
            silent=silent,
            jobs=jobs,
            desk=service if service in WATCHED else "",
            services=WATCHED,
            wanted=wanted,
            total=sum(group["count"] for group in groups),
            query=urlencode({**wanted}),
        )

    @page("GET", "/parked/<desk>", scope=READ)
    def parked_list_page(self, request: Request, desk: str) -> Response:
        """The messages of a group, or that match, a page at a time, each with a box to choose it."""
        return self._list(request, desk)

    @page("POST", "/parked/<desk>", scope=WRITE)
    def parked_chosen(self, request: Request, desk: str) -> Response:
        """Tries the chosen ones again, or asks why they may be given up."""
        form = form_of(request)
        asked = {"service": desk, "ids": form.texts("/ids")}
        if form.text("action") == "discard":
            return self._discard(request, desk, form)
        try:
            ids = schemas.Retry().load(asked)["ids"]
        except ValidationError as error:
            return self._list(request, desk, _sheet(form, error, self.pages))
        body = {"ids": ids, "actor": request.caller.id}
        done = self.desks.ask(desk, "POST", "/v1/parked/retry", json=body)["retried"]
        return see(f"/parked/{desk}?{urlencode({**_filter_of(request.args), 'retried': done})}")

    @page("POST", "/parked/<desk>/discard", scope=WRITE)
    def parked_discard(self, request: Request, desk: str) -> Response:
        """Gives the chosen ones up, once there is a reason."""
        return self._discard(request, desk, form_of(request))

    @page("GET", "/parked/<desk>/many", scope=WRITE)
    def parked_many_page(self, request: Request, desk: str) -> Response:
        """Before many are tried again or given up: how many, and how fast."""
        return self._many(request, desk, Sheet({"/pace": ["20"]}))

    @page("POST", "/parked/<desk>/many", scope=WRITE)
    def parked_many(self, request: Request, desk: str) -> Response:
        form, wanted = form_of(request), _filter_of(request.args)
        asked: dict[str, Any] = {"service": desk, **wanted, "pace": form.text("/pace")}
        asked["action"] = "discard" if request.args.get("action") == "discard" else "retry"
        if form.text("/reason"):
            asked["reason"] = form.text("/reason")
        try:
            loaded = schemas.NewJob().load(asked)
            if loaded["action"] == "discard" and "reason" not in loaded:
                raise invalid_field("required", REQUIRED, "reason")
        except ValidationError as error:
            return self._many(request, desk, _sheet(form, error, self.pages))
        loaded.pop("service")
        job = self.desks.ask(desk, "POST", "/v1/parked/jobs", json={**loaded, "actor": request.caller.id})
        return see(f"/parked/{desk}/jobs/{job['id']}")

    @page("GET", "/parked/<desk>/jobs/<job_id>", scope=READ)
    def parked_job_page(self, request: Request, desk: str, job_id: str) -> Response:
        return self._job(request, "parked_job.html", desk, job_id)

    @page("GET", "/parked/<desk>/jobs/<job_id>/live", scope=READ)
    def parked_job_live(self, request: Request, desk: str, job_id: str) -> Response:
        """The part of the page that renews itself."""
        return self._job(request, "_parked_job.html", desk, job_id)

    @page("POST", "/parked/<desk>/jobs/<job_id>/stop", scope=WRITE)
    def parked_job_stop(self, request: Request, desk: str, job_id: str) -> Response:
        body = {"actor": request.caller.id}
        self.desks.ask(desk, "POST", f"/v1/parked/jobs/{quote(job_id, safe='')}/stop", json=body)
        return see(f"/parked/{desk}/jobs/{job_id}")

    @page("GET", "/parked/<desk>/messages/<event_id>", scope=READ)
    def parked_message_page(self, request: Request, desk: str, event_id: str) -> Response:
        """A message, and beside it what happened to its referral."""
        message = self._message(desk, event_id)
        return self.pages.show(
            request,
            "parked_message.html",
            message=message,
            body=readable(message["body"]),
            versions=[{**each, "body": readable(each["body"])} for each in message["versions"]],
            desk=desk,
            timeline=self._timeline(message.get("subject")),
            mended="mended" in request.args,
        )

    @page("GET", "/parked/<desk>/messages/<event_id>/mend", scope=WRITE)
    def parked_mend_page(self, request: Request, desk: str, event_id: str) -> Response:
        message = self._message(desk, event_id)
        if not message["mendable"]:
            raise problems.conflict("not-mendable", "This message cannot be mended")
        text = "" if message["body"] == NOT_JSON else readable(message["body"])
        return self._mend(request, desk, message, Sheet({"/text": [text]}))

    @page("POST", "/parked/<desk>/messages/<event_id>/mend", scope=WRITE)
    def parked_mend(self, request: Request, desk: str, event_id: str) -> Response:
        form = form_of(request)
        path = f"/v1/parked/messages/{quote(event_id, safe='')}/mend"
        try:
            self.desks.ask(desk, "POST", path, json={"text": form.text("/text"), "actor": request.caller.id})
        except Problem as problem:
            if problem.status != 422:
                raise
            said = "; ".join(f"{error.pointer or 'The message'}: {error.detail}" for error in problem.errors)
            sheet = Sheet(form.typed(), {"/text": said or problem.title})
            return self._mend(request, desk, self._message(desk, event_id), sheet)
        return see(f"/parked/{desk}/messages/{quote(event_id, safe='')}?mended=1")

    def _desks(self, services: Sequence[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
        """The groups and the jobs that are not done, of the services that answer; and those that do not."""
        groups, jobs, silent = [], [], []
        asked = eventlet.GreenPool(len(services)).imap(self._desk, services)
        for service, found in zip(services, asked, strict=True):
            if found is None:
                silent.append(service)
            else:
                groups += found[0]
                jobs += found[1]
        return sorted(groups, key=lambda group: (-group["count"], group["service"], group["id"])), jobs, silent

    def _desk(self, service: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
        try:
            groups = self.desks.parked_groups([service], {})
            jobs = self.desks.ask(service, "GET", "/v1/parked/jobs")["jobs"]
        except Problem as problem:
            if problem.status < 500:
                raise
            return None
        return groups, [{"service": service, **job} for job in jobs if job["state"] != "done"]

    def _list(self, request: Request, desk: str, sheet: Sheet | None = None) -> Response:
        wanted = _filter_of(request.args)
        asked = {**wanted, "limit": PAGE, **({"cursor": request.args["cursor"]} if "cursor" in request.args else {})}
        found = self.desks.ask(desk, "GET", "/v1/parked", params=asked)
        groups = self.desks.parked_groups([desk], {name: wanted[name] for name in wanted if name != "subject"})
        return self.pages.show(
            request,
            "parked_list.html",
            422 if sheet else 200,
            sheet=sheet or Sheet(),
            desk=desk,
            messages=found["messages"],
            groups=groups,
            total=sum(group["count"] for group in groups),
            wanted=wanted,
            query=urlencode(wanted),
            next=urlencode({**wanted, "cursor": found["next"]}) if found["next"] else "",
            first="cursor" not in request.args,
            done=_done(request.args),
        )

    def _discard(self, request: Request, desk: str, form: Form) -> Response:
        """Asks for a reason, shows what is wrong with it, or gives the chosen messages up."""
        asked = {"service": desk, "ids": form.texts("/ids"), "reason": form.text("/reason")}
        back = _filter_of(request.args)
        try:
            loaded = schemas.Discard().load(asked)
        except ValidationError as error:
            sheet = _sheet(form, error, self.pages)
            if "/ids" in sheet.wrong:
                return self._list(request, desk, Sheet(wrong={"/ids": sheet.wrong["/ids"]}))
            if not form.has("/reason"):
                sheet = Sheet(form.typed())
            return self.pages.show(
                request,
                "parked_discard.html",
                422 if sheet.wrong else 200,
                sheet=sheet,
                desk=desk,
                ids=asked["ids"],
                query=urlencode(back),
            )
        body = {"ids": loaded["ids"], "reason": loaded["reason"], "actor": request.caller.id}
        done = self.desks.ask(desk, "POST", "/v1/parked/discard", json=body)["discarded"]
        return see(f"/parked/{desk}?{urlencode({**back, 'discarded': done})}")

    def _many(self, request: Request, desk: str, sheet: Sheet) -> Response:
        wanted = _filter_of(request.args)
        groups = self.desks.parked_groups([desk], {name: wanted[name] for name in wanted if name != "subject"})
        action = "discard" if request.args.get("action") == "discard" else "retry"
        return self.pages.show(
            request,
            "parked_many.html",
            422 if sheet.wrong else 200,
            sheet=sheet,
            desk=desk,
            action=action,
            wanted=wanted,
            groups=groups,
            total=sum(group["count"] for group in groups),
            query=urlencode(wanted),
        )

    def _job(self, request: Request, template: str, service: str, job_id: str) -> Response:
        job = self.desks.ask(service, "GET", f"/v1/parked/jobs/{quote(job_id, safe='')}")
        return self.pages.show(request, template, desk=service, job=job)

    def _mend(self, request: Request, desk: str, message: Mapping[str, Any], sheet: Sheet) -> Response:
        status = 422 if sheet.wrong else 200
        return self.pages.show(request, "parked_mend.html", status, sheet=sheet, desk=desk, message=message)

    def _message(self, service: str, event_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.desks.ask(service, "GET", f"/v1/parked/messages/{quote(event_id, safe='')}")
        return found

    def _timeline(self, referral_id: str | None) -> dict[str, Any] | None:
        """What happened to the referral, in codes; None where nobody can tell."""
        if not referral_id:
            return None
        try:
            found: dict[str, Any] = self.desks.ask(
                "referrals", "GET", f"/v1/referrals/{quote(referral_id, safe='')}/timeline"
            )
        except Problem:
            return None
        return found


def readable(body: Any) -> str:
    """A redacted body as people read it."""
    return "" if body == NOT_JSON else orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


def _filter_of(arguments: Mapping[str, str]) -> dict[str, str]:
    return {name: arguments[name] for name in FILTER if arguments.get(name)}


def _done(arguments: Mapping[str, str]) -> tuple[str, int] | None:
    for name in ("retried", "discarded"):
        if arguments.get(name, "").isdigit():
            return name, int(arguments[name])
    return None


def _sheet(form: Form, error: ValidationError, pages: Pages) -> Sheet:
    return Sheet(form.typed(), wrong_of(field_errors(error), pages.catalogue))
