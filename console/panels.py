"""What the shell itself adds: its menu, and the health of webhooks on the home page."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone

from console.models import Operation
from console.registry import HomePanel, MenuEntry, needing_a_person, register_home_panel, register_menu
from gateway import health
from gateway.models import Event


def operations_needing_a_person() -> int:
    """How many operations somebody must decide. One query."""
    return Operation.objects.needing_a_person().count()


def dead_events() -> int:
    """How many events were given up. One query."""
    return Event.objects.filter(state=Event.State.DEAD).count()


def webhook_health(request: HttpRequest) -> dict[str, Any]:
    """The figures of the panel "Webhook health"; `count` says what a person must look at. Four queries."""
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
        "count": events["dead"],
    }


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
        count=dead_events,
    )
)
