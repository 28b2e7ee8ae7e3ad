"""A run is weighed by what its rows carry, and a row that changed after a second person was asked is not sent."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console.approvals import deciding, exact
from console.approvals.models import Approval
from console.bulk import engine, runs
from console.bulk import rows as bulk_rows
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import Denied
from console.operations import verbs
from console.operations.models import Operation
from issuing.cards.models import Card
from tests.answers import check_page
from tests.console.bulk.test_updates_from_file import CARD, HOLDER, REASON, otto, row_at, sent
from tests.issuing import rows
from tests.issuing.acting import run as command
from tests.issuing.conftest import issuing_account, make_card, make_cardholder
from tests.people import browser, person
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
__all__ = ["otto"]
TOGETHER = "Limits raised to more than 10,000.00 USD together need a second person: these rows are 12,000.00 USD."
LARGEST = "A limit raised to more than 10,000.00 USD needs a second person."
TOLD = "12,000.00 USD together in 2 rows, the largest 6,000.00 USD"


def limits(*amounts: int, cards: list[Card] | None = None) -> str:
    chosen = cards or [rows.card() for _ in amounts]
    return "id,spending_limits\n" + "".join(
        f"{card.pk},{each} monthly\n" for card, each in zip(chosen, amounts, strict=True)
    )


def begin(client: Client, url: str) -> Any:
    return client.post(url, {"act": "begin", "reason": REASON, "form_token": "b" * 32})


def asked(client: Client, text: str, verb: str = CARD) -> tuple[BulkRun, Approval]:
    assert begin(client, sent(client, text, verb)["Location"]).status_code == 303
    run = BulkRun.objects.get()
    assert run.state == "draft"
    return run, Approval.objects.get()


def approve(approval: Approval) -> None:
    approval.refresh_from_db()
    now = exact.read(approval.operation)
    assert now
    deciding.approve(approval, user=person("ana"), seen=now.seen)


@pytest.mark.parametrize(
    ("amounts", "why"), [((4000, 5000), ""), ((6000, 6000), TOGETHER), ((10, 10001), LARGEST), ((10001,), LARGEST)]
)
def test_rows_that_are_too_much_together_or_alone_wait_for_a_second_person(
    otto: Client, amounts: tuple[int, ...], why: str
) -> None:
    url = sent(otto, limits(*amounts), CARD)["Location"]
    assert (why in otto.get(url).content.decode(), otto.get(url).context["second"]) == (True, why)
    begin(otto, url)
    run = BulkRun.objects.get()
    assert run.state == ("draft" if why else "running")
    assert [each.why for each in Approval.objects.all()] == ([why] if why else [])


def test_draft_approval_and_command_say_what_it_is_together(otto: Client, tmp_path: Path) -> None:
    text = limits(6000, 6000)
    run, approval = asked(otto, text)
    draft = otto.get(run.get_absolute_url())
    check_page(draft)
    assert f"Limits raised to: <b>{TOLD}</b>" in draft.content.decode()
    page = browser("ana").get(f"/approvals/{approval.pk}")
    check_page(page)
    assert ["Limits raised to", TOLD] in page.context["facts"]
    path = tmp_path / "rows.csv"
    path.write_text(text)
    status, out, _ = command("bulk_run", CARD, "--file", str(path), "--dry-run")
    assert (status, f"Limits raised to: {TOLD}." in out, TOGETHER in out) == (0, True, True)
    status, out, err = command("bulk_run", CARD, "--file", str(path))
    assert (status, "it waits for a second person" in err) == (3, True)


def test_failed_rows_are_not_tried_again_where_they_are_too_much_together(otto: Client) -> None:
    begin(otto, sent(otto, limits(4000, 4000), CARD)["Location"])
    run = BulkRun.objects.get()
    runs.stop(run, person("otto"))
    BulkRow.objects.update(state="denied", params={"spending_limits": [{"amount": "6000", "interval": "monthly"}]})
    with pytest.raises(Denied, match="together need a second person"):
        runs.retry(run, person("otto"))


def test_a_stopped_run_that_was_approved_yesterday_does_not_go_on_without_a_second_person(otto: Client) -> None:
    run, approval = asked(otto, limits(6000, 6000))
    approve(approval)
    run.refresh_from_db()
    runs.stop(run, person("otto"))
    assert runs.resume(run, person("otto")).state == "running"
    runs.stop(run, person("otto"))
    Operation.objects.update(approved_at=timezone.now() - timedelta(hours=25))
    with pytest.raises(Denied, match=r"these rows are 12,000\.00 USD\. Begin a run of its own for them\."):
        runs.resume(BulkRun.objects.get(pk=run.pk), person("otto"))


def test_a_run_that_goes_on_when_its_approval_is_over_stops_by_itself(otto: Client) -> None:
    run, approval = asked(otto, limits(6000, 6000))
    approve(approval)
    Operation.objects.update(approved_at=timezone.now() - timedelta(hours=25))
    engine.work(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.outcomes()) == ("stopped", {"waiting": 2})
    assert run.why == f"{TOGETHER} The word of the one who approved it stands no more."


@pytest.fixture
def cards(sandbox: SandboxProcess, db: None) -> list[Card]:
    account = issuing_account()
    return [make_card(account) for _ in range(3)]


def test_a_row_that_changed_since_it_was_asked_for_is_not_sent_and_the_others_are(cards: list[Card]) -> None:
    client = browser("otto")
    run, approval = asked(client, limits(5000, 5000, 5000, cards=cards))
    cards[1].update(key="another", params={"spending_controls": {"spending_limits": [limit(700)]}})
    page = client.get(run.get_absolute_url())
    effects = [row.effect.startswith("Changed since a second person was asked") for row in page.context["rows"]]
    assert effects == [False, True, False]
    approve(approval)
    engine.work(str(run.pk))
    run.refresh_from_db()
    assert run.outcomes() == {"succeeded": 2, "denied": 1}
    assert row_at(3).why.startswith(f"{bulk_rows.CHANGED} (spending_controls[spending_limits][0][amount]")
    cards[1].refresh_from_db()
    assert cards[1].data["spending_controls"]["spending_limits"][0]["amount"] == 700
    assert runs.retry(run, person("otto")) == 1
    engine.work(str(run.pk))
    assert run.outcomes() == {"succeeded": 2, "denied": 1}, "it is what was approved, or nothing"


def limit(amount: int) -> dict[str, Any]:
    return {"amount": amount, "interval": "monthly"}


def test_asked_for_again_it_is_asked_about_as_it_is_then(cards: list[Card]) -> None:
    run, approval = asked(browser("otto"), limits(5000, 5000, 5000, cards=cards))
    cards[1].update(key="another", params={"spending_controls": {"spending_limits": [limit(700)]}})
    deciding.refuse(approval, user=person("ana"), note="Not while the case is open")
    approval.refresh_from_db()
    again = deciding.ask_again(approval, user=person("otto")).operation
    assert again.params["shown"] != approval.operation.params["shown"]
    approve(again.approval)
    engine.work(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.outcomes()) == ("ended", {"succeeded": 3})


def test_what_is_approved_is_what_the_rows_showed(otto: Client) -> None:
    run, approval = asked(otto, limits(6000, 6000))
    BulkRow.objects.filter(position=2).update(shown={"status": "another"})
    approve(approval)
    operation = Operation.objects.get(verb=runs.BEGIN)
    assert (operation.state, operation.error_message) == ("refused", "What its rows show is not what was approved.")
    run.refresh_from_db()
    assert run.state == "draft"


def test_rows_keep_no_personal_value_of_what_they_showed(otto: Client) -> None:
    holder = rows.cardholder(email="old@kestrel.example")
    sent(otto, f"id,email\n{holder.pk},new@kestrel.example\n", HOLDER)
    run = BulkRun.objects.get()
    bulk_rows.keep_shown(run, verbs.get(HOLDER))
    shown = row_at(2).shown
    assert set(shown) == {"email", "metadata[console_update]"}
    assert all(each.startswith("hmac:") for each in shown.values())


def test_a_look_at_what_was_shown_costs_no_query_where_the_engine_has_read_the_row(
    otto: Client, django_assert_num_queries: Any
) -> None:
    run, _ = asked(otto, limits(6000, 6000))
    run.approved, row, verb = True, row_at(2), verbs.get(CARD)
    card = Card.objects.get(pk=row.object_id)
    with django_assert_num_queries(0):
        bulk_rows.gather_shown(verb, run, [row], {(row.account_id, row.object_id): card})
        bulk_rows.check_shown(verb, run, row, card)
    with django_assert_num_queries(1):
        bulk_rows.check_shown(verb, run, row, None)
    row.shown, unasked = {}, BulkRun(verb=CARD)
    with django_assert_num_queries(0):
        bulk_rows.gather_shown(verb, unasked, [row], {(row.account_id, row.object_id): card})
        bulk_rows.check_shown(verb, unasked, row, None)


def test_a_row_whose_operation_is_there_is_not_asked_about_again(sandbox: SandboxProcess, db: None) -> None:
    holder = make_cardholder(issuing_account())
    row = BulkRow(account_id=str(holder.account_id), object_id=holder.pk, form_token="f" * 32, attempts=1)
    row.shown, run = {"status": "another"}, BulkRun(verb=HOLDER)
    run.approved = True
    with pytest.raises(Denied, match=bulk_rows.CHANGED):
        bulk_rows.check_shown(verbs.get(HOLDER), run, row, holder)
    made = {"verb": HOLDER, "user": person("otto"), "reason": REASON, "key": "k", "form_token": "f" * 32}
    Operation.objects.create(**made)
    bulk_rows.check_shown(verbs.get(HOLDER), run, row, holder)
