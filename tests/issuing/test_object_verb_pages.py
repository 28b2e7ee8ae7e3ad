"""Pages of verbs about one object, viewed as its account; and for many objects of several accounts."""

from typing import Any

import pytest
from django.test import Client

from accounts.account.models import Account
from console.operations.models import Operation
from console.record.models import AuditEntry
from issuing.authorizations.models import Authorization
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from tests.answers import check_page
from tests.costs import MOST
from tests.issuing import rows
from tests.issuing.conftest import HOLDER, fund, issuing_account, make_card, make_cardholder
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, view_as, work
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
State = Operation.State
REASON = "The customer asked for it"


def path(row: Any, verb: str) -> str:
    nouns = {Card: "cards", Cardholder: "cardholders", Authorization: "authorizations"}
    return f"/{row.account_id}/issuing/{nouns[type(row)]}/{row.pk}/do/issuing.{verb}"


def typed(client: Client, address: str, **entries: str) -> Any:
    """Open the page, fill it in, send it."""
    form = client.get(address).context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    return client.post(address.split("?")[0], {**values, **entries})


@pytest.fixture
def otto(account: Account) -> Client:
    """An operator's browser, in work mode."""
    client = browser("otto")
    work(client, account.pk)
    return client


# Getting there


def test_without_a_work_session_the_page_asks_for_the_reason(account: Account) -> None:
    card, client = make_card(account), browser("otto")
    for address in (path(card, "cancel_card"), f"/{account.pk}/do/issuing.create_card"):
        answer = client.get(address)
        assert (answer.status_code, "/view-as?next=" in answer["Location"]) == (302, True)
        assert client.post(address, {"reason": REASON}).status_code == 403


def test_in_look_mode_the_page_says_so_and_nothing_is_sent(account: Account) -> None:
    card, client = make_card(account), browser("otto")
    view_as(client, account.pk)
    page = client.get(path(card, "deactivate_card"))
    check_page(page)
    assert "look mode" in page.context["denied"]
    answer = typed(client, path(card, "deactivate_card"), reason=REASON)
    assert (answer.status_code, "look mode" in answer.context["denied"]) == (403, True)
    card.refresh_from_db()
    assert card.status == "active"


def test_banner_and_the_accounts_menu_stay(otto: Client, account: Account) -> None:
    card = make_card(account)
    for address in (path(card, "cancel_card"), f"/{account.pk}/do/issuing.create_cardholder"):
        page = otto.get(address)
        check_page(page)
        frame = page.context["frame"]
        assert frame["viewing"]
        assert frame["account_menu"]
        assert "Viewing as" in page.content.decode()


def test_another_accounts_object_is_not_found_and_audited(otto: Client, account: Account) -> None:
    other = issuing_account("Birch Bakery")
    card = make_card(other)
    answer = otto.get(f"/{account.pk}/issuing/cards/{card.pk}/do/issuing.cancel_card")
    assert answer.status_code == 404
    entry = AuditEntry.objects.get(action="access.refused")
    assert (entry.account_id, entry.subject, entry.detail) == (account.pk, card.pk, {"belongs_to": other.pk})


@pytest.mark.parametrize(
    "wrong",
    [
        "issuing/cards/{card}/do/issuing.activate_cardholder",
        "issuing/cardholders/{card}/do/issuing.activate_card",
        "issuing/cards/{card}/do/issuing.create_card",
        "issuing/cards/ic_nothing/do/issuing.activate_card",
        "issuing/cards/{card}/do/issuing.nothing",
        "do/issuing.activate_card",
        "do/accounts.create_account",
    ],
)
def test_verbs_have_one_address_and_no_other(otto: Client, account: Account, wrong: str) -> None:
    card = make_card(account)
    assert otto.get(f"/{account.pk}/{wrong.format(card=card.pk)}").status_code == 404


def test_a_page_drawn_for_another_account_changes_nothing(otto: Client, account: Account) -> None:
    card = make_card(account)
    address = path(card, "cancel_card")
    assert typed(otto, address, reason=REASON, for_account=OTHER_ACCOUNT).status_code == 403
    card.refresh_from_db()
    assert card.status == "active"


# What they show and do


def test_a_change_is_shown_before_it_is_sent_and_leads_back(otto: Client, account: Account) -> None:
    card = make_card(account, active=False)
    page = otto.get(path(card, "activate_card"))
    assert page.context["preview"].changes == (("Status", "inactive", "active"),)
    assert page.context["preview"].account == account.pk
    answer = typed(otto, path(card, "activate_card"))
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
    page = otto.get(path(card, "cancel_card")).content.decode()
    for words in ("This cannot be undone", "1 open authorization, 12.50 USD", "never works again", "for good"):
        assert words in page


def test_a_canceled_card_has_no_form(otto: Client, account: Account) -> None:
    card = make_card(account)
    typed(otto, path(card, "cancel_card"))
    page = otto.get(path(card, "activate_card"))
    check_page(page)
    assert "canceled card never works again" in page.content.decode()
    assert 'name="reason"' not in page.content.decode()
    assert otto.post(path(card, "activate_card"), {"for_account": account.pk}).status_code in (403, 422)


def test_a_cardholder_is_created_and_a_card_begins_at_them(otto: Client, account: Account) -> None:
    entries = {name: str(value).replace("Z", "") for name, value in HOLDER.items()}
    answer = typed(otto, f"/{account.pk}/do/issuing.create_cardholder", **entries)
    assert answer.status_code == 303, answer.context["form"].errors
    holder = Cardholder.objects.get()
    assert answer["Location"] == f"/{account.pk}/issuing/cardholders/{holder.pk}"
    page = otto.get(f"/{account.pk}/do/issuing.create_card?cardholder={holder.pk}")
    assert page.context["form"]["cardholder"].value() == holder.pk
    assert page.context["preview"].params["cardholder"] == holder.pk


def test_bad_values_in_the_address_are_left_out(otto: Client, account: Account) -> None:
    page = otto.get(f"/{account.pk}/do/issuing.create_topup?amount=many&description=%07")
    assert (page.status_code, page.context["form"]["amount"].value()) == (200, None)
    dob = otto.get(f"/{account.pk}/do/issuing.create_cardholder?dob=1990-01-01")
    assert dob.context["form"]["dob"].value() is None


def test_bad_entries_stay_and_sensitive_ones_are_asked_again(otto: Client, account: Account) -> None:
    answer = typed(otto, f"/{account.pk}/do/issuing.create_cardholder", name="Agent 47", dob="1990-01-01")
    check_page(answer)
    assert answer.status_code == 422
    assert answer.context["form"]["name"].value() == "Agent 47"
    assert answer.context["emptied"] == ["Date of birth"]
    assert "1990" not in answer.content.decode()


def test_an_update_shows_before_and_after(otto: Client, account: Account) -> None:
    holder = make_cardholder(account, email="old@example.com")
    address = path(holder, "update_cardholder")
    assert otto.get(address).context["form"]["email"].value() == "old@example.com"
    answer = typed(otto, address, email="new@example.com", reason="short")
    assert answer.context["preview"].changes == (("email", "old@example.com", "new@example.com"),)


def test_a_decline_is_told_as_one_and_leads_to_its_page(otto: Client, account: Account) -> None:
    card = make_card(account, active=False)
    entries = {"card": card.pk, "amount": "12.50"}
    answer = typed(otto, f"/{account.pk}/do/issuing.create_test_authorization", **entries)
    row = Authorization.objects.get()
    assert answer["Location"] == f"/{account.pk}/issuing/authorizations/{row.pk}"
    page = otto.get(answer["Location"])
    assert [(each.level_tag, str(each)[:24]) for each in page.context["messages"]] == [
        ("warning", "Declined: card inactive.")
    ]


def test_a_card_canceled_meanwhile_is_told_without_blaming_stripe(
    otto: Client, account: Account, sandbox: SandboxProcess
) -> None:
    card = make_card(account)
    form = otto.get(path(card, "deactivate_card")).context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    sandbox.api("POST", f"/v1/issuing/cards/{card.pk}", {"status": "canceled"}, account=account.pk)
    answer = otto.post(path(card, "deactivate_card"), values)
    words = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was sent" in words
    assert "was canceled at Stripe" in words
    assert "Stripe refused" not in words


def test_personal_entries_are_masked_on_the_operations_page(otto: Client, account: Account) -> None:
    make_cardholder(account, email="amara@example.com")
    operation = Operation.objects.get(verb="issuing.create_cardholder")
    shown = otto.get(f"/operations/{operation.pk}").content.decode()
    masked = browser("vera").get(f"/operations/{operation.pk}").content.decode()
    assert "amara@example.com" in shown
    assert "amara@example.com" not in masked
    assert "510 Townsend" not in masked
    assert "8.8.8.8" not in masked


@pytest.mark.parametrize("verb", ["activate_card", "cancel_card", "create_card", "create_cardholder"])
def test_pages_take_few_queries(otto: Client, account: Account, django_assert_max_num_queries: Any, verb: str) -> None:
    card = make_card(account)
    address = f"/{account.pk}/do/issuing.{verb}" if verb.startswith("create") else path(card, verb)
    otto.get(address)
    with django_assert_max_num_queries(MOST):
        otto.get(address)


# Many at once


def chosen(cards: list[Card], verb: str) -> dict[str, Any]:
    return {"action": f"issuing.{verb}", "_selected_action": [card.pk for card in cards], "index": "0"}


def test_cards_of_several_accounts_are_canceled_from_the_list(account: Account) -> None:
    other = issuing_account("Birch Bakery")
    cards, client = [make_card(account), make_card(other)], browser("otto")
    page = client.post("/issuing/card/", chosen(cards, "cancel_card"))
    check_page(page)
    found = {row.id: row for row in page.context["rows"]}
    assert [found[card.pk].account_name for card in cards] == ["Halloran Letterpress", "Birch Bakery"]
    assert found[cards[0].pk].effect.startswith("active → canceled for good. Can still be captured: nothing")
    answer = client.post("/bulk/issuing.cancel_card/", posted(page, cancellation_reason="lost"))
    assert {row.operation.state for row in answer.context["rows"]} == {State.SUCCEEDED}
    for card in cards:
        card.refresh_from_db()
        assert (card.status, card.data["cancellation_reason"]) == ("canceled", "lost")
    operations = Operation.objects.filter(verb="issuing.cancel_card")
    assert {(each.account_id, each.object_id, each.via) for each in operations} == {
        (account.pk, cards[0].pk, "action"),
        (other.pk, cards[1].pk, "action"),
    }


def posted(page: Any, **entries: str) -> dict[str, Any]:
    """What a browser sends from a preview."""
    form = page.context["form"]
    able = [row for row in page.context["rows"] if not row.error]
    values = {name: form[name].value() or "" for name in form.fields}
    return {**values, "reason": REASON, "row": [f"{row.id}:{row.token}" for row in able], "run": "1", **entries}


def test_a_row_of_which_nothing_can_be_done_says_why_and_is_left_out(account: Account) -> None:
    cards, client = [make_card(account), make_card(account)], browser("otto")
    Card.every.filter(pk=cards[1].pk).update(status="canceled")
    page = client.post("/issuing/card/", chosen(cards, "deactivate_card"))
    check_page(page)
    assert page.context["able"] == 1
    assert [row.error[-30:] for row in page.context["rows"] if row.error]
    content = page.content.decode()
    assert f'value="{cards[0].pk}:' in content
    assert f'value="{cards[1].pk}:' not in content


def test_where_nothing_can_be_done_with_any_row_there_is_no_button(account: Account) -> None:
    card = make_card(account)
    Card.every.filter(pk=card.pk).update(status="canceled")
    page = browser("otto").post("/issuing/card/", chosen([card], "activate_card"))
    check_page(page)
    assert 'name="run"' not in page.content.decode()
    assert page.context["preview"] is None


def test_the_same_preview_sent_twice_cancels_once(account: Account) -> None:
    card, client = make_card(account), browser("otto")
    body = posted(client.post("/issuing/card/", chosen([card], "cancel_card")))
    first, again = (client.post("/bulk/issuing.cancel_card/", body) for _ in range(2))
    assert first.context["rows"][0].operation == again.context["rows"][0].operation


def test_rows_that_do_not_exist_are_refused() -> None:
    known_accounts()
    client = browser("otto")
    assert client.get("/bulk/issuing.cancel_card/?id=ic_nothing").status_code == 400
    assert client.get(f"/bulk/issuing.cancel_card/?id={ACCOUNT}").status_code == 400


def test_lists_offer_the_verbs_that_a_person_may_use(account: Account) -> None:
    make_card(account)
    assert "issuing.cancel_card" in browser("otto").get("/issuing/card/").content.decode()
    assert "issuing.cancel_card" not in browser("sam").get("/issuing/card/").content.decode()
