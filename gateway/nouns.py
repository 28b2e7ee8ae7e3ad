"""What the gateway needs of every noun: its mirror, its event types, and which fields are personal.

Rooms declare it in each noun's noun.py; nothing here knows one.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from gateway.mirror import Mirror
from gateway.models import Event

EVERYTHING = ("*",)  # but ids


@dataclass(frozen=True, kw_only=True)
class Noun:
    """One noun of a room, as far as gateway is concerned.

    `personal` names what of its object is dropped from the payloads of old events: top-level fields, or EVERYTHING.
    `notes` is told of events in the transaction that settles them, last of all: what it writes is kept with them.
    """

    model: type[Mirror] | None = None
    event_types: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    notes: Callable[[Sequence[Event]], None] | None = None


_nouns: list[Noun] = []


def register(noun: Noun) -> None:
    """Add a noun."""
    _nouns.append(noun)


def event_types() -> list[str]:
    """The types that our endpoints ask Stripe for, in order."""
    return sorted(name for noun in _nouns for name in noun.event_types)


def types_of(nouns: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The types of the events of these objects, by Stripe's name of each; none of what Stripe sends no events for."""
    theirs = {noun.model.stripe_object: noun.event_types for noun in _nouns if noun.model and noun.event_types}
    return {name: types for name, types in theirs.items() if name in nouns}


def note(events: Sequence[Event]) -> None:
    """Tell every noun that notes something of settled events. Called within their transaction."""
    for noun in _nouns:
        if noun.notes:
            noun.notes(events)


def personal() -> dict[str, tuple[str, ...]]:
    """What is personal of each object, by Stripe's name of it. Of what is not named here nobody knows: EVERYTHING."""
    return {noun.model.stripe_object: noun.personal for noun in _nouns if noun.model}
