"""Record that the holder's representative has accepted terms: theirs, with evidence, never the staff's own."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_datetime

from accounts.account.models import Account
from accounts.account.words import platform_collects
from accounts.persons.models import Person
from accounts.terms import forms as terms_forms
from accounts.terms import models as terms_models
from accounts.terms import words as terms_words
from accounts.terms.forms import RecordTermsForm
from accounts.terms.models import SIGNATURES, Signature
from accounts.terms.words import AGREEMENTS
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb, register
from gateway import client
from gateway.errors import Refused

Data = dict[str, Any]

NAME = "accounts.record_terms"


def objection(account: Account) -> str:
    """Why no acceptance can ever be recorded for this account, or ""."""
    if account.gone:
        return f"{account.pk} is no longer connected to this platform."
    if not platform_collects(account.data or {}):
        return "Stripe collects this account’s requirements: its holder accepts terms with Stripe alone."
    return ""


def _moment(value: Any) -> datetime | None:
    """The date as a form or a stored operation has it."""
    return parse_datetime(value) if isinstance(value, str) else value


def _params(values: Data) -> Data:
    """The body of POST /v1/accounts/{id}."""
    moment = _moment(values.get("accepted_at"))
    signed = {"date": int(moment.timestamp()) if moment else "…", "ip": values.get("ip") or "…"}
    if values.get("user_agent"):
        signed["user_agent"] = values["user_agent"]
    return terms_models.params(values.get("agreements") or (), signed)


def _send(operation: Operation, params: Data) -> Outcome:
    """Check once more what may have changed since the form was filled in, record, and write the ledger."""
    account = Account.objects.get(pk=operation.account_id)
    moment = _moment(params["accepted_at"])
    problem = terms_forms.address_objection(params["ip"])
    if not problem and moment and operation.attempts <= 1:  # a later attempt may find its own acceptance there
        problem = terms_forms.date_objection(account, params["agreements"], moment)
    if problem:
        raise Refused(problem, code="not_sent", param="ip" if terms_forms.address_objection(params["ip"]) else "date")
    answer = account.record_terms(key=operation.key, params=_params(params))
    return _note(operation, answer.data, answer.request_id)


def _note(operation: Operation, data: Data, request_id: str) -> Outcome:
    _, agreements, signature = _signature(operation)
    terms_models.recorded(operation, data, agreements, signature)
    return Outcome(
        object_id=operation.account_id,
        request_id=request_id,
        result={"agreements": agreements, "accepted_at": operation.params["accepted_at"]},
    )


def _signature(operation: Operation) -> tuple[int, list[str], Signature]:
    """What the operation asked to be recorded."""
    given = operation.params
    moment = _moment(given.get("accepted_at"))
    signature = Signature(given.get("obtained_how", ""), given.get("by_whom", ""), given.get("evidence", ""))
    return int(moment.timestamp()) if moment else 0, list(given.get("agreements") or ()), signature


def _find(operation: Operation) -> Outcome | None:
    """Read the account and compare the dates: one call."""
    answer = client.get(f"/v1/accounts/{operation.account_id}", account=None)
    date, agreements, _ = _signature(operation)
    if any(terms_models.terms(answer.data, agreement).get("date") != date for agreement in agreements):
        return None
    Account.absorb_answer(answer, account=operation.account_id)
    return _note(operation, answer.data, answer.request_id)


def _request(account_id: str, values: Data) -> Request:
    """The call, what it changes, and until when Stripe then decides."""
    account = Account.objects.filter(pk=account_id).first()
    data = account.data if account else None
    moment, chosen = _moment(values.get("accepted_at")), list(values.get("agreements") or ())
    changes = [
        (AGREEMENTS[each], _said(terms_models.accepted_on(data, each)), _said(moment)) for each in chosen if moment
    ]
    if moment and terms_words.ISSUING in chosen:
        changes.append(("Stripe decides until", "", _said(moment + terms_models.window())))
    return Request(
        "POST",
        f"/v1/accounts/{account_id}",
        params=_params(values),
        changes=tuple(changes),
        undo="It cannot be taken back; a later acceptance replaces it. "
        f"Stripe clears it when it has not taken up the complete application within {terms_models.window_words()}.",
    )


def _said(moment: datetime | None) -> str:
    return f"{moment:%-d %b %Y, %H:%M:%S} UTC" if moment else ""


def initial(account_id: str) -> Data:
    """The agreements that Stripe asks for now, and the representative's name."""
    account = Account.objects.get(pk=account_id)
    return {"agreements": asked(account), "by_whom": representative(Person.objects.filter(account=account_id))}


def asked(account: Account) -> list[str]:
    """The agreements that Stripe asks for now; those that nobody accepted where it asks for none."""
    due = (account.data or {}).get("requirements") or {}
    keys = [*(due.get("currently_due") or ()), *(due.get("past_due") or ())]
    starts = {name: ".".join(path) for name, path in terms_words.PATHS.items()}
    wanted = [name for name, start in starts.items() if any(key.startswith(f"{start}.") for key in keys)]
    return wanted or [name for name in AGREEMENTS if not terms_models.accepted_on(account.data, name)]


def representative(persons: Iterable[Person]) -> str:
    """The name of the account's representative, "" where Stripe knows none."""
    return next((str(each) for each in persons if "representative" in each.roles and not each.gone), "")


def _done(operation: Operation) -> str:
    named = " and ".join(AGREEMENTS[each] for each in operation.params.get("agreements") or ())
    return f"{named}: the acceptance of {operation.params.get('by_whom')} is recorded."


def _next(operation: Operation) -> str:
    return f"{reverse('account', args=[operation.account_id])}?tab=terms"


SIGNATURES[NAME] = _signature
record_terms = register(
    Verb(
        name=NAME,
        many=False,
        label="Record acceptance",
        permission="accounts.record_terms",
        send=_send,
        form=RecordTermsForm,
        request=_request,
        initial=initial,
        find=_find,
        objection=objection,
        personal=("by_whom", "ip", "user_agent"),
        done=_done,
        next_url=_next,
        stripe_object="account",
    )
)
