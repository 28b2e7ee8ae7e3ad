"""Erasing: the names and words of chosen rows of the trail are forgotten, and the chain stays whole; and with them what
nouns keep of the same account or object in tables of their own (`Noun.forgets`).

An act of it is a row of the trail (who, when, why, what it means) and an `Erasure`, which the worker works off in
batches, each committed by itself: it goes on where it stopped, and blanks each part once.
"""

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from console.lists.listing import counts
from console.people.models import User
from console.record import audit
from console.record.models import ERASED, AuditEntry, AuditPersonal, Erasure, person_subject, selections
from console.shell import nouns
from gateway import claims, copied, queue, sweep

BATCH = 500  # parts that one transaction blanks
AGAIN_SECONDS = 60  # until what was just being sent is looked at again
ERASES = "console.erase_auditpersonal"
Kind = Erasure.Kind


class NotErased(Exception):  # noqa: N818  (it says what did not happen)
    """Nothing is erased; the sentence says why."""


def person(key: str) -> User | None:
    """The person of staff whom a key of this kind names."""
    own = key.isascii() and key.isdecimal() and len(key) <= 18 and key == str(int(key))  # as the trail names people
    return User.objects.filter(pk=int(key)).first() if own else None


def objection(kind: str, key: str, user: User) -> str:
    """Why this person may not erase this, or "". At most four queries."""
    if not user.has_perm(ERASES):
        return "Your role does not erase anything from the trail."
    if kind == Kind.USER:
        meant = person(key)
        if meant is None:
            return "There is no such person."
        if meant == user:
            return "Nobody erases their own name from the trail: another administrator does."
        if meant.is_active:
            return f"{meant.get_username()} may still sign in, and would be named again. Shut them out first."
    elif not copied.AN_ID.fullmatch(key) or (kind == Kind.ACCOUNT) != key.startswith("acct_"):
        return "That is no id."
    if Erasure.objects.filter(kind=kind, key=key, finished_at=None).exists():
        return "It is being erased already."
    if left(kind, key)[0] or elsewhere(kind, key):
        return ""
    return "There is nothing left to erase: no row has names or words of it."


def elsewhere(kind: str, key: str) -> int:
    """How many rows beside the trail hold something of it, in the nouns' own tables. A query a noun that has such."""
    return sum(noun.forgets.count(kind, key) for noun in nouns.every() if noun.forgets)


def left(kind: str, key: str) -> tuple[int, int]:
    """How many rows have a personal part that is there, and how many are of the older form. Both capped; one query."""
    there = Q(personal__isnull=False, personal__erased_in=None)
    found = [AuditEntry.objects.filter(each) for each in selections(kind, key)]
    numbers = counts(*(rows.filter(there) for rows in found), *(rows.filter(form=AuditEntry.PLAIN) for rows in found))
    return sum(numbers[: len(found)]), sum(numbers[len(found) :])


def begin(kind: str, key: str, *, user: User, reason: str, ticket: str = "") -> Erasure:
    """Write the act down and have it worked off; raises NotErased. Two at once make one act.

    The trail's row names ids alone, also where it is about a person.
    """
    with transaction.atomic():
        subject = {Kind.USER: person_subject(key), Kind.SUBJECT: key}.get(Kind(kind), "")
        account_id = key if kind == Kind.ACCOUNT else ""
        detail = {"kind": kind, "key": key}
        entry = audit.record(
            ERASED, user=user, account_id=account_id, subject=subject, reason=reason, ticket=ticket, detail=detail
        )
        # Now that this writer holds the end of the chain nobody else begins the same.
        if why := objection(kind, key, user):
            raise NotErased(why)
        erasure = Erasure.objects.create(kind=kind, key=key, entry=entry)
        queue.enqueue(Erasure.task, str(erasure.pk))
    return erasure


def work(erasure_id: str, at: datetime | None = None) -> None:
    """Work one act off, batch by batch. Safe to run twice and at once: what another process holds it leaves alone."""
    at = at or timezone.now()
    ours = Erasure.objects.due(at) | Erasure.objects.held(sweep.QUEUED)
    taken = ours.filter(pk=erasure_id).claim(by=(name := claims.claim_name()), attempts=F("attempts") + 1)
    if not taken:
        return
    if connection.vendor == "sqlite":  # what was there is overwritten in the file, not only left out of it
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")
    while blank_some(taken[0]):
        if not Erasure.objects.held(name).filter(pk=erasure_id).renew():
            return
    ours = Erasure.objects.held(name).filter(pk=erasure_id)
    forgotten = [noun.forgets.forget(taken[0].kind, taken[0].key) for noun in nouns.every() if noun.forgets]
    if all(forgotten):
        ours.settle(finished_at=timezone.now())
    else:
        ours.pause(AGAIN_SECONDS)


def blank_some(erasure: Erasure) -> int:
    """Blank the next batch, in one transaction. How many rows were looked at; 0 at the end."""
    with transaction.atomic():
        numbers = list(islice(_after(erasure), BATCH))
        if numbers:
            blanked = AuditPersonal.objects.blank(numbers, erased_in=erasure.entry_id)
            erasure.reached = numbers[-1]
            own = Erasure.objects.filter(pk=erasure.pk)
            own.update(reached=erasure.reached, blanked=F("blanked") + blanked)
    return len(numbers)


def _after(erasure: Erasure) -> Iterator[int]:
    """Numbers of the rows that it means, in order, from where it stopped to its own row. A query each way."""
    window = {"number__gt": erasure.reached, "number__lt": erasure.entry_id}
    ways = [
        AuditEntry.objects.filter(each, **window).order_by("number").values_list("number", flat=True)[:BATCH]
        for each in selections(erasure.kind, erasure.key)
    ]
    return merge(*ways)
