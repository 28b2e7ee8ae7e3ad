"""Make a link to Stripe's hosted form for an account's holder."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from accounts.account.models import Account
from accounts.account.verbs import AccountVerb
from accounts.account.words import platform_collects
from accounts.onboarding import models
from accounts.onboarding.forms import AccountLinkForm
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request
from gateway.errors import NOT_SENT, Refused

Data = dict[str, Any]


class CreateAccountLink(AccountVerb):
    """The way into Stripe's form. In live mode staff might open what they are shown: that is its own permission."""

    name = "accounts.create_account_link"
    label = "Make onboarding link"
    permission = "accounts.show_account_link" if settings.CONSOLE_MODE == "live" else "accounts.create_account_link"
    form = AccountLinkForm
    one_at_a_time = "A link is for one holder, who must be there to open it within five minutes: select one account."
    result_template = "accounts/onboarding/account_link.html"
    stripe_object = "account_link"

    def request(self, row: Account, values: Data) -> Request:
        """The POST."""
        link_type, collect, future = _options(values)
        params = row.link_params(link_type, collect, future)
        undo = "It cannot be taken back. It works once, and for about five minutes."
        return Request("POST", "/v1/account_links", params=params, undo=undo)

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Mint it. The address goes to the page that waits and nowhere else."""
        account = Account.objects.filter(pk=operation.account_id).first()
        if account is None or account.gone:
            message = f"{operation.account_id} is no longer connected to this platform."
            raise Refused(message, code="account_invalid")  # as Stripe says it
        link_type, collect, future = _options(values)
        if link_type == "account_update" and not platform_collects(account.data or {}):
            message = "account_update works only where the platform collects requirements. Use account_onboarding."
            raise Refused(message, code=NOT_SENT, param="type")
        answer = account.create_account_link(key=operation.key, type=link_type, collect=collect, future=future)
        by, times = operation.user.get_username(), {name: answer.data[name] for name in ("created", "expires_at")}
        return Outcome(
            account_id=account.id,
            account_name=str(account),
            request_id=answer.request_id,
            result={"type": link_type, "collect": collect, **times},
            shown={
                "link": _shown(account, answer.data, link_type, collect),
                "links": [models.new_link(by, answer.data, link_type), *models.links_of(account.id)],
            },
        )

    def done(self, operation: Operation) -> str:
        """That it was shown once."""
        return "The link was made. Its address was shown once and is kept nowhere."


def _options(values: Data) -> tuple[str, str, bool]:
    """Type, how much it collects, and whether also what is announced for later."""
    link_type, collect = values.get("type") or "account_onboarding", values.get("collect") or "currently_due"
    return link_type, collect, bool(values.get("future"))


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
