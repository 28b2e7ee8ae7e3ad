"""What a page says will be sent is what is sent: for every verb, parameter by parameter, against Stripe's own log."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.account.forms import create_params
from accounts.account.models import Account
from accounts.onboarding.verbs.fill_test_values import SHOWN_DATE
from console.operations import verbs
from console.operations.fields import SHOWN_AS
from console.operations.finding import SHOWN
from console.operations.models import Operation
from console.operations.preview import Line
from console.operations.verbs import Request
from console.record.models import AuditEntry
from console.viewing.models import AccessEntry
from gateway import clock
from issuing.topups.models import Topup
from tests.issuing.acting import posted, verb_page
from tests.issuing.conftest import HOLDER, REASON, buy, fund, issuing_account, make_card, make_cardholder, perform
from tests.people import browser, person, work
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.crawl

Entries = dict[str, str]
Place = tuple[str, Entries]  # the address of a verb's page, and what is typed there
HOLDERS = {name: value for name, value in HOLDER.items() if name != "terms_date"} | {
    "terms_date": "2026-01-05T10:00:00",
    "dob": "1990-01-31",
    "email": "amara@example.com",
    "phone_number": "+14155550123",
}
LIMITS = {
    "spending_limits_0_amount": "2,000",
    "spending_limits_0_interval": "weekly",
    "blocked_categories": "book_stores",
}


def of_card(name: str, **values: Any) -> Callable[[Account], Place]:
    def place(account: Account) -> Place:
        active = values.pop("active", True)
        return verb_page(make_card(account, active=active), name), {k: str(v) for k, v in values.items()}

    return place


def of_holder(name: str, *before: str, **values: str) -> Callable[[Account], Place]:
    def place(account: Account) -> Place:
        holder = make_cardholder(account, email="old@example.com")
        for each in before:
            perform(each, holder)
        return verb_page(holder, name), values

    return place


def of_account(name: str, **values: str) -> Callable[[Account], Place]:
    return lambda account: (reverse("account_verb", args=[account.pk, name]), values)


def new_card(account: Account) -> Place:
    values = {"cardholder": make_cardholder(account).pk, "limit_amount": "1,000.50", "limit_interval": "weekly"}
    return f"/{account.pk}/do/issuing.create_card", values


def on_its_way(account: Account) -> Place:
    topup = Topup.objects.get(pk=perform("create_topup", account, amount="20").operation.object_id)
    return f"{topup.get_absolute_url()}/do/issuing.cancel_topup", {}


def purchase(account: Account) -> Place:
    values = {"card": make_card(account).pk, "amount": "$12.50", "merchant_name": "Rocket Rides"}
    return f"/{account.pk}/do/issuing.create_test_authorization", values


def of_purchase(name: str, **values: str) -> Callable[[Account], Place]:
    return lambda account: (verb_page(buy(make_card(account)), name), values)


def incomplete(account: Account) -> Place:
    """Another account, of which Stripe asks for much."""
    params = create_params({"country": "US", "business_type": "company", "business_name": "Kestrel Freight"})
    made, _ = Account.create_account(key=uuid.uuid4().hex, params=params)
    return reverse("account_verb", args=[made.pk, "accounts.fill_test_values"]), {}


ACCEPTANCE = {
    "agreements": "issuing",
    "ip": "8.8.4.4",
    "user_agent": "Firefox",
    "by_whom": "Beatrix Halloran",
    "obtained_how": "application",
    "evidence": "Case 12",
}


def acceptance(account: Account) -> Place:
    moment = {"accepted_at": f"{clock.now():%Y-%m-%dT%H:%M:%S}"}
    return reverse("account_verb", args=[account.pk, "accounts.record_terms"]), {**ACCEPTANCE, **moment}


PLACES: dict[str, Callable[[Account], Place]] = {
    "accounts.create_account": lambda _: (
        "/do/accounts.create_account/",
        {"country": "US", "business_type": "company", "business_name": "Kestrel", "company_name": "Kestrel Inc."},
    ),
    "accounts.create_account_link": of_account("accounts.create_account_link", future="on", collect="eventually_due"),
    "accounts.fill_test_values": incomplete,
    "accounts.record_terms": acceptance,
    "accounts.refresh": of_account("accounts.refresh"),
    "issuing.activate_card": of_card("activate_card", active=False),
    "issuing.activate_cardholder": of_holder("activate_cardholder", "deactivate_cardholder"),
    "issuing.cancel_card": of_card("cancel_card", cancellation_reason="stolen"),
    "issuing.cancel_topup": on_its_way,
    "issuing.capture_test_authorization": of_purchase("capture_test_authorization", capture_amount="5", keep_open="on"),
    "issuing.create_card": new_card,
    "issuing.create_cardholder": lambda account: (f"/{account.pk}/do/issuing.create_cardholder", HOLDERS),
    "issuing.create_test_authorization": purchase,
    "issuing.create_topup": lambda account: (
        f"/{account.pk}/do/issuing.create_topup",
        {"amount": "20 USD", "description": "For June"},
    ),
    "issuing.deactivate_card": of_card("deactivate_card"),
    "issuing.deactivate_cardholder": of_holder("deactivate_cardholder"),
    "issuing.reverse_test_authorization": of_purchase("reverse_test_authorization", reverse_amount="5"),
    "issuing.update_card": of_card("update_card", **LIMITS),
    "issuing.update_cardholder": of_holder(
        "update_cardholder", email="new@example.com", line1="1 Market St", dob="1990-01-31"
    ),
}


@dataclass(frozen=True)
class Call:
    """One request, as a page announces it or as Stripe saw it."""

    method: str
    path: str
    account: str
    params: dict[str, str] = field(default_factory=dict)


def announced(request: Request) -> list[Call]:
    """As the page says it; "" is what it writes for nothing."""
    return [
        Call(each.method, each.path, each.account, {line.name: line.value.replace('""', "") for line in _sent(each)})
        for each in request.calls
    ]


def _sent(request: Request) -> list[Line]:
    return [line for line in request.lines if line.value]


def received(sandbox: SandboxProcess, since: int, method: str) -> list[Call]:
    """What Stripe has received meanwhile, by this method."""
    lines = [line for line in sandbox.traffic()[since:] if line.get("method") == method]
    return [
        Call(
            method,
            line["path"].partition("?")[0],
            line["account"] or "",
            dict(parse_qsl(line["request_form"] or "", keep_blank_values=True)),
        )
        for line in lines
    ]


def told(call: Call, like: Call) -> Call:
    """A call as it was received, with what the page names without showing it: marks, moments, sensitive values."""
    hidden = {name: value for name, value in like.params.items() if value in (SHOWN, SHOWN_AS, SHOWN_DATE)}
    return replace(call, params={name: hidden.get(name, value) for name, value in call.params.items()})


def filled(page: Any, entries: Entries) -> dict[str, Any]:
    """What a browser sends from this page with these entries."""
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)} | {"reason": REASON, **entries}


def otto_for(place: str) -> Client:
    otto = browser("otto")
    if place.startswith("/acct_"):
        work(otto, place.split("/")[1])
    return otto


@pytest.mark.django_db
def test_every_verb_is_here() -> None:
    assert sorted(PLACES) == [verb.name for verb in verbs.every()]


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(PLACES))
def test_what_is_announced_is_sent(sandbox: SandboxProcess, account: Account, name: str) -> None:
    verb = verbs.get(name)
    if "authorization" in name:
        fund(sandbox, account)
    address, entries = PLACES[name](account)
    otto = otto_for(address)
    values = filled(otto.get(address), entries)
    before = (len(sandbox.traffic()), Operation.objects.count(), AuditEntry.objects.count())
    drawn = otto.post(address, {**values, "preview": "1"})
    assert drawn.status_code == 200, drawn.context["form"].errors
    assert (len(sandbox.traffic()), Operation.objects.count(), AuditEntry.objects.count()) == before
    calls = announced(drawn.context["preview"])
    answer = otto.post(address, values)
    assert answer.status_code in (200, 303), answer.context and answer.context["form"].errors
    operation = Operation.objects.latest("created_at")
    assert (operation.verb, operation.state) == (name, "succeeded"), operation.error_message
    came = received(sandbox, before[0], calls[0].method)
    if name == "accounts.fill_test_values":  # later rounds, which nobody can know before, are not announced
        came = [*came[: len(calls) - 1], came[-1]]
    assert [told(each, like) for each, like in zip(came[: len(calls)], calls, strict=True)] == calls
    marks = [value for each in came for value in each.params.values() if value == str(operation.pk)]
    assert len(marks) == sum(value == SHOWN for each in calls for value in each.params.values())
    assert verb.sends == (calls[0].method == "POST")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["activate_card", "cancel_card", "deactivate_card", "deactivate_cardholder"])
def test_each_row_of_many_announces_its_own(sandbox: SandboxProcess, account: Account, name: str) -> None:
    other, otto = issuing_account("Birch Bakery"), browser("otto")
    cards = [make_card(each, active=name != "activate_card") for each in (account, other)]
    ids = [card.cardholder_id if name.endswith("cardholder") else card.pk for card in cards]
    page = otto.get(f"/bulk/issuing.{name}/", {"id": ids})
    values = {**posted(page, cancellation_reason="stolen"), "preview": "1"}
    before = len(sandbox.traffic()), Operation.objects.count()
    drawn = otto.post(f"/bulk/issuing.{name}/", values)
    assert (len(sandbox.traffic()), Operation.objects.count()) == before
    calls = [call for row in drawn.context["rows"] for call in announced(row.request)]
    assert [call.account for call in calls] == [account.pk, other.pk]
    if name == "cancel_card":
        assert {call.params["cancellation_reason"] for call in calls} == {"stolen"}
    del values["preview"]
    otto.post(f"/bulk/issuing.{name}/", values)
    assert received(sandbox, before[0], "POST") == calls


def opened(otto: Client, address: str) -> dict[str, Any]:
    return filled(otto.get(address), {})


@pytest.mark.django_db
def test_a_preview_says_what_is_missing_and_what_is_wrong_and_keeps_what_was_typed(
    otto: Client, account: Account
) -> None:
    address = f"/{account.pk}/do/issuing.create_card"
    assert otto.get(address).context["preview"].missing == ("Cardholder",)
    holder = make_cardholder(account)
    values = {**opened(otto, address), "limit_amount": "1,00", "reason": "", "preview": "1"}
    page = otto.post(address, values)
    assert page.status_code == 200
    assert otto.post(address, {k: v for k, v in values.items() if k != "preview"}).status_code == 422
    preview, form = page.context["preview"], page.context["form"]
    assert preview.missing == ("Cardholder",)
    assert [label for label, _ in preview.wrong] == ["Spending limit"]
    assert "spending_controls" not in preview.params
    assert set(form.errors) == {"cardholder", "limit_amount", "reason"}
    assert (form["limit_amount"].value(), form["form_token"].value()) == ("1,00", values["form_token"])
    better = otto.post(address, {**values, "cardholder": holder.pk, "limit_amount": "100", "reason": REASON})
    assert (better.status_code, better.context["preview"].missing, better.context["preview"].wrong) == (200, (), ())
    assert better.context["preview"].params["spending_controls"]["spending_limits"][0]["amount"] == 10_000


@pytest.mark.django_db
def test_a_preview_names_sensitive_values_and_shows_none(otto: Client, account: Account) -> None:
    address = f"/{account.pk}/do/issuing.create_cardholder"
    values = filled(otto.get(address), {**HOLDERS, "dob": "1977-07-30", "preview": "1"})
    page = otto.post(address, values)
    assert page.context["preview"].params["individual"]["dob"] == dict.fromkeys(("year", "month", "day"), SHOWN_AS)
    assert "1977" not in page.content.decode()
    assert page.context["form"]["dob"].value() == ""
    assert page.context["emptied"] == ["Date of birth"]
    wrong = otto.post(address, {**values, "dob": "1977-77-30"})
    assert [label for label, _ in wrong.context["preview"].wrong] == ["Date of birth"]
    assert "1977" not in wrong.content.decode()


@pytest.mark.django_db
def test_an_update_shows_before_and_after_as_they_are_sent(otto: Client, account: Account) -> None:
    card = make_card(account, limit_amount="200", limit_interval="weekly")
    address = verb_page(card, "update_card")
    idle = otto.get(address)
    assert idle.context["preview"].idle
    assert "Nothing would change yet." in idle.content.decode()
    values = filled(idle, {"spending_limits_0_amount": "50", "spending_limits_0_interval": "weekly", "preview": "1"})
    del values["spending_limits"]
    lines = otto.post(address, values).context["preview"].lines
    assert lines[0] == Line("spending_controls[spending_limits][0][amount]", "5000", "20000")
    lifted = {**values, "lift": "spending_limits", "spending_limits_0_amount": "200"}
    lines = otto.post(address, lifted).context["preview"].lines
    assert lines[0] == Line("spending_controls[spending_limits]", '""')
    assert Line("spending_controls[spending_limits][0][amount]", "", "20000") in lines


@pytest.mark.django_db
def test_a_preview_is_no_second_page_in_the_record_and_works_in_look_mode(otto: Client, account: Account) -> None:
    address = verb_page(make_card(account), "cancel_card")
    values = {**opened(otto, address), "cancellation_reason": "lost", "preview": "1"}
    for _ in range(2):
        assert otto.post(address, values).status_code == 200
    assert AccessEntry.objects.filter(path=address).count() == 1
    otto.post(f"/connect/accounts/{account.pk}/view-as/mode", {"mode": "look", "for_account": account.pk})
    page = otto.post(address, values)
    assert page.context["preview"].params["cancellation_reason"] == "lost"
    assert page.context["denied"]
    assert otto.post(address, {**values, "for_account": "acct_other"}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["vera", "sam"])
def test_who_may_not_send_sees_no_preview(account: Account, who: str) -> None:
    values = {"preview": "1", "form_token": uuid.uuid4().hex, "for_account": account.pk}
    assert browser(who).post(f"/connect/accounts/{account.pk}/do/issuing.create_card", values).status_code == 403


@pytest.mark.django_db
def test_what_was_before_is_masked_for_who_may_not_see_personal_data(account: Account) -> None:
    holder = make_cardholder(account, email="old@example.com")
    nina = person("vera")
    nina.user_permissions.set(Permission.objects.filter(codename__in=["update_cardholder", "view_as", "work_as"]))
    client = browser("vera")
    work(client, account.pk)
    address = verb_page(holder, "update_cardholder")
    values = filled(client.get(address), {"email": "new@example.com", "preview": "1"})
    assert Line("email", "new@example.com", SHOWN_AS) in client.post(address, values).context["preview"].lines
