"""The mirror: Stripe's objects in our tables, written here alone, from what Stripe sent."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models.lookups import IsNull

from gateway import client, clock, inserting, metadata, order
from gateway.columns import Data
from gateway.commits import lazily
from gateway.errors import NOT_SENT, Refused, Unreachable, means_gone
from gateway.models import Binding, Event

REGISTRY: dict[str, type["Mirror"]] = {}
FETCH_TRIES = 5
NESTED = (dict, list)  # a tuple: `dict | list` would be made anew for each value of each object
M = TypeVar("M", bound="Mirror")


class Misplaced(Exception):  # noqa: N818  (named after the finding)
    """An object arrived in the name of no account, or of another than the one whose row it would overwrite."""


# Of an index by which a list filters: a count of its rows then reads the index alone.
VISIBLE = models.Q(account__isnull=False, data__isnull=False)


class VisibleManager(models.Manager[M]):
    """Rows that have data and an account. With a QuerySet: `VisibleManager.from_queryset(CardQuerySet)()`."""

    def get_queryset(self) -> models.QuerySet[M]:
        """Leave out stubs, whose first data is on its way, and what an older release kept of no account."""
        owned = IsNull(models.F("account_id"), False)  # a lookup of `account` would drop rows whose account is to come
        return super().get_queryset().filter(owned, data__isnull=False)


class Mirror(models.Model):
    """One Stripe object as Stripe last sent it.

    A subclass is registered under its `stripe_object`; it declares real columns for what lists filter or sort by and
    fills them in `set_columns`. `as_of` is a whole second of Stripe's clock (gateway.order), `gone_at` is of Stripe's
    clock too. Nothing outside this module writes a row.
    """

    stripe_object: ClassVar[str] = ""
    folds: ClassVar[bool] = False  # embedded in another object it is kept as its id
    told_in_account: ClassVar[bool] = False  # the account's row keeps something of it (`written`): it is locked first
    as_of_before = 0  # of a row that was just written: its `as_of` until then

    id = models.CharField(primary_key=True, max_length=255)
    account = models.ForeignKey(
        settings.ACCOUNT_MODEL, null=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="+"
    )
    livemode = models.BooleanField(default=False)
    created = models.DateTimeField(null=True)
    data = Data(null=True)
    as_of = models.BigIntegerField(default=0)
    revision = models.BigIntegerField(default=0)
    gone_at = models.DateTimeField(null=True)

    objects = VisibleManager()
    every = models.Manager()  # noqa: DJ012  (a manager, which the rule takes for a field)

    if TYPE_CHECKING:
        account_id: str | None

    class Meta:
        """Nobody adds, changes or deletes a row by hand."""

        abstract = True
        default_permissions = ("view",)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Register the class under its Stripe name."""
        super().__init_subclass__(**kwargs)
        if cls.stripe_object:
            REGISTRY[cls.stripe_object] = cls

    def __str__(self) -> str:
        """Return Stripe's id."""
        return self.id

    @property
    def gone(self) -> bool:
        """Whether Stripe has deleted it or taken it from us; `data` is then the last that was seen."""
        return self.gone_at is not None

    # What a noun may say of itself

    def set_columns(self) -> None:
        """Fill the real columns from `self.data`; called before each write that has data."""

    @classmethod
    def written(cls, rows: "Sequence[Self]") -> None:
        """Bring what depends on several rows up to these; called after each write, within it. Writes what differs."""

    @classmethod
    def row_id(cls, data: dict[str, Any], account: str | None) -> str:  # noqa: ARG003  (others need it)
        """The primary key: Stripe's id, or `{account}.{name}` where that is missing or not unique."""
        return str(data["id"])

    @classmethod
    def fetch_path(cls, row_id: str, account: str | None) -> tuple[str, str | None]:
        """The path that reads one object, and the Stripe-Account header it wants."""
        raise NotImplementedError(f"{cls.__name__} cannot be fetched")

    @classmethod
    def normalise(cls, data: dict[str, Any]) -> dict[str, Any]:
        """`data` as it is kept: an embedded object that folds becomes its id."""
        return _folded(data)

    @classmethod
    def sync_paths(cls, account: str | None) -> Iterable[tuple[str, str | None]]:  # noqa: ARG003  (others need it)
        """The lists that hold all of them, of one account or (None) of the platform: paths and headers."""
        return ()

    @classmethod
    def listed_for(cls, accounts: Collection[str]) -> Collection[str]:
        """Those of the accounts to which Stripe gives the lists. One query at most."""
        return accounts

    @classmethod
    def witness(cls, event: Event) -> None:
        """Write history. Called once for each event, by `created`, in the transaction that marks it done."""

    @classmethod
    def witness_all(cls, events: Sequence[Event]) -> None:
        """`witness` for each: a noun that writes much may write it together."""
        for event in events:
            cls.witness(event)

    @classmethod
    def witness_differences(cls, found: "Sequence[Difference]") -> None:
        """Write history of changes that readings found, in the transaction that writes the rows."""

    @classmethod
    def witness_difference(cls, old: dict[str, Any] | None, new: dict[str, Any], *, row: "Mirror") -> None:
        """The same of one change."""
        cls.witness_differences([(old, new, row)])

    # What everybody may do with a row

    def refresh(self) -> Self:
        """Read it again at Stripe: one call. Raises Refused, Unreachable; an object that is gone becomes `gone`."""
        return fetch_row(type(self), self.id, self.account_id, then=witness_found)

    @classmethod
    def absorb_answer(cls, answer: client.Answer, *, account: str | None, revision_before: int | None = None) -> Self:
        """Absorb the answer to a write of ours and return the row; pass the row's revision before the call.

        Reads the object at Stripe (one call; raises Refused, Unreachable) where the answer may not be the newest state:
        where it was replayed, or the row was written meanwhile.
        """
        row_id = cls.row_id(answer.data, account)
        with lazily():
            row = locked(cls, {row_id: account})[row_id]
            decision = order.after_answer(
                row.standing(),
                kept(cls, answer.data),
                answer.sent_at,
                revision_before=revision_before,
                replayed=answer.replayed,
            )
            apply_all(cls, [(row, decision)])
        if isinstance(decision, order.Fetch):
            return fetch_row(cls, row_id, account)
        return row

    @property
    def arrived(self) -> bool:
        """Whether it is more than a stub; what was read without `data` has its moment."""
        if "data" in self.get_deferred_fields():
            return self.created is not None or self.as_of > 0
        return self.data is not None

    def standing(self) -> order.Row:
        """The row as gateway.order judges it."""
        return order.Row(self.data, self.as_of, self.revision, self.gone)

    def become(self, write: order.Write) -> None:
        """Take on what was decided; saved by `apply_all`."""
        self.as_of_before = self.as_of
        self.data, self.as_of = write.data, write.as_of
        self.revision += 1
        if write.gone_at is not None or write.back:
            self.gone_at = clock.from_unix(write.gone_at)
        if self.data is not None:
            self.created = clock.from_unix(self.data.get("created"))
            self.livemode = bool(self.data.get("livemode", settings.CONSOLE_MODE == "live"))
            self.set_columns()


def _ids_for_folded(value: Any) -> Any:
    if isinstance(value, list):
        return [_ids_for_folded(part) if isinstance(part, NESTED) else part for part in value]
    model = REGISTRY.get(str(value["object"])) if "object" in value else None
    if model and model.folds and isinstance(value.get("id"), str):
        return value["id"]
    return _folded(value)


def _folded(value: dict[str, Any]) -> dict[str, Any]:
    """The object, with what is embedded in it folded; most values are neither objects nor lists."""
    return {name: _ids_for_folded(part) if isinstance(part, NESTED) else part for name, part in value.items()}


Difference = tuple[dict[str, Any] | None, dict[str, Any], Mirror]  # data before and after, and the row


def account_model() -> type[Mirror]:
    """The mirror of connected accounts."""
    return apps.get_model(settings.ACCOUNT_MODEL)


def owner(model: type[Mirror], row_id: str, account: str | None) -> str | None:
    """The account that the row belongs to: an account's own id, else the account it came from."""
    return row_id if model is account_model() else account or None


def locked(model: type[M], wanted: dict[str, str | None]) -> dict[str, M]:
    """The rows of {row id: account}, locked in order of id; those that are missing are reserved as stubs first.

    Must run inside a transaction. Raises Misplaced.
    """
    ids = sorted(wanted)
    if strays := [row_id for row_id in ids if owner(model, row_id, wanted[row_id]) is None]:
        raise Misplaced(f"{', '.join(strays)}: of no connected account")
    lock_accounts((model, row_id, wanted[row_id]) for row_id in ids)
    found = model.every.select_for_update().filter(pk__in=ids).order_by("pk")
    rows = {row.pk: row for row in found} if len(ids) == 1 else {}  # one by itself: in no order, and mostly there
    if not rows:
        missing = set(ids).difference(model.every.filter(pk__in=ids).values_list("pk", flat=True))
        stubs = [model(id=row_id, account_id=owner(model, row_id, wanted[row_id])) for row_id in sorted(missing)]
        if stubs:
            model.every.bulk_create(stubs, ignore_conflicts=True)
        rows = {row.pk: row for row in found.all()}
    for row_id, row in rows.items():
        if row.account_id != owner(model, row_id, wanted[row_id]):
            raise Misplaced(f"{row_id} belongs to {row.account_id or 'the platform'}, not to {wanted[row_id]}")
    return rows


def lock_accounts(wanted: Iterable[tuple[type[Mirror], str, str | None]]) -> None:
    """Before rows (model, id, account) are written, of all kinds in one transaction: lock their accounts, all at once.

    Those among the rows, and those that keep something of the others (one that is missing is reserved: whoever is about
    to write it waits, and sees the rows). Else two processes may each hold an account that the other is about to lock.
    """
    rows = list(wanted)
    if any(model.told_in_account for model, _, _ in rows):
        concerned = [(model, owner(model, row_id, account)) for model, row_id, account in rows]
        theirs = [pk for model, pk in concerned if pk and (model.told_in_account or model is account_model())]
        locked(account_model(), {pk: pk for pk in theirs})


def insert(model: type[M], decided: dict[str, tuple[str | None, order.Write]]) -> dict[str, M]:
    """Write the rows of {row id: (account, what they become)} that are not there; those that were written, by id.

    Two statements, three where they have metadata, and those of `written`. In order of id, as `locked` does, and locked
    until the transaction ends. What another process has written meanwhile is left out. Raises Misplaced.
    """
    there = set(model.every.filter(pk__in=decided).values_list("pk", flat=True))
    made = {}
    for row_id in sorted(decided.keys() - there):
        account, write = decided[row_id]
        row = made[row_id] = model(id=row_id, account_id=owner(model, row_id, account))
        if row.account_id is None:
            raise Misplaced(f"{row_id}: of no connected account")
        row.become(write)
    lock_accounts((model, row.pk, row.account_id) for row in made.values())
    written = {row_id: made[row_id] for row_id in inserting.insert(model, list(made.values()))}
    if written:
        model.written(list(written.values()))
    if named := [row for row in written.values() if metadata.of(row.data)]:
        metadata.keep(named)
    return written


def apply_all(model: type[M], decided: Sequence[tuple[M, order.Write | order.Fetch | order.Keep]]) -> None:
    """Write every row for which a write was decided; they are locked by the caller.

    One statement, two where some stay but for their second, two more where metadata change; and those of `written`.
    """
    written: list[M] = []
    stayed: list[M] = []
    renamed: list[M] = []
    for row, decision in decided:
        if isinstance(decision, order.Write):
            known, before = metadata.of(row.data), _columns(row)
            row.become(decision)
            (stayed if _columns(row) == before else written).append(row)
            renamed += [row] if metadata.of(row.data) != known else []
    if len({row.as_of for row in stayed}) > 1:
        written, stayed = written + stayed, []
    if stayed:
        same = model.every.filter(pk__in=[row.pk for row in stayed])
        same.update(as_of=stayed[0].as_of, revision=models.F("revision") + 1)
    if written:
        inserting.upsert(model, written)
    if written or stayed:
        model.written([*written, *stayed])
    if renamed:
        metadata.keep(renamed)


def _columns(row: Mirror) -> list[Any]:
    """All values of a row but what every write changes."""
    names = (field.attname for field in row._meta.concrete_fields)
    return [getattr(row, name) for name in names if name not in ("as_of", "revision")]


def kept(model: type[Mirror], data: dict[str, Any]) -> dict[str, Any] | None:
    """An object of an answer in the form its row keeps; None for one that the answer calls deleted."""
    return None if data.get("deleted") is True else model.normalise(data)


def read(model: type[Mirror], row_id: str, account: str | None) -> tuple[dict[str, Any] | None, int]:
    """One object as Stripe has it now, None where it is gone, and the second the request was sent. One call."""
    path, header = model.fetch_path(row_id, account)
    asked_at = clock.timestamp()
    try:
        answer = client.get(path, account=header)
    except Refused as refused:
        if means_gone(refused):
            return None, asked_at
        raise
    return kept(model, answer.data), answer.sent_at


def fetch_row(
    model: type[M],
    row_id: str,
    account: str | None,
    *,
    settles: int = 0,
    then: Callable[[M, dict[str, Any] | None], object] | None = None,
) -> M:
    """Read one object and write its row; reads again when the row was written meanwhile. One call as a rule.

    `then(row, data before)` runs in the transaction that writes. `settles` is the newest second of the events that made
    us ask. Raises Refused, Unreachable.
    """
    for _ in range(FETCH_TRIES):
        before = model.every.filter(pk=row_id).values_list("revision", flat=True).first() or 0
        data, sent_at = read(model, row_id, account)
        with lazily():
            row = locked(model, {row_id: account})[row_id]
            old = row.data
            decision = order.after_fetch(row.standing(), before, data, sent_at, settles)
            apply_all(model, [(row, decision)])
            if not isinstance(decision, order.Fetch):
                if then:
                    then(row, old)
                return row
    raise Unreachable(f"{row_id} changed faster than it could be read.", sent=True)


def read_account(account: str) -> None:
    """Read an account that the mirror may lack, with the platform's key, and absorb it: one call, two in a race.

    Raises Unreachable; raises Refused, and writes nothing, for an account that is not ours. The platform's own account,
    which its key reads too (docs.stripe.com/api/accounts/retrieve), is not.
    """
    if Binding.objects.filter(platform_account=account).exists():
        raise Refused("This is the platform's own account, no connected one.", code=NOT_SENT, status=404)
    model = account_model()
    path, header = model.fetch_path(account, account)
    model.absorb_answer(client.get(path, account=header), account=account, revision_before=0)


def witness_found(row: Mirror, old: dict[str, Any] | None) -> bool:
    """Give history what a reading found: other data, or an object that is gone. Whether there was anything."""
    if row.data is None or (row.data == old and not row.gone):
        return False
    type(row).witness_difference(old, row.data, row=row)
    return True


def absorb_object(
    data: dict[str, Any], *, account: str | None, sent_at: int, revision_before: int | None = None
) -> Mirror | None:
    """Absorb any object that Stripe answered at `sent_at`; None where no mirror follows its kind."""
    model = REGISTRY.get(str(data.get("object")))
    if model is None:
        return None
    answer = client.Answer(data=data, sent_at=sent_at, request_id="", replayed=False)
    return model.absorb_answer(answer, account=account, revision_before=revision_before)


def related(row: Mirror, name: str) -> Any:
    """A row that another one names, read with its data or without; None where it has not arrived yet."""
    try:
        found = getattr(row, name)
    except ObjectDoesNotExist:
        return None
    return found if found is not None and found.arrived else None
