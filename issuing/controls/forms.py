"""Spending controls of a card as staff fill them in: limits, categories, countries. Amounts are typed in major units.

A limit's value is {"amount": "200.00", "interval": "monthly", "categories": []}; a list's is a list of Stripe's words.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from console.operations.fields import IDLE, AmountField, minor
from console.operations.updating import UpdateForm, alike
from console.shell import formats
from gateway.shapes import hash_at, hashes_at, integer_at, text_at, texts_at
from issuing.cardholders.forms import check_decimals
from issuing.cards.models import Card
from issuing.controls import words as controls_words
from issuing.controls.words import CATEGORIES

Data = dict[str, Any]


def controls_body(values: Data, currency: str) -> Data:
    """The body of a change of spending controls: only what is in `values`; "" for an empty one, which lifts it."""
    controls: Data = {name: value or "" for name, value in values.items()}
    if values.get("spending_limits"):
        controls["spending_limits"] = limits(values["spending_limits"], currency)
    return {"spending_controls": controls} if controls else {}


def limits(values: list[Data], currency: str) -> list[Data]:
    """Spending limits as Stripe takes them, amounts in minor units."""
    return [
        {
            "amount": minor(each["amount"], currency),
            "interval": each["interval"],
            **({"categories": each["categories"]} if each.get("categories") else {}),
        }
        for each in values
    ]


SPARE = 2  # empty rows below the limits that are set
FEWEST, MOST = 3, 50  # rows of limits
LONGEST = 10_000  # characters of a list; all categories of Stripe's are fewer
LIMITS = "spending_limits"
PAIRS = (
    ("allowed_categories", "blocked_categories"),
    ("allowed_merchant_countries", "blocked_merchant_countries"),
)
NAMES = (LIMITS, *(name for pair in PAIRS for name in pair))
COUNTRY = re.compile(r"[A-Z]{2}")
LABELS = {
    LIMITS: "Limits",
    "allowed_categories": "Only these categories",
    "blocked_categories": "Never these categories",
    "allowed_merchant_countries": "Only merchants in",
    "blocked_merchant_countries": "Never merchants in",
}
EMPTIED = "Nothing is lifted by an empty entry. To lift this control, choose it under “Lift” (in a command: --lift)."
UNDOCUMENTED = (
    "By an empty value. Stripe does not document it for all of these; public reports say that it takes it, unverified. "
    "The card in Stripe’s answer is read, and the operation says what it still holds."
)
DEFAULTS = (
    f"Stripe’s own silent limits: {formats.amount(controls_words.DEFAULT_DAILY, 'usd')} a day where a new card has no "
    f"limit; always at most {formats.amount(controls_words.MOST_PER_AUTHORIZATION, 'usd')} per authorization."
)


def category(text: str) -> str:
    """A category as Stripe spells it: "Book stores" → "book_stores"."""
    return re.sub(r"[\s-]+", "_", text.strip().lower())


def listed(value: Any, spelled: Any, parts: str = r"[,;\n]") -> list[str]:
    """What was typed, each once; a list stays one."""
    found = value if isinstance(value, list) else re.split(parts, str(value or ""))
    return list(dict.fromkeys(word for word in (spelled(str(each)) for each in found) if word))


class LimitsWidget(forms.Widget):
    """A row a limit, with empty ones for more. Without JavaScript."""

    def render(self, name: str, value: Any, attrs: Data | None = None, renderer: Any = None) -> SafeString:
        """Rows of three entries, each labelled for itself."""
        found = value if isinstance(value, list) else []
        drawn = [*found, *({} for _ in range(max(SPARE, FEWEST - len(found))))]
        lines = ((self._row(name, place, row, attrs or {}, renderer),) for place, row in enumerate(drawn[:MOST]))
        return format_html('<div class="limits">{}</div>', format_html_join("", "{}", lines))

    def _row(self, name: str, place: int, row: Data, attrs: Data, renderer: Any) -> SafeString:
        interval = str(row.get("interval") or "monthly")
        choices = dict(controls_words.INTERVALS) | (
            {} if interval in controls_words.INTERVALS else {interval: interval}
        )
        entries = (
            ("amount", forms.TextInput({"inputmode": "decimal", "placeholder": "No limit"}), row.get("amount")),
            ("interval", forms.Select(choices=list(choices.items())), interval),
            ("categories", forms.TextInput({"placeholder": "All categories"}), _joined(row.get("categories"))),
        )
        drawn = []
        for part, widget, value in entries:
            own = {**attrs, "id": f"id_{name}_{place}_{part}", "aria-label": f"Limit {place + 1}: {part}"}
            drawn.append(widget.render(f"{name}_{place}_{part}", value, own, renderer))
        return format_html('<div class="limit">{}{}{}</div>', *drawn)

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """The rows as typed; a whole list where a command gives one."""
        if name in data:
            return data[name]
        found = []
        for place in range(MOST):
            names = {part: f"{name}_{place}_{part}" for part in ("amount", "interval", "categories")}
            row = {part: str(data.get(full) or "").strip() for part, full in names.items()}
            if row["amount"] or row["categories"]:
                found.append(row)
        return found

    def id_for_label(self, id_: str) -> str:
        """The first amount."""
        return f"{id_}_0_amount" if id_ else ""


def _joined(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "")


BEFORE_UNIT = re.compile(r"(?<=[0-9])\s+(?=(?:[A-Z]{3}|[€£$])\s)")


def typed_limit(text: str) -> dict[str, str]:
    """A limit on one line: "200 monthly", "2,000 USD monthly", "200 monthly book_stores". Raises ValidationError."""
    parts = BEFORE_UNIT.sub("", text).split(maxsplit=2)
    if len(parts) < 2:
        raise ValidationError("Give an amount and an interval, such as “200 monthly”.")
    return dict(zip(("amount", "interval", "categories"), parts, strict=False))


class LimitsField(forms.Field):
    """Several limits, all that the card is to have."""

    widget = LimitsWidget
    currency: Callable[[], str] = str  # of the amounts; the form sets it

    def clean(self, value: Any) -> list[Data]:
        """Each row whole. Raises ValidationError that names the row."""
        if value in (None, ""):
            return []
        if isinstance(value, str):
            value = [typed_limit(each) for each in re.split(r"[;|\n]", value) if each.strip()]
        if not isinstance(value, list):
            raise ValidationError("Give the limits row by row.")
        return [self._limit(row, place) for place, row in enumerate(value, 1)]

    def _limit(self, row: Data, place: int) -> Data:
        amount = AmountField(least="0", currency=self.currency)
        interval = forms.CharField(max_length=32)
        try:
            return {
                "amount": f"{amount.clean(row.get('amount')):.2f}",
                "interval": interval.clean(row.get("interval")),
                "categories": listed(row.get("categories"), category),
            }
        except ValidationError as problem:
            raise ValidationError(f"Limit {place}: {' '.join(problem.messages)}") from None


class WordsField(forms.CharField):
    """Several of Stripe's words, with commas between them."""

    def __init__(self, *, countries: bool = False, **options: Any) -> None:
        self.countries = countries
        shape = forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})
        super().__init__(required=False, max_length=LONGEST, widget=shape, **options)

    def prepare_value(self, value: Any) -> str:
        """As one line."""
        return _joined(value)

    def clean(self, value: Any) -> list[str]:
        """Each once, as Stripe spells it."""
        typed = super().clean(_joined(value))
        if not self.countries:
            return listed(typed, category)
        found = listed(typed, lambda word: word.strip().upper(), r"[,;\s]")
        wrong = [each for each in found if not COUNTRY.fullmatch(each)]
        if wrong:
            raise ValidationError(f"A country is two letters, such as US: not {', '.join(wrong)[:200]}.")
        return found


class UpdateCardForm(UpdateForm):
    """What a card may spend. It begins with the card's controls; unchanged ones are not sent, and [] lifts a control.

    Only `lift` lifts: an empty entry may be one that was never filled in, or that somebody else has set meanwhile.
    """

    takes_off = "lift"
    spending_limits = LimitsField(
        required=False,
        help_text="Amount in the card’s currency, how long it holds, and the only categories that it counts, if any. "
        f"The strictest wins. Days, weeks and months begin at midnight UTC. {DEFAULTS}",
    )
    allowed_categories = WordsField(
        label="Only these merchant categories",
        help_text="Stripe’s words with commas between, such as book_stores. Either these or blocked ones.",
    )
    blocked_categories = WordsField(label="Never these merchant categories")
    allowed_merchant_countries = WordsField(
        label="Only merchants in",
        countries=True,
        help_text="Countries of two letters, such as US, CA. Either these or blocked ones.",
    )
    blocked_merchant_countries = WordsField(label="Never merchants in", countries=True)
    lift = forms.MultipleChoiceField(
        label="Lift these controls altogether",
        choices=list(LABELS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=f"{UNDOCUMENTED} To turn blocked ones into allowed ones, lift the blocked and fill in the allowed.",
    )

    def __init__(self, *its: Any, **options: Any) -> None:
        super().__init__(*its, **options)
        self.card = self.where.row or Card()
        found = [(name, LABELS[name]) for name, value in current(self.card).items() if value]
        self.fields["lift"].widget = (
            forms.CheckboxSelectMultiple(choices=found) if found else forms.MultipleHiddenInput()
        )

    def current(self) -> Data:
        """What is set on the card."""
        return current(self.card)

    def currency(self) -> str:
        """The card's."""
        return self.card.currency

    def question(self) -> str:
        """Whether what is lifted is meant; a limit of 0 that the card does not have yet is not the absence of one."""
        own = [each for each in current(self.card)[LIMITS] if not Decimal(each["amount"])]
        new = [each for each in self.cleaned_data.get(LIMITS, []) if not Decimal(each["amount"])]
        zero = controls_words.nothing_at_all(new[0]) if len(new) > len(own) else ""
        return " ".join(filter(None, (zero, self._lifting())))

    def _lifting(self) -> str:
        names = lifted(self.cleaned_data)
        if not names:
            return ""
        sentence = f"This lifts: {', '.join(LABELS[name] for name in names)}. {UNDOCUMENTED}"
        if LIMITS not in names:
            return sentence
        default = controls_words.silent_limits({}, self.card.currency)[0][1]
        return f"{sentence} Without a limit Stripe’s own may apply, which the card does not show: {default}."

    def clean_spending_limits(self) -> list[Data]:
        """With intervals and categories that Stripe has, or that the card has already."""
        found: list[Data] = self.cleaned_data[LIMITS]
        for each in found:
            check_decimals(each["amount"], self.card.currency)
        own = current(self.card)[LIMITS]
        unknown = {each["interval"] for each in found} - {
            *controls_words.INTERVALS,
            *(each["interval"] for each in own),
        }
        if unknown:
            raise ValidationError(f"No such interval: {', '.join(sorted(unknown))}.")
        _check_categories((name for each in found for name in each["categories"]), self.card)
        return found

    def clean_allowed_categories(self) -> list[str]:
        """Of Stripe's."""
        return _check_categories(self.cleaned_data["allowed_categories"], self.card)

    def clean_blocked_categories(self) -> list[str]:
        """Of Stripe's."""
        return _check_categories(self.cleaned_data["blocked_categories"], self.card)

    def clean(self) -> Data:
        """Leave only what changes; allowed and blocked ones exclude each other."""
        cleaned = super().clean() or {}
        self.settle(cleaned)
        lifting = self._lifted(cleaned)
        for allowed, blocked in PAIRS:
            if cleaned.get(allowed) and cleaned.get(blocked):
                self.add_error(blocked, "Either allowed or blocked ones, not both: Stripe takes one of the two.")
        changed = self.as_before({**changes(self.card, cleaned), **lifting})
        for name, value in changed.items():
            if not value and name not in lifting and not self.errors.get(name):
                self.add_error(name, EMPTIED)
        if not changed and not self.errors and not self.sent_before():
            raise ValidationError("Nothing would change.", code=IDLE)
        return {name: value for name, value in cleaned.items() if name not in (*NAMES, "lift")} | changed

    def _lifted(self, cleaned: Data) -> dict[str, list[Any]]:
        """What is to be lifted, each as []. An error where its entry was changed too, or where the card has none."""
        names, now = cleaned.get("lift") or [], current(self.card)
        other = changes(self.card, cleaned)
        for name in () if self.sent_before() else names:
            if not now[name]:
                self.add_error("lift", f"{LABELS[name]}: the card has none, so there is nothing to lift.")
            elif other.get(name):
                self.add_error(name, "Either lift it or change it, not both.")
        cleaned.update({name: [] for name in names})
        return {name: [] for name in names}


def _check_categories(names: Iterable[str], card: Card) -> list[str]:
    found, own = list(names), current(card)
    limited = (name for each in own[LIMITS] for name in each["categories"])
    known = CATEGORIES.union(own["allowed_categories"], own["blocked_categories"], limited)
    for name in found:
        if name not in known:
            near = get_close_matches(name[:100], CATEGORIES, 1)
            raise ValidationError(f"Stripe has no category {name[:100]}.{f' Is it {near[0]}?' if near else ''}")
    return found


def current(card: Card) -> Data:
    """What is set on a card, by the names of the form's fields."""
    data = hash_at(card.data, "spending_controls")
    limits = [
        {
            "amount": formats.money(each["amount"], card.currency).replace(",", ""),
            "interval": text_at(each, "interval"),
            "categories": texts_at(each, "categories"),
        }
        for each in hashes_at(data, LIMITS)
        if integer_at(each, "amount") is not None
    ]
    return {LIMITS: limits} | {name: texts_at(data, name) for pair in PAIRS for name in pair}


def changes(card: Card, values: Data) -> Data:
    """Those values that differ from the card's, whatever their order; [] for what is empty now."""
    now = current(card)
    given = {name: values[name] for name in NAMES if values.get(name) is not None}  # None: was not understood
    return {name: value for name, value in given.items() if alike(value) != alike(now[name])}


def lifted(values: Data) -> list[str]:
    """Names of the controls that these values lift."""
    return [name for name in NAMES if values.get(name) == []]


def changes_in_words(card: Card, values: Data) -> tuple[tuple[str, str, str], ...]:
    """What changes as (name, before, after), in words."""
    now = current(card)
    return tuple(
        (LABELS[name], _in_words(name, now[name], card.currency), _in_words(name, value, card.currency))
        for name, value in changes(card, values).items()
    )


def _in_words(name: str, value: list[Any], currency: str) -> str:
    if not value:
        return "none"
    if name == LIMITS:
        return "; ".join(controls_words.limit(each, currency) for each in limits(value, currency))
    return controls_words.categories(value) if name.endswith("categories") else ", ".join(value)


def silent(card: Card, values: Data) -> tuple[tuple[str, str], ...]:
    """Stripe's own limits that hold for the card afterwards though its object does not show them."""
    after = {**current(card), **changes(card, values)}
    return tuple(controls_words.silent_limits(after, card.currency))


def uncertain(card: Card, values: Data) -> tuple[tuple[str, str], ...]:
    """How surely Stripe lifts what is lifted; empty where nothing is."""
    return (("Lifted", UNDOCUMENTED),) if lifted(changes(card, values)) else ()
