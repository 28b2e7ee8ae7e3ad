"""How a noun plugs in: it declares once, in its noun.py, everything that the shell may ask.

The shell knows no nouns. A room names its own in its app's `nouns`, and nothing is added in another way.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.admin import SimpleListFilter
from django.db.models import IntegerField, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from console.jobs.kinds import Kind
from console.mail import templates
from console.mail.templates import Template
from console.operations import verbs
from console.operations.verbs import Verb
from console.shell.badges import NOTHING, Badge, absent
from console.shell.moves import STAFF
from gateway import clock, inbox, nouns
from gateway.mirror import Mirror
from gateway.models import Event

COUNTED = 1_000  # nothing that a person sees is counted further
ALL = "*"  # of a menu entry: beside it stands how much waits in all queues together
SHOWN = 8  # items that home shows
SECTIONS = ("", "Accounts", "Issuing", "Stripe", "Staff")  # of the menu, in this order; "" is Work, without a heading


@dataclass(frozen=True, kw_only=True)
class MenuEntry:
    """One line of the menu. `url` is a URL name or a path; `queue` is the one whose number stands beside it, if any."""

    label: str
    url: str
    icon: str
    section: str = ""
    permission: str = ""  # without it the entry is absent
    order: int = 100
    queue: str = ""  # its name, or ALL
    urgent: bool = False  # a red count: Home alone


@dataclass(frozen=True)
class Forgets:
    """What an act of erasing (its kind and key) means of a noun's own rows: how many, and their forgetting, which is
    safe to repeat and False where it has to be asked again later.
    """

    count: Callable[[str, str], int]
    forget: Callable[[str, str], bool]


@dataclass(frozen=True, kw_only=True)
class HomePanel:
    """A panel on the home page: `template` is given what `context(request)` returns, as `panel`."""

    name: str
    title: str
    template: str
    context: Callable[[HttpRequest], dict[str, Any]]
    permission: str = ""
    order: int = 100
    aside: bool = False  # narrow, at the right of the last row


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that needs a person: what (`title`), why, whose `move` it is (staff, holder), by when, which button.

    `kind` is its queue's name, which `console.shell.items` fills in; `object_id` is what it is about, `url` the page of
    that. `at` is its deadline by Stripe's clock, None where it is wrong now, without one. `button` leads to
    `button_url`, which is where it is put right.
    """

    kind: str = ""
    object_id: str = ""
    title: str
    why: str
    url: str
    move: str = STAFF
    at: datetime | None = None
    start: datetime | None = None  # when the deadline was set, or since when it is wrong where there is no deadline
    past_due: bool = False  # Stripe's word for it, also where no deadline is known
    account_id: str = ""
    account_name: str = ""
    button: str = "Open"
    button_url: str = ""
    more: int = 0  # other things that the same row stands for


@dataclass(frozen=True)
class Waiting:
    """`times` has the deadline of every item (None: wrong now), at most COUNTED of them; `items` are the first."""

    times: list[datetime | None]
    items: list[Item]


class _CountOf(Subquery):
    """How many rows a query has, as a column."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def count_of(rows: QuerySet[Any]) -> Subquery:
    """How many there are, counted up to COUNTED, as a column of another query."""
    return _CountOf(rows.order_by().values("pk")[:COUNTED])


def first(rows: QuerySet[Any], most: int) -> tuple[list[Any], int]:
    """The first `most` rows, and how many there are, counted up to COUNTED. One query."""
    found = list(rows.annotate(in_all=count_of(rows))[:most])
    return found, found[0].in_all if found else 0


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What one noun says needs a person. Home, lists and pages ask through `console.shell.items` alone.

    `waiting(request, most)` reads what waits, soonest first; `count` how many, up to COUNTED: the worker asks it all
    the time, so it costs one short query (console.shell.figures). `link` is the list that
    shows all, filtered. `of_account(request, account_id)` gives the same for one account: its items, or a QuerySet of
    rows that `item(request, row)` makes items of, which is read together with those of other queues by one query.
    `of_object(request, row)` does so for one object of a mirror; None: this queue is not about such objects. `told`
    names the page that says it in its own words, and so does not list it: the "account"'s, or the "object"'s own.
    """

    name: str
    one: str  # of the link where one waits: "account with open requirements"
    label: str  # where several do: "accounts with open requirements"
    link: Callable[[], str]
    waiting: Callable[[HttpRequest, int], Waiting]
    count: Callable[[], int]
    of_account: Callable[[HttpRequest, str], list[Item] | QuerySet[Any]] | None = None
    of_object: Callable[[HttpRequest, Mirror], list[Item] | QuerySet[Any] | None] | None = None
    item: Callable[[HttpRequest, Any], Item] | None = None
    told: str = ""
    permission: str = ""
    order: int = 100


@dataclass(frozen=True, kw_only=True)
class Found:
    """One row of a search's answer."""

    label: str
    url: str
    detail: str = ""
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Search:
    """A list that the search box asks: `find(request, words)` yields at most ten rows."""

    title: str
    find: Callable[[HttpRequest, str], Iterable[Found]]
    permission: str = ""
    order: int = 100


@dataclass(frozen=True, kw_only=True)
class Tab:
    """A page of one account in the menu that replaces the console's while viewing as it.

    `path` follows `/<account>/` and is Stripe's Dashboard's own, such as `issuing/cards`.
    """

    label: str
    path: str
    icon: str
    section: str = ""
    permission: str = "console.view_as"
    order: int = 100
    count: Callable[[str], int] | None = None  # given the account's id


@dataclass(frozen=True, kw_only=True)
class AccountPanel:
    """A panel on the account's page, given the account's row; `template` gets its answer as `panel`."""

    name: str
    title: str
    template: str
    context: Callable[[HttpRequest, Any], dict[str, Any]]
    permission: str = ""
    order: int = 100


@dataclass(frozen=True, kw_only=True)
class ListAction:
    """An action of another noun's list that is no verb: `answer(request, ids)` is the page that it leads to."""

    name: str
    label: str
    model: type[Mirror]  # of the list's rows
    answer: Callable[[HttpRequest, list[str]], HttpResponse]
    permission: str = ""


@dataclass(frozen=True, kw_only=True)
class Noun(nouns.Noun):
    """All that one noun tells the shell; what it does not name, it does not have.

    `roles`: the lowest role → the permissions (`app.codename`) that it gets, and with it every higher one. `badges`:
    kind → state → badge. `rules`: name → the page of Stripe's that a rule comes from. `dashboard`: the beginning of an
    id (or a page's name) → where Stripe's Dashboard keeps it, with {id} and {account}; without {account} it is the
    platform's. `page_of`: the beginning of an id → our page for such an id, "" where we do not have it. `numbered`: the
    page of what has this number of ours, for who reads this, or "". `account_of`: the beginning of an id → whose it is,
    of what has no page of an account's. `describe` words one change of its history, given
    the row. `filters` are offered by the list of accounts. `label` names an
    account (one noun alone has it). `mails` are the templates of what it has mailed. `on_events` is told of every list
    of events that was settled. `jobs`: the name of a kind of long work → its class. `figures`: name → what computes a
    figure, as JSON, that the worker keeps (console.shell.figures). `forgets`: what of its own tables an act of erasing
    blanks beside the trail.
    """

    verbs: tuple[type[Verb], ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    menu: tuple[MenuEntry, ...] = ()
    tabs: tuple[Tab, ...] = ()
    queues: tuple[Queue, ...] = ()
    searches: tuple[Search, ...] = ()
    home_panels: tuple[HomePanel, ...] = ()
    account_panels: tuple[AccountPanel, ...] = ()
    mails: tuple[Template, ...] = ()
    badges: Mapping[str, Mapping[str, Badge]] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    dashboard: tuple[tuple[str, str], ...] = ()
    page_of: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    numbered: Callable[[HttpRequest, UUID], str] | None = None
    account_of: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    describe: Callable[[Any, Any], Any] | None = None
    filters: tuple[type[SimpleListFilter], ...] = ()
    list_actions: tuple[ListAction, ...] = ()
    label: Callable[[str], str | None] | None = None
    on_events: Callable[[list[Event]], None] | None = None
    jobs: Mapping[str, type[Kind]] = field(default_factory=dict)
    figures: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    forgets: Forgets | None = None


def object_page(model: type[Mirror]) -> Callable[[str], str]:
    """The page of an object of this model by its id, "" for an id that we do not have. One query."""

    def page(object_id: str) -> str:
        row: Any = model.objects.filter(pk=object_id[:255]).first()
        return row.get_absolute_url() if row else ""

    return page


def account_tab(model: type[Mirror], tab: str) -> Callable[[str], str]:
    """The tab of the account's page that lists objects of this model, by the id of one; "" for an unknown one."""

    def page(object_id: str) -> str:
        row = model.objects.filter(pk=object_id[:255]).only("id", "account_id").first()
        return f"{reverse('account', args=[row.account_id])}?tab={tab}" if row and row.account_id else ""

    return page


def stripes(at: datetime) -> datetime:
    """A moment of the wall clock as Stripe's clock showed it."""
    return at + (clock.now() - timezone.now())


_nouns: list[Noun] = []


def load() -> None:
    """Import and register every noun that the installed rooms name; called once, when all models are there."""
    for room in apps.get_app_configs():
        for name in getattr(room, "nouns", ()):
            register(import_module(f"{room.name}.{name}.noun").NOUN)


def register(noun: Noun) -> None:
    """Add a noun, its verbs and its templates."""
    _nouns.append(noun)
    nouns.register(noun)
    for verb in noun.verbs:
        verbs.register(verb())
    for template in noun.mails:
        templates.register(template)
    if noun.on_events:
        inbox.on_settled(noun.on_events)


def every() -> list[Noun]:
    """All nouns, in the order of their rooms."""
    return list(_nouns)


def badges() -> dict[str, Mapping[str, Badge]]:
    """Kind → state → badge."""
    return {kind: states for noun in _nouns for kind, states in noun.badges.items()}


def badge(value: Any, kind: str) -> Badge:
    """The badge of a state, or the badge itself; a state that the kind does not know stays as it came, muted.

    Nothing is a dash.
    """
    if isinstance(value, Badge):
        return value
    if value is None or value == "":
        return NOTHING
    states: Mapping[str, Badge] = next((noun.badges[kind] for noun in _nouns if kind in noun.badges), {})
    return states.get(str(value).strip().lower().replace(" ", "_")) or absent(str(value))


def rules() -> dict[str, str]:
    """Name → the https address of the page of Stripe's that a rule comes from."""
    return {name: address for noun in _nouns for name, address in noun.rules.items()}


def menu() -> list[MenuEntry]:
    """Every entry, by section and order."""
    found = [entry for noun in _nouns for entry in noun.menu]
    return sorted(found, key=lambda entry: (SECTIONS.index(entry.section), entry.order))


def home_panels() -> list[HomePanel]:
    """Every panel, in order."""
    return sorted((each for noun in _nouns for each in noun.home_panels), key=lambda panel: (panel.aside, panel.order))


def queues() -> list[Queue]:
    """Every queue, in order."""
    return sorted((each for noun in _nouns for each in noun.queues), key=lambda queue: queue.order)


def searches() -> list[Search]:
    """Every list the search box asks, in order."""
    return sorted((each for noun in _nouns for each in noun.searches), key=lambda search: search.order)


def tabs() -> list[Tab]:
    """Every page of an account, in order."""
    return sorted((each for noun in _nouns for each in noun.tabs), key=lambda tab: tab.order)


def account_panels() -> list[AccountPanel]:
    """Every panel of the account's page, in order."""
    return sorted((each for noun in _nouns for each in noun.account_panels), key=lambda panel: panel.order)


def list_actions(model: type[Mirror]) -> list[ListAction]:
    """The actions that nouns add to the list of this model."""
    return [action for noun in _nouns for action in noun.list_actions if action.model is model]


def jump(object_id: str) -> str:
    """The path of the page of the object with this id, or "" where no noun knows it."""
    for noun in _nouns:
        for prefix, url_of in noun.page_of.items():
            if object_id.startswith(prefix) and (url := url_of(object_id)):
                return url
    return ""


def account_of(object_id: str) -> str:
    """Whose an object is that has no page of an account's, as its noun says; "" where none does."""
    return next(
        (
            account_id
            for noun in _nouns
            for prefix, of in noun.account_of.items()
            if object_id.startswith(prefix) and (account_id := of(object_id))
        ),
        "",
    )


def page_of_number(request: HttpRequest, number: UUID) -> str:
    """The page of what this console gave the number: an operation, a run, a job; "" for none. One query a noun."""
    pages = (noun.numbered(request, number) for noun in _nouns if noun.numbered)
    return next(filter(None, pages), "")


def account_label(account_id: str) -> str | None:
    """The account's name (its id where it has none), or None for an account that we do not have. One query."""
    label = next((noun.label for noun in _nouns if noun.label), None)
    return label(account_id) if label else None
