"""Why an authorization was approved or declined: the one sentence, and the ladder of what was true."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from console.shell import formats
from gateway.shapes import hashes_at, text_at, texts_at
from issuing.authorizations import words as authorizations_words
from issuing.authorizations.words import Reason
from issuing.cardholders import words as cardholders_words
from issuing.controls import words as controls_words
from issuing.declines.models import DAILY_DEFAULT, Facts, Meter, meter, meters, window_end

PASSED, STOPPED, NOT_REACHED = "passed", "stopped", "not_reached"


@dataclass(frozen=True)
class Rung:
    """One line of the ladder."""

    name: str
    label: str
    state: str  # PASSED, STOPPED, NOT_REACHED
    text: str


def refused_by_lists(facts: Facts) -> str:
    """Which list of allowed or blocked things refuses it, as a sentence; "" for none."""
    asked = (
        ("categories", facts.category, "the category"),
        ("merchant_countries", facts.country, "merchants in"),
        ("card_presences", facts.presence, "authorizations with"),
    )
    for found, owner in ((facts.card_controls, "card"), (facts.cardholder_controls, "cardholder")):
        for name, value, label in asked:
            allowed, blocked = texts_at(found, f"allowed_{name}"), texts_at(found, f"blocked_{name}")
            if (allowed and value not in allowed) or (blocked and value in blocked):
                shown = value.replace("_", " ") or "none named"
                return f"The {owner}’s spending controls do not allow {label} {shown}."
    return ""


def default_meter(facts: Facts) -> Meter | None:
    """Stripe's default daily limit; None where the card has limits of its own, or another currency than usd."""
    own = hashes_at(facts.card_controls, "spending_limits")
    return None if own or facts.currency != "usd" else meter(facts, DAILY_DEFAULT, "card")


def stopped_at(facts: Facts) -> str:
    """The rung on which it stopped, "" for an approval or a reason without one."""
    if facts.request.get("approved"):
        return ""
    rung = authorizations_words.reason(facts.why).rung
    if (
        rung != authorizations_words.CONTROLS
        or refused_by_lists(facts)
        or any(each.stops(facts.amount) for each in meters(facts))
    ):
        return rung
    daily = default_meter(facts)
    over = facts.currency == "usd" and facts.amount > controls_words.MOST_PER_AUTHORIZATION
    return authorizations_words.DEFAULTS if over or (daily and daily.stops(facts.amount)) else rung


def held_by(facts: Facts) -> str:
    """Whose spending control stopped it: card, cardholder, stripe (a limit that cannot be raised here), "" for none."""
    refused = refused_by_lists(facts)
    if refused:
        return "cardholder" if refused.startswith("The cardholder") else "card"
    stopping = [each for each in meters(facts) if each.stops(facts.amount)]
    if any(each.owner == "cardholder" for each in stopping):
        return "cardholder"
    over = facts.currency == "usd" and facts.amount > controls_words.MOST_PER_AUTHORIZATION
    return "stripe" if over else "card" if stopping or stopped_at(facts) == authorizations_words.DEFAULTS else ""


def ladder(facts: Facts) -> list[Rung]:
    """Every rung, in the order in which this console reads them."""
    stop, names = stopped_at(facts), list(authorizations_words.RUNGS)
    approved = bool(facts.request.get("approved"))
    place = names.index(stop) if stop else len(names) if approved else -1
    texts = _texts(facts)
    return [
        Rung(
            name,
            authorizations_words.RUNGS[name],
            STOPPED if here == place else PASSED if here < place else NOT_REACHED,
            text,
        )
        for here, (name, text) in enumerate(zip(names, texts, strict=True))
    ]


def _texts(facts: Facts) -> Iterable[str]:
    """What was true on each rung of the ladder."""
    unknown = "not yet imported"
    capability = f"card_issuing was {facts.capability}" if facts.capability else unknown
    expired = facts.expires is not None and facts.expires < (facts.at.year, facts.at.month)
    card = f"{facts.card_status}, {'expired' if expired else 'not expired'}"
    due = cardholders_words.disabled(facts.cardholder_reason)[0] if facts.cardholder_reason else "nothing past due"
    asked = facts.why.startswith("webhook_")
    return (
        f"Issuing was off: {facts.off.title}" if facts.off else capability,
        unknown if facts.card_status is None else card,
        unknown if facts.cardholder_status is None else f"{facts.cardholder_status}, {_clause(due)}",
        checks_text(facts),
        _controls_text(facts),
        _defaults_text(facts),
        unknown if facts.available is None else f"{_money(facts, facts.available)} was there",
        _clause(authorizations_words.reason(facts.why).sentence) if asked else "no endpoint of the platform answered",
    )


def _clause(sentence: str) -> str:
    """A sentence as a part of another: its first letter small, no full stop."""
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def checks_text(facts: Facts) -> str:
    """How the card was presented and what matched: "chip; expiry date matches"."""
    results = {"match": "matches", "mismatch": "does not match"}
    found = [
        f"{label if label.isupper() else label.lower()} {results[facts.checks[name]]}"
        for name, label in authorizations_words.CHECKS.items()
        if text_at(facts.checks, name) in results
    ]
    method = authorizations_words.METHODS.get(facts.method, facts.method).lower()
    return "; ".join([*([method] if method else []), *found]) or "nothing was checked"


def _controls_text(facts: Facts) -> str:
    refused, found = refused_by_lists(facts), meters(facts)
    if refused:
        return _clause(refused)
    if not found:
        anything = controls_words.controls(facts.card_controls, facts.currency) or controls_words.controls(
            facts.cardholder_controls, facts.currency
        )
        return "none of those set stands against it" if anything else "none set"
    return meter_text(facts, found[0])


def meter_text(facts: Facts, found: Meter) -> str:
    """One limit: "weekly on fuel, of the card: 138.65 of 200.00 USD used by 3 authorizations"."""
    size = controls_words.limit(found.limit, facts.currency)
    if text_at(found.limit, "interval") == "per_authorization":
        return f"{size}, of the {found.owner}"
    many = "1 authorization" if found.authorizations == 1 else f"{found.authorizations} authorizations"
    return f"{size}, of the {found.owner}: {_money(facts, found.used)} used by {many}"


def _defaults_text(facts: Facts) -> str:
    if facts.currency != "usd":
        return "Stripe gives their sizes for USD only"
    most, daily = formats.amount(controls_words.MOST_PER_AUTHORIZATION, "usd"), default_meter(facts)
    if daily is None:
        return f"{most} per authorization; no daily one, the card has limits of its own"
    a_day = formats.amount(controls_words.DEFAULT_DAILY, "usd")
    return f"{a_day} a day, {_money(facts, daily.left)} was left; {most} per authorization"


def _money(facts: Facts, amount: int) -> str:
    return formats.amount(amount, facts.currency)


@dataclass(frozen=True)
class Explanation:
    """The decision in words. `bold` of a sentence part marks what mattered."""

    why: str  # Stripe's word
    reason: Reason
    parts: list[tuple[str, bool]]
    wait: str = ""  # what happens without anybody's move
    following: str = ""  # the next step, as a sentence

    @property
    def sentence(self) -> str:
        """As plain text."""
        return "".join(text for text, _ in self.parts)


def explain(facts: Facts) -> Explanation:
    """One sentence with the amounts that mattered."""
    known, stop = authorizations_words.reason(facts.why), stopped_at(facts)
    if facts.request.get("approved"):
        return Explanation(facts.why, known, [(known.sentence, False)])
    if known.rung == authorizations_words.CONTROLS:
        return _explain_controls(facts, known, stop)
    if known.rung == authorizations_words.BALANCE and facts.available is not None:
        parts = [
            ("The Issuing balance had ", False),
            (_money(facts, facts.available), True),
            (f" available. The merchant asked for {_money(facts, facts.amount)}.", False),
        ]
        return Explanation(facts.why, known, parts)
    if facts.why == "verification_failed":
        return Explanation(
            facts.why, known, [("The merchant’s terminal or form sent: ", False), (checks_text(facts), True)]
        )
    if known.rung == authorizations_words.CAPABILITY:
        return _explain_off(facts, known)
    if known.rung == authorizations_words.CARDHOLDER and facts.cardholder_reason:
        return Explanation(facts.why, known, [(cardholders_words.disabled(facts.cardholder_reason)[0], False)])
    return Explanation(facts.why, known, [(known.sentence, False)])


def _explain_off(facts: Facts, known: Reason) -> Explanation:
    """Why Issuing was off then, and whose move it was; nobody's where the mirror does not know."""
    off = facts.off
    if off is None:
        doubt = (
            " What is known here of that moment does not say why: the import may be younger, or an event is missing."
        )
        return Explanation(facts.why, replace(known, move=""), [(known.sentence + doubt, False)])
    begun = f"{'at the latest ' if off.at_latest else ''}since {formats.minute(off.since)}" if off.since else ""
    parts = [
        ("Issuing of this account was off: ", False),
        (off.title, True),
        (f", {begun}. " if begun else ". ", False),
    ]
    faults = " ".join(f"Stripe found: {fault}" for fault in off.faults)
    following = facts.off_now.following if facts.off_now else "Issuing is on again: nothing is left to do."
    parts.append((f"{off.why} {faults}".strip(), False))
    return Explanation(facts.why, replace(known, move=off.move), parts, following=following)


def _explain_controls(facts: Facts, known: Reason, stop: str) -> Explanation:
    refused, found = refused_by_lists(facts), meters(facts)
    if refused:
        return Explanation(facts.why, known, [(refused, False)])
    stopping = next((each for each in found if each.stops(facts.amount)), None)
    if stopping:
        return _explain_limit(facts, known, stopping, f"The {stopping.owner} may spend ")
    daily = default_meter(facts)
    if stop == authorizations_words.DEFAULTS and daily and daily.stops(facts.amount):
        return _explain_limit(facts, known, daily, "The card has no limit of its own, so Stripe’s silent one counts: ")
    if stop == authorizations_words.DEFAULTS:
        most = formats.amount(controls_words.MOST_PER_AUTHORIZATION, "usd")
        return Explanation(facts.why, known, [("Stripe approves at most ", False), (most, True), (" at once.", False)])
    doubt = (
        " None of those that stand now explains it: they were changed since, or authorizations are not all imported."
    )
    return Explanation(facts.why, known, [(known.sentence + doubt, False)])


def _explain_limit(facts: Facts, known: Reason, found: Meter, begin: str) -> Explanation:
    interval = text_at(found.limit, "interval")
    parts = [(begin, False), (controls_words.limit(found.limit, facts.currency), True)]
    parts.append((f". The merchant asked for {_money(facts, facts.amount)}", False))
    if interval == "per_authorization":
        return Explanation(facts.why, known, [*parts, (".", False)])
    ends = window_end(interval, facts.at)
    parts += [("; ", False), (_money(facts, found.left), True), (" of it was left.", False)]
    wait = f"the limit starts anew on {ends:%a} {formats.minute(ends)}" if ends else ""
    return Explanation(facts.why, known, parts, wait)
