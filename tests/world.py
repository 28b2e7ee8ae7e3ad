"""A small world in which each queue, panel and timeline has something to show, made without Stripe."""

import uuid

from django.utils import timezone

from accounts.account.models import Account
from accounts.history.models import StateChange
from console.jobs.models import Job
from console.operations.models import Operation
from console.record.models import AuditEntry
from console.viewing.models import AccessEntry, WorkSession
from gateway.models import Event
from tests.accounts import builders
from tests.console.jobs.made import exported
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as

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
        "operation": _operation(),
        "event": _event("evt_1Tests"),
        "user": person("vera"),
        "work_session": session,
        "access_entry": AccessEntry.objects.create(
            work_session=session, user=person("sam"), account_id=ACCOUNT, path="/"
        ),
        "audit_entry": AuditEntry.objects.first(),
        "job": exported(person("ana")),
    }
    Job.objects.create(kind="export", title="Cards, CSV", user=person("ana"), state="failed", ended_at=timezone.now())
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


def _operation() -> Operation:
    return Operation.objects.create(
        verb="tests.gone",
        user=person("sam"),
        account_id=ACCOUNT,
        reason="r",
        key="k",
        form_token=uuid.uuid4().hex,
        state="not_found",
    )


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
