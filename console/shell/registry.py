"""What the rooms add to the shell, each in its panels.py: menu entries, home panels, searches, tabs, labels.

The shell knows no nouns. It asks these lists, in the order their entries ask for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest

COUNTED = 1_000  # no queue counts further
SECTIONS = ("", "Accounts", "Issuing", "Stripe", "Staff")  # of the menu, in this order; "" is Work, without a heading


@dataclass(frozen=True, kw_only=True)
class MenuEntry:
    """One line of the menu. `url` is a URL name or a path; `count` costs at most one query and 0 is not shown."""

    label: str
    url: str
    icon: str
    section: str = ""
    permission: str = ""  # without it the entry is absent
    order: int = 100
    count: Callable[[], int] | None = None
    urgent: bool = False  # a red count: Home alone


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
class Need:
    """One thing that needs a person. `at` is its deadline by Stripe's clock; None where it is wrong now, without one.

    `move` is whose it is (staff, holder); `button` leads to `button_url`, which is where it is put right.
    """

    title: str
    why: str
    url: str
    move: str = "staff"
    at: datetime | None = None
    start: datetime | None = None  # when the deadline was set, or since when it is wrong where there is no deadline
    account_id: str = ""
    account_name: str = ""
    button: str = "Open"
    button_url: str = ""
    more: int = 0  # other things that the same row stands for


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What one room puts into the queue on home.

    `times(request)` gives the deadline of every need, soonest first (None: wrong now), at most COUNTED of them by one
    query; `needs(request, most)` the first of them in the same order; `count` how many, by one query. `link` is the
    list that shows all, filtered.
    """

    name: str
    label: str  # of the link: "accounts with requirements"
    link: Callable[[], str]
    times: Callable[[HttpRequest], list[datetime | None]]
    needs: Callable[[HttpRequest, int], list[Need]]
    count: Callable[[], int]
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


@dataclass
class _Rooms:
    """All that was registered in this process."""

    menu: list[MenuEntry] = field(default_factory=list)
    home_panels: list[HomePanel] = field(default_factory=list)
    queues: list[Queue] = field(default_factory=list)
    searches: list[Search] = field(default_factory=list)
    tabs: list[Tab] = field(default_factory=list)
    account_panels: list[AccountPanel] = field(default_factory=list)
    jumps: dict[str, Callable[[str], str]] = field(default_factory=dict)
    account_label: Callable[[str], str | None] | None = None


_rooms = _Rooms()


def register_menu(entry: MenuEntry) -> None:
    """Add a line to the menu."""
    _rooms.menu.append(entry)


def register_home_panel(panel: HomePanel) -> None:
    """Add a panel to the home page."""
    _rooms.home_panels.append(panel)


def register_queue(queue: Queue) -> None:
    """Add a room's needs to the queue on home."""
    _rooms.queues.append(queue)


def register_search(search: Search) -> None:
    """Add a list to what the search box asks."""
    _rooms.searches.append(search)


def register_view_as_tab(tab: Tab) -> None:
    """Add a page to the menu of an account."""
    _rooms.tabs.append(tab)


def register_account_panel(panel: AccountPanel) -> None:
    """Add a panel to the account's page."""
    _rooms.account_panels.append(panel)


def register_jump(prefix: str, url_of: Callable[[str], str]) -> None:
    """Lead ids that begin with `prefix` (`acct_`) to their page; `url_of(id)` returns "" for unknown ones."""
    _rooms.jumps[prefix] = url_of


def register_account_label(label: Callable[[str], str | None]) -> None:
    """Name the one function that gives an account's name by its id, or None for an account that we do not have."""
    _rooms.account_label = label


def menu() -> list[MenuEntry]:
    """Every entry, by section and order."""
    return sorted(_rooms.menu, key=lambda entry: (SECTIONS.index(entry.section), entry.order))


def home_panels() -> list[HomePanel]:
    """Every panel, in order."""
    return sorted(_rooms.home_panels, key=lambda panel: (panel.aside, panel.order))


def queues() -> list[Queue]:
    """Every queue, in order."""
    return sorted(_rooms.queues, key=lambda queue: queue.order)


def needing_a_person() -> int:
    """How many things need a person, over all queues. One query for each."""
    return sum(queue.count() for queue in queues())


def searches() -> list[Search]:
    """Every list the search box asks, in order."""
    return sorted(_rooms.searches, key=lambda search: search.order)


def view_as_tabs() -> list[Tab]:
    """Every page of an account, in order."""
    return sorted(_rooms.tabs, key=lambda tab: tab.order)


def account_panels() -> list[AccountPanel]:
    """Every panel of the account's page, in order."""
    return sorted(_rooms.account_panels, key=lambda panel: panel.order)


def jump(object_id: str) -> str:
    """The path of the page of the object with this id, or "" where no room knows it."""
    for prefix, url_of in _rooms.jumps.items():
        if object_id.startswith(prefix):
            return url_of(object_id)
    return ""


def account_label(account_id: str) -> str | None:
    """The account's name (its id where it has none), or None for an account that we do not have. One query."""
    return _rooms.account_label(account_id) if _rooms.account_label else None
