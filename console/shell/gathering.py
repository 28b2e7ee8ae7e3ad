"""What a room gathers from its nouns, where Django looks for it: models, lists, addresses. Before models are there."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.apps import apps
from django.urls import URLPattern


def gather(room: str, name: str) -> list[ModuleType]:
    """Import `<room>.<noun>.<name>` of each noun that has one, in the order in which the room names its nouns."""
    found = [f"{room}.{noun}.{name}" for noun in apps.app_configs[room].nouns]  # type: ignore[attr-defined]
    return [import_module(module) for module in found if find_spec(module)]


def addresses(room: str) -> list[URLPattern]:
    """The `urlpatterns` of its nouns' pages: Stripe's Dashboard's own paths."""
    return [each for module in gather(room, "pages") for each in getattr(module, "urlpatterns", ())]
