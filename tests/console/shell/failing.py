"""Parts of the console that fail, named by settings of a test: a page, a context processor, a store of static files."""

from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest
from django.urls import path
from django.views.decorators.http import require_safe

from console import urls
from console.people.signed_in import needs


@require_safe
@needs()
def page(request: HttpRequest) -> Any:
    """A page with a fault."""
    raise ValueError("a fault")


def processor(request: HttpRequest) -> dict[str, Any]:
    """What every page in the frame asks."""
    raise RuntimeError("no context")


class NoFiles(StaticFilesStorage):
    """As the store of a release whose files were not collected."""

    def url(self, name: str | None, *its: Any) -> str:
        """There is none."""
        raise ValueError(f"Missing staticfiles manifest entry for {name!r}")


class SessionStore(SessionBase):
    """Sessions that cannot be read."""

    def load(self) -> dict[str, Any]:
        """Not now."""
        raise RuntimeError("no session")


urlpatterns = [path("fault", page), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
