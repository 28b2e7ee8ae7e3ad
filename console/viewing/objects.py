"""The pages of one account: a class for each page, which fills the parts that its template names."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views import View
from django.views.decorators.http import require_safe

from console.approvals import waiting
from console.people import masking
from console.people.signed_in import may_see
from console.shell import items
from console.shell.drawing import page
from console.viewing.access import get_object, view_as
from gateway.mirror import Mirror

RECENT = 8  # rows of a list that stands on a page of something else


class AccountView(View):
    """A page of one account. A subclass names its template and fills its parts; `as_view()` stands in `urlpatterns`.

    `guard` is what everybody passes who opens it: viewing as the account, unless a subclass has another.
    """

    template: ClassVar[str]
    guard: ClassVar[Any] = staticmethod(view_as)
    account_id: str

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The guarded view; it reads alone."""
        return require_safe(cls.guard(super().as_view(**initkwargs)))

    def get(self, request: HttpRequest, account_id: str) -> HttpResponse:
        """Draw the page."""
        self.account_id = account_id
        return page(request, self.template, {**self.waiting(), **self.parts()})

    def waiting(self) -> dict[str, Any]:
        """What of the account waits for a second person. One query at most."""
        return {"waiting_approvals": waiting.notices(self.request, self.account_id)}

    def parts(self) -> dict[str, Any]:
        """What the template is given."""
        raise NotImplementedError(self.template)


class ObjectView(AccountView):
    """The page of one object of the account; `row` is read with those `related` to it in one query."""

    model: ClassVar[type[Mirror]]
    related: ClassVar[tuple[str, ...]] = ()
    row: Any

    def get(self, request: HttpRequest, account_id: str, object_id: str = "") -> HttpResponse:
        """Draw the page, where the account has such an object."""
        self.row = get_object(request, self.rows(), account_id, object_id)
        return super().get(request, account_id)

    def waiting(self) -> dict[str, Any]:
        """What waits about this object."""
        return {"waiting_approvals": waiting.notices(self.request, self.account_id, self.row.pk)}

    def rows(self) -> QuerySet[Any]:
        """Where the row is looked for."""
        return self.model._default_manager.select_related(*self.related)

    def parts(self) -> dict[str, Any]:
        """The row, its data as Stripe sent it, masked as far as this person may see, and what needs a person."""
        personal = may_see(self.request)
        return {
            "row": self.row,
            "json": masking.masked(self.row.data, may_see=personal),
            "may_see": personal,
            "items": items.of_object(self.request, self.row, on_its_page=True),
        }
