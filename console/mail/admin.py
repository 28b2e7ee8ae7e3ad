"""The list of mails."""

from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.lists.exports_cells import TIME, Column
from console.lists.exports_words import badge_column
from console.lists.filters import Choice, WhoFilter
from console.lists.records import RecordAdmin
from console.mail import deciding, pages, templates
from console.mail.models import SETTLES, Mail
from console.people import masking
from console.people.models import User
from console.people.signed_in import may_see, staff
from console.shell.outside import isolated
from console.templatetags import console as tags

STATES = {state.value: str(state.label) for state in Mail.State}


class StateFilter(Choice):
    """By how it stands."""

    title, parameter_name, words = "state", "state", STATES


class NeedsAPerson(Choice):
    """Those that somebody must decide."""

    title, parameter_name, words = "waiting for", "waiting", {"person": "A person’s decision"}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By the one rule."""
        return queryset.needing_a_person()


class TemplateFilter(admin.SimpleListFilter):
    """By template; one that is no more is still taken from an address."""

    title, parameter_name = "template", "template"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Those that there are."""
        return [(each.name, each.name.replace("_", " ").capitalize()) for each in templates.every()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mail]) -> QuerySet[Mail]:
        """Mails of one template."""
        return queryset.filter(template=self.value()) if self.value() else queryset


COLUMNS = (
    Column("Mail", lambda row: row.subject),
    Column("Mail id", lambda row: row.pk, of="Mail"),
    Column("To", lambda row: row.to),
    Column("Account id", lambda row: row.account_id, of="To"),
    badge_column("State", "mail", lambda row: row.state),
    Column("Error", lambda row: row.error, of="State"),
    Column("Caused by", lambda row: row.user.get_username() if row.user else "the worker"),
    Column("Made, UTC", lambda row: row.created_at, TIME, of="Made"),
)


@admin.register(Mail)
class MailAdmin(RecordAdmin):
    """Every mail and what came of it; each leads to its page."""

    list_title, columns = "Mails", COLUMNS
    list_display = ("mail", "receiver", "outcome", "by_whom", "made")
    list_display_links = None
    list_filter = (StateFilter, NeedsAPerson, TemplateFilter, ("user", WhoFilter))
    written = ("error",)
    search_fields = ("id",)
    search_help_text = "Mail, Message-ID, address, account, or person"
    list_select_related = ("user",)
    date_hierarchy = "created_at"
    by = ("created_at", "id")
    answers = ("POST",)
    act_word = "Apply"
    actions = ("again", "drop")

    def found(self, words: str, *, personal: bool) -> list[Q]:
        """By id, Message-ID, account, who caused it, or the whole address; each by an index."""
        if words.startswith("mail_") and "@" not in words:
            return [Q(pk=words)]
        if words.startswith("acct_"):
            return [Q(account_id=words)]
        if "@" in words:
            return [Q(message_id=f"<{words.strip('<>')}>"), *([Q(to=words)] if personal else [])]
        return [Q(user__in=User.objects.called(words))]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with what stands there while it is empty."""
        empty = {
            "heading": "No mails yet",
            "text": "Staff are mailed when their sign-in changes, and once a day what needs a person, if they wish.",
            "note": "Try it with manage.py mail --to somebody@example.com",
        }
        return super().changelist_view(request, {"empty": empty, **(extra_context or {})})

    def masked(self, request: HttpRequest, row: Mail) -> Mail:
        """The row with its address as this person may see it."""
        row.to = masking.email(row.to, may_see=may_see(request))
        return super().masked(request, row)

    @admin.display(description="Mail")
    def mail(self, mail: Mail) -> SafeString:
        """Its subject, leading to its page, over its id."""
        url = reverse("admin:console_mail_change", args=[mail.pk])
        name = format_html('<a href="{}" title="{}">{}</a>', url, mail.subject, isolated(mail.subject))
        return format_html('<span class="two-lines">{}{}</span>', name, tags.copy_id(mail.pk))

    @admin.display(description="To")
    def receiver(self, mail: Mail) -> SafeString:
        """The address, over the account that it is about."""
        account = tags.copy_id(mail.account_id, short=True) if mail.account_id else ""
        to = mail.to or "–"
        return format_html('<span class="two-lines"><b title="{}">{}</b>{}</span>', to, isolated(to), account)

    @admin.display(description="State")
    def outcome(self, mail: Mail) -> SafeString:
        """How it stands, over what went wrong."""
        why = format_html('<span class="second">{}</span>', isolated(mail.error))
        badge = tags.badge(mail.state, "mail", plain=True)
        return format_html('<span class="two-lines">{}{}</span>', badge, why if mail.error else "")

    @admin.display(description="Caused by")
    def by_whom(self, mail: Mail) -> str:
        """Who caused it."""
        return mail.user.get_username() if mail.user else "the worker"

    @admin.display(description="Made")
    def made(self, mail: Mail) -> SafeString:
        """The moment, by the wall clock."""
        return tags.when(mail.created_at)

    def row_page(self, request: HttpRequest, row: Mail) -> HttpResponse:
        """The mail, and what a person may decide."""
        return pages.mail_page(request, row)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What may be decided for many, by those who may."""
        return super().get_actions(request) if staff(request).has_perm(SETTLES) else {}

    @admin.action(description="Send selected failed mails again")
    def again(self, request: HttpRequest, queryset: QuerySet[Mail]) -> None:
        """Those that failed; one that is in doubt is decided on its own page."""
        failed = queryset.filter(state=Mail.State.FAILED)
        self._decided(request, queryset, failed, "again", "sent again")

    @admin.action(description="Drop selected mails")
    def drop(self, request: HttpRequest, queryset: QuerySet[Mail]) -> None:
        """Those that failed or still wait."""
        open_to = queryset.exclude(state=Mail.State.UNKNOWN)
        self._decided(request, queryset, open_to, "drop", "dropped")

    def _decided(
        self, request: HttpRequest, chosen: QuerySet[Mail], rows: QuerySet[Mail], decision: str, done: str
    ) -> None:
        number, left = 0, set(chosen.values_list("pk", flat=True))
        for mail in rows:
            with suppress(deciding.Denied):
                deciding.decide(mail, decision, user=staff(request), reason="")
                number += 1
                left.discard(mail.pk)
        if number:
            self.message_user(
                request, f"{number} {'mail is' if number == 1 else 'mails are'} {done}.", messages.SUCCESS
            )
        if left:
            many = "mail stays as it is: it is" if len(left) == 1 else "mails stay as they are: they are"
            self.message_user(request, f"{len(left)} {many} not open to that in a list.", messages.WARNING)
