"""The admin site takes our own rooms only, and its lists never show a quoted id."""

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.account.models import Account
from console.people.models import User
from console.record.models import AuditEntry
from console.shell.site import ConsoleSite, rooms
from gateway import retention
from gateway.models import Event
from tests.people import ACCOUNT, browser, known_accounts

pytestmark = pytest.mark.alike


def test_only_models_of_our_rooms_are_registered() -> None:
    assert {model._meta.app_label for model in admin.site._registry} <= set(rooms())


def test_foreign_models_are_passed_over() -> None:
    site = ConsoleSite()
    site.register([Group, AuditEntry], ModelAdmin)
    assert set(site._registry) == {AuditEntry}


def test_staff_are_not_kept_through_the_admins_permission_matrix() -> None:
    assert User not in admin.site._registry


def test_nothing_is_deleted_in_bulk() -> None:
    assert "delete_selected" not in dict(admin.site.actions)


def test_no_redirect_by_content_type() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:view_on_site", args=[1, 1])


@pytest.mark.django_db
def test_people_without_staff_status_are_sent_away() -> None:
    client = browser("vera")
    User.objects.update(is_staff=False)
    assert client.get("/me/")["Location"].startswith("/login/")


@pytest.mark.django_db
@pytest.mark.parametrize("written", [ACCOUNT, quote(ACCOUNT)])
@pytest.mark.parametrize("rest", ["", "change/"])
def test_the_admins_own_address_of_a_mirror_row_leads_to_its_page(written: str, rest: str) -> None:
    known_accounts()
    answer = browser("vera").get(f"/accounts/account/{written}/{rest}")
    assert (answer.status_code, answer["Location"]) == (302, f"/connect/accounts/{ACCOUNT}")


@pytest.mark.django_db
def test_an_id_that_looks_quoted_is_read_as_it_is() -> None:
    """The admin alone would read `acct_2F` as `acct/`."""
    row = Account(
        id="acct_2FTestsTests",
        account_id="acct_2FTestsTests",
        data={"id": "acct_2FTestsTests", "object": "account"},
        as_of=1,
    )
    row.set_columns()
    row.save()
    answer = browser("vera").get("/accounts/account/acct_2FTestsTests/change/")
    assert answer["Location"] == "/connect/accounts/acct_2FTestsTests"


@pytest.mark.django_db
def test_no_list_shows_a_quoted_id() -> None:
    known_accounts()
    Event.objects.create(id="evt_1A", type="x", created=1, livemode=False, payload={}, received_at=timezone.now())
    for path in ("/accounts/account/", "/gateway/event/"):
        assert "_5F" not in browser("ana").get(path).content.decode()


@pytest.mark.django_db
def test_the_page_of_an_event_says_that_its_payload_was_dropped() -> None:
    now = timezone.now()
    columns = {"type": "x", "created": 1, "livemode": False, "received_at": now, "state": "done", "done_at": now}
    Event.objects.create(id="evt_1A", payload=retention.DROPPED, dropped_at=now, **columns)
    page = browser("ana").get("/gateway/event/evt_1A/change/").content.decode()
    assert "What Stripe sent was dropped after 30 days" in page


@pytest.mark.django_db
@pytest.mark.parametrize("odd", ["abc", "-1", "0", "9" * 30, "%00", "a/b", "_2F", "é", "acct_1' OR 1=1"])
def test_an_odd_id_is_no_error(odd: str) -> None:
    ana = browser("ana")
    lists = ("console/operation", "console/auditentry", "console/worksession", "gateway/event", "accounts/account")
    for model in lists:
        assert ana.get(f"/{model}/{odd}/change/").status_code in (302, 400, 404)


def test_a_page_asks_no_permission_for_a_list_of_apps_that_nothing_shows(rf: RequestFactory) -> None:
    class Person:
        is_active = is_staff = True

        def has_perm(self, permission: str) -> bool:
            raise AssertionError(permission)

        has_module_perms = has_perm

    request = rf.get("/")
    request.user = Person()  # type: ignore[assignment]
    assert admin.site.each_context(request)["available_apps"] == []
