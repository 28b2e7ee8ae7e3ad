"""What all Issuing nouns of the sandbox share: who may issue, embedded objects, spending controls."""

from typing import Any

from sandbox.noun import Call, Data, Store, StripeError, invalid, merge, missing

CURRENCIES = {"US": "usd", "GB": "gbp"}  # elsewhere in Europe: eur
NOT_SET_UP = (
    "Your account is not set up to use Issuing. "
    "Please visit https://dashboard.stripe.com/issuing/overview to get started."
)
LISTS = ("allowed_categories", "blocked_categories", "allowed_merchant_countries", "blocked_merchant_countries")
PRESENCES = ("allowed_card_presences", "blocked_card_presences")
PAIRS = (
    ("allowed_categories", "blocked_categories"),
    ("allowed_merchant_countries", "blocked_merchant_countries"),
    ("allowed_card_presences", "blocked_card_presences"),
)
NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def owner(call: Call) -> str:
    """The connected account that acts. Raises Stripe's refusal where Issuing was never requested for it."""
    if call.account is None or issuing_status(call.store, call.account) is None:
        raise invalid(NOT_SET_UP)
    return call.account


def active_owner(call: Call) -> str:
    """`owner`, whose card_issuing must also be active: for what creates."""
    account = owner(call)
    if issuing_status(call.store, account) != "active":
        raise invalid(NOT_SET_UP)
    return account


def issuing_status(store: Store, account: str) -> str | None:
    """The status of the account's card_issuing capability, None where it is not requested."""
    capability = store.get("capability", "card_issuing", account)
    return capability["status"] if capability and capability["requested"] else None


def currency_of(store: Store, account: str) -> str:
    """The one currency an account of this country issues in."""
    found = store.get("account", account)
    return CURRENCIES.get(found["country"] if found else "US", "eur")


def check_currency(call: Call, account: str) -> str:
    """The `currency` parameter, lower case, or the account's own; another one is refused."""
    own = currency_of(call.store, account)
    given = call.params.get("currency", own).lower()
    if given != own:
        raise invalid(f"Cards of this account are issued in {own}; `{given}` is not supported.", param="currency")
    return given


def fetch(call: Call, kind: str, object_id: str, param: str = "id") -> Data:
    """An object of the acting account; another account's is not there."""
    found = call.store.get(kind, object_id, call.account)
    if found is None:
        raise missing(kind, object_id, param)
    return found


def show_card(store: Store, card: Data, account: str) -> Data:
    """The card as Stripe shows it: its cardholder embedded as they are now."""
    return {**card, "cardholder": store.get("issuing.cardholder", card["cardholder"], account)}


def show_authorization(store: Store, authorization: Data, account: str) -> Data:
    """The authorization with its card, its transactions and its movements of the balance embedded as they are now."""
    card = store.get("issuing.card", authorization["_card"], account) or {}
    return {
        **authorization,
        "card": show_card(store, card, account),
        "transactions": [store.get("issuing.transaction", each, account) for each in authorization["_transactions"]],
        "balance_transactions": [
            store.get("balance_transaction", each, account) for each in authorization["_balance_transactions"]
        ],
    }


# Spending controls


def controls(old: Data | None, given: Any, *, of_cardholder: bool, currency: str) -> Data:
    """`spending_controls` after a create or update; what may not stand together is refused as Stripe does."""
    empty = {**dict.fromkeys((*LISTS, *PRESENCES)), "spending_limits": [], "spending_limits_currency": None}
    merged = merge(old or empty, given or {})
    merged["spending_limits"] = [{**limit, "categories": limit.get("categories") or None} for limit in limits(merged)]
    for first, second in PAIRS:
        if merged[first] and merged[second]:
            raise invalid(
                f"You cannot set both `spending_controls[{first}]` and `spending_controls[{second}]`.",
                param=f"spending_controls[{second}]",
            )
    if merged["spending_limits"] and not merged["spending_limits_currency"]:
        merged["spending_limits_currency"] = currency
    return merged


def limits(merged: Data) -> list[Data]:
    """The spending limits, each with a positive amount."""
    found = merged["spending_limits"] or []
    for place, limit in enumerate(found):
        if limit["amount"] < 0:
            raise StripeError(
                400,
                "This value must be greater than or equal to 0.",
                code="parameter_invalid_integer",
                param=f"spending_controls[spending_limits][{place}][amount]",
            )
    return found
