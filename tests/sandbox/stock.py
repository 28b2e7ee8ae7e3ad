"""The stock stripe-python client and the businesses it makes: plain `make_…` builders."""

from copy import deepcopy
from typing import Any

import stripe

from tests.sandbox_process import SandboxProcess

Data = dict[str, Any]
CONTROLLER = {
    "stripe_dashboard": {"type": "none"},
    "fees": {"payer": "application"},
    "losses": {"payments": "application"},
    "requirement_collection": "application",
}
BOTH = {"card_issuing": {"requested": True}, "transfers": {"requested": True}}
ADDRESS = {"line1": "address_full_match", "city": "Austin", "state": "TX", "postal_code": "78701"}
PROFILE = {
    "mcc": "4121",
    "url": "https://accessible.stripe.com",
    "estimated_worker_count": 12,
    "annual_revenue": {"amount": 25_000_000, "currency": "usd", "fiscal_year_end": "2025-12-31"},
}
COMPANY = {"name": "Rocket Rides", "tax_id": "222222222", "phone": "0000000000", "address": ADDRESS}
SOMEBODY = {
    "first_name": "Jane",
    "last_name": "Austen",
    "email": "jane@example.com",
    "phone": "0000000000",
    "dob": {"day": 1, "month": 1, "year": 1902},
    "id_number": "222222222",
    "address": ADDRESS,
}
BOSS = {**SOMEBODY, "relationship": {"representative": True, "owner": True, "percent_ownership": 100, "title": "CEO"}}


class Stock:
    """A stock client of one sandbox; what it answers is plain dicts."""

    def __init__(self, box: SandboxProcess) -> None:
        self.box = box
        self.v1 = stripe.StripeClient("sk_test_stock", base_addresses={"api": box.url}, max_network_retries=0).v1

    def account(self, **params: Any) -> Data:
        """A Custom-equivalent US account that requests both capabilities."""
        return self.v1.accounts.create(
            {"controller": CONTROLLER, "country": "US", "capabilities": BOTH, **params}
        ).to_dict()

    def read(self, account_id: str) -> Data:
        return self.v1.accounts.retrieve_current({}, {"stripe_account": account_id}).to_dict()

    def update(self, account_id: str, **params: Any) -> Data:
        return self.v1.accounts.update(account_id, params).to_dict()

    def person(self, account_id: str, **params: Any) -> Data:
        return self.v1.accounts.persons.create(account_id, params).to_dict()

    def capability(self, account_id: str, name: str = "card_issuing") -> Data:
        return self.v1.accounts.capabilities.retrieve(account_id, name).to_dict()

    def signed(self) -> Data:
        """Both terms, accepted now."""
        terms = {"date": self.now(), "ip": "203.0.113.7"}
        return {"tos_acceptance": terms, "settings": {"card_issuing": {"tos_acceptance": dict(terms)}}}

    def now(self) -> int:
        return self.box.control("clock")["now"]

    def advance(self, by: str) -> None:
        self.box.control("clock", {"advance": by})

    def act(self, account_id: str, do: str, **more: Any) -> Data:
        return self.box.control(f"accounts/{account_id}", {"do": do, **more})

    def events(self, account_id: str) -> list[Data]:
        """The account's events, oldest first."""
        found = self.v1.events.list({"limit": 100}, {"stripe_account": account_id}).to_dict()["data"]
        return found[::-1]

    def company(self, person: Data | None = None, **changes: Data) -> Data:
        """A US company with everything given, verified at once unless `person` or `changes` say otherwise."""
        account = self.account(business_type="company")
        self.person(account["id"], **deepcopy(person or BOSS))
        params = {"business_profile": PROFILE, "company": COMPANY, "external_account": "btok_us", **self.signed()}
        for name, change in changes.items():
            params[name] = {**params[name], **change}
        return self.update(account["id"], **params)

    def individual(self, **person: Any) -> Data:
        """A US individual with everything given."""
        return self.account(
            business_type="individual",
            individual={**SOMEBODY, **person},
            business_profile=PROFILE,
            external_account="btok_us",
            **self.signed(),
        )


def codes(account: Data) -> dict[str, str]:
    """requirement -> error code."""
    return {error["requirement"]: error["code"] for error in account["requirements"]["errors"]}


def refusal(call: Any) -> stripe.StripeError:
    """The error that the call must raise."""
    try:
        call()
    except stripe.StripeError as error:
        return error
    raise AssertionError("It was not refused.")
