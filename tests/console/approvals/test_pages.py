"""The page of an approval, the list, home, the notices on objects and forms, and what a command says."""

import re
import uuid
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.account.models import Account
from console.approvals import deciding
from console.approvals.models import Approval
from console.bulk import runs
from console.operations import verbs
from console.operations.models import Operation
from issuing.cards.models import Card
from issuing.topups.models import Topup
from tests.answers import check_page
from tests.issuing.conftest import issuing_account, make_card, perform
from tests.people import browser, person, work
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
REASON = "Funds for the fleet of November"
STATES = Approval.State
SEEN = re.compile(r'name="seen" value="([0-9a-f]{64})"')


@pytest.fixture
def account(sandbox: SandboxProcess, db: None) -> Account:
    return issuing_account()


@pytest.fixture
def otto(account: Account) -> Client:
    """He asks, in a work session of the account."""
    client = browser("otto")
    work(client, account.pk)
    return client


@pytest.fixture
def ana(account: Account) -> Client:
    """She decides."""
    return browser("ana")


def top_up(client: Client, account: Account, amount: str = "25000") -> Any:
    """Fill in the form of a top-up and press."""
    form = {"amount": amount, "reason": REASON, "form_token": uuid.uuid4().hex, "for_account": account.pk}
    return client.post(f"/{account.pk}/do/issuing.create_topup", form)


def asked(client: Client, account: Account) -> tuple[Approval, str]:
    """A top-up that waits, and its page."""
    answer = top_up(client, account)
    approval = Approval.objects.select_related("operation").get()
    assert (answer.status_code, answer["Location"]) == (303, f"/approvals/{approval.pk}")
    return approval, answer["Location"]


def press(client: Client, page: str, decision: str, note: str = "", **more: str) -> Any:
    """Open the page and press a button of it."""
    text = client.get(page).content.decode()
    found = SEEN.search(text)
    account_id = Approval.objects.select_related("operation").get(pk=page.rpartition("/")[2]).operation.account_id
    form = {"decision": decision, "note": note, "seen": found[1] if found else "", "for_account": account_id, **more}
    return client.post(page, form)


def test_a_small_top_up_needs_nobody(otto: Client, account: Account) -> None:
    assert top_up(otto, account, "10000").status_code == 303
    assert (Topup.objects.count(), Approval.objects.count()) == (1, 0)


def test_a_second_click_of_who_approved_is_answered_as_the_first(otto: Client, ana: Client, account: Account) -> None:
    page = top_up(otto, account, "48000").headers["Location"]
    first, second = press(ana, page, "approve"), press(ana, page, "approve")
    assert (first.status_code, second.status_code) == (303, 303)
    assert second.headers["Location"] == first.headers["Location"]
    assert Topup.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "decision", "state"), [("ana", "refuse", "refused"), ("otto", "withdraw", "withdrawn")]
)
def test_a_second_click_is_no_fault(
    who: str, decision: str, state: str, otto: Client, ana: Client, account: Account
) -> None:
    page, client = top_up(otto, account, "48000").headers["Location"], {"ana": ana, "otto": otto}[who]
    for _ in range(2):
        answer = press(client, page, decision, "It is not in the budget")
        assert (answer.status_code, answer.headers["Location"]) == (303, page)
    assert Approval.objects.get().state == state
    assert press(browser("sam"), page, decision, "It is not in the budget").status_code == 403
    assert not Topup.objects.exists()


def test_a_large_one_waits_and_another_person_approves_it(otto: Client, ana: Client, account: Account) -> None:
    approval, page = asked(otto, account)
    assert not Topup.objects.exists()
    mine = otto.get(page).content.decode()
    assert "You asked for it" in mine
    assert 'value="approve"' not in mine
    text = ana.get(page).content.decode()
    for words in ("25,000.00 USD", "/v1/topups", account.pk, REASON, "More than 10,000.00 USD needs a second person."):
        assert words in text
    answer = press(ana, page, "approve", "Looked at the invoice")
    assert answer["Location"] == f"/operations/{approval.operation_id}"
    assert Topup.objects.get().amount == 2_500_000
    assert "ana approved it." in otto.get(page).content.decode()
    assert "succeeded" in Operation.objects.get().state


def test_the_page_refuses_who_asked_and_whose_role_may_not(otto: Client, account: Account) -> None:
    _, page = asked(otto, account)
    assert press(otto, page, "approve").status_code == 403
    for name in ("sam", "vera"):
        client = browser(name)
        text = client.get(page).content.decode()
        assert "An operator or an administrator can." in text
        assert 'value="approve"' not in text
        assert press(client, page, "approve").status_code == 403
    assert not Topup.objects.exists()


def test_refusing_needs_a_reason_and_keeps_what_was_typed(otto: Client, ana: Client, account: Account) -> None:
    approval, page = asked(otto, account)
    answer = press(ana, page, "refuse", "<b>no</b>")
    assert answer.status_code == 403
    assert "&lt;b&gt;no&lt;/b&gt;</textarea>" in answer.content.decode()
    assert press(ana, page, "refuse", "The invoice is a copy").status_code == 303
    home = otto.get("/").content.decode()
    assert "Refused: Top up Issuing balance" in home
    assert "ana refused it. You asked for it; nothing was sent." in home
    assert "The invoice is a copy" in otto.get(page).content.decode()
    again = press(otto, page, "again")
    new = Approval.objects.exclude(pk=approval.pk).get()
    assert (again["Location"], new.state) == (f"/approvals/{new.pk}", STATES.WAITING)
    assert "Refused: Top up" not in otto.get("/").content.decode()


def test_what_came_to_nothing_may_be_left(otto: Client, ana: Client, account: Account) -> None:
    approval, page = asked(otto, account)
    press(ana, page, "refuse", "The invoice is a copy")
    assert press(ana, page, "leave").status_code == 403
    assert press(otto, page, "leave").status_code == 303
    approval.refresh_from_db()
    assert not approval.unanswered


def test_its_requester_withdraws_it(otto: Client, account: Account) -> None:
    _, page = asked(otto, account)
    assert "Before and after" in otto.get(page).content.decode()
    assert press(otto, page, "withdraw").status_code == 303
    withdrawn = otto.get(page).content.decode()
    assert "otto withdrew it. Nothing was sent." in withdrawn
    assert "Before and after" not in withdrawn, "a top-up changes nothing that is there: a table without rows"


@pytest.mark.parametrize("form", [{}, {"decision": "perhaps"}])
def test_a_post_without_a_decision_decides_nothing(
    otto: Client, ana: Client, account: Account, form: dict[str, str]
) -> None:
    _, page = asked(otto, account)
    answer = ana.post(page, {"for_account": account.pk, **form})
    assert (answer.status_code, Approval.objects.get().state) == (422, STATES.WAITING)


def test_a_form_of_another_account_is_refused(otto: Client, ana: Client, account: Account) -> None:
    _, page = asked(otto, account)
    assert press(ana, page, "approve", for_account="acct_1Other").status_code == 403
    assert Approval.objects.get().state == STATES.WAITING


def test_a_page_that_showed_something_else_sends_nothing(otto: Client, ana: Client, account: Account) -> None:
    _, page = asked(otto, account)
    answer = press(ana, page, "approve", seen="0" * 64)
    assert (answer.status_code, Approval.objects.get().state) == (409, STATES.WAITING)
    assert "nothing was sent. Look at it again." in answer.content.decode()


def limit(card: Card, amount: str, **more: Any) -> Operation:
    """Have otto set one monthly limit."""
    limits = [{"amount": amount, "interval": "monthly", "categories": []}]
    return perform("update_card", card, spending_limits=limits, **more).operation


def test_a_limit_that_changed_meanwhile_makes_it_void(ana: Client, account: Account) -> None:
    card = make_card(account, limit_amount="200", limit_interval="monthly")
    assert limit(card, "5000").state == Operation.State.SUCCEEDED  # raised, but not by much
    waits = limit(card, "50000")
    page = reverse("approval", args=[waits.approval.pk])
    text = ana.get(page).content.decode()
    assert ">5,000.00 USD" in text
    assert ">50,000.00 USD" in text
    assert limit(card, "100").state == Operation.State.SUCCEEDED  # tightened: nobody else is needed
    text = ana.get(page).content.decode()
    assert "It cannot be approved any more" in text
    assert "spending_controls[spending_limits][0][amount] was 500000, and is 10000 now." in text
    assert 'value="approve"' not in text
    answer = press(ana, page, "approve")
    assert (answer.status_code, Approval.objects.get().state) == (409, STATES.VOID)
    card.refresh_from_db()
    assert card.data["spending_controls"]["spending_limits"][0]["amount"] == 10_000
    assert "Void: Change spending controls" in browser("otto").get("/").content.decode()


def test_a_card_that_was_canceled_meanwhile_makes_it_void(ana: Client, account: Account) -> None:
    card = make_card(account)
    waits = limit(card, "50000")
    assert perform("cancel_card", card, cancellation_reason="lost").operation.state == Operation.State.SUCCEEDED
    assert deciding.sweep() == 1
    assert "was canceled" in Approval.objects.get(operation=waits).note


def test_it_stands_on_home_in_the_menu_in_the_list_and_on_its_object(
    otto: Client, ana: Client, account: Account
) -> None:
    card = make_card(account)
    page = reverse("approval", args=[limit(card, "50000").approval.pk])
    link = f'href="{page}"'
    home = ana.get("/").content.decode()
    assert "Waiting for approval: Change spending controls" in home
    assert link in home
    assert "Review" in home
    assert link in ana.get(reverse("admin:console_approval_changelist")).content.decode()
    path = card.get_absolute_url()
    for url in (path, f"{path}/do/issuing.update_card", f"/connect/accounts/{account.pk}"):
        text = otto.get(url).content.decode()
        assert "Change spending controls: waiting for a second person." in text, url
        assert link in text
    assert link not in otto.get(f"{path}/do/issuing.cancel_card").content.decode()
    assert "Waiting for approval" in otto.get(f"/operations/{Approval.objects.get().operation_id}").content.decode()


def test_the_form_says_that_it_needs_a_second_person(otto: Client, account: Account) -> None:
    path = f"/{account.pk}/do/issuing.create_topup"
    assert "Ask for approval" not in otto.get(path).content.decode()
    form = {"amount": "20000", "reason": REASON, "for_account": account.pk, "preview": "1"}
    text = otto.post(path, form).content.decode()
    assert "Ask for approval: Top up Issuing balance" in " ".join(text.split())
    assert "More than 10,000.00 USD needs a second person." in text
    assert not Approval.objects.exists()


def test_many_cards_are_canceled_by_two(otto: Client, account: Account, settings: Any, tmp_path: Path) -> None:
    text = Path(settings.APPROVAL_POLICY).read_text().replace("sandbox.rows = 25", "sandbox.rows = 1")
    settings.APPROVAL_POLICY = str(tmp_path / "two.toml")
    (tmp_path / "two.toml").write_text(text)
    cards = [make_card(account).pk for _ in range(2)]
    preview = otto.get("/bulk/issuing.cancel_card/", {"id": cards}).content.decode()
    assert "More than 1 at once need a second person: these are 2." in preview
    form = {"row": [f"{each}:{uuid.uuid4().hex}" for each in cards], "reason": REASON, "form_token": uuid.uuid4().hex}
    text = otto.post("/bulk/issuing.cancel_card/", form, follow=True).content.decode()
    assert "It waits for a second person: nothing was sent." in text
    assert Approval.objects.waiting().count() == 1


def test_who_approves_a_run_is_led_to_all_of_its_rows(
    ana: Client, account: Account, settings: Any, tmp_path: Path
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(Path(settings.APPROVAL_POLICY).read_text().replace("sandbox.rows = 100", "sandbox.rows = 1"))
    settings.APPROVAL_POLICY = str(path)
    cards = [make_card(account, active=False) for _ in range(2)]
    rows = [runs.Wanted(account.pk, object_id=card.pk) for card in cards]
    run = runs.begin(verbs.get("issuing.activate_card"), user=person("otto"), rows=rows, reason=REASON)
    answer = ana.get(f"/approvals/{Approval.objects.get().pk}")
    check_page(answer)
    page = " ".join(answer.content.decode().split())
    assert f'Bulk run: <a href="/bulk-runs/{run.pk}">Activate card, 2 rows</a>' in page
    assert "makes something new" not in page
    assert ana.get(f"/bulk-runs/{run.pk}").context["rows"][1].effect == "inactive → active"


def test_freezing_many_cards_waits_for_nobody(account: Account) -> None:
    card = make_card(account)
    assert perform("deactivate_card", card, rows=10_000).operation.state == Operation.State.SUCCEEDED


def test_a_command_obeys_and_says_where_it_waits(account: Account) -> None:
    person("otto")
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("create_topup", account.pk, "--amount=25000", "--as=otto", f"--reason={REASON}", stderr=out)
    assert failed.value.returncode == 3
    approval = Approval.objects.get()
    assert "awaiting Nothing was sent: it waits for a second person." in out.getvalue()
    assert f"/approvals/{approval.pk}" in out.getvalue()
    assert not Topup.objects.exists()


def test_personal_values_are_masked_for_who_may_not_see_them(account: Account) -> None:
    perform("create_topup", account, amount="25000", statement_descriptor="JONAS AALTONEN")
    page = reverse("approval", args=[Approval.objects.get().pk])
    assert "JONAS AALTONEN" in browser("ana").get(page).content.decode()
    assert "JONAS AALTONEN" not in browser("vera").get(page).content.decode()
