"""What the shell itself adds: its menu, and the health of webhooks on the home page."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from console.operations import verbs
from console.operations.models import Operation
from console.people import masking
from console.people.signed_in import PERSONAL, staff
from console.shell.registry import (
    COUNTED,
    HomePanel,
    MenuEntry,
    Need,
    Queue,
    needing_a_person,
    register_home_panel,
    register_menu,
    register_queue,
)
from gateway import clock, health
from gateway.models import Event


def operations_needing_a_person() -> int:
    """How many operations somebody must decide. One query."""
    return Operation.objects.needing_a_person().order_by()[:COUNTED].count()


def dead_events() -> int:
    """How many events were given up. One query."""
    return Event.objects.filter(state=Event.State.DEAD).order_by()[:COUNTED].count()


def webhook_health(request: HttpRequest) -> dict[str, Any]:
    """The figures of the panel "Webhook health". Four queries."""
    today = timezone.now() - timedelta(days=1)
    events = Event.objects.aggregate(
        dead=Count("pk", filter=Q(state=Event.State.DEAD)),
        quarantined=Count("pk", filter=Q(state=Event.State.QUARANTINED)),
        ignored=Count("pk", filter=Q(state=Event.State.IGNORED, received_at__gt=today)),
        received=Count("pk", filter=Q(received_at__gt=today)),
    )
    age, beat = health.data_age(), health.last_beat(health.WORKER)
    return {
        **events,
        "data_age": age,
        "stale": age.total_seconds() > settings.STALE_AFTER,
        "heartbeat": timezone.now() - beat if beat is not None else None,
        "worker_late": beat is not None and beat.total_seconds() > settings.HEARTBEAT_LIMIT,
        "undecided": operations_needing_a_person(),
    }


def now_for_each(count: Callable[[], int]) -> Callable[[HttpRequest], list[datetime | None]]:
    """The times of needs without deadlines."""
    return lambda _: [None] * count()


def stripes(at: datetime) -> datetime:
    """A moment of the wall clock as Stripe's clock showed it."""
    return at + (clock.now() - timezone.now())


def undecided(request: HttpRequest, most: int) -> list[Need]:
    """Operations that nobody but a person moves on, oldest first. One query."""
    return [
        Need(
            title=f"{operation.get_state_display()}: {operation.verb.rpartition('.')[2].replace('_', ' ')}",
            why=_quoted(operation, request) or "Whether Stripe did it is not known. Send it again, or drop it.",
            url=(url := reverse("operation", args=[operation.pk])),
            start=stripes(operation.created_at),
            account_id=operation.account_id,
            account_name=operation.account_name,
            button="Decide",
            button_url=url,
        )
        for operation in Operation.objects.needing_a_person().order_by("created_at")[:most]
    ]


def _quoted(operation: Operation, request: HttpRequest) -> str:
    """Stripe's words, without the entries that they may quote for who may not see personal data."""
    mask = masking.of_operation(operation, verbs.find(operation.verb), may_see=staff(request).has_perm(PERSONAL))
    return mask.text(operation.error_message)


def given_up(request: HttpRequest, most: int) -> list[Need]:
    """Dead events, oldest first. One query."""
    return [
        Need(
            title=f"Event given up: {event.type}",
            why=masking.masked(event.error, may_see=staff(request).has_perm(PERSONAL))
            or f"It could not be applied in {event.attempts} tries.",
            url=(url := reverse("admin:gateway_event_change", args=[event.pk])),
            start=stripes(event.received_at),
            account_id=event.account,
            button="Look at it",
            button_url=url,
        )
        for event in Event.objects.filter(state=Event.State.DEAD).order_by("received_at")[:most]
    ]


register_queue(
    Queue(
        name="operations",
        label="operations to decide",
        link=lambda: f"{reverse('admin:console_operation_changelist')}?waiting=person",
        times=now_for_each(operations_needing_a_person),
        needs=undecided,
        count=operations_needing_a_person,
        permission="console.view_operation",
        order=10,
    )
)
register_queue(
    Queue(
        name="events",
        label="dead events",
        link=lambda: f"{reverse('admin:gateway_event_changelist')}?state__exact=dead",
        times=now_for_each(dead_events),
        needs=given_up,
        count=dead_events,
        permission="gateway.view_event",
        order=20,
    )
)
register_menu(MenuEntry(label="Home", url="admin:index", icon="home", order=0, count=needing_a_person, urgent=True))
register_menu(
    MenuEntry(
        label="Operations",
        url="admin:console_operation_changelist",
        icon="operations",
        permission="console.view_operation",
        order=40,
        count=operations_needing_a_person,
    )
)
register_menu(
    MenuEntry(
        label="Events",
        url="admin:gateway_event_changelist",
        icon="events",
        section="Stripe",
        permission="gateway.view_event",
    )
)
register_menu(
    MenuEntry(
        label="Work sessions",
        url="admin:console_worksession_changelist",
        icon="key",
        section="Staff",
        permission="console.view_worksession",
        order=10,
    )
)
register_menu(
    MenuEntry(
        label="People and roles", url="staff", icon="people", section="Staff", permission="console.view_user", order=20
    )
)
register_menu(
    MenuEntry(
        label="Audit",
        url="admin:console_auditentry_changelist",
        icon="shield",
        section="Staff",
        permission="console.view_auditentry",
        order=30,
    )
)
register_home_panel(
    HomePanel(
        name="webhook_health",
        title="Webhook health",
        template="console/webhook_health.html",
        context=webhook_health,
        permission="gateway.view_event",
        order=900,
        aside=True,
    )
)
