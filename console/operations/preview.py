"""The parameters of a request as they will be sent, and what of them changes. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from console.operations.fields import SHOWN_AS
from console.shell.formats import flat, shown

Data = dict[str, Any]
NONE = "–"


@dataclass(frozen=True)
class Line:
    """One parameter by its name on the wire. `value` "": it is not sent, and what it `was` goes by that."""

    name: str
    value: str
    was: str = ""  # where it is another now: the value in the mirror; "" where nothing is known to change


def lines(params: Data, before: Data | None = None, whole: Sequence[str] = ()) -> list[Line]:
    """Every parameter; and where they change an object, what `before` has in their places.

    A list is sent whole: of one that becomes shorter what goes is told too, and of one that is lifted ("") all. So are
    the hashes named in `whole`, where something of them is sent.
    """
    sent = dict(flat(params))
    now = {name: shown(value) for name, value in flat(before or {}) if value not in (None, "")}
    told = [
        Line(name, shown(value), "" if before is None else _before(name, value, now)) for name, value in sent.items()
    ]
    hashes = [name for name in whole if any(each.startswith(f"{name}[") for each in sent)]
    replaced = tuple(f"{name}[" for name in (*_lists(params, ""), *hashes))
    return told + [Line(name, "", was) for name, was in now.items() if name.startswith(replaced) and name not in sent]


def _before(name: str, value: Any, now: dict[str, str]) -> str:
    """What the object has there, where that is another value. Marks of ours, and what is never shown, tell nothing."""
    if name.startswith("metadata[") or value == SHOWN_AS or now.get(name, shown("")) == shown(value):
        return ""
    lifted = value == "" and any(other.startswith(f"{name}[") for other in now)
    return "" if lifted else now.get(name, NONE)


def _lists(value: Any, name: str) -> Iterator[str]:
    """The names of what is sent as a list, or as "" in a list's place."""
    if isinstance(value, (list, tuple)) or value == "":
        yield name
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _lists(part, f"{name}[{key}]" if name else str(key))
