"""What Stripe refuses at once: values that are never valid."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.rules.places import COUNTRIES, is_state, phone_country


@dataclass(frozen=True)
class Fault:
    """Why a value is refused, in Stripe's words, with Stripe's code where it has one; `param` as `dob[day]`."""

    message: str
    code: str | None = None
    param: str = ""


@dataclass(frozen=True)
class Context:
    """What a value is judged against: a country, and the time (unix seconds).

    The country is that of the address around the value, else the account's or cardholder's. `living` is the country in
    which a person lives, where that is another.
    """

    country: str
    now: int
    living: str = ""


def faults(params: dict[str, Any], context: Context, inside: str = "") -> Iterator[Fault]:
    """What is wrong with the given parameters, in the order they stand; empty and unset values are not looked at."""
    for name, value in params.items():
        param = f"{inside}[{name}]" if inside else name
        check = CHECKS.get(name)
        if isinstance(value, dict) and name != "metadata" and not check:
            address = value.get("address")
            living = address.get("country") if isinstance(address, dict) else None
            own = value.get("country") or context.country
            yield from faults(value, replace(context, country=own, living=living or context.living), param)
        elif check and (value or value == 0):
            fault = check(value, context)
            if fault:
                yield Fault(fault.message, fault.code, param)


EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
PERSON_NAME = re.compile(r"[^\d<>@#$%^*{}\[\]|\\~=+]*")  # underscores stand in Stripe's own test names
OLDEST_ACCEPTANCE = 1230768000  # 2009-01-01 UTC


def _email(value: str, context: Context) -> Fault | None:
    return None if EMAIL.fullmatch(value) else Fault(f"Invalid email address: {value}", "email_invalid")


def _phone(value: str, context: Context) -> Fault | None:
    """A number of the account's country, or of that in which a person lives."""
    found = phone_country(value, context.country)
    return _no_phone(value) if found is None or (found and found not in (context.country, context.living)) else None


def _phone_number(value: str, context: Context) -> Fault | None:
    """A number of any country."""
    return _no_phone(value) if phone_country(value, context.country) is None else None


def _no_phone(value: str) -> Fault:
    return Fault(f'"{value}" is not a valid phone number')


def _state(value: str, context: Context) -> Fault | None:
    fine = context.country != "US" or is_state(value)
    return None if fine else Fault(f"'{value}' is not a supported state.", "state_unsupported")


def _url(value: str, context: Context) -> Fault | None:
    try:
        parts = urlsplit(value if "//" in value else f"https://{value}")
        fine = parts.scheme in ("http", "https") and HOST.fullmatch(parts.hostname or "")
    except ValueError:  # a bracket without its partner
        fine = None
    return None if fine else Fault("Not a valid URL", "url_invalid")


def _mcc(value: str, context: Context) -> Fault | None:
    return None if re.fullmatch(r"\d{4}", value) else Fault(f"{value} is not a valid MCC.")


def _country(value: str, context: Context) -> Fault | None:
    return None if value in COUNTRIES else Fault(f"Country '{value}' is unknown.", "country_unsupported")


def _postal_code(value: str, context: Context) -> Fault | None:
    fine = context.country != "US" or re.fullmatch(r"\d{5}(-\d{4})?", value)
    return None if fine else Fault(f"'{value}' is not a valid ZIP code.", "postal_code_invalid")


def _ip(value: str, context: Context) -> Fault | None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return Fault(f"'{value}' is not a valid IP address.")
    return None


def _acceptance_date(value: int, context: Context) -> Fault | None:
    if OLDEST_ACCEPTANCE <= value <= context.now + 60:  # a minute for clocks that differ
        return None
    return Fault(
        "ToS acceptance date is not valid. Dates are expected to be integers, measured in seconds, not in the future,"
        " and after 2009."
    )


def _dob(dob: dict[str, int], context: Context) -> Fault | None:
    try:
        born = date(dob["year"], dob["month"], dob["day"])
    except (ValueError, OverflowError):
        return Fault("Invalid date of birth: this is not a date of the calendar.")
    past = born <= datetime.fromtimestamp(context.now, UTC).date()
    return None if past else Fault("Invalid date of birth: must be in the past.")


def _all_digits(value: str, length: int, name: str) -> Fault | None:
    fine = re.fullmatch(rf"\d{{{length}}}", re.sub(r"[ -]", "", value))
    return None if fine else Fault(f"{name} must be {length} digits")


def _id_number(value: str, context: Context) -> Fault | None:
    return _all_digits(value, 9, "ID number for US") if context.country == "US" else None


def _ssn_last_4(value: str, context: Context) -> Fault | None:
    return _all_digits(value, 4, "SSN last 4")


def _tax_id(value: str, context: Context) -> Fault | None:
    fault = _all_digits(value, 9, "Tax ID for US") if context.country == "US" else None
    return Fault(fault.message, "tax_id_invalid") if fault else None


def _percent(value: float, context: Context) -> Fault | None:
    return None if 0 <= value <= 100 else Fault("Percent ownership must be between 0 and 100")


def _iso_date(value: str, context: Context) -> Fault | None:
    try:
        date.fromisoformat(value)
    except ValueError:
        return Fault(f"Invalid date: {value}; must be in the format YYYY-MM-DD.")
    return None


def _person_name(value: str, context: Context) -> Fault | None:
    fine = PERSON_NAME.fullmatch(value) and value.strip()
    return None if fine else Fault("Names may not contain numbers or special characters.")


def _not_negative(value: int, context: Context) -> Fault | None:
    return None if value >= 0 else Fault("This value must be greater than or equal to 0.", "parameter_invalid_integer")


CHECKS: dict[str, Callable[[Any, Context], Fault | None]] = {
    "amount": _not_negative,
    "country": _country,
    "date": _acceptance_date,
    "dob": _dob,
    "email": _email,
    "estimated_worker_count": _not_negative,
    "first_name": _person_name,
    "fiscal_year_end": _iso_date,
    "id_number": _id_number,
    "ip": _ip,
    "last_name": _person_name,
    "mcc": _mcc,
    "percent_ownership": _percent,
    "phone": _phone,
    "phone_number": _phone_number,
    "postal_code": _postal_code,
    "ssn_last_4": _ssn_last_4,
    "state": _state,
    "support_email": _email,
    "support_phone": _phone_number,
    "support_url": _url,
    "tax_id": _tax_id,
    "url": _url,
}


def routing_fault(value: str, country: str) -> Fault | None:
    """US: nine digits with the right check digit (ABA). GB: a sort code. Elsewhere there is none to check."""
    if country == "GB":
        fine = re.fullmatch(r"\d{2}-?\d{2}-?\d{2}", value) is not None
        return None if fine else Fault(f"Invalid sort code: {value}", "routing_number_invalid")
    if country != "US":
        return None
    weights = (3, 7, 1) * 3
    fine = re.fullmatch(r"[0-9]{9}", value) is not None
    fine = fine and sum(int(d) * w for d, w in zip(value, weights, strict=True)) % 10 == 0
    return None if fine else Fault("Invalid routing number for US.", "routing_number_invalid")


def account_number_fault(value: str) -> Fault | None:
    """A bank account number: 4 to 34 letters and digits."""
    fine = re.fullmatch(r"[0-9A-Za-z]{4,34}", value)
    return None if fine else Fault("Invalid account number: it must be 4 to 34 digits.", "account_number_invalid")
