"""Recording the holder's acceptance: the form, the door, what Stripe clears, what the pages show."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client
from django.utils.http import urlencode

from accounts.account.models import Account
from accounts.onboarding.verbs import fill_test_values
from accounts.terms.models import Acceptance
from console.operations import verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from gateway import catch_up, clock, inbox
from tests.accounts.acting import run
from tests.accounts.builders import account as mirrored
from tests.accounts.builders import capability, person, requirements
from tests.accounts.conftest import Do, Make
from tests.costs import MOST, MOST_OF_ACCOUNT, cost
from tests.people import browser
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
IP = "81.2.69.142"
TERMS = ["settings.card_issuing.tos_acceptance.date", "tos_acceptance.date"]
GIVEN = {
    "agreements": ["issuing"],
    "ip": IP,
    "user_agent": "Firefox",
    "obtained_how": "application",
    "by_whom": "Marta Ilves",
    "evidence": "CS-41, page 2",
}


def moment(seconds: int = 0) -> str:
    """Stripe's time, so many seconds from now."""
    return (clock.now() + timedelta(seconds=seconds)).replace(microsecond=0).isoformat()


def entries(account: Account, **changed: Any) -> dict[str, Any]:
    """The page's form, filled in."""
    own = {"reason": "The holder accepted in our app", "form_token": uuid.uuid4().hex, "for_account": account.pk}
    return {**GIVEN, "accepted_at": moment(), **own, **changed}


def url(account: Account) -> str:
    return f"/connect/accounts/{account.pk}/do/accounts.record_terms"


def post(account: Account, client: Client | None = None, **changed: Any) -> Any:
    return (client or browser("otto")).post(url(account), entries(account, **changed))


def at_stripe(sandbox: SandboxProcess, account: Account) -> dict[str, Any]:
    data = sandbox.api("GET", f"/v1/accounts/{account.pk}")[1]
    return {"issuing": data["settings"]["card_issuing"]["tos_acceptance"], "services": data["tos_acceptance"]}


def test_acceptance_is_recorded_at_stripe_and_in_the_ledger(make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    answer = post(account)
    assert (answer.status_code, answer["Location"]) == (303, f"{account.get_absolute_url()}?tab=terms")
    there = at_stripe(sandbox, account)
    assert (there["issuing"]["ip"], there["issuing"]["user_agent"], there["services"]["date"]) == (IP, "Firefox", None)
    row, operation = Acceptance.objects.get(), Operation.objects.get()
    assert (row.agreement, row.ip, row.by_whom, row.evidence) == ("issuing", IP, "Marta Ilves", "CS-41, page 2")
    assert (row.operation, row.recorded_by, row.obtained_how) == (str(operation.pk), operation.user, "application")
    assert int(row.accepted_at.timestamp()) == there["issuing"]["date"]


def test_both_agreements_are_chosen_separately_and_go_in_one_call(make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    post(account, agreements=["issuing", "services"])
    there = at_stripe(sandbox, account)
    assert there["issuing"]["date"] == there["services"]["date"] is not None
    assert sorted(Acceptance.objects.values_list("agreement", flat=True)) == ["issuing", "services"]
    assert Operation.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ip": "10.0.0.1"}, "private"),
        ({"ip": "203.0.113.7"}, "documentation"),
        ({"ip": "127.0.0.1"}, "own address"),
        ({"ip": ""}, "required"),
        ({"accepted_at": ""}, "required"),
        ({"accepted_at": "2030-01-01T00:00:00"}, "future"),
        ({"accepted_at": "2001-01-01T00:00:00"}, "created"),
        ({"agreements": []}, "Choose what was accepted"),
        ({"obtained_how": "phone"}, "not one of the available choices"),
        ({"evidence": ""}, "required"),
        ({"by_whom": ""}, "required"),
        ({"ip": "not an address"}, "valid"),
    ],
)
def test_bad_entries_are_refused_in_words_and_stay(make: Make, changed: dict[str, Any], words: str) -> None:
    account = make()
    answer = post(account, **changed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert "CS-41, page 2" in page or "evidence" in changed
    assert not Operation.objects.exists()


def test_own_address_of_whoever_fills_it_in_is_refused(make: Make) -> None:
    account = make()
    client = Client(REMOTE_ADDR=IP)
    client.force_login(browser("otto").get("/me/").wsgi_request.user)
    answer = post(account, client)
    assert (answer.status_code, b"our own staff" in answer.content) == (422, True)


def test_same_acceptance_twice_is_refused_but_a_double_click_is_none(make: Make) -> None:
    account = make()
    first = entries(account)
    otto = browser("otto")
    assert [otto.post(url(account), first).status_code for _ in range(2)] == [303, 303]
    answer = otto.post(url(account), {**first, "form_token": uuid.uuid4().hex})
    assert (answer.status_code, b"already recorded" in answer.content) == (422, True)
    assert (Operation.objects.count(), Acceptance.objects.count()) == (1, 1)


def test_door_checks_once_more_what_the_form_saw(do: Do, make: Make) -> None:
    account = make()
    operation = do("record_terms", account, **{**GIVEN, "ip": "10.0.0.1"}, accepted_at=moment()).operation
    assert (operation.state, operation.error_code, operation.error_param) == ("refused", "not_sent", "ip")
    operation = do("record_terms", account, **GIVEN, accepted_at=moment(60)).operation
    assert (operation.state, operation.error_param) == ("refused", "date")
    assert not Acceptance.objects.exists()


def test_viewer_and_support_record_nothing(do: Do, make: Make) -> None:
    account = make()
    for who in ("vera", "sam"):
        with pytest.raises(Denied, match="no permission"):
            do("record_terms", account, who=who, **GIVEN, accepted_at=moment())


def test_account_whose_requirements_stripe_collects_takes_none(do: Do) -> None:
    account = mirrored(controller={"type": "application", "requirement_collection": "stripe"})
    with pytest.raises(Denied, match="Stripe alone"):
        do("record_terms", account, **GIVEN, accepted_at=moment())


@pytest.mark.parametrize("fault", ["reset_after", "500_replayed"])
def test_lost_answer_is_settled_with_its_row_in_the_ledger(
    do: Do, make: Make, sandbox: SandboxProcess, fault: str
) -> None:
    account = make()
    sandbox.control("faults", [{"match": f"POST /v1/accounts/{account.pk}", "times": 1, "fault": fault}])
    operation = do("record_terms", account, **GIVEN, accepted_at=moment()).operation
    assert (operation.state, Acceptance.objects.count()) == ("unknown", 0)
    there = at_stripe(sandbox, account)["issuing"]["date"]
    found = verbs.get("accounts.record_terms").find(operation)
    assert bool(found) == bool(there) == Acceptance.objects.exists()


def test_event_that_proves_it_writes_the_same_row(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    sandbox.control("faults", [{"match": f"POST /v1/accounts/{account.pk}", "times": 1, "fault": "reset_after"}])
    operation = do("record_terms", account, **GIVEN, accepted_at=moment()).operation
    take_events()
    operation.refresh_from_db()
    assert (operation.state, operation.settled_by) == ("succeeded", "event")
    row = Acceptance.objects.get()
    assert (row.source, row.operation, row.by_whom) == ("operation", str(operation.pk), "Marta Ilves")


def take_events() -> None:
    """List Stripe's events and apply them."""
    catch_up.run()
    while inbox.drain():
        pass


def test_what_the_holder_signs_elsewhere_is_witnessed(make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    signed = {"tos_acceptance[date]": str(clock.timestamp()), "tos_acceptance[ip]": IP}
    sandbox.api("POST", f"/v1/accounts/{account.pk}", signed)
    take_events()
    row = Acceptance.objects.get()
    assert (row.agreement, row.kind, row.source, row.obtained_how) == ("services", "accepted", "event", "")
    page = browser("otto").get(f"{account.get_absolute_url()}?tab=terms").content.decode()
    assert "by another program" in page


def test_window_passes_the_terms_are_cleared_and_only_a_later_acceptance_is_taken(
    do: Do, make: Make, sandbox: SandboxProcess
) -> None:
    account = make()
    sandbox.control(f"accounts/{account.pk}", {"do": "disable", "reason": "platform_paused"})
    do("fill_test_values", account)
    sandbox.control("clock", {"advance": "61m"})
    take_events()
    cleared = Acceptance.objects.get(kind="cleared")
    assert (cleared.agreement, cleared.source, cleared.ip) == ("issuing", "event", fill_test_values.TEST_IP)
    page = browser("otto").get(f"{account.get_absolute_url()}?tab=terms").content.decode()
    assert "a new acceptance is needed" in page
    answer = post(account, accepted_at=cleared.at.isoformat())
    assert (answer.status_code, b"must be later" in answer.content) == (422, True)
    refused = do("record_terms", account, **GIVEN, accepted_at=cleared.at.isoformat()).operation
    assert (refused.state, refused.error_code) == ("refused", "not_sent")
    sandbox.control("clock", {"advance": "1m"})
    do("refresh", account)
    assert post(account, accepted_at=(cleared.at + timedelta(seconds=1)).isoformat()).status_code == 303
    kinds = Acceptance.objects.of(account.pk).filter(agreement="issuing").values_list("kind", flat=True)
    assert list(kinds) == ["accepted", "cleared", "accepted"]


def test_clearing_that_no_event_told_is_found_by_reading_once(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    sandbox.control(f"accounts/{account.pk}", {"do": "disable", "reason": "platform_paused"})
    do("fill_test_values", account)
    sandbox.control("clock", {"advance": "61m"})
    do("refresh", account)
    assert Acceptance.objects.get(kind="cleared").source == "sync"
    take_events()
    assert Acceptance.objects.filter(kind="cleared").count() == 1


def test_page_says_what_is_missing_before_the_terms() -> None:
    row = mirrored(requirements=requirements(currently_due=[*TERMS, "company.phone"]))
    capability(row, status="inactive", requirements=requirements(currently_due=[TERMS[0], "company.phone"]))
    person(row)
    page = browser("otto").get(url(row)).content.decode()
    assert "Still missing before them: The company: phone number" in page
    assert 'value="Marta Ilves"' in page
    tab = browser("otto").get(f"{row.get_absolute_url()}?tab=terms").content.decode()
    assert "Missing before the terms" in tab
    assert "within one hour" in tab


def test_staff_who_may_get_the_button_beside_asking_the_holder() -> None:
    row = mirrored(requirements=requirements(past_due=TERMS, currently_due=TERMS))
    for who, expected in (("otto", True), ("sam", False)):
        page = browser(who).get(row.get_absolute_url()).content.decode().partition('id="actions-title"')[2]
        assert ("Record acceptance" in page) is expected
        assert ("Ask the holder" in page) is expected


def test_address_is_masked_without_the_permission(do: Do, make: Make) -> None:
    account = make()
    do("record_terms", account, **GIVEN, accepted_at=moment())
    shown = {
        who: browser(who).get(f"{account.get_absolute_url()}?tab=terms").content.decode() for who in ("sam", "vera")
    }
    assert IP in shown["sam"]
    assert IP not in shown["vera"]
    assert "Firefox" not in shown["vera"]


def test_terms_tab_costs_the_same_for_one_row_and_for_many(db: None) -> None:
    account = mirrored()
    otto = browser("otto")

    def accept(numbers: range) -> None:
        for number in numbers:
            at = datetime(2026, 10, 1, 9, number, tzinfo=UTC)
            Acceptance(
                account_id=account.pk, kind="accepted", agreement="issuing", accepted_at=at, at=at, source="event",
                source_id=f"evt_{number}",
            ).save()  # fmt: skip

    accept(range(1))
    one = cost(otto, f"{account.get_absolute_url()}?tab=terms")
    accept(range(1, 30))
    assert cost(otto, f"{account.get_absolute_url()}?tab=terms") == one <= MOST_OF_ACCOUNT


# Many at once


def rows_of(accounts: list[Account], **changed: Any) -> dict[str, Any]:
    """The form with a row for each account."""
    form: dict[str, Any] = {
        "agreements": ["issuing"],
        "obtained_how": "application",
        "reason": "The holders accepted in our app",
        "form_token": uuid.uuid4().hex,
        "row": [f"{account.pk}:{uuid.uuid4().hex}" for account in accounts],
    }
    for account in accounts:
        own = {**GIVEN, "accepted_at": moment(), "by_whom": f"Holder of {account.pk}"}
        for name in ("accepted_at", "ip", "user_agent", "by_whom", "evidence"):
            form[f"{account.pk}-{name}"] = own[name]
    return {**form, **changed}


MANY = "/connect/accounts/record-acceptances"


def test_action_opens_a_row_for_each_account(make: Make) -> None:
    accounts = [make(), make()]
    chosen = {"action": "accounts.record_terms", "_selected_action": [account.pk for account in accounts]}
    page = browser("otto").post("/accounts/account/", chosen).content.decode()
    for account in accounts:
        assert f'name="{account.pk}-ip"' in page
    assert "Record acceptance for 2 accounts" in page
    assert not Operation.objects.exists()


def test_each_row_becomes_an_operation_of_its_own(make: Make, sandbox: SandboxProcess) -> None:
    accounts = [make(), make()]
    form = rows_of(accounts)
    for _ in range(2):  # a double click finds the first
        answer = browser("otto").post(MANY, form)
        assert answer.status_code == 303, answer.context["form"].errors
    assert Operation.objects.filter(state="succeeded", via="action").count() == 2
    assert [at_stripe(sandbox, account)["issuing"]["ip"] for account in accounts] == [IP, IP]
    assert set(Acceptance.objects.values_list("by_whom", flat=True)) == {f"Holder of {each.pk}" for each in accounts}


def test_one_bad_row_stops_all_and_every_entry_stays(make: Make) -> None:
    good, bad = make(), make()
    answer = browser("otto").post(MANY, rows_of([good, bad], **{f"{bad.pk}-ip": "10.0.0.1"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "1 row needs another look" in page
    assert "private, reserved" in page
    assert 'value="10.0.0.1"' in page
    assert f'value="Holder of {good.pk}"' in page
    assert not Operation.objects.exists()


def test_bad_common_entry_stops_all(make: Make) -> None:
    answer = browser("otto").post(MANY, rows_of([make()], reason="short", agreements=["phone"]))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"reason", "agreements"}
    assert not Operation.objects.exists()


def test_account_that_can_take_none_is_shown_with_why(make: Make) -> None:
    express = mirrored(controller={"type": "application", "requirement_collection": "stripe"})
    page = browser("otto").get(MANY, {"id": [express.pk, make().pk]}).content.decode()
    assert "with Stripe alone" in page
    assert "for 1 account<" in page


def test_more_than_fit_one_form_are_refused_in_words_and_lead_back_to_the_list(db: None) -> None:
    for number in range(51):
        mirrored(f"acct_{number}")
    chosen = {"action": "accounts.record_terms", "select_across": "1", "_selected_action": "acct_0"}
    listed = "/accounts/account/?country=US"
    answer = browser("otto").post(listed, chosen, HTTP_REFERER=f"http://testserver{listed}")
    assert answer.status_code == 400
    assert "At most 50 at once; 51 were selected." in answer.content.decode()
    assert answer.context["back_url"] == listed


@pytest.mark.parametrize("data", [{}, {"row": "acct_0:x"}, {"row": f"acct_0:{'0' * 32}"}, {"row": ["x:y"] * 51}])
def test_nonsense_is_a_bad_request(data: dict[str, Any], db: None) -> None:
    assert browser("otto").post(MANY, data).status_code == 400


def test_queries_of_the_form_for_many_do_not_grow(db: None) -> None:
    ids = [mirrored(f"acct_1Many{number}").pk for number in range(20)]
    otto = browser("otto")
    one, many = (cost(otto, f"{MANY}?{urlencode({'id': chosen}, doseq=True)}") for chosen in (ids[:1], ids))
    assert one == many <= MOST


# As a command

COMMAND = {
    "agreements": ["issuing", "services"],
    "ip": IP,
    "by_whom": "Marta Ilves",
    "obtained_how": "email",
    "evidence": "CS-41",
}


def test_command_records_it_too(make: Make) -> None:
    account = make()
    assert run("record_terms", account.pk, **COMMAND, accepted_at=moment()) == f"{account.pk} succeeded"
    assert Acceptance.objects.count() == 2


def test_command_takes_one_account_and_sound_entries(make: Make) -> None:
    account = make()
    for ids, changed, words in (
        ([account.pk, make().pk], {}, "one account"),
        ([account.pk], {"ip": "192.168.1.1"}, "private"),
        ([account.pk], {"agreements": ["all"]}, "agreements"),
    ):
        with pytest.raises(CommandError, match=words) as refused:
            run("record_terms", *ids, **{**COMMAND, "accepted_at": moment(), **changed})
        assert refused.value.returncode == 2
    assert not Operation.objects.exists()
