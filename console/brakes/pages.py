"""The page of brakes, which everybody who works may read, and the forms with which administrators set and lift them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.brakes import changes, standing
from console.brakes.changes import SETS, Impossible
from console.brakes.models import Brake
from console.operations.fields import REASON_LENGTH, IdField, LineField, ReasonField
from console.people import masking
from console.people.signed_in import may_see, needs, staff
from console.shell import typed_again
from console.shell.drawing import form_status, page

Scope = Brake.Scope
KEPT = 50  # lifted ones that the page shows


class BrakeForm(forms.Form):
    """What is to be stopped, and why."""

    scope = forms.ChoiceField(label="What to stop", choices=Scope.choices, widget=forms.RadioSelect)
    verb = forms.ChoiceField(label="Which act", required=False)
    account = IdField(label="Which account", required=False, widget=forms.TextInput(attrs={"placeholder": "acct_…"}))
    reason = ReasonField(
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"Every page says it, to everybody who works: at least {REASON_LENGTH} characters, no personal data.",
    )
    ticket = LineField(required=False, max_length=64, help_text="The case this belongs to, where there is one.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(verb.name, verb.label) for verb in changes.stoppable()]
        self.fields["verb"].choices = [("", "Only for one kind of act"), *kinds]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The target belongs to its scope, and exists."""
        cleaned = super().clean() or {}
        name = cleaned.get("scope") if cleaned.get("scope") in (Scope.VERB, Scope.ACCOUNT) else ""
        cleaned["target"] = cleaned.get(name, "") if name else ""
        if name and name not in self.errors:
            wrong = changes.problem(name, cleaned["target"]) if cleaned["target"] else "Say which one."
            if wrong:
                self.add_error(name, wrong)
        return cleaned


class LiftForm(forms.Form):
    """Why it may go on."""

    reason = ReasonField(
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"For the audit trail, at least {REASON_LENGTH} characters.",
    )


@require_safe
@needs("console.view_brake")
def brakes(request: HttpRequest) -> HttpResponseBase:
    """What is stopped now, and what was lifted last. Two queries."""
    standing.forget()  # the page about brakes is never late, nor is what it draws above itself
    stands, lifted = standing.lately(), list(Brake.objects.lifted()[:KEPT])
    context = {"title": "Brakes", "standing": _drawn(request, stands), "lifted": _drawn(request, lifted), "kept": KEPT}
    return page(request, "console/brakes/brakes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(SETS)
@typed_again.kept
def new(request: HttpRequest) -> HttpResponseBase:
    """Stop something. `?scope=` and `?account=` or `?verb=` fill in the form."""
    named = {name: request.GET[name] for name in ("scope", "verb", "account") if name in request.GET}
    form = typed_again.filled(request, lambda data: BrakeForm(data, initial=named))
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        try:
            brake = changes.set_brake(
                staff(request), cleaned["scope"], cleaned["target"], reason=cleaned["reason"], ticket=cleaned["ticket"]
            )
        except Impossible as wrong:
            form.add_error(None, str(wrong))
        else:
            messages.success(request, f"{brake}, from now on and everywhere.")
            return redirect("brakes")
    context = {"title": "Stop something", "form": form}
    return page(request, "console/brakes/new.html", context, status=form_status(request))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(SETS)
@typed_again.kept
def lift(request: HttpRequest, brake_id: int) -> HttpResponseBase:
    """Lift a brake. In live mode: ask for it, confirm what another one asked (POST `seen`), or withdraw that."""
    brake = get_object_or_404(Brake.objects.select_related("set_by", "lift_asked_by", "lifted_by"), pk=brake_id)
    form = typed_again.filled(request, lambda data: LiftForm(data if data and data.get("act") == "lift" else None))
    if request.method == "POST":
        try:
            if done := _act(request, brake, form):
                messages.success(request, done)
                return redirect("brakes")
        except Impossible as wrong:
            return _draw_lift(request, brake, form, str(wrong), status=409)
    return _draw_lift(request, brake, form, status=form_status(request))


def _act(request: HttpRequest, brake: Brake, form: LiftForm) -> str:
    """Do what the button says; the sentence afterwards, "" where the form needs another look. Raises Impossible."""
    act = request.POST.get("act")
    if act == "confirm":
        if request.POST.get("seen") != _seen(brake):
            raise Impossible("The request to lift it is another one now. Read it again.")
        return f"{changes.confirm(brake, staff(request)).what}: lifted, and going on."
    if act == "withdraw":
        changes.withdraw(brake, staff(request))
        return "The brake stays: nobody asks to lift it any more."
    if act != "lift" or not form.is_valid():
        return ""
    brake = changes.lift(brake, staff(request), reason=form.cleaned_data["reason"])
    return f"{brake.what}: lifted, and going on." if brake.lifted_at else "Asked: another administrator confirms it."


def _seen(brake: Brake) -> str:
    """Which request to lift it this is."""
    return brake.lift_asked_at.isoformat() if brake.lift_asked_at else ""


def _draw_lift(
    request: HttpRequest, brake: Brake, form: LiftForm, wrong: str = "", *, status: int = 200
) -> HttpResponse:
    brake.refresh_from_db()
    context = {
        "title": "Lift a brake",
        "brake": _drawn(request, [brake])[0],
        "form": form,
        "wrong": wrong,
        "seen": _seen(brake),
        "own": brake.lift_asked_by_id == staff(request).pk,
        "brakes_url": reverse("brakes"),
    }
    return page(request, "console/brakes/lift.html", context, status=status)


def _drawn(request: HttpRequest, rows: list[Brake]) -> list[Brake]:
    """The same with what their reasons hold of persons masked; to look at, never saved."""
    for row in rows:
        row.reason = masking.masked(row.reason, may_see=may_see(request))
        row.lift_reason = masking.masked(row.lift_reason, may_see=may_see(request))
    return rows
