"""What the pages of one account show, read in a fixed number of queries."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.account.forms import BUSINESS_TYPES
from accounts.account.models import Account, rule
from accounts.account.words import NAME, TABS, Off, platform_collects
from accounts.capabilities.models import Capability
from accounts.external_accounts.models import ExternalAccount
from accounts.history import pages
from accounts.history.models import Requirement
from accounts.history.pages import Timeline
from accounts.issuing_off import models as issuing_off
from accounts.issuing_off.pages import LINK_VERB, button, may_link
from accounts.persons import pages as persons_pages
from accounts.persons.models import Person
from accounts.requirements import models
from accounts.requirements.models import Row, Rule, began, issuing_terms
from accounts.terms import models as terms_models
from accounts.terms.models import Acceptance
from console.lists import addresses
from console.operations import door, verbs
from console.operations.admission import Denied
from console.operations.forms import TOKEN, fresh_token
from console.operations.models import Operation
from console.people import masking
from console.people.signed_in import may_see, needs, staff
from console.shell import items, leading, nouns
from console.viewing.access import view_as
from console.viewing.addresses import ACCOUNT, VIEWED
from console.viewing.objects import RECENT, AccountView
from console.viewing.sessions import current
from gateway import together
from gateway.shapes import id_at, text_at, value_at


@dataclass(frozen=True)
class AccountParts:
    """One account with what hangs on it, as this person may see it."""

    account: Account
    may_see: bool  # personal data

    @cached_property
    def below(self) -> list[list[Any]]:
        """Its capabilities, persons and bank accounts. One query."""
        return together.rows(
            Capability.objects.filter(account=self.account.pk, gone_at=None),
            Person.objects.filter(account=self.account.pk),
            ExternalAccount.objects.filter(account=self.account.pk, gone_at=None),
        )

    @cached_property
    def capabilities(self) -> list[Capability]:
        """Its capabilities, card_issuing first."""
        return sorted(self.below[0], key=lambda row: (row.name != "card_issuing", row.name))

    @cached_property
    def persons(self) -> list[Person]:
        """Its persons in the order in which they were made, those who are gone last."""
        return sorted(self.below[1], key=lambda row: (row.gone, row.created is None, row.created, row.pk))

    @cached_property
    def external_accounts(self) -> list[ExternalAccount]:
        """Its bank accounts."""
        return sorted(self.below[2], key=lambda row: row.pk)

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of persons by id."""
        return {person.pk: str(person) for person in self.persons}

    @cached_property
    def mask(self) -> masking.Mask:
        """For texts of Stripe's and of staff, which may quote what is masked here."""
        data = [] if self.may_see else [self.account.data, *(person.data for person in self.persons)]
        return masking.quoting(*data, may_see=self.may_see)

    @cached_property
    def rule(self) -> Rule:
        """What counts for attention."""
        return rule()

    @cached_property
    def rows(self) -> list[Row]:
        """Everything that is asked. One query beside the above."""
        passed = Requirement.objects.passed_deadlines([self.account.pk])
        found = models.rows(
            self.account.data or {},
            [capability.data for capability in self.capabilities if capability.data],
            self.names,
            rule=self.rule,
            passed={key: at for (_, key), at in passed.items()},
        )
        return models.with_causes(found, self.mask.text)

    @cached_property
    def actions(self) -> list[Row]:
        """What somebody has to do, most urgent first; of a new account its first step."""
        rejected = self.account.overall_status == "rejected"
        return [] if rejected or self.account.gone else [row for row in self.rows if self.rule.counts(row)]

    @cached_property
    def off(self) -> Off | None:
        """Why Issuing is off, and since when. One query, none where it is on."""
        if self.account.gone:
            return None
        own = next((row.data for row in self.capabilities if row.name == NAME), None)
        return issuing_off.off_now(self.account.data or {}, own, self.rows)

    @cached_property
    def before_terms(self) -> list[Row]:
        """What Stripe still asks for, or looks at, besides the terms: they are presented last."""
        open_states = (models.PAST_DUE, models.CURRENTLY_DUE, models.PENDING)
        return [row for row in self.rows if row.state in open_states and not row.is_terms and not row.ignorable]

    @cached_property
    def acceptances(self) -> list[Acceptance]:
        """Acceptances and clearings of its terms, oldest first, masked as this person must see them. One query."""
        return terms_models.shown(self.account.pk, may_see=self.may_see)

    @property
    def agreements(self) -> list[dict[str, Any]]:
        """Each agreement: its name, its acceptance, and by when Issuing has to decide on it."""
        decides = self.account.issuing.name != "enabled" and not self.before_terms
        return terms_models.agreements(self.account.data, self.acceptances, decides=decides, may_see=self.may_see)

    @property
    def window_words(self) -> str:
        """How long Issuing takes at most to decide."""
        return terms_models.window_words()

    @property
    def type_word(self) -> str:
        """The business type in words."""
        known = BUSINESS_TYPES.get(self.account.business_type)
        return known or _words(self.account.business_type) or "No business type yet"

    @property
    def version(self) -> str:
        """Of what the page shows: changes with the account and with each of its capabilities."""
        revisions = [capability.revision for capability in self.capabilities]
        return f"{self.account.revision}.{len(revisions)}.{sum(revisions)}"

    @property
    def begun(self) -> bool:
        """Whether anybody has begun to onboard."""
        return began(self.account.data or {})

    @property
    def imported(self) -> bool:
        """Whether its capabilities have arrived; before, lists below it are not yet imported rather than empty."""
        return bool(self.capabilities) or not value_at(self.account.data, "capabilities")

    @property
    def persons_missing(self) -> bool:
        """Whether Stripe names persons that have not arrived yet."""
        data = self.account.data or {}
        named = {key.partition(".")[0] for row in self.rows for key in row.keys if key.startswith("person_")}
        own = id_at(data, "individual.id")
        return bool((named | ({own} if own else set())) - {person.pk for person in self.persons})

    @cached_property
    def timeline(self) -> Timeline:
        """The beginning of it, for the overview."""
        return pages.read(self.account.pk, self.names, self.mask, limit=RECENT, everything=False, strict=True)

    @cached_property
    def holds_back(self) -> str:
        """What the actions cost, in one phrase."""
        stopped = "cards are declined until it is done" if self.off and self.off.asked else ""
        return stopped if self.off else "cards still work"

    @property
    def facts(self) -> list[tuple[str, Any, str]]:
        """(label, value, how to show it) for the panel beside the timeline."""
        data = self.account.data or {}
        representative = next((person for person in self.persons if "representative" in person.roles), None)
        return [
            ("Legal name", self.account.legal_name, ""),
            ("Business type", self.type_word, ""),
            ("Structure", _words(text_at(data, "company.structure")), ""),
            ("Country", self.account.country, ""),
            ("Representative", str(representative) if representative else "", ""),
            ("E-mail", masking.email(self.account.email, may_see=self.may_see), ""),
            ("Services agreement", value_at(data, "tos_acceptance.date"), "day"),
            ("Issuing terms", issuing_terms(data).get("date"), "day"),
            ("Payouts", "Enabled" if value_at(data, "payouts_enabled") else "Disabled", ""),
            ("Details submitted", "Yes" if self.account.details_submitted else "Not yet", ""),
        ]

    @property
    def json(self) -> Any:
        """The account's data, masked for who may not see personal data."""
        return self.mask.data(self.account.data)

    @property
    def people(self) -> list[dict[str, Any]]:
        """Each person: row, data (masked), and what Stripe still asks of them."""
        return [persons_pages.shown(person, self.rows, self.mask) for person in self.persons]

    def tabs(self, open_: str) -> list[dict[str, Any]]:
        """Each tab's label, url, count and whether it is the one that is open."""
        counts = {
            "requirements": len(self.rows),
            "persons": len(self.persons),
            "capabilities": len(self.capabilities),
            "external_accounts": self.account.banks,  # type: ignore[attr-defined]
        }
        here = self.account.get_absolute_url()
        return [
            {
                "label": label,
                "url": here if name == "overview" else f"?tab={name}",
                "count": counts.get(name) or None,
                "current": name == open_,
            }
            for name, label in TABS.items()
        ]

    @property
    def platform_collects(self) -> bool:
        """Whether a link may also change what was given."""
        return platform_collects(self.account.data or {})


def _words(value: Any) -> str:
    """One of Stripe's enum values as words."""
    return str(value).replace("_", " ").capitalize() if value else ""


def get_account(request: HttpRequest, account_id: str) -> Account:
    """The account with card_issuing and its number of `banks` (one query); Http404 for none, and for a stub."""
    account = Account.objects.with_capability().with_banks().filter(pk=account_id).first()
    if account is None:
        raise Http404(f"No account {account_id} here.")
    return account


def may(request: HttpRequest, account: Account) -> dict[str, Any]:
    """Which buttons this person gets, and where they lead."""
    user, live = staff(request), settings.CONSOLE_MODE == "live"
    link = may_link(request) and not account.gone
    terms = user.has_perm("accounts.record_terms") and not account.gone and platform_collects(account.data or {})
    fill = user.has_perm("accounts.fill_test_values") and not account.gone and not live
    return {
        "live_mode": live,
        "terms_url": reverse("account_verb", args=[account.pk, "accounts.record_terms"]) if terms else "",
        "fill_url": reverse("account_verb", args=[account.pk, "accounts.fill_test_values"]) if fill else "",
        "link_url": reverse("account_verb", args=[account.pk, LINK_VERB]) if link else "",
        "onboarding_url": settings.ONBOARDING_URL,
        "may_refresh": user.has_perm("accounts.refresh_account"),  # one that is gone may be back
        "may_view_as": user.has_perm("console.view_as"),
        "may_see": user.has_perm("accounts.view_pii"),
    }


PARTS = ("badges", "actions", "tabs", "facts", "timeline")
READ_AGAIN = {"page": "Read again from the account’s page", "return": "The holder came back from Stripe’s form"}


@require_safe
@needs("accounts.view_account")
def account_list(request: HttpRequest) -> HttpResponseRedirect:
    """The Dashboard's address of the list."""
    return leading.lead(request, reverse("admin:accounts_account_changelist"))


class AccountPage(AccountView):
    """A page about one account as the platform sees it. A subclass names its template and its title, and adds parts."""

    guard = staticmethod(needs("accounts.view_account"))
    title: ClassVar[str] = ""

    @cached_property
    def shown(self) -> AccountParts:
        """The account as this person may see it."""
        return AccountParts(get_account(self.request, self.account_id), may_see(self.request))

    def parts(self) -> dict[str, Any]:
        """The account, and which buttons this person gets."""
        account = self.shown.account
        return {
            "title": self.title or str(account),
            "page": self.shown,
            "account": account,
            "off": self.shown.off,
            "off_button": button(self.request, account.pk, self.shown.off),
            **may(self.request, account),
        }


class TabsPage(AccountPage):
    """The account's own page: `?tab=` one of TABS, `?before=` where the timeline begins."""

    template = "accounts/account/account.html"

    def parts(self) -> dict[str, Any]:
        """The tab that is open; on the first one the newest of the timeline, and the panels of other nouns."""
        asked = self.request.GET.get("tab", "overview")
        tab = asked if asked in TABS else "overview"
        return {
            **super().parts(),
            "tab": tab,
            "tabs": self.shown.tabs(tab),
            "timeline": self.timeline(tab),
            "panels": self.panels() if tab == "overview" else [],
            "items": items.of_account(self.request, self.account_id, on_its_page=True) if tab == "overview" else (),
        }

    def timeline(self, tab: str) -> Timeline | None:
        """The whole timeline on its own tab, its newest entries on the first."""
        if tab == "timeline":
            before = addresses.as_datetime(self.request.GET.get("before", ""))
            return pages.read(self.account_id, self.shown.names, self.shown.mask, before=before)
        return self.shown.timeline if tab == "overview" else None

    def panels(self) -> list[dict[str, Any]]:
        """What other nouns show of the account to this person."""
        user, account = staff(self.request), self.shown.account
        return [
            {"panel": panel, "context": panel.context(self.request, account)}
            for panel in nouns.account_panels()
            if not panel.permission or user.has_perm(panel.permission)
        ]


class LivePart(AccountPage):
    """A part of the page that is drawn again by itself: `?part=` one of PARTS (default: badges), with its version."""

    def get(self, request: HttpRequest, account_id: str) -> HttpResponse:
        """The part alone, without the frame."""
        self.account_id, asked = account_id, request.GET.get("part", "")
        part = asked if asked in PARTS else "badges"
        timeline = self.shown.timeline if part == "timeline" else None
        tab = request.GET.get("tab", "")
        tabs = {"tab": tab, "tabs": self.shown.tabs(tab)} if part == "tabs" else {}
        return render(request, f"accounts/account/live_{part}.html", {**self.parts(), **tabs, "timeline": timeline})


class ActivityPage(AccountPage):
    """The account's timeline, viewed as it."""

    guard = staticmethod(view_as)
    template, title = "accounts/history/activity.html", "Activity"

    def parts(self) -> dict[str, Any]:
        """From the time in `?before=` back."""
        before = addresses.as_datetime(self.request.GET.get("before", ""))
        timeline = pages.read(self.account_id, self.shown.names, self.shown.mask, before=before)
        return {**super().parts(), "timeline": timeline}


@require_POST
@needs("accounts.refresh_account")
def refresh(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """Read the account again at Stripe, without a form: it changes nothing there."""
    row = get_account(request, account_id)
    session, token = current(request), request.POST.get("form_token", "")
    try:
        performed = door.perform(
            verbs.get("accounts.refresh"),
            user=staff(request),
            params={},
            reason=READ_AGAIN.get(request.POST.get("from", ""), READ_AGAIN["page"]),
            form_token=token if TOKEN.fullmatch(token) else fresh_token(),
            account_id=row.pk,
            account_name=str(row),
            work_session=session if session and session.account_id == row.pk else None,
        )
    except Denied as denied:
        messages.error(request, str(denied))
        return redirect("account", account_id=row.pk)
    operation = performed.operation
    if operation.state != Operation.State.SUCCEEDED:
        return redirect("operation", operation_id=operation.pk)
    messages.success(request, verbs.get(operation.verb).done(operation))
    return redirect("account", account_id=operation.account_id)


urlpatterns = [
    path("connect/accounts", account_list, name="accounts"),
    path(ACCOUNT, TabsPage.as_view(), name="account"),
    path(f"{ACCOUNT}/live", LivePart.as_view(), name="account_live"),
    path(f"{ACCOUNT}/refresh", refresh, name="account_refresh"),
    path(f"{VIEWED}/activity", ActivityPage.as_view(), name="activity"),
]
