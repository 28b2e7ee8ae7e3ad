"""What staff fill in at the incident switch."""

from typing import Any

from django import forms

from console.bulk.runs import MOST
from console.operations.fields import REASON_LENGTH, LineField, ReasonField
from console.operations.forms import TOKEN, fresh_token
from issuing.incident.models import Selection

MOST_IDS = MOST
LONGEST = 40 * MOST_IDS  # characters
MOST_DAYS, DAYS = 90, 7


class MeantForm(forms.Form):
    """Which cards are meant."""

    ids = forms.CharField(
        label="Accounts, cardholders or cards",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "mono"}),
        help_text="Paste ids or addresses of pages, as many as you have: acct_…, ich_…, ic_….",
    )
    merchant = LineField(
        label="Or cards used at a merchant",
        required=False,
        max_length=255,
        help_text="A part of the name, or the network’s id of the merchant.",
    )
    days = forms.IntegerField(
        label="Within the last days", required=False, min_value=1, max_value=MOST_DAYS, initial=DAYS
    )
    form_token = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_ids(self) -> str:
        """With one kind of line end: a browser sends another one than the preview of a list's action was drawn with."""
        return "\n".join(self.cleaned_data["ids"].splitlines())

    def clean_days(self) -> int:
        """A week where nothing is said."""
        return self.cleaned_data["days"] or DAYS

    def clean_form_token(self) -> str:
        """As it was drawn; a fresh one where somebody changed it."""
        token: str = self.cleaned_data["form_token"]
        return token if TOKEN.fullmatch(token) else fresh_token()

    def clean(self) -> dict[str, Any]:
        """Something is named, and not too much."""
        cleaned = super().clean() or {}
        if (
            self.errors.keys() & MeantForm.base_fields.keys()
        ):  # a preview asks for no reason, and says this all the same
            return cleaned
        named = self.selection().named
        if not (named.ids or cleaned["merchant"]):
            self.add_error("ids", "Name accounts, cardholders or cards by their ids, or a merchant.")
        if len(named.ids) > MOST_IDS:
            self.add_error("ids", f"At most {MOST_IDS:,} ids at once; these are {len(named.ids):,}.")
        if 0 < len(cleaned["merchant"]) < 3:
            self.add_error("merchant", "Give at least 3 characters of it.")
        return cleaned

    def selection(self) -> Selection:
        """What a sound form means."""
        return Selection(self.cleaned_data["ids"], self.cleaned_data["merchant"], self.cleaned_data["days"])


class FreezeForm(MeantForm):
    """Which cards, and why."""

    reason = ReasonField(
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"For the audit trail, at least {REASON_LENGTH} characters.",
    )
    ticket = LineField(required=False, max_length=64, help_text="The case this belongs to, where there is one.")


class UndoForm(forms.Form):
    """Why they may work again."""

    reason = ReasonField(
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"For the audit trail, at least {REASON_LENGTH} characters.",
    )
    ticket = LineField(required=False, max_length=64)
    form_token = forms.CharField(widget=forms.HiddenInput)
