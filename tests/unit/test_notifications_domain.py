"""Who is told of what, and where a mail server is."""

from datetime import date

import pytest

from services.notifications import domain
from services.notifications.carriers.smtp import SmtpAddress, read_smtp_url
from shared.settings import SettingsError

BASES = "https://example.org/", "https://agencies.example.org/"
OWING = "an-agency", "task-1", date(2026, 11, 27)
KINDS = "family-support", "consultation"


def test_a_referral_without_agreement_is_told_to_wait_for_it() -> None:
    assert domain.on_submitted("family-support", []).template == "agreement-wanted"
    assert domain.on_submitted("family-support", ["an-agency"]).template == "received"


def test_a_professional_who_asks_for_advice_needs_no_agreement() -> None:
    assert domain.on_submitted("consultation", []).template == "received"


def test_agency_and_referrer_both_hear_of_a_routed_referral_and_only_the_agency_hears_the_dates() -> None:
    agency, referrer = domain.on_routed("consultation", "an-agency", "task-1", date(2026, 11, 25), date(2026, 12, 1))
    assert (agency.audience, agency.agency, dict(agency.words)) == (
        "agency",
        "an-agency",
        {"acknowledge_by": "25 November 2026", "decide_by": "1 December 2026"},
    )
    assert (referrer.audience, referrer.agency, referrer.words) == ("referrer", None, ())


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (["consent"], "an agreement"),
        (["home"], "some details"),
        (["school", "consent"], "an agreement and some details"),
        ([], "some details"),
    ],
)
def test_what_is_wanted_is_named_by_its_kind_alone(items: list[str], words: str) -> None:
    assert domain.plain_wanted(items) == words


def test_an_agency_is_led_to_its_task_and_a_referrer_to_where_people_begin() -> None:
    agency, referrer = domain.on_routed("consultation", "an-agency", "task-1", date(2026, 11, 25), date(2026, 12, 1))
    assert domain.link_of(agency, *BASES) == "https://agencies.example.org/tasks/task-1"
    assert domain.link_of(referrer, *BASES) == "https://example.org/"


def test_the_family_hears_of_a_referral_and_not_of_advice_that_a_professional_asked_for() -> None:
    terms = "an-agency", "task-1", date(2026, 11, 25), date(2026, 12, 1)
    heard = {kind: [notice.audience for notice in domain.on_routed(kind, *terms)] for kind in KINDS}
    assert heard == {
        "family-support": ["agency", "referrer", "family"],
        "consultation": ["agency", "referrer"],
    }


def test_an_agency_is_asked_for_what_it_owes_and_the_referrer_hears_that_it_is_late() -> None:
    reminder, (again, chasing) = domain.on_due("decide", *OWING), domain.on_overdue("decide", *OWING)
    assert [notice.template for notice in (*reminder, again)] == ["task-due", "task-overdue"]
    assert dict(again.words) == {"owed": "your answer whether you can take it", "due_on": "27 November 2026"}
    assert (chasing.template, chasing.audience, chasing.words) == ("chasing", "referrer", ())


def test_a_recall_that_is_not_confirmed_is_between_the_agency_and_us() -> None:
    told = [*domain.on_due("recall", *OWING), *domain.on_overdue("recall", *OWING)]
    assert [(notice.template, notice.audience) for notice in told] == [
        ("recall-due", "agency"),
        ("recall-overdue", "agency"),
    ]


def test_what_another_message_tells_is_not_told_twice() -> None:
    assert domain.on_held("awaiting-information") == ()
    assert [notice.template for notice in domain.on_held("waiting-list")] == ["on-hold"]
    assert domain.on_closed("tasks-ended") == ()
    assert [notice.template for notice in domain.on_closed("consent-never-given")] == ["closed"]


def test_a_delivery_has_one_id_for_ever_and_no_other_message_has_it() -> None:
    agency, referrer = domain.on_routed("consultation", "an-agency", "task-1", date(2026, 11, 25), date(2026, 12, 1))
    assert domain.delivery_id("event-1", agency) == domain.delivery_id("event-1", agency)
    notices = (agency, referrer, *domain.WITHDRAWN)
    assert len({domain.delivery_id(event, notice) for event in ("event-1", "event-2") for notice in notices}) == 8


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("smtp://localhost", SmtpAddress("localhost", 25, "none")),
        ("smtp://mail.example.org:2525", SmtpAddress("mail.example.org", 2525, "none")),
        ("smtp://mail.example.org?starttls=1", SmtpAddress("mail.example.org", 587, "starttls")),
        ("smtps://u%40x:p%2Fw@mail.example.org", SmtpAddress("mail.example.org", 465, "tls", "u@x", "p/w")),
    ],
)
def test_the_mail_server_is_read_from_its_url(url: str, address: SmtpAddress) -> None:
    assert read_smtp_url(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org:25",
        "http://mail.example.org",
        "smtp://",
        "smtp://u:secret@mail.example.org:many",
        "smtp://u:secret@mail.example.org?tls=yes",
        "smtp://u:secret@mail.example.org?starttls=true",
    ],
)
def test_a_url_that_cannot_work_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match="WAYPOST_SMTP") as refused:
        read_smtp_url(url)
    assert "secret" not in str(refused.value)


def test_a_password_shows_in_no_representation() -> None:
    assert "secret" not in repr(read_smtp_url("smtp://u:secret@mail.example.org"))
