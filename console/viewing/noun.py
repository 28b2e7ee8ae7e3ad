"""What viewing as an account adds to the shell."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse

from console.lists import addresses
from console.people.signed_in import may_see
from console.shell.badges import Badge
from console.shell.nouns import Found, MenuEntry, Noun, Search
from console.viewing.models import WorkSession


def find(request: HttpRequest, words: str) -> Iterable[Found]:
    """The work session with a number, and those under a ticket for who may see what staff write: ten at most.

    Two queries at most.
    """
    number, every = addresses.number(words), WorkSession.objects.select_related("user")
    found = list(every.filter(pk=number)) if number is not None else []
    own = [session.pk for session in found]
    if may_see(request):
        found += every.under(words).exclude(pk__in=own)[: 10 - len(found)]
    for session in found:
        url = reverse("admin:console_worksession_change", args=[session.pk])
        parts = (session.user.get_username(), session.ticket if may_see(request) else "")
        yield Found(label=str(session), url=url, detail=" · ".join(filter(None, parts)), id=str(session.pk))


NOUN = Noun(
    roles={
        "support": ("console.view_as", "console.work_as"),
        "operator": ("console.view_accessentry", "console.view_worksession"),
    },
    menu=(
        MenuEntry(
            label="Work sessions",
            url="admin:console_worksession_changelist",
            icon="key",
            section="Staff",
            permission="console.view_worksession",
            order=10,
        ),
        MenuEntry(
            label="Pages opened",
            url="admin:console_accessentry_changelist",
            icon="eye",
            section="Staff",
            permission="console.view_accessentry",
            order=15,
        ),
    ),
    searches=(Search(title="Work sessions", find=find, permission="console.view_worksession", order=90),),
    badges={"session": {"look": Badge("lock", "Look", "info"), "work": Badge("pen", "Work", "warn")}},
)
