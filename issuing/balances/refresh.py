"""Reading the funds of an account again: Stripe sends no event when a hold or a capture moves a balance."""

import time

from gateway import client, inbox, mirror
from gateway.errors import Unreachable
from gateway.models import Event
from gateway.queue import enqueue
from issuing.balances.models import Balance, BalanceTransaction

TRIES = 4
MOVING = (
    "issuing_authorization.",
    "issuing_transaction.",
    "topup.",
    "balance.",
    "issuing_dispute.",
    "payout.",
)


def on_events(events: list[Event]) -> None:
    """After events that move money: have the funds of their accounts read once each."""
    accounts = {event.account for event in events if event.account and _moves(event)}
    for account in sorted(accounts):
        enqueue("issuing.balances.refresh.funds", account)


def _moves(event: Event) -> bool:
    """Whether a balance may have moved, or have begun to be."""
    begins = event.object_key == f"capability:{event.account}.card_issuing"
    return begins or event.type.startswith(MOVING)


def funds(account_id: str) -> int:
    """The task: `read_funds`, tried again while Stripe cannot be reached. Raises Refused, Unreachable in the end."""
    for tries in range(1, TRIES):
        try:
            return read_funds(account_id)
        except Unreachable as error:
            time.sleep(error.wait(tries))
    return read_funds(account_id)


def read_funds(account_id: str) -> int:
    """Read both balances, and the movements since those we know; how many were new. Two calls as a rule.

    Raises Refused, Unreachable.
    """
    mirror.fetch_row(Balance, f"{account_id}.balance", account_id)
    new = 0
    for page in client.pages(BalanceTransaction.listed_at, account=account_id):
        shown = {data["id"]: data for data in page.data["data"]}
        known = set(BalanceTransaction.every.filter(pk__in=shown).values_list("pk", flat=True))
        for row_id in shown.keys() - known:
            mirror.absorb_object(shown[row_id], account=account_id, sent_at=page.sent_at)
            new += 1
        if known:
            break
    return new


def listen() -> None:
    """Hear of every event that was applied."""
    inbox.on_settled(on_events)
