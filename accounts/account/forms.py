"""What staff fill in to create an account or to make a link, and the parameters of Stripe's that follow."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings

from accounts.account.models import Account
from console.operations.fields import NameField, VerbForm
from console.operations.models import Operation
from console.people.names import key
from gateway import clock, texts

Data = dict[str, Any]

AGAIN = timedelta(minutes=1)

# Where Stripe Issuing is offered to platforms (docs.stripe.com/issuing/global); Stripe itself has the last word.
COUNTRIES = {
    "US": "United States",
    "AT": "Austria",
    "BE": "Belgium",
    "HR": "Croatia",
    "CY": "Cyprus",
    "EE": "Estonia",
    "FI": "Finland",
    "FR": "France",
    "DE": "Germany",
    "GR": "Greece",
    "IE": "Ireland",
    "IT": "Italy",
    "LV": "Latvia",
    "LT": "Lithuania",
    "LU": "Luxembourg",
    "MT": "Malta",
    "NL": "Netherlands",
    "PT": "Portugal",
    "SK": "Slovakia",
    "SI": "Slovenia",
    "ES": "Spain",
    "GB": "United Kingdom",
}
AT_SANDBOX = ("US", "GB")  # the countries whose requirements the local sandbox knows


def offered_countries() -> list[tuple[str, str]]:
    """The countries in which an account can be created in this mode."""
    return [(code, name) for code, name in COUNTRIES.items() if not settings.SANDBOX or code in AT_SANDBOX]


BUSINESS_TYPES = {
    "company": "Company",
    "individual": "Individual",
    "non_profit": "Non-profit",
    "government_entity": "Government entity",
}
# The one set-up that Issuing on Connect supports (docs.stripe.com/issuing/connect); it reads back in `controller`.
CONTROLLER: Data = {
    "stripe_dashboard": {"type": "none"},
    "fees": {"payer": "application"},
    "losses": {"payments": "application"},
    "requirement_collection": "application",
}
CAPABILITIES: Data = {"card_issuing": {"requested": True}, "transfers": {"requested": True}}


class CreateAccountForm(VerbForm):
    """A new connected account. Only the country is final; the holder gives or corrects the rest."""

    country = forms.ChoiceField(choices=offered_countries, initial="US", help_text="Cannot be changed afterwards.")
    business_type = forms.ChoiceField(choices=list(BUSINESS_TYPES.items()), initial="company")
    business_name = NameField(label="Business name", help_text="As customers know it (business_profile.name).")
    company_name = NameField(label="Legal name", help_text="Of a company, non-profit or government entity.")
    first_name = NameField(label="First name", help_text="Of an individual. A company's people are added later.")
    last_name = NameField(label="Last name")
    email = forms.EmailField(
        label="E-mail", required=False, max_length=254, help_text="Of the account's holder. Stripe may write to it."
    )
    url = forms.URLField(label="Website", required=False, max_length=2000, assume_scheme="https")
    product_description = forms.CharField(
        label="What it sells",
        required=False,
        min_length=10,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Stripe takes it in place of a website. At least 10 characters.",
    )

    def clean(self) -> Data:
        """Names must belong to the kind of business, and there must be one: lists would show a bare id."""
        cleaned = super().clean() or {}
        kind = cleaned.get("business_type")
        if kind:
            self._clean_names(cleaned, individual=kind == "individual")
        return cleaned

    def question(self) -> str:
        """The same name twice within a minute is more often a form sent twice than a second business."""
        name = own_name(self.cleaned_data)
        if self.sent_before():
            return ""
        names = [own_name(each.params) for each in Operation.objects.lately("accounts.create_account", AGAIN)]
        names += Account.objects.filter(created__gt=clock.now() - AGAIN, gone_at=None).values_list("name", flat=True)
        if key(name) not in map(key, names):  # in any spelling
            return ""
        return (
            f"An account named {texts.one_line(name)} was created less than a minute ago, or is being created now."
            " Send this only if it is another business of the same name."
        )

    def _clean_names(self, cleaned: Data, *, individual: bool) -> None:
        if individual and cleaned.get("company_name"):
            self.add_error("company_name", "An individual has no company name. Choose another kind, or leave it out.")
        for name in ("first_name", "last_name"):
            if not individual and cleaned.get(name):
                self.add_error(name, "This is for an individual. The people of a company are added later.")
        given = ("business_name", "first_name", "last_name") if individual else ("business_name", "company_name")
        if not any(cleaned.get(name) or name in self.errors for name in given):
            self.add_error("business_name", "Give at least one name, so that the account can be found.")


def own_name(values: Data) -> str:
    """The name by which an account with these values would be listed (as Account.set_columns has it)."""
    person = " ".join(filter(None, (values.get("first_name"), values.get("last_name"))))
    legal = person if values.get("business_type") == "individual" else values.get("company_name")
    return str(values.get("business_name") or legal or "")


def create_params(values: Data, operation_id: str = "") -> Data:
    """The body of POST /v1/accounts. `metadata.console_operation` lets us find it when the answer is lost."""
    individual = values.get("business_type") == "individual"
    profile = {
        "name": values.get("business_name"),
        "url": values.get("url"),
        "product_description": values.get("product_description"),
    }
    company = {} if individual else {"name": values.get("company_name")}
    person = {name: values.get(name) for name in ("first_name", "last_name")} if individual else {}
    params = {
        "country": values.get("country"),
        "business_type": values.get("business_type"),
        "email": values.get("email"),
        "controller": CONTROLLER,
        "capabilities": CAPABILITIES,
        "business_profile": _given(profile),
        "company": _given(company),
        "individual": _given(person),
        "metadata": {"console_operation": operation_id} if operation_id else {},
    }
    return _given(params)


def _given(values: Data) -> Data:
    return {name: value for name, value in values.items() if value not in (None, "", {})}
