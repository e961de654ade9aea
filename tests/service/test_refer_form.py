"""Forms that wait: sealed, for thirty days, for whoever knows what stands in them; sent once, whatever people do."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import eventlet
import pytest
from sqlalchemy import select

from services.referrals.service import ReferralsService
from services.referrals.tables import drafts, referrals
from services.referrals.web.refer.document import Document
from services.referrals.web.refer.drafts import Drafts, NoDraft, move_on
from services.referrals.web.refer.sending import WEB
from services.referrals.web.refer.visit import COOKIE
from tests.service.places_factory import folder_of
from tests.support.deciding import PAIRS, pair_in
from tests.support.people_service import Browser, Running

ANSWERS: dict[str, dict[str, str]] = {
    "who": {"referrer/type": "school"},
    "home": {"home/postcode": "kt1 1aa"},
    "ages": {"children": "9"},
    "relative": {"relative/relationship": "parent"},
    "stage": {"relative/stage": "sentenced"},
    "answer": {},
    "agreement": {"form/agreed": "yes"},
    "agreed": {
        "consent/given_by": "parent-or-carer",
        "consent/name": "Test Parent",
        "consent/method": "verbal",
        "consent/given_at/day": "20",
        "consent/given_at/month": "11",
        "consent/given_at/year": "2026",
    },
    "child-1": {
        "children/0/first_name": "Test",
        "children/0/last_name": "Child",
        "children/0/date_of_birth/day": "14",
        "children/0/date_of_birth/month": "3",
        "children/0/date_of_birth/year": "2017",
    },
    "told-1": {"children/0/told": "no"},
    "children": {},
    "views": {"consent/child_view": "agrees"},
    "ways": {"family_contact/safe_contact": "referrer"},
    "needs": {"needs": "housing"},
    "notes": {"notes": "A made-up note"},
    "you": {
        "referrer/name": "Test Teacher",
        "referrer/role": "Test Role",
        "referrer/organisation": "Test School",
        "referrer/email": "teacher@example.org",
    },
}


@pytest.fixture(scope="module", params=PAIRS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all tests here: each fills a form of its own."""
    folder = tmp_path_factory.mktemp("refer")
    folder_of(folder / "places")
    made = Running(pair_in(request, folder), folder, ReferralsService)
    yield made
    made.close()


def walked(house: Running, until: str) -> Browser:
    """Somebody who has answered everything before a page, and is there."""
    browser = Browser(house).get("/refer/who")
    while browser.path != f"/refer/{until}":
        browser.send(**ANSWERS[browser.path.removeprefix("/refer/")]).follow()
    return browser


@cache
def whole_document(house: Running) -> Document:
    document: Document = the_draft(house, walked(house, "check")).document
    return document


def a_form(house: Running) -> Browser:
    """Somebody who has answered everything, and checks the answers. The way there was walked once for all."""
    browser = Browser(house)
    browser.cookies[COOKIE] = Drafts(house.store).begin(whole_document(house))
    return browser.get("/refer/check")


def the_draft(house: Running, browser: Browser) -> Any:
    return Drafts(house.store).find(browser.cookies[COOKIE])


def sent_by_web(house: Running) -> int:
    with house.store.reading() as connection:
        return len(connection.execute(select(referrals.c.id).where(referrals.c.owner == WEB.owner)).all())


def test_a_form_becomes_a_referral_as_the_api_would_have_taken_it(house: Running) -> None:
    browser = walked(house, "check")
    secret = browser.cookies[COOKIE]
    before = sent_by_web(house)
    browser.send().follow()

    draft = the_draft(house, browser)
    assert sent_by_web(house) == before + 1
    (row,) = (each for each in house.rows(referrals) if each["id"] == draft.referral_id)
    assert row["reference"] in browser.text
    assert "looks at it by 24 November 2026" in browser.text
    assert (row["status"], row["kind"], row["referrer_type"]) == ("screening", "family-support", "school")
    assert row["facts"]["home"] == {"place": "E09000021", "basis": "postcode"}
    assert draft.document == {}
    assert secret not in browser.page


def test_sending_again_by_double_click_back_button_or_another_tab_leads_to_the_same_referral(house: Running) -> None:
    browser, tab = a_form(house), Browser(house)
    tab.cookies = browser.cookies
    tab.get("/refer/check")
    before = sent_by_web(house)
    clicks = [eventlet.spawn(each.send) for each in (browser, tab)]
    assert [click.wait().location for click in clicks] == ["/refer/sent", "/refer/sent"]
    assert sent_by_web(house) == before + 1
    assert browser.get("/refer/sent").text == tab.get("/refer/sent").text
    for path in ("/refer/check", "/refer/notes", "/refer/still-there"):
        assert browser.get(path).location == "/refer/sent"


def test_a_page_that_is_sent_after_the_form_was_sent_leads_to_what_came_of_it(house: Running) -> None:
    browser, tab = a_form(house), Browser(house)
    tab.cookies = browser.cookies
    tab.get("/refer/notes")
    browser.send()
    assert tab.send(notes="Too late").location == "/refer/sent"


def test_two_tabs_on_one_form_undo_nothing_of_each_other(house: Running) -> None:
    browser, tab = a_form(house), Browser(house)
    tab.cookies = browser.cookies
    browser.get("/refer/notes")
    tab.get("/refer/told-1")
    writes = [
        eventlet.spawn(browser.send, notes="From one tab"),
        eventlet.spawn(tab.send, **{"children/0/told": "partly"}),
    ]
    assert [write.wait().location for write in writes] == ["/refer/check", "/refer/check"]
    document = the_draft(house, browser).document
    assert (document["notes"], document["children"][0]["told"]) == ("From one tab", "partly")


def test_a_write_that_another_overtook_is_made_again_on_what_stands_there_then(house: Running) -> None:
    kept = Drafts(house.store)
    secret = kept.begin({"form": {}, "count": 0})

    def one_more(draft: Any) -> tuple[Document, None]:
        eventlet.sleep(0)
        return draft.document | {"count": draft.document["count"] + 1}, None

    writers = [eventlet.spawn(kept.change, secret, one_more) for _ in range(5)]
    for writer in writers:
        writer.wait()
    assert kept.find(secret).document["count"] == 5


def test_what_was_changed_while_the_form_was_sent_is_sent_too(house: Running) -> None:
    """It is read, then somebody writes, then it would be ended as it was read: it is not."""
    browser = a_form(house)
    read = the_draft(house, browser)
    Drafts(house.store).change(browser.cookies[COOKIE], lambda found: (found.document | {"notes": "Just now"}, None))
    with house.store.writing() as transaction:
        assert not move_on(transaction, read, sealed=None, referral_id="never")
    assert the_draft(house, browser).document["notes"] == "Just now"


def test_what_stands_in_a_form_is_sealed_and_its_secret_is_not_stored(house: Running) -> None:
    browser = a_form(house)
    secret = browser.cookies[COOKIE]
    (row,) = (each for each in house.rows(drafts) if each["id"] == the_draft(house, browser).id)
    for kept in row.values():
        assert b"Test Parent" not in str(kept).encode()
        assert secret not in str(kept)


def test_after_an_hour_the_form_asks_who_is_there_keeps_what_was_typed_and_goes_on(house: Running) -> None:
    browser = a_form(house).get("/refer/notes")
    house.clock.forward(minutes=61)
    assert browser.send(notes="Typed for an hour").follow().location == "/refer/still-there"
    assert the_draft(house, browser).document["notes"] == "Typed for an hour"
    assert browser.get("/refer/check").location == "/refer/still-there"
    browser.get("/refer/still-there")
    assert "Test" not in browser.page
    assert browser.send(postcode="KT1 1AB").status == 422
    assert browser.send(postcode="KT1 1AA").location == "/refer/check"
    assert browser.get("/refer/check").status == 200


def test_a_form_that_is_left_open_is_not_sent_by_who_comes_next(house: Running) -> None:
    browser = a_form(house)
    before = sent_by_web(house)
    house.clock.forward(minutes=61)
    assert browser.send().location == "/refer/still-there"
    assert sent_by_web(house) == before


def test_the_address_of_a_form_opens_it_elsewhere_for_who_knows_the_postcode_and_only_after_few_guesses(
    house: Running,
) -> None:
    browser = a_form(house)
    address = f"/refer/return/{browser.cookies[COOKIE]}"
    assert address in browser.get("/refer/save").page
    elsewhere = Browser(house).get(address)
    assert elsewhere.send(postcode="KT1 1AB").status == 422
    assert elsewhere.send(postcode="kt11aa").location == "/refer/check"
    assert "Test Teacher" in elsewhere.follow().text
    guesser = Browser(house).get(address)
    assert [guesser.get(address).send(postcode="KT1 1AB").status for _ in range(4)] == [422, 422, 422, 429]


def test_nothing_is_kept_beyond_thirty_days(house: Running) -> None:
    browser = a_form(house)
    draft = the_draft(house, browser)
    assert draft.expires_at - house.clock.now() == timedelta(days=30)
    kept = Drafts(house.store)
    house.clock.forward(days=29, hours=23)
    kept.forget_old()
    assert the_draft(house, browser).id == draft.id
    house.clock.forward(hours=1)
    with pytest.raises(NoDraft):
        the_draft(house, browser)
    assert browser.get("/refer/check").follow().status == 410
    assert "no longer here" in browser.text
    assert COOKIE not in browser.cookies
    kept.forget_old()
    assert draft.id not in [each["id"] for each in house.rows(drafts)]


def test_an_answer_to_a_form_that_is_gone_is_told_so_and_the_first_page_begins_anew(house: Running) -> None:
    browser = a_form(house).get("/refer/notes")
    Drafts(house.store).discard(browser.cookies[COOKIE])
    assert browser.send(notes="A made-up note").location == "/refer/gone"
    browser.get("/refer/gone")
    assert browser.get("/refer/who").send(**ANSWERS["who"]).location == "/refer/home"


def test_who_begins_again_throws_away_what_was_begun(house: Running) -> None:
    browser = a_form(house)
    secret = browser.cookies[COOKIE]
    assert "A form was begun here" in browser.get("/refer").text
    assert browser.send_to("/refer/again").location == "/refer/who"
    with pytest.raises(NoDraft):
        Drafts(house.store).find(secret)


def test_a_page_out_of_turn_leads_to_the_first_that_is_not_answered(house: Running) -> None:
    browser = walked(house, "relative")
    for path in ("check", "notes", "told-1", "child-7", "sent", "not-yet", "nonsense", "school-9"):
        browser.get(f"/refer/{path}")
        assert browser.status == 303, path
        while browser.status == 303:
            browser.follow()
        assert (browser.path, browser.status) == ("/refer/relative", 200), path
    assert Browser(house).get("/refer/check").location == "/refer"


def test_what_the_api_would_refuse_for_any_reason_leads_back_to_a_page_that_says_so(house: Running) -> None:
    """Here a need that the directory names no more, an address that is none, and what no page could have written."""
    document = whole_document(house)
    for changed, path, text in (
        ({"needs": ["nothing-of-this-name"]}, "/refer/needs", "What would help?"),
        ({"referrer": document["referrer"] | {"email": "nobody"}}, "/refer/you", "Enter an e-mail address"),
        ({"notes": 5}, "/refer/notes", "There is a problem"),
    ):
        browser = Browser(house)
        browser.cookies[COOKIE] = Drafts(house.store).begin(document | changed)
        assert browser.get("/refer/check").location == path
        assert text in browser.follow().text
