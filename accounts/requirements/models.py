"""What Stripe asks of an account, in words: what, why, by when, whose move. Pure functions over Stripe's data.

Stripe lists keys (`person_1.dob.day`); staff read rows ("Marta Ilves: date of birth"). Keys of one person or one part
of the business that share their state make one row; a key with an error keeps its own, because it has a cause.
Unknown keys are shown as they came.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from accounts.requirements import words
from console.shell.moves import HOLDER, STAFF, STRIPE
from gateway.shapes import hash_at, hashes_at, integer_at, list_at, text_at, texts_at, value_at

Data = dict[str, Any]

PAST_DUE, CURRENTLY_DUE, FAULTY, PENDING, EVENTUALLY_DUE, FUTURE = (
    "past_due",
    "currently_due",
    "faulty",  # Stripe found a fault and asks for nothing (yet)
    "pending_verification",
    "eventually_due",
    "future",
)
STATES = {
    PAST_DUE: "Past due",
    CURRENTLY_DUE: "Currently due",
    FAULTY: "Fault found",
    PENDING: "Being verified",
    FUTURE: "Future requirement",
    EVENTUALLY_DUE: "Due later",
}
INTERVENTION = re.compile(r"interv_[^.]+\.(?P<what>.+)\.(?P<path>[^.]+)")
PARTS = {"business_profile": "Business profile", "company": "The company", "individual": "The individual"}


@dataclass(frozen=True)
class Rule:
    """The one rule of what counts for attention: for the home page, lists and badges alike.

    Left out is what may be ignored, what waits for Stripe, what is due later, and a new account that nobody began.
    """

    ignored: frozenset[str] = frozenset()

    def ignores(self, key: str) -> bool:
        """Whether the platform has decided that this key may stay open."""
        return any(key == name or key.startswith(f"{name}.") for name in self.ignored)

    def counts(self, row: "Row") -> bool:
        """Whether somebody has to do something about this row."""
        return row.state in (PAST_DUE, CURRENTLY_DUE) and row.move != STRIPE and not row.ignorable

    def open_keys(self, account: Data) -> list[str]:
        """The account's keys that count, in Stripe's order; none where nobody began, or where it is rejected."""
        requirements = hash_at(account, "requirements")
        rejected = text_at(requirements, "disabled_reason").startswith("rejected.")
        if rejected or not began(account):
            return []
        pending = set(texts_at(requirements, "pending_verification"))
        return [key for key in keys_due(account) if key not in pending and not self.ignores(key)]


def keys_due(account: Data | None) -> list[str]:
    """The account's keys that are due now, past due or not, in Stripe's order."""
    past_due, due = (texts_at(account, f"requirements.{name}") for name in (PAST_DUE, CURRENTLY_DUE))
    return list(dict.fromkeys([*past_due, *due]))


@dataclass
class Row:
    """One thing that Stripe asks for. `deadline` is unix seconds; None where Stripe gives none."""

    subject: str  # whose: "Marta Ilves", "The company", "" for the account itself
    state: str
    move: str  # holder, staff or stripe
    topics: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    capabilities: list[str] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)  # what Stripe found wrong; else a hint, where there is one
    codes: tuple[str, ...] = ()  # Stripe's, of what it found wrong
    deadline: int | None = None
    rule: str = "required_information"
    ignorable: bool = False
    sentence: str = ""  # for keys that are a sentence of their own
    instead: list[str] = field(default_factory=list)  # keys that Stripe takes in their place

    @property
    def title(self) -> str:
        """What is asked, as one line."""
        if self.sentence:
            return self.sentence
        asked = listed(self.topics)
        if not self.subject:
            return asked[:1].upper() + asked[1:]
        return f"{self.subject}: {asked}"

    @property
    def cause(self) -> str:
        """All causes in one line."""
        return " ".join(self.causes)

    @property
    def state_word(self) -> str:
        """The state as Stripe's Dashboard calls it."""
        return STATES[self.state]

    @property
    def is_terms(self) -> bool:
        """Whether the holder has to accept terms."""
        return any("tos_acceptance" in key for key in self.keys)

    @property
    def done_in_form(self) -> bool:
        """Whether Stripe's hosted form asks the holder for it."""
        return self.move == HOLDER


@dataclass(frozen=True)
class Asked:
    """One key, understood."""

    key: str
    subject: str
    topic: str
    move: str
    rule: str
    sentence: str = ""
    hint: str = ""


def listed(topics: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return topics[0] if len(topics) == 1 else f"{', '.join(topics[:-1])} and {topics[-1]}"


def understand(key: str, persons: Mapping[str, str]) -> Asked:
    """A key in words; `persons` names those that are known by id. A fault may name no key."""
    if not key:
        return Asked(key, "", "", STAFF, "verification", sentence="Stripe found a fault and names no requirement")
    if found := INTERVENTION.fullmatch(key):
        move, hint = words.PATHS.get(found["path"], (STAFF, "Stripe's Dashboard says how it can be answered."))
        sentence = f"Stripe asks about: {found['what'].replace('_', ' ').replace('.', ', ')}"
        return Asked(key, "", "", move, "verification", sentence=sentence, hint=hint)
    rule = next((name for start, name in words.RULES.items() if key.startswith(start)), "required_information")
    for start, sentence in words.SENTENCES.items():
        if key == start or key.startswith(f"{start}."):
            return Asked(key, "", "", HOLDER, rule, sentence=sentence)
    subject, rest = _subject(key, persons)
    return Asked(key, subject, _topic(rest, key), HOLDER, rule)


def _subject(key: str, persons: Mapping[str, str]) -> tuple[str, str]:
    """Whose key it is, and the rest of the key."""
    head, _, rest = key.partition(".")
    if head == "person" and rest:
        head, _, rest = rest.partition(".")
    if not rest:
        return "", key
    if head.startswith("person_"):
        return persons.get(head) or f"Person {head}", rest
    if head in words.ROLES:
        return words.ROLES[head], rest
    return PARTS.get(head, ""), rest if head in PARTS else key


def _topic(rest: str, key: str) -> str:
    """The words for the longest beginning of `rest` that has some; else the key itself."""
    rest = rest.removeprefix("relationship.")
    if key.startswith("company.verification."):
        return words.COMPANY_DOCUMENT
    if rest.startswith("documents.") or key.startswith("documents."):
        kind = rest.removeprefix("documents.").partition(".")[0]
        return f"document: {kind.replace('_', ' ')}"
    parts = rest.split(".")
    for length in range(len(parts), 0, -1):
        topic = words.TOPICS.get(".".join(parts[:length]))
        if topic:
            return topic
    return key


def rows(
    account: Data,
    capabilities: Iterable[Data] = (),
    persons: Mapping[str, str] | None = None,
    *,
    rule: Rule | None = None,
    passed: Mapping[str, int] | None = None,
) -> list[Row]:
    """Everything that the account's requirements ask, most urgent first.

    `capabilities` are its Capability objects, `persons` names by id, `passed` the deadline (unix seconds) by which a
    key that is past due now had been due, where our history knows it.
    """
    found: dict[tuple[Any, ...], Row] = {}
    context = _Context(account, list(capabilities), persons or {}, rule or Rule(), passed or {})
    for state, key in _keys(account, context.capabilities):
        context.add(found, state, key)
    return sorted(found.values(), key=_urgency)


def with_causes(found: list[Row], in_words: Callable[[str], str]) -> list[Row]:
    """The same rows, with `in_words` applied to their causes: Stripe's reasons may quote personal data."""
    for row in found:
        row.causes = [in_words(cause) for cause in row.causes]
    return found


def _urgency(row: Row) -> tuple[bool, int, int, bool]:
    """What may be ignored comes last; else by state, by deadline, and what has a cause first."""
    return row.ignorable, list(STATES).index(row.state), row.deadline or 1 << 40, not row.codes


def _keys(account: Data, capabilities: list[Data]) -> Iterable[tuple[str, str]]:
    """Each key once, in the most urgent state it has anywhere."""
    hashes = [hash_at(holder, "requirements") for holder in (account, *capabilities)]
    future = [hash_at(holder, "future_requirements") for holder in (account, *capabilities)]
    seen: set[str] = set()
    for state, name, places in (
        (PENDING, "pending_verification", hashes),
        (PAST_DUE, "past_due", hashes),
        (CURRENTLY_DUE, "currently_due", hashes),
        (FUTURE, "currently_due", future),
        (EVENTUALLY_DUE, "eventually_due", hashes),
        (EVENTUALLY_DUE, "eventually_due", future),
    ):
        keys = dict.fromkeys(key for place in places for key in texts_at(place, name))
        yield from ((state, key) for key in keys if key not in seen)
        seen.update(keys)
    errors = [error for place in hashes for error in hashes_at(place, "errors") if cause(error)]
    faulty = dict.fromkeys(text_at(error, "requirement") for error in errors)
    yield from ((FAULTY, key) for key in faulty if key not in seen)


@dataclass(frozen=True)
class _Context:
    account: Data
    capabilities: list[Data]
    persons: Mapping[str, str]
    rule: Rule
    passed: Mapping[str, int]

    def add(self, found: dict[tuple[Any, ...], Row], state: str, key: str) -> None:
        """Put one key into its row, which begins with it or is there."""
        asked, errors = understand(key, self.persons), self._errors(key)
        move = STRIPE if state == PENDING else asked.move
        deadline, ignorable = self._deadline(state, key), self.rule.ignores(key)
        codes = tuple(text_at(error, "code") for error in errors)
        own = (asked.sentence, asked.topic if errors else "", codes)
        row = found.setdefault(
            (asked.subject, state, move, deadline, ignorable, own),
            Row(asked.subject, state, move, sentence=asked.sentence, rule=asked.rule, ignorable=ignorable),
        )
        row.deadline, row.codes = deadline, codes
        row.causes = list(dict.fromkeys([*row.causes, *map(cause, errors)])) or ([asked.hint] if asked.hint else [])
        row.rule = "verification" if errors else row.rule
        row.keys.append(key)
        row.topics += [topic for topic in (asked.topic,) if topic and topic not in row.topics]
        row.capabilities = sorted({*row.capabilities, *(text_at(each, "id") for each in self._holders(state, key))})
        row.instead = sorted({*row.instead, *self._instead(key)})

    def _errors(self, key: str) -> list[Data]:
        """The errors of this key in the account and its capabilities, each once."""
        holders = (self.account, *self.capabilities)
        named = [error for each in holders for error in hashes_at(each, "requirements.errors")]
        own = [error for error in named if text_at(error, "requirement") == key]
        return list({(text_at(error, "code"), text_at(error, "reason")): error for error in own}.values())

    def _holders(self, state: str, key: str) -> list[Data]:
        """The capabilities that ask for the key in this state."""
        places = {FUTURE: ("future_requirements",), EVENTUALLY_DUE: ("requirements", "future_requirements")}
        name = CURRENTLY_DUE if state == FUTURE else state
        if state == FAULTY:
            found = ((each, hashes_at(each, "requirements.errors")) for each in self.capabilities)
            return [each for each, errors in found if key in (text_at(error, "requirement") for error in errors)]
        return [
            each
            for each in self.capabilities
            if any(key in list_at(each, f"{place}.{name}") for place in places.get(state, ("requirements",)))
        ]

    def _deadline(self, state: str, key: str) -> int | None:
        """The capability's own deadline; the account's for what no capability names, such as risk requirements."""
        if state == PAST_DUE:
            return self.passed.get(key)
        if state not in (CURRENTLY_DUE, FUTURE):
            return None
        place = "future_requirements" if state == FUTURE else "requirements"
        holders = self._holders(state, key) or [self.account]
        deadlines = [integer_at(each, f"{place}.current_deadline") for each in holders]
        return min((at for at in deadlines if at), default=None)

    def _instead(self, key: str) -> list[str]:
        pairs = hashes_at(self.account, "requirements.alternatives")
        return [
            other
            for pair in pairs
            if pair.get("original_fields_due") == [key]
            for other in texts_at(pair, "alternative_fields_due")
        ]


def cause(error: Data) -> str:
    """Why it is asked (again): our words for the code, else Stripe's own reason, else the code as it came."""
    code, reason = text_at(error, "code"), text_at(error, "reason")
    return words.ERRORS.get(code) or reason or code


def began(account: Data) -> bool:
    """Whether onboarding has begun: before that everything is due, and nothing is wrong."""
    requirements = hash_at(account, "requirements")
    signed = value_at(account, "tos_acceptance.date") or issuing_terms(account).get("date")
    touched = (
        requirements.get("errors") or requirements.get("pending_verification") or requirements.get("current_deadline")
    )
    return bool(value_at(account, "details_submitted") or signed or touched)


def issuing_terms(account: Data) -> Data:
    """The acceptance of the Issuing terms: `date` (unix seconds or null) and `ip`; empty where Stripe sends none."""
    return hash_at(account, "settings.card_issuing.tos_acceptance")
