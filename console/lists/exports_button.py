"""The Export button of a list, and who has it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from console.lists import keyset
from console.lists.exports_files import WORDS
from console.people.signed_in import staff

EXPORTS = "console.export_lists"  # the permission, beside that to see the list


def button(request: HttpRequest, name: str, account_id: str = "") -> dict[str, Any] | None:
    """What the list's own page draws its button from; None for who may not. `query` is what it is narrowed by."""
    if not staff(request).has_perm(EXPORTS):
        return None
    url = reverse("export_account_list", args=[account_id, name]) if account_id else reverse("export_list", args=[name])
    return {
        "url": url,
        "account": account_id,
        "query": asked(request.GET.urlencode()).urlencode(),
        "formats": WORDS,
        "at_once": settings.EXPORT_STREAM_ROWS,
    }


def asked(query: str) -> QueryDict:
    """What narrows a list, without the place of its page."""
    found = QueryDict(query.replace("%00", ""), mutable=True)
    for name in (keyset.OLDER, keyset.NEWER):
        found.pop(name, None)
    return found
