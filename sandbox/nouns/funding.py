"""Funding an Issuing balance by bank transfer, the way in Europe (docs.stripe.com/api/issuing/funding_instructions)."""

from sandbox.nouns.balance import show_balance
from sandbox.world import ledger
from sandbox.world.errors import invalid
from sandbox.world.issuing import NO_ADDRESS, amount_of, check_currency, country_of, owner
from sandbox.world.noun import Call, listing, route
from sandbox.world.store import Data, Store

KIND = "_funding"
INSTRUCTIONS = "/v1/issuing/funding_instructions"
NOT_IN_THE_US = "Funding Instructions are not currently supported for accounts in US."
TRANSFERS = {"eu_bank_transfer": "eur", "gb_bank_transfer": "gbp"}


def _european(call: Call) -> tuple[str, str]:
    """The acting account and its currency. Raises Stripe's refusal for the US, where balances are topped up."""
    account = owner(call)
    if country_of(call.store, account) == "US":
        raise invalid(NOT_IN_THE_US)
    return account, check_currency(call, account)


def instructions(store: Store, account: str, currency: str) -> Data:
    """The account's one set of bank details in that currency; made when they are first asked for."""
    found = store.get(KIND, currency, account)
    if found is None:
        holder = {
            "account_holder_address": {**NO_ADDRESS, "country": "IE"},
            "account_holder_name": "Stripe Technology Company Limited",
            "bank_address": {**NO_ADDRESS, "country": "GB" if currency == "gbp" else "DE"},
        }
        found = {
            "id": currency,
            "object": "funding_instructions",
            "bank_transfer": {
                "country": "GB" if currency == "gbp" else "DE",
                "financial_addresses": [_address(store, account, currency, holder)],
                "type": "eu_bank_transfer",  # the description knows no other for Europe
            },
            "currency": currency,
            "funding_type": "bank_transfer",
            "livemode": False,
        }
        store.put(KIND, found, account)
    return {name: value for name, value in found.items() if name != "id"}  # Stripe gives them none


def _address(store: Store, account: str, currency: str, holder: Data) -> Data:
    number = store.seq("account", account, None) or 0
    if currency == "gbp":
        details = {**holder, "account_number": f"{number:08d}", "sort_code": "108800"}
        return {"sort_code": details, "supported_networks": ["bacs", "fps"], "type": "sort_code"}
    details = {**holder, "bic": "DEUTDEFFXXX", "country": "DE", "iban": f"DE{89370400440000000000 + number}"}
    return {"iban": details, "supported_networks": ["sepa"], "type": "iban"}


@route("POST", INSTRUCTIONS)
def create(call: Call) -> Data:
    """The bank details that fund the Issuing balance: the same ones each time."""
    account, currency = _european(call)
    kind = call.params["bank_transfer"]["type"]
    if TRANSFERS.get(kind) != currency:
        raise invalid(f"`{kind}` does not fund a balance in {currency}.", param="bank_transfer[type]")
    return instructions(call.store, account, currency)


@route("GET", INSTRUCTIONS)
def list_all(call: Call) -> Data:
    """Those that were asked for."""
    page = listing(call, KIND, url=INSTRUCTIONS, account=owner(call))
    page["data"] = [{name: value for name, value in each.items() if name != "id"} for each in page["data"]]
    return page


@route("POST", "/v1/test_helpers/issuing/fund_balance")
def fund_balance(call: Call) -> Data:
    """As if a bank transfer had arrived: the Issuing balance has it at once."""
    account, currency = _european(call)
    ledger.move(call.world, account, "topup", amount_of(call, "amount"), currency, None, of="issuing")
    call.world.emit("balance.available", show_balance(call.store, account), account=account)
    return instructions(call.store, account, currency)
