"""An agency's worker and the inbox: the list, a task with its family, every move; in all views, by keyboard, two at once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.browser import LAPTOP, LAPTOP_PLAIN, PHONE, View, each_way, every_view, new_tab, views
from tests.support.browser_checks import check_page
from tests.support.browser_keyboard import press, tab_to
from tests.support.families import child, family
from tests.support.people import signed_in
from tests.support.system import System, wait_until

AGENCY = "families-apart"
Json = dict[str, Any]


class Inbox:
    """The agency's inbox in the running system, and the API beside it."""

    def __init__(self, system: System, refer: Callable[[Json], Json], key: str) -> None:
        self.system, self.url = system, system.routing_url
        self._refer = refer
        self._headers = {"Authorization": f"Bearer {key}"}

    def sign_in(self, page: Page, name: str = "Test Worker") -> None:
        """Somebody of the agency, on the device of this page."""
        cookies = signed_in(self.system, "routing", AGENCY, "agency-worker", name)
        page.context.add_cookies([{"name": n, "value": v, "url": self.url} for n, v in cookies.items()])

    def task(self, *actions: str, body: Json | None = None) -> str:
        """The address of a new family's task, led on by these actions as the agency's program would."""
        self.referral = self._refer(body or family())
        query = {"reference": self.referral["reference"]}

        def there() -> list[Json]:
            answer = requests.get(f"{self.url}/v1/tasks", query, headers=self._headers, timeout=20)
            items: list[Json] = answer.json()["items"]
            return items

        task_id = wait_until(there, "the task")[0]["id"]
        for action in actions:
            self.act(task_id, action)
        return f"{self.url}/tasks/{task_id}"

    def act(self, task: str, action: str, **said: Any) -> None:
        address = f"{self.url}/v1/tasks/{task.rpartition('/')[2]}/{action}"
        answer = requests.post(address, json=said, headers=self._headers, timeout=20)
        assert answer.status_code == 200, answer.text

    def withdraw(self, referrer_key: str) -> None:
        """The family changes its mind about the last task's referral."""
        address = f"{self.system.referrals_url}/v1/referrals/{self.referral['id']}/withdrawal"
        headers = {"Authorization": f"Bearer {referrer_key}"}
        answer = requests.post(address, json={"reason": "family-declined"}, headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def inbox(system: System, refer: Callable[[Json], Json], demo_keys: dict[str, str]) -> Inbox:
    return Inbox(system, refer, demo_keys[AGENCY])


@every_view
def test_a_worker_reads_the_list_and_a_task_and_works_on_it_to_its_end(page: Page, inbox: Inbox) -> None:
    siblings = family(children=[child(9) | {"told": "no"}, child(6) | {"school": {"urn": "900001"}}])
    task = inbox.task(body=siblings)
    inbox.sign_in(page)
    page.goto(inbox.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    row = page.get_by_role("listitem").filter(has_text=inbox.referral["reference"])
    expect(row).to_contain_text("2 children, aged 9 and 6")
    check_page(page, "inbox")

    page.goto(task)
    expect(page.get_by_role("region", name="Before you make contact")).to_contain_text("does not know where")
    check_page(page, "task")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status")).to_have_text("Accepted")
    page.get_by_role("button", name="Start work").click()
    expect(page.get_by_role("status")).to_have_text("Work started")
    page.get_by_role("link", name="Finish").click()
    check_page(page, "task-finish")

    page.get_by_label("A note for your own organisation (optional)").fill("Made-up note of the end.")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a reason")
    check_page(page, "task-finish-wrong")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Intensive support")).to_be_focused()
    page.get_by_label("Mentoring").check()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("status")).to_have_text("Completed")
    expect(page.get_by_text("Made-up note of the end.")).to_be_visible()
    expect(page.get_by_text("The family’s details are not shown any more.")).to_be_visible()
    check_page(page, "task-completed")


@each_way
def test_every_other_question_about_a_task(page: Page, inbox: Inbox) -> None:
    inbox.sign_in(page, "Test Helper")
    page.goto(inbox.task())
    for link, name in (("Do not take it", "reject"), ("Put on hold", "hold"), ("Write a note", "note")):
        page.get_by_role("link", name=link).click()
        expect(page.get_by_role("button", name=link)).to_be_visible()
        check_page(page, f"task-{name}")
        page.get_by_role("link", name="Cancel").click()

    page.get_by_role("link", name="Assign to somebody else").click()
    check_page(page, "task-assign")
    mine = page.get_by_role("option").filter(has_text="Test Helper").last.get_attribute("value")
    page.get_by_label("Who works on it").select_option(mine)
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("Test Helper works on it")).to_be_visible()

    page.get_by_role("link", name="Ask the referrer").click()
    page.get_by_label("The child’s school").check()
    page.get_by_label("What the child has been told").check()
    check_page(page, "task-ask")
    page.get_by_role("button", name="Ask the referrer").click()
    expect(page.get_by_role("heading", name="You asked the referrer")).to_be_visible()
    check_page(page, "task-asked")


@each_way
def test_a_recalled_task_says_stop_and_nothing_else_until_it_is_confirmed(
    page: Page, inbox: Inbox, demo_keys: dict[str, str]
) -> None:
    task = inbox.task("accept")
    inbox.withdraw(demo_keys["referrer"])
    inbox.sign_in(page)
    wait_until(lambda: page.goto(task) and page.get_by_text("Stop. Do not contact the family.").count(), "the recall")
    for word in ("Test Child", "Test Parent", "Be residents"):
        assert word not in page.content()
    check_page(page, "task-recalled")

    page.get_by_role("button", name="Confirm that we have stopped").click()
    expect(page.get_by_text("There is nothing more to do.")).to_be_visible()
    check_page(page, "task-stopped")


@each_way
def test_room_and_workload(page: Page, inbox: Inbox) -> None:
    inbox.task("accept", "start")
    inbox.sign_in(page)
    page.goto(f"{inbox.url}/capacity")
    page.get_by_label("We have a waiting list").check()
    page.get_by_label("Day").fill("1")
    page.get_by_label("Month").fill("2")
    page.get_by_label("Year").fill("2020")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Name today or a later day")
    check_page(page, "capacity-wrong")
    page.get_by_label("Year").fill("2099")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Now: we have a waiting list, until the end of 1 February 2099.")).to_be_visible()
    check_page(page, "capacity")
    page.get_by_label("We have room").check()
    for part in ("Day", "Month", "Year"):
        page.get_by_label(part).fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved")

    page.goto(f"{inbox.url}/workload")
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    check_page(page, "workload")


@views(LAPTOP, PHONE)
def test_by_keyboard_alone(page: Page, inbox: Inbox) -> None:
    inbox.task()
    inbox.sign_in(page)
    page.goto(inbox.url)
    tab_to(page, "textbox", "Reference")
    page.keyboard.type(inbox.referral["reference"].lower())
    press(page, "Enter")
    tab_to(page, "link", inbox.referral["reference"])
    press(page, "Enter")
    tab_to(page, "button", "Accept")
    press(page, "Enter")
    expect(page.get_by_role("status")).to_have_text("Accepted")
    tab_to(page, "button", "Start work")
    press(page, "Enter")
    expect(page.get_by_role("status")).to_have_text("Work started")
    tab_to(page, "link", "Finish")
    press(page, "Enter")
    tab_to(page, "radio", "Support in a group")
    press(page, "Space")
    tab_to(page, "button", "Finish")
    press(page, "Enter")
    expect(page.get_by_role("status")).to_have_text("Completed")


@views(LAPTOP, LAPTOP_PLAIN, PHONE)
def test_of_two_workers_at_once_one_wins_and_the_other_loses_nothing(
    page: Page, view: View, inbox: Inbox, open_device: Callable[[View], BrowserContext]
) -> None:
    task = inbox.task()
    other = new_tab(open_device(LAPTOP))
    inbox.sign_in(page)
    inbox.sign_in(other, "Test Colleague")
    page.goto(f"{task}/reject")
    page.get_by_label("We have no room").check()
    page.get_by_label("A note for your own organisation (optional)").fill("Made-up note that must not be lost.")
    other.goto(task)
    other.get_by_role("button", name="Accept").click()
    expect(other.get_by_role("status")).to_have_text("Accepted")

    page.get_by_role("button", name="Do not take it").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else changed this task")
    expect(page.get_by_role("alert")).to_contain_text("Test Colleague")
    check_page(page, "task-changed")
    page.get_by_role("button", name="Keep it as a note").click()
    expect(page.get_by_role("status")).to_have_text("Note written")
    expect(page.get_by_text("Made-up note that must not be lost.")).to_be_visible()


@views(PHONE, LAPTOP_PLAIN)
def test_what_was_typed_waits_for_somebody_who_was_signed_out_meanwhile(page: Page, inbox: Inbox) -> None:
    inbox.sign_in(page)
    page.goto(f"{inbox.task()}/reject")
    page.get_by_label("We have no room").check()
    page.get_by_label("A note for your own organisation (optional)").fill("Made-up note that must not be lost.")
    page.context.clear_cookies(name=re.compile("waypost-routing"))
    page.get_by_role("button", name="Do not take it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You were signed out before this was sent")
    check_page(page, "not-sent")
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You were signed out before this was sent")

    inbox.sign_in(page)
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("status")).to_have_text("Not taken")
    expect(page.get_by_text("Made-up note that must not be lost.")).to_be_visible()


@views(LAPTOP)
def test_a_task_prints_as_one_page_without_what_only_a_screen_needs(page: Page, inbox: Inbox) -> None:
    inbox.sign_in(page)
    page.goto(inbox.task())
    page.emulate_media(media="print")
    expect(page.get_by_role("region", name="Before you make contact")).to_be_visible()
    expect(page.get_by_role("button", name="Accept")).to_be_hidden()
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
