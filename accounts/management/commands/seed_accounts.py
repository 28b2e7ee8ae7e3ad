"""A dozen connected accounts in different states, made through the sandbox's API like any others."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Account, Capability, ExternalAccount, Person
from accounts.seeding import EXPRESS, Seed, create
from gateway import client
from gateway.client import Answer
from gateway.errors import Refused, Unreachable

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
