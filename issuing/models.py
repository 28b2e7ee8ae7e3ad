"""The room's tables, gathered from its nouns: Django looks for them here."""

from console.shell.gathering import gather

gather("issuing", "models")
