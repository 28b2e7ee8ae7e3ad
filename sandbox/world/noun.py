"""What a noun is written with: `route`, `task`, `Call`, `World`, `listing`, `diff` and Stripe's errors.

A noun is one file in `sandbox/nouns/`. Keys of an object that begin with `_` are the noun's own memory: they are
stored, and stripped wherever the object leaves the sandbox.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from sandbox.world.errors import invalid, missing
from sandbox.world.store import Store, Window
from sandbox.world.world import SETTINGS, TASKS, Task, World

Data = dict[str, Any]


class Unset(Enum):
    """The one value of a parameter that was sent empty to unset it. It is false."""

    UNSET = "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET


@dataclass(frozen=True)
class Upload:
    """A file of a multipart request."""

    filename: str
    content_type: str
    content: bytes


@dataclass
class Call:
    """One API request, decoded and checked against the description.

    `account` is the Stripe-Account header (the account exists), None for the platform's own; `params` are Python
    values with UNSET where "" was sent; `ids` the path's parameters by the names the description gives them.
    """

    method: str
    path: str
    ids: dict[str, str]
    params: Data
    account: str | None
    world: World
    request_id: str
    idempotency_key: str | None
    api_version: str
    api_key: str

    @property
    def store(self) -> Store:
        """The world's store."""
        return self.world.store


@dataclass
class Page:
    """A request for one of the sandbox's own pages, outside the API. `form` and `query` keep a name's last value."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    world: World
    remote_ip: str = "127.0.0.1"


Handler = Callable[[Call], Data]
PageHandler = Callable[[Page], tuple[int, dict[str, str], str]]
ControlHandler = Callable[[World, str, Data], Data]
Expander = Callable[[Call, str], Data | None]
ROUTES: dict[tuple[str, str], Handler] = {}
PAGES: list[tuple[str, str, PageHandler]] = []
CONTROLS: dict[str, ControlHandler] = {}
EXPANDERS: dict[str, Expander] = {}


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Serve this operation; `path` as the description writes it: `/v1/accounts/{id}`."""

    def register(handler: Handler) -> Handler:
        ROUTES[method.upper(), path] = handler
        return handler

    return register


def route_page(method: str, prefix: str) -> Callable[[PageHandler], PageHandler]:
    """Serve a page outside /v1/ for every path that begins with `prefix`. It returns (status, headers, HTML)."""

    def register(handler: PageHandler) -> PageHandler:
        PAGES.append((method.upper(), prefix, handler))
        return handler

    return register


def control(prefix: str) -> Callable[[ControlHandler], ControlHandler]:
    """Take `POST /_sandbox/{prefix}/{id}` for a noun. The handler gets (world, id, JSON body) in a transaction.

    What it returns is answered as JSON; a ValueError is a 400 in its words.
    """

    def register(handler: ControlHandler) -> ControlHandler:
        CONTROLS[prefix] = handler
        return handler

    return register


def task(name: str) -> Callable[[Task], Task]:
    """Make the function known to `World.later` under that name. It gets (world, payload) in a transaction."""

    def register(function: Task) -> Task:
        TASKS[name] = function
        return function

    return register


def expands(kind: str) -> Callable[[Expander], Expander]:
    """Say how an id of that kind is expanded, where reading the store under the kind's own name is not enough."""

    def register(function: Expander) -> Expander:
        EXPANDERS[kind] = function
        return function

    return register


def setting(name: str, default: Any) -> None:
    """Add a setting to those that `POST /_sandbox/settings` may change; read it as `world.settings[name]`."""
    SETTINGS[name] = default


def listing(
    call: Call,
    kind: str,
    *,
    url: str,
    account: str | None,
    match: Callable[[Data], bool] | None = None,
    **where: Any,
) -> Data:
    """Stripe's list of `account`'s objects of that kind, newest first, by the call's cursors, limit and `created`.

    `where` are top-level fields that must be equal; `match` a condition on the object. Raises StripeError for a
    limit outside 1 to 100, for both cursors at once and for a cursor that is not in the list.
    """
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        bound = "less than or equal to 100" if limit > 100 else "greater than or equal to 1"
        raise invalid(f"This value must be {bound}.", "parameter_invalid_integer", "limit")
    after, before = _cursor(call, kind, account, "starting_after"), _cursor(call, kind, account, "ending_before")
    if after is not None and before is not None:
        raise invalid("You cannot parameterize both ending_before and starting_after.", "parameters_exclusive")
    created = call.params.get("created", {})
    bounds = {"gte": created, "lte": created} if isinstance(created, int) else created

    def wanted(data: Data) -> bool:
        return all(data.get(name) == value for name, value in where.items()) and (match is None or match(data))

    found = call.store.page(kind, account, Window(limit + 1, after, before, bounds), wanted)
    page = found[-limit:] if before is not None else found[:limit]
    return {"object": "list", "data": page, "has_more": len(found) > limit, "url": url}


def _cursor(call: Call, kind: str, account: str | None, param: str) -> int | None:
    object_id = call.params.get(param)
    if object_id is None:
        return None
    seq = call.store.seq(kind, object_id, account)
    if seq is None:
        raise missing(kind, object_id, param)
    return seq


def diff(old: Data, new: Data) -> Data:
    """`previous_attributes`: the old values of what changed; hashes keep their changed keys only, arrays are whole."""
    changed = {}
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        nested = isinstance(before, dict) and isinstance(after, dict)
        changed[name] = diff(before, after) if nested else before  # type: ignore[arg-type]
    return changed


def merge(old: Data, given: Data) -> Data:
    """`old` with the given parameters laid over it: hashes member by member, arrays whole, UNSET becomes None."""
    merged = dict(old)
    for name, value in given.items():
        if isinstance(value, dict):
            before = merged.get(name)
            merged[name] = merge(before if isinstance(before, dict) else {}, value)
        else:
            merged[name] = None if value is UNSET else value
    return merged


def merge_metadata(old: dict[str, str], given: Data | Unset | None) -> dict[str, str]:
    """Metadata after an update: "" for a key removes it, "" for all empties it, None leaves it."""
    if given is None:
        return old
    if given is UNSET:
        return {}
    merged = {name: value for name, value in {**old, **given}.items() if value is not UNSET}
    for name, value in merged.items():
        _check_metadata(name, value)
    if len(merged) > 50:
        raise invalid("Metadata can have at most 50 keys.", param="metadata")
    return merged


def _check_metadata(name: str, value: str) -> None:
    if len(name) > 40:
        words = f"Metadata keys can have up to 40 characters, but you passed in a key that is {len(name)} characters."
        raise invalid(f"{words} Invalid key: {name}", param="metadata")
    if len(value) > 500:
        words = f"up to 500 characters, but you passed in a value that is {len(value)} characters."
        raise invalid(f"Metadata values can have {words} Invalid value: {value}", param=f"metadata[{name}]")


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
