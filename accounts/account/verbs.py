"""Create a connected account; read one again."""

from typing import Any

from django.urls import reverse

from accounts.account.forms import CreateAccountForm, create_params
from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.external_accounts.models import ExternalAccount
from accounts.persons.models import Person
from console.operations import finding
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb

Data = dict[str, Any]


class AccountVerb(Verb):
    """About one connected account, to whose page it leads back."""

    def next_url(self, operation: Operation) -> str:
        """The account's page."""
        return reverse("account", args=[operation.account_id])


class CreateAccount(AccountVerb):
    """A new connected account, set up as Issuing needs it."""

    name = "accounts.create_account"
    label = "Create account"
    permission = "accounts.create_account"
    form = CreateAccountForm
    about_account = False
    personal = ("email", "first_name", "last_name")
    stripe_object = "account"

    def request(self, row: Any, values: Data) -> Request:
        """The POST with its mark."""
        undo = (
            "In test mode an account can be deleted any time, in live mode while every balance is zero. "
            "Its country stays."
        )
        return Request("POST", "/v1/accounts", params=create_params(values, finding.SHOWN), undo=undo)

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Make it, marked with the operation."""
        params = create_params(values, str(operation.pk))
        account, answer = Account.create_account(key=operation.key, params=params)
        return _made(account, answer.request_id)

    def find(self, operation: Operation) -> Outcome | None:
        """The account whose metadata name this operation."""
        found = finding.by_mark(Account, operation, account=None)
        return _made(*found) if found else None

    def done(self, operation: Operation) -> str:
        """Its name."""
        return f"{operation.account_name or operation.account_id} was created."


def _made(account: Account, request_id: str = "") -> Outcome:
    return Outcome(object_id=account.id, account_id=account.id, account_name=str(account), request_id=request_id)


class RefreshAccount(AccountVerb):
    """Read an account and what hangs on it again."""

    name = "accounts.refresh"
    label, label_many = "Refresh account", "Refresh accounts"
    permission = "accounts.refresh_account"
    sends = False

    def request(self, row: Any, values: Data) -> Request:
        """The account, then what hangs on it."""
        path = f"/v1/accounts/{row.pk}"
        lists = (Capability.list_of(row.pk), Person.list_of(row.pk), ExternalAccount.list_of(row.pk))
        then = tuple(Request("GET", listed) for listed, _ in lists)
        return Request("GET", path, undo="It changes nothing at Stripe.", then=then)

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Read."""
        account = Account.objects.get(pk=operation.account_id).refresh()
        return Outcome(
            object_id=account.id,
            account_id=account.id,
            account_name=str(account),
            result={"gone": account.gone, "revision": account.revision, "as_of": account.as_of},
        )

    def done(self, operation: Operation) -> str:
        """That it was read, or that it is gone."""
        if operation.result.get("gone"):
            return f"{operation.account_name} is no longer at Stripe. What was last seen of it stays here."
        return f"{operation.account_name} was read again at Stripe."
