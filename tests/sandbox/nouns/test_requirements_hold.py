"""Whatever is given in whatever order: what must hold of requirements and states holds after each change."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import nouns
from sandbox.nouns.account_controls import ACTIONS
from sandbox.nouns.accounts import KINDS
from sandbox.nouns.capabilities import request_capabilities
from sandbox.nouns.external_accounts import replace_default
from sandbox.world import account_values as giving
from sandbox.world import shapes
from sandbox.world.account_record import AccountRecord, remember
from sandbox.world.store import Store
from sandbox.world.world import World, public
from tests.sandbox.stock import COMPANY, PROFILE, SOMEBODY

nouns.discover()
Data = dict[str, Any]
LINES = st.sampled_from(["address_full_match", "address_no_match", "1 Main St", "P.O. Box 3"])
ADDRESSES = st.fixed_dictionaries(
    {"line1": LINES, "city": st.just("Austin"), "state": st.just("TX"), "postal_code": st.just("78701")}
)
NUMBERS = st.sampled_from(["000000000", "111111111", "222222222"])
YEARS = st.sampled_from([1900, 1901, 1902, 1980])
FILES = st.sampled_from(["file_identity_document_success", "file_identity_document_failure"])
SIGNED = {"date": 1_700_000_000, "ip": "1.2.3.4"}
PERSONS = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.sampled_from(["Jane", "mismatch_director"]),
        "last_name": st.just("Austen"),
        "email": st.just("jane@example.com"),
        "phone": st.just("0000000000"),
        "dob": st.builds(lambda year: {"day": 1, "month": 1, "year": year}, YEARS),
        "id_number": NUMBERS,
        "ssn_last_4": st.sampled_from(["0000", "1111"]),
        "address": ADDRESSES,
        "verification": st.builds(lambda front: {"document": {"front": front}}, FILES),
    },
)
REVENUE = {"amount": 1, "currency": "usd", "fiscal_year_end": "2025-12-31"}
ACCOUNTS = st.fixed_dictionaries(
    {},
    optional={
        "business_type": st.sampled_from(["company", "individual", "non_profit"]),
        "business_profile": st.fixed_dictionaries(
            {"mcc": st.just("4121"), "estimated_worker_count": st.just(1), "annual_revenue": st.just(REVENUE)},
            optional={"url": st.sampled_from(["https://a.com", "https://missing.stripe.com"])},
        ),
        "company": st.fixed_dictionaries(
            {"name": st.just("Rocket"), "phone": st.just("0000000000")},
            optional={"tax_id": NUMBERS, "address": ADDRESSES, "owners_provided": st.booleans()},
        ),
        "tos_acceptance": st.just(SIGNED),
        "settings": st.just({"card_issuing": {"tos_acceptance": SIGNED}}),
    },
)
ROLES = st.fixed_dictionaries({"owner": st.booleans(), "percent_ownership": st.sampled_from([0, 30])})
NAMES = st.sampled_from(["card_issuing", "transfers", "card_payments"])
STEPS = st.one_of(
    st.tuples(st.just("account"), ACCOUNTS),
    st.tuples(st.just("person"), PERSONS),
    st.tuples(st.just("new_person"), st.tuples(PERSONS, ROLES)),
    st.tuples(st.just("bank"), st.none()),
    st.tuples(st.just("request"), st.tuples(NAMES, st.booleans())),
    st.tuples(st.just("time"), st.sampled_from([1, 2, 3600, 86400])),
    st.tuples(
        st.just("control"),
        st.sampled_from(
            [
                {"do": "require", "keys": ["company.structure"], "deadline": "1h", "capabilities": ["transfers"]},
                {"do": "require", "keys": ["interv_1.url_inquiry.form"], "deadline": "1d"},
                {"do": "pass_deadline"},
                {"do": "waive", "keys": ["interv_1.url_inquiry.form"]},
                {"do": "disable", "reason": "under_review"},
                {"do": "disable", "reason": "rejected.inactivity", "capability": "card_issuing"},
                {"do": "enable"},
            ]
        ),
    ),
)


class Life:
    """An account in a world of its own, without HTTP."""

    def __init__(self) -> None:
        self.world = World(Store(":memory:"))
        account = {**shapes.new_account("acct_1", "US", self.world.now), "type": "custom"}
        with self.world.store.transaction():
            record = AccountRecord(self.world, remember(account | {"controller": KINDS["custom"]}), is_new=True)
            request_capabilities(record, {"card_issuing": {"requested": True}, "transfers": {"requested": True}})
            record.settle()

    def begin_complete(self) -> None:
        """Give everything a company must give, so that single changes decide."""
        self.step("new_person", ({**SOMEBODY}, {"owner": True, "title": "CEO"}))
        self.step("bank", None)
        terms = {"tos_acceptance": SIGNED, "settings": {"card_issuing": {"tos_acceptance": SIGNED}}}
        self.step("account", {"business_type": "company", "business_profile": PROFILE, "company": COMPANY, **terms})

    def step(self, name: str, value: Any) -> None:
        if name == "time":
            self.world.set_clock(self.world.now + value)
            return
        with self.world.store.transaction(), self.world.standing_still():
            account = self.world.store.get("account", "acct_1")
            assert account is not None
            record = AccountRecord(self.world, account)
            getattr(self, name)(record, value)
            record.settle()

    def account(self, record: AccountRecord, params: Data) -> None:
        giving.put_account(record, params)

    def person(self, record: AccountRecord, params: Data) -> None:
        if record.persons:
            giving.put_person(record, record.persons[0], params)

    def new_person(self, record: AccountRecord, given: tuple[Data, Data]) -> None:
        first = not record.persons
        giving.add_person(record, {**given[0], "relationship": {**given[1], "representative": first}})

    def bank(self, record: AccountRecord, _: None) -> None:
        replace_default(record, "btok_us")

    def request(self, record: AccountRecord, wish: tuple[str, bool]) -> None:
        request_capabilities(record, {wish[0]: {"requested": wish[1]}})

    def control(self, record: AccountRecord, wish: Data) -> None:
        if wish.get("capability", "transfers") in record.account["_requested"] or wish["do"] != "disable":
            ACTIONS[wish["do"]](record, wish)

    def status(self) -> str:
        capability = self.world.store.get("capability", "card_issuing", "acct_1")
        return capability["status"] if capability else "unrequested"

    def check(self) -> None:
        store = self.world.store
        account = public(store.get("account", "acct_1"))
        capabilities = [item for item in store.each("capability", "acct_1") if item["requested"]]
        own = account["requirements"]
        assert {item["id"]: item["status"] for item in capabilities} == account["capabilities"]
        for requirements in [own, *(item["requirements"] for item in capabilities)]:
            assert set(requirements["past_due"]) <= set(requirements["currently_due"])
            assert set(requirements["currently_due"]) <= set(requirements["eventually_due"])
            assert {error["requirement"] for error in requirements["errors"]} <= set(requirements["past_due"])
        for capability in capabilities:
            check_state(capability)
        check_union(own, [item["requirements"] for item in capabilities])
        check_persons(account, store.each("person", "acct_1"))


def check_state(capability: Data) -> None:
    requirements, status = capability["requirements"], capability["status"]
    assert (status == "active") == (requirements["disabled_reason"] is None)
    if status == "active" and capability["id"] == "card_issuing":
        assert requirements["past_due"] == []
    if requirements["past_due"]:
        assert status == "inactive"
    if status == "pending" and capability["id"] == "card_issuing":
        assert requirements["pending_verification"]


def check_union(own: Data, parts: list[Data]) -> None:
    for name in ("eventually_due", "pending_verification"):
        together = {key for part in parts for key in part[name]}
        asked_of_itself = {key for key in own[name] if key.startswith("interv_")}
        assert set(own[name]) - asked_of_itself == together - asked_of_itself
    deadlines = [part["current_deadline"] for part in parts if part["current_deadline"]]
    if deadlines:
        assert own["current_deadline"] is None or own["current_deadline"] <= min(deadlines)


def check_persons(account: Data, persons: list[Data]) -> None:
    for person in persons:
        prefix = "individual" if person["id"] == account.get("individual", {}).get("id") else person["id"]
        for name in ("currently_due", "past_due", "pending_verification"):
            keys = {f"{prefix}.{key}" for key in person["requirements"][name]}
            assert keys == {key for key in account["requirements"][name] if key.startswith(f"{prefix}.")}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), st.lists(STEPS, min_size=1, max_size=14))
def test_requirements_hold_together_through_any_life(complete: bool, steps: list[tuple[str, Any]]) -> None:
    life = Life()
    if complete:
        life.begin_complete()
        assert life.status() == "active"
    life.check()
    for name, value in steps:
        life.step(name, value)
        life.check()
    life.world.store.close()
