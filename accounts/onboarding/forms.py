"""What staff choose to make a link for an account's holder."""

from django import forms

from console.operations.fields import VerbForm


class AccountLinkForm(VerbForm):
    """What the hosted form shall ask. The defaults ask for what is due now."""

    type = forms.ChoiceField(
        label="What for?",
        choices=[("account_onboarding", "Give what is missing"), ("account_update", "Change what was given")],
        initial="account_onboarding",
        widget=forms.RadioSelect,
        required=False,
        help_text="To change what was given works only where the platform collects requirements.",
    )
    collect = forms.ChoiceField(
        label="How much?",
        choices=[("currently_due", "What is due now"), ("eventually_due", "All that will ever be due")],
        initial="currently_due",
        widget=forms.RadioSelect,
        required=False,
    )
    future = forms.BooleanField(
        label="Also what Stripe has announced for later", required=False, help_text="future_requirements: include"
    )

    def clean_type(self) -> str:
        """A command may leave it out."""
        return self.cleaned_data["type"] or "account_onboarding"

    def clean_collect(self) -> str:
        """A command may leave it out."""
        return self.cleaned_data["collect"] or "currently_due"
