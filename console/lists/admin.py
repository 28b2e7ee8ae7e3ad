"""The bases of the admin's lists: mirrors across all accounts, paged by keyset, and the console's own records."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from console.bulk.runs import MOST
from console.lists import keyset as lists_keyset
from console.lists import listing as lists_listing
from console.lists.changelist import TICKED, UNSOUGHT, KeysetChangeList
from console.lists.declared import LONGEST, ListAdmin
from console.lists.exports_button import button
from console.lists.exports_cells import Column
from console.lists.filters import AccountFilter
from console.operations import rights
from console.operations import verbs as operations_verbs
from console.operations.bulk import answer, answer_many, own_page
from console.operations.buttons import allowed
from console.operations.verbs import Verb
from console.people.signed_in import PERSONAL, staff
from console.shell import nouns
from console.shell.outside import isolated
from console.templatetags import console as tags
from gateway import copied
from gateway.mirror import related

Row = TypeVar("Row", bound=Model)
BACK = "back"  # in a POST that chose rows on another page: where to go back to
CHECKED = mark_safe(" checked")
ONE_PAGE = 50


def plain_object(model: type[Row], object_id: str) -> Row | None:
    """The row whose id stands in an address, plain or as the admin quotes it; plain counts first."""
    for row_id in (object_id, unquote(object_id)):
        with suppress(ObjectDoesNotExist, ValidationError, ValueError):  # no such row, or no id of this kind at all
            return model._default_manager.get(pk=row_id)
    return None


def _many(verb: Verb) -> Callable[..., HttpResponse]:
    """An action that leads on to the preview of this verb for the chosen rows."""

    def act(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        ids = list(queryset.values_list("pk", flat=True)[: MOST + 1])
        return answer_many(request, verb, ids) if len(ids) > verb.most else answer(request, verb, ids)

    return act


def _led(action: nouns.ListAction) -> Callable[..., HttpResponse]:
    """An action that leads on to a noun's own page, for the chosen rows."""

    def act(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        return action.answer(request, list(queryset.values_list("pk", flat=True)[: MOST + 1]))

    return act


def _one(verb: Verb) -> Callable[..., HttpResponse | None]:
    """An action that leads on to this verb's own page, for exactly one chosen row."""

    def act(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        rows = list(queryset[:ONE_PAGE])
        if len(rows) == 1:
            return HttpResponseRedirect(verb_address(verb, rows[0]))
        request.session[TICKED] = [row.pk for row in rows]
        own = verb.one_at_a_time or f"“{verb.label}” has values of its own for each: select one row."
        messages.error(request, rights.objection(staff(request), verb, {}, one=False) or own)
        return None

    return act


def _for_one(request: HttpRequest, verb: Verb) -> bool:
    """Whether this verb takes one row at a time, from anybody or from this person."""
    return not (verb.bulk or verb.row_form) or rights.bounded(staff(request), verb)


def _label(verb: Verb, *, one: bool) -> str:
    """As on the action."""
    return verb.label if one and verb.bulk else verb.label_many or verb.label


def verb_address(verb: Verb, row: Any) -> str:
    """The page of a verb that begins at a row: its own object, or its account, with the row already filled in."""
    if verb.noun:
        return verb.address(row)
    address = reverse("account_verb", args=[row.account_id, verb.name])
    return address if row.pk == row.account_id else f"{address}?{urlencode({row._meta.model_name: row.pk})}"


class ReadOnlyAdmin(ListAdmin):
    """Seen with the view permission; never added, changed or deleted by hand. Its rows are never all counted.

    `columns` are those of its export, in the order of the page (console.lists.exports_cells).
    """

    show_full_result_count = False
    act_word = "Preview"  # of the button beside the actions: what they do first
    list_per_page = ONE_PAGE
    list_title = ""
    columns: tuple[Column, ...] = ()

    def exported(self) -> tuple[Column, ...]:
        """The columns of an export of it."""
        return self.columns

    def exported_title(self) -> str:
        """What its export is called."""
        return self.list_title

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with its Export button for those who may."""
        context = {"export": button(request, self.opts.label_lower), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class MirrorAdmin(ReadOnlyAdmin):
    """A list only. Stripe is the truth.

    Newest first, paged by keyset, searched by the model's own `QuerySet.search`.
    """

    list_display_links = None
    sortable_by = ()
    ordering = ("-created", "-id")
    by = lists_keyset.CREATED
    pairs: tuple[tuple[str, str], ...] = ()  # of filters, by parameter, that one index answers together
    search_help_personal = ""  # instead of search_help_text, for those who may see personal data

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The admin's own, one for each verb about its rows that this person may use in this mode, and the nouns'."""
        found: dict[str, Any] = super().get_actions(request)
        for verb in self.verbs(request):
            one = _for_one(request, verb)
            found[verb.name] = (_one(verb) if one else _many(verb), verb.name, _label(verb, one=one))
        for action in nouns.list_actions(self.model):
            if not action.permission or staff(request).has_perm(action.permission):
                found[action.name] = (_led(action), action.name, action.label)
        return found

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list. An action that came to nothing leads back to the page on which its rows were to be chosen."""
        response = super().changelist_view(request, extra_context)
        back = request.POST.get(BACK, "")
        failed = isinstance(response, HttpResponseRedirect) and response.url == request.get_full_path()
        return HttpResponseRedirect(here) if failed and (here := own_page(back)) else response

    def get_action_choices(self, request: HttpRequest, *defaults: Any) -> list[tuple[str, str]]:
        """The actions in words; those for one row say so."""
        one = {verb.name for verb in self.verbs(request) if _for_one(request, verb)}
        choices = super().get_action_choices(request, *defaults)
        return [(name, f"{words} (one row)" if name in one else words) for name, words in choices]

    def verbs(self, request: HttpRequest) -> list[Verb]:
        """Those that act on its rows; those that are about an account, at accounts or with a row as a first value."""
        usable = [verb for verb in operations_verbs.every() if allowed(request, verb.name, one=True)]
        return [verb for verb in usable if verb.begins_at(self.model)]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Ours pages by keyset."""
        return KeysetChangeList

    def prepare(self, queryset: Any) -> QuerySet:
        """The query of a page with what its columns need."""
        return queryset

    @admin.display(description=mark_safe('<input type="checkbox" id="action-toggle" aria-label="Select all rows">'))
    def action_checkbox(self, obj: Any) -> SafeString:
        """The box of a row, ticked where an action was just refused for it."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}"{}>',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            f"Select {obj}",
            CHECKED if obj.ticked else "",
        )

    def finish(self, rows: list[Any]) -> None:
        """Give the rows of a page what one more query tells of all of them."""

    def exported_queries(self, request: HttpRequest, changelist: Any) -> list[QuerySet]:
        """Every row that the list shows, page by page, as the query of an export."""
        return [self.prepare(changelist.queryset)]

    def finished(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Rows of that query as the list shows them to this person."""
        self.finish(rows)
        return lists_listing.masked_rows(request, rows)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By the noun's own named search; nothing in it makes a row appear twice."""
        setattr(request, UNSOUGHT, queryset)
        words, personal = self.words(search_term), staff(request).has_perm(PERSONAL)
        return (queryset.search(words, personal=personal) if words else queryset), False  # type: ignore[attr-defined]

    def words(self, asked: str) -> str:
        """What is sought, as it is compared."""
        return copied.sought(asked)[:LONGEST]

    def get_urls(self) -> list[URLPattern]:
        """The list; and for one row, by its plain id, a redirect to its page."""
        model = f"{self.opts.app_label}_{self.opts.model_name}"
        lists = [url for url in super().get_urls() if url.name == f"{model}_changelist"]
        to_page = self.admin_site.admin_view(self.to_page)
        return [
            *lists,
            path("<path:object_id>/change/", to_page, name=f"{model}_change"),
            path("<path:object_id>/", to_page),
        ]

    def to_page(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """Lead to the row's page."""
        if not self.has_view_permission(request):
            raise PermissionDenied(f"Your role does not see {self.opts.verbose_name_plural}.")
        row = plain_object(self.model, object_id)
        if row is None:
            raise Http404(f"No {self.opts.verbose_name} {object_id} here.")
        return HttpResponseRedirect(row.get_absolute_url())


IMPORT = "What Stripe has is imported by its events, and by manage.py sync."


class ListedAdmin(MirrorAdmin):
    """One noun over all accounts. A subclass names the list of one account, whose tabs and words it shares."""

    listing: lists_listing.Listing
    status_badge = ""  # of console.shell.badges, for rows with a status
    search_fields = ("id",)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """The account, then its own."""
        return [AccountFilter, *self.list_filter]

    def exported(self) -> tuple[Column, ...]:
        """The columns of the list of one account, with the account."""
        return self.listing.columns_of_fleet()

    def exported_title(self) -> str:
        """The name of both lists."""
        return self.listing.title

    def prepare(self, queryset: Any) -> QuerySet:
        """Each with its account and what else its columns name, in the same query."""
        joined = ("account", *self.listing.related)
        return queryset.select_related(*joined).defer(*(f"{name}__data" for name in joined))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list with its tabs."""
        own = (each for each in operations_verbs.every() if getattr(each, "makes", None) is self.model)
        may_make = any(allowed(request, each.name) for each in own)
        context = {
            "list_title": self.listing.title,
            "title": self.listing.title,
            "tabs": self.tabs(request),
            "empty": {
                "heading": f"No {self.listing.title.lower()} yet",
                "text": self.listing.empty,
                "note": f"View as an account to make the first one there. {IMPORT}" if may_make else IMPORT,
            },
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def tabs(self, request: HttpRequest) -> list[dict[str, Any]]:
        """All, then each value, each counted no further than COUNTED: of one account, where the list is of one."""
        here = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        account_id = copied.tidy(request.GET.get(AccountFilter.parameter_name, ""))
        every = self.model.objects.all()
        kept = {AccountFilter.parameter_name: account_id} if account_id else {}
        rows = every.of_account(account_id) if account_id else every
        return lists_listing.tabs(rows, self.listing, here, request.GET.get(self.listing.parameter, ""), kept)

    @admin.display(description="Status")
    def status_words(self, row: Any) -> SafeString:
        """As Stripe has it."""
        return tags.badge(row.status, self.status_badge, plain=True)

    @admin.display(description="Account")
    def account_name(self, row: Any) -> SafeString:
        """Whose it is."""
        name = str(related(row, "account") or row.account_id)
        url = reverse("account", args=[row.account_id])
        return format_html('<span class="two-lines"><a href="{}" title="{}">{}</a></span>', url, name, isolated(name))

    @admin.display(description="Created, UTC")
    def created_at(self, row: Any) -> SafeString:
        """When, by Stripe's clock."""
        return tags.in_list(row.created)

    @admin.display(description="Amount")
    def amount_words(self, row: Any) -> SafeString:
        """The amount in its currency."""
        return tags.money(row.amount, row.currency)


def link(row: Any, label: str = "") -> SafeString:
    """A row by its name or label, leading to its page; text alone for who may not open it."""
    if row is None:
        return format_html('<b class="none">{}</b>', "Not yet imported")
    label = label or str(row)
    if not getattr(row, "opens", True):
        return format_html('<b title="{}">{}</b>', label, isolated(label))
    return format_html('<a href="{}" title="{}">{}</a>', row.get_absolute_url(), label, isolated(label))


def name_and_id(row: Any, label: str) -> SafeString:
    """A row's own name over its id."""
    return format_html('<span class="two-lines">{}{}</span>', link(row, label), tags.copy_id(row.pk))
