"""Connected accounts for demonstrations, made through the sandbox's API like any others. Sandbox mode only."""

import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.account.forms import CAPABILITIES, CONTROLLER
from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.external_accounts.models import ExternalAccount
from accounts.persons.models import Person
from gateway import addresses, client, clock
from gateway.client import Answer
from gateway.errors import Refused, Unreachable

Data = dict[str, Any]

ADDRESS = {"line1": "address_full_match", "city": "Savannah", "state": "GA", "postal_code": "31401", "country": "US"}
IDENTITY = {  # Stripe's test values (docs.stripe.com/connect/testing) that prove true at once
    "dob": {"day": 1, "month": 1, "year": 1902},
    "id_number": "222222222",
    "phone": "0000000000",
    "address": ADDRESS,
}
EXPRESS = {
    "stripe_dashboard": {"type": "express"},
    "fees": {"payer": "application"},
    "losses": {"payments": "application"},
    "requirement_collection": "stripe",
}


@dataclass(frozen=True)
class Seed:
    """One account: what it is, what is given of it, and what Stripe then does to it (`/_sandbox/accounts/{id}`)."""

    slug: str
    name: str
    business_type: str = "company"
    person: tuple[str, str] = ("", "")  # the representative; ("", "") leaves the account as nobody began it
    tax_id: str = "222222222"
    bank: bool = True
    capabilities: Data = field(default_factory=lambda: CAPABILITIES)
    controller: Data = field(default_factory=lambda: CONTROLLER)
    then: tuple[Data, ...] = ()
    reject: str = ""


def create(seed: Seed) -> str:
    """Make one account. Its metadata is set last: one that was left half made is made again, with the same keys."""
    account = _post("/v1/accounts", _account(seed), f"{seed.slug}-create")
    path = f"/v1/accounts/{account['id']}"
    person_id = str((account.get("individual") or {}).get("id", ""))
    if seed.business_type != "individual" and seed.person[0]:
        relationship = {"representative": True, "executive": True, "owner": True, "title": "Managing director"}
        params = {**_names(seed), **IDENTITY, "relationship": {**relationship, "percent_ownership": 60}}
        person_id = str(_post(f"{path}/persons", params, f"{seed.slug}-person")["id"])
    for each in seed.then:
        by_stripe(account["id"], json.loads(json.dumps(each).replace("{person}", person_id)))
    _post(path, {"metadata": {"seed": seed.slug}}, f"{seed.slug}-mark")
    if seed.reject:
        _post(f"{path}/reject", {"reason": seed.reject}, f"{seed.slug}-reject")
    return str(account["id"])


def _post(path: str, params: Data, step: str) -> Data:
    return client.post(path, params, account=None, key=f"seed-accounts-{settings.SANDBOX_PORT}-{step}").data


def _account(seed: Seed) -> Data:
    """The body of its creation: complete, but for persons, where it has a person."""
    params: Data = {
        "country": "US",
        "email": f"office@{seed.slug}.example",
        "business_type": seed.business_type,
        "controller": seed.controller,
        "capabilities": seed.capabilities,
        "business_profile": {"name": seed.name},
    }
    if seed.business_type != "individual":
        params["company"] = {"name": seed.name[:100]}
    return _complete(seed, params) if seed.person[0] else params


def _complete(seed: Seed, params: Data) -> Data:
    signed = {"date": clock.timestamp() // 3600 * 3600 - 3600, "ip": "203.0.113.7"}
    params["business_profile"] |= {
        "mcc": "5734",
        "url": "https://accessible.stripe.com",
        "product_description": "Goods and services for local customers",
        "annual_revenue": {"amount": 48_000_000, "currency": "usd", "fiscal_year_end": "2025-12-31"},
        "estimated_worker_count": 12,
    }
    if seed.business_type == "individual":
        params["individual"] = {**_names(seed), "ssn_last_4": "0000", **IDENTITY}
    else:
        own = {"tax_id": seed.tax_id, "phone": "0000000000", "address": ADDRESS, "owners_provided": True}
        params["company"] |= own
    return params | {
        "tos_acceptance": signed,
        "settings": {"card_issuing": {"tos_acceptance": signed}} if "card_issuing" in seed.capabilities else {},
        **({"external_account": "btok_us"} if seed.bank else {}),
    }


def _names(seed: Seed) -> Data:
    return {"first_name": seed.person[0], "last_name": seed.person[1], "email": f"office@{seed.slug}.example"}


def by_stripe(account_id: str, what: Data) -> None:
    """What Stripe does by itself, ordered at the sandbox's own control."""
    control(f"accounts/{account_id}", what)


def control(name: str, body: Data) -> Data:
    """Order something at `/_sandbox/<name>`, which no Stripe has. Raises OSError where the sandbox refuses."""
    request = urllib.request.Request(  # noqa: S310  (our own sandbox)
        f"{settings.STRIPE_API_BASE}/_sandbox/{name}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with addresses.DIRECT.open(request, timeout=settings.STRIPE_TIMEOUT) as answer:
        return dict(json.load(answer))


LONG = (
    "The Greater Chattahoochee Valley Mobile Veterinary and Large Animal Emergency Care Cooperative of Western Georgia"
)

SEEDS = (
    Seed("tamarack", "Tamarack Roofing Co."),
    Seed("pell", "Pell & Ashgrove Surveyors", controller=EXPRESS, capabilities={"transfers": {"requested": True}}),
    Seed(
        "quillback",
        "Quillback Marine Supply",
        person=("Ingrid", "Solheim"),
        capabilities={"transfers": {"requested": True}},
    ),
    Seed("halloran", "Halloran Letterpress", "individual", ("Beatrix", "Halloran")),
    Seed("saltmarsh", "Saltmarsh Produce Co-op", person=("Ruben", "Achterberg")),
    Seed("osprey", "Osprey Courier Collective", "non_profit", ("Noor", "Haddad"), bank=False),
    Seed("lantern", "Lantern Street Theatre", "non_profit", ("Odile", "Marchetti"), reject="other"),
    Seed("verbena", "Verbena Home Care LLC", person=("Tomasz", "Wiśniewski"), tax_id="111111111"),
    Seed(
        "heron",
        "Blue Heron Landscaping",
        "individual",
        ("José", "Ibáñez"),
        then=({"do": "disable", "reason": "under_review"},),
    ),
    Seed(
        "chattahoochee",
        LONG,
        person=("Wilhelmina", "Featherstonehaugh-Cholmondeley"),
        then=({"do": "require", "keys": ["company.structure"], "deadline": "3d", "capabilities": ["transfers"]},),
    ),
    Seed(
        "marigold",
        "Marigold Bakery Group, Inc.",
        person=("Priya", "Raghunathan"),
        then=({"do": "require", "keys": ["company.structure", "company.phone"], "deadline": "6d"},),
    ),
    Seed(
        "kestrel",
        "Kestrel Freight Lines, Inc.",
        person=("Marta", "Ilves"),
        then=(
            {"do": "require", "keys": ["{person}.verification.document"], "deadline": "2d"},
            {"do": "pass_deadline"},
            {"do": "require", "keys": ["company.structure"], "deadline": "13d", "capabilities": ["transfers"]},
        ),
    ),
    Seed(
        "bluestem",
        "Bluestem Grain Exchange",
        person=("Priya", "Duarte"),
        then=({"do": "disable", "reason": "platform_paused"},),
    ),
    Seed("birch", "Birch & Sons Bookbinders", person=("Amara", "Okonkwo-Lindqvist")),
)


class Command(BaseCommand):
    """Make those that are missing; in the sandbox only. Safe to repeat."""

    help = "Create a dozen demo accounts in the local sandbox."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create, then read each into the mirror, so that pages work before any webhook comes."""
        if not settings.SANDBOX:
            raise CommandError("Demo accounts exist in the sandbox only.")
        try:
            made = self.make()
        except (Refused, Unreachable) as problem:
            raise CommandError(f"The sandbox did not take a demo account: {problem}") from problem
        self.stdout.write(f"{made} demo accounts created, {len(SEEDS) - made} were there.")

    def make(self) -> int:
        """How many were missing."""
        there = seeded()
        missing = [seed for seed in SEEDS if seed.slug not in there]
        for seed in missing:
            read(create(seed))
        return len(missing)


def seeded() -> set[str]:
    """The slugs of the demo accounts that are finished."""
    pages = client.pages("/v1/accounts", account=None)
    return {str(data["metadata"].get("seed", "")) for page in pages for data in page.data["data"]}


def read(account_id: str) -> None:
    """Into the mirror: four calls."""
    answer: Answer = client.get(f"/v1/accounts/{account_id}", account=None)
    Account.absorb_answer(answer, account=account_id)
    for model in (Capability, Person, ExternalAccount):
        model.refresh_all(account_id)
