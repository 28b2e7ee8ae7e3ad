"""What a person is told whose form was sent before: what was sent then, by whom, and that nothing is sent now."""

import json
from typing import Any

from console.operations import verbs
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people import masking
from console.people.models import User
from console.people.signed_in import PERSONAL

MAY_SEE_IT = "console.view_operation"
LONGEST = 80  # characters of a value inside a sentence


def drawn_for(verb: Verb, operation: Operation) -> tuple[Any, ...]:
    """Who and what a form was drawn for. An operation that makes something learns its account and object only later."""
    account_id = operation.account_id if verb.about_account else ""
    return operation.user_id, operation.verb, account_id, operation.object_id if verb.noun else ""


def differing(first: Operation, now: Operation) -> list[str]:
    """The entries that are others now. Of what is never kept only whether it was given can be compared."""
    names = sorted({*first.params, *now.params})
    found = [name for name in names if first.params.get(name) != now.params.get(name)]
    found += [name for name in ("reason", "ticket") if getattr(first, name) != getattr(now, name)]
    return found + sorted({*first.sensitive} ^ {*now.sensitive})


def sentence(first: Operation, names: list[str], reader: User) -> str:
    """What was sent, as this reader may see it. `names` are the entries that differ; none: all was something else."""
    verb = verbs.find(first.verb)
    what = f"“{verb.label if verb else first.verb}”"
    whom = f" for {first.account_name or first.account_id}" if first.account_id else ""
    who = f"by {first.user.get_username()} at {first.created_at:%Y-%m-%d %H:%M:%S} UTC ({first.get_state_display()})"
    why = "with other values" if names else "and for something else"
    values = "; ".join(f"{label}: {value}" for label, value in sent(first, names, reader))
    said = f" What was sent then: {values}." if values else ""
    return f"Nothing was sent now. This form was sent before, {why}: {what}{whom} was sent {who}.{said}"


def sent(first: Operation, names: list[str], reader: User) -> list[tuple[str, str]]:
    """Label and value of the entries that were sent, all where no `names` are given; as this reader may see them."""
    if not reader.has_perm(MAY_SEE_IT):
        return []
    verb, may_see = verbs.find(first.verb), reader.has_perm(PERSONAL)
    texts = masking.of_operation(first, verb, may_see=may_see)
    values = dict(masking.params(first, verb, may_see=may_see))
    values |= {name: texts.text(getattr(first, name)) for name in ("reason", "ticket")}
    values |= dict.fromkeys(first.sensitive, f"{masking.MASK} (never kept)")
    return [(label(verb, name), _short(values.get(name))) for name in names or values if names or values[name]]


def not_compared(operation: Operation) -> str:
    """For a form that was sent twice: that some of its entries could not be compared. "" where all could."""
    verb = verbs.find(operation.verb)
    labels = ", ".join(label(verb, name) for name in operation.sensitive)
    who = f"{operation.user.get_username()} at {operation.created_at:%Y-%m-%d %H:%M:%S} UTC"
    words = "such values are never kept, so they could not be compared with what stood in this form now"
    return f"This form was sent before, by {who}. Nothing was sent now. {labels}: {words}." if labels else ""


def label(verb: Verb | None, name: str) -> str:
    """What the form calls an entry."""
    field = verb.form.base_fields.get(name) if verb else None
    return str((field and field.label) or name.replace("_", " ").capitalize())


def _short(value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[: LONGEST - 1] + "…" if len(text) > LONGEST else text
