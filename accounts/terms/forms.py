"""What staff fill in to record that the holder's representative has accepted terms."""

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.functions import Now

from accounts.account.models import Account
from accounts.account.pages import AccountParts
from accounts.terms.models import Acceptance, accepted_on, window_words
from accounts.terms.words import AGREEMENTS, HOW, to_the_second
from console.operations import fields
from console.operations.fields import PlainDateTimeField, VerbForm, legible
from console.operations.models import Operation
from console.record.models import AuditEntry
from gateway import clock

Data = dict[str, Any]

STORED = ("personal__detail__address", "plain_detail__address")
STAFF_ADDRESS_DAYS = 90  # an address from which staff signed in so recently is theirs
# What `is_global` lets through and yet belongs to nobody out there (RFC 9637 documentation, RFC 3879 site-local,
# RFC 9602), and old ways to write an IPv4 address as IPv6: the address itself is wanted.
NO_ONES = [ipaddress.ip_network(each) for each in ("3fff::/20", "fec0::/10", "5f00::/16", "192.88.99.0/24")]
WRAPPED = [ipaddress.ip_network(each) for each in ("64:ff9b::/96", "2002::/16")]


def address_objection(text: str) -> str:
    """Why this cannot be the representative's address, or ""."""
    address: Any = ipaddress.ip_address(text)
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback or address.is_unspecified:
        return "This is a machine’s own address. Give the address from which the representative accepted."
    if address.is_multicast:
        return "This is a multicast address: nobody accepts from there."
    networks = [each for each in WRAPPED if each.version == address.version and address in each]
    if networks:
        return "This wraps an IPv4 address. Give the IPv4 address itself."
    if not address.is_global or any(each.version == address.version and address in each for each in NO_ONES):
        return "This address is private, reserved or for documentation: nobody on the internet has it."
    return ""


def is_staffs(text: str, here: str = "") -> bool:
    """Whether it is the request's own address (`here`), or one that staff signed in from lately. One query."""
    if same_address(text, here):
        return True
    signed_in = AuditEntry.objects.filter(account_id="", action="sign_in.succeeded")
    lately = signed_in.filter(at__gt=Now() - timedelta(days=STAFF_ADDRESS_DAYS))
    if ":" in text:
        found = lately.filter(_stored("icontains", ":")).values_list(*STORED).order_by().distinct()
        return any(same_address(text, each) for both in found for each in both if each)
    return lately.filter(_stored("in", [text, f"::ffff:{text}"])).exists()


def _stored(how: str, value: Any) -> Q:
    """Where a sign-in's address stands: beside the trail, in rows of the older form in it."""
    beside, inside = STORED
    return Q(**{f"{beside}__{how}": value}) | Q(**{f"{inside}__{how}": value})


def same_address(one: str, other: str) -> bool:
    """Whether two texts name the same address; an IPv4 address written as IPv6 is the IPv4 address.

    Of IPv6 only the first 64 bits count: they belong to one line, and its machines change the rest daily (RFC 8981).
    """
    try:
        first, second = _line(one), _line(other)
    except ValueError:
        return False
    return first == second


def _line(text: str) -> Any:
    """The line that an address belongs to. Raises ValueError."""
    address: Any = ipaddress.ip_address(text)
    address = getattr(address, "ipv4_mapped", None) or address
    return ipaddress.ip_network((address, 64), strict=False) if address.version == 6 else address


def date_objection(account: Any, agreements: Iterable[str], accepted_at: datetime) -> str:
    """Why these agreements cannot have been accepted then, or "". Two queries an agreement."""
    if accepted_at > clock.now():
        return f"This lies in the future: Stripe’s clock says {to_the_second(clock.now())}."
    if account.created and accepted_at < account.created:
        return f"The account was created at {to_the_second(account.created)}: nothing can have been accepted before."
    for agreement in agreements:
        sentence = _agreement_objection(account, agreement, accepted_at)
        if sentence:
            return sentence
    return ""


def _agreement_objection(account: Any, agreement: str, accepted_at: datetime) -> str:
    name = AGREEMENTS[agreement]
    cleared = Acceptance.objects.last_clearing(account.pk, agreement)
    if cleared and accepted_at <= cleared:
        return f"{name}: Stripe cleared the acceptance at {to_the_second(cleared)}. A new one must be later than that."
    there = Acceptance.objects.filter(account=account.pk, agreement=agreement, accepted_at=accepted_at)
    if accepted_on(account.data, agreement) == accepted_at or there.exists():
        return f"{name}: this very acceptance is already recorded."
    return ""


SHOWN = 4
STAFFS = "This is an address of our own staff. The representative accepts from theirs."


class SecondField(PlainDateTimeField):
    """Date and time in UTC, to the second; ISO 8601 with an offset is taken as well."""

    def clean(self, value: Any) -> datetime | None:
        """In UTC, without fractions: Stripe keeps whole seconds. Refuses a year that UTC does not have."""
        at: datetime | None = super().clean(value)
        try:
            return at and at.astimezone(UTC).replace(microsecond=0)
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class SignatureForm(VerbForm):
    """One acceptance: when, from where, by whom, and where the evidence lies. `where` is what it is drawn for."""

    accepted_at = SecondField(label="Accepted on (UTC)", help_text="As the evidence says, to the second.")
    ip = forms.GenericIPAddressField(
        label="IP address", unpack_ipv4=True, help_text="The representative’s, never ours."
    )
    user_agent = forms.CharField(
        label="User agent",
        required=False,
        max_length=500,
        validators=[legible],
        help_text="The representative’s browser, where it is known.",
    )
    by_whom = forms.CharField(
        label="Accepted by",
        max_length=255,
        validators=[legible],
        help_text="The account’s representative.",
    )
    evidence = forms.CharField(
        label="Where the evidence lies",
        max_length=500,
        validators=[legible],
        help_text="A document’s number, a case or a link. Not the evidence itself.",
    )

    def chosen(self) -> list[str]:
        """The agreements that were accepted."""
        return list(self.cleaned_data.get("agreements") or ())

    def sent_token(self) -> str:
        """The token of this rendering."""
        return str(self.data.get("form_token", ""))

    def clean_ip(self) -> str:
        """Public, and nobody's of our staff."""
        ip = str(self.cleaned_data["ip"])
        problem = address_objection(ip)
        if not problem and is_staffs(ip, self.where.address):
            problem = STAFFS
        if problem:
            raise ValidationError(problem)
        return ip

    def clean(self) -> Data:
        """The date must be possible for this account; of a form that was sent before, it was."""
        cleaned = super().clean() or {}
        sent = self.sent_token()
        if not cleaned.get("accepted_at") or (sent and Operation.objects.filter(form_token=sent).exists()):
            return cleaned
        if self.where.row:
            problem = date_objection(self.where.row, self.chosen(), cleaned["accepted_at"])
            if problem:
                self.add_error("accepted_at", problem)
        return cleaned


class AgreementsForm(VerbForm):
    """Which agreements, and how the acceptance was obtained."""

    agreements = forms.MultipleChoiceField(
        label="What was accepted?",
        choices=list(AGREEMENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what was accepted."},
    )
    obtained_how = forms.ChoiceField(
        label="How do we know?",
        choices=list(HOW.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how the acceptance was obtained."},
        help_text="A telephone call is no evidence: it has no address, and nobody can show it later.",
    )


class RowForm(fields.RowForm, SignatureForm):
    """One of many accounts: its own acceptance; what was accepted is said once for all."""

    def chosen(self) -> list[str]:
        """The agreements of the common form; none where it is not valid."""
        return list(getattr(self.common, "cleaned_data", {}).get("agreements") or ())

    def sent_token(self) -> str:
        """The row's."""
        return self.token


class RecordTermsForm(SignatureForm, AgreementsForm):
    """One account's. The agreements' note says what is missing before the terms: they are presented last."""

    field_order = ("agreements", "accepted_at", "ip", "user_agent", "by_whom", "obtained_how", "evidence")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.where.row:
            self.fields["agreements"].help_text = presented_last(self.where.row)


def presented_last(account: Account) -> str:
    """What Stripe still asks for before the terms; where nothing is left, by when it decides after the acceptance."""
    missing = AccountParts(account, may_see=False).before_terms
    if not missing:
        return f"Nothing else is missing: Stripe decides within {window_words()} of the acceptance, or clears it."
    shown = "; ".join(row.title for row in missing[:SHOWN])
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return (
        f"Terms are presented last. Still missing before them: {shown}{more}. "
        f"Once everything is there, Stripe decides within {window_words()}, or clears the acceptance."
    )
