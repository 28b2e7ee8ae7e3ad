"""What many rows carry together, as the policy weighs it: of each currency the largest row and the sum.

The sum is held against the same limit as one row: what one person may not do alone does not become theirs in parts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from console.approvals import policy
from console.operations.verbs import Verb, Weight
from console.shell import formats

Sums = dict[str, list[int]]  # currency → rows, the largest, the sum; in minor units


@dataclass
class Load:
    """The weights of rows: amounts, limits that are raised (to what), and how many lift a limit or open a list."""

    amounts: Sums = field(default_factory=dict)
    limits: Sums = field(default_factory=dict)
    opened: int = 0

    def add(self, weights: Iterable[Weight], rows: int = 1) -> None:
        """Take in the weights of one row, or of so many rows that weigh the same."""
        for each in weights:
            if each.amount is not None:
                _add(self.limits if each.loosens else self.amounts, each.currency.lower(), each.amount, rows)
            elif each.loosens:
                self.opened += rows

    @property
    def data(self) -> dict[str, Any]:
        """As JSON, {} for none."""
        return {name: value for name, value in vars(self).items() if value}

    def facts(self) -> list[tuple[str, str]]:
        """What it is, in words."""
        found = [("Amounts", self.amounts), ("Limits raised to", self.limits)]
        told = [(name, _words(currency, *sums)) for name, by in found for currency, sums in sorted(by.items())]
        many = f"{self.opened:,} row{'' if self.opened == 1 else 's'}"
        return [*told, ("Limits lifted, or lists opened", many)] if self.opened else told


def read(data: Mapping[str, Any]) -> Load:
    """The load that `data` tells of."""
    return Load(**data)


def _add(sums: Sums, currency: str, amount: int, rows: int) -> None:
    many, largest, total = sums.get(currency, [0, 0, 0])
    sums[currency] = [many + rows, max(largest, amount), total + amount * rows]


def _words(currency: str, rows: int, largest: int, total: int) -> str:
    if rows == 1:
        return formats.amount(total, currency)
    together, most = formats.amount(total, currency), formats.amount(largest, currency)
    return f"{together} together in {rows:,} rows, the largest {most}"


def why_second(verb: Verb, load: Load, rows: int) -> str:
    """The policy's sentence why so many rows with this load need a second person in this mode, or ""."""
    asked: list[dict[str, Any]] = [{"rows": rows}]
    for loosens, sums in ((False, load.amounts), (True, load.limits)):
        for currency, (many, largest, total) in sorted(sums.items()):
            own = {"currency": currency, "loosens": loosens}
            asked.append({**own, "amount": largest})
            if many > 1:
                asked.append({**own, "amount": total, "together": True})
    if load.opened:
        asked.append({"loosens": True})
    found = (policy.needs_second(verb, mode=settings.CONSOLE_MODE, **each) for each in asked)
    return next(filter(None, found), "")
