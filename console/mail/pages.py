"""The page of one mail, with what a person may decide; the sandbox's mailbox: mails as their receivers read them."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from console.lists import keyset
from console.mail import deciding
from console.mail.models import SETTLES, Mail
from console.mail.sending import MOST_TRIES
from console.operations.fields import ReasonField
from console.people import masking, roles
from console.people.masking import Mask
from console.people.signed_in import PERSONAL, may_see, needs, staff
from console.record import words
from console.record.models import AuditEntry
from console.shell import nouns, typed_again
from console.shell.drawing import page

State = Mail.State
TRAIL = 20  # rows of the audit trail about it
MAILBOX_PAGE = 25
SENTENCES = {
    State.QUEUED: "It has not been sent yet.",
    State.SENDING: "It is being handed to the mail server.",
    State.FAILED: "It was not sent. Decide {}.",
    State.UNKNOWN: "It may or may not have been sent. Nothing is sent again by itself: look for its Message-ID in the"
    " mail server’s log, then decide {}.",
    State.DROPPED: "It was dropped and will not be sent.",
}
SIGNS = {
    State.SENT: ("ok", "check"),
    State.FAILED: ("bad", "crossed"),
    State.UNKNOWN: ("warn", "ring"),
    State.DROPPED: ("info", "dash"),
}
SENT = {
    "server": "The mail server took it.",
    "person": "Somebody found that it was sent.",
    "sandbox": "It is in the mailbox. In the sandbox nothing leaves this machine.",
}
DONE = {"sent": "It counts as sent.", "again": "It waits to be sent again.", "drop": "Dropped."}


class WhyForm(forms.Form):
    """Why a mail is taken for sent, sent again or dropped."""

    reason = ReasonField(label="Why", max_length=1000)


def mail_page(request: HttpRequest, mail: Mail) -> HttpResponse:
    """GET: the mail, its tries, what came of it. POST `decision` (sent, again, drop) and a reason, for who may."""
    if request.method != "POST":
        typed = typed_again.take(request)
        return _draw(request, mail, form=typed_again.unsaid(WhyForm(typed)) if typed else None, status=200)
    if not staff(request).has_perm(SETTLES):
        raise PermissionDenied(roles.lacking(SETTLES))
    form, decision = WhyForm(request.POST), request.POST.get("decision", "")
    if decision not in deciding.DECISIONS:
        return _draw(request, mail, form=form, wrong="Decide: it was sent, send it again, or drop it.")
    if not form.is_valid():
        return _draw(request, mail, form=form)
    try:
        deciding.decide(mail, decision, user=staff(request), reason=form.cleaned_data["reason"])
    except deciding.Denied as denied:
        mail.refresh_from_db()
        return _draw(request, mail, form=form, wrong=str(denied), status=409)
    messages.success(request, DONE[decision])
    return HttpResponseRedirect(request.path)


@require_safe
@needs("console.view_mail")
def mail_state(request: HttpRequest, mail_id: str) -> JsonResponse:
    """JSON for a page that waits: state, and whether the worker is done with it."""
    mail = get_object_or_404(Mail.objects.only("state", "settled_at"), pk=mail_id)
    return JsonResponse({"state": mail.state, "settled": mail.settled_at is not None})


def _draw(
    request: HttpRequest, mail: Mail, *, form: WhyForm | None = None, wrong: str = "", status: int = 422
) -> HttpResponse:
    """The page. At most three queries beside the frame's."""
    may_decide = staff(request).has_perm(SETTLES) and bool(deciding.open_to(mail))
    tone, sign = SIGNS.get(State(mail.state), ("info", "hourglass"))
    mask = Mask(may_see(request))
    context = {
        "title": f"Mail · {mail.subject}",
        "mail": mail,
        "to": masking.email(mail.to, may_see=may_see(request)),
        "sender": settings.DEFAULT_FROM_EMAIL,
        "body": _body(mail, may_see=may_see(request)),
        "values": {} if mail.personal and not may_see(request) else mail.values,
        "error": mask.text(mail.error) if mail.state != State.SENT else "",
        "tries": mask.data(mail.tries),
        "account_name": nouns.account_label(mail.account_id) if mail.account_id else None,
        "sentence": sentence(mail, may=staff(request).has_perm(SETTLES)),
        "tone": tone,
        "sign": sign,
        "waits": mail.settled_at is None,
        "most_tries": MOST_TRIES,
        "open_to": deciding.open_to(mail) if may_decide else [],
        "form": form or WhyForm(),
        "wrong": wrong,
        "trail": _trail(request, mail),
    }
    return page(request, "console/mail/mail.html", context, status=status if form else 200)


def sentence(mail: Mail, *, may: bool) -> str:
    """How it stands."""
    if mail.state == State.SENT:
        kept = settings.SANDBOX and not settings.EMAIL_HOST
        return SENT["sandbox" if kept and mail.settled_by != "person" else mail.settled_by or "server"]
    who = "below" if may else f"with {roles.who_may(SETTLES).lower()}, who can do it here"
    return SENTENCES[State(mail.state)].format(who)


def _body(mail: Mail, *, may_see: bool) -> str:
    """What it says, "" where that was dropped or is not for this person."""
    return "" if mail.personal and not may_see else mail.body


def _trail(request: HttpRequest, mail: Mail) -> list[dict[str, Any]]:
    """What staff decided, oldest first, for those who read the trail. One query."""
    if not staff(request).has_perm("console.view_auditentry"):
        return []
    mask = Mask(staff(request).has_perm(PERSONAL))
    return [
        {
            "pk": row.pk,
            "at": row.at,
            "number": row.number,
            "user_name": row.user_name,
            "did": words.action(row.action),
            "reason": mask.text(row.reason),
        }
        for row in AuditEntry.objects.filter(subject=mail.pk).order_by("number")[:TRAIL]
    ]


@require_safe
@needs("console.view_mail")
def mailbox(request: HttpRequest) -> HttpResponseBase:
    """The sandbox's mails, newest first; 404 in another mode. One query beside the frame's."""
    shown = keyset.read(_kept(), request.GET, MAILBOX_PAGE, ("created_at", "id"))
    for mail in shown.rows:
        mail.to = masking.email(mail.to, may_see=may_see(request))
    near = {keyset.NEWER: shown.newer, keyset.OLDER: shown.older}
    context = {
        "title": "Mailbox",
        "mails": shown.rows,
        **{name: f"?{urlencode({name: cursor})}" if cursor else "" for name, cursor in near.items()},
    }
    return page(request, "console/mail/mailbox.html", context)


@require_safe
@needs("console.view_mail")
def mailbox_mail(request: HttpRequest, mail_id: str) -> HttpResponseBase:
    """One mail as its receiver reads it; 404 in another mode than the sandbox's."""
    mail = get_object_or_404(_kept(), pk=mail_id)
    context: dict[str, Any] = {
        "title": mail.subject,
        "mail": mail,
        "to": masking.email(mail.to, may_see=may_see(request)),
        "sender": settings.DEFAULT_FROM_EMAIL,
        "body": _body(mail, may_see=may_see(request)),
    }
    return page(request, "console/mail/mailbox_mail.html", context)


def _kept() -> Any:
    if not settings.SANDBOX:
        raise Http404("There is a mailbox in the sandbox only.")
    return Mail.objects.filter(state=State.SENT)
