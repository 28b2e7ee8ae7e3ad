"""The page of every verb: what it draws, what it sends, and what comes back when it does not go well."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.bulk import engine
from console.operations import door
from console.operations.forms import field_of, page_form
from console.operations.models import Operation
from console.people.models import User
from console.record.models import AuditEntry
from console.viewing.models import WorkSession
from gateway.errors import Refused, Unreachable
from tests.console.acting import (
    ACCOUNT,
    CREATE,
    REASON,
    account,
    accounts_at_stripe,
    creates,
    failing,
    faults,
    person,
    registered,
    session_for,
    verb_that,
)
from tests.costs import MOST
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.alike

State = Operation.State
PAGE = "/do/tests.create/"


@pytest.fixture(autouse=True)
def verbs(db: None, settings: Any) -> Iterator[None]:
    engine = {**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], Path(__file__).parent / "templates"]}
    settings.TEMPLATES = [engine]
    with registered():
        yield


@pytest.fixture
def browser(otto: User) -> Client:
    client = Client()
    client.force_login(otto)
    return client


def form_of(page: Any, **entries: str) -> dict[str, str]:
    """What a browser would send from this page, with these entries typed in."""
    form = page.context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    return {**values, **entries}


def typed(browser: Client, path: str = PAGE, **entries: str) -> Any:
    """Open the page, fill it in, send it."""
    return browser.post(path, form_of(browser.get(path), **{"reason": REASON, **entries}))


def account_page(account_id: str, verb: str) -> str:
    return reverse("account_verb", args=[account_id, verb])


# The form


def test_the_form_shows_its_fields_and_what_will_be_sent(browser: Client) -> None:
    page = browser.get(PAGE)
    assert page.status_code == 200
    assert list(page.context["form"].fields)[:4] == ["business_name", "email", "country", "ssn"]
    assert (page.context["preview"].path, page.context["form"]["country"].value()) == ("/v1/accounts", "US")
    assert re.fullmatch("[0-9a-f]{32}", page.context["form"]["form_token"].value())
    for words in ("Create test account", "What will be sent", "Business name"):
        assert words in page.content.decode()


def test_opening_a_form_writes_nothing(browser: Client, django_assert_max_num_queries: Any) -> None:
    browser.get("/me/")  # the menu's counts are read, and kept for a while
    with django_assert_max_num_queries(MOST) as queries:
        browser.get(PAGE)
    assert not [query for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_reason_and_ticket_come_from_the_work_session(browser: Client, otto: User, sandbox: SandboxProcess) -> None:
    account_id = account(sandbox)
    view_as(browser, otto, account_id, WorkSession.Mode.WORK)
    form = browser.get(account_page(account_id, "tests.rename")).context["form"]
    assert (form["reason"].value(), form["ticket"].value()) == ("Looking into a ticket", "T-7")
    assert form["for_account"].value() == account_id


def view_as(browser: Client, user: User, account_id: str, mode: str) -> WorkSession:
    """A work session of this very sign-in."""
    session = session_for(user, account_id, mode)
    key = browser.session.session_key or ""
    WorkSession.objects.filter(pk=session.pk).update(session_key=hashlib.sha256(key.encode()).hexdigest())
    return session


def test_a_verb_may_give_first_values(browser: Client, sandbox: SandboxProcess) -> None:
    account_id = account(sandbox, "Birch Ltd")
    verb_that(CREATE.send, form=CREATE.form, about_account=True, initial=lambda row: {"business_name": row.pk})
    assert browser.get(account_page(account_id, "tests.act")).context["form"]["business_name"].value() == account_id


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/do/tests.nothing/", 404),
        ("/do/tests.rename/", 404),
        ("/connect/accounts/acct_1/do/tests.rename", 404),
        ("/connect/accounts/acct_1/do/tests.create", 404),
    ],
)
def test_a_page_that_is_about_nothing_is_not_there(path: str, status: int, browser: Client) -> None:
    assert browser.get(path).status_code == status
    assert browser.post(path, {}).status_code == status


def test_without_the_permission_there_is_no_page(browser: Client) -> None:
    vera = person("vera")
    browser.force_login(vera)
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, {"business_name": "A"}).status_code == 403
    assert not Operation.objects.exists()


def test_other_methods_are_refused(browser: Client) -> None:
    assert browser.put(PAGE).status_code == 405


def test_a_post_without_a_csrf_token_sends_nothing(otto: User, sandbox: SandboxProcess) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(otto)
    assert typed(strict, business_name="A").status_code == 403
    assert (creates(sandbox), Operation.objects.exists()) == (0, False)


# Sent


def test_success_leads_on_with_a_sentence(browser: Client, sandbox: SandboxProcess) -> None:
    answer = typed(browser, business_name="Alder Ltd", ticket="T-1")
    operation = Operation.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/operations/{operation.pk}")
    assert (operation.state, operation.via, operation.ticket) == (State.SUCCEEDED, "page", "T-1")
    page = browser.get(answer["Location"])
    assert "Create test account: done." in page.content.decode()


def test_a_verb_says_where_to_go_and_what_to_say(browser: Client, sandbox: SandboxProcess) -> None:
    verb_that(CREATE.send, form=CREATE.form, done=lambda _: "It was made.", next_url=lambda _: "/me/")
    answer = typed(browser, "/do/tests.act/", business_name="A")
    assert answer["Location"] == "/me/"
    assert "It was made." in browser.get("/me/").content.decode()


def test_only_the_forms_own_fields_count(browser: Client, sandbox: SandboxProcess) -> None:
    typed(browser, business_name="A", state="succeeded", account_id="acct_1", user="1", key="mine", settled_by="me")
    operation = Operation.objects.get()
    assert set(operation.params) == {"business_name", "email", "country"}
    assert (operation.settled_by, operation.user.username) == ("answer", "otto")
    assert operation.key != "mine"


def test_the_same_page_sent_twice_leads_to_the_same_result(browser: Client, sandbox: SandboxProcess) -> None:
    sent = form_of(browser.get(PAGE), business_name="A", reason=REASON)
    first, second = browser.post(PAGE, sent), browser.post(PAGE, sent)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    assert (Operation.objects.count(), creates(sandbox)) == (1, 1)


def test_what_is_shown_once_is_in_the_answer_alone(browser: Client, sandbox: SandboxProcess) -> None:
    account_id = account(sandbox)
    path = account_page(account_id, "tests.link")
    sent = form_of(browser.get(path), reason=REASON)
    answer = browser.post(path, sent)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    url = answer.context["url"]
    assert url in answer.content.decode()
    again = browser.post(path, sent)
    assert (again.status_code, Operation.objects.count()) == (303, 1)
    assert url not in browser.get(again["Location"]).content.decode()


# Bad input


@pytest.mark.parametrize(
    ("entries", "field"),
    [({"business_name": ""}, "business_name"), ({"reason": "short"}, "reason"), ({"ticket": "t" * 65}, "ticket")],
)
def test_bad_input_comes_back_with_all_entries(
    entries: dict[str, str], field: str, browser: Client, sandbox: SandboxProcess
) -> None:
    answer = typed(browser, **{"business_name": "Ålder <b>", "email": "a@b.example", "ssn": "000-12-3456", **entries})
    form = answer.context["form"]
    assert (answer.status_code, field in form.errors) == (422, True)
    assert form["email"].value() == "a@b.example"
    assert answer.context["emptied"] == ["SSN"]
    assert "000-12-3456" not in answer.content.decode()
    assert (creates(sandbox), Operation.objects.exists()) == (0, False)


def test_a_page_without_its_token_is_asked_again(browser: Client, sandbox: SandboxProcess) -> None:
    answer = typed(browser, business_name="A", form_token="again-" + "0" * 32)
    assert answer.status_code == 422
    assert "too old" in answer.content.decode()
    sent = form_of(answer)
    assert browser.post(PAGE, sent).status_code == 303


@pytest.mark.parametrize("drawn_for", ["", "acct_other", "x" * 999])
def test_a_page_drawn_for_another_account_is_refused(
    drawn_for: str, browser: Client, otto: User, sandbox: SandboxProcess
) -> None:
    path = account_page(account(sandbox), "tests.rename")
    answer = typed(browser, path, name="B", for_account=drawn_for)
    assert (answer.status_code, Operation.objects.exists()) == (403, False)
    assert AuditEntry.objects.order_by("number").last().action == "access.refused"


# Refused


def test_a_refusal_shows_stripes_words_and_the_corrected_form_is_new(browser: Client, sandbox: SandboxProcess) -> None:
    answer = typed(browser, business_name="Alder Ltd", country="XX")
    first = Operation.objects.get()
    error, form = answer.context["error"], answer.context["form"]
    assert (answer.status_code, first.state) == (422, State.REFUSED)
    assert (error["message"], error["param"], error["field"]) == (first.error_message, "country", "Country")
    assert form.errors["country"] == [first.error_message]
    for words in (first.request_id, first.error_code, f"/operations/{first.pk}"):
        assert words in answer.content.decode()
    assert form["business_name"].value() == "Alder Ltd"

    corrected = browser.post(PAGE, form_of(answer, country="US"))
    second = Operation.objects.exclude(pk=first.pk).get()
    assert (corrected.status_code, second.state) == (303, State.SUCCEEDED)
    assert second.key != first.key
    assert len(accounts_at_stripe(sandbox)) == 1


def test_a_refusal_empties_what_is_sensitive_and_says_so(browser: Client) -> None:
    failing(Refused("Invalid 000-12-3456", param="individual[ssn]"), form=CREATE.form, sensitive=("ssn",))
    answer = typed(browser, "/do/tests.act/", business_name="A", ssn="000-12-3456")
    assert answer.context["emptied"] == ["SSN"]
    assert answer.context["form"]["ssn"].errors
    assert "000-12-3456" not in answer.content.decode()


def test_a_refusal_about_no_field_stands_above_the_form(browser: Client) -> None:
    failing(Refused("Not today", code="testmode_charges_only"))
    answer = typed(browser, "/do/tests.act/")
    assert (answer.context["error"]["field"], answer.context["form"].errors) == ("", {})
    assert "Not today" in answer.content.decode()


@pytest.mark.parametrize(
    ("param", "field"),
    [
        ("country", "country"),
        ("business_profile[business_name]", "business_name"),
        ("business[name]", "business_name"),
        ("a[business][name]", "business_name"),
        ("metadata[reason]", ""),
        ("controller", ""),
        ("", ""),
    ],
)
def test_stripes_parameter_is_found_in_the_form(param: str, field: str) -> None:
    assert field_of(param, page_form(CREATE)()) == field


# The door's no, and no answer


def test_look_mode_is_said_before_and_refused_after(browser: Client, otto: User, sandbox: SandboxProcess) -> None:
    path = account_page(account(sandbox), "tests.rename")
    session_for(otto, path.split("/")[3])
    assert "look mode" in browser.get(path).context["denied"]
    answer = typed(browser, path, name="B")
    assert (answer.status_code, Operation.objects.exists()) == (403, False)
    assert "look mode" in answer.content.decode()
    assert answer.context["form"]["name"].value() == "B"


def test_a_session_for_another_account_is_refused(browser: Client, otto: User, sandbox: SandboxProcess) -> None:
    view_as(browser, otto, account(sandbox), WorkSession.Mode.WORK)
    path = account_page(account(sandbox, "Birch Ltd"), "tests.rename")
    assert typed(browser, path, name="B").status_code == 403
    read = typed(browser, path.replace("rename", "read"))
    assert (read.status_code, Operation.objects.get().work_session) == (303, None)


def test_without_an_answer_the_operations_page_goes_on(browser: Client, sandbox: SandboxProcess) -> None:
    faults(sandbox, "reset_after")
    answer = typed(browser, business_name="A")
    operation = Operation.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/operations/{operation.pk}")
    state = browser.get(f"/operations/{operation.pk}/state").json()
    assert (state["state"], state["settled"]) == ("unknown", False)
    door.settle(str(operation.pk))
    state = browser.get(f"/operations/{operation.pk}/state").json()
    assert (state["state"], state["settled"]) == ("succeeded", True)
    assert state["next_url"] == f"/operations/{operation.pk}"


# Many


def bulk(browser: Client, ids: list[str], verb: str = "tests.rename") -> Any:
    return browser.get(f"/bulk/{verb}/", {"id": ids})


def rows_of(page: Any) -> list[str]:
    return [f"{row.id}:{row.token}" for row in page.context["rows"]]


def run(browser: Client, page: Any, **entries: str) -> Any:
    sent = {**form_of(page), "name": "New name", "reason": REASON, **entries, "row": rows_of(page)}
    return browser.post("/bulk/tests.rename/", sent, follow=True)


def test_many_get_a_preview_and_an_operation_each(browser: Client, sandbox: SandboxProcess) -> None:
    ids = [account(sandbox, name) for name in ("Alder Ltd", "Birch Ltd", "Cedar Ltd")]
    preview = bulk(browser, [*ids, ids[0]])
    assert [row.name for row in preview.context["rows"]] == ["Alder Ltd", "Birch Ltd", "Cedar Ltd"]
    answer = run(browser, preview)
    assert [status for _, status in answer.redirect_chain] == [303]
    assert {row.operation.state for row in answer.context["rows"]} == {State.SUCCEEDED}
    assert {operation.via for operation in Operation.objects.all()} == {"action"}
    assert [creates(sandbox, f"/v1/accounts/{account_id}") for account_id in ids] == [1, 1, 1]
    assert run(browser, preview).context["run"] == answer.context["run"]
    assert Operation.objects.count() == 3
    other = run(browser, preview, name="Another")
    assert other.status_code == 409
    assert "sent before, with other values" in other.content.decode()
    assert Operation.objects.count() == 3


def test_the_rest_of_many_goes_to_the_worker(browser: Client, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.operations.bulk.INLINE_SECONDS", 0)
    answer = run(browser, bulk(browser, [account(sandbox)]))
    row = answer.context["rows"][0]
    assert (row.outcome, row.claimed_by, row.operation) == ("waiting", "", None)
    engine.work(str(row.run_id))
    assert Operation.objects.get().state == State.SUCCEEDED


def test_each_row_has_its_own_no(browser: Client, otto: User, sandbox: SandboxProcess) -> None:
    ids = [account(sandbox, name) for name in ("Alder Ltd", "Birch Ltd")]
    session_for(otto, ids[0])
    rows = run(browser, bulk(browser, ids)).context["rows"]
    assert "look mode" in rows[0].said
    assert rows[1].operation.state == State.SUCCEEDED


def test_bad_input_for_many_sends_nothing(browser: Client, sandbox: SandboxProcess) -> None:
    answer = run(browser, bulk(browser, [account(sandbox)]), reason="short")
    assert (answer.status_code, Operation.objects.exists()) == (422, False)
    assert run(browser, answer).context["outcomes"] == {"succeeded": 1}


@pytest.mark.parametrize("ids", [["acct_unknown"], ["acct_1"] * 501])
def test_nothing_unknown_and_too_much_is_refused_in_words(ids: list[str], browser: Client) -> None:
    answer = bulk(browser, ids)
    assert answer.status_code == 400


def test_a_row_that_was_changed_is_refused(browser: Client, sandbox: SandboxProcess) -> None:
    account_id = account(sandbox)
    for row in (account_id, f"{account_id}:again-1"):
        assert browser.post("/bulk/tests.rename/", {"row": row}).status_code == 400


def test_an_unreachable_stripe_ends_in_words(browser: Client) -> None:
    failing(Unreachable("No network", sent=False), form=CREATE.form, sensitive=("ssn",))
    answer = typed(browser, "/do/tests.act/", **ACCOUNT, ssn="1")
    assert answer.status_code == 422
    assert "Nothing was changed at Stripe" in answer.content.decode()
