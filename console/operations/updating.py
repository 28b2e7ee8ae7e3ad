"""Forms of what changes an object: they begin with what it has, and somebody else may change that while a page is open.

A page carries a digest of each value that it was drawn with (DRAWN). So what nobody touched is told from what was
typed: it is not given, however the object stands now, and what both changed is asked about.
"""

import hashlib
import json
from typing import Any, ClassVar

from django.http import QueryDict

from console.operations.attempts import plain
from console.operations.fields import VerbForm

Data = dict[str, Any]
DRAWN = "drawn"
CHANGED = "This was changed after the page was drawn. The preview shows what it is now: send again to replace it."
OF_A_WHOLE = "This was changed after the page was drawn and goes together with what you changed. Check it, send again."


def digests(values: Data) -> str:
    """What a page is drawn with, as its hidden entry: JSON of a digest by field."""
    return json.dumps({name: digest(value) for name, value in values.items()})


def digest(value: Any) -> str:
    """Of a value as forms compare it."""
    return hashlib.sha256(repr(alike(value)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def alike(value: Any) -> Any:
    """A value in the form in which two are compared: lists whatever their order, nothing as ""."""
    if not isinstance(value, list):
        return "" if value is None else value
    return sorted(repr(sorted(each.items())) if isinstance(each, dict) else str(each) for each in value)


class UpdateForm(VerbForm):
    """What changes of one object. Its subclass says what the object has, and calls `settle` once values are clean."""

    together: ClassVar[tuple[str, ...]] = ()  # fields that Stripe takes whole
    takes_off: ClassVar[str] = ""  # the field that names those to be taken off
    posted: Data  # what was sent, what is taken off as nothing
    untouched: frozenset[str] | set[str] = frozenset()  # fields that hold what the page was drawn with

    def __init__(self, *its: Any, **options: Any) -> None:
        super().__init__(*its, **options)
        self.conflicts: dict[str, str] = {}  # what is asked about, by field

    def current(self) -> Data:
        """What the object has, by the names of the form's fields."""
        raise NotImplementedError

    @property
    def drawn(self) -> dict[str, str]:
        """A digest by field of what the page was drawn with; none for a command, a file, or an entry of no sense."""
        try:
            found = json.loads(str(self.data.get(DRAWN) or "{}"))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def settle(self, cleaned: Data) -> None:
        """Have what nobody touched be what the object has now; errors for what somebody else has changed, too."""
        drawn, now, off = self.drawn, self.current(), set(cleaned.get(self.takes_off) or ())
        self.posted = {**cleaned, **{name: type(now[name])() for name in off}}
        self.untouched = {name for name in now if name in cleaned and drawn.get(name) == digest(cleaned[name])}
        cleaned.update({name: now[name] for name in self.untouched})
        if self.sent_before():
            return
        touched = (drawn.keys() & now.keys()) - self.untouched | off
        for name in [name for name in drawn if name in now and drawn[name] != digest(now[name])]:
            other = name in cleaned and alike(cleaned[name]) != alike(now[name])
            if name in touched and (now[name] if name in off else other):
                self.conflicts[name] = CHANGED
            elif name not in touched and touched.intersection(self.together) and name in self.together:
                self.conflicts[name] = OF_A_WHOLE
        for name, words in self.conflicts.items():
            self.add_error(name, words)

    def as_before(self, changed: Data) -> Data:
        """What changes; where this very form was sent before, what it changed then and says again belongs to it."""
        first = self.first
        if first is None:
            return changed
        off, parts = self.posted.get(self.takes_off) or (), first.params.keys() & set(self.together)
        whole = {name: first.params[name] for name in parts if not self.posted.get(name) and name not in off}
        said = plain({**self.posted, **whole})
        return {name: value for name, value in first.params.items() if name in said and said[name] == value} | changed

    def renew(self, entries: QueryDict) -> None:
        """Have the page that is drawn again show what is there now where nobody touched it; ask about the rest."""
        now = self.current()
        for name in self.untouched:
            entries[name] = now[name]
        if self.takes_off in entries:
            entries.setlist(self.takes_off, [name for name in entries.getlist(self.takes_off) if now.get(name)])
        if self.drawn:
            entries[DRAWN] = digests(now)
        for name, words in self.conflicts.items():
            self.add_error(name, words)
