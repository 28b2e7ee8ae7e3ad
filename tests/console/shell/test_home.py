"""Home, the frame round every page, and the search box."""

import re
import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from console.approvals.models import Approval
from console.bulk.models import BulkRun
from console.jobs.models import Job
from console.operations.models import Operation
from console.people.models import User
from console.shell import context, nouns, search
from gateway import clock, health
from gateway.models import Drift, Event
from tests.costs import MOST, cost
from tests.people import ACCOUNT, browser, known_accounts, person, view_as

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    cache.clear()


def event(number: int, state: str, **values: object) -> Event:
    fields = {"type": "account.updated", "created": number, "livemode": False, "payload": {}}
    return Event.objects.create(id=f"evt_{number}", state=state, **{**fields, "received_at": timezone.now(), **values})


def panel(name: str) -> dict[str, object]:
    panels = browser("ana").get("/").context["panels"]
    return next(entry["context"] for entry in panels if entry["panel"].name == name)


def test_the_health_of_webhooks_stands_on_home() -> None:
    now = clock.timestamp()
    event(1, "dead"), event(2, "quarantined"), event(3, "ignored", created=now), event(4, "done", created=now - 3600)
    event(5, "ignored", created=now - 2 * 24 * 3600)
    event(6, "waiting", received_at=timezone.now() - timedelta(minutes=11))
    health.beat("worker")
    found = panel("webhook_health")
    assert {name: found[name] for name in ("dead", "quarantined", "ignored", "received", "stale")} == {
        "dead": 1,
        "quarantined": 1,
        "ignored": 1,
        "received": 2,
        "stale": True,
    }
    assert found["heartbeat"]
    assert not found["worker_late"]


def test_home_says_how_many_objects_differ_at_stripe() -> None:
    assert not panel("webhook_health")["drift"]
    for number in range(3):
        Drift.objects.create(noun="person", object_id=f"person_{number}", kind="gone", found_at=timezone.now())
    assert panel("webhook_health")["drift"] == 3
    assert "Differences from Stripe found" in browser("vera").get("/").content.decode()


def test_an_empty_installation_has_a_home() -> None:
    answer = browser("vera").get("/")
    assert answer.status_code == 200
    assert answer.context["needing"] == 0


def test_the_menu_shows_what_the_role_may_open() -> None:
    def labels(name: str) -> set[str]:
        menu = browser(name).get("/me/").context["frame"]["menu"]
        return {entry["label"] for section in menu for entry in section["entries"]}

    assert {"Home", "Operations", "Events"} <= labels("vera")
    assert "Audit" not in labels("vera")
    assert {"Audit", "Work sessions"} <= labels("otto")
    assert "People and roles" in labels("ana") - labels("otto")


def test_the_line_of_this_page_is_marked() -> None:
    menu = browser("otto").get("/console/auditentry/?user__id__exact=1").context["frame"]["menu"]
    assert [entry["label"] for section in menu for entry in section["entries"] if entry["current"]] == ["Audit"]


def test_a_lost_operation_is_counted_in_the_menu() -> None:
    ana = browser("ana")
    user = User.objects.get(username="ana")
    Operation.objects.create(verb="v", user=user, reason="r", key="k", form_token="t", state="not_found")
    menu = ana.get("/me/").context["frame"]["menu"]
    counts = {entry["label"]: entry["count"] for section in menu for entry in section["entries"]}
    assert counts["Operations"] == 1


def test_viewing_as_shows_whose_account_and_how_long() -> None:
    known_accounts()
    sam = browser("sam")
    view_as(sam)
    frame = sam.get(f"/{ACCOUNT}/out/ic_1").context["frame"]
    assert (frame["viewing"], frame["session"].account_name, frame["session"].mode) == (True, "Alder Freight", "look")
    assert timedelta(minutes=29) < frame["session_left"] <= timedelta(minutes=30)
    assert frame["account_menu"] is not None
    outside = sam.get("/me/").context["frame"]
    assert (outside["viewing"], outside["account_menu"]) == (False, None)


def test_old_data_is_called_stale() -> None:
    event(1, "waiting", received_at=timezone.now() - timedelta(minutes=11))
    assert browser("vera").get("/me/").context["frame"]["stale"]


def test_the_frame_costs_at_most_four_queries() -> None:
    known_accounts()
    sam = browser("sam")
    view_as(sam)
    request = RequestFactory().get(f"/{ACCOUNT}/activity")
    request.user, request.session = User.objects.get(username="sam"), sam.session
    request.user.get_all_permissions()
    context.frame(request)  # the counts of the menu are in the cache now
    del request.frame, request.open_work_session  # type: ignore[attr-defined]
    with CaptureQueriesContext(connection) as queries:
        context.frame(request)
    assert len(queries) <= 4


@pytest.mark.parametrize(
    "prefix",
    ["", "https://dashboard.stripe.com/connect/accounts/", "https://dashboard.stripe.com/test/connect/accounts/"],
)
def test_an_account_is_found_by_its_id_and_its_dashboard_link(prefix: str) -> None:
    known_accounts()
    answer = browser("vera").get("/search", {"q": f" {prefix}{ACCOUNT} "})
    assert (answer.status_code, answer["Location"]) == (302, f"/connect/accounts/{ACCOUNT}")


def test_what_this_console_numbers_is_found_by_its_number_by_who_may_see_it() -> None:
    otto = person("otto")
    operation = Operation.objects.create(verb="tests.gone", user=otto, key="k", form_token="t" * 32)
    approval = Approval.objects.create(operation=operation, requester=otto)
    run = BulkRun.objects.create(verb="issuing.deactivate_card", user=otto, form_token="r" * 32)
    job = Job.objects.create(kind="export", user=otto, title="Export")
    pages = {
        operation.pk: f"/operations/{operation.pk}",
        approval.pk: f"/approvals/{approval.pk}",
        run.pk: f"/bulk-runs/{run.pk}",
        job.pk: f"/jobs/{job.pk}",
    }
    for number, page in pages.items():
        assert browser("otto").get("/search", {"q": f" “{number}” "})["Location"] == page
    for who, number in (("vera", job.pk), ("otto", uuid.uuid4())):
        page = browser(who).get("/search", {"q": str(number)}).content.decode()
        assert "Nothing here has this id" in page


def test_names_are_listed() -> None:
    known_accounts()
    groups = browser("vera").get("/search", {"q": "alder"}).context["groups"]
    assert [row.label for group in groups for row in group["rows"]] == ["Alder Freight"]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "  ",
        "nobody",
        "acct_1Nowhere",
        "https://dashboard.stripe.com/radar",
        "https://evil.example/acct_1",
        "http://[",
        "<script>",
        "x" * 5000,
        "%",
        "_",
    ],
)
def test_what_is_not_found_says_so(words: str) -> None:
    known_accounts()
    answer = browser("vera").get("/search", {"q": words})
    assert answer.status_code == 200
    assert answer.context["groups"] == []


def test_a_dashboard_link_never_leads_to_a_page_of_the_admin() -> None:
    assert search.destination("https://dashboard.stripe.com/staff/new") == ""
    assert search.destination("https://dashboard.stripe.com/logout/") == ""


def test_panels_without_their_permission_are_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = nouns.HomePanel(name="s", title="s", template="x.html", context=dict, permission="console.add_user")
    monkeypatch.setattr(nouns, "_nouns", [nouns.Noun(home_panels=(secret,))])
    assert browser("vera").get("/").context["panels"] == []


def test_the_menu_counts_what_home_counts() -> None:
    event(1, "dead"), event(2, "dead"), event(3, "done")
    frame, needing = (browser("ana").get("/").context[name] for name in ("frame", "needing"))
    home = frame["menu"][0]["entries"][0]
    assert (home["label"], home["count"], home["urgent"], needing) == ("Home", 2, True, 2)


def test_what_nobody_but_a_person_moves_on_stands_in_the_queue() -> None:
    event(7, "dead", error="It has no account.")
    answer = browser("ana").get("/")
    (item,) = answer.context["items"]
    assert (item.title, item.why) == ("Event given up: account.updated", "It has no account.")
    assert answer.context["links"][0]["count"] == 1
    assert b">1 dead event</a>" in answer.content
    event(8, "dead")
    assert b">2 dead events</a>" in browser("ana").get("/").content


def test_what_is_wrong_without_a_deadline_is_now_and_what_is_past_due_is_red() -> None:
    items = [
        nouns.Item(title="late", why="", url="", at=clock.now() - timedelta(hours=2)),
        nouns.Item(title="late of old", why="", url="", past_due=True, start=clock.now() - timedelta(days=9)),
        nouns.Item(title="wrong", why="", url="", start=clock.now() - timedelta(minutes=22)),
        nouns.Item(title="soon", why="", url="", at=clock.now() + timedelta(days=5, minutes=1)),
    ]
    drawn = render_to_string("console/shell/queue.html", {"items": items})
    said = re.findall(r'<span class="fuse ([a-z]*)">(.*?)</td>', drawn, re.DOTALL)
    words = [(tone, " ".join(strip_tags(text).split())) for tone, text in said]
    assert words == [
        ("bad", "2 h overdue"),
        ("bad", "overdue"),
        ("warn", "now began 22 min ago"),
        ("", "5 days left"),
    ]


def test_home_costs_a_fixed_number_of_queries() -> None:
    event(8, "dead")
    one = cost(browser("ana"), "/")
    for number in range(9, 30):
        event(number, "dead")
    assert cost(browser("ana"), "/") == one <= MOST
