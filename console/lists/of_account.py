"""Every list over all accounts, narrowed to one: what the page of an account leads on to."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from console.lists import listing
from console.lists.filters import AccountFilter
from console.people.signed_in import staff
from console.shell import nouns
from gateway.mirror import Mirror


def lists(request: HttpRequest, account: Mirror) -> dict[str, Any]:
    """`lists`: those of the menu that this person may see and that know the account of a row. No query."""
    known = {
        f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        for model, its_admin in admin.site._registry.items()
        if any(issubclass(each, AccountFilter) for each in its_admin.get_list_filter(request) if isinstance(each, type))
    }
    asked = {AccountFilter.parameter_name: account.pk}
    return {
        "lists": [
            {"label": entry.label, "icon": entry.icon, "url": listing.address(reverse(entry.url), asked)}
            for entry in nouns.menu()
            if entry.url in known and (not entry.permission or staff(request).has_perm(entry.permission))
        ]
    }
