"""Verbs for many cards of several accounts, from the list."""

from typing import Any

import pytest

from accounts.account.models import Account
from console.operations.models import Operation
from issuing.cards.models import Card
from tests.answers import check_page
from tests.issuing.acting import posted
from tests.issuing.conftest import issuing_account, make_card
from tests.people import ACCOUNT, browser, known_accounts

pytestmark = pytest.mark.django_db
State = Operation.State


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
    answer = client.post("/bulk/issuing.cancel_card/", posted(page, cancellation_reason="lost"), follow=True)
    assert {row.operation.state for row in answer.context["rows"]} == {State.SUCCEEDED}
    for card in cards:
        card.refresh_from_db()
        assert (card.status, card.data["cancellation_reason"]) == ("canceled", "lost")
    operations = Operation.objects.filter(verb="issuing.cancel_card")
    assert {(each.account_id, each.object_id, each.via) for each in operations} == {
        (account.pk, cards[0].pk, "action"),
        (other.pk, cards[1].pk, "action"),
    }


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


def test_what_is_so_already_is_left_out_with_its_reason_and_the_total_said(account: Account) -> None:
    cards, client = [make_card(each) for each in (account, account, issuing_account("Birch Bakery"))], browser("otto")
    Card.every.filter(pk=cards[1].pk).update(status="inactive")
    page = client.post("/issuing/card/", chosen(cards, "deactivate_card"))
    check_page(page)
    left_out = [row for row in page.context["rows"] if row.already]
    assert [(row.id, row.already) for row in left_out] == [(cards[1].pk, "Is inactive already: nothing is sent.")]
    said = " ".join(page.content.decode().split())
    assert "2 of 3, in 2 accounts; 1 is so already and left out. 2 calls to Stripe." in said
    assert "Deactivate card for 2 cards" in said
    assert [f'value="{card.pk}:' in said for card in cards] == [True, False, True]
    answer = client.post("/bulk/issuing.deactivate_card/", posted(page), follow=True)
    said = {row.target: (row.outcome, row.said) for row in answer.context["rows"]}
    assert said[cards[1].pk] == ("left_out", "Is inactive already: nothing is sent.")
    assert [said[cards[at].pk][0] for at in (0, 2)] == ["succeeded", "succeeded"]
    assert "2 of 2 answered" in answer.content.decode()
    assert set(deactivated()) == {cards[0].pk, cards[2].pk}


def test_what_is_so_by_now_is_left_out_of_a_form_that_was_drawn_before(account: Account) -> None:
    card, client = make_card(account), browser("otto")
    body = posted(client.post("/issuing/card/", chosen([card], "deactivate_card")))
    Card.every.filter(pk=card.pk).update(status="inactive")
    answer = client.post("/bulk/issuing.deactivate_card/", body, follow=True)
    assert [row.outcome for row in answer.context["rows"]] == ["left_out"]
    assert answer.context["run"].state == "ended"
    assert deactivated() == []


def deactivated() -> list[str]:
    return list(Operation.objects.filter(verb="issuing.deactivate_card").values_list("object_id", flat=True))


def test_a_status_sent_twice_finds_its_operation(account: Account) -> None:
    card, client = make_card(account), browser("otto")
    body = posted(client.post("/issuing/card/", chosen([card], "deactivate_card")))
    first, again = (client.post("/bulk/issuing.deactivate_card/", body, follow=True) for _ in range(2))
    assert first.context["run"] == again.context["run"]
    assert first.context["rows"][0].operation == again.context["rows"][0].operation is not None


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
    first, again = (client.post("/bulk/issuing.cancel_card/", body, follow=True) for _ in range(2))
    assert first.context["run"] == again.context["run"]
    assert first.context["rows"][0].operation == again.context["rows"][0].operation is not None


def test_rows_that_do_not_exist_are_refused() -> None:
    known_accounts()
    client = browser("otto")
    assert client.get("/bulk/issuing.cancel_card/?id=ic_nothing").status_code == 400
    assert client.get(f"/bulk/issuing.cancel_card/?id={ACCOUNT}").status_code == 400


def test_lists_offer_the_verbs_that_a_person_may_use(account: Account) -> None:
    make_card(account)
    offered = {name: browser(name).get("/issuing/card/").content.decode() for name in ("otto", "sam", "vera")}
    assert ["issuing.cancel_card" in offered[name] for name in ("otto", "sam", "vera")] == [True, True, False]
    assert ["issuing.activate_card" in offered[name] for name in ("otto", "sam", "vera")] == [True, False, False]
