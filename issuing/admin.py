"""The room's lists, gathered from its nouns: autodiscover looks for them here."""

from console.shell.gathering import gather

gather("issuing", "admin")
