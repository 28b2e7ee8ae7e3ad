"""What the accounts room adds to the shell: menu, home queue, search, label, view-as tab."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts import pages, requirements
from accounts.models import Account, Capability, Person, Requirement, rule
from accounts.queries import left_at
from console.registry import (
    Found,
    HomePanel,
    MenuEntry,
    Search,
    Tab,
    register_account_label,
    register_home_panel,
    register_jump,
    register_menu,
    register_search,
    register_view_as_tab,
)

SHOWN = 8


def attention(request: HttpRequest) -> dict[str, Any]:
    """The queue: accounts that need a person, each with what, why, whose move and until when. Five queries."""
    accounts = Account.objects.needing_attention().with_capability()
    shown = list(accounts[:SHOWN])
    left_at(shown)
    capabilities, persons = _by_account(Capability, shown), _by_account(Person, shown)
    passed = Requirement.objects.passed_deadlines([row.pk for row in shown]) if shown else {}
    queue = []
    for account in shown:
        names = {person.pk: str(person) for person in persons[account.pk]}
        own = {key: at for (account_id, key), at in passed.items() if account_id == account.pk}
        data = [capability.data for capability in capabilities[account.pk]]
        rows = requirements.rows(account.data or {}, data, names, rule=rule(), passed=own)
        open_rows = [row for row in rows if rule().counts(row)]
        queue.append(
            {"account": account, "row": open_rows[0] if open_rows else None, "more": max(len(open_rows) - 1, 0)}
        )
    return {
        "queue": queue,
        "count": needing_attention(),
        "shown": len(queue),
        "link_verb": pages.LINK_VERB,
        "url": reverse("admin:accounts_account_changelist"),
    }


def needing_attention() -> int:
    """How many accounts need a person, counted up to 1,000. One query."""
    return Account.objects.needing_attention().order_by()[:1000].count()


def _by_account(model: Any, accounts: Iterable[Account]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in model.objects.filter(account__in=[account.pk for account in accounts], gone_at=None):
        found[row.account_id].append(row)
    return found


def find(request: HttpRequest, words: str) -> Iterable[Found]:
    """Accounts by id, name or e-mail: ten at most, one query."""
    for account in Account.objects.search(words[:255])[:10]:
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


register_account_label(label)
register_jump("acct_", jump)
register_search(Search(title="Connected accounts", find=find, permission="accounts.view_account", order=10))
register_menu(
    MenuEntry(
        label="Connected accounts",
        url="admin:accounts_account_changelist",
        icon="accounts",
        section="Accounts",
        permission="accounts.view_account",
        order=10,
    )
)
register_home_panel(
    HomePanel(
        name="attention",
        title="Accounts that need a person",
        template="accounts/attention.html",
        context=attention,
        permission="accounts.view_account",
        order=10,
        count=needing_attention,
    )
)
register_view_as_tab(Tab(label="Activity", path="activity", icon="activity", section="Settings", order=90))
