"""What pages say of brakes, and the pages on which administrators set and lift them."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from console.brakes import changes, standing
from console.brakes.models import Brake
from console.people.models import User
from tests.answers import check_page
from tests.console.brakes.acting import OVER, WHY, administrator, set_brake
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, work

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
PAGE = f"/connect/accounts/{ACCOUNT}"


@pytest.fixture(autouse=True)
def accounts() -> None:
    known_accounts()


def words(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    check_page(answer)
    return text(answer)


def text(answer: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.mark.parametrize("path", ["/", "/operations/", PAGE, "/me/", "/search?q=x", "/no/such/page"])
def test_every_page_says_what_is_stopped(path: str) -> None:
    set_brake("money")
    answer = browser("vera").get(path, follow=True)
    assert "All that moves money is stopped by ana since" in text(answer)
    assert WHY in text(answer)


def test_three_are_spelled_out_the_pages_own_account_first() -> None:
    set_brake("account", ACCOUNT)
    client, said = browser("ana"), "All writes to Alder Freight are stopped by ana"
    assert said in words(client, f"/connect/accounts/{OTHER_ACCOUNT}")
    for scope, target in (("verb", "issuing.create_topup"), ("all", ""), ("money", "")):
        set_brake(scope, target)
    work(client)
    for path in (PAGE, f"/{ACCOUNT}/issuing/cards", f"{PAGE}/do/accounts.create_account_link"):
        page = words(client, path)
        assert page.index(said) < page.index("All writes to Stripe are stopped") < page.index("All that moves money is")
        assert "1 more brake stands" in page
    assert said not in words(client, f"/connect/accounts/{OTHER_ACCOUNT}")


def test_who_may_not_see_personal_data_reads_the_reason_masked() -> None:
    changes.set_brake(administrator(), "all", reason="Ask jonas@kestrel.example first")
    for path in ("/", "/brakes/", PAGE):
        assert "jonas@kestrel.example" not in words(browser("vera"), path)
    assert "jonas@kestrel.example" in words(browser("ana"), "/brakes/")


def test_hostile_names_stay_text() -> None:
    rows_before = "<script>alert(1)</script>\u202egnorts " * 5
    changes.set_brake(administrator(), "all", reason=rows_before)
    answer = browser("vera").get("/")
    check_page(answer)
    assert "<script>alert" not in answer.content.decode()


def test_no_banner_before_the_sign_in() -> None:
    set_brake("all")
    assert WHY not in text(Client().get("/login/"))


def test_a_banner_costs_no_query_a_second_time() -> None:
    client = browser("ana")
    without = cost(client, "/brakes/new")
    set_brake("all")
    assert cost(client, "/brakes/new") == without <= MOST


def test_a_form_says_so_before_anybody_types() -> None:
    set_brake("verb", "accounts.create_account")
    client = browser("otto")
    answer = client.get("/do/accounts.create_account/")
    assert "“Create account” is stopped since" in text(answer)
    button = answer.content.decode().split('class="panel-bar"')[1]
    assert "Stopped" in button
    assert ">Create account" not in button.replace("\n", "")
    posted = client.post("/do/accounts.create_account/", {"reason": WHY, "for_account": ""})
    assert posted.status_code in (403, 422)


def test_a_form_that_may_lower_risk_stays_open_and_says_with_what() -> None:
    card = rows.card(rows.cardholder())
    set_brake("all")
    client = browser("otto")
    work(client)
    path = f"/{ACCOUNT}/issuing/cards/{card.pk}/do/issuing.cancel_card"
    answer = client.get(path)
    assert "Only what lowers risk goes on: cancellation reason lost or stolen." in text(answer)
    form = answer.context["form"]
    given = {"form_token": form["form_token"].value(), "for_account": ACCOUNT, "reason": WHY}
    refused = client.post(path, {**given, "cancellation_reason": ""})
    assert refused.status_code == 403
    assert "All writes to Stripe are stopped" in text(refused)


def test_what_lowers_risk_is_not_braked_on_its_page() -> None:
    card = rows.card(rows.cardholder())
    set_brake("all")
    client = browser("otto")
    work(client)
    answer = client.get(f"/{ACCOUNT}/issuing/cards/{card.pk}/do/issuing.deactivate_card")
    assert ">Not possible now" not in answer.content.decode()
    assert not answer.context["denied"]


def test_a_preview_for_many_leaves_out_what_is_stopped() -> None:
    one, other = rows.card(rows.cardholder()), rows.card(rows.cardholder(OTHER_ACCOUNT), OTHER_ACCOUNT)
    for card in (one, other):
        rows.put(type(card), {**card.data, "status": "inactive"}, card.account_id)
    set_brake("account", ACCOUNT)
    answer = browser("otto").get(f"/bulk/issuing.activate_card/?id={one.pk}&id={other.pk}")
    errors = {row.id: row.error for row in answer.context["rows"]}
    assert "All writes to Alder Freight are stopped" in errors[one.pk]
    assert not errors[other.pk]


# The pages of brakes


def test_an_administrator_stops_and_lifts_something() -> None:
    ana = browser("ana")
    answer = ana.post("/brakes/new", {"scope": "account", "account": f" {ACCOUNT},", "reason": WHY, "ticket": "INC-1"})
    assert (answer.status_code, answer["Location"]) == (302, "/brakes/")
    brake = Brake.objects.get()
    assert (brake.scope, brake.target, brake.account_name, brake.ticket) == (
        "account",
        ACCOUNT,
        "Alder Freight",
        "INC-1",
    )
    assert "Alder Freight" in words(browser("vera"), "/brakes/")
    lift = f"/brakes/{brake.pk}/lift"
    assert ana.post(lift, {"act": "lift", "reason": "short"}).status_code == 422
    assert not standing.lately()[0].lifted_at
    assert ana.post(lift, {"act": "lift", "reason": OVER}).status_code == 302
    assert OVER in words(browser("vera"), "/brakes/")
    assert "Nothing is stopped" in words(browser("vera"), "/brakes/")
    assert ana.post(lift, {"act": "lift", "reason": OVER}).status_code == 409
    page = words(ana, lift)
    assert "It stands no more." in page
    assert "Alder Freight are stopped" not in page
    assert "goes on at once" not in page


def test_two_lift_it_in_live_mode(settings: Any) -> None:
    set_brake("all")
    Brake.objects.update(livemode=True)
    brake, ana = Brake.objects.get(), browser("ana")
    administrator("eve")
    lift = f"/brakes/{brake.pk}/lift"
    assert "Ask to lift it" in words(ana, lift)
    ana.post(lift, {"act": "lift", "reason": OVER})
    own = words(ana, lift)
    assert "Another person confirms" in own
    assert "Confirm: lift it now" not in own
    seen = ana.get(lift).context["seen"]
    assert ana.post(lift, {"act": "confirm", "seen": seen}).status_code == 409
    eve = Client()
    eve.force_login(User.objects.get(username="eve"))
    assert OVER in words(eve, lift)
    assert eve.post(lift, {"act": "confirm", "seen": "2026-01-01"}).status_code == 409
    assert eve.post(lift, {"act": "confirm", "seen": seen}).status_code == 302
    brake.refresh_from_db()
    assert (brake.lifted_by.username, brake.lift_asked_by.username) == ("eve", "ana")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({"scope": "all", "reason": "short"}, "reason"),
        ({"scope": "verb", "reason": WHY}, "verb"),
        ({"scope": "verb", "verb": "issuing.deactivate_card", "reason": WHY}, "verb"),
        ({"scope": "account", "account": "acct_nobody", "reason": WHY}, "account"),
        ({"scope": "everything", "reason": WHY}, "scope"),
    ],
)
def test_bad_input_stops_nothing_and_stays(entries: dict[str, str], field: str) -> None:
    answer = browser("ana").post("/brakes/new", entries)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert all(len(problems) == 1 for problems in answer.context["form"].errors.values())
    assert entries["reason"] in text(answer)
    assert not Brake.objects.exists()


def test_an_address_fills_in_the_form() -> None:
    answer = browser("ana").get(f"/brakes/new?scope=account&account={ACCOUNT}")
    assert answer.context["form"]["account"].value() == ACCOUNT


def test_a_brake_is_an_item_on_home_while_it_stands() -> None:
    brake = set_brake("money")
    item = next(need for need in browser("ana").get("/").context["items"] if "money" in need.title)
    assert (item.why, item.button, item.button_url) == (WHY, "Lift", f"/brakes/{brake.pk}/lift")
    item = next(need for need in browser("vera").get("/").context["items"] if "money" in need.title)
    assert (item.button, item.button_url) == ("Open", "/brakes/")
    changes.lift(brake, administrator(), reason=OVER)
    assert not browser("ana").get("/").context["items"]
