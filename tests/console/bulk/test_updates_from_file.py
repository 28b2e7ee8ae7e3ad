"""Updates from a file: each row its own values, before and after said before anything is sent."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from console.bulk import batches, effects, engine
from console.bulk.models import BulkRow, BulkRun
from console.operations import verbs
from console.operations.models import Operation
from tests.answers import check_page
from tests.issuing import rows
from tests.issuing.acting import run as command
from tests.issuing.conftest import issuing_account, make_card, make_cardholder
from tests.people import browser, known_accounts
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
CARD, HOLDER = "issuing.update_card", "issuing.update_cardholder"
REASON = "New limits of the fleet for December"
LIMIT = {"spending_limits": [{"amount": 50000, "interval": "monthly", "categories": []}]}


@pytest.fixture
def otto(db: None) -> Client:
    known_accounts()
    return browser("otto")


def sent(client: Client, text: str, verb: str) -> Any:
    file = SimpleUploadedFile("rows.csv", text.encode(), "text/csv")
    return client.post("/bulk-runs/from-file", {"verb": verb, "file": file, "form_token": "a" * 32})


def row_at(place: int) -> BulkRow:
    return BulkRow.objects.get(position=place)


def test_each_row_says_what_it_changes_before_and_after(otto: Client) -> None:
    limited, free = rows.card(spending_controls=LIMIT), rows.card()
    text = (
        "id,spending_limits,blocked_categories\n"
        f"{limited.pk},200 monthly; 50 daily book_stores,\n"
        f'{free.pk},,"betting_casino_gambling, book_stores"\n'
    )
    answer = sent(otto, text, CARD)
    assert answer.status_code == 303, answer.content.decode()
    run = BulkRun.objects.get()
    assert run.outcomes() == {"waiting": 2}, list(BulkRow.objects.values_list("why", flat=True))
    assert row_at(2).params == {
        "spending_limits": [
            {"amount": "200.00", "interval": "monthly", "categories": []},
            {"amount": "50.00", "interval": "daily", "categories": ["book_stores"]},
        ]
    }
    page = otto.get(answer["Location"])
    check_page(page)
    effect = {row.position: row.effect for row in page.context["rows"]}
    before, _, after = effect[2].partition(" → ")
    assert before == "Limits: 500.00 USD a month"
    assert "200.00 USD a month" in after
    assert effect[3].startswith("Never these categories: none → ")
    assert not Operation.objects.exists()


def test_what_a_row_leaves_empty_stays_and_what_is_so_already_is_left_out(otto: Client) -> None:
    card, same = rows.card(spending_controls=LIMIT), rows.card(spending_controls=LIMIT)
    sent(otto, f"id,spending_limits,allowed_merchant_countries\n{card.pk},,US\n{same.pk},500 monthly,\n", CARD)
    assert row_at(2).params == {"allowed_merchant_countries": ["US"]}
    assert (row_at(3).state, row_at(3).why) == ("left_out", "Nothing would change.")


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ("spending_limits\n{0},200", "Give an amount and an interval"),
        ("spending_limits\n{0},200 fortnightly", "No such interval: fortnightly."),
        ("spending_limits\n{0},0 monthly", "Do it on its own page."),
        ("blocked_categories\n{0},gamblin", "Stripe has no category gamblin."),
    ],
)
def test_a_wrong_line_says_why(otto: Client, cells: str, why: str) -> None:
    sent(otto, f"id,{cells.format(rows.card().pk)}\n", CARD)
    assert row_at(2).state == "bad"
    assert why in row_at(2).why


@pytest.mark.parametrize(
    ("verb", "column", "why"),
    [
        (CARD, "lift", "There is no column “lift” for this. There are: id, spending_limits, allowed_categories,"),
        (HOLDER, "colour", "There is no column “colour” for this. There are: id, email, phone_number,"),
        (HOLDER, "dob", "There can be no column “dob”: such values are never stored."),
        (HOLDER, "tax_id", "There can be no column “tax_id”: such values are never stored."),
    ],
)
def test_columns_that_there_are_not_are_refused_in_words(otto: Client, verb: str, column: str, why: str) -> None:
    answer = sent(otto, f"id,{column}\nic_1,x\n", verb)
    assert (answer.status_code, why in answer.content.decode()) == (422, True)
    assert not BulkRun.objects.exists()


def test_personal_values_are_masked_for_who_may_not_see_them(otto: Client) -> None:
    holder = rows.cardholder(email="old@kestrel.example")
    sent(otto, f"id,email,city\n{holder.pk},new@kestrel.example,\n", HOLDER)
    assert row_at(2).params == {"email": "new@kestrel.example"}
    url = BulkRun.objects.get().get_absolute_url()
    assert "email: old@kestrel.example → new@kestrel.example" in otto.get(url).context["rows"][0].effect
    hidden = browser("vera").get(url)
    assert "email: ••• → •••" in hidden.context["rows"][0].effect
    assert "kestrel.example" not in hidden.content.decode()


@pytest.mark.parametrize("typed", ["jane@kestrel.example", "Jane Kestrel", "415 555 0123"])
def test_what_a_line_has_in_the_place_of_an_id_is_masked_as_personal(otto: Client, typed: str) -> None:
    sent(otto, f"id,city\n{typed},Oslo\nich_1NotHere,Oslo\n", HOLDER)
    url = BulkRun.objects.get().get_absolute_url()
    assert f"There is no cardholder “{typed}” here." in otto.get(url).context["rows"][0].said
    hidden = browser("vera").get(url)
    assert hidden.context["rows"][0].said == "There is no cardholder “•••” here."
    assert typed not in hidden.content.decode()
    assert "ich_1NotHere" in hidden.content.decode()


def test_a_run_over_them_changes_each(sandbox: SandboxProcess, db: None) -> None:
    account, client = issuing_account(), browser("otto")
    cards = [make_card(account) for _ in range(2)]
    url = sent(client, f"id,spending_limits\n{cards[0].pk},75 daily\n{cards[1].pk},90 weekly\n", CARD)["Location"]
    assert client.post(url, {"act": "begin", "reason": REASON, "form_token": "b" * 32}).status_code == 303
    run = BulkRun.objects.get()
    engine.work(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.outcomes()) == ("ended", {"succeeded": 2})
    found = []
    for card in cards:
        card.refresh_from_db()
        found += [(each["amount"], each["interval"]) for each in card.data["spending_controls"]["spending_limits"]]
    assert found == [(7500, "daily"), (9000, "weekly")]


@pytest.mark.parametrize("part", ["line1", "line2"])  # one that was there, and one that was not
def test_a_line_sets_nothing_back_that_was_changed_since(part: str, sandbox: SandboxProcess, db: None) -> None:
    account, client = issuing_account(), browser("otto")
    moved, stayed = make_cardholder(account), make_cardholder(account)
    url = sent(client, f"id,city\n{moved.pk},Dallas\n{stayed.pk},Dallas\n", HOLDER)["Location"]
    stood = {name: value for name, value in moved.data["billing"]["address"].items() if value}
    address = {**stood, part: "77 Other Street"}
    moved.update(key="another", params={"billing": {"address": address}})
    assert client.post(url, {"act": "begin", "reason": REASON, "form_token": "b" * 32}).status_code == 303
    engine.work(str(BulkRun.objects.get().pk))
    moved.refresh_from_db()
    stayed.refresh_from_db()
    assert (moved.data["billing"]["address"][part], stayed.data["billing"]["address"]["city"]) == (
        "77 Other Street",
        "Dallas",
    )
    assert (row_at(2).state, row_at(3).state) == ("denied", "given")
    assert row_at(2).why == f"{batches.CHANGED_SINCE} ({part})."


def test_the_command_says_before_and_after(otto: Client, tmp_path: Path) -> None:
    holder, path = rows.cardholder(), tmp_path / "rows.csv"
    path.write_text(f"id,line1\n{holder.pk},2 Main St\n")
    code, out, _ = command("bulk_run", HOLDER, "--file", str(path), "--dry-run")
    assert code == 0
    assert f"line 2 {holder.pk}: billing[address][line1]: 1 Main St → 2 Main St" in out
    assert not BulkRun.objects.exists()
    assert command("bulk_run", HOLDER, "--file", str(path))[0] == 0
    assert BulkRun.objects.get().state == "running"


def test_no_form_for_many_begins_one(otto: Client) -> None:
    assert otto.get(f"/bulk/{CARD}/", {"id": [rows.card().pk, rows.card().pk]}).status_code == 400
    assert effects.of_row(verbs.get(CARD), None, {}, may_see=True) == ""
