"""A marker in everything that is personal, and every page: who may not see personal data meets none of them."""

import html
import itertools
import re
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.account.models import Account
from accounts.external_accounts.models import ExternalAccount
from accounts.history.models import Requirement, StateChange
from accounts.terms.models import Acceptance
from console.approvals import asking, exact
from console.approvals.models import Approval
from console.brakes.models import Brake
from console.bulk.models import BulkRun
from console.mail.models import Mail
from console.operations.models import Operation
from console.people import roles, signed_in
from console.people.models import User
from console.record import audit
from console.record.models import AuditEntry
from console.viewing import sessions
from console.viewing.models import AccessEntry, WorkSession
from gateway.models import Event
from issuing.incident.models import FREEZE_CARD, Freeze
from tests.accounts import builders
from tests.console.jobs.made import exported
from tests.issuing import rows
from tests.people import ACCOUNT, browser, known_accounts, person, view_as, work
from tests.permissions import TABLE
from tests.world import drift

pytestmark = [pytest.mark.django_db, pytest.mark.crawl, pytest.mark.prove]
TABS = ("requirements", "persons", "capabilities", "external_accounts", "terms", "timeline", "json")
MORE = (
    *(f"/connect/accounts/{ACCOUNT}?tab={tab}" for tab in TABS),
    *(f"/connect/accounts/{ACCOUNT}/live?part={part}" for part in ("badges", "actions", "facts", "timeline")),
    *(
        "/console/operation/?q=Reason",
        "/search?q=Jonas",
        "/accounts/account/?q=Alder",
        "/gateway/event/?state__exact=dead",
    ),
)
_numbers = itertools.count(1)


class Planted:
    """What was planted: each marker stands in one place only."""

    def __init__(self) -> None:
        self.markers: list[str] = []
        self.of_person: list[str] = []  # of which pages show only some
        self.ids: dict[str, str] = {"account": ACCOUNT}

    def keep(self, marker: str) -> str:
        self.markers.append(marker)
        return marker

    def word(self) -> str:
        return self.keep(f"Zq{next(_numbers)}Marker")

    def email(self) -> str:
        return self.keep(f"zq{next(_numbers)}marker@kestrel.example")

    def phone(self) -> str:
        return self.keep(f"+1415555{next(_numbers):04}")

    def ip(self) -> str:
        return self.keep(f"8.8.7.{next(_numbers)}")

    def address(self) -> dict[str, str]:
        return {name: self.word() for name in ("line1", "line2", "city", "state", "postal_code")}

    def signed(self) -> dict[str, Any]:
        return {"date": 1_790_000_000, "ip": self.ip(), "user_agent": f"Mozilla/5.0 {self.word()}"}

    def human(self) -> dict[str, Any]:
        """What Stripe has of a person beside the name."""
        return {
            "address": self.address(),
            "email": self.email(),
            "maiden_name": self.word(),
            "phone": self.phone(),
            "nationality": self.word(),
            "full_name_aliases": [self.word()],
            "metadata": {"note": self.word()},
            "registered_address": self.address(),
        }


@pytest.fixture
def planted() -> Planted:
    found = Planted()
    known_accounts()
    for plant in (_account, _cardholder, _operations, _records, _history):
        plant(found)
    return found


def _account(found: Planted) -> None:
    quoted = f"The address {found.word()} could not be verified, call {found.phone()}"
    fault = {"code": "other_unknown", "reason": quoted, "requirement": "company.address.line1"}
    due = builders.requirements(currently_due=["company.address.line1"], errors=[fault])
    # The reason quotes the street that the account has.
    street = quoted.split()[2]
    data = builders.account_data(
        ACCOUNT,
        email=found.email(),
        business_profile={
            "name": "Alder Freight",
            "product_description": found.word(),
            "support_address": found.address(),
            "support_email": found.email(),
            "support_phone": found.phone(),
            "support_url": f"https://{found.word()}.example",
            "url": f"https://{found.word()}.example",
        },
        company={"name": "Alder Inc.", "address": {"line1": street}, "phone": found.phone()},
        individual={"id": "person_2", "first_name": found.word(), "last_name": found.word(), **found.human()},
        external_accounts={"data": [{"account_holder_name": found.word(), "routing_number": found.word()}]},
        metadata={"owner": found.word(), found.email(): "x"},
        tos_acceptance=found.signed(),
        settings={
            "card_issuing": {"tos_acceptance": found.signed()},
            "payments": {"statement_descriptor": found.word()},
        },
        requirements=due,
    )
    row = Account.objects.get(pk=ACCOUNT)
    row.data = data
    row.set_columns()
    row.save()
    before = len(found.markers)
    builders.person(row, **found.human())
    found.of_person = found.markers[before:]
    bank = {"id": "ba_1", "object": "bank_account", "account_holder_name": "Q", "bank_name": "Bank", "last4": "6789"}
    rows.put(ExternalAccount, bank)


def _cardholder(found: Planted) -> None:
    holder = rows.cardholder(
        email=found.email(),
        phone_number=found.phone(),
        billing={"address": found.address()},
        metadata={"note": found.word()},
        individual={
            "first_name": found.word(),
            "last_name": found.word(),
            "dob": {"day": 1, "month": 1, "year": 1987},
            "card_issuing": {"user_terms_acceptance": found.signed()},
        },
    )
    card = rows.card(
        holder, metadata={"note": found.word()}, shipping={"name": found.word(), "address": found.address()}
    )
    authorization = rows.authorization(card, metadata={"note": found.word()})
    details = {"flight": {"passenger_name": found.word()}}
    transaction_ = rows.transaction(authorization, purchase_details=details)
    topup = rows.topup(description=f"For {found.email()}")
    made = {
        "cardholder": holder,
        "card": card,
        "authorization": authorization,
        "transaction": transaction_,
        "topup": topup,
    }
    found.ids |= {name: str(row.pk) for name, row in made.items()}


def _operation(found: Planted, verb: str, state: str, params: dict[str, Any], **more: Any) -> Operation:
    typed = " ".join(f"'{value}'" for value in params.values())
    message = f"Not valid: {typed}, nor {found.email()}, says {found.phone()}"
    said = {"at": timezone.now().isoformat(), "status": 400, "message": message, "replayed": False, "sent": True}
    return Operation.objects.create(
        verb=verb, user=person("otto"), account_id=ACCOUNT, account_name="Alder Freight",
        reason=f"Reason of {found.email()}", ticket="CS-1", form_token=uuid.uuid4().hex, key=uuid.uuid4().hex,
        params=params, state=state, error_message=message, tries=[{**said, "request_id": "", "crashed": False}], **more,
    )  # fmt: skip


def _operations(found: Planted) -> None:
    cardholder = {"name": found.word(), "email": found.email(), "phone_number": found.phone(), "city": found.word()}
    terms = {"by_whom": found.word(), "ip": found.ip(), "user_agent": found.word(), "evidence": found.word()}
    shown = _operation(found, "issuing.create_cardholder", "refused", cardholder)
    _operation(found, "accounts.record_terms", "succeeded", {**terms, "agreements": ["issuing"]})
    _operation(found, "tests.gone", "not_found", {"anything": found.word(), "deep": {"email": found.email()}})
    _operation(
        found, "accounts.create_account", "not_found", {"product_description": found.word(), "url": found.word()}
    )
    found.ids["operation"] = str(shown.pk)
    _approvals(found)
    with transaction.atomic():
        detail = {"error_message": shown.error_message, "address": found.ip(), "tried": shown.tries[0]}
        row = audit.record("operation.refused", operation=shown, detail=detail, reason=f"Reason of {found.email()}")
    found.ids["audit_entry"] = str(row.pk)


def _approvals(found: Planted) -> None:
    """One that somebody refused in words, and one that waits to change a cardholder."""
    for state in ("refused", "waiting"):
        changed = {"email": found.email(), "phone_number": found.phone(), "line1": found.word()}
        operation = _operation(
            found, "issuing.update_cardholder", "awaiting", changed, object_id=found.ids["cardholder"]
        )
        exactly = exact.read(operation)
        assert exactly
        with transaction.atomic():
            approval = asking.ask(operation, asking.Needed("It always needs a second person.", exactly))
        if state == "refused":
            note = f"Ask {found.email()} or {changed['line1']}"
            approver = {"approver": person("ana"), "unanswered": True, "note": note}
            Approval.objects.filter(pk=approval.pk).update(state=state, **approver)
            found.ids["refused"] = str(approval.pk)
        found.ids["approval"] = str(approval.pk)


def _records(found: Planted) -> None:
    session = WorkSession.objects.create(
        user=person("sam"), account_id=ACCOUNT, category="routine", reason=f"Asked by {found.email()}"
    )
    sessions.end(session, WorkSession.End.CLICK)
    entry = AccessEntry.objects.create(work_session=session, user=person("sam"), account_id=ACCOUNT, path="/")
    data = {"object": {"id": ACCOUNT, "object": "account", "email": f"zq{next(_numbers)}marker@payload.example"}}
    event = Event.objects.create(
        id="evt_1Planted", account=ACCOUNT, type="account.updated", created=1_790_000_000, livemode=False,
        payload={"data": data}, received_at=timezone.now(), state="dead", error=f"Invalid: {found.email()}",
    )  # fmt: skip
    # A notice to a holder: body, address and what the server said are personal.
    mail, kept = (
        Mail.objects.create(
            message_id=f"<{number}@tests>", template="tests_notice", version=1, to=found.email(), subject="A notice",
            body=f"Dear {found.word()}", personal=True, state=state, settled_at=timezone.now(),
            values={"name": found.word()} if state == "failed" else {},
            error=f"550 <{found.email()}> is not known" if state == "failed" else "",
        )
        for number, state in enumerate(("failed", "sent"))
    )  # fmt: skip
    found.ids |= {"mail": mail.pk, "kept_mail": kept.pk}
    why = {"reason": f"Asked by {found.email()}"}
    brake = Brake.objects.create(scope="account", target="acct_1Gone", livemode=False, set_by=person("ana"), **why)
    run: dict[str, Any] = {
        "verb": FREEZE_CARD,
        "user": person("otto"),
        "form_token": uuid.uuid4().hex,
        "state": "ended",
    }
    bulk_run = BulkRun.objects.create(**run, **why)
    freeze = Freeze.objects.create(user=person("otto"), form_token=uuid.uuid4().hex, card_run=bulk_run, **why)
    ids = {"work_session": session.pk, "access_entry": entry.pk, "event": event.pk, "user": person("vera").pk}
    sought = exported(person("otto"), list="issuing.cardholder", query=urlencode({"q": found.email()}))
    ids |= {"job": sought.pk, "brake": brake.pk, "freeze": freeze.pk, "bulk_run": bulk_run.pk, "drift": drift().pk}
    found.ids |= {name: str(key) for name, key in ids.items()}


def _history(found: Planted) -> None:
    told: dict[str, Any] = {"account_id": ACCOUNT, "at": datetime(2026, 10, 1, tzinfo=UTC), "source": "event"}
    asked = {"scope": "account", "key": "company.phone", "list": "errors", "became": "due", "code": "other_unknown"}
    Requirement.objects.create(**told, source_id="evt_1", **asked, reason=f"Nobody answers at {found.phone()}")
    for number, (field, value) in enumerate({"email": found.email(), "support.line1": found.word()}.items()):
        StateChange.objects.create(
            **told, source_id=f"evt_2{number}", subject=ACCOUNT, noun="account", field=field, before=None, after=value
        )
    Acceptance(
        **told, source_id="evt_3", kind="accepted", agreement="issuing", accepted_at=told["at"], ip=found.ip(),
        user_agent=found.word(), by_whom=found.word(), evidence=found.word(),
    ).save()  # fmt: skip


def reader() -> User:
    """Somebody who may open every page and change nothing, without the permission for personal data."""
    user = User.objects.create_user("rita", is_staff=True)
    names = {name for name in roles.permissions("administrator") if ".view_" in name} - {signed_in.PERSONAL}
    for app, _, codename in (name.partition(".") for name in names):
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def pages(client: Client, planted: Planted) -> dict[str, str]:
    """Every page that this browser gets, by its address."""
    paths = {row.path.format_map({**planted.ids}) for row in TABLE.values() if row.method == "get"}
    paths |= {f"/approvals/{planted.ids['refused']}"}
    operations = [
        f"/operations/{key}{end}" for key in Operation.objects.values_list("pk", flat=True) for end in ("", "/state")
    ]
    audits = [f"/console/auditentry/{key}/change/" for key in AuditEntry.objects.values_list("pk", flat=True)]
    answers = {path: client.get(path) for path in sorted({*paths, *MORE, *operations, *audits})}
    return {
        path: html.unescape(answer.content.decode()) for path, answer in answers.items() if answer.status_code == 200
    }


def leaks(seen: dict[str, str], planted: Planted) -> list[tuple[str, str]]:
    return [
        (path, marker)
        for path, page in seen.items()
        for marker in [*planted.markers, "1987", "payload.example"]  # not within a word: ids and digests are random
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(marker)}(?![A-Za-z0-9])", page, re.IGNORECASE)
    ]


def test_a_viewer_meets_no_personal_value_on_any_page(planted: Planted) -> None:
    assert leaks(pages(browser("vera"), planted), planted) == []


def test_nobody_without_the_permission_does_whatever_else_they_may_open(planted: Planted) -> None:
    client = Client()
    client.force_login(reader())
    view_as(client)
    seen = pages(client, planted)
    record = f"/console/auditentry/{AuditEntry.objects.earliest('number').pk}/change/"
    assert {f"/{ACCOUNT}/issuing/cards/{planted.ids['card']}", record} - seen.keys() == set()
    assert leaks(seen, planted) == []


def test_who_may_see_personal_data_meets_all_of_it_but_payloads(planted: Planted) -> None:
    client = browser("otto")
    work(client)
    text = " ".join(pages(client, planted).values())
    assert [marker for marker in planted.markers if marker not in text and marker not in planted.of_person] == []
    assert any(marker in text for marker in planted.of_person)
    assert "payload.example" not in text


@pytest.mark.parametrize("who", ["vera", "otto"])
def test_what_is_masked_cannot_be_searched_letter_by_letter(planted: Planted, who: str) -> None:
    """The reason of an operation may name an address; its beginning is found by those who see it."""
    quoted = Operation.objects.get(pk=planted.ids["operation"]).reason.removeprefix("Reason of ")[:6]
    found = browser(who).get(f"/console/operation/?q={quoted}").context["cl"].result_count
    assert found == (1 if who == "otto" else 0)
