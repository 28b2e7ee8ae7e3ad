"""What staff can do at Stripe. Rooms register verbs in their verbs.py; pages, actions and commands come from here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms

from console.operations.models import Operation
from gateway.mirror import Mirror, account_model

MODES = frozenset({"sandbox", "test", "live"})


@dataclass(frozen=True)
class Outcome:
    """What came of one write: stored with the operation, except `shown`, which only the waiting page gets."""

    object_id: str = ""
    account_id: str = ""  # empty: the operation's own
    account_name: str = ""
    request_id: str = ""
    result: dict[str, Any] = field(default_factory=dict)  # never a secret, never a one-time URL
    shown: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What a verb will send, for the page's right half. `changes` are (name, before, after)."""

    method: str
    path: str
    account: str = ""  # the Stripe-Account header; empty: as the platform
    params: dict[str, Any] = field(default_factory=dict)
    changes: tuple[tuple[str, Any, Any], ...] = ()
    facts: tuple[tuple[str, Any], ...] = ()  # what else to know before it is sent
    undo: str = ""  # how it can be taken back, or that it cannot


@dataclass(frozen=True)
class Where:
    """What a form is drawn for, so that it can offer and check what belongs there. Every form of a verb's page,
    bulk page and command has it as its class attribute `where`; bulk forms, which are for many, an empty one.
    """

    account_id: str = ""
    object_id: str = ""
    address: str = ""  # the IP address from which staff fill it in, where that is known


NOWHERE = Where()


@dataclass(frozen=True)
class Verb:
    """One act on one noun.

    `send` makes the one call with `operation.key` and has the mirror absorb its answer; it gets the same params, as
    plain JSON values, at every attempt, and lets Refused and Unreachable through. `find` reads Stripe for what an
    unknown attempt may have done: an Outcome, or None when there is nothing.

    A verb with a `noun` acts on one object of an account: its id is the operation's object_id from the intent on, and
    stands in the params under the noun's name (`{"card": "ic_…"}`).
    """

    name: str  # accounts.create_account_link
    label: str  # verb and object, as on the button
    permission: str
    send: Callable[[Operation, dict[str, Any]], Outcome]
    form: type[forms.Form] = forms.Form  # its own fields only; reason, ticket and token are added by the page
    request: Callable[[str, dict[str, Any]], Request] | None = None  # of an account id and the params as they stand
    initial: Callable[[str], dict[str, Any]] | None = None  # the form's first values, of its account's or object's id
    find: Callable[[Operation], Outcome | None] | None = None
    about_account: bool = True
    many: bool = True  # False: offered for one at a time (see `bulk`)
    noun: type[Mirror] | None = None  # of the one object it acts on; None: it acts on the account, or makes something
    objection: Callable[[Any], str] | None = None  # of the mirror's row of its noun, else account: why it can never be
    effects: Callable[[list[Any]], dict[str, str]] | None = None  # of rows: what happens to each, by id
    sensitive: tuple[str, ...] = ()  # form fields whose values are never stored, queued or sent twice
    modes: frozenset[str] | set[str] = MODES
    personal: tuple[str, ...] = ()  # form fields that only those may read who may see personal data
    final: bool = False  # cannot be undone
    sends: bool = True  # False: it reads Stripe and changes nothing there
    done: Callable[[Operation], str] | None = None  # the sentence after success
    went_well: Callable[[Operation], bool] | None = None  # whether success is good news; a declined purchase is not
    next_url: Callable[[Operation], str] | None = None
    result_template: str = ""  # for what is `shown`, once, in the answer to the POST
    stripe_object: str = ""  # what it makes or changes, "account": picks the object from an event of its request

    @property
    def noun_name(self) -> str:
        """The noun as parameters name it, "card"; "" for a verb without one."""
        return str(self.noun._meta.model_name) if self.noun else ""

    @property
    def plural(self) -> str:
        """The noun as addresses name it, "cards"; "" for a verb without one."""
        return str(self.noun._meta.verbose_name_plural).replace(" ", "_") if self.noun else ""

    def row(self, account_id: str, object_id: str) -> Mirror | None:
        """What it is about: the object, which must belong to the account, else the account. One query."""
        if self.noun:
            return self.noun.objects.filter(pk=object_id, account=account_id).first()
        return account_model().objects.filter(pk=account_id).first() if account_id else None

    def only_now(self, given: Iterable[str]) -> bool:
        """Whether only somebody who waits can do it: it is shown once, or one of the `given` fields is never kept."""
        return bool(self.result_template) or not set(self.sensitive).isdisjoint(given)

    @property
    def bulk(self) -> bool:
        """Whether it may run for many at once: never what makes something new, is shown once, or must not be kept."""
        return self.many and self.about_account and not self.result_template and not self.sensitive


_verbs: dict[str, Verb] = {}


def register(verb: Verb) -> Verb:
    """Add a verb; a second one of the same name raises ValueError."""
    if verb.name in _verbs:
        raise ValueError(f"verb {verb.name} is registered twice")
    _verbs[verb.name] = verb
    return verb


def get(name: str) -> Verb:
    """The verb of that name; KeyError where there is none."""
    return _verbs[name]


def find(name: str) -> Verb | None:
    """The verb of that name; None for one that this version no longer has."""
    return _verbs.get(name)


def every() -> list[Verb]:
    """All verbs by name."""
    return [_verbs[name] for name in sorted(_verbs)]
