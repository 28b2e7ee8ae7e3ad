"""Who gets what at every address. A page that this table does not name fails tests/test_permissions.py.

Each row is a URL pattern's name (or its route where it has none), a path in which `{account}`, `{operation}` and so on
stand for what the test has made, the lowest role that gets in, and the answer that those get. Everybody below gets 403.
Whoever is not signed in, or is disabled, is sent to the sign-in (`anyone` gets the answer without one).
"""

from dataclasses import dataclass, field

ROLES = ("viewer", "support", "operator", "administrator")
SIGN_IN, REASON = "to the sign-in", "to the reason form"
Answer = int | str


@dataclass(frozen=True)
class Row:
    """One address. `view_as`: it needs a work session for its account; look and work are an operator's."""

    path: str
    lowest: str = "viewer"
    answer: Answer = 200
    method: str = "get"
    data: dict[str, str] = field(default_factory=dict)
    view_as: bool = False
    but: dict[str, Answer] = field(default_factory=dict)  # actors that get something else

    def expected(self, actor: str) -> Answer:
        """What this actor gets."""
        if actor in self.but:
            return self.but[actor]
        if actor in ("anonymous", "disabled"):
            return self.answer if self.lowest == "anyone" else SIGN_IN
        in_session = actor in ("look", "work")
        role = "operator" if in_session else actor
        if self.lowest == "nobody" or (self.lowest in ROLES and ROLES.index(role) < ROLES.index(self.lowest)):
            return 403
        if self.view_as and not in_session:
            return REASON if self.method == "get" else 403
        return self.answer


ACTORS = ("anonymous", "disabled", *ROLES, "look", "work")
WITH_SESSION = {"look": 302, "work": 302}
ACCOUNT = "/connect/accounts/{account}"


def records(model: str, lowest: str, key: str, change: Answer = 200) -> dict[str, Row]:
    """The admin's addresses of one read-only list of records."""
    base = f"/{model.replace('.', '/')}/"
    name = model.replace(".", "_")
    return {
        f"{name}_changelist": Row(base, lowest),
        f"{name}_add": Row(f"{base}add/", "nobody"),
        f"{name}_change": Row(f"{base}{{{key}}}/change/", lowest, change),
        f"{name}_delete": Row(f"{base}{{{key}}}/delete/", "nobody"),
        f"{name}_history": Row(f"{base}{{{key}}}/history/", lowest, 302),  # it has none but its page
        f"{base[1:]}<path:object_id>/": Row(f"{base}{{{key}}}/", answer=302),
    }


def mirror(model: str, lowest: str, key: str) -> dict[str, Row]:
    """The admin's addresses of one mirror: a list, and the way to each row's own page."""
    base = f"/{model.replace('.', '/')}/"
    name = model.replace(".", "_")
    return {
        f"{name}_changelist": Row(base, lowest),
        f"{name}_change": Row(f"{base}{{{key}}}/change/", lowest, 302),
        f"{base[1:]}<path:object_id>/": Row(f"{base}{{{key}}}/", lowest, 302),
    }


TABLE: dict[str, Row] = {
    # Machines
    "healthz": Row("/healthz", "anyone"),
    "readyz": Row("/readyz", "anyone", 503),  # no worker beats in a test
    "webhook": Row("/webhooks/stripe/", "anyone", 405),
    "connect_webhook": Row("/webhooks/stripe/connect/", "anyone", 405),
    # Accounts, and viewing as one
    "accounts": Row("/connect/accounts", answer=302),
    "record_acceptances": Row("/connect/accounts/record-acceptances?id={account}", "operator"),
    "account": Row(ACCOUNT),
    "account_live": Row(f"{ACCOUNT}/live"),
    "account_refresh": Row(f"{ACCOUNT}/refresh", "operator", 302, "post", {"for_account": "{account}"}),
    "return_from_stripe": Row(f"{ACCOUNT}/return", but={"anonymous": 200, "disabled": 200}),  # the holder
    "refresh_link": Row(f"{ACCOUNT}/link-used", but={"anonymous": 200, "disabled": 200}),
    "activity": Row("/{account}/activity", "support", view_as=True),
    # Issuing, viewed as an account
    **{
        name: Row(f"/{{account}}/{path}", "support", view_as=True)
        for name, path in {
            "issuing_overview": "issuing/overview",
            "cardholders": "issuing/cardholders",
            "cardholder": "issuing/cardholders/{cardholder}",
            "cards": "issuing/cards",
            "card": "issuing/cards/{card}",
            "authorizations": "issuing/authorizations",
            "authorization": "issuing/authorizations/{authorization}",
            "transactions": "issuing/transactions",
            "transaction": "issuing/transactions/{transaction}",
            "balances": "balance/overview",
            "topups": "topups",
            "topup": "topups/{topup}",
        }.items()
    },
    "other_form": Row("/test/connect/accounts/{account}/", answer=302),
    "view_as_start": Row(f"{ACCOUNT}/view-as", "support", but=WITH_SESSION),
    "view_as_end": Row(f"{ACCOUNT}/view-as/end", "support", 302, "post", {"for_account": "{account}"}),
    "view_as_mode": Row(
        f"{ACCOUNT}/view-as/mode", "support", 302, "post", {"mode": "look", "for_account": "{account}"}, view_as=True
    ),
    "account_out": Row("/{account}/out/{account}", "support", view_as=True),
    "out": Row("/out/{account}"),
    # Verbs and operations
    "verb": Row("/do/accounts.create_account/", "operator"),
    "account_verb": Row(f"{ACCOUNT}/do/accounts.create_account_link", "operator"),
    "view_as_verb": Row("/{account}/do/issuing.create_cardholder", "operator", view_as=True),
    "object_verb": Row("/{account}/issuing/cards/{card}/do/issuing.activate_card", "operator", view_as=True),
    "bulk": Row("/bulk/accounts.refresh/?id={account}", "operator"),
    "bulk_runs": Row("/bulk-runs/", answer=302),
    "bulk_from_file": Row("/bulk-runs/from-file"),
    "bulk_run": Row("/bulk-runs/{bulk_run}"),
    "bulk_run_live": Row("/bulk-runs/{bulk_run}/live"),
    "operations": Row("/operations/", answer=302),
    "operation": Row("/operations/{operation}"),
    "operation_state": Row("/operations/{operation}/state"),
    "mail_state": Row("/console/mail/{mail}/state", "operator"),
    "mailbox": Row("/mailbox/", "operator"),
    "mailbox_mail": Row("/mailbox/{kept_mail}", "operator"),
    "approvals": Row("/approvals/", answer=302),
    "approval": Row("/approvals/{approval}"),
    "event_state": Row("/gateway/event/{event}/state"),
    # Jobs and exports: of the operator's own job, an administrator sees the page and not the file
    "jobs": Row("/jobs/", answer=302),
    "job": Row("/jobs/{job}", "operator"),
    "job_file": Row("/jobs/{job}/file", "operator", 200, "post", but={"administrator": 403}),
    "export_list": Row("/exports/issuing.card", "viewer", 200, "post", {"format": "csv"}),
    "export_account_list": Row(
        "/{account}/exports/issuing.card",
        "support",
        200,
        "post",
        {"format": "csv", "for_account": "{account}"},
        view_as=True,
    ),
    # Brakes
    "brakes": Row("/brakes/"),
    "brake_new": Row("/brakes/new", "administrator"),
    "brake_lift": Row("/brakes/{brake}/lift", "administrator"),
    # The incident switch
    "incident": Row("/incident/", "operator"),
    "freeze": Row("/incident/{freeze}", "operator"),
    # Oneself, search, staff
    "search": Row("/search?q=alder"),
    "me": Row("/me/"),
    "set_mail": Row("/me/mail", "operator", 302, "post", {"daily_digest": "on"}),
    "make_token": Row("/me/tokens", "support", 200, "post", {"label": "nightly"}),
    "revoke_token": Row("/me/tokens/0/revoke", "support", 404, "post"),
    "staff": Row("/staff/", "administrator"),
    "staff_new": Row("/staff/new", "administrator"),
    "staff_member": Row("/staff/{user}", "administrator"),
    "staff_password": Row("/staff/{user}/password", "administrator"),
    # The admin
    "index": Row("/"),
    "login": Row("/login/", answer=302, but={"anonymous": 200, "disabled": 200}),
    "logout": Row("/logout/", answer=302),
    "password_change": Row("/password_change/"),
    "password_change_done": Row("/password_change/done/"),
    "autocomplete": Row("/autocomplete/", "nobody"),
    "jsi18n": Row("/jsi18n/"),
    "app_list": Row("/console/", answer=302),
    "(?P<url>.*)$": Row("/no/such/page/", answer=404),
    **records("console.bulkrun", "viewer", "bulk_run", change=302),
    **records("console.operation", "viewer", "operation", change=302),
    **records("console.approval", "viewer", "approval", change=302),
    **records("console.auditentry", "operator", "audit_entry"),
    "erase": Row("/audit/erase/user/{user}", "administrator"),
    **records("console.accessentry", "operator", "access_entry"),
    **records("console.worksession", "operator", "work_session"),
    **records("console.job", "viewer", "job", change=302),
    **records("console.mail", "operator", "mail"),
    **records("gateway.event", "viewer", "event"),
    **mirror("accounts.account", "viewer", "account"),
    **mirror("issuing.cardholder", "viewer", "cardholder"),
    **mirror("issuing.card", "viewer", "card"),
    **mirror("issuing.authorization", "viewer", "authorization"),
    **mirror("issuing.transaction", "viewer", "transaction"),
    **mirror("issuing.topup", "viewer", "topup"),
}
