"""Bank accounts that an account is paid out to (docs.stripe.com/api/external_accounts). Numbers are never kept."""

import hashlib
import hmac
import secrets

from sandbox.nouns.capabilities import open_account
from sandbox.rules.formats import account_number_fault, routing_fault
from sandbox.world.account_record import AccountRecord
from sandbox.world.errors import invalid
from sandbox.world.noun import Call, Unset, listing, merge_metadata, route
from sandbox.world.shapes import CURRENCIES, new_bank_account
from sandbox.world.store import Data
from sandbox.world.world import World

PATH, ONE = "/v1/accounts/{id}/external_accounts", "/v1/accounts/{accountId}/external_accounts/{id}"
TOKENS = {
    "btok_us": {"country": "US", "currency": "usd", "routing_number": "110000000", "account_number": "000123456789"}
}
NEEDS_OWNERSHIP = "000999999992"
NOT_INSTANT = "000888888883"
CURRENCY_MISMATCH = "000444444440"


@route("POST", PATH)
def create(call: Call) -> Data:
    """Add a bank account, by token or hash; the first of its currency is the default."""
    record = open_account(call, "id")
    bank = add_bank(record, call.params["external_account"])
    bank["metadata"] = merge_metadata(bank["metadata"], call.params.get("metadata"))
    if call.params.get("default_for_currency"):
        make_default(record, bank)
    record.settle()
    return bank


def add_bank(record: AccountRecord, source: str | Data) -> Data:
    """A new bank account in the record, from a token or a hash. Raises 400 for numbers that cannot be."""
    given = _source(source)
    _check(record, given)
    bank = new_bank_account(record.world.new_id("ba"), record.id)
    number, routing = given["account_number"], given.get("routing_number")
    bank |= {name: given.get(name) for name in ("account_holder_name", "account_holder_type")}
    bank |= {"country": given["country"], "currency": given["currency"].lower(), "routing_number": routing}
    bank |= {"last4": number[-4:], "fingerprint": _fingerprint(record.world, f"{routing} {number}")}
    if number != NOT_INSTANT:
        bank["available_payout_methods"] = ["standard", "instant"]
    if number == NEEDS_OWNERSHIP:
        bank["requirements"]["currently_due"] = ["documents.bank_account_ownership_verification.files"]
    bank["default_for_currency"] = not any(other["currency"] == bank["currency"] for other in record.banks)
    record.banks.append(bank)
    record.given({"external_account"})
    return bank


def _source(source: str | Data) -> Data:
    if isinstance(source, str):
        if source not in TOKENS:
            raise invalid(f"No such token: '{source}'", "resource_missing", "external_account")
        return dict(TOKENS[source])
    if source.get("object") != "bank_account":
        raise invalid("The sandbox's accounts are paid out to bank accounts only.", param="external_account[object]")
    return {**source, "currency": source.get("currency") or CURRENCIES.get(source["country"], "eur")}


def _check(record: AccountRecord, given: Data) -> None:
    fault = routing_fault(given.get("routing_number") or "", given["country"])
    if fault:
        raise invalid(fault.message, fault.code, "external_account[routing_number]")
    fault = account_number_fault(given["account_number"])
    if fault:
        raise invalid(fault.message, fault.code, "external_account[account_number]")
    if given["country"] != record.account["country"]:
        words = f"You cannot use a bank account in {given['country']} with an account in {record.account['country']}."
        raise invalid(words, "bank_account_unusable", "external_account[country]")
    if given["account_number"] == CURRENCY_MISMATCH:
        raise invalid(
            "This bank account does not support the currency.", "invalid_currency", "external_account[currency]"
        )


def _fingerprint(world: World, numbers: str) -> str:
    """The same for the same numbers in this sandbox; useless to find them again."""
    key = world.store.meta("fingerprint_key")
    if key is None:
        key = secrets.token_hex(16)
        world.store.set_meta("fingerprint_key", key)
    return hmac.new(key.encode(), numbers.encode(), hashlib.sha256).hexdigest()[:16]


def make_default(record: AccountRecord, bank: Data) -> None:
    """Let it be the default for its currency, and no other."""
    for other in record.banks:
        if other["currency"] == bank["currency"]:
            other["default_for_currency"] = other is bank


def replace_default(record: AccountRecord, source: str | Data | Unset) -> None:
    """`external_account` on the account itself: a new default, which deletes the old one."""
    if isinstance(source, Unset):
        raise invalid("An external account cannot be unset here: delete it.", param="external_account")
    bank = add_bank(record, source)
    old = [other for other in record.banks if other["default_for_currency"] and other is not bank]
    for other in old:
        if other["currency"] == bank["currency"]:
            record.forget("bank_account", other)
    make_default(record, bank)


@route("GET", PATH)
def list_all(call: Call) -> Data:
    """The account's bank accounts (and no cards), newest first."""
    record = open_account(call, "id")
    url, kind = f"/v1/accounts/{record.id}/external_accounts", call.params.get("object")
    return listing(call, "bank_account", url=url, account=record.id, match=lambda bank: kind in (None, bank["object"]))


@route("GET", ONE)
def retrieve(call: Call) -> Data:
    """One bank account of this account."""
    return open_account(call, "accountId").bank(call.ids["id"])


HOLDER = ("account_holder_name", "account_holder_type", "account_type")


@route("POST", ONE)
def update(call: Call) -> Data:
    """Change holder, default and metadata; the numbers of a bank account never change."""
    record = open_account(call, "accountId")
    bank = record.bank(call.ids["id"])
    bank["metadata"] = merge_metadata(bank["metadata"], call.params.get("metadata"))
    for name in HOLDER:
        if name in call.params:
            bank[name] = call.params[name] or None
    if "documents" in call.params:
        bank["requirements"]["currently_due"] = []
    if call.params.get("default_for_currency"):
        make_default(record, bank)
    record.settle()
    return bank


@route("DELETE", ONE)
def delete(call: Call) -> Data:
    """A default can go only as the last of its currency, and never in the account's own currency."""
    record = open_account(call, "accountId")
    bank = record.bank(call.ids["id"])
    alone = sum(other["currency"] == bank["currency"] for other in record.banks) == 1
    own_currency = bank["currency"] == record.account["default_currency"]
    if bank["default_for_currency"] and (own_currency or not alone):
        raise invalid(
            "You cannot delete the default external account for your default currency. Please make another external"
            " account the default using the `default_for_currency` param, and then delete this one."
        )
    answer = record.forget("bank_account", bank)
    record.settle()
    return {**answer, "currency": bank["currency"]}
