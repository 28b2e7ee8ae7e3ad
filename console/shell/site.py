"""The one admin site: Django's admin as the shell, with our own rooms in it and nothing else."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.utils.module_loading import import_string

from console.shell.drawing import form_status

Context = dict[str, Any] | None


def rooms() -> list[str]:
    """The labels of our own apps: those that may name nouns."""
    return [config.label for config in apps.get_app_configs() if hasattr(config, "nouns")]


class ConsoleSite(admin.AdminSite):
    """Django's admin at `/`.

    Other packages register models of their own (a schedule that runs any function, stock users and groups): they
    would go round roles, operations and audit, so models of foreign apps are passed over.
    """

    site_title = "Issuing console"
    site_header = "Issuing console"
    index_title = "Home"
    site_url = None
    enable_nav_sidebar = True
    empty_value_display = "–"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register those models that belong to one of our rooms."""
        models: Iterable[type[Model]] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        ours = [model for model in models if model._meta.app_label in rooms()]
        if ours:
            super().register(ours, admin_class, **options)

    @property
    def login_form(self) -> Any:  # type: ignore[override]
        """The sign-in form with a lock (imported late: this site is made before the models are)."""
        return import_string("console.people.sign_in.SignInForm")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Nothing: the menu is our own, and Django's would ask for every permission in vain."""
        return []

    def index(self, request: HttpRequest, extra_context: Context = None) -> HttpResponse:  # type: ignore[override]
        """Home: what needs a person, instead of a list of tables."""
        return import_string("console.shell.home.home")(request, extra_context)

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Context = None) -> HttpResponse:  # type: ignore[override]
        """Home as well: a list of one app's tables says less than the menu beside it."""
        return redirect("admin:index")

    @login_not_required
    def login(self, request: HttpRequest, extra_context: Context = None) -> HttpResponse:
        """Sign in; a refusal is 422, or 503 while too many passwords are checked."""
        response = super().login(request, extra_context)
        if not isinstance(response, TemplateResponse):
            return response
        response.status_code = form_status(request)
        return import_string("console.people.hashing.answered")(response, (response.context_data or {})["form"])

    def logout(self, request: HttpRequest, extra_context: Context = None) -> HttpResponse:  # type: ignore[override]
        """Sign out by POST. Whoever opens the address is shown where the button is: a link must sign nobody out."""
        if request.method in ("GET", "HEAD"):
            messages.info(request, "You are still signed in. “Sign out” stands in the menu under your name.")
            return redirect("me")
        return super().logout(request, extra_context)

    def password_change(self, request: HttpRequest, extra_context: Context = None) -> HttpResponse:  # type: ignore[override]
        """Change one's own password."""
        return import_string("console.people.me.change_password")(request)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The admin's URLs without its generic redirect by content type."""
        return [url for url in super().get_urls() if getattr(url, "name", None) != "view_on_site"]
