"""The lists of work sessions and of the pages that were opened in them."""

from datetime import timedelta

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.lists import addresses
from console.lists.exports_cells import TEXT, TIME, Column
from console.lists.exports_words import badge_column
from console.lists.filters import Choice, WhoFilter
from console.lists.records import RecordAdmin
from console.people.models import User
from console.record import pages, words
from console.record.admin import account_link
from console.shell import nouns
from console.shell.outside import isolated
from console.templatetags import console as tags
from console.viewing.models import AccessEntry, WorkSession
from gateway import copied

LATELY = timedelta(days=90)  # how far back words of a reason are looked for: no index holds them


OPENED_COLUMNS = (
    Column("When, UTC", lambda row: row.at, TIME, of="When"),
    Column("Who", lambda row: row.user.get_username()),
    Column("Account", lambda row: row.work_session.account_name or row.account_id),
    Column("Account id", lambda row: row.account_id, of="Account"),
    Column("What", lambda row: words.opened(row.path, row.kind)),
    Column("Object", lambda row: words.object_in(row.path), of="What"),
    Column("Path", lambda row: row.path, of="What"),
    Column("Session", lambda row: row.work_session_id, TEXT),
)
SESSION_COLUMNS = (
    Column("Started, UTC", lambda row: row.started_at, TIME, of="Started"),
    Column("Session", lambda row: row.pk, TEXT, of="Started"),
    Column("Who", lambda row: row.user.get_username()),
    Column("Account", lambda row: row.account_name or row.account_id),
    Column("Account id", lambda row: row.account_id, of="Account"),
    Column("Why", lambda row: row.reason),
    Column("Kind of reason", lambda row: row.get_category_display(), of="Why"),
    badge_column("Mode", "session", lambda row: row.mode),
    Column("Ticket", lambda row: row.ticket),
    Column("Ended, UTC", lambda row: row.ended_at, TIME, of="Ended"),
    Column("How it ended", lambda row: row.get_end_display() if row.ended_at else "", of="Ended"),
)


class KindFilter(Choice):
    """By what was done at the address."""

    title, parameter_name = "kind", "kind"
    words = {"page": "Pages", "link_out": "Links out to Stripe", "refused": "Refused"}


@admin.register(AccessEntry)
class AccessEntryAdmin(RecordAdmin):
    """Pages opened while viewing as an account."""

    list_title, columns = "Pages opened", OPENED_COLUMNS
    empty_text = "Each page that staff open while they view as an account stands here."
    list_display = ("when", "who", "account", "did", "session")
    list_display_links = ("when",)
    list_filter = (KindFilter, ("user", WhoFilter))
    list_select_related = ("user", "work_session")
    search_fields = ("path",)
    search_help_text = "Person, account, object, or session"
    date_hierarchy = "at"

    def found(self, words_: str, *, personal: bool) -> list[Q]:
        """By account, object, page, session or person; each by an index."""
        number = addresses.number(words_)
        if number is not None:
            return [Q(work_session=number)]
        if words_.startswith("acct_"):
            return [Q(account_id=words_)]
        path = words_ if words_.startswith("/acct_") else nouns.jump(words_) if copied.AN_ID.fullmatch(words_) else ""
        if path:
            account_id, path = path.split("/")[1], path.partition("?")[0]
            return [Q(account_id=account_id, path__startswith=path)]
        return [Q(user__in=User.objects.called(words_))]

    def row_page(self, request: HttpRequest, row: AccessEntry) -> HttpResponse:
        """The page in words."""
        return pages.access_page(request, row)

    @admin.display(description="Who", ordering="user")
    def who(self, entry: AccessEntry) -> User:
        """Whose session it was."""
        return entry.user

    @admin.display(description="When")
    def when(self, entry: AccessEntry) -> SafeString:
        """The moment, by the wall clock."""
        return tags.when(entry.at)

    @admin.display(description="What")
    def did(self, entry: AccessEntry) -> SafeString:
        """What was opened, in words, and the id of the object whose page it is."""
        did, own = words.opened(entry.path, entry.kind), words.object_in(entry.path)
        shown = tags.copy_id(own, short=True) if own else ""
        return format_html('<span class="two-lines"><span title="{}">{}</span>{}</span>', entry.path, did, shown)

    @admin.display(description="Account")
    def account(self, entry: AccessEntry) -> SafeString:
        """Its name as it was when the session began."""
        return account_link(entry.account_id, entry.work_session.account_name)

    @admin.display(description="Session")
    def session(self, entry: AccessEntry) -> SafeString:
        """The work session, leading to its record."""
        url = reverse("admin:console_worksession_change", args=[entry.work_session_id])
        return format_html('<a href="{}">{}</a>', url, entry.work_session_id)


@admin.register(WorkSession)
class WorkSessionAdmin(RecordAdmin):
    """Who viewed as which account, why, and how it ended."""

    list_title, columns = "Work sessions", SESSION_COLUMNS
    empty_text = "Who views as an account stands here, with the reason. “View as” is on each account’s page."
    list_display = ("started", "who", "account", "why", "mode_badge", "ticket", "ending")
    list_filter = ("mode", "category", "end", ("user", WhoFilter))
    written = ("reason", "ticket")
    list_select_related = ("user",)
    search_fields = ("account_id",)
    search_help_text = "Person, account, ticket, reason"
    date_hierarchy = "started_at"
    by = ("started_at", "id")

    def found(self, words_: str, *, personal: bool) -> list[Q]:
        """By account, number, ticket or person, by an index; by words of the account's name or the reason lately."""
        number = addresses.number(words_)
        if number is not None:
            return [Q(pk=number), Q(ticket=words_)]
        if words_.startswith("acct_"):
            return [Q(account_id=words_)]
        said = Q(account_name__icontains=words_) | (Q(reason__icontains=words_) if personal else Q())
        lately = Q(started_at__gte=timezone.now() - LATELY)
        return [Q(user__in=User.objects.called(words_)), Q(ticket=words_), lately & said]

    def row_page(self, request: HttpRequest, row: WorkSession) -> HttpResponse:
        """Its record: pages and acts in order."""
        return pages.session_page(request, row)

    @admin.display(description="Who", ordering="user")
    def who(self, session: WorkSession) -> User:
        """Whose session it was."""
        return session.user

    @admin.display(description="Started")
    def started(self, session: WorkSession) -> SafeString:
        """The moment, by the wall clock."""
        return tags.when(session.started_at)

    @admin.display(description="Why")
    def why(self, session: WorkSession) -> SafeString:
        """The reason, and what kind of reason it is."""
        kind = session.get_category_display()
        reason = isolated(session.reason)
        return format_html('<span class="two-lines"><span>{}</span><span class="second">{}</span></span>', reason, kind)

    @admin.display(description="Ended")
    def ending(self, session: WorkSession) -> SafeString:
        """The moment, and how; a dash while it is open."""
        if session.ended_at is None:
            return tags.DASH
        how = format_html('<span class="second">{}</span>', session.get_end_display())
        return format_html('<span class="two-lines">{}{}</span>', tags.when(session.ended_at), how)

    @admin.display(description="Account")
    def account(self, session: WorkSession) -> SafeString:
        """Its name as it then was."""
        return account_link(session.account_id, session.account_name)

    @admin.display(description="Mode")
    def mode_badge(self, session: WorkSession) -> SafeString:
        """The last mode."""
        return tags.badge(session.mode, "session", plain=True)
