"""What viewing as an account adds to the shell."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse

from console.people.signed_in import may_see
from console.shell.badges import Badge
from console.shell.nouns import Found, MenuEntry, Noun, Search
from console.viewing.models import WorkSession


def find(request: HttpRequest, words: str) -> Iterable[Found]:
    """Work sessions under a ticket, for those who may see what staff write: ten at most, one query."""
    if not may_see(request):
        return
    for session in WorkSession.objects.under(words).select_related("user")[:10]:
        url = reverse("admin:console_worksession_change", args=[session.pk])
        yield Found(label=str(session), url=url, detail=f"{session.user.get_username()} · {session.ticket}")


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
