"""What all Issuing nouns of the sandbox share: who may issue, embedded objects, amounts, spending controls."""

from typing import Any

from sandbox.world.errors import invalid, missing
from sandbox.world.noun import Call, diff, expands, merge
from sandbox.world.store import Store
from sandbox.world.world import World, public

Data = dict[str, Any]

AUTHORIZATION, CARD, CARDHOLDER, TRANSACTION = (
    f"issuing.{noun}" for noun in ("authorization", "card", "cardholder", "transaction")
)
CURRENCIES = {"US": "usd", "GB": "gbp"}  # elsewhere in Europe: eur
MOST = 99_999_999  # minor units
NOT_SET_UP = (
    "Your account is not set up to use Issuing. "
    "Please visit https://dashboard.stripe.com/issuing/overview to get started."
)
PAIRS = tuple((f"allowed_{name}", f"blocked_{name}") for name in ("categories", "merchant_countries", "card_presences"))
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


def country_of(store: Store, account: str | None) -> str:
    """The account's country; the platform is at home in the US."""
    found = store.get("account", account) if account else None
    return str(found["country"]) if found else "US"


def currency_of(store: Store, account: str | None) -> str:
    """The one currency an account of this country issues in."""
    return CURRENCIES.get(country_of(store, account), "eur")


def check_currency(call: Call, account: str) -> str:
    """The `currency` parameter, lower case, or the account's own; another one is refused."""
    own = currency_of(call.store, account)
    given = str(call.params.get("currency", own)).lower()
    if given != own:
        raise invalid(f"Cards of this account are issued in {own}; `{given}` is not supported.", param="currency")
    return given


def amount_of(call: Call, param: str, default: int = 0, *, least: int = 1) -> int:
    """The amount given under that name (minor units), else `default`; refused outside of `least` to MOST."""
    amount: int = call.params.get(param, default)
    if amount < least:
        words = f"This value must be greater than or equal to {least}."
        raise invalid(words, "parameter_invalid_integer", param)
    if amount > MOST:
        raise invalid(f"Amount must be no more than {MOST} in the smallest currency unit.", "amount_too_large", param)
    return amount


def fetch(call: Call, kind: str, object_id: str, param: str = "id") -> Data:
    """An object of the acting account; another account's is not there."""
    found = call.store.get(kind, object_id, call.account)
    if found is None:
        raise missing(kind, object_id, param)
    return found


def show_card(store: Store, card: Data, account: str) -> Data:
    """The card as Stripe shows it: its cardholder embedded as they are now."""
    return {**card, "cardholder": store.get(CARDHOLDER, card["cardholder"], account)}


def read_card(store: Store, card_id: str, account: str) -> Data:
    """The card of that id as Stripe shows it. Cards are never deleted."""
    return show_card(store, store.get(CARD, card_id, account) or {}, account)


def show_authorization(store: Store, authorization: Data, account: str) -> Data:
    """The authorization with its card, its transactions and its balance transactions embedded as they are now."""
    return {
        **authorization,
        "card": read_card(store, authorization["card"], account),
        "transactions": [store.get(TRANSACTION, each, account) for each in authorization["transactions"]],
        "balance_transactions": [
            store.get("balance_transaction", each, account) for each in authorization["balance_transactions"]
        ],
    }


@expands(CARD)
def expand_card(call: Call, card_id: str) -> Data | None:
    """A card in the place of its id."""
    card = call.store.get(CARD, card_id, call.account)
    return show_card(call.store, card, call.account) if card and call.account else None


@expands(AUTHORIZATION)
def expand_authorization(call: Call, authorization_id: str) -> Data | None:
    """An authorization in the place of its id."""
    found = call.store.get(AUTHORIZATION, authorization_id, call.account)
    return show_authorization(call.store, found, call.account) if found and call.account else None


def put_card(world: World, card: Data, account: str) -> Data:
    """Store a card that is there already, with its event when anything has changed. Returns it as Stripe shows it."""
    before = read_card(world.store, card["id"], account)
    world.store.put(CARD, card, account)
    shown = show_card(world.store, card, account)
    if previous := diff(public(before), public(shown)):
        world.emit("issuing_card.updated", shown, account=account, previous=previous)
    return shown


def controls(old: Data | None, given: Any, *, currency: str) -> Data:
    """`spending_controls` after a create or update; what excludes each other is refused as Stripe does.

    `""` lifts a list: it is null, and the limits are [], as on a card that never had any. So the default limit counts
    again (sandbox.rules.decision).
    """
    names = [name for pair in PAIRS for name in pair]
    empty: Data = {**dict.fromkeys(names), "spending_limits": [], "spending_limits_currency": None}
    merged = merge(old or empty, given or {})
    if merged["spending_limits"] is None:
        merged["spending_limits_currency"] = (given or {}).get("spending_limits_currency")
    merged["spending_limits"] = [_limit(limit, place) for place, limit in enumerate(merged["spending_limits"] or ())]
    for first, second in PAIRS:
        if merged[first] and merged[second]:
            raise invalid(
                f"You cannot set both `spending_controls[{first}]` and `spending_controls[{second}]`.",
                param=f"spending_controls[{second}]",
            )
    _check_countries(merged)
    if merged["spending_limits"] and not merged["spending_limits_currency"]:
        merged["spending_limits_currency"] = currency
    if merged["spending_limits_currency"] not in (None, currency):
        raise invalid(f"The currency must be {currency}.", param="spending_controls[spending_limits_currency]")
    return merged


def _limit(limit: Data, place: int) -> Data:
    if limit["amount"] < 0:
        raise invalid(
            "This value must be greater than or equal to 0.",
            "parameter_invalid_integer",
            f"spending_controls[spending_limits][{place}][amount]",
        )
    return {**limit, "categories": limit.get("categories") or None}


def _check_countries(merged: Data) -> None:
    for name in ("allowed_merchant_countries", "blocked_merchant_countries"):
        for country in merged[name] or ():
            if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
                raise invalid(f"Country '{country}' is unknown.", "country_unsupported", f"spending_controls[{name}]")
