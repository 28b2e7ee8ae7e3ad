"""Connects our handlers as dj-stripe's documentation says."""

from django.apps import AppConfig


class Peer(AppConfig):
    name = "benchmarks.peer_project"

    def ready(self) -> None:
        """After dj-stripe has connected its own."""
        from benchmarks.peer_project import handlers  # noqa: F401
