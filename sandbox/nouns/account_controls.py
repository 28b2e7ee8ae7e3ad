"""`POST /_sandbox/accounts/{id}`: what Stripe would do to an account by itself, done now, for tests and rehearsals.

{"do": "require", "keys": ["company.structure"], "deadline": "6d", "capabilities": ["card_issuing"]}
{"do": "waive", "keys": ["company.structure"]}
{"do": "pass_deadline"}
{"do": "fail_verification", "person": "person_1…"}      (without `person`: the company's tax id)
{"do": "disable", "reason": "under_review"}             (an account's reason, or a capability's with `capability`)
{"do": "enable"}
"""

import re
from collections.abc import Callable

from sandbox.rules.tables import REQUESTABLE
from sandbox.world.account_record import AccountRecord
from sandbox.world.noun import UNITS, control
from sandbox.world.shapes import document
from sandbox.world.store import Data
from sandbox.world.world import World

ACCOUNT_REASONS = frozenset(
    {
        "listed",
        "other",
        "platform_paused",
        "rejected.fraud",
        "rejected.incomplete_verification",
        "rejected.listed",
        "rejected.other",
        "rejected.terms_of_service",
        "under_review",
    }
)
CAPABILITY_REASONS = frozenset(
    {
        "other",
        "paused.inactivity",
        "pending.onboarding",
        "pending.review",
        "platform_disabled",
        "platform_paused",
        "rejected.inactivity",
        "rejected.other",
        "rejected.unsupported_business",
    }
)


@control("accounts")
def control_account(world: World, account_id: str, body: Data) -> Data:
    """Carry out one order; returns the account. Raises ValueError in words for whoever sent it."""
    account = world.store.get("account", account_id)
    if account is None:
        raise ValueError(f"There is no account {account_id!r}.")
    action = ACTIONS.get(str(body.get("do")))
    if action is None:
        raise ValueError(f"`do` is one of {', '.join(ACTIONS)}.")
    record = AccountRecord(world, account)
    action(record, body)
    return record.settle()


def _keys(body: Data) -> list[str]:
    keys = body.get("keys")
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) and key for key in keys):
        raise ValueError('`keys` is a list of requirement keys, such as ["company.structure"].')
    return keys


def _deadline(body: Data, now: int) -> int | None:
    given = body.get("deadline")
    match = re.fullmatch(r"(\d{1,9})([smhdw]?)", str(given), re.ASCII)
    if given is None:
        return None
    if match is None:
        raise ValueError('`deadline` is a time from now such as "6d" (s, m, h, d, w), or null for "past due already".')
    return now + int(match[1]) * UNITS[match[2] or "s"]


def _require(record: AccountRecord, body: Data) -> None:
    names = body.get("capabilities", [])
    if not isinstance(names, list) or not set(map(str, names)) <= set(REQUESTABLE):
        raise ValueError(f"`capabilities` is a list of {', '.join(REQUESTABLE)}.")
    record.demand(_keys(body), _deadline(body, record.world.now), names)


def _waive(record: AccountRecord, body: Data) -> None:
    record.given(set(_keys(body)))


def _pass_deadline(record: AccountRecord, body: Data) -> None:
    now = record.world.now
    for demand in record.account["_demands"]:
        demand["deadline"] = min(now, demand["deadline"]) if demand["deadline"] is not None else None


def _fail_verification(record: AccountRecord, body: Data) -> None:
    looks, person_id = record.account["_looks"], body.get("person")
    if person_id is None:
        if "company" not in looks:
            raise ValueError("The company has not given name, address and tax id yet.")
        record.account["_secrets"]["company.tax_id"] = "mismatch"
        return
    person = next((person for person in record.persons if person["id"] == person_id), None)
    if person is None or person_id not in looks:
        raise ValueError(f"There is no person {person_id!r} with a complete identity.")
    person["verification"]["document"] = document()
    record.account["_failed"] = [*{*record.account["_failed"], person_id}]
    looks[person_id]["until"] = record.world.now


def _disable(record: AccountRecord, body: Data) -> None:
    reason, capability = body.get("reason"), body.get("capability")
    if capability is None and reason in CAPABILITY_REASONS - ACCOUNT_REASONS:
        capability = "card_issuing"
    known = ACCOUNT_REASONS if capability is None else CAPABILITY_REASONS
    if reason not in known:
        raise ValueError(f"`reason` is one of {', '.join(sorted(known))}.")
    if capability is None:
        record.account["_blocked"] = reason
    elif capability in record.account["_requested"]:
        record.account["_blocked_capabilities"][capability] = reason
    else:
        raise ValueError(f"The account has not requested {capability!r}.")


def _enable(record: AccountRecord, body: Data) -> None:
    record.account |= {"_blocked": None, "_blocked_capabilities": {}}


ACTIONS: dict[str, Callable[[AccountRecord, Data], None]] = {
    "require": _require,
    "waive": _waive,
    "pass_deadline": _pass_deadline,
    "fail_verification": _fail_verification,
    "disable": _disable,
    "enable": _enable,
}
