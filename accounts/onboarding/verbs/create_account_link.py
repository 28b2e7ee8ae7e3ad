"""Make a link to Stripe's hosted form for an account's holder."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from accounts.account.models import Account
from accounts.account.verbs import _account_page, _get
from accounts.account.words import platform_collects
from accounts.onboarding import models
from accounts.onboarding.forms import AccountLinkForm
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb, register
from gateway.errors import Refused

Data = dict[str, Any]


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
            "links": [
                models.just_made(operation.user.get_username(), answer.data, link_type),
                *models.made(account.id),
            ],
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
        "holder": models.holder(account),
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


def _link_made(operation: Operation) -> str:
    return "The link was made. Its address was shown once and is kept nowhere."


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
