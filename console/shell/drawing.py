"""Drawing a page of ours inside the admin's frame."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def form_status(request: HttpRequest) -> int:
    """The status of a form that is drawn: 422 after a POST, whose input was then bad; else 200."""
    return 422 if request.method == "POST" else 200


def page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a page of ours inside the admin's frame."""
    return render(request, template, {**admin.site.each_context(request), **(context or {})}, status=status)
