"""What staff fill in to record that the holder's representative has accepted terms."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts import acceptances
from accounts.acceptances import AGREEMENTS, HOW, window_words
from accounts.forms import no_control_characters
from accounts.models import Account
from accounts.pages import AccountPage
from console.models import Operation
from console.plain_fields import PlainDateTimeField
from console.verbs import NOWHERE, Where

Data = dict[str, Any]
SHOWN = 4
STAFFS = "This is an address of our own staff. The representative accepts from theirs."


class MomentField(PlainDateTimeField):
    """A moment in UTC, to the second; ISO 8601 with an offset is taken as well."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")

    def clean(self, value: Any) -> datetime | None:
        """In UTC, without fractions: Stripe keeps whole seconds. A year that UTC does not have is no moment."""
        moment: datetime | None = super().clean(value)
        try:
            return moment and moment.astimezone(UTC).replace(microsecond=0)
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class SignatureForm(forms.Form):
    """One acceptance: when, from where, by whom, and where the evidence lies. `where` is what it is drawn for."""

    where: Where = NOWHERE

    accepted_at = MomentField(label="Accepted on (UTC)", help_text="As the evidence says, to the second.")
    ip = forms.GenericIPAddressField(
        label="IP address", unpack_ipv4=True, help_text="The representative’s, never ours."
    )
    user_agent = forms.CharField(
        label="User agent",
        required=False,
        max_length=500,
        validators=[no_control_characters],
        help_text="The representative’s browser, where it is known.",
    )
    by_whom = forms.CharField(
        label="Accepted by",
        max_length=255,
        validators=[no_control_characters],
        help_text="The account’s representative.",
    )
    evidence = forms.CharField(
        label="Where the evidence lies",
        max_length=500,
        validators=[no_control_characters],
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
        problem = acceptances.address_objection(ip)
        if not problem and acceptances.is_staffs(ip, self.where.address):
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
        account = Account.objects.filter(pk=self.where.account_id).first()
        if account:
            problem = acceptances.date_objection(account, self.chosen(), cleaned["accepted_at"])
            if problem:
                self.add_error("accepted_at", problem)
        return cleaned


class AgreementsForm(forms.Form):
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


class RecordTermsForm(SignatureForm, AgreementsForm):
    """One account's. The agreements' note says what is missing before the terms: they are presented last."""

    field_order = ("agreements", "accepted_at", "ip", "user_agent", "by_whom", "obtained_how", "evidence")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = Account.objects.with_capability().filter(pk=self.where.account_id).first()
        if account:
            self.fields["agreements"].help_text = presented_last(account)


def presented_last(account: Account) -> str:
    """What Stripe still asks for before the terms, or until when it then decides: the clock starts with the last."""
    missing = AccountPage(account, may_see=False).before_terms
    if not missing:
        return f"Nothing else is missing: Stripe decides within {window_words()} of the acceptance, or clears it."
    shown = "; ".join(row.title for row in missing[:SHOWN])
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return (
        f"Terms are presented last. Still missing before them: {shown}{more}. "
        f"Once everything is there, Stripe decides within {window_words()}, or clears the acceptance."
    )
