"""The demo world as a plan: who does what at which second. Pure; the same seed gives the same plan."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from accounts.management.commands.seed_accounts import EXPRESS, Seed
from issuing.demo.names import BUSINESSES, CITIES, DRINKS, FIRST, LAST, SHOPS, Shop

Data = dict[str, Any]
DAYS, DAY, HOUR = 21, 86_400, 3_600
FRIDAY = 1_795_197_600  # 2026-11-20, 18:00 UTC
WEEK = (1.0, 1.05, 1.1, 1.05, 1.15, 0.45, 0.3)  # authorizations of a day, Monday first
HOURS = (12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 17, 18, 18, 19, 19, 20, 20, 21, 21, 22, 23, 0, 1)  # UTC
AUTHORIZATIONS = 2_750  # planned over 21 days with 40 accounts
CARDS = 120  # with 40 accounts
BOTH_DUE = {"do": "require", "keys": ["company.structure", "company.phone"]}
ONLY_TRANSFERS = {"transfers": {"requested": True}}
# What becomes of an account: (slug, day it happens, what Stripe then does). The day counts from the world's end.
FATES: tuple[tuple[str, int, Data], ...] = (
    ("kestrel", 4, {"do": "require", "keys": ["{person}.verification.document"], "deadline": "3d"}),
    ("kestrel", 4, {"do": "require", "keys": ["company.structure"], "deadline": "17d", "capabilities": ["transfers"]}),
    ("marigold", 8, {**BOTH_DUE, "deadline": "14d"}),
    ("chattahoochee", 7, {**BOTH_DUE, "deadline": "10d", "capabilities": ["transfers"]}),
    ("tidewater", 2, {**BOTH_DUE, "deadline": "15d"}),
    ("fathom", 3, {"do": "require", "keys": ["company.address.line1"], "deadline": "28d"}),
    ("copper", 1, {"do": "require", "keys": ["{person}.address.line1"], "deadline": "40d"}),
    ("vesper", 6, {"do": "require", "keys": ["company.structure"], "deadline": "6d", "capabilities": ["transfers"]}),
    ("heron", 5, {"do": "disable", "reason": "under_review"}),
    ("sable", 9, {"do": "disable", "reason": "paused.inactivity", "capability": "card_issuing"}),
    ("bluestem", 2, {"do": "disable", "reason": "platform_paused"}),
    ("mesa", 3, {"do": "fail_verification"}),
)
SEEDED: dict[str, Data] = {  # accounts that begin otherwise than whole
    "verbena": {"tax_id": "111111111"},
    "tamarack": {"person": ("", "")},
    "lowell": {"person": ("", "")},
    "lantern": {"reject": "other"},
    "pell": {"person": ("", ""), "controller": EXPRESS, "capabilities": ONLY_TRANSFERS},
    "quillback": {"capabilities": ONLY_TRANSFERS},
    "osprey": {"bank": False},
}
NO_CARDS = ("verbena", "tamarack", "lowell", "lantern", "pell", "quillback")
LATE = {"verbena": 3, "lowell": 1, "tamarack": 6, "alder": 12, "quarry": 9}  # days before the end on which they came
UNSIGNED = ("hollis", "granite", "wren")  # with a cardholder who has not accepted the terms yet
DRY, LOW = ("thistle", "delaney"), ("redwing", "pemberton")  # whose last top-ups never came, or were too small


@dataclass(frozen=True, order=True)
class Step:
    """One thing that happens at `at` (unix seconds) in the account `slug`; what it makes is known as `name`."""

    at: int
    slug: str
    number: int  # of the account's steps, in the order they were planned
    kind: str = field(compare=False)  # a method of issuing.demo.build.Builder
    name: str = field(compare=False, default="")
    of: str = field(compare=False, default="")  # the name of what it is done to
    params: Data = field(compare=False, default_factory=dict)


@dataclass(frozen=True)
class Card:
    """A card of the plan, with what matters for its authorizations."""

    name: str
    since: int
    weight: float
    method: str


class Story:
    """The steps of one account, planned with a random generator of its own, so that accounts do not disturb it."""

    def __init__(self, place: int, seed: int, end: int) -> None:
        self.slug, self.title, self.kind, self.trade = BUSINESSES[place]
        self.random, self.end = Random(f"{seed}.{self.slug}"), end  # noqa: S311  (a story, no secret)
        first = end - end % DAY - (DAYS - 1) * DAY
        late = LATE.get(self.slug)
        self.begin = (end - end % DAY - late * DAY if late else first) + 9 * HOUR + self.random.randrange(3 * HOUR)
        self.steps: list[Step] = []
        self.people = [self._person() for _ in range(4)]
        self.cards: list[Card] = []

    def add(self, at: int, kind: str, params: Data | None = None, *, name: str = "", of: str = "") -> None:
        """Plan one step."""
        self.steps.append(Step(at, self.slug, len(self.steps), kind, name, of, params or {}))

    def _person(self) -> tuple[str, str]:
        return self.random.choice(FIRST), self.random.choice(LAST)

    def account(self) -> None:
        """The account itself, and what Stripe does to it later."""
        given = {"person": self.people[0], **SEEDED.get(self.slug, {})}
        self.add(self.begin, "account", {"seed": Seed(self.slug, self.title, self.kind, **given)})
        for slug, days, what in FATES:
            if slug == self.slug:
                self.add(max(self.end - days * DAY + self.random.randrange(HOUR), self.begin + HOUR), "by_stripe", what)

    def holders(self, many: int) -> list[str]:
        """Cardholders: the first one of a company is sometimes the company itself; the others are people."""
        made = []
        for number in range(many):
            name, at = f"holder-{number}", self.begin + HOUR + number * 97
            company = number == 0 and self.kind == "company" and self.random.random() < 0.3
            self.add(at, "cardholder", self._cardholder(number, company=company), name=name)
            made.append(name)
        if self.slug in UNSIGNED:
            given = {**self._cardholder(many, company=False), "unsigned": True}
            self.add(self.end - self.random.randrange(1, 3) * DAY, "cardholder", given, name="holder-unsigned")
        return made

    def _cardholder(self, number: int, *, company: bool) -> Data:
        first, last = self.people[number % len(self.people)]
        city, state, code = CITIES[len(self.slug) % len(CITIES)]
        line = f"{self.random.randrange(2, 980)} {self.random.choice(LAST)} Street"
        address = {"line1": line, "city": city, "state": state, "postal_code": code, "country": "US"}
        shared: Data = {"billing": {"address": address}, "email": f"{first}.{last}@{self.slug}.example".lower()}
        shared["phone_number"] = f"+1202555{self.random.randrange(100, 200):04d}"
        if company:
            return {**shared, "type": "company", "name": self.title.replace("&", "and")[:24].strip(" ,.")}
        person = {"first_name": first, "last_name": last}
        return {**shared, "type": "individual", "name": f"{first} {last}"[:24], "individual": person}

    def issue(self, holders: list[str], many: int) -> None:
        """Cards: most active, the last of some accounts never activated, lost, or with tight controls."""
        for number in range(many):
            name, at = f"card-{number}", self.begin + 2 * HOUR + number * 131
            limit = self.random.choice((1_500_00, 2_500_00, 4_000_00))
            controls: Data = {"spending_limits": [{"amount": limit, "interval": "daily"}]}
            if self.random.random() < 0.35:
                controls["blocked_categories"] = [DRINKS.category]
            if self.random.random() < 0.25:
                controls["spending_limits"].append({"amount": 400_00, "interval": "per_authorization"})
            status = "inactive" if number and self.random.random() < 0.1 else "active"
            given = {"spending_controls": controls, "status": status}
            self.add(at, "card", given, name=name, of=holders[number % len(holders)])
            method = self.random.choice(("chip", "chip", "contactless", "online"))
            weight = self.random.uniform(0.3, 1.7) if status == "active" else 0.12
            self.cards.append(Card(name, at + HOUR, weight, method))

    def endings(self, holders: list[str]) -> None:
        """What happens to cards and cardholders on the way: deactivated, lost, a name withdrawn."""
        at = self.end - self.random.randrange(1, 8) * DAY
        chance = self.random.random()
        if len(self.cards) > 2 and chance < 0.25:
            lost = {"status": "canceled", "cancellation_reason": self.random.choice(("lost", "stolen"))}
            self.add(max(at, self.cards[-1].since), "update_card", lost, of=self.cards[-1].name)
        elif len(self.cards) > 2 and chance < 0.4:
            self.add(max(at, self.cards[-1].since), "update_card", {"status": "inactive"}, of=self.cards[-1].name)
        elif len(holders) > 1 and chance < 0.55:
            self.add(max(at, self.begin + 3 * HOUR), "update_cardholder", {"status": "inactive"}, of=holders[-1])
        elif len(holders) > 1 and chance < 0.7:
            self.add(max(at, self.begin + 3 * HOUR), "review", {"do": "review"}, of=holders[-1])

    def authorizations(self, many: float) -> None:
        """Authorizations of the whole time, `many` a working day, by weekday and hour; funded week by week."""
        spent: dict[int, int] = {}
        day = self.begin - self.begin % DAY
        while day <= self.end:
            number = many * WEEK[datetime.fromtimestamp(day, UTC).weekday()] * self.random.uniform(0.75, 1.25)
            for _ in range(int(number) + (self.random.random() < number % 1)):
                at = day + self.random.choice(HOURS) * HOUR + self.random.randrange(HOUR)
                week = max(0, (at - self.begin) // (7 * DAY))
                spent[week] = spent.get(week, 0) + self._authorization(at)
            day += DAY
        self._fund(spent)

    def _authorization(self, at: int) -> int:
        """One authorization and what the merchant does with it; what it may cost, in cents."""
        ready = [card for card in self.cards if card.since < at <= self.end]
        if not ready:
            return 0
        card = self.random.choices(ready, [each.weight for each in ready])[0]
        shop = DRINKS if self.random.random() < 0.03 else self.random.choice(SHOPS[self.trade])
        amount, name = self._amount(shop), f"purchase-{len(self.steps)}"
        city, state, code = self.random.choice(CITIES)
        place = {"city": city, "state": state, "postal_code": code, "country": "US"}
        merchant = {"name": self.random.choice(shop.names), "category": shop.category, **place}
        checks = {"verification_data": {"cvc_check": "mismatch"}} if self.random.random() < 0.008 else {}
        given = {"amount": amount, "merchant_data": merchant, "authorization_method": card.method, **checks}
        self.add(at, "authorize", given, name=name, of=card.name)
        self._follow(at, name, amount, shop)
        return amount

    def _amount(self, shop: Shop) -> int:
        """Between least and most, small ones oftener; whole dollars oftener than chance would."""
        amount = shop.least + int((shop.most - shop.least) * self.random.betavariate(1.3, 3.2))
        return amount // 100 * 100 if self.random.random() < 0.2 else amount

    def _follow(self, at: int, name: str, amount: int, shop: Shop) -> None:
        """Captured whole, with a tip, in part or in two parts; given back before or after; or left to run out."""
        later = at + self.random.choice((600, 5 * HOUR, DAY, DAY, 2 * DAY)) + self.random.randrange(HOUR)
        chance, half = self.random.random(), amount * self.random.randrange(30, 80) // 100
        if chance < 0.04:
            self.add(later, "reverse", of=name)
        elif chance < 0.08:
            self.add(later, "capture", {"capture_amount": half}, of=name)
        elif chance < 0.11:
            self.add(later, "capture", {"capture_amount": half, "close_authorization": False}, of=name)
            self.add(later + DAY, "capture", {"capture_amount": amount - half}, of=name)
        elif chance < 0.13:
            self.add(later, "reverse", {"reverse_amount": half}, of=name)
            self.add(later + HOUR, "capture", of=name)
        elif chance < 0.15:
            self.add(later, "capture", {"capture_amount": amount}, of=name)
            part = {"refund_amount": half} if chance < 0.137 else {}
            self.add(later + self.random.randrange(4, 5 * 24) * HOUR, "refund", part, of=name)
        elif chance < 0.98:
            tip = amount * 118 // 100 if shop.category.startswith("eating") and chance > 0.8 else amount
            self.add(later, "capture", {"capture_amount": tip}, of=name)

    def _fund(self, spent: dict[int, int]) -> None:
        """A top-up on the first day of each week, a little more than the week will need."""
        last = max(spent, default=0)
        for week, needed in spent.items():
            amount = (int(needed * 1.25) // 500_00 + 1) * 500_00
            if self.slug in DRY + LOW:
                amount = needed // 100_00 * 100_00
            if self.slug in DRY and week == last:
                continue
            if self.slug in LOW and week == last:
                amount = max(needed * 3 // 4 // 100_00 * 100_00, 100_00)
            at = self.begin + 3 * HOUR // 2 + week * 7 * DAY
            self.add(at, "topup", {"amount": amount}, name=f"topup-{week}")


def plan(seed: int, accounts: int, end: int) -> list[Step]:
    """Every step of the world up to `end` (unix seconds), by time, account and the order they were planned in.

    It is planned for one fixed Friday evening and then moved, so that a seed gives the same world at any time.
    """
    return [replace(step, at=step.at + end - FRIDAY) for step in _planned(seed, accounts)]


def _sizes(weights: Random, holders: dict[str, int], all_: int) -> dict[str, int]:
    """How many cards each account has: one a cardholder and a few more, `all_` together."""
    sizes = {slug: many + weights.choice((0, 1, 1, 2, 3)) for slug, many in holders.items()}
    while sizes and (over := sum(sizes.values()) - all_):
        fewer = [slug for slug in sizes if sizes[slug] > holders[slug]]
        if over > 0 and not fewer:  # each cardholder keeps a card
            break
        sizes[weights.choice(fewer if over > 0 else list(sizes))] += 1 if over < 0 else -1
    return sizes


def _planned(seed: int, accounts: int) -> list[Step]:
    stories = [Story(place, seed, FRIDAY) for place in range(accounts)]
    issuers = [story for story in stories if story.slug not in NO_CARDS]
    weights = Random(f"{seed}.sizes")  # noqa: S311  (a story, no secret)
    for story in stories:
        story.account()
    holders = {story.slug: weights.choice((1, 2, 2, 2, 3, 4)) for story in issuers}
    sizes = _sizes(weights, holders, CARDS * accounts // len(BUSINESSES))
    for story in issuers:
        names = story.holders(holders[story.slug])
        story.issue(names, sizes[story.slug])
        story.endings(names)
    cards = sum(len(story.cards) for story in issuers)
    workdays = DAYS * sum(WEEK) / 7
    for story in issuers:
        story.authorizations(AUTHORIZATIONS * accounts / len(BUSINESSES) / workdays * len(story.cards) / max(cards, 1))
    return sorted(step for story in stories for step in story.steps if step.at <= FRIDAY)
