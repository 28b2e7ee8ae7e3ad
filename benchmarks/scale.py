"""What so many accounts would need, computed: events a day, calls to Stripe, hours of a full sync, disk, workers.

`python -m benchmarks scale` prints 1 and 10 million accounts; `ACCOUNTS=250000 python -m benchmarks scale` any other.
The bytes of a row are those that benchmarks.lists measured at 1,000,000 accounts, its indexes among them; what each
account does in a day is assumed and stands here, to be replaced by a platform's own numbers.
"""

import os
from dataclasses import dataclass

DAY = 24 * 3600
LIVE, SANDBOX = 100, 25  # calls a second that Stripe allows (docs.stripe.com/rate-limits)
OURS = 0.8  # the share of it that this console takes at most
A_LIST = 100  # objects of a page
LISTS_OF_ACCOUNT = 7  # a full sync asks each account: capabilities, persons, bank accounts, cards and their like
KEPT = 30  # days of payloads
APPLIED = 400  # events a second that one machine of two cores applies (docs/performance.md)
GIB = 2**30
# Bytes of one row with its indexes: measured at 1,000,000 accounts.
ROW = {"account": 1962, "capability": 506, "cardholder": 1411, "card": 1171, "authorization": 1649, "transaction": 1369}
EVENT, EVENT_DROPPED, HISTORY = 3500, 700, 450


@dataclass(frozen=True)
class Use:
    """What one account has, and what happens in it in a day."""

    cardholders: float = 1
    cards: float = 2
    capabilities: float = 3
    authorizations: float = 0.5  # a day
    captured: float = 0.9  # of them
    changes: float = 0.05  # events of the account, its cards and cardholders


def events_a_day(accounts: int, use: Use) -> float:
    """Webhooks: an authorization's creation and its end, its capture, and what changes otherwise."""
    return accounts * (use.authorizations * (2 + use.captured) + use.changes)


def disk(accounts: int, use: Use, days: int = 365) -> dict[str, float]:
    """GiB: of the mirror as it stands, of so many days of authorizations, of events, of history."""
    standing = ROW["account"] + use.capabilities * ROW["capability"]
    standing += use.cardholders * ROW["cardholder"] + use.cards * ROW["card"]
    used = use.authorizations * days * (ROW["authorization"] + use.captured * ROW["transaction"])
    events = events_a_day(accounts, use)
    return {
        "mirror": accounts * standing / GIB,
        "authorizations and transactions of a year": accounts * used / GIB,
        f"events with payloads, {KEPT} days": events * KEPT * EVENT / GIB,
        "events without, a year": events * days * EVENT_DROPPED / GIB,
        "history of a year": accounts * use.changes * days * HISTORY / GIB,
    }


def measure() -> bool:
    """Print it for each number of accounts."""
    asked = os.environ.get("ACCOUNTS", "")
    for accounts in [int(asked)] if asked else [1_000_000, 10_000_000]:
        _print(accounts, Use())
    return True


def _print(accounts: int, use: Use) -> None:
    events = events_a_day(accounts, use)
    calls = accounts / A_LIST + accounts * LISTS_OF_ACCOUNT
    print(f"{accounts:,} accounts, {accounts * use.cards:,.0f} cards")
    print(
        f"  events a day         {events:14,.0f}   {events / DAY:8.1f}/s, {3 * events / DAY:.0f}/s in a threefold hour"
    )
    print(f"  machines that apply  {max(3 * events / DAY / APPLIED, 1):14.1f}   of two cores, in that hour")
    for name, rate in (("live", LIVE), ("sandbox", SANDBOX)):
        hours = calls / (rate * OURS) / 3600
        print(f"  full sync, {name:8}  {hours:14,.1f} h at {rate * OURS:.0f} calls/s: {calls:,.0f} calls")
    for what, size in disk(accounts, use).items():
        print(f"  disk                 {size:14,.0f} GiB   {what}")
    print()
