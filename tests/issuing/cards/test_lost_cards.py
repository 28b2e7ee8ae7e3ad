"""A card reported lost or stolen: Support cancels it alone, and says how the caller was verified; nothing else."""

import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.account.models import Account
from console.bulk import runs
from console.bulk.runs import Wanted
from console.operations import door, verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from issuing.cards.models import Card
from tests.answers import check_page
from tests.issuing.acting import run, shown, typed, verb_page
from tests.issuing.conftest import REASON, make_card
from tests.people import browser, person, view_as, work

pytestmark = pytest.mark.django_db
CANCEL = "issuing.cancel_card"
LOST = {"cancellation_reason": "lost", "verified": "called_back"}


def sam_works(account: Account) -> Client:
    client = browser("sam")
    work(client, account.pk)
    return client


def sam_cancels(card: Card, *, who: str = "sam", **values: Any) -> Operation:
    performed = door.perform(
        verbs.get(CANCEL),
        user=person(who),
        params=values,
        reason=REASON,
        form_token=uuid.uuid4().hex,
        account_id=str(card.account_id),
        object_id=card.pk,
    )
    return performed.operation


@pytest.mark.parametrize("reason", ["lost", "stolen"])
def test_support_cancels_a_card_that_a_verified_caller_reports(account: Account, reason: str) -> None:
    card, sam = make_card(account), sam_works(account)
    assert verb_page(card, "cancel_card") in shown(sam, card.get_absolute_url())
    page = sam.get(verb_page(card, "cancel_card"))
    check_page(page)
    choices = page.context["form"].fields["cancellation_reason"].choices
    assert [name for name, _ in choices] == ["lost", "stolen"]
    answer = typed(sam, verb_page(card, "cancel_card"), cancellation_reason=reason, verified="called_back")
    assert answer.status_code == 303, answer.context["form"].errors
    card.refresh_from_db()
    operation = Operation.objects.get(verb=CANCEL)
    assert (card.status, operation.state, operation.user) == ("canceled", "succeeded", person("sam"))
    assert card.data["cancellation_reason"] == reason
    assert operation.params["verified"] == "called_back"
    page_of = shown(sam, f"/operations/{operation.pk}")
    assert "How the caller was verified" in page_of
    assert "Called back on the number on file" in page_of


@pytest.mark.parametrize("left_out", ["cancellation_reason", "verified"])
def test_the_page_asks_support_for_both(account: Account, left_out: str) -> None:
    card, sam = make_card(account), sam_works(account)
    answer = typed(sam, verb_page(card, "cancel_card"), **{**LOST, left_out: ""})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [left_out])
    assert not Operation.objects.filter(verb=CANCEL).exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "but for a card that is lost or stolen"),
        ({"cancellation_reason": "", "verified": "called_back"}, "but for a card that is lost or stolen"),
        ({"cancellation_reason": "lost"}, "without saying how the caller was verified"),
        ({"cancellation_reason": "lost", "verified": "a hunch"}, "without saying how the caller was verified"),
    ],
)
def test_the_door_refuses_support_anything_else_and_says_who_may(
    account: Account, values: dict[str, str], words: str
) -> None:
    card = make_card(account)
    with pytest.raises(Denied, match=words) as denied:
        sam_cancels(card, **values)
    assert str(denied.value).endswith("An operator or an administrator may.")
    card.refresh_from_db()
    assert card.status == "active"


def test_a_viewer_may_not_and_an_operator_need_not_say_it(account: Account) -> None:
    card = make_card(account)
    with pytest.raises(Denied, match="vera has no permission"):
        sam_cancels(card, who="vera", **LOST)
    assert sam_cancels(card, who="otto").state == "succeeded"


def test_look_mode_refuses_support_as_everybody(account: Account) -> None:
    card, sam = make_card(account), browser("sam")
    view_as(sam, account.pk)
    answer = typed(sam, verb_page(card, "cancel_card"), **LOST)
    assert (answer.status_code, "look mode" in answer.context["denied"]) == (403, True)


def test_many_cards_are_refused_and_who_may_is_named(account: Account) -> None:
    cards = [make_card(account) for _ in range(2)]
    ids = [card.pk for card in cards]
    status, _, err = run("cancel_card", *ids, "--cancellation-reason", "lost", "--verified", "in_person", who="sam")
    assert status == 1
    assert err.count("for one at a time only. An operator or an administrator may do it for many.") == 2
    rows = [Wanted(account.pk, object_id=card.pk) for card in cards]
    with pytest.raises(Denied, match=r"An operator or an administrator has\."):
        runs.begin(verbs.get(CANCEL), user=person("sam"), rows=rows, reason=REASON, common=LOST)
    sam = browser("sam")
    refused = sam.post("/issuing/card/", {"action": CANCEL, "_selected_action": ids}, follow=True)
    assert "sam may do “Cancel card” for one at a time only." in refused.content.decode()
    assert sam.get(f"/bulk/{CANCEL}/", {"id": ids}).status_code == 403
    assert not Operation.objects.filter(verb=CANCEL).exists()


def test_the_list_leads_support_to_the_page_of_one_card(account: Account) -> None:
    card, sam = make_card(account), sam_works(account)
    assert f'<option value="{CANCEL}">Cancel card (one row)</option>' in sam.get("/issuing/card/").content.decode()
    led = sam.post("/issuing/card/", {"action": CANCEL, "_selected_action": [card.pk]})
    assert (led.status_code, led["Location"]) == (302, verb_page(card, "cancel_card"))
    assert f'<option value="{CANCEL}">Cancel cards</option>' in browser("otto").get("/issuing/card/").content.decode()
    assert CANCEL not in browser("vera").get("/issuing/card/").content.decode()


def made_token(client: Client) -> str:
    return client.post("/me/tokens", {"label": "at the phone"}).context["new_token"]


def test_outside_of_the_sandbox_supports_token_does_this_command_and_no_other(
    account: Account, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, other, sam = make_card(account), make_card(account), browser("sam")
    assert "does this alone, for one at a time and as its page lets you: Cancel card." in shown(sam, "/me/")
    monkeypatch.setenv("CONSOLE_TOKEN", made_token(sam))
    settings.CONSOLE_MODE = "test"
    lost = ("--cancellation-reason", "lost")
    status, _, err = run("cancel_card", card.pk, *lost, who="")
    assert (status, "without saying how the caller was verified" in err) == (1, True)
    status, _, err = run("cancel_card", card.pk, other.pk, *lost, "--verified", "in_person", who="")
    assert (status, "for one at a time only" in err) == (1, True)
    assert run("cancel_card", card.pk, *lost, "--verified", "in_person", who="")[0] == 0
    card.refresh_from_db()
    assert (card.status, Operation.objects.get(verb=CANCEL).user) == ("canceled", person("sam"))
    for words in (("deactivate_card", other.pk), ("bulk_run", CANCEL, "--file", "none.csv")):
        status, _, err = run(*words, who="")
        assert (status, "may use this command" in err) == (1, True)


def test_a_viewer_has_no_token_and_an_operator_is_told_of_no_bounds(account: Account) -> None:
    assert browser("vera").post("/me/tokens", {"label": "x"}).status_code == 403
    assert "does this alone" not in shown(browser("otto"), "/me/")


def test_the_command_takes_how_the_caller_was_verified(account: Account) -> None:
    card = make_card(account)
    words = ("cancel_card", card.pk, "--cancellation-reason", "stolen")
    status, _, err = run(*words, who="sam")
    assert (status, "without saying how the caller was verified" in err) == (1, True)
    assert run(*words, "--verified", "code", who="sam")[:2] == (0, f"{card.pk} succeeded\n")
    assert Operation.objects.get(verb=CANCEL).params["verified"] == "code"


def test_support_gets_no_other_act_by_working(account: Account) -> None:
    card, sam = make_card(account), sam_works(account)
    page = shown(sam, card.get_absolute_url())
    assert "issuing.deactivate_card" not in page
    assert sam.get(verb_page(card, "deactivate_card")).status_code == 403
