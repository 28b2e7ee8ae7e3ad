"""The page of one event of Stripe's: what it says, what it changed, what came of it, and replay."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from console.operations.fields import ReasonField
from console.operations.models import Operation
from console.people.masking import MASK, Mask, leaves
from console.people.signed_in import PERSONAL, needs, staff
from console.record import audit, words
from console.record.models import AuditEntry
from console.shell import formats, leading, nouns, typed_again
from console.shell.drawing import page
from gateway import inbox, intake, shapes
from gateway.models import Event

State = Event.State
TRAIL = 20  # rows of the audit trail about it
SAME = 6  # events of the same object that the page lists
ENDED = {State.DONE: "Applied", State.IGNORED: "Passed over", State.DEAD: "Given up"}
WAITS = "It waits for the worker."
REPLAYABLE = (State.DEAD, State.QUARANTINED, State.IGNORED)
SIGNS = {
    State.WAITING: ("info", "hourglass"),
    State.DONE: ("ok", "check"),
    State.IGNORED: ("info", "dash"),
    State.QUARANTINED: ("warn", "ring"),
    State.DEAD: ("bad", "crossed"),
}


class WhyForm(forms.Form):
    """Why an event is replayed, or read unmasked."""

    reason = ReasonField(label="Why", max_length=1000)


def event_page(request: HttpRequest, event: Event) -> HttpResponse:
    """GET: the event. POST `decision` (replay, unmask) with a reason, for those who may."""
    if request.method != "POST":
        typed = typed_again.take(request)
        form = typed_again.unsaid(WhyForm(typed)) if typed else None
        return _draw(request, event, form=form, wrong=typed.get("decision", "") if typed else "")
    if request.POST.get("for_account", "") != event.account:
        raise PermissionDenied("This form was drawn for another account. Nothing was changed.")
    needed = {"replay": "gateway.replay_event", "unmask": PERSONAL}.get(request.POST.get("decision", ""))
    if needed is None or not staff(request).has_perm(needed):
        raise PermissionDenied(f"Your role does not have the permission {needed or 'for this'}.")
    form = WhyForm(request.POST)
    if not form.is_valid():
        return _draw(request, event, form=form, wrong=request.POST["decision"], status=422)
    if needed == PERSONAL:
        with transaction.atomic():
            _record(request, "event.unmasked", event, form.cleaned_data["reason"])
        return _draw(request, event, unmasked=True)
    stays = replay(request, event, form.cleaned_data["reason"])
    if stays:
        messages.warning(request, stays)
    else:
        messages.success(request, "It waits to be applied again. What comes of it stands here.")
    return HttpResponseRedirect(request.path)


@require_safe
@needs("gateway.view_event")
def event_state(request: HttpRequest, event_id: str) -> JsonResponse:
    """JSON for a page that waits: state, and whether that is its last."""
    event = get_object_or_404(Event.objects.only("state"), pk=event_id)
    return JsonResponse({"state": event.state, "settled": event.state != State.WAITING})


def replay(request: HttpRequest, event: Event, reason: str = "") -> str:
    """Let the event be applied again, with a row in the trail; else why it stays as it is."""
    was = event.state
    with transaction.atomic():
        if inbox.replay(event.pk):
            _record(request, "event.replayed", event, reason, was=was)
            return ""
    return stays(event) or f"It is {was} meanwhile: there is nothing to apply again."


def stays(event: Event) -> str:
    """Why applying it again would change nothing, or ""."""
    if event.state not in REPLAYABLE:
        return "It is applied already." if event.state == State.DONE else "It waits to be applied as it is."
    event.object_key = intake.object_key(event)
    state, why = intake.first_state(event)
    return "" if state == State.WAITING else f"It stays {state}: {why or _not_followed(event)}"


def object_id(event: Event) -> str:
    """The id of what it speaks of: that of the mirror's row, else as Stripe says it."""
    _, _, row_id = event.object_key.partition(":")
    return row_id or shapes.text_at(intake.object_of(event), "id")[:255]


def _not_followed(event: Event) -> str:
    return f"Nothing here follows {event.type}."


def _record(request: HttpRequest, action: str, event: Event, reason: str, **detail: str) -> None:
    audit.record(
        action,
        user=staff(request),
        account_id=event.account,
        account_name=nouns.account_label(event.account) or "" if event.account else "",
        subject=event.pk,
        reason=reason,
        detail={"type": event.type, **detail},
    )


def _draw(
    request: HttpRequest,
    event: Event,
    *,
    form: WhyForm | None = None,
    wrong: str = "",
    unmasked: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The page; `wrong` is the decision whose form is drawn again. At most seven queries beside the frame's."""
    context = {
        "title": f"Event {event.pk} · {event.type}",
        "event": event,
        **_outcome(request, event),
        **_object(request, event),
        **_payload(event, unmasked=unmasked),
        "may_unmask": staff(request).has_perm(PERSONAL) and not unmasked,
        "unmask_form": form if form and wrong == "unmask" else WhyForm(auto_id="unmask_%s"),
        "replay_form": form if form and wrong == "replay" else WhyForm(),
        "wrong": wrong,
        "trail": _trail(request, event),
    }
    return page(request, "console/shell/event.html", context, status=status)


def _outcome(request: HttpRequest, event: Event) -> dict[str, Any]:
    """How it stands, in a sentence, and whether applying it again would help."""
    why = Mask(staff(request).has_perm(PERSONAL)).text(event.error)
    tone, sign = SIGNS.get(State(event.state), ("info", "ring"))
    return {
        "tone": tone,
        "sign": sign,
        "sentence": _sentence(event, why),
        "ended": ENDED.get(State(event.state), "Last settled"),
        "why": why,
        "stays": stays(event) if event.state in REPLAYABLE else "",
        "may_replay": staff(request).has_perm("gateway.replay_event"),
        "replayable": event.state in REPLAYABLE,
        "other_version": event.api_version != settings.STRIPE_API_VERSION,
    }


def _sentence(event: Event, why: str) -> str:
    tried = max(event.attempts, event.failures)
    if event.state == State.DONE:
        took = event.done_at - event.received_at if event.done_at else timedelta(0)
        after = f"{formats.span(took)} after it came" if took >= timedelta(seconds=1) else "as it came"
        return f"It was applied {after}: the mirror shows what it says, or something newer."
    if event.state == State.WAITING:
        return f"It was tried {tried} time{'s' * (tried != 1)} and waits for the next." if tried else WAITS
    if event.state == State.DEAD:
        return f"It was given up after {tried} tr{'y' if tried == 1 else 'ies'} and changed nothing."
    return f"It is kept and changes nothing. {why or _not_followed(event)}"


def _object(request: HttpRequest, event: Event) -> dict[str, Any]:
    """Whose it is, what it speaks of, and which operation of ours made it. Four queries."""
    own, kind = object_id(event), event.object_key.partition(":")[0]
    made_by = Operation.objects.filter(key=event.idempotency_key).select_related("user")
    readable = event.idempotency_key and staff(request).has_perm("console.view_operation")
    operation = made_by.first() if readable else None
    name = nouns.account_label(event.account) if event.account else None
    return {
        "account": {"id": event.account, "name": name} if event.account else None,
        "object_id": own,
        "object_url": leading.page_of(request, own),
        "object_kind": kind or shapes.text_at(intake.object_of(event), "object"),
        "operation": operation,
        "operation_label": words.label(operation.verb) if operation else "",
        "same": _of_the_same_object(event),
    }


def _payload(event: Event, *, unmasked: bool) -> dict[str, Any]:
    """What Stripe sent: masked for everybody until somebody who may see it says why."""
    payload = Mask(unmasked).data(event.payload)
    return {
        "payload": payload,
        "changes": list(_changes(payload)),
        "hidden": sum(MASK in part for part in leaves(payload)),
        "redacted": bool(shapes.value_at(event.payload, f"data.{intake.REDACTED}")),
        "unmasked": unmasked,
    }


def _changes(payload: Any) -> Iterator[tuple[str, Any, Any]]:
    """Each field that Stripe says changed: its path, the value before and the value after."""
    before = shapes.value_at(payload, "data.previous_attributes")
    after = shapes.value_at(payload, "data.object")
    yield from _differences("", before if isinstance(before, dict) else {}, after)


def _differences(path: str, before: dict[str, Any], after: Any) -> Iterator[tuple[str, Any, Any]]:
    for name, value in before.items():
        now = after.get(name) if isinstance(after, dict) else None
        here = f"{path}.{name}" if path else name
        if isinstance(value, dict) and value and isinstance(now, dict):
            yield from _differences(here, value, now)
        else:
            yield here, value, now


def _trail(request: HttpRequest, event: Event) -> list[dict[str, Any]]:
    """What staff did with it, oldest first, for those who read the trail. One query."""
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
        for row in AuditEntry.objects.filter(subject=event.pk).order_by("number")[:TRAIL]
    ]


def _of_the_same_object(event: Event) -> list[Event]:
    """The newest events of the same object, without their payloads."""
    if not event.object_key:
        return []
    every = Event.objects.filter(object_key=event.object_key).order_by("-created", "-id")
    return list(every.only("id", "type", "created", "state")[:SAME])
