"""Every address: health, webhooks, the rooms, the console's own, and the admin, whose catch-all ends everything."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

handler400 = "console.errors.bad_request"
handler403 = "console.errors.forbidden"
handler404 = "console.errors.not_found"
handler500 = "console.errors.server_error"

urlpatterns = []
if find_spec("gateway.health"):
    from gateway import health

    urlpatterns += [path("healthz", health.healthz, name="healthz"), path("readyz", health.readyz, name="readyz")]
if find_spec("gateway.views"):
    from gateway import views as gateway_views

    urlpatterns += [
        path("webhooks/stripe/", gateway_views.webhook, name="webhook"),
        path("webhooks/stripe/connect/", gateway_views.connect_webhook, name="connect_webhook"),
    ]
urlpatterns += [path("", include(f"{room}.urls")) for room in ("accounts", "issuing") if find_spec(f"{room}.urls")]
urlpatterns += [path("", admin.site.urls)]
