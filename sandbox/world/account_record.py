"""An account's record: the account, its persons and bank accounts, read for a change and settled as Stripe does.

`settle` is the one place where verification starts, requirements and states are worked out, objects are stored and
events are made. What Stripe does not show is in the account under keys that begin with `_`.
"""

from copy import deepcopy
from typing import Any

from sandbox.rules import requirements, verification
from sandbox.rules.facts import Demand, Facts, account_gave, has_role
from sandbox.rules.requirements import Due, Standing, States
from sandbox.rules.tables import REQUESTABLE, Table, table
from sandbox.rules.verdicts import Finding
from sandbox.world.errors import missing
from sandbox.world.noun import diff, task
from sandbox.world.world import World, public

Data = dict[str, Any]

MEMORY: Data = {
    "_requested": {},  # capability -> when it was requested
    "_was_active": [],  # capabilities that worked once
    "_blocked": None,  # the account's disabled_reason, set from outside the requirements
    "_blocked_capabilities": {},  # capability -> its disabled_reason
    "_rejected": None,  # the disabled_reason after the platform's rejection
    "_secrets": {},
    "_looks": {},  # "company" or person id -> {"inputs", "until"}
    "_failed": [],  # persons made to fail
    "_demands": [],  # {"key", "deadline", "capabilities"}
    "_future": None,  # {"keys", "deadline"}
    "_terms_void": False,
    "_applied_at": None,  # when the Issuing application was complete, while it is undecided
}

EMBEDDED = 10  # so many bank accounts an account shows itself
CAPABILITY_BLOCKS = {
    "listed": "pending.review",
    "under_review": "pending.review",
    "platform_paused": "platform_paused",
    "other": "other",
}


class AccountRecord:
    """Everything about one account that a change may touch. Change it, then `settle` once."""

    def __init__(self, world: World, account: Data, *, is_new: bool = False) -> None:
        self.world, self.account, self.is_new = world, account, is_new
        self.id: str = account["id"]
        self.persons: list[Data] = [] if is_new else world.store.each("person", self.id)
        self.banks: list[Data] = [] if is_new else world.store.each("bank_account", self.id)
        self.account_before = public(account)
        self.persons_before = {person["id"]: public(person) for person in self.persons}
        self.banks_before = {bank["id"]: public(bank) for bank in self.banks}

    # Reading

    def person(self, person_id: str) -> Data:
        """Raises 404 `resource_missing` for a person of another account."""
        found = next((person for person in self.persons if person["id"] == person_id), None)
        if found is None:
            raise missing("person", person_id)
        return found

    def bank(self, bank_id: str) -> Data:
        """Raises 404 `resource_missing` for a bank account of another account."""
        found = next((bank for bank in self.banks if bank["id"] == bank_id), None)
        if found is None:
            raise missing("external_account", bank_id)
        return found

    def representative(self) -> Data | None:
        """The person who represents the account."""
        return next((person for person in self.persons if has_role(person, "representative")), None)

    def facts(self) -> Facts:
        """The record as the rules look at it."""
        own = self.account
        return Facts(
            account=own,
            persons=self.persons,
            has_external_account=bool(self.banks),
            now=self.world.now,
            secrets=own["_secrets"],
            looking_until={subject: look["until"] for subject, look in own["_looks"].items()},
            failed=frozenset(own["_failed"]),
            demands=tuple(Demand(d["key"], d["deadline"], tuple(d["capabilities"])) for d in own["_demands"]),
            terms_void=own["_terms_void"],
        )

    def table(self, capability: str) -> Table | None:
        """What the capability asks of such an account; None where it is not offered."""
        return table(self.account["country"], self.account["business_type"], capability)

    def due(self, capability: str) -> Due:
        """All that one capability waits for at this moment."""
        facts = self.facts()
        return self._due(facts, verification.findings(facts), capability)

    # Changing

    def given(self, keys: set[str]) -> None:
        """Note that these account-level keys were given: what was demanded of them is met."""
        left = [d for d in self.account["_demands"] if not any(f"{key}.".startswith(f"{d['key']}.") for key in keys)]
        self.account["_demands"] = left

    def demand(self, keys: list[str], deadline: int | None, capabilities: list[str]) -> None:
        """Ask for keys beyond the tables, due by `deadline` (unix seconds; None: late already)."""
        known = [d for d in self.account["_demands"] if d["key"] not in keys]
        new = [{"key": key, "deadline": deadline, "capabilities": capabilities} for key in keys]
        self.account["_demands"] = known + new
        if deadline is not None:
            self.reconsider_at(deadline)

    def reconsider_at(self, at: int) -> None:
        """Settle again when the sandbox's clock gets there."""
        self.world.later(at - self.world.precise, "account.reconsider", {"account": self.id})

    def settle(self) -> Data:
        """Work everything out again, store what changed, make the events. Returns the account."""
        self._start_looks()
        facts = self.facts()
        findings = verification.findings(facts)
        dues = {name: self._due(facts, findings, name) for name in self.account["_requested"]}
        whole = requirements.unite([*dues.values(), requirements.demands_only(facts)])
        states = self._states(facts, dues)
        self._note_application(facts, states)
        for person in self.persons:
            person["verification"] = verification.person_verification(facts, person)
            person["requirements"] = requirements.for_person(whole, facts.prefix(person), facts.now)
            self._store("person", person, self.persons_before.get(person["id"]))
        for bank in self.banks:
            self._store("bank_account", bank, self.banks_before.get(bank["id"]))
        self._settle_capabilities(dues, states, facts.now)
        self._settle_account(facts, whole, states)
        return self.account

    # Verification

    def _start_looks(self) -> None:
        facts, looks = self.facts(), self.account["_looks"]
        wanted = {person["id"]: verification.person_look(facts, person) for person in self.persons}
        wanted["company"] = verification.company_look(facts)
        for subject, look in wanted.items():
            if look is None:
                looks.pop(subject, None)
            elif looks.get(subject, {}).get("inputs") != look.inputs:
                delay = self.world.settings["verification_delay"] if look.slow else 0
                if delay:
                    self.world.later(delay, "account.reconsider", {"account": self.id})
                looks[subject] = {"inputs": look.inputs, "until": int(self.world.precise + delay)}

    def _due(self, facts: Facts, findings: list[Finding], capability: str) -> Due:
        asked = self.table(capability)
        return requirements.capability_due(facts, asked, findings) if asked else Due()

    # States

    def _blocked(self, facts: Facts) -> str | None:
        own: str | None = self.account["_rejected"] or self.account["_blocked"]
        return own or ("listed" if verification.is_listed(facts) else None)

    def _states(self, facts: Facts, dues: dict[str, Due]) -> States:
        blocked, states = self._blocked(facts), {}
        for name, due in dues.items():
            why = self.account["_blocked_capabilities"].get(name) or self._block_of_capability(blocked)
            standing = Standing(why, self._worked(name))
            states[name] = requirements.capability_state(due, standing, facts.now)
        states = requirements.pair(states)
        active = {name for name, (status, _) in states.items() if status == "active"}
        self.account["_was_active"] = sorted(active | set(self.account["_was_active"]) & set(states))
        return states

    def _worked(self, capability: str) -> bool:
        return capability in self.account["_was_active"]

    def _block_of_capability(self, blocked: str | None) -> str | None:
        if blocked is None:
            return "paused.inactivity" if verification.is_idle(self.account) else None
        if self.account["_rejected"]:
            return "platform_disabled"
        return CAPABILITY_BLOCKS.get(blocked, "rejected.other")

    def _note_application(self, facts: Facts, states: States) -> None:
        """Issuing decides within the application window of a complete application, or clears its terms."""
        asked = self.table("card_issuing")
        undecided = states.get("card_issuing", ("active", None))[0] == "inactive" and not self._worked("card_issuing")
        complete = undecided and asked is not None and not any(requirements.missing(facts, asked))
        if not complete:
            self.account["_applied_at"] = None
        elif self.account["_applied_at"] is None:
            self.account["_applied_at"] = facts.now
            window = self.world.settings["application_window"]
            self.world.later(window, "account.application_ends", {"account": self.id, "applied_at": facts.now})

    # Writing

    def _store(self, kind: str, data: Data, before: Data | None) -> None:
        """Store what is new or changed and make its event."""
        if before == public(data):
            return
        self.world.store.put(kind, data, self.id)
        name = "account.external_account" if kind == "bank_account" else kind
        what, previous = ("created", None) if before is None else ("updated", diff(before, public(data)))
        self.world.emit(f"{name}.{what}", public(data), account=self.id, previous=previous)

    def forget(self, kind: str, data: Data) -> Data:
        """Delete a person or bank account of this account; returns Stripe's deleted object."""
        self.world.store.delete(kind, data["id"], self.id)
        name = "account.external_account" if kind == "bank_account" else kind
        self.world.emit(f"{name}.deleted", public(data), account=self.id)
        self.persons = [person for person in self.persons if person["id"] != data["id"]]
        self.banks = [bank for bank in self.banks if bank["id"] != data["id"]]
        self.account["_looks"].pop(data["id"], None)
        return {"id": data["id"], "object": kind, "deleted": True}

    def _settle_capabilities(self, dues: dict[str, Due], states: States, now: int) -> None:
        for name in REQUESTABLE:
            before = self.world.store.get("capability", name, self.id) if not self.is_new else None
            if name not in dues and before is None:
                continue
            after = self.capability(name, dues.get(name), states.get(name), now)
            if after != before:
                self.world.store.put("capability", after, self.id)
                previous = diff(before or self.capability(name, None, None, now), after)
                self.world.emit("capability.updated", after, account=self.id, previous=previous)

    def capability(self, name: str, due: Due | None, state: tuple[str, str | None] | None, now: int) -> Data:
        """The capability object; without `due` and `state` it is not requested and previews its requirements."""
        status, reason = state or ("unrequested", None)
        shown = requirements.requirements(due or self.due(name), now, reason)
        if state is None:
            shown["past_due"] = []  # nothing is late that nobody asked for
        return {
            "id": name,
            "object": "capability",
            "account": self.id,
            "future_requirements": self.future_requirements(name),
            "requested": state is not None,
            "requested_at": self.account["_requested"].get(name) if state else None,
            "requirements": shown,
            "status": status,
        }

    def future_requirements(self, capability: str | None = None) -> Data:
        """What will be asked of the account, or of one of its capabilities, and from when."""
        future, facts = self.account["_future"], self.facts()
        if not future:
            return requirements.nothing()
        tables = [self.table(name) for name in self.account["_requested"] if capability in (None, name)]
        keys = {key for asked in tables if asked for key in asked.future}
        due = Due(keys={key: future["deadline"] for key in keys if not account_gave(facts, key)})
        return requirements.requirements(due, facts.now, None)

    def _settle_account(self, facts: Facts, whole: Due, states: States) -> None:
        own, blocked = self.account, self._blocked(facts)
        reason = requirements.account_disabled_reason(whole, states, blocked, facts.now)
        active = {name for name, (status, _) in states.items() if status == "active"}
        own["capabilities"] = {name: status for name, (status, _) in sorted(states.items())}
        own["requirements"] = requirements.requirements(whole, facts.now, reason)
        own["future_requirements"] = self.future_requirements()
        own["charges_enabled"] = "card_payments" in active
        own["payouts_enabled"] = bool(active & {"transfers", "card_payments"}) and bool(self.banks) and not blocked
        own["details_submitted"] = own["details_submitted"] or self._is_submitted(facts)
        own["external_accounts"] |= {
            "data": public(self.banks[::-1][:EMBEDDED]),
            "has_more": len(self.banks) > EMBEDDED,
        }
        own.pop("individual", None)
        if facts.individual:
            own["individual"] = public(facts.individual)
        self.world.store.put("account", own)
        if self.is_new or public(own) != self.account_before:
            previous = {} if self.is_new else diff(self.account_before, public(own))
            self.world.emit("account.updated", public(own), account=self.id, previous=previous)

    def _is_submitted(self, facts: Facts) -> bool:
        """Whether every table is filled in, but for a bank account, which a platform may never want."""
        tables = [asked for name in self.account["_requested"] if (asked := self.table(name))]
        left = {key for asked in tables for key in requirements.missing(facts, asked)}
        return bool(tables) and not left - {"external_account"}


def remember(account: Data) -> Data:
    """The account with an empty memory of Stripe's own added."""
    return {**account, **deepcopy(MEMORY)}


@task("account.reconsider")
def reconsider(world: World, payload: Data) -> None:
    """A verification is answered, or a deadline has passed."""
    account = world.store.get("account", payload["account"])
    if account is not None:  # deleted meanwhile
        AccountRecord(world, account).settle()


@task("account.future_requirements_begin")
def begin_future_requirements(world: World, payload: Data) -> None:
    """Future requirements become requirements, due after their days of grace."""
    account = world.store.get("account", payload["account"])
    if account is None or not account["_future"]:
        return
    record = AccountRecord(world, account)
    keys = record.future_requirements()["currently_due"]
    account["_future"] = None
    record.demand(keys, world.now + world.settings["future_requirements_grace"], [])
    record.settle()


@task("account.application_ends")
def end_application(world: World, payload: Data) -> None:
    """A complete Issuing application that is still inactive: its terms must be accepted again."""
    account = world.store.get("account", payload["account"])
    if account is None or account["_applied_at"] != payload["applied_at"]:
        return
    record = AccountRecord(world, account)
    account["settings"]["card_issuing"]["tos_acceptance"] = {"date": None, "ip": None}
    record.settle()
