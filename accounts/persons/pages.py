"""What the account's page shows of a person."""

from collections.abc import Iterable
from typing import Any

from accounts.persons.models import Person
from accounts.requirements.models import Row
from console.people import masking
from console.people.masking import Mask
from gateway.shapes import hash_at, integer_at


def shown(person: Person, rows: Iterable[Row], mask: Mask) -> dict[str, Any]:
    """The person: row, data (masked), and what Stripe still asks of them, out of the account's requirements."""
    return {
        "row": person,
        "data": mask.data(person.data),
        "born": born(hash_at(person.data, "dob"), may_see=mask.may_see),
        "asked": [row for row in rows if any(key.startswith(f"{person.pk}.") for key in row.keys)],
    }


def born(dob: dict[str, Any], *, may_see: bool) -> str:
    """A date of birth as 1902-01-31, masked without the permission, "" where it is not known whole."""
    year, month, day = (integer_at(dob, part) for part in ("year", "month", "day"))
    if not year or not month or not day:
        return ""
    return f"{year}-{month:02}-{day:02}" if may_see else masking.MASK
