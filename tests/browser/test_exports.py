"""A list is taken out of the console as a file, at once and by a job, and opened by a spreadsheet library."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ON_A_PHONE, Desk
from tests.stack import Stack

pytestmark = pytest.mark.browser


def export(page: Page, form: str) -> None:
    """Two clicks."""
    page.locator("summary", has_text="Export").click()
    page.get_by_role("button", name=form, exact=True).click()


def test_a_list_is_taken_out_as_a_file(browser: Browser, furnished: Stack, tmp_path: Path) -> None:
    furnished.ask("Authorization.objects.update(merchant_name='=HYPERLINK(\"https://evil.example\")')")
    furnished.ask("Cardholder.objects.update(email='jo@kestrel.example')")
    desk = Desk(browser, furnished)
    page = desk.sign_in("vera")
    page.goto("/issuing/authorization/?outcome=declined")
    listed = page.locator("#result_list tbody tr").count()
    with page.expect_download() as begun:
        export(page, "CSV")
    begun.value.save_as(tmp_path / "a.csv")
    found = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert (begun.value.suggested_filename[:23], len(found)) == ("authorizations_sandbox_", listed)
    assert {row["Merchant"] for row in found} == {'\'=HYPERLINK("https://evil.example")'}
    assert {row["Outcome"] for row in found} == {"Declined"}

    page.goto("/issuing/cardholder/")
    shown = page.locator("#result_list tbody tr").first.inner_text()
    with page.expect_download() as begun:
        export(page, "Excel (XLSX)")
    begun.value.save_as(tmp_path / "h.xlsx")
    head, first, *_ = openpyxl.load_workbook(tmp_path / "h.xlsx").active.iter_rows(values_only=True)
    row = dict(zip(head, first, strict=True))
    assert row["Cardholder id"] in shown
    assert row["E-mail"] in shown, "masked as on the page"
    assert "•••" in row["E-mail"]
    assert desk.complaints == []
    desk.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), ON_A_PHONE])
def test_a_long_list_is_made_by_a_job(
    browser: Browser, furnished: Stack, tmp_path: Path, width: int, scheme: str
) -> None:
    desk = Desk(browser, furnished, width=width, scheme=scheme)
    page = desk.sign_in()
    job = furnished.command(
        "job", "export", "--set", "list=issuing.card", "--set", "format=xlsx", "--as", "demo"
    ).strip()
    page.goto("/jobs/")
    page.locator(f'#result_list a[href="/jobs/{job}"]').click()
    expect(page.get_by_role("heading", name="Cards, Excel (XLSX)")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Done", timeout=30_000)  # the page looks again by itself
    with page.expect_download() as begun:
        page.get_by_role("button", name="Download").click()
    begun.value.save_as(tmp_path / "c.xlsx")
    rows = openpyxl.load_workbook(tmp_path / "c.xlsx").active.max_row - 1
    assert rows == furnished.ask("Card.objects.count()")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    desk.picture(f"job-{width}")
    assert desk.complaints == []
    desk.context.close()
