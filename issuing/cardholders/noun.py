"""What the shell may ask about cardholders."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.history.models import StateChange
from accounts.history.pages import Words, became
from console.lists import keyset
from console.people.signed_in import may_see
from console.shell import formats
from console.shell.badges import bad, no, off, ok, waits
from console.shell.links import DOCS
from console.shell.moves import HOLDER
from console.shell.nouns import (
    COUNTED,
    Found,
    Item,
    MenuEntry,
    Noun,
    Queue,
    Search,
    Tab,
    Waiting,
    first,
    object_page,
)
from gateway import clock
from gateway.mirror import Mirror
from issuing.cardholders import words
from issuing.cardholders.models import Cardholder
from issuing.cardholders.verbs import ActivateCardholder, CreateCardholder, DeactivateCardholder, UpdateCardholder

TONES = {"active": "ok", "blocked": "bad"}


def waiting(request: HttpRequest, most: int) -> Waiting:
    """Cardholders of whom Stripe asks something, longest first; none has a deadline, all are past due. One query."""
    rows, many = first(_asked(), most)
    items = [replace(_item(request, holder), account_name=str(holder.account or "")) for holder in rows]
    return Waiting([clock.now() - timedelta(seconds=1)] * many, items)


def of_account(request: HttpRequest, account_id: str) -> QuerySet[Cardholder]:
    """Those of one account."""
    return _asked().filter(account=account_id)


def of_object(request: HttpRequest, row: Mirror) -> QuerySet[Cardholder] | None:
    """That of one cardholder."""
    return _asked().filter(pk=row.pk) if isinstance(row, Cardholder) else None


def _asked() -> QuerySet[Cardholder]:
    return Cardholder.objects.needing_attention().select_related("account").order_by("created", "id")


def _item(request: HttpRequest, holder: Cardholder) -> Item:
    return Item(
        object_id=holder.pk,
        title=f"{holder}: something is past due",
        why="Every authorization with this cardholder’s cards is declined until it is provided.",
        url=holder.get_absolute_url(),
        move=HOLDER,
        past_due=True,
        start=holder.created,
        account_id=str(holder.account_id),
    )


def count() -> int:
    """How many, up to COUNTED. One query."""
    return int(Cardholder.objects.needing_attention().order_by()[:COUNTED].count())


def find(request: HttpRequest, asked: str) -> Iterable[Found]:
    """Cardholders by name or (for those who may see it) e-mail: the newest ten at most."""
    rows = Cardholder.objects.select_related("account")
    for row in keyset.first_found(rows, asked[:255], personal=may_see(request)):
        detail = " · ".join(filter(None, (formats.plain(row.status), str(row.account or ""))))
        yield Found(label=str(row), url=row.get_absolute_url(), detail=detail, id=row.pk)


def describe(row: Cardholder, change: StateChange) -> Words:
    """A change of status, or of what Stripe asks."""
    url, name = row.get_absolute_url(), f"Cardholder {row}"
    if change.field == "requirements.disabled_reason":
        if not change.after:
            return Words(f"{name}: Stripe has what it asked for;", "cards may work", "check", "ok", url)
        return Words(f"{name}:", words.disabled(str(change.after))[0].rstrip("."), "triangle", "bad", url)
    return Words(name, became(change, "was created"), "cardholders", TONES.get(str(change.after), ""), url)


NOUN = Noun(
    model=Cardholder,
    event_types=("issuing_cardholder.created", "issuing_cardholder.updated"),
    personal=("billing", "company", "email", "individual", "metadata", "name", "phone_number"),
    verbs=(CreateCardholder, UpdateCardholder, ActivateCardholder, DeactivateCardholder),
    roles={
        "viewer": ("issuing.view_cardholder",),
        "operator": ("issuing.create_cardholder", "issuing.update_cardholder"),
    },
    menu=(
        MenuEntry(
            label="Cardholders",
            url="admin:issuing_cardholder_changelist",
            icon="cardholders",
            section="Issuing",
            permission="issuing.view_cardholder",
            order=0,
        ),
    ),
    tabs=(
        Tab(label="Cardholders", path="issuing/cardholders", icon="cardholders", order=1, count=Cardholder.count_of),
    ),
    queues=(
        Queue(
            name="cardholders",
            one="cardholder to complete",
            label="cardholders to complete",
            link=lambda: f"{reverse('admin:issuing_cardholder_changelist')}?attention=yes",
            waiting=waiting,
            of_account=of_account,
            of_object=of_object,
            item=_item,
            told="object",
            count=count,
            permission="issuing.view_cardholder",
            order=6,
        ),
    ),
    searches=(Search(title="Cardholders", find=find, permission="issuing.view_cardholder", order=30),),
    badges={
        "cardholder": {"active": ok("Active"), "inactive": off("Inactive"), "blocked": no("Blocked")},
        "cardholder_disabled": {
            "listed": waits("In review"),
            "rejected.listed": no("Rejected"),
            "requirements.past_due": bad("Past due"),
            "under_review": waits("In review"),
        },
    },
    rules={"cardholders": f"{DOCS}/api/issuing/cardholders/object"},
    dashboard=(
        ("ich_", "{account}/issuing/cardholders/{id}"),
        ("issuing-cardholders", "{account}/issuing/cardholders"),
    ),
    page_of={"ich_": object_page(Cardholder)},
    describe=describe,
)
