"""Addresses that are none of ours lead to our page for what the Dashboard has there, or are a 404; never in circles."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.account.models import Account
from accounts.external_accounts.models import ExternalAccount
from console.operations.models import Operation
from console.shell import leading
from gateway.models import Binding, Event
from tests.accounts import builders
from tests.issuing import rows
from tests.keeping import once
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
UNKNOWN = (
    f"/{ACCOUNT}/nothing",
    f"/{ACCOUNT}/nothing/",
    f"/{ACCOUNT}/settings/issuing/card-programs",
    f"/{ACCOUNT}/test/nothing/at/all",
    f"/test/{ACCOUNT}/nothing",
    f"/{ACCOUNT}/connect/accounts/acct_1Gone/nothing",
    "/acct_1Nobody/nothing",
    "/acct_1Nobody/issuing/cards/ic_1Nobody/",
    "/acct_",
    "/connect/nothing",
    "/connect/nothing/",
    "/connect/accounts/nothing/else",
    "/test/connect",
    "/test/connect/",
    "/test/nothing",
    "/issuing/cards/ic_1Nobody",
    "/events/evt_1Nobody/",
    "/nothing",
    "/nothing/",
    "//nothing",
    "/test/test/test/",
    "/connect/accounts/overview/overview/",
)


def things() -> dict[str, str]:
    """Ids of objects that addresses can name."""
    known_accounts()
    told = {"type": "account.updated", "created": 1, "livemode": False, "payload": {}, "received_at": timezone.now()}
    Event.objects.create(id="evt_1Led", account=ACCOUNT, request_id="req_1Elsewhere", **told)
    asked = {"user": person("ana"), "key": "k", "form_token": "t" * 32, "request_id": "req_1Led"}
    return {
        "card": rows.card(rows.cardholder()).pk,
        "topup": rows.topup().pk,
        "operation": str(Operation.objects.create(verb="tests.led", account_id=ACCOUNT, **asked).pk),
        "person": builders.person(Account.objects.get(pk=ACCOUNT)).pk,
    }


world = once(things)


def end_of(client: Client, path: str) -> tuple[str, int]:
    """Where an address ends, and how; fails on a circle."""
    seen = [path]
    while True:
        answer = client.get(seen[-1])
        if answer.status_code not in (301, 302):
            return seen[-1], answer.status_code
        seen.append(answer["Location"])
        assert len(seen) < 6, seen


DASHBOARDS = (
    (f"/{ACCOUNT}", f"/{ACCOUNT}/issuing/overview"),
    (f"/{ACCOUNT}/issuing", f"/{ACCOUNT}/issuing/overview"),
    (f"/{ACCOUNT}/balance", f"/{ACCOUNT}/balance/overview"),
    (f"/{ACCOUNT}/issuing/cards/{{card}}", f"/{ACCOUNT}/issuing/cards/{{card}}"),
    ("/issuing/cards/{card}", f"/{ACCOUNT}/issuing/cards/{{card}}"),
    ("/issuing/cards", "/issuing/card/"),
    ("/events/evt_1Led", "/gateway/event/evt_1Led/change/"),
    ("/events", "/gateway/event/"),
    ("/topups", "/issuing/topup/"),
    ("/topups/{topup}", f"/{ACCOUNT}/topups/{{topup}}"),
    ("/balance/overview", "/accounts/account/"),
    ("/connect", "/accounts/account/"),
    ("/connect/accounts/overview", "/accounts/account/"),
    (f"/connect/accounts/{ACCOUNT}", f"/connect/accounts/{ACCOUNT}"),
    (f"/{ACCOUNT}/events/evt_1Led", "/gateway/event/evt_1Led/change/"),
    (f"/{ACCOUNT}/events", "/gateway/event/"),
    (f"/{ACCOUNT}/logs/req_1Led", "/operations/{operation}"),
    ("/logs/req_1Led", "/operations/{operation}"),
    (f"/{ACCOUNT}/logs/req_1Elsewhere", "/gateway/event/evt_1Led/change/"),
    (f"/{ACCOUNT}/persons/{{person}}", f"/connect/accounts/{ACCOUNT}"),
    ("/balance", "/accounts/account/"),
)


@pytest.mark.parametrize(("given", "page"), DASHBOARDS)
def test_what_the_dashboard_has_leads_to_our_page(world: dict[str, str], given: str, page: str) -> None:
    client = browser("ana")
    view_as(client, ACCOUNT)
    plain = given.format(**world)
    for path in (plain, f"{plain}/", f"/test{plain}", f"/test{plain}/"):
        place, status = end_of(client, path)
        assert (place.partition("?")[0], status) == (page.format(**world), 200), path


@pytest.mark.parametrize("who", ["vera", "sam", "otto", "ana"])
def test_no_address_leads_in_circles_or_fails(world: dict[str, str], who: str) -> None:
    client = browser(who)
    client.raise_request_exception = False
    real = [given.format(**world) for given, _ in DASHBOARDS]
    for path in (*UNKNOWN, *real, *(f"/test{each}/" for each in real)):
        assert end_of(client, path)[1] in (200, 403, 404), path


def test_an_unknown_page_of_an_account_names_it_and_offers_its_pages(world: dict[str, str]) -> None:
    answer = browser("ana").get(f"/{ACCOUNT}/nothing")
    assert answer.status_code == 404
    page = answer.content.decode()
    assert f'href="/connect/accounts/{ACCOUNT}"' in page
    assert f'href="/{ACCOUNT}/issuing/cards"' in page
    assert "has these pages" not in browser("ana").get("/acct_1Nobody/nothing").content.decode()


def test_anothers_object_is_not_led_to(world: dict[str, str]) -> None:
    for path in (f"payments/{world['card']}", "events/evt_1Led", "logs/req_1Led", f"persons/{world['person']}"):
        assert leading.page_for(f"/{OTHER_ACCOUNT}/{path}") == ""
    assert leading.page_for(f"/{ACCOUNT}/payments/{world['card']}") == f"/{ACCOUNT}/issuing/cards/{world['card']}"


def test_a_pasted_address_of_this_console_is_opened(world: dict[str, str]) -> None:
    client = browser("ana")
    for given, page in (
        ("http://testserver/issuing/card/?status=active", "/issuing/card/?status=active"),
        (f"https://testserver/{ACCOUNT}/issuing/cards", f"/{ACCOUNT}/issuing/cards"),
        (f"http://testserver/test/{ACCOUNT}/issuing/", f"/{ACCOUNT}/issuing/overview"),
        ("“http://testserver/issuing/card/”", "/issuing/card/"),
        (f"/{ACCOUNT}/issuing/cards/{world['card']}", f"/{ACCOUNT}/issuing/cards/{world['card']}"),
        (f"<https://dashboard.stripe.com/{ACCOUNT}/test/events/evt_1Led>", "/gateway/event/evt_1Led/change/"),
        ("dashboard.stripe.com/test/logs/req_1Led", f"/operations/{world['operation']}"),
    ):
        assert client.get("/search", {"q": given})["Location"] == page
    for given in (
        "http://testserver/nothing",
        "http://elsewhere.example/issuing/card/",
        "http://[",
        "http://testserver",
        "/nothing",
        "//elsewhere.example/issuing/card/",
        "dashboard.stripe.com.elsewhere.example/test/logs/req_1Led",
    ):
        assert client.get("/search", {"q": given}).status_code == 200


def test_a_query_comes_along(world: dict[str, str]) -> None:
    assert browser("ana").get("/issuing/cards?status=active")["Location"] == "/issuing/card/?status=active"


def test_who_is_not_signed_in_is_told_nothing(world: dict[str, str]) -> None:
    for path in (f"/{ACCOUNT}/nothing", f"/issuing/cards/{world['card']}", "/events/evt_1Led"):
        answer = Client().get(path)
        assert answer.status_code == 302
        assert "/login" in answer["Location"]


def test_ids_that_the_console_prints_lead_somewhere(world: dict[str, str]) -> None:
    held = rows.authorization(rows.card(rows.cardholder()))
    bank = rows.put(ExternalAccount, {"id": "ba_1Led", "object": "bank_account"})
    own = rows.balance_transaction(-5, "issuing_authorization_hold", source=held.pk)
    other = rows.balance_transaction(-5, "stripe_fee")
    for given, page in (
        (world["person"], f"/connect/accounts/{ACCOUNT}?tab=persons"),
        (bank.pk, f"/connect/accounts/{ACCOUNT}?tab=external_accounts"),
        (own.pk, held.get_absolute_url()),
        (other.pk, f"/{ACCOUNT}/balance/overview"),
        ("evt_1Led", "/gateway/event/evt_1Led/change/"),
    ):
        assert browser("ana").get("/search", {"q": given})["Location"] == page


def test_the_title_of_a_search_says_when_there_is_nothing() -> None:
    assert "<title>\n  Nothing found" in browser("ana").get("/search", {"q": "zebra"}).content.decode()


def test_addresses_of_earlier_pages_are_answered(world: dict[str, str]) -> None:
    client = browser("ana")
    for name in ("operation", "approval", "job"):
        assert client.get(f"/{name}s/?q=ic_1&e=1")["Location"] == f"/console/{name}/?q=ic_1&e=1"
    assert client.get("/bulk-runs/?q=ic_1")["Location"] == "/console/bulkrun/?q=ic_1"
    assert client.get("/connect/accounts?q=alder")["Location"] == "/accounts/account/?q=alder"
    assert end_of(client, "/bulk/issuing.cancel_card/") == ("/issuing/card/", 200)
    assert end_of(client, "/connect/accounts/record-acceptances") == ("/accounts/account/", 200)


PLATFORM = "acct_1Platform"
OF_PLATFORM = (
    ("events/evt_1Led", "/gateway/event/evt_1Led/change/"),
    ("events", "/gateway/event/"),
    ("logs/req_1Led", "/operations/{operation}"),
    ("issuing/cards/{card}", f"/{ACCOUNT}/issuing/cards/{{card}}"),
    ("issuing/cards", "/issuing/card/"),
    ("connect/accounts", "/connect/accounts"),
    (f"connect/accounts/{ACCOUNT}", f"/connect/accounts/{ACCOUNT}"),
    (f"connect/accounts/{ACCOUNT}/activity", f"/connect/accounts/{ACCOUNT}"),
)


@pytest.mark.parametrize(("given", "page"), OF_PLATFORM)
def test_the_platforms_own_account_before_a_page_names_nobody_elses(
    world: dict[str, str], given: str, page: str
) -> None:
    Binding.objects.update_or_create(id=1, defaults={"mode": "sandbox", "platform_account": PLATFORM})
    for mode in ("", "/test"):
        link = f"dashboard.stripe.com/{PLATFORM}{mode}/{given.format(**world)}"
        answer = browser("ana").get("/search", {"q": link})
        assert answer.headers["Location"] == page.format(**world)


@pytest.mark.parametrize("place", ["activity", "payments", "persons/{person}", "persons/person_nobody"])
def test_what_is_below_an_account_leads_to_its_page(world: dict[str, str], place: str) -> None:
    client, path = browser("ana"), f"/connect/accounts/{ACCOUNT}/{place.format(**world)}"
    assert client.get(path)["Location"].startswith(f"/connect/accounts/{ACCOUNT}")
    link = f"http://dashboard.stripe.com/test{path}"
    assert client.get("/search", {"q": link})["Location"].partition("?")[0] == f"/connect/accounts/{ACCOUNT}"
    other = path.replace(ACCOUNT, OTHER_ACCOUNT)
    assert leading.page_for(other) == f"/connect/accounts/{OTHER_ACCOUNT}"
    assert leading.page_for(path.replace(ACCOUNT, "acct_1Nobody")) == ""


def test_an_address_of_this_console_is_taken_without_its_scheme_and_whole(world: dict[str, str]) -> None:
    client = browser("ana")
    query = "&".join(f"x{number}={'y' * 20}" for number in range(20))
    for given, page in (
        (f"testserver/{ACCOUNT}/issuing/cards/{world['card']}", f"/{ACCOUNT}/issuing/cards/{world['card']}"),
        (f"“TestServer/{ACCOUNT}/issuing/cards”", f"/{ACCOUNT}/issuing/cards"),
        (f"http://testserver/issuing/card/?{query}&account={ACCOUNT}", f"/issuing/card/?{query}&account={ACCOUNT}"),
    ):
        assert client.get("/search", {"q": given})["Location"] == page
    for given in ("testserver", "testserver.evil.example/issuing/card/", f"/issuing/card/?q={'y' * 2_000}"):
        assert client.get("/search", {"q": given}).status_code == 200


@pytest.mark.parametrize("given", ["“Alder Freight”", '"alder freight"', "'Alder'", "«Alder Freight»"])
def test_words_are_sought_without_the_quotes_that_they_stand_in(world: dict[str, str], given: str) -> None:
    found = browser("ana").get("/search", {"q": given}).context["groups"]
    assert "Alder Freight" in [row.label for group in found for row in group["rows"]]
    listed = browser("ana").get("/accounts/account/", {"q": given}).context["cl"].result_list
    assert [row.pk for row in listed] == [ACCOUNT]
