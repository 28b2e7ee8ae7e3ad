"""Issuing's lines of an account's timeline: what became of cardholders, cards, purchases and top-ups, in words."""

from collections.abc import Callable
from typing import Any

from accounts.history.models import StateChange
from accounts.history.pages import Words
from console.shell import formats
from gateway.shapes import hashes_at, integer_at, text_at
from issuing.authorizations import words as authorizations_words
from issuing.authorizations.models import Authorization
from issuing.base import OfIssuing
from issuing.cardholders import words as cardholders_words
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.topups.models import Topup
from issuing.transactions import words as transactions_words
from issuing.transactions.models import Transaction

MODELS: dict[str, type[OfIssuing]] = {
    model.stripe_object: model for model in (Cardholder, Card, Authorization, Transaction, Topup)
}
TONES = {"active": "ok", "succeeded": "ok", "failed": "bad", "blocked": "bad"}


def describe(changes: list[StateChange]) -> dict[int, Words]:
    """Each change of an Issuing object in words, by the change's key; one query for each noun among them."""
    found: dict[int, Words] = {}
    for noun, model in MODELS.items():
        own = [change for change in changes if change.noun == noun]
        rows = model._default_manager.in_bulk([change.subject for change in own]) if own else {}
        for change in own:
            row = rows.get(change.subject)
            if row is not None:
                found[change.pk] = SENTENCES[noun](row, change)
    return found


def _state(change: StateChange, born: str) -> str:
    return born if change.field == "object" else f"is {str(change.after or 'nothing').replace('_', ' ')}"


def _cardholder(row: Any, change: StateChange) -> Words:
    url, name = row.get_absolute_url(), f"Cardholder {row}"
    if change.field == "requirements.disabled_reason":
        if not change.after:
            return Words(f"{name}: Stripe has what it asked for;", "cards may work", "check", "ok", url)
        return Words(f"{name}:", cardholders_words.disabled(str(change.after))[0].rstrip("."), "triangle", "bad", url)
    return Words(name, _state(change, "was created"), "cardholders", TONES.get(str(change.after), ""), url)


def _card(row: Any, change: StateChange) -> Words:
    name = f"Card {row}"
    if change.field == "cancellation_reason":
        return Words(f"{name} was canceled:", str(change.after), "card", "", row.get_absolute_url())
    return Words(name, _state(change, "was created"), "card", TONES.get(str(change.after), ""), row.get_absolute_url())


def _authorization(row: Any, change: StateChange) -> Words:
    url, where = row.get_absolute_url(), row.merchant_name or "an unnamed merchant"
    first = next(iter(hashes_at(row.data, "request_history")), {})
    amount = integer_at(first, "amount")
    name = f"{formats.amount(row.amount if amount is None else amount, row.currency)} at {where}"
    if change.field != "object":
        return Words(f"{name}: the authorization", _state(change, ""), "bolt", "", url)
    if first.get("approved", row.approved):
        return Words(name, "was approved", "bolt", "ok", url)
    why = authorizations_words.reason(text_at(first, "reason") or row.reason).title
    return Words(name, f"was declined: {why}", "crossed", "bad", url)


def _transaction(row: Any, change: StateChange) -> Words:
    kind = transactions_words.TRANSACTIONS.get(row.type, row.type)
    text = f"{kind} of {formats.amount(abs(row.amount), row.currency)}"
    return Words(text, f"at {row.merchant_name}", "transactions", "", row.get_absolute_url())


def _topup(row: Any, change: StateChange) -> Words:
    name, tone = f"Top-up of {formats.amount(row.amount, row.currency)}", TONES.get(str(change.after), "")
    born = "was begun" if change.field == "object" else str(change.after)
    return Words(name, born, "topups", tone, row.get_absolute_url())


SENTENCES: dict[str, Callable[[Any, StateChange], Words]] = {
    "issuing.cardholder": _cardholder,
    "issuing.card": _card,
    "issuing.authorization": _authorization,
    "issuing.transaction": _transaction,
    "topup": _topup,
}
