"""Record that the holder's representative has accepted terms: theirs, with evidence, never the staff's own."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_datetime

from accounts.account.models import Account
from accounts.account.verbs import AccountVerb
from accounts.account.words import platform_collects
from accounts.persons.models import Person
from accounts.terms import forms, models
from accounts.terms.models import Signature, SigningVerb
from accounts.terms.words import AGREEMENTS, ISSUING, to_the_second
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request
from gateway import client
from gateway.errors import NOT_SENT, Refused

Data = dict[str, Any]


class RecordTerms(AccountVerb, SigningVerb):
    """The holder's acceptance of one agreement or both, as it stands in the evidence."""

    name = "accounts.record_terms"
    label, label_many = "Record acceptance", "Record acceptance of terms"
    permission = "accounts.record_terms"
    form = forms.RecordTermsForm
    many, most = False, 50  # each is a record of its own that somebody reads and types
    row_form, common_form, many_page = forms.RowForm, forms.AgreementsForm, "record_acceptances"
    before_many = "Each account’s representative has a date and an address of their own."
    personal = ("by_whom", "ip", "user_agent")
    stripe_object = "account"

    def initial(self, row: Account) -> Data:
        """The agreements that Stripe asks for now, and the representative's name."""
        return {"agreements": asked(row), "by_whom": representative(Person.objects.filter(account=row.pk))}

    def initial_many(self, ids: list[str]) -> tuple[Data, dict[str, Data]]:
        """All agreements that Stripe asks for now, and the representative of each: two queries."""
        agreements = [each for account in Account.objects.filter(pk__in=ids) for each in asked(account)]
        persons: dict[str, list[Person]] = {each: [] for each in ids}
        for person in Person.objects.filter(account__in=ids):
            persons[str(person.account_id)].append(person)
        by_row = {account_id: {"by_whom": representative(own)} for account_id, own in persons.items()}
        return {"agreements": list(dict.fromkeys(agreements))}, by_row

    def objection(self, row: Account) -> str:
        """Only where the platform collects what Stripe requires."""
        if row.gone:
            return f"{row.pk} is no longer connected to this platform."
        if not platform_collects(row.data or {}):
            return "Stripe collects this account’s requirements: its holder accepts terms with Stripe alone."
        return ""

    def request(self, row: Account, values: Data) -> Request:
        """The call, what it changes, and until when Stripe then decides."""
        accepted_at, chosen = _parsed(values.get("accepted_at")), list(values.get("agreements") or ())
        changes = [
            (AGREEMENTS[each], to_the_second(models.accepted_on(row.data, each)), to_the_second(accepted_at))
            for each in chosen
            if accepted_at
        ]
        if accepted_at and ISSUING in chosen:
            changes.append(("Stripe decides until", "", to_the_second(accepted_at + models.window())))
        undo = (
            "It cannot be taken back; a later acceptance replaces it. Stripe clears it when it has not taken up "
            f"the complete application within {models.window_words()}."
        )
        path, body = f"/v1/accounts/{row.pk}", _body(values)
        return Request("POST", path, params=body, changes=tuple(changes), undo=undo, before=row.data)

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Check once more what may have changed since the form was filled in, record, and write the ledger."""
        account = Account.objects.get(pk=operation.account_id)
        if problem := forms.address_objection(values["ip"]):
            raise Refused(problem, code=NOT_SENT, param="ip")
        accepted_at = datetime.fromisoformat(values["accepted_at"])
        # A later attempt may find its own acceptance there.
        problem = forms.date_objection(account, values["agreements"], accepted_at) if operation.attempts <= 1 else ""
        if problem:
            raise Refused(problem, code=NOT_SENT, param="date")
        answer = account.record_terms(key=operation.key, params=_body(values))
        return self._note(operation, answer.data, answer.request_id)

    def find(self, operation: Operation) -> Outcome | None:
        """Read the account and compare the dates: one call."""
        answer = client.get(f"/v1/accounts/{operation.account_id}", account=None)
        date, agreements, _ = self.signature(operation)
        if any(models.terms(answer.data, agreement).get("date") != date for agreement in agreements):
            return None
        Account.absorb_answer(answer, account=operation.account_id)
        return self._note(operation, answer.data, answer.request_id)

    def _note(self, operation: Operation, data: Data, request_id: str) -> Outcome:
        _, agreements, signature = self.signature(operation)
        models.recorded(operation, data, agreements, signature)
        result = {"agreements": agreements, "accepted_at": operation.params["accepted_at"]}
        return Outcome(object_id=operation.account_id, request_id=request_id, result=result)

    def signature(self, operation: Operation) -> tuple[int, list[str], Signature]:
        """As the form gave it."""
        given = operation.params
        accepted_at = _parsed(given.get("accepted_at"))
        signature = Signature(given.get("obtained_how", ""), given.get("by_whom", ""), given.get("evidence", ""))
        return int(accepted_at.timestamp()) if accepted_at else 0, list(given.get("agreements") or ()), signature

    def done(self, operation: Operation) -> str:
        """Which agreements, by whom."""
        named = " and ".join(AGREEMENTS[each] for each in operation.params.get("agreements") or ())
        return f"{named}: the acceptance of {operation.params.get('by_whom')} is recorded."

    def next_url(self, operation: Operation) -> str:
        """The tab of terms."""
        return f"{reverse('account', args=[operation.account_id])}?tab=terms"


def _parsed(value: Any) -> datetime | None:
    """The date of a form (datetime) or of a stored operation (its ISO text)."""
    return parse_datetime(value) if isinstance(value, str) else value


def _body(values: Data) -> Data:
    """The body of POST /v1/accounts/{id}."""
    accepted_at = _parsed(values.get("accepted_at"))
    signed = {"date": int(accepted_at.timestamp()) if accepted_at else "…", "ip": values.get("ip") or "…"}
    if values.get("user_agent"):
        signed["user_agent"] = values["user_agent"]
    return models.params(values.get("agreements") or (), signed)


def asked(account: Account) -> list[str]:
    """The agreements that Stripe asks for now; where it asks for none, those not yet accepted."""
    return models.due(account.data) or [name for name in AGREEMENTS if not models.accepted_on(account.data, name)]


def representative(persons: Iterable[Person]) -> str:
    """The name of the account's representative, "" where Stripe knows none."""
    return next((str(each) for each in persons if "representative" in each.roles and not each.gone), "")
