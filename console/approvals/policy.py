"""The policy: which acts need a second person, which move money, and what lowers risk and never waits. It is data."""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from console.operations.verbs import MODES, Verb
from console.shell import formats

Amounts = Mapping[str, int]  # currency → minor units


@dataclass(frozen=True)
class Rule:
    """What of one verb needs a second person, in one mode."""

    always: bool = False
    above: Amounts | None = None
    loosened: Amounts | None = None
    opened: bool = False
    rows: int | None = None

    def why(self, amount: int | None, currency: str, rows: int, *, loosens: bool, together: bool = False) -> str:
        """The sentence why another person is needed, or "". `together`: the amount is the sum of many rows."""
        if self.always:
            return "It always needs a second person."
        if self.rows is not None and rows > self.rows:
            return f"More than {self.rows} at once need a second person: these are {rows}."
        if loosens and amount is None:
            return "Lifting a limit, or opening a list, needs a second person." if self.opened else ""
        limits = self.loosened if loosens else self.above
        if limits is None or amount is None:
            return ""
        if currency.lower() not in limits:
            return f"An amount in {currency.upper() or 'an unknown currency'} always needs a second person."
        most = limits[currency.lower()]
        if amount <= most:
            return ""
        words, told = WORDS[loosens, together], formats.amount(most, currency)
        return words.format(told, formats.amount(amount, currency))


NOTHING = Rule()
WORDS = {  # (a limit is loosened, it is the sum of many rows)
    (False, False): "More than {0} needs a second person.",
    (True, False): "A limit raised to more than {0} needs a second person.",
    (False, True): "More than {0} together needs a second person: these rows are {1}.",
    (True, True): "Limits raised to more than {0} together need a second person: these rows are {1}.",
}


@dataclass(frozen=True)
class Policy:
    """One policy file, read. `version` is the beginning of its digest: another text is another policy."""

    version: str
    always_lowers: frozenset[str] = frozenset()
    one_lowers: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    money: frozenset[str] = frozenset()
    rules: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)

    def problems(self, verbs: Iterable[str]) -> Iterator[str]:
        """What is wrong with it, given the names of every verb there is."""
        names = set(verbs)
        yield from (f"The policy does not name the verb {name}." for name in sorted(names - set(self.rules)))
        named = {*self.rules, *self.always_lowers, *self.one_lowers}
        yield from (f"The policy names {name}, which is no verb." for name in sorted(named - names))
        for name in sorted(self.always_lowers):
            if self.rules.get(name):
                yield f"{name} lowers risk and never waits, and yet has rules."


def read(path: str | Path) -> Policy:
    """The policy of a file. Raises OSError, ValueError for what is not TOML of this shape."""
    text = Path(path).read_bytes()
    data = tomllib.loads(text.decode("utf-8"))
    lowers, verbs = data.pop("lowers_risk", {}), data.pop("verbs", {})
    try:
        rules = {name: _modes(name, entry) for name, entry in verbs.items()}
        policy = Policy(
            version=hashlib.sha256(text).hexdigest()[:16],
            always_lowers=frozenset(lowers.pop("always", ())),
            one_lowers=lowers.pop("one", {}),
            money=frozenset(name for name, entry in verbs.items() if entry.get("moves_money")),
            rules=rules,
        )
    except (AttributeError, TypeError) as problem:
        raise ValueError(f"{path}: {problem}") from None
    if unknown := [*data, *lowers]:
        raise ValueError(f"{path}: there is no {unknown[0]} in a policy.")
    return policy


def _modes(name: str, entry: dict[str, Any]) -> dict[str, Rule]:
    if unknown := set(entry) - MODES - {"moves_money"}:
        raise ValueError(f"{name}: there is no {min(unknown)}.")
    rules = {mode: Rule(**entry[mode]) for mode in sorted(MODES) if mode in entry}
    for mode, rule in rules.items():
        numbers = [rule.rows, *(rule.above or {}).values(), *(rule.loosened or {}).values()]
        if any(type(each) is not int or each < 0 for each in numbers if each is not None):
            raise ValueError(f"{name}.{mode}: amounts and rows are whole numbers from 0.")
    return rules


_read_once = cache(read)


def current() -> Policy:
    """The policy of this console, read once a process. Raises as `read` does."""
    return _read_once(str(settings.APPROVAL_POLICY))


def lowers_risk(verb: Verb, params: Mapping[str, Any] | None = None) -> bool:
    """Whether doing it lowers risk, so that it never waits and no brake stops it.

    `params` are the verb's values for one row; without them, only what always lowers risk does.
    """
    policy = current()
    wanted = policy.one_lowers.get(verb.name)
    given = params or {}
    by_values = bool(wanted) and all(given.get(name) in values for name, values in (wanted or {}).items())
    return verb.name in policy.always_lowers or by_values


def moves_money(verb: Verb) -> bool:
    """Whether money moves by it."""
    return verb.name in current().money


def has_rules(verb: Verb, mode: str) -> bool:
    """Whether anything of it can need a second person in this mode."""
    return current().rules.get(verb.name, {}).get(mode, NOTHING) != NOTHING


def needs_second(
    verb: Verb,
    *,
    mode: str,
    amount: int | None = None,
    currency: str = "",
    rows: int = 1,
    loosens: bool = False,
    together: bool = False,
) -> str:
    """The sentence why it needs a second person, or "".

    `amount` is in minor units of `currency`, the sum of many rows where it is `together`. `loosens`: a limit is raised
    to `amount`, or lifted where that is None.
    """
    rule = current().rules.get(verb.name, {}).get(mode, NOTHING)
    return rule.why(amount, currency, rows, loosens=loosens, together=together)
