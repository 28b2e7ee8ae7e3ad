"""What staff may fill in of an account link."""

from accounts.onboarding.forms import AccountLinkForm


def test_link_form_has_defaults_for_all() -> None:
    form = AccountLinkForm({})
    assert form.is_valid()
    assert form.cleaned_data == {"type": "account_onboarding", "collect": "currently_due", "future": False}
    assert not AccountLinkForm({"type": "account_takeover"}).is_valid()
