"""What staff can do with connected accounts: create one, make its holder a link, read it again.

accounts.terms and accounts.test_values hold two verbs of their own.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.urls import reverse

from accounts import links
from accounts.forms import AccountLinkForm, CreateAccountForm, create_params
from accounts.models import Account
from accounts.status import platform_collects
from accounts.terms import record_terms
from accounts.test_values import fill_test_values
from console.models import Operation
from console.verbs import Outcome, Request, Verb, register
from gateway import client
from gateway.errors import Refused

__all__ = ["create_account", "create_account_link", "fill_test_values", "record_terms", "refresh"]

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


def _link(operation: Operation, params: Data) -> Outcome:
    """Mint it. The address goes to the page that waits and nowhere else."""
    account = _get(operation.account_id)
    link_type, collect = params.get("type") or "account_onboarding", params.get("collect") or "currently_due"
    if link_type == "account_update" and not platform_collects(account.data or {}):
        message = "account_update works only where the platform collects requirements. Use account_onboarding."
        raise Refused(message, code="not_sent", param="type")
    answer = account.create_account_link(
        key=operation.key, type=link_type, collect=collect, future=bool(params.get("future"))
    )
    until = answer.data["expires_at"]
    return Outcome(
        account_id=account.id,
        account_name=str(account),
        request_id=answer.request_id,
        result={"type": link_type, "collect": collect, "created": answer.data["created"], "expires_at": until},
        shown={
            "link": _shown(account, answer.data, link_type, collect),
            "links": [links.just_made(operation.user.get_username(), answer.data, link_type), *links.made(account.id)],
        },
    )


def _shown(account: Account, link: Data, link_type: str, collect: str) -> Data:
    return {
        "url": link["url"],
        "host": urlsplit(link["url"]).netloc,
        "created": link["created"],
        "expires_at": link["expires_at"],
        "type": link_type,
        "asks": collect.replace("_", " "),
        "holder": links.holder(account),
        "onboarding_url": settings.ONBOARDING_URL,
    }


def _link_request(account_id: str, values: Data) -> Request:
    params = Account(id=account_id).link_params(
        values.get("type") or "account_onboarding", values.get("collect") or "currently_due", bool(values.get("future"))
    )
    return Request(
        "POST",
        "/v1/account_links",
        params=params,
        undo="It cannot be taken back. It works once, and for about five minutes.",
    )


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


def _link_made(operation: Operation) -> str:
    return "The link was made. Its address was shown once and is kept nowhere."


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
# In live mode a link shown to staff is one that staff might open: it has a permission of its own.
create_account_link = register(
    Verb(
        name="accounts.create_account_link",
        label="Make onboarding link",
        permission=(
            "accounts.show_account_link" if settings.CONSOLE_MODE == "live" else "accounts.create_account_link"
        ),
        send=_link,
        form=AccountLinkForm,
        request=_link_request,
        done=_link_made,
        next_url=_account_page,
        result_template="accounts/account_link.html",
        stripe_object="account_link",
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
