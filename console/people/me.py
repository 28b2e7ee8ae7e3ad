"""A person's own page: their role, their sign-in, and the tokens that let commands act in their name."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from console.operations import rights, verbs
from console.operations.fields import LineField
from console.people import access, hashing, notices, roles, sign_in, tokens
from console.people.models import PersonalToken, User
from console.people.signed_in import needs, staff
from console.record import audit
from console.shell.drawing import form_status, page
from console.viewing.sessions import SIGNED_OUT

LOCKED_OUT = "Too many wrong passwords: you are signed out everywhere and your tokens are revoked. Wait 15 minutes."


class TokenForm(forms.Form):
    """What a new token is for."""

    label = LineField(label="What it is for", max_length=64)


class MailForm(forms.ModelForm):
    """What oneself is mailed beside notices of one's own sign-in."""

    class Meta:
        """The digest alone: the address is an administrator's to change, since notices of thefts go there."""

        model = User
        fields = ("daily_digest",)


class OwnPasswordForm(PasswordChangeForm):
    """One's own new password. A guess at the current one counts as a sign-in with that name does."""

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(staff(request), data)
        self.request = request
        self.locked_out = False  # whether this very form held the wrong password that was one too many

    def clean_old_password(self) -> str:
        """Count the guess, then look at it; a wrong one is written down."""
        name = self.user.get_username()
        with sign_in.counted(name, sign_in.address(self.request)) as guess:
            try:
                return super().clean_old_password()
            except ValidationError as wrong:
                self.locked_out = guess.last
                action = "user.password_locked" if guess.last else "user.password_wrong"
                sign_in.note_failure(name, self.request, action)
                raise ValidationError(LOCKED_OUT, code="locked") if guess.last else wrong from None


@require_safe
@needs()
def me(request: HttpRequest) -> HttpResponseBase:
    """Role, sign-in and tokens."""
    return page(request, "console/people/me.html", _context(request, TokenForm()))


@require_POST
@needs(tokens.MAKES)
def make_token(request: HttpRequest) -> HttpResponseBase:
    """Make a token. It is shown once, on this very answer, and only its digest is kept."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return page(request, "console/people/me.html", _context(request, form), status=422)
    _, plain = tokens.create(staff(request), form.cleaned_data["label"])
    return page(request, "console/people/me.html", _context(request, TokenForm(), plain))


@require_POST
@needs(tokens.MAKES)
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponseBase:
    """End one of one's own tokens at once."""
    token = PersonalToken.objects.filter(pk=token_id, user=staff(request)).first()
    if token is None:
        raise Http404("You have no such token.")
    tokens.revoke(token)
    messages.success(request, f"The token “{token.label}” no longer works.")
    return redirect("me")


@require_POST
@needs(notices.DIGEST)
def set_mail(request: HttpRequest) -> HttpResponseBase:
    """Whether one is mailed the daily digest."""
    user = staff(request)
    form = MailForm(request.POST, instance=user)
    if form.is_valid() and form.has_changed():
        with transaction.atomic():
            user.save(update_fields=["daily_digest"])
            audit.record(
                "user.mail_changed",
                user=user,
                about=user,
                detail={"daily_digest": user.daily_digest},
            )
    messages.success(request, "You are mailed the digest." if user.daily_digest else "You are mailed no digest.")
    return redirect("me")


@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password, which ends all else that one has open; too many wrong guesses end this sign-in too."""
    form = OwnPasswordForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid() and _change(request, form):
        return redirect("admin:password_change_done")
    context = {"title": "Change your password", "form": form}
    answer = page(request, "registration/password_change_form.html", context, status=form_status(request))
    if form.locked_out:
        with transaction.atomic():
            access.end(form.user, "too many wrong passwords", by=form.user)
        logout(request)
    return hashing.answered(answer, form)


def _change(request: HttpRequest, form: OwnPasswordForm) -> bool:
    """Store the new password and keep this sign-in, under a new key; False where no hash got free.

    PermissionDenied where the person was shut out, or got another password, since the request began.
    """
    before = User.objects.filter(pk=form.user.pk, is_active=True, password=form.user.password)
    unchanged = before.filter(access_generation=form.user.access_generation)
    user = hashing.hashed(form)
    if user is None:
        return False
    with transaction.atomic():
        if not unchanged.update(password=user.password):
            raise PermissionDenied(SIGNED_OUT)
        notices.tell(user, "password_changed", user=user)
        access.end(user, "password changed", by=user)
        audit.record("user.password_changed", user=user, detail={"address": sign_in.address(request)})
    update_session_auth_hash(request, user)
    return True


def _context(request: HttpRequest, form: TokenForm, plain: str = "") -> dict[str, object]:
    user = staff(request)
    return {
        "title": "You",
        "role": roles.role_of(user),
        "permissions": sorted(user.get_all_permissions()),
        "signed_in_at": datetime.fromtimestamp(request.session["signed_in_at"], UTC),
        "tokens": tokens.live(user).order_by("-created_at"),
        "form": form,
        "new_token": plain,
        "mail_form": MailForm(instance=user) if user.has_perm(notices.DIGEST) else None,
        "address": user.email,
        "may_have_tokens": user.has_perm(tokens.MAKES),
        "only": _only(user),
    }


def _only(user: User) -> list[str]:
    """What somebody whose token does not every command does with it: the verbs that they may do within bounds."""
    bounded = [verb.label for verb in verbs.every() if rights.bounded(user, verb)]
    return [] if user.has_perm(tokens.USES) else bounded
