"""What is pasted into the incident switch, read: ids of accounts, cardholders and cards."""

import re
from dataclasses import dataclass

from gateway import copied

BETWEEN = re.compile(r"[\s,;|]+")
KINDS = {"acct_": "accounts", "ich_": "cardholders", "ic_": "cards"}


@dataclass(frozen=True)
class Named:
    """Ids by their kind, each once, in the order in which they came; `unread` is what is no such id."""

    accounts: tuple[str, ...] = ()
    cardholders: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """All that could be read."""
        return (*self.accounts, *self.cardholders, *self.cards)


def read(text: str) -> Named:
    """The ids in a text. Of an address, such as a page's, the last part is meant: a card's names its account, too."""
    found: dict[str, dict[str, None]] = {name: {} for name in (*KINDS.values(), "unread")}
    for word in filter(None, BETWEEN.split(text)):
        part = copied.tidy(copied.tidy(word).partition("?")[0].rstrip("/").rpartition("/")[2])
        kind = next((kind for start, kind in KINDS.items() if part.startswith(start)), "")
        known = kind if copied.AN_ID.fullmatch(part) else ""
        found[known or "unread"][part if known else word] = None
    return Named(**{name: tuple(words) for name, words in found.items()})
