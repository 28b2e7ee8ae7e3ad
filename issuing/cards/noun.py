"""What the shell may ask about cards."""

from collections.abc import Iterable

from django.http import HttpRequest

from accounts.history.models import StateChange
from accounts.history.pages import Words, became
from console.lists import keyset
from console.people.signed_in import may_see
from console.shell import formats
from console.shell.badges import Badge, off, ok
from console.shell.links import DOCS
from console.shell.nouns import Found, MenuEntry, Noun, Search, Tab, object_page
from issuing.cards.models import Card
from issuing.cards.verbs import ActivateCard, CancelCard, CreateCard, DeactivateCard

TONES = {"active": "ok"}


def find(request: HttpRequest, asked: str) -> Iterable[Found]:
    """Cards by last four, their cardholder's name or metadata: the newest ten at most."""
    rows = Card.objects.select_related("cardholder", "account")
    for card in keyset.first_found(rows, asked[:255], personal=may_see(request)):
        parts = (str(card.cardholder or ""), formats.plain(card.status), str(card.account or ""))
        yield Found(
            label=f"Card {card}", url=card.get_absolute_url(), detail=" · ".join(filter(None, parts)), id=card.pk
        )


def describe(row: Card, change: StateChange) -> Words:
    """A change of status, or why it was canceled."""
    url, name = row.get_absolute_url(), f"Card {row}"
    if change.field == "cancellation_reason":
        return Words(f"{name} was canceled:", str(change.after), "card", "", url)
    return Words(name, became(change, "was created"), "card", TONES.get(str(change.after), ""), url)


NOUN = Noun(
    model=Card,
    event_types=("issuing_card.created", "issuing_card.updated"),
    personal=("cardholder", "metadata", "shipping"),
    verbs=(CreateCard, ActivateCard, DeactivateCard, CancelCard),
    roles={
        "viewer": ("issuing.view_card",),
        "support": ("issuing.cancel_lost_card",),
        "operator": ("issuing.activate_card", "issuing.cancel_card", "issuing.create_card", "issuing.deactivate_card"),
    },
    menu=(
        MenuEntry(
            label="Cards",
            url="admin:issuing_card_changelist",
            icon="card",
            section="Issuing",
            permission="issuing.view_card",
            order=1,
        ),
    ),
    tabs=(Tab(label="Cards", path="issuing/cards", icon="card", order=2, count=Card.count_of),),
    searches=(Search(title="Cards", find=find, permission="issuing.view_card", order=20),),
    badges={
        "card": {
            "active": ok("Active"),
            "inactive": off("Inactive"),
            "canceled": Badge("crossed", "Canceled", "mute"),
            "expired": off("Expired"),
        }
    },
    rules={"cards": f"{DOCS}/issuing/cards/virtual"},
    dashboard=(("ic_", "{account}/issuing/cards/{id}"), ("issuing-cards", "{account}/issuing/cards")),
    page_of={"ic_": object_page(Card)},
    describe=describe,
)
