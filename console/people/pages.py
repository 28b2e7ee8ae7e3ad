"""People and roles: the one place where staff are made, given their role, and shut out. Administrators only."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm, UsernameField
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect

from console.operations.fields import LineField
from console.people import access, hashing, notices, roles, signed_in
from console.people.models import User
from console.record import audit
from console.shell import typed_again
from console.shell.drawing import form_status, page

ROLE_CHOICES = [(role, role.capitalize()) for role in reversed(roles.ROLES)]


class NewStaffForm(UserCreationForm):
    """A new member of staff, with a first password that they change on their own page."""

    role = forms.ChoiceField(choices=ROLE_CHOICES)

    class Meta:
        """The names people go by."""

        model = User
        fields = ("username", "first_name", "last_name", "email")
        field_classes = {"username": UsernameField, "first_name": LineField, "last_name": LineField}

    def clean_username(self) -> str:
        """Refuse a name that is another's but for case or width of letters: they would share one lock."""
        name: str = super().clean_username()
        if name and User.objects.is_taken(name):
            raise forms.ValidationError("Somebody has this name already, written another way.")
        return name


class StaffForm(forms.ModelForm):
    """What an administrator may change about somebody else."""

    role = forms.ChoiceField(choices=ROLE_CHOICES)
    is_active = forms.BooleanField(label="May sign in", required=False)

    class Meta:
        """No permission by itself: rights come from the role alone."""

        model = User
        fields = ("first_name", "last_name", "email", "is_active")
        field_classes = {"first_name": LineField, "last_name": LineField}

    def __init__(self, *args: Any, editor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.editor = editor
        self.initial["role"] = roles.role_of(self.instance)
        self.before = {"role": self.initial["role"], "is_active": self.instance.is_active}

    def clean(self) -> dict[str, Any]:
        """Nobody shuts themselves out: so an administrator always remains."""
        cleaned = super().clean() or {}
        own = self.instance.pk == self.editor.pk
        if own and (not cleaned.get("is_active") or cleaned.get("role") != self.before["role"]):
            raise forms.ValidationError("Your own role and sign-in are another administrator's to change.")
        return cleaned


@signed_in.needs("console.view_user")
def people(request: HttpRequest) -> HttpResponseBase:
    """Everybody, with their role. Three queries."""
    users = User.objects.prefetch_related("groups").order_by("-is_active", "username")
    rows = [{"user": user, "role": ", ".join(group.name for group in user.groups.all())} for user in users]
    return page(
        request,
        "console/people/staff.html",
        {"title": "People and roles", "rows": rows, "roles": {role: roles.permissions(role) for role in roles.ROLES}},
    )


@signed_in.needs("console.add_user")
@typed_again.kept
def new(request: HttpRequest) -> HttpResponseBase:
    """Make a member of staff."""
    form = typed_again.filled(request, NewStaffForm)
    if request.method == "POST" and form.is_valid() and (user := hashing.hashed(form)):
        with transaction.atomic():
            user.is_staff = True
            user.save()
            roles.assign(user, form.cleaned_data["role"])
            _record(request, "user.created", user, {"role": form.cleaned_data["role"]})
        messages.success(request, f"{user} was added as {form.cleaned_data['role']}.")
        return redirect("staff")
    context = {"title": "Add a person", "form": form, "member": None}
    answer = page(request, "console/people/staff_member.html", context, status=form_status(request))
    return hashing.answered(answer, form)


@signed_in.needs("console.change_user")
@typed_again.kept
def member(request: HttpRequest, user_id: int) -> HttpResponseBase:
    """Change somebody's role or names, or shut them out, which ends their sign-ins, tokens and sessions."""
    user = get_object_or_404(User, pk=user_id)
    editor = signed_in.staff(request)
    form = typed_again.filled(request, lambda data: StaffForm(data, instance=user, editor=editor))
    if request.method == "POST" and form.is_valid():
        _save(request, form)
        messages.success(request, f"{user} was changed.")
        return redirect("staff")
    return page(
        request,
        "console/people/staff_member.html",
        {"title": user.get_username(), "form": form, "member": user},
        status=form_status(request),
    )


@signed_in.needs("console.change_user")
def password(request: HttpRequest, user_id: int) -> HttpResponseBase:
    """Set somebody else's password, which ends their sign-ins, tokens and sessions. One's own needs the current one."""
    user = get_object_or_404(User, pk=user_id)
    if user == signed_in.staff(request):
        return redirect("admin:password_change")
    form = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid() and hashing.hashed(form):
        with transaction.atomic():
            user.save(update_fields=["password"])
            notices.tell(user, "password_set", user=signed_in.staff(request))
            access.end(user, "password set", by=signed_in.staff(request))
            _record(request, "user.password_set", user, {})
        messages.success(request, f"{user} has a new password.")
        return redirect("staff")
    context = {"title": f"New password for {user}", "form": form, "member": user}
    answer = page(request, "console/people/staff_member.html", context, status=form_status(request))
    return hashing.answered(answer, form)


def _save(request: HttpRequest, form: StaffForm) -> None:
    """Store the form's fields and no other column: a password that changed meanwhile stays.

    Shutting a person out, or letting them in again, ends their sign-ins, tokens and sessions.
    """
    with transaction.atomic():
        user = form.save(commit=False)
        user.save(update_fields=form.Meta.fields)
        roles.assign(user, form.cleaned_data["role"])
        after = {"role": form.cleaned_data["role"], "is_active": user.is_active}
        changes = {name: [form.before[name], after[name]] for name in after if form.before[name] != after[name]}
        names = [name for name in form.changed_data if name not in after]
        if "is_active" in changes:
            access.end(user, "let in" if user.is_active else "shut out", by=signed_in.staff(request))
        _record(request, "user.changed", user, {**changes, "fields": names})


def _record(request: HttpRequest, action: str, user: User, detail: dict[str, Any]) -> None:
    audit.record(action, user=signed_in.staff(request), about=user, detail=detail)
