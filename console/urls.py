"""Every address: health, webhooks, the rooms, the console's own, and the admin, whose catch-all ends everything."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from console.approvals import pages as approvals_pages
from console.brakes import pages as brakes
from console.bulk import file_page
from console.bulk import pages as bulk_pages
from console.jobs import pages as jobs_pages
from console.lists import exports_pages
from console.mail import pages as mail_pages
from console.operations import bulk, outcome
from console.operations import pages as operations_pages
from console.people import me
from console.people import pages as people_pages
from console.record import erasing
from console.shell import events, leading, links, search
from console.viewing import pages
from console.viewing.addresses import ACCOUNT, VIEWED
from gateway import health
from gateway import views as webhooks

handler400 = "console.shell.errors.bad_request"
handler403 = "console.shell.errors.forbidden"
handler404 = "console.shell.errors.not_found"
handler500 = "console.shell.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("webhooks/stripe/", webhooks.webhook, name="webhook"),
    path("webhooks/stripe/connect/", webhooks.connect_webhook, name="connect_webhook"),
    re_path(links.OTHER_FORMS, admin.site.admin_view(leading.to_page), name=leading.OTHER_FORM),
    path("", include("accounts.urls")),
    path("", include("issuing.urls")),
    path(f"{ACCOUNT}/view-as", pages.start, name="view_as_start"),
    path(f"{ACCOUNT}/view-as/end", pages.end, name="view_as_end"),
    path(f"{ACCOUNT}/view-as/mode", pages.mode, name="view_as_mode"),
    path(f"{ACCOUNT}/do/<str:verb_name>", operations_pages.verb_page, name="account_verb"),
    path(f"{VIEWED}/do/<str:verb_name>", operations_pages.viewing_verb_page, name="view_as_verb"),
    path(
        f"{VIEWED}/<path:place>/<str:object_id>/do/<str:verb_name>",
        operations_pages.viewing_verb_page,
        name="object_verb",
    ),
    path(f"{VIEWED}/out/<str:object_id>", pages.account_out, name="account_out"),
    path("out/<str:object_id>", pages.out, name="out"),
    path("do/<str:verb_name>/", operations_pages.verb_page, name="verb"),
    path("bulk/<str:verb_name>/", bulk.bulk_page, name="bulk"),
    path("bulk-runs/", bulk_pages.run_list, name="bulk_runs"),
    path("bulk-runs/from-file", file_page.from_file, name="bulk_from_file"),
    path("bulk-runs/<uuid:run_id>", bulk_pages.run_page, name="bulk_run"),
    path("bulk-runs/<uuid:run_id>/live", bulk_pages.live, name="bulk_run_live"),
    path("operations/", outcome.operation_list, name="operations"),
    path("operations/<uuid:operation_id>", outcome.operation_page, name="operation"),
    path("operations/<uuid:operation_id>/state", outcome.operation_state, name="operation_state"),
    path("jobs/", jobs_pages.job_list, name="jobs"),
    path("jobs/<uuid:job_id>", jobs_pages.job_page, name="job"),
    path("jobs/<uuid:job_id>/file", jobs_pages.job_file, name="job_file"),
    path("exports/<str:list_name>", exports_pages.export_list, name="export_list"),
    path(f"{VIEWED}/exports/<str:list_name>", exports_pages.export_account_list, name="export_account_list"),
    path("approvals/", approvals_pages.approval_list, name="approvals"),
    path("approvals/<uuid:approval_id>", approvals_pages.approval_page, name="approval"),
    path("brakes/", brakes.brakes, name="brakes"),
    path("brakes/new", brakes.new, name="brake_new"),
    path("brakes/<int:brake_id>/lift", brakes.lift, name="brake_lift"),
    path("gateway/event/<str:event_id>/state", events.event_state, name="event_state"),
    path("console/mail/<str:mail_id>/state", mail_pages.mail_state, name="mail_state"),
    path("mailbox/", mail_pages.mailbox, name="mailbox"),
    path("mailbox/<str:mail_id>", mail_pages.mailbox_mail, name="mailbox_mail"),
    path("search", search.search, name="search"),
    path("me/", me.me, name="me"),
    path("me/mail", me.set_mail, name="set_mail"),
    path("me/tokens", me.make_token, name="make_token"),
    path("me/tokens/<int:token_id>/revoke", me.revoke_token, name="revoke_token"),
    path("staff/", people_pages.people, name="staff"),
    path("staff/new", people_pages.new, name="staff_new"),
    path("staff/<int:user_id>", people_pages.member, name="staff_member"),
    path("staff/<int:user_id>/password", people_pages.password, name="staff_password"),
    path("audit/erase/<str:kind>/<str:key>", erasing.erase, name="erase"),
    path("", admin.site.urls),
]
