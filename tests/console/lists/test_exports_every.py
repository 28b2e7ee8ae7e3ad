"""Every list as a file: its columns, every row in its order, and no query a row."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from console.lists import exports_rows
from console.lists.admin import ListedAdmin
from tests.console.lists.exporting import export, read_csv, read_xlsx
from tests.issuing import rows
from tests.keeping import once
from tests.people import ACCOUNT, browser, person, view_as
from tests.world import made

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]
world = once(made)


class Headings(HTMLParser):
    """The headings of a page's list."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "th" and dict(attrs).get("scope") == "col":
            self.inside = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "th"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found[-1] += data.strip()


def headings(page: Any) -> list[str]:
    """Those with a name: the boxes of rows have none."""
    parser = Headings()
    parser.feed(page.content.decode())
    return [name for name in parser.found if name]


NAMES = sorted(exports_rows.lists())


LISTED = sorted(name for name, its in exports_rows.lists().items() if isinstance(its, ListedAdmin))


def test_every_list_can_be_exported() -> None:
    from console.lists.declared import ListAdmin

    assert {model._meta.label_lower for model in admin.site._registry} == set(NAMES)
    assert all(isinstance(its, ListAdmin) and its.exported() for its in admin.site._registry.values())  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_an_export_has_the_columns_of_its_list_and_no_other(name: str) -> None:
    its: Any = exports_rows.lists()[name]
    request = RequestFactory().get("/")
    request.user = person("ana")
    shown = [each for each in its.get_list_display(request) if each != "action_checkbox"]
    labels = [admin.utils.label_for_field(each, its.model, its) for each in shown if isinstance(each, str)]
    labels += [each.short_description for each in shown if not isinstance(each, str)]
    assert {str(label).casefold() for label in labels} == {each.heading.casefold() for each in its.exported()}
    titles = [each.title for each in its.exported()]
    assert len(set(titles)) == len(titles)


PATHS = {
    "issuing.cardholder": "issuing/cardholders",
    "issuing.card": "issuing/cards",
    "issuing.authorization": "issuing/authorizations",
    "issuing.transaction": "issuing/transactions",
    "issuing.topup": "topups",
}


@pytest.mark.parametrize("name", LISTED)
def test_an_export_of_one_account_has_the_columns_of_its_page(name: str, world: Any) -> None:
    client, its = browser("sam"), exports_rows.lists()[name]
    view_as(client)
    page = client.get(f"/{ACCOUNT}/{PATHS[name]}")
    assert page.status_code == 200
    columns = its.listing.columns_of_account()  # type: ignore[attr-defined]
    assert set(headings(page)) == {each.heading for each in columns}
    assert [row["Account id"] for row in read_csv(export(client, name, account=ACCOUNT)) if "Account id" in row] == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_holds_every_row_of_its_list_in_its_order(name: str, form: str, world: Any) -> None:
    client, its = browser("ana"), exports_rows.lists()[name]
    page = client.get(f"/{name.replace('.', '/')}/")
    found = (read_csv if form == "csv" else read_xlsx)(export(client, name, form))
    listed = [str(row.pk) for row in page.context["cl"].result_list]
    assert 0 < len(found) == len(listed)
    column = next((each for each in its.exported() if each.read(page.context["cl"].result_list[0]) == listed[0]), None)
    if column:
        assert [str(row[column.title]) for row in found] == listed


@pytest.mark.parametrize("name", NAMES)
def test_a_file_costs_no_query_a_row(name: str, world: Any) -> None:
    client = browser("ana")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            export(client, name).getvalue()
        return len(queries)

    cost()
    before = cost()
    rows.many(12)
    assert cost() <= before + 2  # what was exported is in the trail, and counted there
    assert before <= 25
