"""The page on which an administrator has names and words forgotten: a reason, then a second look."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare, salted_hmac

from console.lists.listing import COUNTED
from console.operations.fields import LineField, ReasonField
from console.people.signed_in import needs, staff
from console.record import erasure
from console.record.models import AuditEntry, Erasure
from console.shell import nouns, typed_again
from console.shell.drawing import page

Kind = Erasure.Kind


class ErasingForm(forms.Form):
    """Why; it stays in the trail."""

    reason = ReasonField(label="Why", max_length=1000, help_text="It stays in the trail: name nobody in it.")
    ticket = LineField(required=False, max_length=64, help_text="The case this belongs to, where there is one.")


@needs(erasure.ERASES)
@typed_again.kept
def erase(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """GET: what would be erased. POST: first the second look, then, with its `sure`, the act."""
    if kind not in Kind.values:
        raise Http404(f"Nothing is erased by {kind}.")
    form = typed_again.filled(request, ErasingForm)
    if request.method != "POST" or not form.is_valid():
        return _draw(request, kind, key, form)
    values = form.cleaned_data
    sure = salted_hmac("console.erase", "\n".join((kind, key, values["reason"], values["ticket"]))).hexdigest()
    if not constant_time_compare(request.POST.get("sure", ""), sure):
        return _draw(request, kind, key, form, sure=sure)
    try:
        begun = erasure.begin(kind, key, user=staff(request), reason=values["reason"], ticket=values["ticket"])
    except erasure.NotErased as why:
        if Erasure.objects.filter(kind=kind, key=key).exists():  # of two clicks the second finds the first one's act
            messages.info(request, str(why))
            return redirect(_act(Erasure.objects.filter(kind=kind, key=key).latest("pk")))
        raise PermissionDenied(str(why)) from None
    messages.success(request, "The names and words are being erased. How far it has come stands here.")
    return redirect(_act(begun))


def _act(begun: Erasure) -> str:
    """The page of the act's own row."""
    return f"/console/auditentry/{AuditEntry.objects.values_list('pk', flat=True).get(number=begun.entry_id)}/change/"


def _draw(request: HttpRequest, kind: str, key: str, form: ErasingForm, *, sure: str = "") -> HttpResponse:
    """The page. At most eight queries beside the frame's."""
    why_not = erasure.objection(kind, key, staff(request))
    there, older = erasure.left(kind, key) if not why_not else (0, 0)
    context = {
        "title": "Forget names and words",
        "form": form,
        "kind": kind,
        "key": key,
        "meant": _name(kind, key),
        "why_not": why_not,
        "there": _capped(there),
        "elsewhere": _capped(erasure.elsewhere(kind, key)) if not why_not else 0,
        "older": _capped(older),
        "sure": sure,
    }
    bad = request.method == "POST" and not form.is_valid()
    return page(request, "console/record/erase.html", context, status=422 if bad else 200)


def _name(kind: str, key: str) -> str:
    """Who or what it is, for the person who decides."""
    if kind == Kind.USER:
        found = erasure.person(key)
        return found.get_username() if found else ""
    return nouns.account_label(key) or "" if kind == Kind.ACCOUNT else ""


def _capped(number: int) -> int | str:
    return f"{COUNTED:,}+" if number >= COUNTED else number


def ways(request: HttpRequest, row: AuditEntry) -> list[dict[str, Any]]:
    """What somebody may have forgotten that a row is about: the person, the account, the object. No query."""
    if row.form == AuditEntry.PLAIN or row.erased or not staff(request).has_perm(erasure.ERASES):
        return []
    about = row.subject if "_" in row.subject and row.subject != row.account_id else ""
    meant = (
        (Kind.USER, row.user_id, "whoever did this"),
        (Kind.ACCOUNT, row.account_id, "this account"),
        (Kind.SUBJECT, about, "this object"),
    )
    return [{"kind": kind.value, "key": key, "label": label} for kind, key, label in meant if key]


def told(row: AuditEntry) -> dict[str, Any]:
    """Of a row that was erased the act that did it, of such an act how far it has come. At most one query."""
    if row.erased:
        return {"act": AuditEntry.objects.filter(number=row.part.erased_in_id).first()}  # type: ignore[union-attr]
    return {"erasure": Erasure.objects.filter(entry=row.number).first()}
