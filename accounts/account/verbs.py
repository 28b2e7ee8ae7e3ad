"""Create a connected account; read one again."""

from datetime import timedelta
from typing import Any

from django import forms
from django.urls import reverse

from accounts.account.forms import CreateAccountForm, create_params
from accounts.account.models import Account
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb, register
from gateway import client
from gateway.errors import Refused

Data = dict[str, Any]

LOOK_BACK = int(timedelta(minutes=10).total_seconds())  # clocks that differ


def _create(operation: Operation, params: Data) -> Outcome:
    account, answer = Account.create_account(key=operation.key, params=create_params(params, str(operation.pk)))
    return _outcome(account, answer.request_id)


def _outcome(account: Account, request_id: str = "") -> Outcome:
    return Outcome(object_id=account.id, account_id=account.id, account_name=str(account), request_id=request_id)


def _create_request(account_id: str, values: Data) -> Request:
    return Request(
        "POST",
        "/v1/accounts",
        params=create_params(values, "<this operation>"),
        undo="In test mode an account can be deleted any time, in live mode while every balance is zero. "
        "Its country stays.",
    )


def _find_created(operation: Operation) -> Outcome | None:
    """The account whose metadata name this operation; Stripe has no search for accounts, so their list is read."""
    since = (operation.first_tried_at or int(operation.created_at.timestamp())) - LOOK_BACK
    for page in client.pages("/v1/accounts", {"created": {"gte": since}}, account=None):
        for data in page.data["data"]:
            if (data.get("metadata") or {}).get("console_operation") == str(operation.pk):
                answer = client.Answer(data, page.sent_at, page.request_id, replayed=False)
                return _outcome(Account.absorb_answer(answer, account=data["id"]), page.request_id)
    return None


def _get(account_id: str) -> Account:
    """The account of an operation; Refused where it is gone, as Stripe would say."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None or account.gone:
        raise Refused(f"{account_id} is no longer connected to this platform.", code="account_invalid")
    return account


def _refresh(operation: Operation, params: Data) -> Outcome:
    account = Account.objects.get(pk=operation.account_id).refresh()
    return Outcome(
        object_id=account.id,
        account_id=account.id,
        account_name=str(account),
        result={"gone": account.gone, "revision": account.revision, "as_of": account.as_of},
    )


def _refreshed(operation: Operation) -> str:
    if operation.result.get("gone"):
        return f"{operation.account_name} is no longer at Stripe. What was last seen of it stays here."
    return f"{operation.account_name} was read again at Stripe."


def _refresh_request(account_id: str, values: Data) -> Request:
    return Request("GET", f"/v1/accounts/{account_id}", undo="It changes nothing at Stripe.")


def _created(operation: Operation) -> str:
    return f"{operation.account_name or operation.account_id} was created."


def _account_page(operation: Operation) -> str:
    return reverse("account", args=[operation.account_id])


create_account = register(
    Verb(
        name="accounts.create_account",
        label="Create account",
        permission="accounts.create_account",
        send=_create,
        form=CreateAccountForm,
        request=_create_request,
        find=_find_created,
        about_account=False,
        personal=("email", "first_name", "last_name"),
        done=_created,
        next_url=_account_page,
        stripe_object="account",
    )
)
refresh = register(
    Verb(
        name="accounts.refresh",
        label="Refresh account",
        permission="accounts.refresh_account",
        send=_refresh,
        form=forms.Form,
        request=_refresh_request,
        sends=False,
        done=_refreshed,
        next_url=_account_page,
    )
)
