"""What staff can do at Stripe: a verb is a class, and each act reads from top to bottom in one place.

"Verb" is the act of staff; the method of a model that calls Stripe, such as `card.cancel()`, is its *call*. Nouns name
their verbs in noun.py; pages, actions of lists and commands come from here.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.urls import reverse

from console.operations import finding
from console.operations.fields import VerbForm
from console.operations.finding import MARK, SHOWN, UPDATE_MARK
from console.operations.models import Operation
from console.operations.requests import Outcome, Request, Weight
from gateway.client import Answer
from gateway.errors import NOT_SENT, Refused
from gateway.mirror import Mirror, account_model
from gateway.shapes import value_at

__all__ = ["Outcome", "Request", "Weight"]  # a verb's own words, in a file of their own

Data = dict[str, Any]
MODES = frozenset({"sandbox", "test", "live"})
MOST_AT_ONCE = 500  # rows of one form for many
TEST_MODES = frozenset({"sandbox", "test"})


class Verb:
    """One act on one noun. A subclass is the act; its one instance keeps nothing between two uses.

    A verb with a `noun` acts on one object of an account: its id is the operation's object_id from the intent on, and
    stands in the values under the noun's name (`{"card": "ic_…"}`).
    """

    name: ClassVar[str]  # accounts.create_account_link
    label: ClassVar[str]  # verb and object, as on the button
    label_many: ClassVar[str] = ""  # the same for several, as on the action of a list
    permission: ClassVar[str]
    lesser: ClassVar[str] = ""  # a permission that is enough for one row at a time, within what `beyond` allows
    form: ClassVar[type[VerbForm]] = VerbForm  # its own fields only; reason, ticket and token are added by the page
    noun: ClassVar[type[Mirror] | None] = None  # of the one object it acts on; None: the account, or something new
    about_account: ClassVar[bool] = True
    offered: ClassVar[bool] = True  # False: no page and no command begins it; it stands for what another page begins
    many: ClassVar[bool] = True  # False: offered for one at a time (see `bulk`)
    sensitive: ClassVar[tuple[str, ...]] = ()  # form fields whose values are never stored, queued or sent twice
    personal: ClassVar[tuple[str, ...]] = ()  # form fields that only those may read who may see personal data
    modes: ClassVar[frozenset[str]] = MODES
    final: ClassVar[bool] = False  # cannot be undone
    inverse: ClassVar[str] = ""  # the verb that undoes it, without any entries: of a run over many rows
    sends: ClassVar[bool] = True  # False: it reads Stripe and changes nothing there
    calls: ClassVar[bool] = True  # False: it makes no call to Stripe at all
    reads: ClassVar[int] = 0  # calls that look before it sends what `request` shows
    most: ClassVar[int] = MOST_AT_ONCE  # rows of one form for many
    row_form: ClassVar[Any] = None  # a RowForm: what each of many rows is asked for; `common_form` asks once for all
    common_form: ClassVar[type[VerbForm] | None] = None
    before_many: ClassVar[str] = ""  # what to know of the rows before they are filled in
    many_page: ClassVar[str] = ""  # the URL's name of the page for many, where it has an address of its own
    from_file: ClassVar[tuple[str, ...]] = ()  # its entries that a row of a file has, though it is for one at a time
    one_at_a_time: ClassVar[str] = ""  # what to say to who chose many, where it is for one
    result_template: ClassVar[str] = ""  # for what is `shown`, once, in the answer to the POST
    stripe_object: ClassVar[str] = ""  # what it makes or changes: picks the object from an event of its request

    # Before

    def initial(self, row: Any) -> Data:
        """The form's first values, given its object, else its account; None for the platform's own acts."""
        return {}

    def initial_many(self, ids: list[str]) -> tuple[Data, dict[str, Data]]:
        """The first values of a form for many: those in common, and those of each row by its id."""
        return {}, {}

    def objection(self, row: Any) -> str:
        """Why it can never be done with this row (of its noun, else of accounts), or ""."""
        return ""

    def already(self, row: Any) -> str:
        """Why nothing is to be sent for this row of many, as Stripe last told of it: it is so already; else ""."""
        return ""

    def request(self, row: Any, values: Data) -> Request | None:
        """What will be sent for that row with the values as they stand; None where there is nothing to show."""
        return None

    def weights(self, row: Any, values: Data) -> Iterable[Weight]:
        """What of these values the policy weighs (console.approvals.policy): amounts, and limits that are loosened."""
        return ()

    def gather(self, rows: list[Any]) -> None:
        """Give these rows what `request` and `effects` tell of other tables: one query for all of them."""

    def effects(self, rows: list[Any]) -> dict[str, str]:
        """What happens to each of these rows, by id; those that need no word are left out."""
        return {}

    # The act

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Make the one call with `operation.key` and have the mirror absorb its answer.

        The values are plain JSON, the same at every attempt. Raises Refused, Unreachable.
        """
        raise NotImplementedError(self.name)

    def find(self, operation: Operation) -> Outcome | None:
        """Read Stripe for what an attempt in doubt may have done; None where there is nothing."""
        return None

    # After

    def done(self, operation: Operation) -> str:
        """The sentence after success."""
        return f"{self.label}: done."

    def went_well(self, operation: Operation) -> bool:
        """Whether success is good news; a decline is not."""
        return True

    def next_url(self, operation: Operation) -> str:
        """Where to go after success."""
        return reverse("operation", args=[operation.pk])

    # What follows from the above

    @property
    def noun_name(self) -> str:
        """The noun as values name it, "card"; "" for a verb without one."""
        return str(self.noun._meta.model_name) if self.noun else ""

    def address(self, row: Any) -> str:
        """Its page for one object of its noun."""
        return f"{row.get_absolute_url()}/do/{self.name}"

    def begins_at(self, model: type[Mirror]) -> bool:
        """Whether it can begin at a row of this model: it acts on it, or takes it as a first value."""
        if self.noun or not self.about_account:
            return self.noun is model
        return model is account_model() or str(model._meta.model_name) in self.form.base_fields

    def stands_for(self, values: Data) -> str:
        """The id of what it stands for, where it is about no account itself; "" where it stands for itself."""
        return ""

    def concerns(self, what: str, account_id: str, object_id: str) -> bool:
        """Whether what it stands for is about this object, else ("") about anything of the account. One query."""
        return False

    def second(self, values: Data) -> str:
        """Why what it stands for needs a second person, or ""; what it is itself is for the policy to say."""
        return ""

    def anew(self, values: Data) -> Data:
        """The values of an act that nobody approved and that is asked for again; as it stands then, where it stands for
        others.
        """
        return values

    def beyond(self, values: Data) -> str:
        """Which of these values the lesser permission is not enough for, as a sentence's end; "" for none."""
        return ""

    def told(self, operation: Operation) -> list[tuple[str, str, str]]:
        """What else the operation's page says among its facts: label, words, and the page that they lead to or ""."""
        return []

    def permissions_for(self, operation: Operation) -> tuple[str, ...]:
        """What its requester and its approver need; more than its own where it stands for other acts."""
        return (self.permission,)

    @property
    def asks_row(self) -> bool:
        """Whether the door has to look at a row before it: for its owner, or for what stands against it."""
        return self.noun is not None or type(self).objection is not Verb.objection

    def row(self, account_id: str, object_id: str) -> Mirror | None:
        """What it is about: the object, which must belong to the account, else the account. One query."""
        if self.noun:
            return self.noun.objects.filter(pk=object_id, account=account_id).first()
        return account_model().objects.filter(pk=account_id).first() if account_id else None

    def rows(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Mirror]:
        """The same for many, by the ids of account and object; those that are not here are left out. One query."""
        model, nouns = self.noun or account_model(), self.noun is not None
        ids = {each: each[1] if nouns else each[0] for each in wanted}
        found = model.objects.in_bulk(set(ids.values()))
        rows = {each: found[pk] for each, pk in ids.items() if pk in found}
        return {each: row for each, row in rows.items() if not nouns or row.account_id == each[0]}

    def only_now(self, given: Iterable[str]) -> bool:
        """Whether only somebody who waits can do it: it is shown once, or one of the `given` fields is never kept."""
        return bool(self.result_template) or not set(self.sensitive).isdisjoint(given)

    @property
    def bulk(self) -> bool:
        """Whether it may run for many at once: never what makes something new, is shown once, or must not be kept."""
        return self.many and self.about_account and not self.result_template and not self.sensitive

    @property
    def in_files(self) -> bool:
        """Whether the rows of a file may begin it."""
        return self.bulk or bool(self.from_file)

    def file_entries(self, row: Any, cells: Data) -> Data:
        """What its form is filled with for the line of a file that is about this row."""
        return cells


class NamedObjectVerb(Verb):
    """A verb about one object that is known by its name afterwards, and has a page of its own."""

    page: ClassVar[str]  # its URL's name, given the account's id and the object's
    sentence: ClassVar[str]  # "{} is active."
    unnamed: ClassVar[str] = ""  # what stands before the id where only an event told of it

    def outcome(self, row: Any, request_id: str = "", **result: Any) -> Outcome:
        """What came of it: the object, with its name and status for the sentence afterwards."""
        told = {"name": str(row), "status": getattr(row, "status", ""), **result}
        return Outcome(object_id=row.pk, request_id=request_id, result=told)

    def done(self, operation: Operation) -> str:
        """The sentence about the object by its name; by its id where only an event told of it."""
        return self.sentence.format(operation.result.get("name") or f"{self.unnamed} {operation.object_id}".strip())

    def next_url(self, operation: Operation) -> str:
        """The object's page."""
        return reverse(self.page, args=[operation.account_id, operation.object_id])


class CreateVerb(NamedObjectVerb):
    """Makes one object of an account; after doubt it is found by the mark in its metadata."""

    many = False
    makes: ClassVar[type[Mirror]]
    undo: ClassVar[str]

    def body(self, account_id: str, values: Data) -> Data:
        """The body of the POST, without its metadata."""
        raise NotImplementedError(self.name)

    def call(self, operation: Operation, params: Data) -> tuple[Any, Answer]:
        """The model's call."""
        return self.makes.create(account_id=operation.account_id, key=operation.key, params=params)  # type: ignore[attr-defined]

    def request(self, row: Any, values: Data) -> Request:
        """The POST to the noun's list."""
        params = {**self.body(row.pk, values), "metadata": {MARK: SHOWN}}
        return Request("POST", self.makes.listed_at, row.pk, params, undo=self.undo)  # type: ignore[attr-defined]

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Make it, marked with the operation."""
        body = self.body(operation.account_id, values)
        row, answer = self.call(operation, {**body, "metadata": finding.mark(operation)})
        return self.outcome(row, answer.request_id)

    def find(self, operation: Operation) -> Outcome | None:
        """The object whose metadata name the operation."""
        found = finding.by_mark(self.makes, operation, account=operation.account_id)
        return self.outcome(*found) if found else None


class ObjectVerb(NamedObjectVerb):
    """Acts on one object of an account."""

    noun: ClassVar[type[Mirror]]
    undo: ClassVar[str]

    def target(self, operation: Operation) -> Any:
        """The object, of the operation's account. Raises Refused where it is gone."""
        row = self.noun.objects.filter(pk=operation.object_id, account=operation.account_id).first()
        if row is None or row.gone:
            raise Refused(f"{operation.object_id} is not there any more.", code=NOT_SENT)
        return row

    def path(self, row: Any) -> str:
        """Of the object at Stripe."""
        return f"{row.listed_at}/{row.pk}"


class StatusVerb(ObjectVerb):
    """Sets the status of one object by a call of its model (`call`)."""

    status: ClassVar[str]
    call: ClassVar[str]

    def request(self, row: Any, values: Data) -> Request:
        """The POST with the status."""
        params = {"status": self.status}
        return Request("POST", self.path(row), row.account_id, params, undo=self.undo, before=row.data)

    def already(self, row: Any) -> str:
        """Where it has the status."""
        return f"Is {row.status} already: nothing is sent." if row.status == self.status else ""

    def effects(self, rows: list[Any]) -> dict[str, str]:
        """What the change means for each row: "inactive → active"."""
        return {row.pk: f"{row.status} → {self.status}" for row in rows}

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Have the model set it."""
        row, answer = getattr(self.target(operation), self.call)(key=operation.key)
        return self.outcome(row, answer.request_id)

    def find(self, operation: Operation) -> Outcome | None:
        """The object, where it has the status."""
        row = self.target(operation).refresh()
        return self.outcome(row) if row.status == self.status else None


class UpdateVerb(ObjectVerb):
    """Changes what was set on one object; a mark in its metadata tells which operation changed it last."""

    many = False
    undo = "Change it back."

    def body(self, row: Any, values: Data) -> Data:
        """The body of the POST for what changes, without its metadata."""
        raise NotImplementedError(self.name)

    def changed(self, row: Any, values: Data) -> Data:
        """Of the values of a form that may not have been checked yet: those that differ from the object's."""
        raise NotImplementedError(self.name)

    def file_entries(self, row: Any, cells: Data) -> Data:
        """As the object stands, under what the line gives: an empty cell changes nothing."""
        return {**self.initial(row), **{name: text for name, text in cells.items() if text.strip()}}

    def request(self, row: Any, values: Data) -> Request:
        """The POST with what changes."""
        params = {**self.body(row, self.changed(row, values)), "metadata": {UPDATE_MARK: SHOWN}}
        return Request("POST", self.path(row), row.account_id or "", params, undo=self.undo, before=row.data)

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Change it, marked with the operation."""
        row = self.target(operation)
        params = {**self.body(row, values), "metadata": {UPDATE_MARK: str(operation.pk)}}
        row, answer = row.update(key=operation.key, params=params)
        return self.outcome(row, answer.request_id)

    def find(self, operation: Operation) -> Outcome | None:
        """The object, where its metadata name the operation as the last that changed it."""
        row = self.target(operation).refresh()
        mark = value_at(row.data, f"metadata.{UPDATE_MARK}")
        return self.outcome(row) if mark == str(operation.pk) else None


def given(body: Data) -> Data:
    """A body without what was left empty, hashes that became empty included."""
    kept = {name: given(value) if isinstance(value, dict) else value for name, value in body.items()}
    return {name: value for name, value in kept.items() if value not in (None, "", {}, [])}


_verbs: dict[str, Verb] = {}
SHORTEST = 3  # letters that mean a verb


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


def named(words: str) -> list[str]:
    """The names of the verbs that somebody means by these words: a part of a name or of a label."""
    word = words.casefold()
    if len(word) < SHORTEST:
        return []
    return [each.name for each in every() if word in each.name or word in f"{each.label}\n{each.label_many}".casefold()]


def every() -> list[Verb]:
    """All verbs that staff can begin, by name."""
    return [_verbs[name] for name in sorted(_verbs) if _verbs[name].offered]
