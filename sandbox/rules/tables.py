"""The requirement tables: which keys a capability asks of an account, read from `sandbox/data/*.json`.

One file for each country, business type(s) and capability, so that one can be replaced by a dump of Stripe's own.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"

REQUESTABLE = ("card_issuing", "card_payments", "transfers")


@dataclass(frozen=True)
class Table:
    """What one capability asks. A key may name its substitutes after bars: `ssn_last_4|id_number`."""

    capability: str
    account: tuple[str, ...]
    placeholders: dict[str, str | None]  # role that somebody must have -> account key that says "nobody has it"
    persons: dict[str, tuple[str, ...]]  # role -> keys of everyone who has it, bare
    eventually: tuple[str, ...]
    future: tuple[str, ...]


@cache
def _tables() -> dict[tuple[str, str | None, str], Table]:
    found = {}
    for path in sorted(DATA.glob("*.json")):
        raw = json.loads(path.read_text("utf-8"))
        table = Table(
            raw["capability"],
            tuple(raw["account"]),
            raw["placeholders"],
            {role: tuple(keys) for role, keys in raw["persons"].items()},
            tuple(raw["eventually"]),
            tuple(raw["future"]),
        )
        for country in raw["countries"]:
            for business_type in raw["business_types"]:
                found[country, business_type, table.capability] = table
    return found


def table(country: str, business_type: str | None, capability: str) -> Table | None:
    """The table of a capability for such a business; None where Stripe does not offer it (or we have no table)."""
    return _tables().get((country, business_type, capability))


@cache
def countries() -> frozenset[str]:
    """Countries that have tables (ISO 3166, two letters)."""
    return frozenset(country for country, _, _ in _tables())
