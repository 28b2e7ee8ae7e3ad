"""Ways out to Stripe: the pages its rules come from, and the same object in its Dashboard."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

DOCS = "https://docs.stripe.com"
DASHBOARD = "https://dashboard.stripe.com"

RULES = {
    "account_links": f"{DOCS}/api/account_links",
    "account_statuses": f"{DOCS}/connect/dashboard/viewing-all-accounts",
    "actions_required": f"{DOCS}/connect/dashboard/review-actionable-accounts",
    "authorizations": f"{DOCS}/issuing/purchases/authorizations",
    "capabilities": f"{DOCS}/connect/account-capabilities",
    "cardholders": f"{DOCS}/api/issuing/cardholders/object",
    "cards": f"{DOCS}/issuing/cards/virtual",
    "errors": f"{DOCS}/error-low-level",
    "events": f"{DOCS}/api/events",
    "hosted_onboarding": f"{DOCS}/connect/hosted-onboarding",
    "idempotency": f"{DOCS}/api/idempotent_requests",
    "issuing_balance": f"{DOCS}/issuing/funding/balance",
    "issuing_connect": f"{DOCS}/issuing/connect",
    "issuing_funding": f"{DOCS}/issuing/connect/funding",
    "issuing_terms": f"{DOCS}/issuing/connect/tos_acceptance",
    "persons": f"{DOCS}/api/persons",
    "real_time_authorizations": f"{DOCS}/issuing/controls/real-time-authorizations",
    "reject": f"{DOCS}/api/account/reject",
    "required_information": f"{DOCS}/connect/required-verification-information",
    "restricted_keys": f"{DOCS}/keys/restricted-api-keys",
    "service_agreement": f"{DOCS}/connect/service-agreement-types",
    "spending_controls": f"{DOCS}/issuing/controls/spending-controls",
    "test_verification": f"{DOCS}/connect/testing-verification",
    "tos_acceptance": f"{DOCS}/connect/updating-service-agreements",
    "transactions": f"{DOCS}/issuing/purchases/transactions",
    "verification": f"{DOCS}/connect/handling-api-verification",
    "verification_updates": f"{DOCS}/connect/handle-verification-updates",
    "webhooks": f"{DOCS}/connect/webhooks",
}

# Where the Dashboard keeps an object, by its id's prefix. What belongs to an account stands below that account's id.
_PLATFORM_PAGES = {"acct_": "connect/accounts/{id}", "evt_": "events/{id}", "we_": "webhooks/{id}", "req_": "logs/{id}"}
_ISSUING_LISTS = ("cardholders", "cards", "authorizations", "transactions")
_ACCOUNT_PAGES = {
    "evt_": "{account}/events/{id}",
    "req_": "{account}/logs/{id}",
    "person_": "connect/accounts/{account}",
    "ba_": "connect/accounts/{account}",
    "ic_": "{account}/issuing/cards/{id}",
    "ich_": "{account}/issuing/cardholders/{id}",
    "iauth_": "{account}/issuing/authorizations/{id}",
    "ipi_": "{account}/issuing/transactions/{id}",
    "idp_": "{account}/issuing/disputes/{id}",
    "tu_": "{account}/topups/{id}",
    "balance-overview": "{account}/balance/overview",
    **{f"issuing-{name}": f"{{account}}/issuing/{name}" for name in ("overview", *_ISSUING_LISTS)},
}

# Other spellings of our addresses that the Dashboard also takes: a mode, an account switched to, a final slash.
OTHER_FORMS = (
    r"^(?:test/(?:acct_\w+|connect)(?:/.*)?|acct_\w+/test(?:/.*)?|acct_\w+/connect/accounts(?:/.*)?"
    r"|acct_\w+(?:/.*)?/|connect(?:/.*)?/)$"
)


def rule(name: str) -> str:
    """The https address of the page of Stripe's that a rule comes from; raises KeyError for a name that RULES lacks."""
    return RULES[name]


def dashboard_url(object_id: str, account: str = "") -> str:
    """The object's https address in Stripe's Dashboard, in this console's mode; "" for ids that have no page there."""
    pages = _ACCOUNT_PAGES if account and account != object_id else _PLATFORM_PAGES
    for prefix, path in pages.items():
        if object_id.startswith(prefix):
            mode = "" if settings.CONSOLE_MODE == "live" else "test/"
            return f"{DASHBOARD}/{mode}{path.format(id=object_id, account=account)}"
    return ""


def out_path(object_id: str, account: str = "") -> str:
    """Our page that leads to the object in Stripe's Dashboard; with an account, viewing as it, and recorded."""
    if not dashboard_url(object_id, account):
        return ""
    if account and account != object_id:
        return reverse("account_out", args=[account, object_id])
    return reverse("out", args=[object_id])


def canonical(path: str) -> str:
    """The one address of a page that the Dashboard knows by several: without mode, switched account and final slash."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["test"]:
        parts = parts[1:]
    if parts and parts[0].startswith("acct_"):
        if parts[1:2] == ["test"]:
            parts = [parts[0], *parts[2:]]
        if parts[1:3] == ["connect", "accounts"]:
            parts = parts[1:]
    return "/" + "/".join(parts)


@require_safe
def to_canonical(request: HttpRequest) -> HttpResponseRedirect:
    """Lead a GET on another spelling to the page's one address, query kept."""
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(canonical(request.path) + (f"?{query}" if query else ""))
