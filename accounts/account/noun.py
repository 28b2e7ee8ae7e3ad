"""What the shell may ask about connected accounts."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.account.models import Account, left_at, rule
from accounts.account.verbs import CreateAccount, RefreshAccount
from accounts.capabilities.models import Capability
from accounts.history.models import Requirement
from accounts.issuing_off.pages import LINK_VERB
from accounts.persons.models import Person
from accounts.requirements import models
from console.lists import keyset
from console.people import masking
from console.people.signed_in import may_see, staff
from console.shell import figures
from console.shell.badges import absent, bad, no, off, ok, soon, waits
from console.shell.links import DOCS
from console.shell.moves import STAFF
from console.shell.nouns import COUNTED, Found, Item, MenuEntry, Noun, Queue, Search, Waiting
from gateway import clock, together

JUST_PASSED = timedelta(seconds=1)
DUE = "accounts.due"  # the figure of `deadlines`
Passed = dict[tuple[str, str], int]  # of Requirement.objects.passed_deadlines


def attention(request: HttpRequest, most: int) -> Waiting:
    """The accounts that need a person, the first with what, why, whose move and until when. Four queries at most."""
    first = Account.objects.needing_attention().values_list("pk", flat=True)[:most]
    return Waiting([clock.from_unix(at) for at in figures.of(request, DUE)], _attention(request, list(first)))


def of_account(request: HttpRequest, account_id: str) -> list[Item]:
    """What one account needs. Three queries."""
    return _attention(
        request, list(Account.objects.needing_attention().filter(pk=account_id).values_list("pk", flat=True))
    )


def deadlines() -> list[int | None]:
    """When each of them is due, or was, in unix seconds, up to COUNTED; the worker keeps it. Two queries."""
    rows = list(Account.objects.needing_attention().values_list("pk", "overdue", "due_at")[:COUNTED])
    passed = Requirement.objects.passed_deadlines(account_id for account_id, overdue, _ in rows if overdue)
    return [int(at.timestamp()) if at else None for at in _deadlines(rows, passed)]


def _attention(request: HttpRequest, ids: list[str]) -> list[Item]:
    return _items(request, ids, Requirement.objects.passed_deadlines(ids)) if ids else []


def _items(request: HttpRequest, ids: list[str], passed: Passed) -> list[Item]:
    accounts, capabilities, persons = _whole(ids)
    shown = sorted((row for rows in accounts.values() for row in rows), key=lambda row: ids.index(row.pk))
    left_at(shown, passed)
    may_link = staff(request).has_perm("accounts.create_account_link") and settings.CONSOLE_MODE != "live"
    found = []
    for account in shown:
        own = {row.pk: row for row in capabilities[account.pk]}
        account.card_issuing = own.get(account.card_issuing_id)
        names = {person.pk: str(person) for person in persons[account.pk]}
        over = {key: at for (account_id, key), at in passed.items() if account_id == account.pk}
        data = [capability.data for capability in own.values()]
        rows = models.rows(account.data or {}, data, names, rule=rule(), passed=over)
        mask = masking.quoting(account.data, *(each.data for each in persons[account.pk]), may_see=may_see(request))
        models.with_causes(rows, mask.text)
        found.append(_item(account, [row for row in rows if rule().counts(row)], may_link=may_link))
    return found


def _whole(ids: list[str]) -> list[dict[str, list[Any]]]:
    """These accounts, their capabilities and their persons, by account. One query."""
    below = (model.objects.filter(account__in=ids, gone_at=None) for model in (Capability, Person))
    found = []
    for rows in together.rows(Account.objects.filter(pk__in=ids), *below):
        own: dict[str, list[Any]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.pk):
            own[row.account_id].append(row)
        found.append(own)
    return found


def _item(account: Account, rows: list[models.Row], *, may_link: bool) -> Item:
    """What the account needs first, and how much more."""
    url, first = account.get_absolute_url(), rows[0] if rows else None
    ask = may_link and first is not None and first.done_in_form
    if off := account.issuing_off:
        cost = "Issuing is off: cards are declined until it is done." if first else off.sentence
    else:
        cost = account.overall.why
    return Item(
        object_id=account.pk,
        title=first.title if first else "Restricted",
        why=(first.cause if first else "") or cost,
        url=url,
        move=first.move if first else STAFF,
        at=account.left_at,  # type: ignore[attr-defined]
        past_due=account.overdue,
        account_id=account.pk,
        account_name=str(account),
        button="Ask the holder" if ask else "Open",
        button_url=reverse("account_verb", args=[account.pk, LINK_VERB]) if ask else url,
        more=max(len(rows) - 1, 0),
    )


def _deadlines(accounts: list[tuple[str, bool, datetime | None]], passed: Passed) -> list[datetime | None]:
    """When each of them is due, or was."""
    first: dict[str, datetime] = {}
    for (account_id, _), at in passed.items():
        deadline = clock.from_unix(at)
        if deadline:
            first[account_id] = min(deadline, first.get(account_id, deadline))
    just_now = clock.now() - JUST_PASSED
    return [first.get(account_id, just_now) if overdue else due for account_id, overdue, due in accounts]


def needing_attention() -> int:
    """How many accounts need a person, counted up to COUNTED. One query."""
    return Account.objects.needing_attention().order_by()[:COUNTED].count()


def find(request: HttpRequest, words: str) -> Iterable[Found]:
    """Accounts by id, name or (for those who may see it) e-mail: the newest ten at most."""
    for account in keyset.first_found(Account.objects, words[:255], personal=may_see(request)):
        detail = " · ".join(filter(None, (account.overall.word, account.country)))
        yield Found(label=str(account), url=account.get_absolute_url(), detail=detail, id=account.pk)


def jump(account_id: str) -> str:
    """The account's page, "" for an id that we do not have."""
    account = Account.objects.filter(pk=account_id[:255]).first()
    return account.get_absolute_url() if account else ""


def label(account_id: str) -> str | None:
    """Its name, its id where it has none, None where we do not have it."""
    account = Account.objects.filter(pk=account_id[:255]).only("id", "name").first()
    return str(account) if account else None


WORDS = {  # of Stripe's Dashboard (docs.stripe.com/connect/dashboard/viewing-all-accounts)
    "enabled": ok("Enabled"),
    "complete": ok("Enabled"),
    "restricted_soon": soon("Restricted soon"),
    "restricted": bad("Restricted"),
    "in_review": waits("In review"),
    "pending": waits("Pending"),
    "rejected": no("Rejected"),
    "not_requested": absent("Not requested"),
    "cannot_issue": off("Cannot issue"),
    "gone": off("No longer connected"),
}
NOUN = Noun(
    model=Account,
    event_types=("account.application.authorized", "account.application.deauthorized", "account.updated"),
    personal=("individual",),
    verbs=(CreateAccount, RefreshAccount),
    roles={
        "viewer": ("accounts.view_account",),
        "support": ("accounts.view_pii",),
        "operator": ("accounts.create_account", "accounts.refresh_account"),
    },
    menu=(
        MenuEntry(
            label="Connected accounts",
            url="admin:accounts_account_changelist",
            icon="accounts",
            section="Accounts",
            permission="accounts.view_account",
            order=10,
        ),
    ),
    queues=(
        Queue(
            name="accounts",
            one="account with open requirements",
            label="accounts with open requirements",
            link=lambda: f"{reverse('admin:accounts_account_changelist')}?attention=yes",
            waiting=attention,
            of_account=of_account,
            told="account",
            count=needing_attention,
            permission="accounts.view_account",
            order=0,
        ),
    ),
    searches=(Search(title="Connected accounts", find=find, permission="accounts.view_account", order=10),),
    badges={"account": WORDS, "issuing": WORDS},
    rules={
        "account_statuses": f"{DOCS}/connect/dashboard/viewing-all-accounts",
        "issuing_connect": f"{DOCS}/issuing/connect",
        "reject": f"{DOCS}/api/account/reject",
    },
    dashboard=(("acct_", "connect/accounts/{id}"),),
    page_of={"acct_": jump},
    label=label,
    figures={DUE: deadlines},
)
