"""What a verb says of itself: what it will send, what the policy weighs of that, and what came of it."""

from dataclasses import dataclass, field
from typing import Any

from console.operations.preview import Line, lines

Data = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What came of one write: stored with the operation, except `shown`, which only the waiting page gets."""

    object_id: str = ""
    account_id: str = ""  # empty: the operation's own
    account_name: str = ""
    request_id: str = ""
    result: Data = field(default_factory=dict)  # never a secret, never a one-time URL
    shown: Data = field(default_factory=dict)


@dataclass(frozen=True)
class Weight:
    """What the policy weighs: an amount in minor units. `loosens`: a limit is raised to it, lifted where it is None."""

    amount: int | None = None
    currency: str = ""
    loosens: bool = False


@dataclass(frozen=True)
class Request:
    """What a verb will send, for the page's right half. `changes` are (name, before, after), in words.

    `before` is the object that it changes, as the mirror has it; None where it makes something new.
    """

    method: str
    path: str
    account: str = ""  # the Stripe-Account header; empty: as the platform
    params: Data = field(default_factory=dict)
    changes: tuple[tuple[str, Any, Any], ...] = ()
    facts: tuple[tuple[str, Any], ...] = ()  # what else to know before it is sent
    undo: str = ""  # how it can be taken back, or that it cannot
    before: Data | None = None
    whole: tuple[str, ...] = ()  # hashes that Stripe takes whole, by their names on the wire: what is not in them goes
    then: tuple["Request", ...] = ()  # the calls of the same act that follow it
    missing: tuple[str, ...] = ()  # labels of entries without which nothing is sent
    wrong: tuple[tuple[str, str], ...] = ()  # (label, what is the matter) of entries that are not in it

    @property
    def acts_as(self) -> str:
        """The account in the header, or that there is none."""
        return self.account or "none: as the platform"

    @property
    def calls(self) -> list["Request"]:
        """It and what follows it."""
        return [self, *self.then]

    @property
    def lines(self) -> list[Line]:
        """Its parameters, with what they were."""
        return lines(self.params, self.before, self.whole)

    @property
    def idle(self) -> bool:
        """Whether it would change nothing of the object."""
        return self.before is not None and not any(line.was for call in self.calls for line in call.lines)
