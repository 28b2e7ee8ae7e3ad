"""200 rows from a file, 12 of them wrong: what is wrong is said by line, left out knowingly, and the rest is done."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Desk
from tests.chaos.test_bulk_runs import HOLDER
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.prove]
GOOD, BAD = 188, 12
WHO = ["--as", "demo", "--reason", "Suspicious pattern on one BIN"]


@pytest.fixture(scope="module")
def cards(stack: Stack) -> list[str]:
    """Active cards of one account, in the mirror."""
    name = ["--country", "US", "--business-type", "individual", "--first-name", "Jonas", "--last-name", "Aaltonen"]
    account = stack.command("create_account", *WHO, "--email", "j@example.com", *name).split()[0]
    stack.command("fill_test_values", account, *WHO)
    holder = stack.stripe("POST", "/v1/issuing/cardholders", urlencode(HOLDER), account)["id"]
    body = urlencode({"cardholder": holder, "currency": "usd", "type": "virtual", "status": "active"})
    made = [stack.stripe("POST", "/v1/issuing/cards", body, account)["id"] for _ in range(GOOD)]
    wait_until(lambda: stack.ask(f"Card.objects.filter(account='{account}').count()") == GOOD, 90, "in the mirror")
    return made


@pytest.mark.parametrize(("width", "scheme", "verb"), [(1440, "light", "deactivate")])
def test_two_hundred_rows_from_a_file(
    browser: Browser, stack: Stack, cards: list[str], tmp_path: Path, width: int, scheme: str, verb: str
) -> None:
    lines = list(cards)
    for number in range(BAD):
        lines.insert(number * 16, f"ic_nothing{number}" if number else "<b>\u202eodd")
    file = tmp_path / "rows.csv"
    file.write_text("id\n" + "\n".join(lines) + "\n")
    desk = Desk(browser, stack, scheme=scheme, width=width)
    page = desk.sign_in()
    page.goto("/console/bulkrun/")
    page.get_by_role("link", name="From a file").first.click()  # an empty list offers it twice
    page.get_by_label("What to do").select_option(f"issuing.{verb}_card")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text(f"{GOOD} of 200. {GOOD} calls to Stripe")).to_be_visible()
    page.get_by_role("link", name="Wrong in the file").click()
    expect(page.locator("tbody tr")).to_have_count(BAD)
    expect(page.locator("tbody")).to_contain_text("There is no card “ic_nothing1” here.")
    desk.picture(f"bulk-draft-{width}")
    fits(page, width)

    page.get_by_label("Reason").fill("Suspicious pattern on one BIN")
    begin = page.get_by_role("button", name=f"{verb.capitalize()} card for {GOOD} cards")
    begin.click()
    expect(page.get_by_role("alert")).to_contain_text("Rows that are wrong: 12")
    expect(page.get_by_label("Reason")).to_have_value("Suspicious pattern on one BIN")
    desk.complaints.clear()  # the answer was 422, as it should be
    page.get_by_label("Leave out the 12 rows").check()
    begin.click()
    expect(page.get_by_role("heading", name=f"{GOOD} of {GOOD} answered")).to_be_visible(timeout=120_000)
    page.reload()
    expect(page.locator(".heading")).to_contain_text("Ended")
    desk.picture(f"bulk-run-{width}")
    fits(page, width)
    status = "inactive" if verb == "deactivate" else "active"
    wait_until(lambda: stack.ask(f"Card.objects.filter(pk__in={cards}, status='{status}').count()") == GOOD, 60, status)
    assert desk.complaints == []


def fits(page: Any, width: int) -> None:
    """Nothing scrolls sideways."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
