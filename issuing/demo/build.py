"""Carrying out a plan at the sandbox: steps of one account in order, accounts side by side, the clock before all."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from threading import Barrier
from typing import Any

from django.db import connections

from accounts.management.commands import seed_accounts
from gateway import client, clock
from issuing.authorizations.models import HELPERS
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.demo.plan import Step
from issuing.topups.models import Topup
from issuing.transactions.models import REFUND

Data = dict[str, Any]
THREADS = 3  # of two cores the sandbox holds one
SLOT = (
    300  # seconds: what lies in one slot has one time of the sandbox's clock, in all accounts; lists show longer ones
)


class Builder:
    """One world in the making: what each step made, by (account, name)."""

    def __init__(self, world: str) -> None:
        self.world = world  # a word of its own in every idempotency key
        self.made: dict[tuple[str, str], str] = {}
        self.approved: set[tuple[str, str]] = set()
        self.captured: dict[tuple[str, str], str] = {}  # the last transaction of an authorization
        self.done = 0
        self.calls: dict[str, Callable[[Step], None]] = {
            "account": self.account,
            "by_stripe": self.by_stripe,
            "cardholder": self.cardholder,
            "update_cardholder": self.update_cardholder,
            "review": self.review,
            "card": self.card,
            "update_card": self.update_card,
            "topup": self.topup,
            "authorize": self.authorize,
            "capture": self.capture,
            "reverse": self.reverse,
            "refund": self.refund,
        }

    def run(self, steps: list[Step], progress: Callable[[int, int], None]) -> None:
        """Carry out all, slot by slot. `progress(steps done, unix second reached)`. Raises Refused, Unreachable."""
        with ThreadPoolExecutor(THREADS) as pool:
            for _, slot in groupby(steps, key=lambda step: step.at // SLOT):
                together = list(slot)
                seed_accounts.control("clock", {"set": together[0].at})
                clock.refresh()
                list(pool.map(self.of_account, by_account(together)))
                self.done += len(together)
                progress(self.done, together[0].at)
            list(pool.map(self.close, [Barrier(THREADS)] * THREADS))

    @staticmethod
    def close(together: Barrier) -> None:
        """End this thread's connections; it waits for the others, so that no thread does it twice and another never."""
        connections.close_all()
        together.wait()

    def of_account(self, steps: list[Step]) -> None:
        """The steps of one account, in order."""
        for step in steps:
            self.calls[step.kind](step)

    def post(self, step: Step, path: str, params: Data) -> Data:
        """One write in the account's name."""
        key = f"{self.world}-{step.slug}-{step.number}"
        return client.post(path, params, account=self.made[step.slug, ""], key=key).data

    def account(self, step: Step) -> None:
        """A connected account, complete with its persons."""
        self.made[step.slug, ""] = seed_accounts.create(step.params["seed"])

    def by_stripe(self, step: Step) -> None:
        """What Stripe does by itself; `{person}` in its keys is the account's first person."""
        account = self.made[step.slug, ""]
        params = dict(step.params)
        if any("{person}" in key for key in params.get("keys", ())):
            person = client.get(f"/v1/accounts/{account}/persons", account=None).data["data"][0]["id"]
            params["keys"] = [key.replace("{person}", person) for key in params["keys"]]
        seed_accounts.by_stripe(account, params)

    def cardholder(self, step: Step) -> None:
        """A cardholder; people have accepted the authorized user terms, but for those who are `unsigned`."""
        params = {name: value for name, value in step.params.items() if name != "unsigned"}
        if "individual" in params and "unsigned" not in step.params:
            accepted = {"date": clock.timestamp() - 60, "ip": "203.0.113.7"}
            params["individual"] = {**params["individual"], "card_issuing": {"user_terms_acceptance": accepted}}
        self._make(step, Cardholder.listed_at, params)

    def update_cardholder(self, step: Step) -> None:
        """Change a cardholder."""
        self.post(step, f"{Cardholder.listed_at}/{self.made[step.slug, step.of]}", step.params)

    def review(self, step: Step) -> None:
        """Stripe looks at a cardholder."""
        seed_accounts.control(f"cardholders/{self.made[step.slug, step.of]}", step.params)

    def card(self, step: Step) -> None:
        """A virtual card of a cardholder."""
        params = {"cardholder": self.made[step.slug, step.of], "currency": "usd", "type": "virtual", **step.params}
        self._make(step, Card.listed_at, params)

    def update_card(self, step: Step) -> None:
        """Deactivate or cancel a card."""
        self.post(step, f"{Card.listed_at}/{self.made[step.slug, step.of]}", step.params)

    def topup(self, step: Step) -> None:
        """Money for the Issuing balance."""
        given = {"currency": "usd", "destination_balance": "issuing", "description": "Weekly funding", **step.params}
        self._make(step, Topup.listed_at, given)

    def authorize(self, step: Step) -> None:
        """An authorization is tried."""
        data = self._make(step, HELPERS, {"card": self.made[step.slug, step.of], **step.params})
        if data["approved"]:
            self.approved.add((step.slug, step.name))

    def capture(self, step: Step) -> None:
        """The merchant takes the money of an authorization that was approved."""
        if data := self._settle(step, "capture"):
            self.captured[step.slug, step.of] = data["transactions"][-1]["id"]

    def reverse(self, step: Step) -> None:
        """The merchant gives a hold back."""
        self._settle(step, "reverse")

    def refund(self, step: Step) -> None:
        """The merchant gives money back that it took."""
        if transaction := self.captured.get((step.slug, step.of)):
            self.post(step, REFUND.format(transaction), step.params)

    def _settle(self, step: Step, what: str) -> Data:
        if (step.slug, step.of) not in self.approved:
            return {}
        return self.post(step, f"{HELPERS}/{self.made[step.slug, step.of]}/{what}", step.params)

    def _make(self, step: Step, path: str, params: Data) -> Data:
        data = self.post(step, path, params)
        self.made[step.slug, step.name] = data["id"]
        return data


def by_account(steps: list[Step]) -> Iterator[list[Step]]:
    """The steps of one slot, a list an account, each in the order it was planned in."""
    ordered = sorted(steps, key=lambda step: (step.slug, step.at, step.number))
    return (list(own) for _, own in groupby(ordered, key=lambda step: step.slug))


def begin(at: int | None = None) -> None:
    """Empty the sandbox; its clock begins at `at`, or is this machine's again, and the console knows it."""
    seed_accounts.control("reset", {} if at is None else {"now": at})
    client.get("/v1/account", account=None)


def is_empty() -> bool:
    """Whether the sandbox has no connected account."""
    return not client.get("/v1/accounts", {"limit": 1}, account=None).data["data"]
