"""What the frame of every page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """Everything the base template needs, as `frame`."""
    return {"frame": {"mode": settings.CONSOLE_MODE, "platform": settings.PLATFORM_NAME}}
