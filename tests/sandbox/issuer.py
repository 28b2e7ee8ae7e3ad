"""An account that issues cards, spoken for by the stock client: plain `make_…` builders on top of `stock`."""

from typing import Any

from tests.sandbox.stock import ADDRESS, Data, Stock, refusal
from tests.sandbox_process import SandboxProcess

BILLING = {"address": {**ADDRESS, "line1": "1 Main Street", "country": "US"}}
HELPERS = "/v1/test_helpers/issuing"


class Issuer:
    """A US company whose card_issuing is active. What its methods return is plain dicts."""

    def __init__(self, box: SandboxProcess, *, funds: int = 0) -> None:
        self.box, self.stock = box, Stock(box)
        self.v1 = self.stock.v1
        self.account: str = self.stock.company()["id"]
        self.options = {"stripe_account": self.account}
        if funds:
            self.fund(funds)

    def fund(self, amount: int) -> Data:
        topup = self.topup(amount)
        self.stock.advance("3s")
        return self.v1.topups.retrieve(topup["id"], {}, self.options).to_dict()

    def topup(self, amount: int, **params: Any) -> Data:
        given = {"amount": amount, "currency": "usd", "destination_balance": "issuing", **params}
        return self.v1.topups.create(given, self.options).to_dict()

    def person(self) -> Data:
        terms = {"date": self.stock.now(), "ip": "203.0.113.7"}
        return {
            "first_name": "Jane",
            "last_name": "Austen",
            "card_issuing": {"user_terms_acceptance": terms},
        }

    def cardholder(self, **params: Any) -> Data:
        given = {"name": "Jane Austen", "billing": BILLING, "individual": self.person(), **params}
        made = self.v1.issuing.cardholders.create(given, self.options)
        return made.to_dict()

    def card(self, cardholder: str = "", **params: Any) -> Data:
        given = {"currency": "usd", "type": "virtual", "status": "active", **params}
        given["cardholder"] = cardholder or params.get("cardholder") or self.cardholder()["id"]
        return self.v1.issuing.cards.create(given, self.options).to_dict()

    def change_card(self, card: str, **params: Any) -> Data:
        return self.v1.issuing.cards.update(card, params, self.options).to_dict()

    def change_cardholder(self, cardholder: str, **params: Any) -> Data:
        return self.v1.issuing.cardholders.update(cardholder, params, self.options).to_dict()

    def authorize(self, card: str, amount: int = 1000, *, key: str = "", **params: Any) -> Data:
        options = {**self.options, **({"idempotency_key": key} if key else {})}
        given = {"card": card, "amount": amount, **params}
        return self.v1.test_helpers.issuing.authorizations.create(given, options).to_dict()

    def act(self, verb: str, authorization: str, **params: Any) -> Data:
        """capture, increment, reverse or expire."""
        helper = getattr(self.v1.test_helpers.issuing.authorizations, verb)
        return helper(authorization, params, self.options).to_dict()

    def authorization(self, authorization: str) -> Data:
        return self.v1.issuing.authorizations.retrieve(authorization, {}, self.options).to_dict()

    def force_capture(self, card: str, amount: int, **params: Any) -> Data:
        given = {"card": card, "amount": amount, "currency": "usd", **params}
        return self.v1.test_helpers.issuing.transactions.create_force_capture(given, self.options).to_dict()

    def refund(self, transaction: str, **params: Any) -> Data:
        return self.v1.test_helpers.issuing.transactions.refund(transaction, params, self.options).to_dict()

    def available(self) -> int:
        """What the cards can spend, in cents."""
        balance = self.v1.balance.retrieve({}, self.options).to_dict()
        return int(balance["issuing"]["available"][0]["amount"])

    def balance_transactions(self, **params: Any) -> list[Data]:
        """Every balance transaction of the account, newest first."""
        page = self.v1.balance_transactions.list({"limit": 100, **params}, self.options)
        return [each.to_dict() for each in page.auto_paging_iter()]

    def events(self, prefix: str) -> list[Data]:
        """The account's events of that kind, oldest first."""
        return [event for event in self.stock.events(self.account) if event["type"].startswith(prefix)]


def reason(authorization: Data) -> str:
    """Why the last request was approved or declined."""
    return str(authorization["request_history"][-1]["reason"])


def told(call: Any) -> tuple[int | None, str | None, str | None]:
    """(status, code, param) of the error that the call must raise."""
    error = refusal(call)
    return error.http_status, error.code, getattr(error, "param", None)
