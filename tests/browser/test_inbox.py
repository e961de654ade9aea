"""An agency's worker and the inbox: the list, a task with its family, every move; in all views, by keyboard, two at once."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.support.browser import every_view
from tests.support.browser_checks import check_page
from tests.support.families import family
from tests.support.people import signed_in
from tests.support.system import System, wait_until

AGENCY = "families-apart"
Refer = Callable[[dict[str, Any]], dict[str, Any]]
Inbox = Callable[..., None]


@pytest.fixture
def inbox(system: System) -> Inbox:
    """Signs somebody of the agency in on the device of a page."""

    def sign_in(page: Page, name: str = "Test Worker") -> None:
        cookies = signed_in(system, "routing", AGENCY, "agency-worker", name)
        page.context.add_cookies([{"name": n, "value": v, "url": system.routing_url} for n, v in cookies.items()])

    return sign_in


@pytest.fixture
def task(system: System, refer: Refer, demo_keys: dict[str, str]) -> Callable[..., str]:
    """The agency's task for a new family, by id."""

    def of(body: dict[str, Any] | None = None) -> str:
        referral = refer(body or family())
        query = {"reference": referral["reference"]}
        headers = {"Authorization": f"Bearer {demo_keys[AGENCY]}"}

        def there() -> list[Any]:
            answer = requests.get(f"{system.routing_url}/v1/tasks", query, headers=headers, timeout=20)
            items: list[Any] = answer.json()["items"]
            return items

        return str(wait_until(there, "the task")[0]["id"])

    return of


@every_view
def test_a_worker_reads_the_list_and_a_task_and_accepts_it(
    page: Page, system: System, inbox: Inbox, task: Callable[..., str]
) -> None:
    task_id = task()
    inbox(page)
    page.goto(system.routing_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    check_page(page, "inbox")

    page.goto(f"{system.routing_url}/tasks/{task_id}")
    expect(page.get_by_role("heading", name="Before you make contact")).to_be_visible()
    check_page(page, "task")

    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status")).to_have_text("Accepted")
    check_page(page, "task-accepted")
