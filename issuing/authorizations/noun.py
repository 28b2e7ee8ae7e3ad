"""What the shell may ask about authorizations."""

from collections.abc import Iterable

from django.http import HttpRequest

from accounts.history.models import StateChange
from accounts.history.pages import Words, became
from console.lists import keyset
from console.people.signed_in import may_see
from console.shell import formats
from console.shell.badges import Badge, absent, no, off, ok, waits
from console.shell.links import DOCS
from console.shell.nouns import Found, MenuEntry, Noun, Search, Tab, object_page
from gateway.mirror import related
from gateway.shapes import hashes_at, integer_at, shown_at
from issuing.authorizations import words
from issuing.authorizations.models import Authorization
from issuing.authorizations.verbs import (
    CaptureTestAuthorization,
    CreateTestAuthorization,
    ReverseTestAuthorization,
)


def describe(row: Authorization, change: StateChange) -> Words:
    """How it was decided, or what became of it."""
    url, where = row.get_absolute_url(), row.merchant_name or "an unnamed merchant"
    first = next(iter(hashes_at(row.data, "request_history")), {})
    amount = integer_at(first, "amount")
    name = f"{formats.amount(row.amount if amount is None else amount, row.currency)} at {where}"
    if change.field != "object":
        return Words(f"{name}: the authorization", became(change, ""), "bolt", "", url)
    if first.get("approved", row.approved):
        return Words(name, "was approved", "bolt", "ok", url)
    why = words.reason(shown_at(first, "reason") or row.reason).title
    return Words(name, f"was declined: {why}", "crossed", "bad", url)


def find(request: HttpRequest, asked: str) -> Iterable[Found]:
    """By the card's last four, merchant or metadata: the last ten at most."""
    rows = Authorization.objects.select_related("account")
    for row in keyset.first_found(rows, asked[:255], personal=may_see(request)):
        amount, owner = formats.amount(row.shown_amount, row.currency), str(related(row, "account") or "")
        parts = (amount, formats.plain(row.outcome), owner)
        label = row.merchant_name or row.pk
        yield Found(label=label, url=row.get_absolute_url(), detail=" · ".join(filter(None, parts)), id=row.pk)


NOUN = Noun(
    model=Authorization,
    event_types=("issuing_authorization.created", "issuing_authorization.updated"),
    personal=("card", "cardholder", "metadata"),
    verbs=(CreateTestAuthorization, CaptureTestAuthorization, ReverseTestAuthorization),
    roles={"viewer": ("issuing.view_authorization",), "operator": ("issuing.test_authorization",)},
    menu=(
        MenuEntry(
            label="Authorizations",
            url="admin:issuing_authorization_changelist",
            icon="bolt",
            section="Issuing",
            permission="issuing.view_authorization",
            order=2,
        ),
    ),
    tabs=(Tab(label="Authorizations", path="issuing/authorizations", icon="bolt", order=3),),
    searches=(Search(title="Authorizations", find=find, permission="issuing.view_authorization", order=40),),
    badges={
        "authorization": {
            "approved": ok("Approved"),
            "declined": no("Declined"),
            "pending": waits("Pending"),
            "closed": ok("Closed"),
            "reversed": Badge("refresh", "Reversed", "mute"),
            "expired": off("Expired"),
        },
        "check": {"match": ok("Match"), "mismatch": no("Mismatch"), "not_provided": absent("Not provided")},
    },
    rules={
        "authorizations": f"{DOCS}/issuing/purchases/authorizations",
        "real_time_authorizations": f"{DOCS}/issuing/controls/real-time-authorizations",
    },
    dashboard=(
        ("iauth_", "{account}/issuing/authorizations/{id}"),
        ("issuing-authorizations", "{account}/issuing/authorizations"),
    ),
    page_of={"iauth_": object_page(Authorization)},
    describe=describe,
)
