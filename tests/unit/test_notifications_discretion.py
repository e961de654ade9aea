"""No message can reveal a name, a place or a need: not by what its template may use, nor by what it says."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import jinja2
import pytest

from services.notifications import domain
from services.notifications.carriers.carrier import Message
from services.notifications.carriers.mime import as_email, bare_address
from services.notifications.discretion import faults_of, revealed_by
from services.notifications.domain import Notice
from services.notifications.templates import FOLDER, TemplateRefused, load_templates
from shared.directory import Agency, Directory, Signpost, load_directory
from tests.support.notifying import WRITTEN_AT

PAGE = "https://waypost.example.org/track/Q2hpbGRyZW4gYW5kIGZhbWlsaWVzIGFyZSBub3Qg"
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
ANY_DAY = date(2026, 11, 25)
TERMS = "families-apart", "task-1", ANY_DAY
NOTICES = [
    domain.on_submitted("family-support", ["families-apart"]),
    domain.on_submitted("family-support", []),
    domain.on_submitted("consultation", []),
    *domain.on_routed("family-support", "families-apart", "task-1", ANY_DAY, ANY_DAY),
    domain.on_information_requested(["consent"]),
    domain.on_information_requested(["home", "school"]),
    domain.on_information_requested(["practice", "consent"]),
    # What another service might one day ask for is not repeated either.
    domain.on_information_requested(["kingston", "prison-visit"]),
    domain.on_task_cancelled("time-matters", "task-1"),
    *domain.UNDER_REVIEW,
    *domain.NOT_ELIGIBLE,
    *domain.WITHDRAWN,
    *(notice for what in (*domain.OWED, "what-is-not-known") for notice in domain.on_due(what, *TERMS)),
    *(notice for what in (*domain.OWED, "what-is-not-known") for notice in domain.on_overdue(what, *TERMS)),
    *domain.ACCEPTED,
    *domain.REJECTED,
    *domain.on_held("waiting-list"),
    *domain.COMPLETED,
    *domain.FAILED_WORK,
    *domain.on_closed("consent-never-given"),
    *domain.AGREEMENT_EXPIRED,
    domain.on_consent_awaited(ANY_DAY),
    *domain.REOPENED,
    *domain.on_alerted("not-contacted", "families-apart", "task-1"),
    *domain.on_alerted("contact-changed", "families-apart", "task-1"),
    *domain.on_alerted("details-changed", "families-apart", "task-1"),
]
CODES = [domain.on_code_requested(audience) for audience in (domain.REFERRER, domain.FAMILY)]
FILES = sorted(FOLDER.glob("*/*.txt"))


def names_in(directory: Directory) -> Iterator[str]:
    """Every name that the directory knows: agencies, places, needs."""
    entries: list[Agency | Signpost] = [*directory.agencies, *directory.signposts]
    for entry in entries:
        yield from (entry.id, entry.name)
        yield entry.listing["organization"]["name"]
        yield from (area["name"] for area in entry.listing.get("service_areas") or [])
    yield from directory.needs
    yield from directory.needs.values()


TEMPLATES = load_templates()
NAMES = tuple(names_in(load_directory()))


def message_of(notice: Notice) -> Message:
    subject, body = TEMPLATES[notice.template].render(words_of(notice))
    return Message("delivery-1", "reader@example.com", subject, body, WRITTEN_AT)


def words_of(notice: Notice) -> dict[str, str]:
    link = domain.link_of(notice, PAGE, "https://example.net")
    return {**dict(notice.words), "reference": "7KX-3FM-9QF", "link": link, "code": "012345"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_template_puts_in_only_what_it_may_and_its_own_words_reveal_nothing(path: Path) -> None:
    assert faults_of(path.read_text()) == []


@pytest.mark.parametrize("notice", [*NOTICES, *CODES], ids=lambda notice: notice.template)
def test_a_whole_message_with_all_its_headers_reveals_nothing(notice: Notice) -> None:
    email = as_email(message_of(notice), "waypost@example.org").as_string()
    assert revealed_by(email, NAMES) == []


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.template)
def test_every_message_has_the_reference_and_the_link_and_no_gap(notice: Notice) -> None:
    message = message_of(notice)
    assert "7KX-3FM-9QF" in message.subject
    assert "7KX-3FM-9QF" in message.body
    assert re.search(rf"^({PAGE}|https://example\.net/tasks/task-1)$", message.body, re.M)
    assert "{" not in message.subject + message.body


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.template)
def test_only_families_are_told_by_text_and_each_text_is_one_text_that_reveals_nothing(notice: Notice) -> None:
    text = TEMPLATES[notice.template].render_text(words_of(notice))
    assert (text is not None) == (notice.audience == domain.FAMILY)
    if text is not None:
        assert set(text) <= GSM_7
        assert len(text) <= 160
        assert "7KX-3FM-9QF" in text
        assert text.endswith(f" {PAGE}")
        assert revealed_by(text, NAMES) == []


@pytest.mark.parametrize("notice", CODES, ids=lambda notice: notice.template)
def test_a_code_is_sent_alone_with_no_link_to_use_it_at(notice: Notice) -> None:
    message = message_of(notice)
    text = TEMPLATES[notice.template].render_text(words_of(notice)) or ""
    for sent in (message.body, text):
        assert "012345" in sent
        assert "7KX-3FM-9QF" in sent
        assert PAGE not in sent
        assert revealed_by(sent, NAMES) == []
    assert "012345" not in message.subject
    assert set(text) <= GSM_7
    assert len(text) <= 160


def test_every_template_is_sent_by_something_and_everything_sent_has_one() -> None:
    assert {path.parent.name for path in FILES} == {notice.template for notice in [*NOTICES, *CODES]}


def test_the_sender_is_neutral_even_when_the_setting_names_somebody() -> None:
    sender = bare_address("Kingston Prison Families <waypost@example.org>")
    email = as_email(message_of(domain.WITHDRAWN[0]), sender)
    assert email["From"] == "Waypost <waypost@example.org>"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("Dear {{ name }},", "uses the variable name"),
        ("{{ child_first_name }} was referred", "uses the variable child_first_name"),
        ("{{ postcode }}", "uses the variable postcode"),
        ("{{ needs }}", "uses the variable needs"),
        ("{{ self }}", "uses the variable self"),
        ("{{ reference.agency }}", "does more than put in a variable (Getattr)"),
        ("{{ reference['agency'] }}", "does more than put in a variable (Getitem)"),
        ("{{ reference|lower }}", "does more than put in a variable (Filter)"),
        ("{{ link() }}", "does more than put in a variable (Call)"),
        ("{{ 'x' }}", "does more than put in a variable (Const)"),
        ("{% if wanted %}yes{% endif %}", "does more than put in a variable (If)"),
        ("{% set link = name %}", "does more than put in a variable (Assign)"),
        ("{% include '../secret.txt' %}", "does more than put in a variable (Include)"),
        ("{{ reference", "is not a template (line 1)"),
        ("about your visit to him", "says 'visit'"),
        ("Before the release", "says 'release'"),
        ("a parent in custody", "says 'custody'"),
        ("the SENTENCE", "says 'SENTENCE'"),
        ("from Kingston", "says 'Kingston'"),
        ("a Merseyside service", "says 'Merseyside'"),
        ("help with housing", "says 'housing'"),
        ("we spoke to Testperson", "may name somebody: 'Testperson'"),
        ("go to Testville today", "may name somebody: 'Testville'"),
        ("ring 01632 960001", "holds the contact or number '01632'"),
        ("write to help@example.org", "holds the contact or number 'help@example.org'"),
        ("see https://example.org/help", "holds the contact or number 'https://example.org/help'"),
    ],
)
def test_a_template_that_could_reveal_something_is_found_out(source: str, fault: str) -> None:
    assert fault in faults_of(source)


def test_a_revealing_word_is_found_beside_a_variable_and_over_the_end_of_a_line() -> None:
    assert "says 'prison'" in faults_of("{{ reference }}\nprison")


def test_names_of_the_directory_are_found_in_a_message() -> None:
    found = revealed_by("Passed on to Time Matters UK", NAMES)
    assert any(name.lower().startswith("time matters") for name in found)


def test_a_folder_with_a_revealing_template_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "received").mkdir()
    (tmp_path / "received" / "subject.txt").write_text("About {{ name }}")
    (tmp_path / "received" / "body.txt").write_text("{{ link }}")
    with pytest.raises(TemplateRefused, match=r"^received/subject\.txt uses the variable name$"):
        load_templates(tmp_path)


def test_a_variable_that_is_not_given_is_an_error_never_a_gap() -> None:
    with pytest.raises(jinja2.UndefinedError):
        TEMPLATES["task-new"].render({"reference": "7KX-3FM-9QF", "link": "https://example.org"})
