"""Buttons of pages: verbs that exist and that this person may use, and whether work mode lets them."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from console.operations import rights, verbs
from console.operations.verbs import Verb
from console.people.signed_in import staff
from console.viewing.models import WorkSession
from console.viewing.sessions import current
from gateway.mirror import Mirror

ICONS = {"create": "plus", "activate": "check", "deactivate": "dash", "cancel": "crossed", "update": "pen"}


@dataclass(frozen=True)
class Button:
    """One verb as it is drawn. `locked` needs work mode; the page says so beside it."""

    label: str
    url: str
    icon: str
    locked: bool
    final: bool
    quiet: bool  # never the one primary button of a page


def of_account(request: HttpRequest, name: str, account_id: str, **initial: str) -> Button | None:
    """The button of a verb that begins at the account, with the form's first values in the address."""
    verb = allowed(request, name, one=True)
    if verb is None:
        return None
    query = f"?{urlencode(initial)}" if initial else ""
    return _button(request, verb, reverse("view_as_verb", args=[account_id, name]) + query)


def of_object(request: HttpRequest, name: str, row: Mirror) -> Button | None:
    """The button of a verb on one object; none where it can never be done with it."""
    verb = allowed(request, name, one=True)
    if verb is None or verb.objection(row):
        return None
    return _button(request, verb, verb.address(row))


def allowed(request: HttpRequest, name: str, *, one: bool = False) -> Verb | None:
    """The verb, where it exists in this mode and this person may do it: for many, or for `one` row. No query."""
    verb, user = verbs.find(name), staff(request)
    if verb is None or settings.CONSOLE_MODE not in verb.modes:
        return None
    return verb if (rights.may(user, verb) if one else user.has_perm(verb.permission)) else None


def looking(request: HttpRequest) -> bool:
    """Whether the person's work session lets nothing be changed."""
    session = current(request)
    return session is None or session.mode != WorkSession.Mode.WORK


def _button(request: HttpRequest, verb: Verb, url: str) -> Button:
    icon = next((icon for word, icon in ICONS.items() if f".{word}_" in verb.name), "")
    quiet = ".deactivate_" in verb.name or ".reverse_" in verb.name
    return Button(verb.label, url, icon, verb.sends and looking(request), verb.final, quiet)


def of_account_all(request: HttpRequest, account_id: str, *names: str) -> list[Button]:
    """Those of these verbs that begin at the account and that this person may use."""
    found = (of_account(request, name, account_id) for name in names)
    return [each for each in found if each]


def present(*found: Button | None) -> list[Button]:
    """Those that there are."""
    return [each for each in found if each]
