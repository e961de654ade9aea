"""The form by which families are referred, as people go through it: a tired teacher, a parent, somebody out of the area.

Every page, and every page with something wrong on it, is checked on the way, by `Walk.at` and `Walk.wrong`.
"""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from tests.support.browser import LAPTOP, LAPTOP_PLAIN, PHONE, PHONE_PLAIN, ZOOMED, View, new_tab, views
from tests.support.browser_checks import check_page
from tests.support.browser_keyboard import press, tab_to
from tests.support.families import KINGSTON, LIVERPOOL, RICHMOND, born, today
from tests.support.system import System

REFERENCE = re.compile(r"[346789BCDFGHJKMNPQRTWXY]{3}(-[346789BCDFGHJKMNPQRTWXY]{3}){2}")
SCHOOL = "I work at a school, college or nursery"
FAMILY = "I am a parent, another family member, or the young person"
both_ways = views(PHONE, LAPTOP_PLAIN)
the_other_ways = views(LAPTOP, PHONE_PLAIN)


class Walk:
    """Somebody on the way through the form. `looks` is whether every page is checked; `name` begins their names."""

    def __init__(self, page: Page, system: System, name: str, looks: bool = True) -> None:
        self.page = page
        self._address = system.referrals_url
        self._name = name
        self._looks = looks

    def open(self, path: str) -> "Walk":
        self.page.goto(self._address + path)
        return self

    def at(self, heading: str, name: str | None = None) -> "Walk":
        """The page with this heading is here; it is checked where it has a name."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        if name and self._looks:
            check_page(self.page, f"{self._name}-{name}")
        return self

    def wrong(self, *texts: str, name: str) -> "Walk":
        """The page says what is wrong, at the top and at the fields; a link leads to each field."""
        links = self.page.get_by_role("alert").get_by_role("link")
        expect(links).to_have_text(list(texts))
        expect(self.page).to_have_title(re.compile("^Error: "))
        for link in links.all():
            assert self.page.locator(link.get_attribute("href") or "").count() == 1
        return self.at(self.page.get_by_role("heading", level=1).inner_text(), f"{name}-wrong")

    def type(self, **fields: str) -> "Walk":
        for label, text in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).fill(text)
        return self

    def day(self, legend: str, date: str, day: bool = True) -> "Walk":
        """A date like 2017-03-14 into its three fields."""
        group = self.page.get_by_role("group", name=legend)
        year, month, of_month = date.split("-")
        for label, part in (("Day", of_month if day else ""), ("Month", month), ("Year", year)):
            group.get_by_label(label).fill(part)
        return self

    def tick(self, *labels: str) -> "Walk":
        for label in labels:
            self.page.get_by_label(label, exact=True).check()
        return self

    def on(self, button: str = "Continue") -> "Walk":
        self.page.get_by_role("button", name=button, exact=True).click()
        return self

    def follow(self, link: str) -> "Walk":
        self.page.get_by_role("link", name=link, exact=True).click()
        return self

    def back(self) -> "Walk":
        self.page.locator("a.back").click()
        return self

    def facts(self, who: str, home: str, ages: str, stage: str = "In prison, after the sentence") -> "Walk":
        """The questions before the answer, for a parent in prison."""
        self.open("/refer").tick(who).on()
        self.page.get_by_role("textbox").fill(home)
        self.on()
        self.page.get_by_role("textbox").fill(ages)
        return self.on().tick("Their mother or father").on().tick(stage).on()

    def a_child(self, number: int, age: int, told: str = "The child knows a part of it") -> "Walk":
        self.type(First_name=f"Test{number}", Last_name="Child").day("Date of birth", born(age)).on()
        return self.at(f"Does Test{number} know where the relative is?").tick(told).on()

    def to_the_end(self) -> "Walk":
        """From the children's page on, by the shortest way: nothing is said that need not be."""
        self.on("Go on").tick("They are happy with it").on().tick("Only through me").on()
        if self.page.get_by_role("heading", name="What would help?").count():
            self.on()
        return self.on().you().on()

    def you(self) -> "Walk":
        self.type(Your_name="Test Teacher", What_you_do_there="Test Role", School="Test School")
        return self.type(**{"E-mail address at work": "referrer@example.org"})

    def agreed(self) -> "Walk":
        """The family has agreed, today and by word of mouth."""
        self.tick("Yes, they have heard or read them, and agree").on()
        self.tick("A parent or carer", "They told me").type(**{"What is their name?": "Test Parent"})
        return self.day("When did they agree?", today().isoformat()).on()

    def kingston(self, children: int = 1) -> "Walk":
        """A school's referral, as far as the answers to check."""
        self.facts(SCHOOL, KINGSTON, ", ".join(["9"] * children)).on("Go on").agreed()
        for number in range(1, children + 1):
            self.a_child(number, 9)
        return self.to_the_end().at("Check your answers")

    @property
    def reference(self) -> str:
        return self.page.locator(".done .reference").inner_text()


@both_ways
def test_a_school_refers_a_family_in_kingston(page: Page, system: System) -> None:
    walk = Walk(page, system, "refer").open("/").at("Help for families with a relative in prison", "start")
    expect(page.locator("main")).to_contain_text("If someone is in danger now")
    walk.follow("Refer a family, or ask for help for your own").at("Who are you?", "who").tick(SCHOOL).on()
    walk.at("What is the family’s home postcode?", "home")
    page.get_by_role("textbox").fill(KINGSTON.lower())
    walk.on().at("How old are the children?", "ages").type(**{"How old are the children?": "9"}).on()
    walk.at("Who is in prison, or may have to go?", "relative").tick("Their mother or father").on()
    walk.at("How are things now?", "stage").tick("Out of prison").on()
    walk.at("When did they come out?", "when").back().at("How are things now?")
    walk.tick("In prison, after the sentence").on()

    walk.at("Families Apart can help", "answer")
    expect(page.get_by_text("“Be residents of the Kingston Borough”")).to_be_visible()
    walk.on("Go on").at("Has the family agreed?", "agreement")
    expect(page.get_by_text("Version 2026-11")).to_be_visible()
    walk.tick("Yes, they have heard or read them, and agree").on().at("Who agreed, and how?", "agreed")
    walk.tick("A parent or carer", "They told me").type(**{"What is their name?": "Test Parent"})
    walk.day("When did they agree?", today().isoformat()).on()

    walk.at("Who is the child?", "child").type(First_name="Test1", Last_name="Child").day("Date of birth", born(9)).on()
    walk.at("Does Test1 know where the relative is?", "told").tick("The child does not know").on()
    walk.at("You have told us about 1 child", "children").on("Go on")
    walk.at("What does the child think of it?", "views").tick("They have not been asked").on()

    walk.at("How can the family be reached safely?", "ways").tick("By telephone", "By e-mail", "By letter").on()
    walk.at("Who in the family should be contacted?", "contact").type(Name="Test Parent")
    walk.type(**{"How are they related to the children?": "mother"}).on()
    walk.at("The telephone", "telephone").type(Telephone_number="01632 960002").tick("To leave a message").on()
    walk.at("E-mail", "email").type(**{"E-mail address": "parent@example.org"}).on()
    walk.at("Letters", "letter").type(Address_for_letters="1 Test Street\nTest Town").on()
    walk.at("What would make it easier to talk?", "help").on()
    walk.at("What would help?", "needs").tick("Telling the children", "Housing").on()
    walk.at("Is there anything else that would help?", "notes").type(Anything_else="A made-up note").on()
    walk.at("Your own details", "you").you().on().at("Check your answers", "check")

    expect(page.get_by_text("No texts")).to_be_visible()
    walk.follow("Change first name of Test1").type(First_name="Testa").on().at("Check your answers")
    expect(page.get_by_text("Testa", exact=True)).to_be_visible()
    walk.on("Send the referral").at("The referral was sent", "sent")

    reference = walk.reference
    assert REFERENCE.fullmatch(reference)
    tracking = page.locator("a", has_text="/track/").get_attribute("href") or ""
    walk.open(tracking.removeprefix(system.settings.public_url))
    expect(page.get_by_role("heading", level=1)).to_contain_text(reference)


@views(PHONE)
def test_every_page_says_what_is_wrong_with_it(page: Page, system: System) -> None:
    walk = Walk(page, system, "refer").open("/refer/who").on().wrong("Choose who you are", name="who").tick(SCHOOL).on()
    walk.on().wrong("Enter a postcode, like KT1 1EU", name="home")
    page.get_by_role("textbox").fill("KT1 1CC")
    walk.on().wrong("There is no such postcode. Check it, and enter all of it, like KT1 1EU", name="home-unknown")
    page.get_by_role("textbox").fill(KINGSTON)
    walk.on().type(**{"How old are the children?": "nine"}).on()
    walk.wrong("Enter the ages as numbers, like 4, 9, 12", name="ages").type(**{"How old are the children?": "9"}).on()
    walk.on().wrong("Choose who it is", name="relative").tick("Their mother or father").on()
    walk.on().wrong("Choose how things are now", name="stage").tick("Out of prison").on()
    walk.day("When did they come out?", "2099-01-01", day=False).on().wrong("Enter a month that has begun", name="when")
    walk.day("When did they come out?", today().isoformat(), day=False).on()

    walk.on("Go on").on().wrong("Choose yes or no", name="agreement")
    walk.tick("Yes, they have heard or read them, and agree").on().on()
    walk.wrong(
        "Choose who agrees",
        "Enter the name of who agreed",
        "Choose how they agreed",
        "Enter the day on which they agreed",
        name="agreed",
    )
    walk.tick("A parent or carer", "They told me").type(**{"What is their name?": "Test Parent"})
    walk.day("When did they agree?", "2026-13-40").on().wrong("Enter a real date, like 14 3 2026", name="agreed-date")
    walk.day("When did they agree?", today().isoformat()).on()
    walk.on().wrong("Enter the first name", "Enter the last name", "Enter the date of birth", name="child")
    walk.type(First_name="Test1", Last_name="Child").day("Date of birth", "2017-02-30").on()
    walk.wrong("Enter a real date of birth, like 14 3 2017", name="child-date").day("Date of birth", born(9)).on()
    walk.on().wrong("Choose what the child knows", name="told").tick("I am not sure").on().on("Go on")
    walk.on().wrong("Choose what the children think", name="views").tick("They are happy with it").on()

    walk.on().wrong("Choose at least one", name="ways").tick("By telephone", "Only through me").on()
    walk.wrong("Choose ways to reach the family, or “Only through me”, not both", name="ways-both")
    page.get_by_label("Only through me").uncheck()
    walk.tick("By e-mail", "By letter").on().on()
    walk.wrong("Enter the name", "Enter how they are related, like mother", name="contact").type(Name="Test Parent")
    walk.type(**{"How are they related to the children?": "mother"}).on().type(Telephone_number="12").on()
    walk.wrong("Enter a telephone number, like 01632 960 001", name="telephone")
    walk.type(Telephone_number="01632 960002").on().type(**{"E-mail address": "nobody"}).on()
    walk.wrong("Enter an e-mail address, like name@example.org", name="email")
    walk.type(**{"E-mail address": "parent@example.org"}).on().on().wrong("Enter the address", name="letter")
    walk.type(Address_for_letters="1 Test Street").on().on().on().on().on()
    walk.wrong(
        "Enter your name",
        "Enter what you do there, like teacher",
        "Enter the name of your school, surgery or organisation",
        "Enter an e-mail address or a telephone number",
        name="you",
    )
    walk.you().on().at("Check your answers")


@the_other_ways
def test_a_parent_in_liverpool_asks_for_help_for_three_children(page: Page, system: System) -> None:
    walk = (
        Walk(page, system, "refer-family")
        .facts(FAMILY, LIVERPOOL, "4, 9 and 12")
        .at("Time Matters UK can help", "answer")
    )
    expect(page.get_by_role("listitem").filter(has_text="aged 4")).to_contain_text(": no")
    walk.on("Go on")
    for number, age in ((1, 4), (2, 9), (3, 12)):
        walk.a_child(number, age)
    walk.at("You have told us about 3 children", "children").on("Take Test1 off this form")
    walk.at("You have told us about 2 children").on("Add another child").at("Who is child 3?")
    walk.type(First_name="Test4", Last_name="Child").day("Date of birth", born(6)).on()
    walk.at("Time Matters UK can help").on("Go on").at("Does Test4 know where the relative is?").tick(
        "I am not sure"
    ).on()
    walk.at("You have told us about 3 children").on("Go on")
    walk.at("How can we reach you safely?", "ways").tick("By telephone").on().at("Who are you?", "contact")
    walk.type(Your_name="Test Parent").type(**{"How are you related to the children?": "mother"}).on()
    walk.type(Telephone_number="01632 960002").tick("To send a text").on().on()
    walk.at("Is there anything else that would help?").on().at("Do you agree?", "agree").on()
    walk.wrong("Choose yes or no", "Choose who agrees", name="agree").tick("No, or not yet", "A parent or carer").on()
    walk.at("Nothing was sent, and nothing will be", "not-yet").follow("go back to the question")
    walk.tick("Yes, I agree").on().tick("They are happy with it").on().at("Check your answers", "check")
    walk.on("Ask for help").at("You have asked for help", "sent")
    assert REFERENCE.fullmatch(walk.reference)
    expect(page.get_by_text("Time Matters UK looks at it by")).to_be_visible()


@both_ways
def test_who_lives_where_nobody_can_help_is_told_where_to_go_before_typing_any_name(page: Page, system: System) -> None:
    walk = Walk(page, system, "refer-outside").facts(SCHOOL, RICHMOND, "9")
    walk.at("Which school does the child go to?", "school").on().wrong(
        "Enter the school, or say that you do not know", name="school"
    )
    walk.type(**{"Which school does the child go to?": "test scho"}).on().at("Which of these is it?", "school-found")
    walk.on("I do not know, or none").at("Which GP surgery is the child registered with?", "surgery")
    walk.type(**{"Which GP surgery is the child registered with?": RICHMOND}).on()
    walk.at("Families Apart or Time Matters UK may be able to help", "answer").on("Go on")
    walk.at("Which of them should be asked?", "services").on().wrong("Choose at least one", name="services").back()
    page.get_by_role("link", name="Where the child’s school is").first.click()
    walk.type(**{"Which school does the child go to?": RICHMOND}).on()

    walk.at("Here is who can help", "answer-no")
    expect(page.get_by_role("link", name="0808")).to_be_visible()
    expect(page.get_by_text("You have not given us any name")).to_be_visible()
    walk.open("/refer/check").at("Here is who can help")
    walk.open("/refer/child-1").at("Here is who can help")


@both_ways
def test_a_family_that_has_not_agreed_is_asked_first_and_the_form_waits(
    page: Page, system: System, open_device: Callable[[View], BrowserContext]
) -> None:
    walk = Walk(page, system, "refer-later").facts(SCHOOL, KINGSTON, "9").on("Go on").tick("Not yet, or no").on()
    walk.at("Ask the family first", "not-yet").follow("Save it and ask the family first").at("Come back later", "save")
    address = page.locator("a", has_text="/refer/return/").get_attribute("href") or ""
    walk.open("/refer").at("A form was begun here", "begun")

    there = Walk(new_tab(open_device(LAPTOP)), system, "refer-back").open(
        address.removeprefix(system.settings.public_url)
    )
    there.at("Go on with your form", "return").type(Home_postcode_that_you_entered="KT2 5TT").on("Go on")
    there.wrong("This is not what was entered before. Try again", name="return")
    there.type(Home_postcode_that_you_entered=KINGSTON.lower()).on("Go on").at("Has the family agreed?").agreed()
    there.at("Who is the child?")
    walk.on("Delete it, and begin again").at("Who are you?")
    there.open("/refer/notes").at("This form is no longer here", "gone")


@both_ways
def test_a_professional_asks_for_advice_and_names_nobody(page: Page, system: System) -> None:
    walk = Walk(page, system, "advice").open("/").follow("Ask for advice").at("Ask for advice", "asker").on()
    walk.wrong("Choose who you are", name="asker").tick("I work with the family in another job").on()
    walk.at("Which borough is it about?", "borough").on().wrong("Choose the borough", name="borough")
    walk.tick("Kingston upon Thames").on().at("Families Apart can help", "answer").on("Go on")
    walk.at("What is your question?", "question").on().wrong("Enter your question", name="question")
    walk.type(Your_question="A made-up question").on().type(Your_name="Test Worker", What_you_do_there="Test Role")
    walk.type(Organisation="Test Organisation").type(**{"E-mail address at work": "worker@example.org"}).on()
    walk.at("Check your answers", "check").on("Send your question").at("Your question was sent", "sent")
    assert REFERENCE.fullmatch(walk.reference)


@views(LAPTOP)
def test_a_school_is_found_by_its_name_while_somebody_types(page: Page, system: System) -> None:
    walk = (
        Walk(page, system, "refer-find").facts(SCHOOL, RICHMOND, "9, 6").at("Which school does child 1 (aged 9) go to?")
    )
    field = page.get_by_role("combobox")
    field.press_sequentially("test sch")
    found = page.locator("datalist option")
    expect(found).to_have_count(1)
    field.fill(found.get_attribute("value") or "")
    walk.tick("They all go to this school").on().at("Families Apart can help")
    expect(page.get_by_text("“Have children who attend Kingston schools”")).to_be_visible()


@both_ways
def test_the_services_are_told_in_plain_words(page: Page, system: System) -> None:
    Walk(page, system, "services").open("/services").at("Services", "page")
    expect(page.get_by_text("Not confirmed")).to_have_count(3)


@views(LAPTOP)
def test_going_back_two_tabs_and_sending_twice_make_one_referral(page: Page, system: System) -> None:
    walk = Walk(page, system, "refer-twice").kingston()
    second = Walk(new_tab(page.context), system, "refer-twice-second").open("/refer/notes")
    second.type(Anything_else="A note from another tab").on().at("Check your answers")
    page.get_by_role("button", name="Send the referral").dblclick()
    walk.at("The referral was sent")
    reference = walk.reference

    second.on("Send the referral").at("The referral was sent")
    assert second.reference == reference
    second.open("/refer/notes").at("The referral was sent")
    page.go_back()
    walk.at("The referral was sent")
    assert walk.reference == reference
    walk.follow("Refer another family").at("Who are you?")


@views(LAPTOP)
def test_the_whole_form_is_filled_by_keyboard(page: Page, system: System) -> None:
    walk = Walk(page, system, "refer-keys").open("/refer/who")
    for role, name in (
        ("radio", SCHOOL),
        ("textbox", "What is the family’s home postcode?"),
        ("textbox", "How old are the children?"),
        ("radio", "Their mother or father"),
        ("radio", "In prison, after the sentence"),
    ):
        tab_to(page, role, name)
        if role == "radio":
            press(page, "Space")
        else:
            page.keyboard.type(KINGSTON if "postcode" in name else "9")
        before = page.url
        press(page, "Enter")
        expect(page).not_to_have_url(before)
    walk.at("Families Apart can help")


@views(ZOOMED)
def test_a_form_can_be_filled_at_four_times_the_size(page: Page, system: System) -> None:
    walk = Walk(page, system, "refer-zoomed").kingston(children=2).at("Check your answers", "check")
    walk.on("Send the referral").at("The referral was sent", "sent")


@both_ways
def test_after_a_while_the_form_asks_who_is_there(page: Page, system: System) -> None:
    walk = Walk(page, system, "refer-idle").facts(SCHOOL, KINGSTON, "9").at("Families Apart can help")
    an_hour_passes(system)
    walk.on("Go on").at("Are you still there?", "still-there").on("Go on")
    walk.wrong("This is not what was entered before. Try again", name="still-there")
    walk.type(Home_postcode_that_you_entered=KINGSTON).on("Go on").at("Has the family agreed?")


def an_hour_passes(system: System) -> None:
    """For all forms that wait: nobody has touched them since."""
    with create_engine(system.settings.database_url("referrals")).begin() as connection:
        connection.execute(sql("UPDATE drafts SET changed_at = datetime(changed_at, '-61 minutes')"))
