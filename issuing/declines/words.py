"""Why an authorization was approved or declined: the one sentence, and the ladder of what was true."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from console.shell import formats
from gateway.shapes import hashes_at, text_at, texts_at
from issuing.authorizations import words as authorizations_words
from issuing.authorizations.words import Reason
from issuing.cardholders import words as cardholders_words
from issuing.controls import words as controls_words
from issuing.declines.models import DAILY_DEFAULT, Meter, Scene, meter, meters, window_end

PASSED, STOPPED, NOT_REACHED = "passed", "stopped", "not_reached"


@dataclass(frozen=True)
class Rung:
    """One line of the ladder."""

    name: str
    label: str
    state: str  # PASSED, STOPPED, NOT_REACHED
    text: str


def refused_by_lists(scene: Scene) -> str:
    """Which list of allowed or blocked things refuses it, as a sentence; "" for none."""
    asked = (
        ("categories", scene.category, "the category"),
        ("merchant_countries", scene.country, "merchants in"),
        ("card_presences", scene.presence, "purchases with"),
    )
    for found, owner in ((scene.card_controls, "card"), (scene.cardholder_controls, "cardholder")):
        for name, value, label in asked:
            allowed, blocked = texts_at(found, f"allowed_{name}"), texts_at(found, f"blocked_{name}")
            if (allowed and value not in allowed) or (blocked and value in blocked):
                shown = value.replace("_", " ") or "none named"
                return f"The {owner}’s spending controls do not allow {label} {shown}."
    return ""


def default_meter(scene: Scene) -> Meter | None:
    """Stripe's silent daily limit; None where the card has limits of its own, or for other currencies than usd."""
    own = hashes_at(scene.card_controls, "spending_limits")
    return None if own or scene.currency != "usd" else meter(scene, DAILY_DEFAULT, "card")


def stopped_at(scene: Scene) -> str:
    """The rung on which it stopped, "" for an approval or a reason without one."""
    if scene.request.get("approved"):
        return ""
    rung = authorizations_words.reason(scene.why).rung
    if (
        rung != authorizations_words.CONTROLS
        or refused_by_lists(scene)
        or any(each.stops(scene.amount) for each in meters(scene))
    ):
        return rung
    daily = default_meter(scene)
    over = scene.currency == "usd" and scene.amount > controls_words.MOST_PER_AUTHORIZATION
    return authorizations_words.DEFAULTS if over or (daily and daily.stops(scene.amount)) else rung


def held_by(scene: Scene) -> str:
    """Whose spending control stopped it: card, cardholder, stripe (nobody here can raise that), "" where none did."""
    refused = refused_by_lists(scene)
    if refused:
        return "cardholder" if refused.startswith("The cardholder") else "card"
    stopping = [each for each in meters(scene) if each.stops(scene.amount)]
    if any(each.owner == "cardholder" for each in stopping):
        return "cardholder"
    over = scene.currency == "usd" and scene.amount > controls_words.MOST_PER_AUTHORIZATION
    return "stripe" if over else "card" if stopping or stopped_at(scene) == authorizations_words.DEFAULTS else ""


def ladder(scene: Scene) -> list[Rung]:
    """Every rung, in the order in which this console reads them."""
    stop, names = stopped_at(scene), list(authorizations_words.RUNGS)
    approved = bool(scene.request.get("approved"))
    place = names.index(stop) if stop else len(names) if approved else -1
    texts = _texts(scene)
    return [
        Rung(
            name,
            authorizations_words.RUNGS[name],
            STOPPED if here == place else PASSED if here < place else NOT_REACHED,
            text,
        )
        for here, (name, text) in enumerate(zip(names, texts, strict=True))
    ]


def _texts(scene: Scene) -> Iterable[str]:
    return (
        _capability_text(scene),
        _card_text(scene),
        _cardholder_text(scene),
        checks_text(scene),
        _controls_text(scene),
        _defaults_text(scene),
        "not yet imported" if scene.available is None else f"{_money(scene, scene.available)} was there",
        _platform_text(scene),
    )


def _capability_text(scene: Scene) -> str:
    if scene.off:
        return f"Issuing was off: {scene.off.title}"
    return f"card_issuing was {scene.capability}" if scene.capability else "not yet imported"


def _card_text(scene: Scene) -> str:
    if scene.card_status is None:
        return "not yet imported"
    expired = scene.expires is not None and scene.expires < (scene.at.year, scene.at.month)
    return f"{scene.card_status}, {'expired' if expired else 'not expired'}"


def _cardholder_text(scene: Scene) -> str:
    if scene.cardholder_status is None:
        return "not yet imported"
    due = cardholders_words.disabled(scene.cardholder_reason)[0] if scene.cardholder_reason else "nothing past due"
    return f"{scene.cardholder_status}, {due[:1].lower() + due[1:].rstrip('.')}"


def checks_text(scene: Scene) -> str:
    """How the card was presented and what matched: "chip; expiry date matches"."""
    results = {"match": "matches", "mismatch": "does not match"}
    found = [
        f"{label if label.isupper() else label.lower()} {results[scene.checks[name]]}"
        for name, label in authorizations_words.CHECKS.items()
        if text_at(scene.checks, name) in results
    ]
    method = authorizations_words.METHODS.get(scene.method, scene.method).lower()
    return "; ".join([*([method] if method else []), *found]) or "nothing was checked"


def _controls_text(scene: Scene) -> str:
    refused, found = refused_by_lists(scene), meters(scene)
    if refused:
        return refused[:1].lower() + refused[1:].rstrip(".")
    if not found:
        anything = controls_words.controls(scene.card_controls, scene.currency) or controls_words.controls(
            scene.cardholder_controls, scene.currency
        )
        return "none of those set stands against it" if anything else "none set"
    return meter_text(scene, found[0])


def meter_text(scene: Scene, found: Meter) -> str:
    """One limit: "weekly on fuel, of the card: 138.65 of 200.00 USD used by 3 purchases"."""
    size = controls_words.limit(found.limit, scene.currency)
    if text_at(found.limit, "interval") == "per_authorization":
        return f"{size}, of the {found.owner}"
    many = "1 purchase" if found.authorizations == 1 else f"{found.authorizations} purchases"
    return f"{size}, of the {found.owner}: {_money(scene, found.used)} used by {many}"


def _defaults_text(scene: Scene) -> str:
    if scene.currency != "usd":
        return "Stripe gives their sizes for USD only"
    most, daily = formats.amount(controls_words.MOST_PER_AUTHORIZATION, "usd"), default_meter(scene)
    if daily is None:
        return f"{most} per authorization; no daily one, the card has limits of its own"
    a_day = formats.amount(controls_words.DEFAULT_DAILY, "usd")
    return f"{a_day} a day, {_money(scene, daily.left)} was left; {most} per authorization"


def _platform_text(scene: Scene) -> str:
    if scene.why.startswith("webhook_"):
        return authorizations_words.reason(scene.why).sentence[:1].lower() + authorizations_words.reason(
            scene.why
        ).sentence[1:].rstrip(".")
    return "no endpoint of the platform answered"


def _money(scene: Scene, amount: int) -> str:
    return formats.amount(amount, scene.currency)


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


def explain(scene: Scene) -> Explanation:
    """One sentence with the amounts that mattered."""
    known, stop = authorizations_words.reason(scene.why), stopped_at(scene)
    if scene.request.get("approved"):
        return Explanation(scene.why, known, [(known.sentence, False)])
    if known.rung == authorizations_words.CONTROLS:
        return _explain_controls(scene, known, stop)
    if known.rung == authorizations_words.BALANCE and scene.available is not None:
        parts = [
            ("The Issuing balance had ", False),
            (_money(scene, scene.available), True),
            (f" available. The merchant asked for {_money(scene, scene.amount)}.", False),
        ]
        return Explanation(scene.why, known, parts)
    if scene.why == "verification_failed":
        return Explanation(
            scene.why, known, [("The merchant’s terminal or form sent: ", False), (checks_text(scene), True)]
        )
    if known.rung == authorizations_words.CAPABILITY:
        return _explain_off(scene, known)
    if known.rung == authorizations_words.CARDHOLDER and scene.cardholder_reason:
        return Explanation(scene.why, known, [(cardholders_words.disabled(scene.cardholder_reason)[0], False)])
    return Explanation(scene.why, known, [(known.sentence, False)])


def _explain_off(scene: Scene, known: Reason) -> Explanation:
    """Why Issuing was off then, and whose move that was; nobody's where the mirror does not tell."""
    off = scene.off
    if off is None:
        doubt = (
            " What is known here of that moment does not say why: the import may be younger, or an event is missing."
        )
        return Explanation(scene.why, replace(known, move=""), [(known.sentence + doubt, False)])
    begun = f"{'at the latest ' if off.at_latest else ''}since {formats.minute(off.since)}" if off.since else ""
    parts = [
        ("Issuing of this account was off: ", False),
        (off.title, True),
        (f", {begun}. " if begun else ". ", False),
    ]
    faults = " ".join(f"Stripe found: {fault}" for fault in off.faults)
    following = scene.off_now.following if scene.off_now else "Issuing is on again: nothing is left to do."
    said = [*parts, (f"{off.why} {faults}".strip(), False)]
    return Explanation(scene.why, replace(known, move=off.move), said, following=following)


def _explain_controls(scene: Scene, known: Reason, stop: str) -> Explanation:
    refused, found = refused_by_lists(scene), meters(scene)
    if refused:
        return Explanation(scene.why, known, [(refused, False)])
    stopping = next((each for each in found if each.stops(scene.amount)), None)
    if stopping:
        return _explain_limit(scene, known, stopping, f"The {stopping.owner} may spend ")
    daily = default_meter(scene)
    if stop == authorizations_words.DEFAULTS and daily and daily.stops(scene.amount):
        return _explain_limit(scene, known, daily, "The card has no limit of its own, so Stripe’s silent one counts: ")
    if stop == authorizations_words.DEFAULTS:
        most = formats.amount(controls_words.MOST_PER_AUTHORIZATION, "usd")
        return Explanation(scene.why, known, [("Stripe approves at most ", False), (most, True), (" at once.", False)])
    doubt = " None of those that stand now explains it: they were changed since, or purchases are not imported yet."
    return Explanation(scene.why, known, [(known.sentence + doubt, False)])


def _explain_limit(scene: Scene, known: Reason, found: Meter, begin: str) -> Explanation:
    interval = text_at(found.limit, "interval")
    parts = [(begin, False), (controls_words.limit(found.limit, scene.currency), True)]
    parts.append((f". The merchant asked for {_money(scene, scene.amount)}", False))
    if interval == "per_authorization":
        return Explanation(scene.why, known, [*parts, (".", False)])
    ends = window_end(interval, scene.at)
    parts += [("; ", False), (_money(scene, found.left), True), (" of it was left.", False)]
    wait = f"the limit starts anew on {ends:%a} {formats.minute(ends)}" if ends else ""
    return Explanation(scene.why, known, parts, wait)
