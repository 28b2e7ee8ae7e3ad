"""A small world in which each queue, panel and timeline has something to show, made without Stripe."""

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.account.models import Account
from accounts.history.models import StateChange
from console.approvals import asking, exact, waiting
from console.approvals.models import Approval
from console.brakes.models import Brake
from console.bulk.models import BulkRow, BulkRun
from console.jobs.models import Job
from console.mail import mails
from console.mail.models import Mail
from console.operations.models import Operation
from console.record.models import AuditEntry
from console.viewing.models import AccessEntry, WorkSession
from gateway import clock
from gateway.models import Drift, Event
from issuing.cards.models import Card
from issuing.cards.verbs import ActivateCard
from issuing.incident.models import FREEZE_CARD, FREEZE_HOLDER, Freeze
from tests.accounts import builders
from tests.console.jobs.made import exported
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as

ACTIVATE = ActivateCard()
PAST_DUE = "requirements.past_due"


def made() -> dict[str, str]:
    """One of everything that an address can name, and a history of each noun that words its own."""
    known_accounts()
    for account_id in (ACCOUNT, OTHER_ACCOUNT):
        _asked_of(account_id)
    for account_id, reason in (("acct_1Paused", "platform_paused"), ("acct_1Reviewed", "under_review")):
        off = builders.account(account_id, capabilities={"card_issuing": "inactive"})
        asked = builders.requirements(disabled_reason=reason)
        builders.capability(off, status="inactive", requirements=asked)
    session = view_as(browser("sam"))
    WorkSession.objects.filter(pk=session.pk).update(ended_at=timezone.now(), end="click")
    card = rows.card(rows.cardholder(requirements={"disabled_reason": PAST_DUE, "past_due": ["individual.dob.day"]}))
    authorization = rows.authorization(card)
    for place in range(9):
        rows.authorization(card, reason=("insufficient_funds", "spending_controls")[place % 2])
    rows.balance_transaction(1750000, "topup")
    rows.balance(-100)
    found = {
        "cardholder": card.cardholder,
        "card": card,
        "authorization": authorization,
        "transaction": rows.transaction(authorization),
        "topup": rows.topup(),
        "brake": brake(),
        "freeze": freeze(),
        "operation": _operation(),
        "bulk_run": _bulk_run(card),
        "approval": _approval(card),
        "event": _event("evt_1Tests"),
        "drift": drift(),
        "mail": _mail("unknown"),
        "kept_mail": _mail("sent"),
        "user": person("vera"),
        "work_session": session,
        "access_entry": AccessEntry.objects.create(
            work_session=session, user=person("sam"), account_id=ACCOUNT, path="/"
        ),
        "audit_entry": AuditEntry.objects.first(),
        "job": exported(person("ana")),
    }
    failed = {"state": "failed", "ended_at": timezone.now(), "user": person("ana")}
    Job.objects.create(kind="export", title="Cards, CSV", params=found["job"].params, **failed)
    for noun in ("cardholder", "card", "authorization", "transaction", "topup"):
        _changed(found[noun])
    return {"account": ACCOUNT, **{name: str(row.pk) for name, row in found.items()}}  # type: ignore[attr-defined]


def _asked_of(account_id: str) -> None:
    row, late = Account.objects.get(pk=account_id), ["company.phone", "person_1.first_name"]
    row.data = builders.account_data(account_id, requirements=builders.requirements(past_due=late, currently_due=late))
    row.set_columns()
    row.save()
    builders.capability(row)
    builders.person(row, f"person_{account_id}")


def brake() -> Brake:
    """One that stops no act of the tests, and says so on every page."""
    return Brake.objects.create(
        scope="account", target="acct_1Gone", livemode=False, reason="A test of the brakes", set_by=person("ana")
    )


def freeze() -> Freeze:
    """A freeze with both kinds of runs, and one that undoes a part of it."""
    found = Freeze(user=person("otto"), ids=ACCOUNT, reason="Card testing everywhere", form_token=uuid.uuid4().hex)
    made: dict[str, Any] = {"user": found.user, "reason": found.reason, "state": "ended", "total": 1, "urgent": True}
    tokens = [uuid.uuid4().hex for _ in range(3)]
    found.holder_run = BulkRun.objects.create(verb=FREEZE_HOLDER, form_token=tokens[0], **made)
    found.card_run = BulkRun.objects.create(verb=FREEZE_CARD, form_token=tokens[1], **made)
    BulkRun.objects.create(verb="issuing.activate_card", form_token=tokens[2], undo_of=found.card_run, **made)
    found.save()
    return found


def _operation(state: str = "not_found") -> Operation:
    return Operation.objects.create(
        verb="tests.gone",
        user=person("sam"),
        account_id=ACCOUNT,
        reason="r",
        key=uuid.uuid4().hex,
        form_token=uuid.uuid4().hex,
        state=state,
    )


def _mail(state: str) -> Mail:
    mail = mails.queue("test", "vera@example.com", {"link": "me"}, user=person("sam"), account_id=ACCOUNT)
    mail.state, mail.settled_at, mail.error = state, timezone.now(), "SMTPServerDisconnected: gone"
    mail.save()
    return mail


def _bulk_run(card: Card) -> BulkRun:
    """One that was stopped, with rows that wait, failed, and were made."""
    run = BulkRun.objects.create(
        verb="issuing.deactivate_card",
        user=person("otto"),
        reason="r",
        form_token=uuid.uuid4().hex,
        state="stopped",
        needs_a_person=True,
        total=12,
        begun_at=timezone.now(),
    )
    for place, state in enumerate(("waiting", "denied", "given") * 4, 1):
        BulkRow.objects.create(
            run=run,
            position=place,
            account_id=ACCOUNT,
            object_id=card.pk,
            form_token=uuid.uuid4().hex,
            state=state,
            operation=_operation("succeeded") if state == "given" else None,
        )
    return run


def _approval(card: Card) -> Approval:
    """One that waits, about this card; beside one that came to nothing."""
    found = []
    for place, own in enumerate(({}, {"state": "void", "note": "The policy was changed.", "unanswered": True})):
        operation = Operation.objects.create(
            verb="issuing.activate_card",
            user=person("sam"),
            account_id=ACCOUNT,
            object_id=card.pk,
            reason="Asked for by the customer",
            key=f"k{place}",
            form_token=uuid.uuid4().hex,
            state="not_approved" if own else "awaiting",
        )
        need = asking.Needed("More than 100 at once need a second person.", exact.of(operation, ACTIVATE, card))
        with transaction.atomic():
            approval = asking.ask(operation, need)
        Approval.objects.filter(pk=approval.pk).update(**own)
        found.append(approval)
    waiting.forget()
    return found[0]


def drift() -> Drift:
    """A difference from Stripe."""
    about = {"noun": "account", "object_id": ACCOUNT, "account": ACCOUNT}
    return Drift.objects.create(kind="differs", fields=["email"], found_at=clock.now(), **about)


def _event(event_id: str) -> Event:
    return Event.objects.create(
        id=event_id,
        account=ACCOUNT,
        type="account.updated",
        created=1,
        livemode=False,
        payload={},
        received_at=timezone.now(),
        state="dead",
    )


def _changed(row: object) -> None:
    StateChange.objects.create(
        account_id=ACCOUNT,
        at=timezone.now(),
        source="event",
        source_id=f"evt_{row.pk}",  # type: ignore[attr-defined]
        subject=row.pk,  # type: ignore[attr-defined]
        noun=row.stripe_object,  # type: ignore[attr-defined]
        field="object",
        after="created",
    )
