"""Our webhook beside a bare view that verifies and inserts, and a view that does nothing."""

import json

import stripe
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from gateway.models import Event
from gateway.views import connect_webhook


@csrf_exempt
@login_not_required
def bare(request: HttpRequest) -> HttpResponse:
    """Verify the signature and insert one row: the least that any receiver does."""
    secret = settings.STRIPE_CONNECT_WEBHOOK_SECRETS[0]
    stripe.WebhookSignature.verify_header(
        request.body.decode(), request.headers["Stripe-Signature"], secret, tolerance=300
    )
    event = json.loads(request.body)
    row = Event(
        id=event["id"],
        account=event.get("account", ""),
        type=event["type"],
        created=event["created"],
        api_version=event["api_version"],
        livemode=event["livemode"],
        payload=event,
        received_at=timezone.now(),
        state="ignored",
    )
    Event.objects.bulk_create([row], ignore_conflicts=True)
    return HttpResponse("ok")


@csrf_exempt
@login_not_required
def empty(request: HttpRequest) -> HttpResponse:
    """Answer at once."""
    return HttpResponse("ok")


urlpatterns = [
    path("webhooks/stripe/connect/", connect_webhook),
    path("bare/", bare),
    path("empty/", empty),
]
