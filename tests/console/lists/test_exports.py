"""Lists as files: the same columns, rows and masks as on the page; for whom, and what the trail keeps of it."""

import csv
import io
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from console.jobs.models import Job
from console.lists import exports_rows
from console.people import masking
from console.people.models import User
from console.record.models import AuditEntry
from console.viewing.models import AccessEntry
from tests.console.lists.exporting import export, read_csv, read_xlsx
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as, work

pytestmark = pytest.mark.django_db
SAME = "2999-01-01T00:00:00+00:00,x"  # a place at which the list never ends


@pytest.fixture
def cards() -> None:
    """Three cards, of two accounts."""
    known_accounts()
    for place, account in enumerate((ACCOUNT, ACCOUNT, OTHER_ACCOUNT)):
        holder = rows.cardholder(account, name=f"Holder {place}", email=f"h{place}@kestrel.example")
        rows.card(holder, account, last4=f"000{place}", status=("active", "inactive", "active")[place])


def allow(user: User, *names: str) -> None:
    """Give somebody these permissions and no role."""
    for name in names:
        app, _, codename = name.partition(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))


def test_filters_and_search_narrow_the_file_as_the_page(cards: None) -> None:
    client = browser("sam")
    assert len(read_csv(export(client, "issuing.card"))) == 3
    assert [row["Card"] for row in read_csv(export(client, "issuing.card", status="inactive"))] == ["•• 0001"]
    assert [row["Card"] for row in read_csv(export(client, "issuing.card", q="0002"))] == ["•• 0002"]
    one = client.post("/exports/issuing.card", {"format": "csv", "query": urlencode({"account": OTHER_ACCOUNT})})
    assert [row["Account id"] for row in read_csv(one)] == [OTHER_ACCOUNT]


def test_the_page_of_a_list_does_not_narrow_its_file(cards: None) -> None:
    client = browser("sam")
    page = client.get("/issuing/card/?older=2020-01-01T00:00:00%2B00:00,x")
    assert page.context["cl"].result_count == 0
    assert page.context["export"]["query"] == ""
    assert len(read_csv(export(client, "issuing.card", older="2020-01-01T00:00:00+00:00,x"))) == 3


def test_a_list_viewed_as_an_account_holds_that_account_alone(cards: None) -> None:
    client = browser("sam")
    view_as(client)
    found = read_csv(export(client, "issuing.card", account=ACCOUNT))
    assert {row["Card"] for row in found} == {"•• 0000", "•• 0001"}
    assert AccessEntry.objects.filter(path=f"/{ACCOUNT}/exports/issuing.card").exists()


def test_another_accounts_id_in_the_address_is_refused(cards: None) -> None:
    client = browser("sam")
    view_as(client)
    path = f"/{OTHER_ACCOUNT}/exports/issuing.card"
    drawn_for_mine = client.post(path, {"format": "csv", "for_account": ACCOUNT})
    without_session = client.post(path, {"format": "csv", "for_account": OTHER_ACCOUNT})
    assert (drawn_for_mine.status_code, without_session.status_code) == (403, 403)
    assert not AuditEntry.objects.filter(action="export.made").exists()


def test_personal_data_is_masked_as_on_the_page(cards: None) -> None:
    for name, seen in (("vera", False), ("sam", True)):
        assert person(name).has_perm("accounts.view_pii") is seen
        emails = {row["E-mail"] for row in read_csv(export(browser(name), "issuing.cardholder"))}
        assert emails == {masking.email(f"h{place}@kestrel.example", may_see=seen) for place in range(3)}


def test_a_reason_that_quotes_an_address_is_masked_in_the_file() -> None:
    known_accounts()
    view_as(browser("sam"), reason="Called by jo@kestrel.example about a card")
    reader = User.objects.create(username="rita", is_staff=True)
    allow(reader, "console.view_worksession", "console.view_auditentry", "console.export_lists")
    mine = Client()
    mine.force_login(reader)
    for name in ("console.worksession", "console.auditentry"):
        assert "jo@kestrel.example" in export(browser("otto"), name).getvalue().decode()
        text = export(mine, name).getvalue().decode()
        assert "jo@kestrel.example" not in text
        assert "Called by •••" in text


def test_numbers_stay_numbers_and_moments_are_moments(cards: None) -> None:
    rows.transaction(None, amount=-12345, currency="usd", created=1_790_000_000, merchant_data={"name": "Shop"})
    rows.transaction(None, amount=500, currency="jpy", created=1_789_999_999)
    client, at = browser("sam"), datetime.fromtimestamp(1_790_000_000, UTC)
    usd, jpy = read_xlsx(export(client, "issuing.transaction", "xlsx"))
    assert (usd["Amount"], usd["Currency"], jpy["Amount"], jpy["Currency"]) == (-123.45, "USD", 500, "JPY")
    assert usd["Created, UTC"] == at.replace(tzinfo=None)
    assert isinstance(usd["Transaction id"], str)
    usd, jpy = read_csv(export(client, "issuing.transaction"))
    assert (usd["Amount"], jpy["Amount"], usd["Created, UTC"]) == ("-123.45", "500", f"{at:%Y-%m-%dT%H:%M:%S}Z")


def test_the_trail_tells_who_took_what(cards: None) -> None:
    answer = export(browser("sam"), "issuing.card", status="active")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="cards_sandbox_2')
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert trail() == [("export.begun", 2)]
    answer.getvalue()
    assert trail() == [("export.begun", 2), ("export.made", 2)]
    entry = AuditEntry.objects.get(action="export.made")
    assert (entry.user_name, entry.subject) == ("sam", "issuing.card")
    wanted = {
        "list": "issuing.card",
        "filter": "status=active",
        "format": "csv",
        "rows": 2,
        "personal_data": "unmasked",
    }
    assert entry.detail == wanted


def over(answer: Any) -> None:
    """What the server does with an answer that is over, without the end of the test's connection."""
    for close in answer._resource_closers:
        close()


def trail() -> list[tuple[str, int]]:
    """What the trail has of exports: the action, and the rows."""
    found = AuditEntry.objects.filter(action__startswith="export.").order_by("number")
    return [(entry.action, entry.detail["rows"]) for entry in found]


def test_a_file_that_is_broken_off_says_behind_how_many_rows(cards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports_rows, "PART", 1)
    answer = export(browser("sam"), "issuing.card")
    parts = answer._iterator
    for _ in range(3):  # the headings, and two rows of which the second was not asked past
        next(parts)
    over(answer)
    over(answer)
    assert trail() == [("export.begun", 3), ("export.broken_off", 1)]


def test_one_that_nobody_took_is_broken_off(cards: None) -> None:
    over(export(browser("sam"), "issuing.card"))
    assert trail() == [("export.begun", 3), ("export.broken_off", 0)]


def test_one_that_fails_on_the_way_is_broken_off(cards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports_rows, "PART", 1)
    answer = export(browser("sam"), "issuing.card")
    monkeypatch.setattr("console.lists.keyset._mark", lambda *_: SAME)
    with pytest.raises(exports_rows.NoPlace):
        answer.getvalue()
    assert trail() == [("export.begun", 3), ("export.broken_off", 1)]


def test_a_workbook_is_whole_before_it_is_recorded(cards: None) -> None:
    export(browser("sam"), "issuing.card", "xlsx")
    assert trail() == [("export.made", 3)]


@pytest.mark.parametrize(
    ("posted", "status"),
    [
        ({"format": "pdf"}, 400),
        ({}, 400),
        ({"format": "csv", "query": "email__startswith=a"}, 400),
        ({"format": "csv", "query": "account__name__regex=(a%2B)%2B"}, 400),
        ({"format": "csv", "query": "nothing=1"}, 400),
        ({"format": "csv", "query": "q=" + "a" * 5000}, 400),
        ({"format": "csv", "query": "status=no_such"}, 200),
        ({"format": "csv", "query": "&&&=%ff%00;older=x"}, 400),
    ],
)
def test_what_the_list_does_not_take_is_refused(posted: dict[str, str], status: int, cards: None) -> None:
    answer = browser("sam").post("/exports/issuing.card", posted)
    assert (answer.status_code, answer.streaming and bool(answer.getvalue())) == (status, status == 200)
    assert AuditEntry.objects.filter(action="export.made").count() == (status == 200)


def test_who_may_not_see_a_list_or_export_any_gets_none(cards: None) -> None:
    looker = User.objects.create(username="lou", is_staff=True)
    allow(looker, "issuing.view_card")
    client = Client()
    client.force_login(looker)
    page = client.get("/issuing/card/")
    assert (page.status_code, page.context["export"]) == (200, None)
    assert export(client, "issuing.card").status_code == 403
    assert export(browser("sam"), "console.auditentry").status_code == 403
    assert export(browser("sam"), "console.user").status_code == 404
    assert browser("sam").get("/exports/issuing.card").status_code == 405


def test_an_empty_list_is_a_line_of_headings() -> None:
    known_accounts()
    for form, read in (("csv", read_csv), ("xlsx", read_xlsx)):
        assert read(export(browser("sam"), "issuing.card", form)) == []


def test_parts_meet_without_a_gap_or_a_double(cards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    rows.many(9)
    monkeypatch.setattr(exports_rows, "PART", 4)
    found = [row["Card id"] for row in read_csv(export(browser("sam"), "issuing.card"))]
    assert len(found) == len(set(found)) == 12


def test_rows_that_come_meanwhile_are_left_out_and_none_is_lost(cards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports_rows, "PART", 1)
    answer = export(browser("sam"), "issuing.card")
    parts = iter(answer.streaming_content)
    began = next(parts) + next(parts)
    rows.card(rows.cardholder(), last4="9999")
    text = (began + b"".join(parts)).decode("utf-8-sig")
    assert [row["Card"] for row in csv.DictReader(io.StringIO(text))] == ["•• 0002", "•• 0001", "•• 0000"]


def test_more_rows_than_are_streamed_lead_to_a_job(cards: None, settings: Any) -> None:
    settings.EXPORT_STREAM_ROWS = 2
    client = browser("sam")
    first, again = export(client, "issuing.card"), export(client, "issuing.card")
    job = Job.objects.get()
    assert (first.status_code, first.url, again.url) == (303, f"/jobs/{job.pk}", f"/jobs/{job.pk}")
    work(client)
    of_account = export(client, "issuing.card", account=ACCOUNT)
    assert of_account.status_code == 200, "two rows are streamed"


def test_a_row_without_a_place_ends_the_file_in_a_sentence(cards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports_rows, "PART", 1)
    shown = exports_rows.of(person("sam"), "issuing.card", "")
    monkeypatch.setattr("console.lists.keyset._mark", lambda *_: SAME)
    with pytest.raises(exports_rows.NoPlace):
        list(shown.parts())
