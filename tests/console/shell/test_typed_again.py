"""Words that were typed outlast the sign-in on every page with a form of its own, whatever the form is for."""

import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from console.bulk.models import BulkRow, BulkRun
from console.operations import verbs
from console.people.models import User
from console.record import audit
from console.shell.typed_again import KEPT, STILL_THERE
from gateway.models import Event
from issuing.incident.models import Freeze
from tests.keeping import once
from tests.people import ACCOUNT, PASSWORD, browser, person, work
from tests.permissions import TABLE
from tests.world import made as made_world

pytestmark = pytest.mark.django_db
WORDS = "Typed with some care {} by hand"
TYPED = {"text", "search", "email", "tel", "url", "password"}  # kinds of input
made = once(made_world)
SENSITIVE = {name for verb in verbs.every() for name in verb.sensitive}


@dataclass
class Form:
    """One form of a page: what it carries, and the names of what a person types."""

    action: str
    carried: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    secret: list[str] = field(default_factory=list)
    sends: bool = False


class Forms(HTMLParser):
    """Collects the forms of a page that are posted."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = values.get("method") == "post"
            self.found += [Form(values.get("action", ""))] if self.inside else []
        name, kind = values.get("name", ""), values.get("type", "text")
        if not self.inside or "disabled" in values:
            return
        form = self.found[-1]
        form.sends |= tag == "button"
        if not name:
            return
        if tag == "textarea" or (tag == "input" and kind in TYPED):
            (form.secret if kind == "password" else form.typed).append(name)
        elif tag == "button" or (tag == "input" and kind == "hidden"):
            form.carried.setdefault(name, values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def forms(page: Any) -> list[Form]:
    """Those in which something is typed and can be sent."""
    found = Forms()
    found.feed(page.content.decode())
    return [each for each in found.found if each.sends and each.typed]


def run_out(client: Client) -> None:
    """Half an hour passes."""
    session = client.session
    session["seen_at"] = int(time.time()) - 31 * 60
    session.save()


def wait_for_people(made: dict[str, str]) -> None:
    """Let what was made stand so that its page asks for words."""
    about = {"id": ACCOUNT, "object": "account"}
    Event.objects.update(payload={"type": "account.updated", "account": ACCOUNT, "data": {"object": about}})
    vera = User.objects.get(pk=made["user"])
    audit.record("user.changed", user=vera, about=vera, detail={})
    User.objects.filter(pk=vera.pk).update(is_active=False)
    BulkRun.objects.filter(pk=made["bulk_run"]).update(state=BulkRun.State.DRAFT, user=person("ana"))
    BulkRow.objects.filter(state="given").update(run=Freeze.objects.get(pk=made["freeze"]).card_run)


def secrets(words: dict[str, str]) -> list[str]:
    """What is never kept."""
    return [text for name, text in words.items() if name in SENSITIVE]


@pytest.mark.crawl
def test_every_pages_own_form_outlasts_the_sign_in(made: dict[str, str]) -> None:
    wait_for_people(made)
    kept, lost = set(), []
    for name, row in TABLE.items():
        path = row.path.format(**made)
        ana = browser("ana")
        if row.view_as:
            work(ana)
        page = ana.get(path)
        if page.status_code != 200 or page.streaming or row.lowest == "anyone":
            continue
        own = path.partition("?")[0]
        for form in (each for each in forms(page) if each.action in ("", own)):
            words = {each: WORDS.format(at) for at, each in enumerate(form.typed)}
            run_out(ana)
            ana.post(own, {**form.carried, **words, **dict.fromkeys(form.secret, PASSWORD)})
            assert not any(text in str(ana.session.items()) for text in (PASSWORD, *secrets(words)))
            ana.force_login(person("ana"))
            if row.view_as:
                work(ana)
            drawn = ana.get(own).content.decode()
            assert KEPT not in ana.session
            kept.add(name)
            lost += [f"{own}: {each}" for each in words if each not in SENSITIVE and words[each] not in drawn]
    assert lost == []
    assert kept >= {
        "approval", "brake_lift", "brake_new", "bulk_run", "console_mail_change", "erase", "freeze",
        "gateway_event_change", "incident", "staff_member", "staff_new", "verb", "account_verb", "view_as_start",
    }  # fmt: skip


def test_what_was_typed_to_undo_stands_where_it_was_typed(made: dict[str, str]) -> None:
    ana, run = browser("ana"), BulkRun.objects.create(verb="issuing.deactivate_card", user=person("ana"), via="page")
    path = run.get_absolute_url()
    run_out(ana)
    ana.post(path, {"act": "undo", "reason": WORDS, "ticket": "CS-77", "form_token": "a" * 32})
    ana.force_login(person("ana"))
    page = ana.get(path)
    assert page.context["undo_form"]["reason"].value() == WORDS
    assert page.context["undo_open"]
    assert page.context["undo_form"].errors == {}
    assert STILL_THERE in page.content.decode()


def test_a_work_sessions_reason_leads_on_to_the_page_that_was_meant(made: dict[str, str]) -> None:
    sam, path = browser("sam"), f"/connect/accounts/{ACCOUNT}/view-as"
    page = f"/{ACCOUNT}/issuing/cards"
    run_out(sam)
    form = {"for_account": ACCOUNT, "category": "routine", "reason": WORDS, "ticket": "CS-77", "next": page}
    sam.post(path, form)
    sam.force_login(person("sam"))
    again = sam.get(path)
    assert again.context["next_path"] == page
    assert again.context["form"]["reason"].value() == WORDS


def test_a_post_without_a_length_is_sent_to_the_sign_in() -> None:
    ana = browser("ana")
    run_out(ana)
    answer = ana.generic("POST", "/do/accounts.create_account/")  # names none
    assert answer.headers["Location"].startswith("/login/")
    assert KEPT not in ana.session
