"""Requirements and states of capability, person and account, each computed apart from the one set of tables.

docs.stripe.com/connect/handling-api-verification. New accounts start with their keys past due and no deadline; a key
that Stripe asks for later is due by its deadline, and past due after it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sandbox.rules.facts import Data, Facts, account_gave, has_role, person_gave
from sandbox.rules.tables import Table
from sandbox.rules.verdicts import Finding


@dataclass
class Due:
    """What one capability waits for: key -> deadline (None: late since the beginning), and what Stripe found."""

    keys: dict[str, int | None] = field(default_factory=dict)
    eventually: set[str] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)
    errors: list[dict[str, str]] = field(default_factory=list)
    alternatives: list[tuple[str, str]] = field(default_factory=list)

    def late(self, now: int) -> set[str]:
        """Keys whose time is over."""
        return {key for key, deadline in self.keys.items() if deadline is None or deadline <= now}

    def deadline(self, now: int) -> int | None:
        """The earliest deadline still to come."""
        return min((at for at in self.keys.values() if at is not None and at > now), default=None)


def split(key: str) -> tuple[str, tuple[str, ...]]:
    """A table's `url|product_description` as the key that is asked for and what may be given instead."""
    first, *others = key.split("|")
    return first, tuple(others)


def missing(facts: Facts, table: Table) -> Iterator[str]:
    """The table's keys (with their substitutes) that nobody has given yet, with account-level names."""
    for key in table.account:
        if not any(account_gave(facts, choice) for choice in key.split("|")):
            yield key
    for role, says_nobody in table.placeholders.items():
        somebody = any(has_role(person, role) for person in facts.persons)
        if not somebody and not (says_nobody and account_gave(facts, says_nobody)):
            yield f"relationship.{role}"
    for person in facts.persons:
        for key in {key for role, keys in table.persons.items() if has_role(person, role) for key in keys}:
            if not any(person_gave(person, choice) for choice in key.split("|")):
                yield "|".join(f"{person['id']}.{choice}" for choice in key.split("|"))


def concerns(key: str, table: Table, facts: Facts) -> bool:
    """Whether a finding about `key` stops this capability: it does when the table asks for that part at all."""
    head = key.split(".")[0]
    if head.startswith("person_"):
        person = next((person for person in facts.persons if person["id"] == head), None)
        return person is not None and any(has_role(person, role) for role in table.persons)
    if head in ("individual", "company"):
        return any(asked.startswith(f"{head}.") for asked in table.account)
    if key.startswith("tos_acceptance."):
        return key in table.account
    return any(asked.startswith(f"{head}.") for asked in table.account)


def capability_due(facts: Facts, table: Table, findings: Iterable[Finding]) -> Due:
    """All that this capability waits for."""
    due = Due()
    for key in missing(facts, table):
        asked, instead = split(key)
        due.keys[asked] = None
        due.alternatives += [(asked, other) for other in instead]
    for finding in findings:
        if concerns(finding.key, table, facts):
            _add_finding(due, finding)
    for demand in facts.demands:
        if not demand.capabilities or table.capability in demand.capabilities:
            due.keys.setdefault(demand.key, demand.deadline)
    due.eventually = {key for key in table.eventually if not account_gave(facts, key)}
    return due


def _add_finding(due: Due, finding: Finding) -> None:
    if finding.pending:
        due.pending.add(finding.key)
        return
    due.keys[finding.key] = None
    due.errors.append(finding.error())
    if finding.alternative:
        due.alternatives.append((finding.key, finding.alternative))


def unite(dues: Iterable[Due]) -> Due:
    """The account's own view: everything any capability waits for, each key by its earliest deadline."""
    whole = Due()
    for due in dues:
        for key, deadline in due.keys.items():
            known = whole.keys.get(key, deadline)
            whole.keys[key] = None if known is None or deadline is None else min(known, deadline)
        whole.eventually |= due.eventually
        whole.pending |= due.pending
        whole.errors += [error for error in due.errors if error not in whole.errors]
        whole.alternatives += [pair for pair in due.alternatives if pair not in whole.alternatives]
    return whole


def demands_only(facts: Facts) -> Due:
    """What Stripe asks of the account itself, whatever it requests."""
    return Due(keys={demand.key: demand.deadline for demand in facts.demands if not demand.capabilities})


def lists(due: Due, now: int) -> Data:
    """The members that persons, capabilities and accounts have in common."""
    return {
        "alternatives": [
            {"alternative_fields_due": [instead], "original_fields_due": [asked]}
            for asked, instead in sorted(due.alternatives)
        ],
        "currently_due": sorted(due.keys),
        "errors": due.errors,
        "eventually_due": sorted({*due.keys, *due.eventually}),
        "past_due": sorted(due.late(now)),
        "pending_verification": sorted(due.pending),
    }


def requirements(due: Due, now: int, disabled_reason: str | None) -> Data:
    """A `requirements` hash of a capability or an account."""
    return {**lists(due, now), "current_deadline": due.deadline(now), "disabled_reason": disabled_reason}


def nothing() -> Data:
    """A `requirements` (or `future_requirements`) hash with nothing in it."""
    return requirements(Due(), 0, None)


def for_person(due: Due, prefix: str, now: int) -> Data:
    """A person's part of what the account waits for, with bare keys."""
    dot = f"{prefix}."

    def bare(keys: Iterable[str]) -> set[str]:
        return {key.removeprefix(dot) for key in keys if key.startswith(dot)}

    errors = [(error["requirement"], error) for error in due.errors]
    part = Due(
        {key.removeprefix(dot): deadline for key, deadline in due.keys.items() if key.startswith(dot)},
        bare(due.eventually),
        bare(due.pending),
        [{**error, "requirement": key.removeprefix(dot)} for key, error in errors if key.startswith(dot)],
        [(a.removeprefix(dot), b.removeprefix(dot)) for a, b in due.alternatives if a.startswith(dot)],
    )
    return lists(part, now)


@dataclass(frozen=True)
class Standing:
    """What else decides a capability's state: who stopped it, and whether it ever worked."""

    blocked: str | None = None  # a capability's disabled_reason set from outside
    was_active: bool = False


def capability_state(due: Due, standing: Standing, now: int) -> tuple[str, str | None]:
    """(status, disabled_reason) of a requested capability. One that worked goes on while data is looked at again."""
    if standing.blocked:
        return "inactive", standing.blocked
    if due.late(now):
        return "inactive", "requirements.fields_needed"
    if due.pending and not standing.was_active:
        return "pending", "pending.review"
    return "active", None


State = tuple[str, str | None]  # status, disabled_reason
States = dict[str, State]
PARTNERS = {"card_payments": "transfers", "transfers": "card_payments"}


def pair(states: States) -> States:
    """card_payments and transfers where both are requested: neither is active while the other is not."""
    paired = {}
    for name, own in states.items():
        partner = states.get(PARTNERS.get(name, ""))
        paired[name] = own if partner is None or own[0] == "inactive" or partner[0] == "active" else partner
    return paired


def account_disabled_reason(due: Due, states: States, blocked: str | None, now: int) -> str | None:
    """The account's own reason; its vocabulary is not the capabilities'."""
    if blocked:
        return blocked
    if due.late(now):
        return "requirements.past_due"
    if any(status == "pending" for status, _ in states.values()):
        return "requirements.pending_verification"
    return None if states else "action_required.requested_capabilities"
