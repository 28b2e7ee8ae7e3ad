"""The room's addresses, gathered from its nouns."""

from console.shell.gathering import addresses

urlpatterns = addresses("accounts")
