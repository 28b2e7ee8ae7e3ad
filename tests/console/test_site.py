"""The admin site takes our own rooms only, and its lists never show a quoted id."""

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import Group
from django.urls import NoReverseMatch, reverse

from console.models import AuditEntry, User
from console.site import ROOMS, ConsoleSite
from tests.people import browser


def test_only_models_of_our_rooms_are_registered() -> None:
    assert {model._meta.app_label for model in admin.site._registry} <= set(ROOMS)


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
