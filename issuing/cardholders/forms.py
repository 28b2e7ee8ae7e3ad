"""What staff fill in to create and change cardholders."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from accounts.account.forms import COUNTRIES
from accounts.terms import forms as terms_forms
from accounts.terms.forms import SecondField
from console.operations.fields import IDLE, LineField, PlainDateField, VerbForm
from console.operations.updating import UpdateForm
from console.shell import formats
from gateway import clock
from gateway.shapes import text_at
from issuing.cardholders.models import Cardholder

Data = dict[str, Any]

NAME = re.compile(r"[^\W\d_]+([ .,'-]+[^\W\d_]+)*[.]?")
LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿĀ-ž .,'-]+")
LATIN_ONLY = "Stripe takes Latin letters, spaces and . , ' - only."
PHONE = RegexValidator(
    r"\A\+[1-9][0-9]{6,14}\Z", "Write it with its country code and without blanks, such as +14155550123."
)
NAME_LENGTH = 24  # characters that Stripe prints on a card
YOUNGEST = 13  # years
ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")
PARTS = {"line2": "Flat, floor", "state": "State or region"}  # of an address, which Stripe takes whole, that may lack
CHOSEN = "An empty entry takes nothing off. To take this off, choose it under “Take off” (in a command: --take-off)."
STAYS = "Stripe documents no way to take this off again. Give another one, or leave it as it is."
TERMS = ("terms_date", "terms_ip", "terms_user_agent")
PERSON = ("first_name", "last_name", "dob", *TERMS)


def check_decimals(amount: Decimal | str | None, currency: str) -> None:
    """Refuse what the currency has no coin for. Raises ValidationError."""
    places = formats.decimals(currency)
    if amount and Decimal(amount).normalize().as_tuple().exponent < -places:  # type: ignore[operator]
        raise ValidationError(f"{currency.upper()} has {places or 'no'} decimals.")


class CardholderFields(VerbForm):
    """What can be given and changed of a cardholder."""

    email = forms.EmailField(label="E-mail", required=False, max_length=254)
    phone_number = forms.CharField(
        label="Phone",
        required=False,
        validators=[PHONE],
        help_text="With country code. Needed for one-time codes, and for cards in Europe.",
    )
    first_name = LineField(
        required=False,
        max_length=100,
        help_text="Of an individual. Needed before a card can be activated.",
    )
    last_name = LineField(required=False, max_length=100, help_text="Needed before a card can be activated.")
    dob = PlainDateField(
        label="Date of birth",
        required=False,
        help_text="Only where Stripe asks for it. It is sent and never kept here.",
    )
    tax_id = LineField(
        label="Tax ID",
        required=False,
        max_length=64,
        help_text="Of a company, where Stripe asks for it. It is sent and never kept here.",
    )
    line1 = LineField(label="Street and number", max_length=200, help_text="Billing address: no post-office box.")
    line2 = LineField(label="Flat, floor", required=False, max_length=200)
    city = LineField(max_length=100)
    state = LineField(label="State or region", required=False, max_length=100)
    postal_code = LineField(label="Postal code", max_length=20)
    country = forms.ChoiceField(choices=list(COUNTRIES.items()))
    terms_date = SecondField(
        label="Authorized-user terms accepted at (UTC)",
        required=False,
        help_text="When the cardholder accepted them, by themselves. Needed in the United States.",
    )
    terms_ip = forms.GenericIPAddressField(
        label="Accepted from IP address",
        required=False,
        unpack_ipv4=True,
        help_text="The cardholder’s, never your own.",
    )
    terms_user_agent = LineField(
        label="Accepted with browser (user agent)", required=False, max_length=500, help_text="Where it is known."
    )

    def clean_first_name(self) -> str:
        """In the letters that Stripe takes."""
        return _checked(self.cleaned_data["first_name"], LATIN, LATIN_ONLY)

    def clean_last_name(self) -> str:
        """In the letters that Stripe takes."""
        return _checked(self.cleaned_data["last_name"], LATIN, LATIN_ONLY)

    def clean_dob(self) -> date | None:
        """Of a person who is old enough, by Stripe's clock."""
        born: date | None = self.cleaned_data["dob"]
        today = clock.now().date()
        if born and (today.year - born.year) - ((today.month, today.day) < (born.month, born.day)) < YOUNGEST:
            raise ValidationError(f"A cardholder is at least {YOUNGEST} years old.")
        return born

    def clean_terms_date(self) -> datetime | None:
        """Not in the future, by Stripe's clock."""
        at: datetime | None = self.cleaned_data["terms_date"]
        if at and at > clock.now():
            raise ValidationError("This is in the future.")
        return at

    def clean_terms_ip(self) -> str:
        """Public, and not the address of our staff."""
        ip: str = self.cleaned_data["terms_ip"]
        problem = terms_forms.address_objection(ip) if ip else ""
        if ip and not problem and terms_forms.is_staffs(ip, self.where.address):
            problem = "This is an address of our own staff. The cardholder accepts from theirs."
        if problem:
            raise ValidationError(problem)
        return ip

    def check_kind(self, cleaned: Data, kind: str) -> None:
        """What is given must belong to the kind of cardholder; an acceptance has both its date and its address."""
        company = kind == "company"
        for name in PERSON if company else ("tax_id",):
            if cleaned.get(name):
                self.add_error(name, "This is for an individual." if company else "This is for a company.")
        given = {name: bool(cleaned.get(name)) for name in TERMS}
        for name, label in (("terms_date", "date"), ("terms_ip", "IP address")):
            if any(given.values()) and not given[name] and name not in self.errors:
                self.add_error(name, f"An acceptance needs its {label}.")


def _checked(value: str, pattern: re.Pattern[str], problem: str) -> str:
    if value and not pattern.fullmatch(value):
        raise ValidationError(problem)
    return value


class CreateCardholderForm(CardholderFields):
    """A new cardholder of this account. Name and type cannot be changed afterwards."""

    type = forms.ChoiceField(
        choices=[("individual", "Individual"), ("company", "Company")],
        initial="individual",
        widget=forms.RadioSelect,
        help_text="Cannot be changed afterwards.",
    )
    name = LineField(
        label="Name on the card",
        max_length=NAME_LENGTH,
        help_text=f"At most {NAME_LENGTH} letters, no digits. Cannot be changed afterwards.",
    )
    field_order = ("type", "name")

    def clean_name(self) -> str:
        """As Stripe prints it."""
        problem = "Stripe takes letters, spaces and . , ' - only: no digits, no other signs."
        return _checked(self.cleaned_data["name"], NAME, problem)

    def clean(self) -> Data:
        """What is given must belong together."""
        cleaned = super().clean() or {}
        if cleaned.get("type"):
            self.check_kind(cleaned, cleaned["type"])
        return cleaned


class UpdateCardholderForm(UpdateForm, CardholderFields):
    """Changes to a cardholder: what is not given, or as it is, is not sent. Any part of the address sends it whole.

    Only `take_off` takes off: an empty entry may be one that somebody else has filled in meanwhile.
    """

    together, takes_off = ADDRESS, "take_off"
    take_off = forms.MultipleChoiceField(
        label="Take off",
        choices=list(PARTS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Stripe takes an address whole: it is sent without these.",
    )

    def __init__(self, *its: Any, **options: Any) -> None:
        super().__init__(*its, **options)
        for name in ADDRESS:
            self.fields[name].required = False
        self.cardholder = self.where.row or Cardholder()
        own = self.current()
        if own["country"] and own["country"] not in COUNTRIES:  # else a browser would choose another one for it
            self.fields["country"].choices = [(own["country"], own["country"]), *COUNTRIES.items()]  # type: ignore[attr-defined]
        found = [(name, label) for name, label in PARTS.items() if own[name]]
        self.fields["take_off"].widget = (
            forms.CheckboxSelectMultiple(choices=found) if found else forms.MultipleHiddenInput()
        )

    def current(self) -> Data:
        """What the cardholder has."""
        return current(self.cardholder)

    def clean(self) -> Data:
        """Leave only what changes."""
        cleaned = super().clean() or {}
        self.settle(cleaned)
        self._check_emptied(cleaned)
        changed = self.as_before(changes(self.cardholder, cleaned))
        self.check_kind(changed, self.cardholder.type)
        if not changed and not self.errors and not self.sent_before():
            raise ValidationError("Nothing would change.", code=IDLE)
        return {
            name: value for name, value in cleaned.items() if name not in UpdateCardholderForm.base_fields
        } | changed

    def _check_emptied(self, cleaned: Data) -> None:
        """What the cardholder has goes only where it is chosen, and not together with a new value."""
        now, chosen = self.current(), cleaned.get("take_off") or []
        for name, value in now.items():
            emptied = value and name in self.data and cleaned.get(name) == ""
            if emptied and name not in chosen:
                self.add_error(name, CHOSEN if name in PARTS else STAYS)
            elif name in chosen and cleaned.get(name) not in ("", None, value):
                self.add_error(name, "Either take it off or change it, not both.")


def changes(cardholder: Cardholder, values: Data) -> Data:
    """The values that are given and differ from the cardholder's. A change in the address brings the whole address:
    "" for a part that it lacks, or that is taken off.
    """
    now = current(cardholder)
    off = [name for name in values.get("take_off") or () if now[name]]
    changed = {
        name: values[name]
        for name in CardholderFields.base_fields
        if values.get(name) not in (None, "") and values[name] != now.get(name)
    }
    if off or any(name in changed for name in ADDRESS):
        changed |= {name: values.get(name) or now[name] for name in ADDRESS} | dict.fromkeys(off, "")
    return changed | ({"take_off": off} if off else {})


def current(cardholder: Cardholder) -> Data:
    """What a cardholder has, by the names of the form's fields; sensitive ones and acceptances are not in it."""
    data = cardholder.data
    own = {name: text_at(data, name) for name in ("email", "phone_number")}
    names = {name: text_at(data, f"individual.{name}") for name in ("first_name", "last_name")}
    return own | names | {name: text_at(data, f"billing.address.{name}") for name in ADDRESS}
