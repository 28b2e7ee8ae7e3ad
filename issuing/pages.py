"""What the Issuing pages of one account show, read in a fixed number of queries."""

from datetime import UTC, timedelta
from typing import Any

from django.http import HttpRequest

from accounts import masking
from accounts.models import Account
from accounts.pages import get_account
from console.sessions import staff
from gateway import clock
from gateway.shapes import hash_at, hashes_at, integer_at, text_at
from issuing import buttons, charts, decline, lists, moment, words
from issuing.base import OfIssuing
from issuing.models import (
    Authorization,
    Balance,
    BalanceTransaction,
    Card,
    Cardholder,
    Topup,
    Transaction,
)

DAYS = 14
RECENT = 8
MOVEMENTS = 25
CURRENCIES = {"US": "usd", "GB": "gbp"}  # what Stripe issues in; eur elsewhere in Europe


def may_see(request: HttpRequest) -> bool:
    """Whether this person sees personal data unmasked."""
    return staff(request).has_perm("accounts.view_pii")


def overview(request: HttpRequest, account_id: str) -> dict[str, Any]:
    """The overview: badge, both balances, the last days, recent authorizations, and what to do next. Ten queries."""
    account = get_account(request, account_id)
    found = funds(account)
    recent = Authorization.objects.of_account(account_id).with_card()[:RECENT]
    rows = list(recent)
    step = next_step(request, account, found, rows)
    busy = step is None and account.issuing.name in WORKING
    acts = _buttons(request, account_id, "issuing.create_topup", "issuing.create_test_authorization") if busy else []
    return {
        "title": "Issuing overview",
        "account": account,
        "state": account.issuing,
        "sentence": STATES.get(account.issuing.name, account.issuing.why),
        **found,
        **history(found),
        "rows": rows,
        "next_step": step,
        "buttons": acts,
    }


WORKING = ("enabled", "restricted_soon")  # cards of such an account work
STATES = {
    "enabled": "Cards work.",
    "restricted_soon": "Cards work. Something is due by a date, or they will be declined.",
    "restricted": "Cards are declined until a requirement is met.",
    "in_review": "Stripe is verifying what was given. Until then cards are declined.",
    "rejected": "Stripe or the platform has rejected this account: its cards are declined.",
    "not_requested": "The capability card_issuing is not requested: no cards can be made.",
}


def funds(account: Account) -> dict[str, Any]:
    """Both balances, and what made the Issuing balance of it. Two queries."""
    balance = Balance.objects.filter(pk=f"{account.pk}.balance").first()
    currency = (balance.currency() if balance else "") or CURRENCIES.get(account.country, "eur")
    movements = BalanceTransaction.objects.all()
    sums = movements.sums(account.pk, currency)
    available = balance.issuing(currency) if balance else None
    return {
        "account": account,
        "balance": balance,
        "currency": currency,
        "available": available,
        "sums": sums,
        "complete": available == sums["available"],  # the movements that we know make what Stripe says
        "payments": balance.payments(currency) if balance else None,
        "pending": balance.pending(currency) if balance else None,
        "payments_total": (balance.payments(currency) or 0) + (balance.pending(currency) or 0) if balance else None,
    }


def history(found: dict[str, Any]) -> dict[str, Any]:
    """The Issuing balance of the last days, drawn and as figures. One query."""
    if found["available"] is None:
        return {"days": [], "plot": None, "lasts": None}
    today = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = BalanceTransaction.objects.of_issuing(found["account"].pk).in_currency(found["currency"])
    changes = rows.by_day(today - timedelta(days=DAYS - 1))
    shown = charts.days(changes, found["available"], today.date(), DAYS)
    quiet = not changes and not any(each.balance for each in shown)
    return {
        "days": shown[::-1],
        "plot": None if quiet else charts.plot(shown, found["currency"]),
        "lasts": charts.lasts(shown, found["available"]),
    }


def next_step(
    request: HttpRequest, account: Account, found: dict[str, Any], rows: list[Authorization]
) -> dict[str, Any] | None:
    """What to do first where something is still missing; None once cards have been used. At most three queries."""
    if rows or account.issuing.name not in WORKING:
        return None
    cards = Card.objects.of_account(account.pk)
    steps = (
        ("cardholder", Cardholder.objects.of_account(account.pk).exists(), "issuing.create_cardholder"),
        ("card", cards.with_status("active").exists(), "issuing.create_card"),
        ("money", bool(found["available"]), "issuing.create_topup"),
        ("use", False, "issuing.create_test_authorization"),
    )
    missing, _, verb = next(step for step in steps if not step[1])
    idle = cards.with_status("inactive").first() if missing == "card" else None
    return {
        "steps": [(STEPS[name], done) for name, done, _ in steps],
        "button": buttons.of_object(request, "issuing.activate_card", idle)
        if idle
        else buttons.of_account(request, verb, account.pk),
    }


STEPS = {
    "cardholder": "A cardholder: who may hold cards",
    "card": "A card, and its activation",
    "money": "Money on the Issuing balance",
    "use": "The first authorization",
}


def _buttons(request: HttpRequest, account_id: str, *names: str) -> list[buttons.Button]:
    found = (buttons.of_account(request, name, account_id) for name in names)
    return [each for each in found if each]


def balances(request: HttpRequest, account_id: str) -> dict[str, Any]:
    """Both balances with every movement of the last page, and top-ups. Nine queries."""
    account = get_account(request, account_id)
    found = funds(account)
    movements = BalanceTransaction.objects.of_account(account_id)
    return {
        "title": "Balances",
        **found,
        **history(found),
        "movements": [(each, movement_words(each), source_url(each)) for each in movements[:MOVEMENTS]],
        "topups": [_as_seen(request, row) for row in Topup.objects.of_account(account_id)[:RECENT]],
        "buttons": _buttons(request, account_id, "issuing.create_topup"),
    }


def _as_seen(request: HttpRequest, row: Topup) -> Topup:
    """The row to look at, never to save: staff and holders describe top-ups in words of their own."""
    row.data = masking.masked(row.data, may_see=may_see(request))
    return row


def movement_words(row: BalanceTransaction) -> str:
    """A movement's type in words; an unknown one as it came."""
    return words.MOVEMENTS.get(row.type, row.type)


SOURCES = {"iauth_": "authorization", "ipi_": "transaction", "tu_": "topup"}


def source_url(row: BalanceTransaction) -> str:
    """Name of the page of what moved it, "" where it has none here."""
    return next((name for prefix, name in SOURCES.items() if row.source.startswith(prefix)), "")


def cardholder(request: HttpRequest, row: Cardholder) -> dict[str, Any]:
    """One cardholder: what Stripe asks, their cards, controls, what they bought last. Four queries."""
    currency = _limits_currency(row)
    cards = Card.objects.of_cardholder(row.pk)
    verb = "issuing.deactivate_cardholder" if row.status == "active" else "issuing.activate_cardholder"
    return {
        "title": str(row),
        "cardholder": row,
        "data": masking.masked(row.data, may_see=may_see(request)),
        "asked": words.asked(row.past_due),
        "stopped": words.disabled(row.disabled_reason) if row.disabled_reason else None,
        "controls": words.controls(hash_at(row.data, "spending_controls"), currency),
        "cards": list(cards[:RECENT]),
        "card_count": lists.count(cards),
        "rows": list(Authorization.objects.of_cardholder(row.pk).with_card()[:RECENT]),
        "update": buttons.of_object(request, "issuing.update_cardholder", row),
        "create_card": buttons.of_account(request, "issuing.create_card", row.account_id or "", cardholder=row.pk),
        "buttons": _present(None if row.status == "blocked" else buttons.of_object(request, verb, row)),
        **common(request, row),
    }


def _limits_currency(row: Cardholder | Card) -> str:
    named = text_at(row.data, "spending_controls.spending_limits_currency")
    return named or getattr(row, "currency", "") or "usd"


def _present(*found: buttons.Button | None) -> list[buttons.Button]:
    return [each for each in found if each]


def common(request: HttpRequest, row: OfIssuing) -> dict[str, Any]:
    """What every object's page has: its data as Stripe sent it, masked as far as this person may see."""
    return {"row": row, "json": masking.masked(row.data, may_see=may_see(request)), "may_see": may_see(request)}


def card(request: HttpRequest, row: Card) -> dict[str, Any]:
    """One card, read `with_cardholder`: controls with Stripe's silent ones, and its last purchases. Three queries."""
    data, currency = row.data or {}, row.currency
    holder = moment.related(row, "cardholder")
    found = Authorization.objects.of_card(row.pk)
    return {
        "title": f"Card {row}",
        "card": row,
        "cardholder": holder,
        "data": data,
        "expired": _expired(data),
        "controls": words.controls(hash_at(data, "spending_controls"), currency),
        "silent": words.silent_limits(hash_at(data, "spending_controls"), currency),
        "of_cardholder": words.controls(hash_at(holder.data, "spending_controls"), currency) if holder else [],
        "rows": list(found.with_card()[:RECENT]),
        "authorization_count": lists.count(found),
        "wallets": [
            (name, state) for name, state in hash_at(data, "wallets").items() if isinstance(state, dict) and state
        ],
        "change_controls": None if row.canceled else buttons.of_object(request, "issuing.update_card", row),
        **_card_buttons(request, row),
        **common(request, row),
    }


def _expired(data: dict[str, Any]) -> bool:
    now = clock.now()
    year, month = integer_at(data, "exp_year"), integer_at(data, "exp_month")
    return year is not None and month is not None and (year, month) < (now.year, now.month)


def _card_buttons(request: HttpRequest, row: Card) -> dict[str, Any]:
    """A canceled card has none: nothing makes it work again."""
    if row.canceled or row.gone:
        return {"buttons": [], "final": None}
    change = "issuing.deactivate_card" if row.status == "active" else "issuing.activate_card"
    test = buttons.of_account(request, "issuing.create_test_authorization", row.account_id or "", card=row.pk)
    return {
        "buttons": _present(test if row.status == "active" else None, buttons.of_object(request, change, row)),
        "final": buttons.of_object(request, "issuing.cancel_card", row),
    }


# What a template names must be there, whatever Stripe left out.
NO_REQUEST = dict.fromkeys(
    ("amount", "approved", "created", "currency", "merchant_amount", "merchant_currency", "reason", "requested_at")
)
NO_MOVEMENT = dict.fromkeys(("created", "currency", "id", "net"))


def authorization(request: HttpRequest, row: Authorization) -> dict[str, Any]:
    """One authorization, read `with_card`: why, the ladder, its whole history, its money. At most nine queries."""
    scene = moment.scene(row)
    told = decline.told(scene)
    data, moved = row.data or {}, list(Transaction.objects.of_authorization(row.pk))
    pending = row.approved and row.status == "pending"
    return {
        "title": f"{words.amount(row.requested, row.currency)} at {row.merchant_name or 'an unnamed merchant'}",
        "authorization": row,
        "card": moment.related(row, "card"),
        "cardholder": moment.related(row, "cardholder"),
        "scene": scene,
        "told": told,
        "declined": not scene.request.get("approved"),
        "mend": mend(request, row, told, decline.held_by(scene)),
        "ladder": decline.ladder(scene),
        "history": [{**NO_REQUEST, **each} for each in hashes_at(data, "request_history")],
        "transactions": moved,
        "captured": -sum(each.amount for each in moved if each.type == "capture"),
        "refunded": sum(each.amount for each in moved if each.type == "refund"),
        "movements": [
            ({**NO_MOVEMENT, **each}, words.MOVEMENTS.get(text_at(each, "type"), text_at(each, "type")))
            for each in hashes_at(data, "balance_transactions")
        ],
        "held": held(data),
        "merchant": hash_at(data, "merchant_data"),
        "checks": [(label, text_at(data, f"verification_data.{name}")) for name, label in words.CHECKS.items()],
        "method": words.METHODS.get(scene.method, scene.method),
        "presence": words.PRESENCES.get(scene.presence, scene.presence),
        "buttons": _present(
            buttons.of_object(request, "issuing.capture_test_authorization", row) if pending else None,
            buttons.of_object(request, "issuing.reverse_test_authorization", row) if pending else None,
        ),
        **common(request, row),
    }


def held(data: dict[str, Any]) -> int:
    """What an authorization holds now, in minor units, from the movements that Stripe lists in it."""
    rows = hashes_at(data, "balance_transactions")
    holds = (each for each in rows if text_at(each, "type").startswith("issuing_authorization_"))
    return -sum(integer_at(each, "net") or 0 for each in holds)


def mend(request: HttpRequest, row: Authorization, told: decline.Told, held: str) -> buttons.Button | None:
    """The button that does something about a decline, on the object that it is about; a card's controls mend no limit
    that is its cardholder's or Stripe's own.
    """
    name = told.reason.verb
    if not name or (name == "issuing.update_card" and held in ("cardholder", "stripe")):
        return None
    if name in ("issuing.create_topup", "issuing.create_card"):
        initial = {"cardholder": row.cardholder_id} if name.endswith("card") and row.cardholder_id else {}
        return buttons.of_account(request, name, row.account_id or "", **initial)
    subject: Any = moment.related(row, "cardholder") if name.endswith("cardholder") else moment.related(row, "card")
    if subject is None or (isinstance(subject, Card) and subject.canceled):
        return None
    done = name.partition(".activate_")[1] and subject.status == "active"
    return None if done else buttons.of_object(request, name, subject)


def transaction(request: HttpRequest, row: Transaction) -> dict[str, Any]:
    """One transaction, read `with_card`. No more queries."""
    data = row.data or {}
    return {
        "title": f"{words.TRANSACTIONS.get(row.type, row.type)} at {row.merchant_name or 'an unnamed merchant'}",
        "transaction": row,
        "card": moment.related(row, "card"),
        "cardholder": moment.related(row, "cardholder"),
        "data": {"merchant_amount": None, "merchant_currency": None, **data},
        "merchant": hash_at(data, "merchant_data"),
        **common(request, row),
    }


def topup(request: HttpRequest, row: Topup) -> dict[str, Any]:
    """One top-up."""
    row = _as_seen(request, row)
    return {"title": f"Top-up of {words.amount(row.amount, row.currency)}", "topup": row, **common(request, row)}
