"""A person's own page: their role, their sign-in, and the tokens that let commands act in their name."""

from datetime import UTC, datetime

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from console import roles, tokens
from console.models import PersonalToken
from console.sessions import needs, staff
from console.site import page


class TokenForm(forms.Form):
    """What a new token is for."""

    label = forms.CharField(label="What it is for", max_length=64)


@require_safe
@needs()
def me(request: HttpRequest) -> HttpResponseBase:
    """Role, sign-in and tokens."""
    return page(request, "console/me.html", _context(request, TokenForm()))


@require_POST
@needs("console.use_commands")
def make_token(request: HttpRequest) -> HttpResponseBase:
    """Make a token. It is shown once, on this very answer, and only its digest is kept."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return page(request, "console/me.html", _context(request, form), status=422)
    _, plain = tokens.create(staff(request), form.cleaned_data["label"])
    return page(request, "console/me.html", _context(request, TokenForm(), plain))


@require_POST
@needs("console.use_commands")
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponseBase:
    """End one of one's own tokens at once."""
    token = PersonalToken.objects.filter(pk=token_id, user=staff(request)).first()
    if token is None:
        raise Http404("You have no such token.")
    tokens.revoke(token)
    messages.success(request, f"The token “{token.label}” no longer works.")
    return redirect("me")


def _context(request: HttpRequest, form: TokenForm, plain: str = "") -> dict[str, object]:
    user = staff(request)
    live = PersonalToken.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now())
    return {
        "title": "You",
        "role": roles.role_of(user),
        "permissions": sorted(user.get_all_permissions()),
        "signed_in_at": datetime.fromtimestamp(request.session["signed_in_at"], UTC),
        "tokens": live.order_by("-created_at"),
        "form": form,
        "new_token": plain,
        "may_use_commands": user.has_perm("console.use_commands"),
    }
