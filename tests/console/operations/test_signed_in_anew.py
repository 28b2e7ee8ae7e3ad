"""A sign-in that runs out while somebody types: the form waits for them behind the sign-in, and for nobody else."""

import time
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from console.operations.models import Operation
from console.shell.typed_again import KEPT, STILL_THERE
from tests.console.acting import registered
from tests.issuing import rows
from tests.people import ACCOUNT, PASSWORD, browser, known_accounts, person, view_as, work

pytestmark = pytest.mark.django_db
CREATE = "/do/accounts.create_account/"
HOLDER = f"/{ACCOUNT}/do/issuing.create_cardholder"
TYPED = {"reason": "Typed with some care by hand", "ticket": "CS-77", "for_account": ""}


@pytest.fixture(autouse=True)
def world() -> None:
    known_accounts()
    for name in ("otto", "ana"):
        user = person(name)
        user.set_password(PASSWORD)
        user.save()


def run_out(client: Client) -> None:
    """Half an hour passes."""
    session = client.session
    session["seen_at"] = int(time.time()) - 31 * 60
    session.save()


def sign_in(client: Client, answer: Any, name: str = "otto") -> Any:
    """Through the form that the answer led to; what is there afterwards."""
    assert answer["Location"].startswith("/login/?next="), answer["Location"]
    return client.post(answer["Location"], {"username": name, "password": PASSWORD}, follow=True)


def test_what_was_typed_is_there_after_signing_in_anew() -> None:
    otto = browser("otto")
    run_out(otto)
    page = sign_in(otto, otto.post(CREATE, {**TYPED, "business_name": "Juniper Press"}))
    form = page.context["form"]
    assert (form["business_name"].value(), form["reason"].value(), form["ticket"].value()) == (
        "Juniper Press", TYPED["reason"], "CS-77",
    )  # fmt: skip
    assert STILL_THERE in page.content.decode()
    assert form.errors == {}
    assert KEPT not in otto.session
    assert otto.get(CREATE).context["form"]["reason"].value() == ""
    assert not Operation.objects.exists()


def test_it_waits_behind_the_reason_of_a_work_session_too() -> None:
    otto = browser("otto")
    work(otto)
    run_out(otto)
    answer = otto.post(HOLDER, {**TYPED, "name": "Priya Raman", "for_account": ACCOUNT})
    assert sign_in(otto, answer).redirect_chain[-1][0].endswith(f"view-as?next=%2F{HOLDER[1:].replace('/', '%2F')}")
    view_as(otto)
    page = otto.get(HOLDER)
    assert page.context["form"]["name"].value() == "Priya Raman"
    assert "look mode" in page.context["denied"]


def test_many_rows_wait_as_well() -> None:
    otto, cards = browser("otto"), [rows.card().pk, rows.card().pk]
    page = otto.get("/bulk/issuing.deactivate_card/", {"id": cards})
    chosen = [f"{row.id}:{row.token}" for row in page.context["rows"]]
    run_out(otto)
    page = sign_in(otto, otto.post("/bulk/issuing.deactivate_card/", {**TYPED, "form_token": "a" * 32, "row": chosen}))
    assert [row.id for row in page.context["rows"]] == cards
    assert page.context["form"]["reason"].value() == TYPED["reason"]
    assert not Operation.objects.exists()


def test_another_person_at_the_same_browser_finds_nothing() -> None:
    otto = browser("otto")
    run_out(otto)
    page = sign_in(otto, otto.post(CREATE, {**TYPED, "business_name": "Juniper Press"}), "ana")
    assert page.context["form"]["business_name"].value() in (None, "")
    assert KEPT not in otto.session


def test_what_proves_identity_is_not_kept_and_is_asked_for_again() -> None:
    otto, path = browser("otto"), "/do/tests.create/"
    with registered():
        run_out(otto)
        answer = otto.post(path, {**TYPED, "business_name": "Juniper Press", "ssn": "000-12-3456"})
        assert "000-12-3456" not in str([each.get_decoded() for each in Session.objects.all()])
        page = sign_in(otto, answer)
    assert page.context["emptied"] == ["SSN"]
    assert page.context["form"]["business_name"].value() == "Juniper Press"


@pytest.mark.parametrize(
    "path", ["/me/tokens", "/nowhere/at/all", f"/connect/accounts/{ACCOUNT}/view-as/end", "/logout/"]
)
def test_only_forms_of_acts_are_kept(path: str) -> None:
    otto = browser("otto")
    run_out(otto)
    otto.post(path, {"label": "nightly"})
    assert KEPT not in otto.session


def test_a_form_of_another_site_is_not_kept() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person("otto"))
    run_out(strict)
    strict.post(CREATE, {**TYPED, "business_name": "Juniper Press"})
    assert KEPT not in strict.session


def test_a_form_as_long_as_a_book_is_not_kept() -> None:
    otto = browser("otto")
    run_out(otto)
    otto.post(CREATE, {**TYPED, "business_name": "x" * 200_000})
    assert KEPT not in otto.session
