"""Who is signed in, and the one decorator of pages that need a permission."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from console.people import roles
from console.people.models import User

View = Callable[..., HttpResponseBase]
PERSONAL = "accounts.view_pii"  # the permission to see personal data, and to search by it


def staff(request: HttpRequest) -> User:
    """The signed-in member of staff; every page is behind the sign-in."""
    return cast("User", request.user)


def needs(*permissions: str) -> Callable[[View], View]:
    """A page for signed-in staff with every permission named (`app.codename`); else 403, saying which one lacks."""

    def decorate(view: View) -> View:
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            lacking = [name for name in permissions if not staff(request).has_perm(name)]
            if lacking:
                raise PermissionDenied(roles.lacking(*lacking))
            return view(request, *args, **kwargs)

        @cache
        def guarded() -> View:  # made at the first request: the admin site is there when the models are
            return admin.site.admin_view(checked)

        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return guarded()(request, *args, **kwargs)

        page.needed = permissions  # type: ignore[attr-defined]  # for console.shell.leading.may_open
        return page

    return decorate


def may_see(request: HttpRequest) -> bool:
    """Whether this person sees personal data unmasked."""
    return staff(request).has_perm("accounts.view_pii")
