"""The list of the audit trail."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.lists import addresses
from console.lists.exports_cells import NUMBER, TIME, Column
from console.lists.filters import Choice, WhoFilter
from console.lists.records import RecordAdmin
from console.operations import verbs
from console.people import masking
from console.people.models import User
from console.people.signed_in import may_see
from console.record import pages, words
from console.record.models import AuditEntry, person_subject
from console.shell.outside import isolated
from console.templatetags import console as tags
from gateway import copied


class ActionFilter(Choice):
    """By what was done."""

    title, parameter_name, words = "action", "action", words.ACTIONS


COLUMNS = (
    Column("Number", lambda row: row.number, NUMBER),
    Column("When, UTC", lambda row: row.at, TIME, of="When"),
    Column("Who", lambda row: row.user_name),
    Column("What", words.said_of),
    Column("Account", lambda row: row.account_name or row.account_id),
    Column("Account id", lambda row: row.account_id, of="Account"),
    Column("About", lambda row: "" if row.about == row.account_id else row.about),
    Column("Reason", lambda row: "Erased" if row.erased else row.said["reason"]),
    Column("Ticket", lambda row: row.said["ticket"], of="Reason"),
)


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin):
    """The audit trail, newest first."""

    list_title, columns = "Audit", COLUMNS
    list_display = ("number", "when", "who", "did", "account", "about", "why")
    list_display_links = ("number", "did")
    list_filter = (ActionFilter, ("user", WhoFilter))
    search_fields = ("number",)
    search_help_text = "Person, verb, account, object, ticket"
    date_hierarchy = "at"
    by = ("number", "id")

    def found(self, words_: str, *, personal: bool) -> list[Q]:
        """By id of whatever it is about, number, ticket, person, action, or verb; each by an index."""
        number = addresses.number(words_)
        if number is not None:
            return [Q(number=number), Q(subject=words_), *_under(words_)]
        if words_.startswith("acct_"):
            return [Q(account_id=words_)]
        acts = _of_act(words_)
        if copied.AN_ID.fullmatch(words_) and not acts:
            return [Q(subject=words_)]
        return [*_of_person(words_), *acts, *_under(words_)]

    def masked(self, request: HttpRequest, row: Any) -> Any:
        """What staff wrote, as this person may see it, as `said`."""
        row.said = masking.Mask(may_see(request)).data({name: getattr(row, name) for name in pages.SAID})
        return row

    def row_page(self, request: HttpRequest, row: AuditEntry) -> HttpResponse:
        """The row in words."""
        return pages.audit_page(request, row)

    @admin.display(description="When")
    def when(self, entry: AuditEntry) -> SafeString:
        """The moment, by the wall clock."""
        return tags.when(entry.at)

    @admin.display(description="Who")
    def who(self, entry: AuditEntry) -> str:
        """The name as it then was; a dash for the worker, and for somebody who is not known."""
        return entry.user_name or (pages.GONE if entry.erased and entry.user_id else "")

    @admin.display(description="Reason")
    def why(self, entry: AuditEntry) -> SafeString:
        """The reason, and its ticket."""
        if entry.erased:
            return pages.GONE
        said: dict[str, str] = entry.said  # type: ignore[attr-defined]
        if not said["reason"]:
            return tags.DASH
        ticket = format_html('<span class="second">{}</span>', isolated(said["ticket"])) if said["ticket"] else ""
        return format_html('<span class="two-lines"><span>{}</span>{}</span>', isolated(said["reason"]), ticket)

    @admin.display(description="What")
    def did(self, entry: AuditEntry) -> str:
        """The act in words, with its verb."""
        return words.said_of(entry)

    @admin.display(description="Account")
    def account(self, entry: AuditEntry) -> Any:
        """Its name as it then was, leading to its page."""
        return account_link(entry.account_id, entry.account_name)

    @admin.display(description="About")
    def about(self, entry: AuditEntry) -> str:
        """The id of what was acted on, where it is not the account; copying gives the whole."""
        return tags.DASH if entry.about == entry.account_id else tags.copy_id(entry.about, short=True)


def account_link(account_id: str, name: str) -> SafeString:
    """An account by its name as it then was."""
    if not account_id:
        return tags.DASH
    words_ = name or account_id
    return format_html(
        '<span class="two-lines"><a href="/connect/accounts/{}" title="{}">{}</a></span>',
        account_id,
        account_id,
        isolated(words_),
    )


def _of_person(words_: str) -> list[Q]:
    """What somebody did, and what was done to them."""
    people = User.objects.called(words_)
    names = User.objects.filter(pk__in=people).values_list("username", flat=True) if people else ()
    # Rows of the older form name the person, others the person's number.
    about = [*(f"user {name}" for name in names), *map(person_subject, people)]
    return [Q(user__in=people), Q(subject__in=about)] if people else []


def _under(ticket: str) -> list[Q]:
    """Rows under a ticket: it stands beside the chain, in rows of the older form in it."""
    return [Q(personal__ticket=ticket), Q(plain_ticket=ticket)]


def _of_act(words_: str) -> list[Q]:
    """Rows of an action or a verb. What was denied left no operation: its verb stands in the row itself."""
    actions, meant = words.actions_meant(words_), verbs.named(words_)
    found = [Q(action__in=actions)] if actions else []
    if meant:
        found += [Q(operation__verb__in=meant), Q(action="operation.denied", plain_detail__verb__in=meant)]
    return found
