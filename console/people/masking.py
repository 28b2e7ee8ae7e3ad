"""Personal data, masked for staff without `accounts.view_pii`. Numbers that prove identity are masked for everybody.

Only here is decided whether a value is masked: by its key, in any hash; in a text by what looks like an e-mail address,
a telephone number or an IP address, and by the personal values that the text may quote. The names by which accounts,
persons and cardholders are listed are shown to everybody: there is no list without them.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.operations.models import Operation
    from console.operations.verbs import Verb

MASK = "•••"
NUMBERS = frozenset({"account_number", "id_number", "ssn_last_4", "tax_id"})
# Words that make a key personal wherever they stand in it: support_email, terms_ip, registered_address, and what was
# typed at a pump's prompt.
WORDS = frozenset({"address", "birth", "dob", "email", "fax", "ip", "phone", "prompt", "ssn"})
KEYS = frozenset(
    {
        "account_holder_name",
        "additional_tos_acceptances",
        "by_whom",
        "evidence",
        "fingerprint",
        "first_name",
        "first_name_kana",
        "first_name_kanji",
        "full_name_aliases",
        "gender",
        "last4",
        "last_name",
        "last_name_kana",
        "last_name_kanji",
        "line1",
        "line2",
        "maiden_name",
        "metadata",
        "nationality",
        "passenger_name",
        "political_exposure",
        "postal_code",
        "product_description",
        "routing_number",
        "shipping",
        "statement_descriptor",
        "statement_descriptor_kana",
        "statement_descriptor_kanji",
        "statement_descriptor_prefix",
        "support_url",
        "terms_user_agent",
        "url",
        "us_cfpb_data",
        "user_agent",
    }
)
OUR_MARKS = frozenset({"console_operation", "console_update"})  # metadata that this console writes: ids of operations

SUSPECT = re.compile(r"@|%40|\d[\d\s().\-/]{4}|\d\.\d|:[0-9a-fA-F]{0,4}:")  # nothing below can match without it
EMAIL = re.compile(r"""(?:"[^"\n]*"|[^\s@<>"'(),;:]+)(?:@|%40)[^\s@<>"'(),;:]+""")
PHONE = re.compile(
    r"(?<![\w.-])(?:"
    r"\+[\d\s().\-/]{5,20}\d"  # +1 (415) 555-0123
    r"|\(?0\d[\d\s().\-/]{6,18}\d"  # 020 7946 0958
    r"|\(?\d{3}\)?[\s.\-]*\d{3}[\s.\-]\d{4}"  # (415) 555-0123
    r"|\d{10,15})(?!\w)"
)
IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)")
IPV6 = re.compile(r"(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:])")
# What a form's entry may be without being personal: a word of Stripe's, a country, an amount, an id.
PLAIN = re.compile(r"[a-z]+(?:_[a-z0-9]+)*|[A-Z]{2}|[0-9]+(?:[.,][0-9]+)?|[a-z]{2,12}_[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Mask:
    """What one person sees of data and texts. `values` are personal ones, masked wherever a text quotes them."""

    may_see: bool
    values: frozenset[str] = frozenset()

    def data(self, data: Any) -> Any:
        """A copy of Stripe's data, or of our own JSON. Which fields are empty stays visible: that is no secret."""
        if isinstance(data, list | tuple):
            return [self.data(part) for part in data]
        if isinstance(data, dict):
            return {name: self._field(str(name), value) for name, value in data.items()}
        return self.text(data) if isinstance(data, str) else data

    def _field(self, name: str, value: Any) -> Any:
        if proves_identity(name):
            return blank(value)
        if self.may_see or not is_personal(name):
            return self.data(value)
        if name == "metadata" and isinstance(value, dict):
            return {self.text(key): part if key in OUR_MARKS else blank(part) for key, part in value.items()}
        return blank(value)

    def text(self, words: str) -> str:
        """A text without what it quotes: the values, and what looks like an address, a number or an IP address."""
        if self.may_see:
            return words
        words = without(words, self.values)
        if not SUSPECT.search(words):
            return words
        for shape in (EMAIL, IPV4):
            words = shape.sub(MASK, words)
        return PHONE.sub(MASK, IPV6.sub(_address, words))


def masked(data: Any, *, may_see: bool) -> Any:
    """A copy of data to show, or a text, as somebody with or without the permission sees it."""
    return Mask(may_see).data(data)


def email(value: str, *, may_see: bool) -> str:
    """An address for facts: `m•••@kestrel.example` without the permission."""
    if may_see or not value:
        return value
    name, at, domain = value.partition("@")
    return f"{name[:1]}{MASK}{at}{domain}" if at else MASK


def proves_identity(name: str) -> bool:
    """Whether nobody may see the value of this key; a dotted path is judged by each of its steps."""
    return not NUMBERS.isdisjoint(name.split("."))


def is_personal(name: str) -> bool:
    """Whether the value of this key is shown only to those who may see personal data."""
    return any(step in KEYS or not WORDS.isdisjoint(step.lower().split("_")) for step in name.split("."))


def blank(value: Any) -> Any:
    """A value of which only its shape stays: what is empty, true or false, and the names in a hash."""
    if isinstance(value, dict):
        return {name: blank(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [MASK] if value else []
    return value if value is None or value == "" or isinstance(value, bool) else MASK


def _address(match: re.Match[str]) -> str:
    try:
        ipaddress.ip_address(match[0])
    except ValueError:  # a time of day
        return match[0]
    return MASK


def without(words: str, values: Iterable[str]) -> str:
    """The words with each of these values masked, in whatever case and with whatever punctuation."""
    squashed = _squash(words)
    found = {own for own in map(_squash, values) if own and own in squashed}
    for own in sorted(found, key=len, reverse=True):
        spaced = r"[\W_]*".join(map(re.escape, own))
        words = re.sub(rf"(?<![^\W_]){spaced}(?![^\W_])", MASK, words, flags=re.IGNORECASE)
    return words


def _squash(words: str) -> str:
    """Letters and digits alone, small."""
    return "".join(filter(str.isalnum, words.lower()))


def leaves(data: Any) -> Iterator[str]:
    """Every text in data, however deep."""
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ()
    for part in parts:
        yield from leaves(part)
    if isinstance(data, str):
        yield data


def quoting(*data: Any, may_see: bool) -> Mask:
    """For texts that may quote these data: Stripe's reasons name the address or the number that it could not verify."""
    return Mask(may_see, frozenset() if may_see else frozenset(_quotable(data)))


def _quotable(data: Any) -> Iterator[str]:
    """Personal values that are too long to be in a text by chance, without names and metadata."""
    if isinstance(data, list | tuple):
        for part in data:
            yield from _quotable(part)
    elif isinstance(data, dict):
        for name, value in data.items():
            if name not in NEVER_QUOTED:
                own = leaves(value) if is_personal(name) else _quotable(value)
                yield from (each for each in own if len(_squash(each)) > SHORT)


SHORT = 3  # letters and digits of a country or a state: they are in many words
NEVER_QUOTED = frozenset({"first_name", "last_name", "metadata", "url"})


def of_operation(operation: "Operation", verb: "Verb | None", *, may_see: bool) -> Mask:
    """The mask of an operation's texts: nothing that was typed, in whatever spelling Stripe quotes it."""
    return Mask(may_see, frozenset() if may_see else frozenset(_typed(operation, verb)))


def _typed(operation: "Operation", verb: "Verb | None") -> Iterator[str]:
    """What staff typed that may be personal. The account's own name is not: the page shows it anyway."""
    for name, value in operation.params.items():
        hidden = hides(verb, name)
        yield from (
            each
            for each in leaves(value)
            if each != operation.account_name and (hidden or not PLAIN.fullmatch(each.strip()))
        )


def params(operation: "Operation", verb: "Verb | None", *, may_see: bool) -> list[tuple[str, Any]]:
    """What an operation sent, by name; of a verb that is no more everything is personal."""
    shown = Mask(may_see).data(operation.params)
    hidden = {name: blank(value) for name, value in shown.items() if not may_see and hides(verb, name)}
    return sorted({**shown, **hidden}.items())


def hides(verb: "Verb | None", name: str) -> bool:
    """Whether an entry of a verb's form is personal."""
    return verb is None or name in verb.personal or is_personal(name)
