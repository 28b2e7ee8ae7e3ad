"""Who may do a verb: whoever has its permission; with its lesser one alone, one row at a time and within its bounds."""

from collections.abc import Mapping
from typing import Any

from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people import roles
from console.people.models import User


def may(user: User, verb: Verb) -> bool:
    """Whether this person may do it at all, be it for one row and within bounds."""
    return user.has_perm(verb.permission) or bounded(user, verb)


def bounded(user: User, verb: Verb) -> bool:
    """Whether this person may do it for one row and within the bounds of its lesser permission alone."""
    return bool(verb.lesser) and not user.has_perm(verb.permission) and user.has_perm(verb.lesser)


def objection(user: User, verb: Verb, values: Mapping[str, Any], *, one: bool) -> str:
    """Why this person may not do it with these values, for `one` row or for many, and who may; "" where they may."""
    name, who = user.get_username(), roles.who_may(verb.permission)
    if not (user.is_active and may(user, verb)):
        return f"{name} has no permission for “{verb.label}”. {who} has."
    if not bounded(user, verb):
        return ""
    if not one:
        return f"{name} may do “{verb.label}” for one at a time only. {who} may do it for many."
    beyond = verb.beyond(dict(values))
    return f"{name} may not do “{verb.label}” {beyond}. {who} may." if beyond else ""


def still(user: User, verb: Verb, operation: Operation) -> bool:
    """Whether whoever asked for this operation may do it now."""
    if user.is_active and user.has_perms(verb.permissions_for(operation)):
        return True
    return bounded(user, verb) and not objection(user, verb, operation.params, one=True)
