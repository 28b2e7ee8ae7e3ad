"""The backend, named by DATABASES["default"]["ENGINE"]."""

from typing import Any

from django.db.backends.sqlite3 import base

from console.databases import patience


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with `timeout` cut to the patience of whoever opens the connection."""

    def get_connection_params(self) -> dict[str, Any]:
        """Of sqlite3.connect."""
        params = super().get_connection_params()
        return {**params, "timeout": patience.at_most(params["timeout"])}
