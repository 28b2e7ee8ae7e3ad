"""Pages of verbs about one card, viewed as its account."""

import pytest
from django.test import Client

from accounts.account.models import Account
from console.operations.models import Operation
from console.operations.preview import Line
from console.record.models import AuditEntry
from tests.answers import check_page
from tests.issuing import rows
from tests.issuing.acting import typed, verb_page
from tests.issuing.conftest import REASON, fund, issuing_account, make_card
from tests.people import OTHER_ACCOUNT, browser, view_as
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def test_in_look_mode_the_page_says_so_and_nothing_is_sent(account: Account) -> None:
    card, client = make_card(account), browser("otto")
    view_as(client, account.pk)
    page = client.get(verb_page(card, "deactivate_card"))
    check_page(page)
    assert "look mode" in page.context["denied"]
    answer = typed(client, verb_page(card, "deactivate_card"), reason=REASON)
    assert (answer.status_code, "look mode" in answer.context["denied"]) == (403, True)
    card.refresh_from_db()
    assert card.status == "active"


def test_another_accounts_object_is_not_found_and_audited(otto: Client, account: Account) -> None:
    other = issuing_account("Birch Bakery")
    card = make_card(other)
    answer = otto.get(f"/{account.pk}/issuing/cards/{card.pk}/do/issuing.cancel_card")
    assert answer.status_code == 404
    entry = AuditEntry.objects.get(action="access.refused")
    assert (entry.account_id, entry.subject, entry.detail) == (account.pk, card.pk, {"belongs_to": other.pk})


def test_a_page_drawn_for_another_account_changes_nothing(otto: Client, account: Account) -> None:
    card = make_card(account)
    address = verb_page(card, "cancel_card")
    assert typed(otto, address, reason=REASON, for_account=OTHER_ACCOUNT).status_code == 403
    card.refresh_from_db()
    assert card.status == "active"


def test_a_change_is_shown_before_it_is_sent_and_leads_back(otto: Client, account: Account) -> None:
    card = make_card(account, active=False)
    page = otto.get(verb_page(card, "activate_card"))
    assert page.context["preview"].lines == [Line("status", "active", "inactive")]
    assert page.context["preview"].account == account.pk
    answer = typed(otto, verb_page(card, "activate_card"))
    assert (answer.status_code, answer["Location"]) == (303, f"/{account.pk}/issuing/cards/{card.pk}")
    operation = Operation.objects.get(verb="issuing.activate_card", object_id=card.pk)
    assert (operation.reason, operation.ticket) == ("Looking for the declined card", "CS-1")
    assert operation.work_session


def test_canceling_says_that_it_is_final_and_what_can_still_be_captured(
    otto: Client, account: Account, sandbox: SandboxProcess
) -> None:
    card = make_card(account)
    fund(sandbox, account)
    rows.authorization(card, account=account.pk, amount=1250)
    page = otto.get(verb_page(card, "cancel_card")).content.decode()
    for words in ("This cannot be undone", "1 open authorization, 12.50 USD", "never works again", "for good"):
        assert words in page


def test_a_canceled_card_has_no_form(otto: Client, account: Account) -> None:
    card = make_card(account)
    typed(otto, verb_page(card, "cancel_card"))
    page = otto.get(verb_page(card, "activate_card"))
    check_page(page)
    assert "canceled card never works again" in page.content.decode()
    assert 'name="reason"' not in page.content.decode()
    assert otto.post(verb_page(card, "activate_card"), {"for_account": account.pk}).status_code in (403, 422)


@pytest.mark.parametrize(
    ("verb", "sentence", "other"),
    [
        ("activate_card", "Nothing was sent", "Stripe refused"),  # the card is read first
        ("deactivate_card", "Stripe refused this", "Nothing was sent"),
    ],
)
def test_a_card_canceled_meanwhile_is_told_as_such(
    otto: Client, account: Account, sandbox: SandboxProcess, verb: str, sentence: str, other: str
) -> None:
    card = make_card(account, active=verb != "activate_card")
    form = otto.get(verb_page(card, verb)).context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    sandbox.api("POST", f"/v1/issuing/cards/{card.pk}", {"status": "canceled"}, account=account.pk)
    answer = otto.post(verb_page(card, verb), values)
    words = answer.content.decode()
    assert answer.status_code == 422
    assert (sentence in words, other in words) == (True, False)
    assert "was canceled at Stripe" in words
