"""A page of changes that is left open while somebody else changes the object, and one that is sent twice."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client, RequestFactory

from accounts.account.models import Account
from console.operations import updating, verbs
from console.operations.fields import Where
from console.operations.forms import once_more
from console.operations.models import Operation
from console.shell import typed_again
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.controls import forms
from tests.answers import check_page
from tests.issuing.acting import filled, run, verb_page
from tests.issuing.conftest import REASON, make_card, make_cardholder

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
DIGEST = dict.fromkeys(("email", "line1"), "x")


@pytest.fixture
def holder(account: Account) -> Cardholder:
    return make_cardholder(account, email="old@example.com", line2="Flat 2")


def send(client: Client, row: Any, verb: str, entries: dict[str, Any], **typed: Any) -> Any:
    return client.post(verb_page(row, verb), {**entries, "reason": REASON, **typed})


def now(row: Any) -> dict[str, Any]:
    """What the mirror has of it, by the names of the form's fields."""
    row.refresh_from_db()
    if isinstance(row, Card):
        return forms.current(row)
    address = {name: value or "" for name, value in row.data["billing"]["address"].items()}
    return {"email": row.data["email"], "phone_number": row.data["phone_number"], **address}


def changed() -> list[dict[str, Any]]:
    """What each update sent, in order."""
    made = Operation.objects.filter(verb="issuing.update_cardholder").order_by("created_at")
    return [{name: value for name, value in each.params.items() if name != "cardholder"} for each in made]


def test_what_nobody_touched_is_not_set_back(otto: Client, holder: Cardholder) -> None:
    page = filled(otto, verb_page(holder, "update_cardholder"))
    other = filled(otto, verb_page(holder, "update_cardholder"))
    assert send(otto, holder, "update_cardholder", other, email="new@example.com").status_code == 303
    assert send(otto, holder, "update_cardholder", page, phone_number="+14155550199").status_code == 303
    found = now(holder)
    assert (found["email"], found["phone_number"]) == ("new@example.com", "+14155550199")
    assert changed() == [{"email": "new@example.com"}, {"phone_number": "+14155550199"}]


def test_what_both_changed_is_asked_about_once_and_then_replaced(otto: Client, holder: Cardholder) -> None:
    page = filled(otto, verb_page(holder, "update_cardholder"))
    send(otto, holder, "update_cardholder", filled(otto, verb_page(holder, "update_cardholder")), email="b@example.com")
    answer = send(otto, holder, "update_cardholder", page, email="c@example.com")
    check_page(answer)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert form.errors == {"email": [updating.CHANGED]}
    assert now(holder)["email"] == "b@example.com"
    entries = {name: form[name].value() or "" for name in form.fields if name != "take_off"}
    assert (entries["email"], entries["line2"]) == ("c@example.com", "Flat 2")
    assert send(otto, holder, "update_cardholder", entries).status_code == 303
    assert now(holder)["email"] == "c@example.com"


def test_an_address_of_two_people_is_looked_at_before_it_is_sent(otto: Client, holder: Cardholder) -> None:
    page = filled(otto, verb_page(holder, "update_cardholder"))
    send(otto, holder, "update_cardholder", filled(otto, verb_page(holder, "update_cardholder")), city="Oakland")
    answer = send(otto, holder, "update_cardholder", page, line1="1 Harbor Way")
    form = answer.context["form"]
    assert (answer.status_code, form.errors) == (422, {"city": [updating.OF_A_WHOLE]})
    assert (form["city"].value(), form["line1"].value()) == ("Oakland", "1 Harbor Way")
    assert now(holder)["line1"] != "1 Harbor Way"
    entries = {name: form[name].value() or "" for name in form.fields if name != "take_off"}
    assert send(otto, holder, "update_cardholder", entries).status_code == 303
    assert (now(holder)["city"], now(holder)["line1"]) == ("Oakland", "1 Harbor Way")


def test_what_was_changed_meanwhile_is_not_taken_off_unseen(otto: Client, holder: Cardholder) -> None:
    page = filled(otto, verb_page(holder, "update_cardholder"))
    send(otto, holder, "update_cardholder", filled(otto, verb_page(holder, "update_cardholder")), line2="Flat 3")
    answer = send(otto, holder, "update_cardholder", page, take_off="line2")
    assert (answer.status_code, answer.context["form"].errors) == (422, {"line2": [updating.CHANGED]})
    assert now(holder)["line2"] == "Flat 3"


def test_both_may_change_it_to_the_same(otto: Client, holder: Cardholder) -> None:
    page = filled(otto, verb_page(holder, "update_cardholder"))
    send(otto, holder, "update_cardholder", filled(otto, verb_page(holder, "update_cardholder")), city="Oakland")
    answer = send(otto, holder, "update_cardholder", page, city="Oakland", email="new@example.com")
    assert answer.status_code == 303
    assert changed()[1] == {"email": "new@example.com"}


def test_controls_that_nobody_touched_are_not_set_back(otto: Client, account: Account) -> None:
    card = make_card(account, limit_amount="200")
    page = filled(otto, verb_page(card, "update_card"))
    other = filled(otto, verb_page(card, "update_card"))
    assert send(otto, card, "update_card", other, spending_limits_0_amount="50").status_code == 303
    assert send(otto, card, "update_card", page, blocked_categories="book_stores").status_code == 303
    found = now(card)
    assert [each["amount"] for each in found["spending_limits"]] == ["50.00"]
    assert found["blocked_categories"] == ["book_stores"]
    answer = send(otto, card, "update_card", {**other, "form_token": ""}, lift="spending_limits")
    assert updating.CHANGED in str(answer.context["form"].errors)
    assert answer.context["form"]["spending_limits"].value() == now(card)["spending_limits"]


@pytest.mark.parametrize(
    ("verb", "typed"),
    [
        ("update_cardholder", {"email": "new@example.com"}),
        ("update_cardholder", {"city": "Oakland"}),
        ("update_cardholder", {"take_off": "line2", "email": "new@example.com"}),
        ("update_card", {"spending_limits_0_amount": "20", "blocked_categories": "book_stores, bakeries"}),
        ("update_card", {"lift": "spending_limits"}),
    ],
)
def test_the_same_page_sent_twice_is_one_change(
    otto: Client, account: Account, holder: Cardholder, verb: str, typed: dict[str, str]
) -> None:
    row = holder if verb == "update_cardholder" else make_card(account, limit_amount="200")
    page = filled(otto, verb_page(row, verb))
    first = send(otto, row, verb, page, **typed)
    if asked := first.context and first.context["asked"]:
        page["sure"] = asked.answer
        page["form_token"] = first.context["form"]["form_token"].value()
        first = send(otto, row, verb, page, **typed)
    again = send(otto, row, verb, page, **typed)
    assert (first.status_code, again.status_code) == (303, 303)
    assert Operation.objects.filter(verb=f"issuing.{verb}").count() == 1
    other = send(
        otto,
        row,
        verb,
        page,
        **{**typed, **({"phone_number": "+14155550188"} if row is holder else {"allowed_merchant_countries": "US"})},
    )
    assert other.status_code == 409


@pytest.mark.parametrize(
    "words",
    [["--email", "new@example.com"], ["--city", "Oakland"], ["--take-off", "line2", "--phone-number", "+14155550177"]],
)
def test_the_same_command_with_the_same_token_is_one_change(
    account: Account, holder: Cardholder, words: list[str]
) -> None:
    for _ in range(2):
        assert run("update_cardholder", holder.pk, *words, "--token", "twice")[0] == 0
    assert Operation.objects.filter(verb="issuing.update_cardholder").count() == 1
    assert run("update_cardholder", holder.pk, "--email", "else@example.com", "--token", "twice")[0] == 1


@pytest.mark.parametrize("drawn", ["", "no JSON", "[1]", "null", "[" * 100_000])
def test_a_page_without_what_it_was_drawn_with_compares_with_what_is_there(
    otto: Client, holder: Cardholder, drawn: str
) -> None:
    page = {**filled(otto, verb_page(holder, "update_cardholder")), "drawn": drawn}
    assert send(otto, holder, "update_cardholder", page, email="new@example.com").status_code == 303
    assert changed() == [{"email": "new@example.com"}]


def test_a_page_that_is_drawn_again_for_another_reason_asks_all_the_same(otto: Client, holder: Cardholder) -> None:
    page = filled(otto, verb_page(holder, "update_cardholder"))
    send(otto, holder, "update_cardholder", filled(otto, verb_page(holder, "update_cardholder")), email="b@example.com")
    holder.refresh_from_db()
    entries = QueryDict(mutable=True)
    entries.update({**page, "email": "c@example.com", "line1": "1 Harbor Way"})
    where = Where(holder.account_id or "", holder.pk, row=holder)
    form, _ = once_more(verbs.get("issuing.update_cardholder"), entries, where)
    assert form.errors == {"email": [updating.CHANGED]}
    assert form["email"].value() == "c@example.com"
    again, _ = once_more(verbs.get("issuing.update_cardholder"), form.data, where)  # type: ignore[arg-type]
    assert again.errors == {}


def test_another_value_after_back_is_asked_about_where_a_colleague_came_between(
    otto: Client, holder: Cardholder
) -> None:
    page = filled(otto, verb_page(holder, "update_cardholder"))
    assert send(otto, holder, "update_cardholder", page, email="c@example.com").status_code == 303
    other = filled(otto, verb_page(holder, "update_cardholder"))
    assert send(otto, holder, "update_cardholder", other, email="b@example.com").status_code == 303
    answer = send(otto, holder, "update_cardholder", page, email="d@example.com")
    assert (answer.status_code, answer.context["form"].errors) == (409, {"email": [updating.CHANGED]})


def test_the_same_command_is_one_change_though_a_colleague_changed_the_address(
    otto: Client, holder: Cardholder
) -> None:
    words = ["--city", "Oakland", "--token", "twice"]
    assert run("update_cardholder", holder.pk, *words)[0] == 0
    other = filled(otto, verb_page(holder, "update_cardholder"))
    assert send(otto, holder, "update_cardholder", other, line1="1 Harbor Way").status_code == 303
    assert run("update_cardholder", holder.pk, *words)[0] == 0
    assert [each["line1"] for each in changed()] == ["510 Townsend St", "1 Harbor Way"]
    assert now(holder)["line1"] == "1 Harbor Way"


def test_what_a_colleague_has_lifted_meanwhile_does_not_lock_the_page(otto: Client, account: Account) -> None:
    card = make_card(account, limit_amount="200")
    page = {**filled(otto, verb_page(card, "update_card")), "lift": "spending_limits"}
    first = send(otto, card, "update_card", page)
    sure = {"sure": first.context["asked"].answer, "form_token": first.context["form"]["form_token"].value()}
    assert send(otto, card, "update_card", {**page, **sure}).status_code == 303
    answer = send(otto, card, "update_card", {**page, "form_token": "f" * 32}, blocked_categories="bakeries")
    errors = answer.context["form"].errors
    assert (answer.status_code, list(errors), updating.CHANGED in str(errors)) == (422, ["lift"], False)
    form = answer.context["form"]
    assert form["lift"].value() == []
    entries = {**page, "form_token": form["form_token"].value(), "drawn": form["drawn"].value()}
    del entries["lift"], entries["spending_limits_0_amount"]
    assert send(otto, card, "update_card", entries, blocked_categories="bakeries").status_code == 303


def test_what_a_page_carries_is_not_shown_as_typed(otto: Client, holder: Cardholder) -> None:
    page = filled(otto, verb_page(holder, "update_cardholder"))
    shown = {each.name for each in typed_again.entries(RequestFactory().post("/", page)) if not each.hidden}
    assert {"email", "line1"} <= shown
    assert not shown & {"drawn", "form_token", "for_account"}
