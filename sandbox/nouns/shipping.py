"""Test helpers that move a physical card along its way (docs.stripe.com/issuing/cards/physical/testing)."""

from collections.abc import Callable
from functools import partial

from sandbox.world.errors import invalid
from sandbox.world.issuing import CARD, fetch, owner, put_card
from sandbox.world.noun import Call, route
from sandbox.world.store import Data

# What each helper makes of a card, and the statuses that it takes it from.
STEPS = {
    "submit": ("submitted", ("pending",)),
    "ship": ("shipped", ("pending", "submitted")),
    "deliver": ("delivered", ("shipped",)),
    "return": ("returned", ("shipped", "delivered")),
    "fail": ("failure", ("pending", "submitted", "shipped")),
}
DAY = 86400


def move(step: str, call: Call) -> Data:
    """Move the card's shipping on by one helper."""
    account = owner(call)
    card = fetch(call, CARD, call.ids["id"])
    status, allowed = STEPS[step]
    if card["shipping"] is None:
        raise invalid("This card is not a physical card.")
    if card["shipping"]["status"] not in allowed:
        raise invalid(f"You cannot {step} a card whose shipping status is `{card['shipping']['status']}`.")
    card["shipping"]["status"] = status
    if status == "shipped":
        card["shipping"] |= {"carrier": "usps", "eta": call.world.now + 5 * DAY, "tracking_number": "9400100000000000"}
    return put_card(call.world, card, account)


for name in STEPS:
    helper: Callable[[Call], Data] = partial(move, name)
    route("POST", f"/v1/test_helpers/issuing/cards/{{id}}/shipping/{name}")(helper)
