"""The form of a work session: why somebody opens an account."""

from django import forms

from console.operations.fields import LineField, ReasonField
from console.viewing.models import WorkSession


class WorkSessionForm(forms.Form):
    """Why somebody opens an account."""

    category = forms.ChoiceField(
        label="What kind of reason?",
        choices=WorkSession.Category,
        widget=forms.RadioSelect,
        initial=WorkSession.Category.CARDHOLDER,
    )
    reason = ReasonField(
        label="In words",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="At least 10 characters. Every operation of this session starts with it.",
    )
    ticket = LineField(label="Ticket", max_length=64, required=False)
