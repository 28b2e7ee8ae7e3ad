"""People, accounts and verbs for tests of the door. The verbs call the sandbox through the real client."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.door import Performed
from console.operations.fields import VerbForm
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb
from console.people.models import User
from console.viewing.models import WorkSession
from gateway import client, clock, sweep
from gateway.errors import Refused, Unreachable
from gateway.models import Event
from tests.sandbox_process import SandboxProcess

REASON = "Asked for by the customer"
CONTROLLER = {
    "stripe_dashboard": {"type": "none"},
    "requirement_collection": "application",
    "fees": {"payer": "application"},
    "losses": {"payments": "application"},
}


class AccountForm(VerbForm):
    """The least of an account, and one field that nobody may keep."""

    business_name = forms.CharField(max_length=100)
    email = forms.CharField(required=False)
    country = forms.CharField(initial="US")
    ssn = forms.CharField(required=False, label="SSN")


def account_params(operation: Operation, params: dict[str, Any]) -> dict[str, Any]:
    """What is sent: marked with the operation, so that it can be found again."""
    return {
        "country": params["country"],
        "controller": CONTROLLER,
        "capabilities": {"transfers": {"requested": True}},
        "business_profile": {"name": params["business_name"]},
        "metadata": {"operation": str(operation.pk)},
        **({"email": params["email"]} if params.get("email") else {}),
        **({"individual": {"id_number": params["ssn"]}} if params.get("ssn") else {}),
    }


def create(operation: Operation, params: dict[str, Any]) -> Outcome:
    """Make the account."""
    answer = client.post("/v1/accounts", account_params(operation, params), account=None, key=operation.key)
    return outcome(answer.data, answer.request_id)


def outcome(data: dict[str, Any], request_id: str = "") -> Outcome:
    return Outcome(
        object_id=data["id"],
        account_id=data["id"],
        account_name=data["business_profile"]["name"],
        request_id=request_id,
        result={"country": data["country"]},
    )


def find(operation: Operation) -> Outcome | None:
    """The account that carries the operation's mark."""
    for page in client.pages("/v1/accounts", account=None):
        for data in page.data["data"]:
            if data["metadata"].get("operation") == str(operation.pk):
                return outcome(data)
    return None


def rename(operation: Operation, params: dict[str, Any]) -> Outcome:
    """Change an account's name."""
    path = f"/v1/accounts/{operation.account_id}"
    answer = client.post(path, {"business_profile": {"name": params["name"]}}, account=None, key=operation.key)
    return Outcome(object_id=answer.data["id"], request_id=answer.request_id)


class RenameForm(VerbForm):
    name = forms.CharField(max_length=100)


def read(operation: Operation, params: dict[str, Any]) -> Outcome:
    answer = client.get(f"/v1/accounts/{operation.account_id}", account=None)
    return Outcome(object_id=answer.data["id"], request_id=answer.request_id)


def link(operation: Operation, params: dict[str, Any]) -> Outcome:
    sent = {
        "account": operation.account_id,
        "type": "account_onboarding",
        "refresh_url": "http://a/",
        "return_url": "http://b/",
    }
    answer = client.post("/v1/account_links", sent, account=None, key=operation.key)
    return Outcome(
        request_id=answer.request_id,
        result={"expires_at": answer.data["expires_at"]},
        shown={"url": answer.data["url"]},
    )


def request_of(row: None, params: dict[str, Any]) -> Request:
    return Request(
        "POST", "/v1/accounts", params={"business_profile": {"name": params.get("business_name")}}, undo="No."
    )


PERMISSION = "console.view_operation"
ACCOUNT = {"business_name": "Alder Ltd", "country": "US"}


def make(name: str, **fields: Any) -> Verb:
    """A verb of these fields; functions among them become its methods."""
    methods = {
        key: staticmethod(value) if callable(value) and not isinstance(value, type) else value
        for key, value in fields.items()
    }
    return type("TestVerb", (Verb,), {"name": name, "permission": PERMISSION, **methods})()


CREATE = make(
    "tests.create",
    label="Create test account",
    send=create,
    form=AccountForm,
    find=find,
    request=request_of,
    about_account=False,
    sensitive=("ssn",),
    stripe_object="account",
)
RENAME = make("tests.rename", label="Rename account", send=rename, form=RenameForm)
READ = make("tests.read", label="Read account", send=read, sends=False)
LINK = make("tests.link", label="Make test link", send=link, result_template="tests/link.html")
NOT_IN_SANDBOX = make("tests.live", label="Live only", send=read, modes={"live"})


@contextmanager
def registered(*more: Verb) -> Iterator[None]:
    """The verbs of these tests, beside the rooms' own."""
    before = dict(verbs._verbs)
    for verb in (CREATE, RENAME, READ, LINK, NOT_IN_SANDBOX, *more):
        verbs.register(verb)
    try:
        yield
    finally:
        verbs._verbs.clear()
        verbs._verbs.update(before)


def person(name: str, *permissions: str, **fields: Any) -> User:
    """A member of staff with just these permissions."""
    user = User.objects.create_user(name, password="correct horse battery", is_staff=True, **fields)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def account(sandbox: SandboxProcess, name: str = "Alder Ltd") -> str:
    """An account at Stripe that the console knows; its id."""
    params = {
        "country": "US",
        "controller[stripe_dashboard][type]": "none",
        "controller[requirement_collection]": "application",
        "controller[fees][payer]": "application",
        "controller[losses][payments]": "application",
        "capabilities[transfers][requested]": "true",
        "business_profile[name]": name,
    }
    _, data, _ = sandbox.api("POST", "/v1/accounts", params)
    row = Account(id=data["id"], account_id=data["id"], data=data, as_of=1)
    row.set_columns()
    row.save()
    return row.pk


def do(verb: Verb, user: User, **options: Any) -> Performed:
    """perform() with what most tests do not care about."""
    settings = {"params": {}, "reason": REASON, "form_token": uuid.uuid4().hex, **options}
    return door.perform(verb, user=user, **settings)


def creates(sandbox: SandboxProcess, path: str = "/v1/accounts") -> int:
    """How many POSTs to a path the sandbox got."""
    return sum(
        line.get("method") == "POST" and line.get("path", "").split("?")[0] == path for line in sandbox.traffic()
    )


def accounts_at_stripe(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    """The connected accounts there are."""
    _, answer, _ = sandbox.api("GET", "/v1/accounts", {"limit": "100"})
    return answer["data"]


def verb_that(send: Any, **fields: Any) -> Verb:
    """A verb registered (in place of the last one) for one test."""
    verb = make("tests.act", send=send, **{"label": "Act", "about_account": False, **fields})
    verbs._verbs[verb.name] = verb
    return verb


def failing(problem: Refused | Unreachable | Exception, **fields: Any) -> Verb:
    """A verb whose call ends in this, without a network: for what no sandbox can be told to do."""

    def send(operation: Operation, params: dict[str, Any]) -> Outcome:
        raise problem

    return verb_that(send, **fields)


def session_for(user: User, account_id: str, mode: str = "look") -> WorkSession:
    """An open work session."""
    return WorkSession.objects.create(
        user=user, account_id=account_id, reason="Looking into a ticket", ticket="T-7", category="routine", mode=mode
    )


def faults(sandbox: SandboxProcess, *kinds: str, match: str = "POST /v1/accounts") -> None:
    sandbox.control("faults", [{"match": match, "times": 1, "fault": kind} for kind in kinds])


def told(operation: Operation) -> list[str]:
    return list(operation.audit_entries.order_by("number").values_list("action", flat=True))


def settle(operation: Operation, after: timedelta = timedelta(0)) -> Operation:
    """The worker's next step, as if it came so much later."""
    at = timezone.now() + after
    sweep.over(Operation, at)
    door.settle(str(operation.pk), at)
    operation.refresh_from_db()
    return operation


def event_of(operation: Operation, **data: Any) -> Event:
    """The event that the operation's call caused, as the inbox stores it."""
    return Event.objects.create(
        id=f"evt_{uuid.uuid4().hex}",
        account="acct_9",
        type="account.updated",
        created=clock.timestamp(),
        livemode=False,
        request_id="req_9",
        idempotency_key=operation.key,
        payload={"data": {"object": {"id": "acct_9", "object": "account", **data}}},
        received_at=timezone.now(),
        state=Event.State.DONE,
    )
