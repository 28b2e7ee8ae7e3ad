"""Record the acceptances of many accounts on one page: a row for each, because each has its own date and address."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from accounts.account.models import Account
from accounts.persons.models import Person
from accounts.terms.forms import AgreementsForm, SignatureForm
from accounts.terms.verbs import RecordTerms, asked, representative
from accounts.terms.words import AGREEMENTS
from console.operations import door, verbs
from console.operations.bulk import INLINE_SECONDS, limited, parted
from console.operations.door import Denied
from console.operations.fields import Where
from console.operations.forms import ReasonForm, fresh_token
from console.operations.models import Operation
from console.operations.pages import get_verb
from console.operations.verbs import Verb
from console.people.sign_in import address
from console.people.signed_in import needs, staff
from console.shell.drawing import page
from console.viewing.sessions import current

Data = dict[str, Any]

MOST = 50  # rows of one form: each is a record of its own that somebody reads and types


class ManyForm(ReasonForm, AgreementsForm):
    """What all rows have in common; reason and ticket stand last, as everywhere."""

    field_order = ("agreements", "obtained_how", "reason", "ticket")


@dataclass
class Row:
    """One account: its entries, and after the run its operation or why there is none."""

    account: Account
    token: str
    form: SignatureForm | None = None  # None where nothing can be recorded
    error: str = ""
    operation: Operation | None = None


class RowForm(SignatureForm):
    """One account's entries; what was accepted is said once for all."""

    def __init__(self, *args: Any, agreements: Iterable[str], token: str, **kwargs: Any) -> None:
        self.agreements, self.token = tuple(agreements), token
        super().__init__(*args, **kwargs)

    def chosen(self) -> list[str]:
        """The agreements of the whole form, as far as they are any."""
        return [each for each in self.agreements if each in AGREEMENTS]

    def sent_token(self) -> str:
        """The row's."""
        return self.token


def verb() -> Verb:
    """The verb of this page."""
    return verbs.get(RecordTerms.name)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("accounts.record_terms")
def record_many(request: HttpRequest, ids: list[str] | None = None) -> HttpResponse:
    """With `ids` (from the admin action) or `?id=`: the form. Its POST: one operation a row, or none where one is bad.

    Context: form, rows, ran. Sending the same form again finds the operations that it made.
    """
    get_verb(request, RecordTerms.name)
    if ids is None and request.method == "POST":
        return _run(request)
    chosen = limited(request.GET.getlist("id") if ids is None else ids, MOST)
    accounts = _accounts(chosen)
    names = _representatives(chosen)
    session = current(request)
    agreements = list(dict.fromkeys(each for account in accounts for each in asked(account)))
    form = ManyForm(initial={"agreements": agreements, "ticket": session.ticket if session else ""})
    rows = [_row(request, account, fresh_token(), None, initial={"by_whom": names[account.pk]}) for account in accounts]
    return _draw(request, form, rows)


def _accounts(ids: list[str]) -> list[Account]:
    """The accounts in this order: one query. Raises BadRequest for one that we do not have."""
    found = Account.objects.in_bulk(ids)
    missing = [each for each in ids if each not in found]
    if missing:
        raise BadRequest(f"No account {missing[0][:255]}.")
    return [found[each] for each in ids]


def _representatives(ids: list[str]) -> dict[str, str]:
    """The representative's name by account: one query."""
    persons: dict[str, list[Person]] = {each: [] for each in ids}
    for person in Person.objects.filter(account__in=ids):
        persons[str(person.account_id)].append(person)
    return {account_id: representative(own) for account_id, own in persons.items()}


def _row(request: HttpRequest, account: Account, token: str, data: Any, **more: Any) -> Row:
    problem = verb().objection(account)
    if problem:
        return Row(account, token, error=problem)
    where, agreements = Where(account.pk, "", address(request), account), data.getlist("agreements") if data else ()
    form = RowForm(data, prefix=account.pk, where=where, agreements=agreements, token=token, **more)
    return Row(account, token, form)


def _run(request: HttpRequest) -> HttpResponse:
    tokens = dict(map(parted, limited(request.POST.getlist("row"), MOST)))
    agreements = request.POST.getlist("agreements")
    form = ManyForm({**request.POST.dict(), "agreements": agreements, "form_token": fresh_token()})
    rows = [_row(request, account, tokens[account.pk], request.POST) for account in _accounts(list(tokens))]
    sound = [row.form.is_valid() for row in rows if row.form]
    if not form.is_valid() or not all(sound):
        return _draw(request, form, rows, status=422)
    until = time.monotonic() + INLINE_SECONDS
    for row in rows:
        _perform(request, form.cleaned_data, row, wait=time.monotonic() < until)
    return _draw(request, form, rows, ran=True)


def _perform(request: HttpRequest, shared: Data, row: Row, *, wait: bool) -> None:
    if row.form is None:
        return
    own = {"agreements": shared["agreements"], "obtained_how": shared["obtained_how"]}
    try:
        row.operation = door.perform(
            verb(),
            user=staff(request),
            params={**row.form.cleaned_data, **own},
            reason=shared["reason"],
            ticket=shared["ticket"],
            form_token=row.token,
            account_id=row.account.pk,
            account_name=str(row.account),
            via="action",
            work_session=current(request),
            wait=wait,
        ).operation
    except Denied as denied:
        row.error = str(denied)


def _draw(
    request: HttpRequest, form: ManyForm, rows: list[Row], *, ran: bool = False, status: int = 200
) -> HttpResponse:
    context = {
        "verb": verb(),
        "title": RecordTerms.label,
        "noun": "account",
        "form": form,
        "rows": rows,
        "able": sum(row.form is not None for row in rows),
        "bad": sum(bool(row.form and row.form.errors) for row in rows),
        "ran": ran,
        "post_url": reverse("record_acceptances"),
        "back_url": reverse("admin:accounts_account_changelist"),
    }
    return page(request, "accounts/terms/bulk.html", context, status=status)


urlpatterns = [
    path("connect/accounts/record-acceptances", record_many, name="record_acceptances"),
]
