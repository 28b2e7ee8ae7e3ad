"""Every address: health, webhooks, the rooms, the console's own, and the admin, whose catch-all ends everything."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path, register_converter
from django.urls.converters import StringConverter

from console import bulk_views, links, me_views, operation_views, search, session_views, staff, verb_views
from gateway import health
from gateway import views as webhooks


class AccountIdConverter(StringConverter):
    """The id of a connected account in an address, as Stripe's Dashboard has it."""

    regex = "acct_[A-Za-z0-9]+"


register_converter(AccountIdConverter, "acct")

handler400 = "console.errors.bad_request"
handler403 = "console.errors.forbidden"
handler404 = "console.errors.not_found"
handler500 = "console.errors.server_error"

ACCOUNT = "connect/accounts/<acct:account_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("webhooks/stripe/", webhooks.webhook, name="webhook"),
    path("webhooks/stripe/connect/", webhooks.connect_webhook, name="connect_webhook"),
    re_path(links.OTHER_FORMS, admin.site.admin_view(links.to_canonical), name="other_form"),
    path("", include("accounts.urls")),
    path("", include("issuing.urls")),
    path(f"{ACCOUNT}/view-as", session_views.start, name="view_as_start"),
    path(f"{ACCOUNT}/view-as/end", session_views.end, name="view_as_end"),
    path(f"{ACCOUNT}/view-as/mode", session_views.mode, name="view_as_mode"),
    path(f"{ACCOUNT}/do/<str:verb_name>", verb_views.verb_page, name="account_verb"),
    path("<acct:account_id>/do/<str:verb_name>", verb_views.viewing_verb_page, name="view_as_verb"),
    path(
        "<acct:account_id>/issuing/<str:plural>/<str:object_id>/do/<str:verb_name>",
        verb_views.object_verb_page,
        name="object_verb",
    ),
    path("<acct:account_id>/out/<str:object_id>", session_views.account_out, name="account_out"),
    path("out/<str:object_id>", session_views.out, name="out"),
    path("do/<str:verb_name>/", verb_views.verb_page, name="verb"),
    path("bulk/<str:verb_name>/", bulk_views.bulk_page, name="bulk"),
    path("operations/", operation_views.operation_list, name="operations"),
    path("operations/<uuid:operation_id>", operation_views.operation_page, name="operation"),
    path("operations/<uuid:operation_id>/state", operation_views.operation_state, name="operation_state"),
    path("search", search.search, name="search"),
    path("me/", me_views.me, name="me"),
    path("me/tokens", me_views.make_token, name="make_token"),
    path("me/tokens/<int:token_id>/revoke", me_views.revoke_token, name="revoke_token"),
    path("staff/", staff.people, name="staff"),
    path("staff/new", staff.new, name="staff_new"),
    path("staff/<int:user_id>", staff.member, name="staff_member"),
    path("staff/<int:user_id>/password", staff.password, name="staff_password"),
    path("", admin.site.urls),
]
