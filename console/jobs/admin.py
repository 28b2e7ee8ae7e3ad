"""The list of jobs."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.jobs.models import Job
from console.lists.exports_cells import NUMBER, TIME, Column
from console.lists.exports_words import badge_column
from console.lists.filters import WhoFilter
from console.lists.keyset import value
from console.lists.records import RecordAdmin
from console.people.models import User
from console.people.signed_in import staff
from console.shell.outside import isolated
from console.templatetags import console as tags

COLUMNS = (
    Column("Begun, UTC", lambda row: row.created_at, TIME, of="Begun"),
    Column("Job id", lambda row: row.pk, of="Begun"),
    Column("What", lambda row: row.title),
    Column("Account", lambda row: row.account_name or row.account_id, of="What"),
    Column("Who", lambda row: row.user.get_username()),
    badge_column("State", "job", lambda row: row.state),
    Column("Done", lambda row: row.done, NUMBER, of="Progress"),
    Column("Of", lambda row: row.total, NUMBER, of="Progress"),
    Column("Ended, UTC", lambda row: row.ended_at, TIME, of="Ended"),
)


@admin.register(Job)
class JobAdmin(RecordAdmin):
    """Long work: one's own; everybody's for administrators. Each row leads to its page."""

    list_title, columns = "Jobs", COLUMNS
    empty_text = "Long work stands here, with its file: an export becomes a job where the list has many rows."
    list_display = ("when", "what", "who", "state_badge", "progress", "ended")
    list_filter = ("state", ("user", WhoFilter))
    list_select_related = ("user",)
    list_display_links = None
    search_fields = ("id",)
    search_help_text = "Job, account, or person"
    by = ("created_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Those that this person may see."""
        return super().get_queryset(request) & Job.objects.seen_by(staff(request))

    def found(self, words: str, *, personal: bool) -> list[Q]:
        """By its id, its account, or who began it; each by an index."""
        if words.startswith("acct_"):
            return [Q(account_id=words)]
        job_id = value(Job._meta.pk, words)
        return [Q(pk=job_id)] if job_id else [Q(user__in=User.objects.called(words))]

    def row_page(self, request: HttpRequest, row: Job) -> HttpResponse:
        """Lead to the job's page."""
        return HttpResponseRedirect(reverse("job", args=[row.pk]))

    @admin.display(description="Begun")
    def when(self, job: Job) -> SafeString:
        """The moment, as the link to its page."""
        return format_html('<a href="{}">{}</a>', reverse("job", args=[job.pk]), tags.when(job.created_at))

    @admin.display(description="What")
    def what(self, job: Job) -> SafeString:
        """What it is, and of which account."""
        name = job.account_name or job.account_id
        second = format_html('<span class="second">{}</span>', isolated(name)) if name else ""
        title = format_html('<b title="{}">{}</b>', job.title, isolated(job.title))
        return format_html('<span class="two-lines">{}{}</span>', title, second)

    @admin.display(description="Who")
    def who(self, job: Job) -> User:
        """Who began it."""
        return job.user

    @admin.display(description="State")
    def state_badge(self, job: Job) -> SafeString:
        """How it stands."""
        return tags.badge(job.state, "job", plain=True)

    @admin.display(description="Progress")
    def progress(self, job: Job) -> str:
        """How much of how much."""
        return f"{job.done:,} of {job.total:,}" if job.total is not None else f"{job.done:,}"

    @admin.display(description="Ended")
    def ended(self, job: Job) -> Any:
        """When it ended; a dash while it goes on."""
        return tags.when(job.ended_at)
