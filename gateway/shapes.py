"""What lies at a dotted path in Stripe's data, whatever the shape on the way. Pure; nothing here raises.

Stripe adds and changes; a row whose data have another shape than we know must not break a list or a page. Where a text
belongs, a number or a boolean counts as its JSON. An object or a list is "" for what is decided by it (`text_at`) and
JSON for what is shown (`shown_at`), in which only Stripe's own words are left: personal data could not be masked inside
a text. The page's JSON shows the whole.
"""

import json
import re
from functools import lru_cache
from typing import Any

from gateway import texts

Data = dict[str, Any]

UNPRINTABLE = re.compile("[\0\ud800-\udfff]")  # JSON can spell them; neither a database nor a browser takes them
A_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")  # as Stripe writes enums and keys
LARGEST_SHOWN = 99_999_999  # a number inside an object; a longer one may be somebody's
HIDDEN = "•••"
LARGEST = 2**63 - 1  # of a BigIntegerField


def value_at(data: Any, path: str) -> Any:
    """The value there, None where there is none."""
    for step in _steps(path):
        data = data.get(step) if isinstance(data, dict) else None
    return data


@lru_cache(maxsize=2048)
def _steps(path: str) -> tuple[str, ...]:
    """Nearly all paths are written in the code, and few are asked for again and again."""
    return tuple(path.split("."))


def plain_at(data: Any, path: str) -> str | int | bool | None:
    """The text, integer or boolean there, as it came; None for anything else."""
    value = value_at(data, path)
    return value if isinstance(value, str | int | bool) else None


def text_at(data: Any, path: str) -> str:
    """The text there, a number or a boolean as JSON writes it; "" for anything else."""
    value = value_at(data, path)
    if isinstance(value, bool):
        return str(value).lower()
    return printable(str(value)) if isinstance(value, str | int | float) else ""


def shown(value: Any) -> str:
    """A value for lists and pages: text as it came, a number or a boolean as JSON, an object without its texts."""
    if isinstance(value, dict | list):
        return printable(json.dumps(_words_of(value), ensure_ascii=False)) if value else ""
    return text_at({"": value}, "")


def shown_at(data: Any, path: str) -> str:
    """The same of what lies there."""
    return shown(value_at(data, path))


def _words_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {_words_of(str(name)): _words_of(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_words_of(part) for part in value]
    plain = A_WORD.fullmatch(value) if isinstance(value, str) else value is None or abs(value) <= LARGEST_SHOWN
    return value if plain else HIDDEN


def name_at(data: Any, path: str) -> str:
    """The text there for lists and titles: on one line, "" where nothing of it is visible."""
    value = value_at(data, path)
    return texts.label(shown_at(data, path), "") if not isinstance(value, str) or texts.visible(value) else ""


def id_at(data: Any, path: str) -> str | None:
    """The id of another object there; None where there is none."""
    value = value_at(data, path)
    return printable(value)[:255] or None if isinstance(value, str) else None


def hash_at(data: Any, path: str) -> Data:
    """The object there, {} for anything else."""
    value = value_at(data, path)
    return value if isinstance(value, dict) else {}


def list_at(data: Any, path: str) -> list[Any]:
    """The list there, [] for anything else."""
    value = value_at(data, path)
    return value if isinstance(value, list) else []


def hashes_at(data: Any, path: str) -> list[Data]:
    """Those members of the list there that are objects."""
    return [each for each in list_at(data, path) if isinstance(each, dict)]


def texts_at(data: Any, path: str) -> list[str]:
    """Those members of the list there that are texts."""
    return [printable(each) for each in list_at(data, path) if isinstance(each, str)]


def integer_at(data: Any, path: str) -> int | None:
    """The integer there, if a database can hold it: an amount in minor units, a time in unix seconds."""
    value = value_at(data, path)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST else None


def printable(text: str) -> str:
    """A text without what no database or browser takes."""
    return UNPRINTABLE.sub("\ufffd", text)
