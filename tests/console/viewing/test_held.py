"""What an open work session says against an act, said beforehand, with its button; and what was typed stays."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.account.models import Account
from console.bulk import engine
from console.bulk.models import BulkRow, BulkRun
from console.operations import door, verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from console.people import roles
from console.viewing import held, sessions
from console.viewing.models import AccessEntry, WorkSession
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as, work

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
LINK = f"/connect/accounts/{ACCOUNT}/do/accounts.create_account_link"
OTHERS_LINK = f"/connect/accounts/{OTHER_ACCOUNT}/do/accounts.create_account_link"
HOLDER = f"/{ACCOUNT}/do/issuing.create_cardholder"
TYPED = {"reason": "Typed with some care by hand", "ticket": "CS-77"}


@pytest.fixture(autouse=True)
def accounts() -> None:
    known_accounts()


@pytest.fixture
def otto() -> Client:
    return browser("otto")


def form_of(page: Any, **entries: str) -> dict[str, str]:
    """What a browser would send from the page's form, with these typed in."""
    form = page.context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    return {name: str(value) for name, value in {**values, **entries}.items()}


def buttons(page: Any) -> list[str]:
    """The values of the page's buttons about the work session, the banner's aside."""
    html = re.sub(r'<section class="banner.*?</section>', "", page.content.decode(), flags=re.DOTALL)
    return [found.split()[0] for found in re.findall(r'name="session"\s+value="([a-z]+ ?\d*)"', html)]


def press(client: Client, page: Any, act: str, **entries: str) -> Any:
    """Press one of these buttons, with something typed in."""
    session = WorkSession.objects.get(ended_at=None)
    return client.post(page.request["PATH_INFO"], form_of(page, **entries, session=f"{act} {session.pk}"))


def kept(page: Any) -> dict[str, str]:
    """What stands in the form of what was typed."""
    return {name: page.context["form"][name].value() or "" for name in TYPED}


def age(session: WorkSession, **moments: timedelta) -> None:
    WorkSession.objects.filter(pk=session.pk).update(**{name: timezone.now() - past for name, past in moments.items()})


# Looking at the account that it is about


def test_look_mode_is_switched_on_the_form_and_nothing_is_lost(otto: Client) -> None:
    view_as(otto)
    page = otto.get(LINK)
    assert "Alder Freight in look mode" in page.context["denied"]
    assert buttons(page) == ["work", "end"]
    page = press(otto, page, "work", **TYPED)
    assert (page.status_code, page.context["denied"], kept(page)) == (200, "", TYPED)
    assert WorkSession.objects.get().mode == "work"
    assert not Operation.objects.exists()


def test_ending_it_on_the_form_clears_the_way_too(otto: Client) -> None:
    view_as(otto)
    page = press(otto, otto.get(LINK), "end", **TYPED)
    assert (page.context["denied"], kept(page)) == ("", TYPED)
    assert WorkSession.objects.get().end == "click"


def test_on_a_page_of_the_account_there_is_no_end_on_the_form(otto: Client) -> None:
    view_as(otto)
    page = otto.get(HOLDER)
    assert buttons(page) == ["work"]
    page = press(otto, page, "work", name="Priya Raman", **TYPED)
    assert (page.context["denied"], page.context["form"]["name"].value(), kept(page)) == ("", "Priya Raman", TYPED)


def test_the_banner_carries_what_was_typed_and_a_key_presses_nothing_of_it(otto: Client) -> None:
    session = work(otto)
    html = otto.get(HOLDER).content.decode()
    banner = re.search(r'<section class="banner.*?</section>', html, re.DOTALL)
    assert banner
    first, second = re.findall(r'<button[^>]*form="act"[^>]*>', banner[0])
    assert "hidden" in first  # what Enter in a field presses sends the form as it is
    assert "name=" not in first
    assert f'value="look {session.pk}"' in second
    page = press(otto, otto.get(HOLDER), "look", **TYPED)
    assert ("look mode" in page.context["denied"], kept(page)) == (True, TYPED)


def test_a_look_session_of_another_browser_has_its_way_out_here(otto: Client) -> None:
    view_as(browser("otto"))
    page = otto.get(LINK)
    assert "Alder Freight in look mode" in page.context["denied"]
    assert "in another browser, or" in page.content.decode()
    assert buttons(page) == ["end"]
    refused = otto.post(LINK, form_of(page, **TYPED))
    assert (refused.status_code, buttons(refused), kept(refused)) == (403, ["end"], TYPED)
    page = press(otto, refused, "end")
    assert (page.context["denied"], kept(page)) == ("", TYPED)


def test_who_may_not_work_is_told_who_may(otto: Client) -> None:
    roles.sync()
    view_as(otto)
    person("otto").groups.get().permissions.remove(*person("otto").groups.get().permissions.filter(codename="work_as"))
    page = otto.get(LINK)
    assert buttons(page) == ["end"]
    assert "Support, an operator or an administrator can switch" in page.content.decode()
    assert press(otto, page, "work").status_code == 403
    assert WorkSession.objects.get().mode == "look"


def test_a_command_is_held_by_looking_and_by_nothing_else(otto: Client) -> None:
    def sent(account_id: str) -> str:
        deactivate, card = verbs.get("issuing.deactivate_card"), rows.card(account=account_id, status="inactive")
        with pytest.raises(Denied) as denied:
            door.perform(
                deactivate,
                user=person("otto"),
                params={},
                reason=TYPED["reason"],
                form_token=card.pk,
                account_id=account_id,
                object_id="ic_gone",
                via="command",
            )
        return str(denied.value)

    view_as(otto)
    assert "look mode" in sent(ACCOUNT)
    assert "There is no card" in sent(OTHER_ACCOUNT)


# Viewing as another account


def test_another_accounts_session_is_named_before_anything_is_typed(otto: Client) -> None:
    work(otto)
    page = otto.get(OTHERS_LINK)
    for name in ("Alder Freight", "Birch Bakery"):
        assert name in page.context["denied"]
    assert buttons(page) == ["end"]
    assert kept(page) == {"reason": "", "ticket": ""}
    page = press(otto, page, "end", **TYPED)
    assert (page.context["denied"], kept(page)) == ("", TYPED)


def test_a_session_that_was_opened_after_the_form_was_drawn_loses_nothing(otto: Client) -> None:
    page = otto.get(OTHERS_LINK)
    work(otto)
    refused = otto.post(OTHERS_LINK, form_of(page, **TYPED))
    assert (refused.status_code, buttons(refused), kept(refused)) == (403, ["end"], TYPED)


def test_another_accounts_session_in_another_browser_holds_nothing(otto: Client) -> None:
    work(browser("otto"))
    assert otto.get(OTHERS_LINK).context["denied"] == ""


def test_another_accounts_session_that_has_ended_meanwhile_holds_nothing(otto: Client) -> None:
    session = work(otto)
    assert held.held(session, OTHER_ACCOUNT, within=session)
    assert held.held(None, OTHER_ACCOUNT, within=session) is None


def test_what_is_about_no_account_is_held_by_no_session(otto: Client) -> None:
    view_as(otto)
    page = otto.get("/do/accounts.create_account/")
    assert (page.context["denied"], kept(page)) == ("", {"reason": "", "ticket": ""})


def test_a_button_is_for_the_session_that_it_was_drawn_with(otto: Client) -> None:
    first = view_as(otto)
    page = otto.get(LINK)
    view_as(otto, OTHER_ACCOUNT)
    otto.post(LINK, form_of(page, session=f"end {first.pk}"))
    assert WorkSession.objects.get(ended_at=None).account_id == OTHER_ACCOUNT


# Many


def many(client: Client, *cards: str) -> Any:
    return client.get("/bulk/issuing.deactivate_card/", {"id": cards})


def sent(client: Client, page: Any, **entries: str) -> Any:
    chosen = [f"{row.id}:{row.token}" for row in page.context["rows"]]
    return client.post("/bulk/issuing.deactivate_card/", {**form_of(page, **entries), "row": chosen})


def test_many_of_other_accounts_are_not_held_and_get_no_ticket(otto: Client) -> None:
    work(otto)
    page = many(otto, rows.card(account=OTHER_ACCOUNT).pk)
    assert (page.context["able"], page.context["held"], kept(page)) == (1, None, {"reason": "", "ticket": ""})
    mixed = many(otto, rows.card().pk, rows.card(account=OTHER_ACCOUNT).pk)
    assert (mixed.context["able"], kept(mixed)) == (2, {"reason": "", "ticket": ""})
    own = many(otto, rows.card().pk, rows.card().pk)
    assert kept(own) == {"reason": "Looking for the declined card", "ticket": "CS-1"}


def test_rows_of_an_account_that_is_looked_at_are_left_out_and_said_before(otto: Client) -> None:
    view_as(browser("otto"))
    page = many(otto, rows.card().pk, rows.card(account=OTHER_ACCOUNT).pk)
    assert [bool(row.held) for row in page.context["rows"]] == [True, False]
    assert (page.context["able"], buttons(page)) == (1, ["end"])
    assert "One row is left out" in page.content.decode()


def test_where_all_rows_are_held_nothing_runs_and_the_button_clears_the_way(otto: Client) -> None:
    view_as(otto)
    page = many(otto, rows.card().pk, rows.card().pk)
    refused = sent(otto, page, **TYPED)
    assert (refused.status_code, kept(refused), BulkRun.objects.exists()) == (403, TYPED, False)
    session = WorkSession.objects.get(ended_at=None)
    cleared = sent(otto, refused, session=f"work {session.pk}")
    assert (cleared.status_code, cleared.context["able"], cleared.context["held"]) == (200, 2, None)
    assert (kept(cleared), Operation.objects.exists()) == (TYPED, False)


def test_what_was_left_out_of_a_run_is_ready_for_the_next(otto: Client, sandbox: Any) -> None:
    session, held, free = view_as(otto), rows.card(), rows.card(account=OTHER_ACCOUNT)
    page = otto.get(sent(otto, many(otto, held.pk, free.pk), **TYPED)["Location"])
    told = {row.target: (row.outcome, bool(row.operation)) for row in page.context["rows"]}
    assert told == {held.pk: ("denied", False), free.pk: ("refused", True)}
    assert "look mode" in next(row.said for row in page.context["rows"] if row.target == held.pk)
    BulkRow.objects.filter(object_id=free.pk).delete()
    refused = otto.post(page.request["PATH_INFO"], {"act": "retry"})
    assert (refused.status_code, "look mode" in refused.context["denied"]) == (403, True)
    assert not Operation.objects.filter(object_id=held.pk).exists()
    sessions.switch_mode(session, WorkSession.Mode.WORK)
    assert otto.post(page.request["PATH_INFO"], {"act": "retry"}).status_code == 303
    engine.work(str(page.context["run"].pk))
    assert Operation.objects.filter(object_id=held.pk).exists()


def test_the_reason_form_says_which_session_it_ends(otto: Client) -> None:
    start = f"/connect/accounts/{OTHER_ACCOUNT}/view-as"
    assert "ends that session" not in otto.get(start).content.decode()
    view_as(browser("otto"))
    said = " ".join(otto.get(start).content.decode().split())
    assert "You are viewing as Alder Freight</b> in another browser" in said
    assert "Opening Birch Bakery ends that session." in said


# An end between drawing the form and sending it


@pytest.mark.parametrize(
    ("moments", "why"),
    [
        ({"last_seen_at": timedelta(minutes=31)}, "It ended because no page of the account was opened for 30 min."),
        ({"started_at": timedelta(hours=9)}, "It ended after 8 h."),
        ({}, "You ended it."),
    ],
)
def test_an_ended_session_keeps_what_was_typed_and_is_opened_again(
    otto: Client, moments: dict[str, timedelta], why: str
) -> None:
    session = work(otto)
    page = otto.get(HOLDER)
    age(session, **moments) if moments else sessions.end(session, "click")
    ended = otto.post(HOLDER, form_of(page, name="Priya Raman", **TYPED))
    assert (ended.status_code, ended.context["why"]) == (403, why)
    html = ended.content.decode()
    for words in ("Alder Freight", "Priya Raman", TYPED["reason"], "Open again"):
        assert words in html
    assert not Operation.objects.exists()
    again = otto.post(HOLDER, carried(ended))
    assert (again.status_code, kept(again), again.context["form"]["name"].value()) == (200, TYPED, "Priya Raman")
    opened = WorkSession.objects.get(ended_at=None)
    assert (opened.mode, opened.reason, opened.ticket) == ("look", session.reason, session.ticket)
    assert AccessEntry.objects.filter(work_session=opened, path=HOLDER).count() == 1
    assert buttons(again) == ["work"]


def carried(ended: Any, **changed: str) -> dict[str, str]:
    """What the page of an ended session sends when it is opened again."""
    entries = {each.name: each.value for each in ended.context["carried"]}
    form = ended.context["form"]
    own = {form.add_prefix(name): form[name].value() or "" for name in form.fields}
    return {**entries, **own, "session": "open", **changed}


def test_a_poor_reason_opens_nothing_again_and_loses_nothing(otto: Client) -> None:
    session = work(otto)
    page = otto.get(HOLDER)
    sessions.end(session, "click")
    ended = otto.post(HOLDER, form_of(page, name="Priya Raman"))
    poor = otto.post(HOLDER, carried(ended, **{"session-reason": "short"}))
    assert poor.status_code == 422
    assert {each.name: each.value for each in poor.context["carried"]}["name"] == "Priya Raman"
    assert not WorkSession.objects.filter(ended_at=None).exists()


def test_a_replaced_session_names_both_accounts(otto: Client) -> None:
    work(otto)
    page = otto.get(HOLDER)
    view_as(otto, OTHER_ACCOUNT)
    html = otto.post(HOLDER, form_of(page, **TYPED)).content.decode()
    for words in ("You are viewing as Birch Bakery now", "Alder Freight", TYPED["reason"]):
        assert words in html


def test_a_session_of_another_browser_says_so_to_a_page_here(otto: Client) -> None:
    work(otto)
    page = otto.get(HOLDER)
    work(browser("otto"))
    assert "another browser" in otto.post(HOLDER, form_of(page, **TYPED)).context["why"]


def test_what_proves_identity_is_not_carried(otto: Client) -> None:
    values = {"name": "P", "for_account": ACCOUNT, "individual_id_number": "000123456", "password": "hush hush"}
    ended = otto.post(HOLDER, values)
    assert "hush hush" not in ended.content.decode()
    assert "type it again" in ended.content.decode()
    assert ended.context["why"] == "You have not opened this account yet."


def test_a_form_for_another_account_opens_nothing_again(otto: Client) -> None:
    answer = otto.post(HOLDER, {"for_account": OTHER_ACCOUNT, "session": "open", "session-reason": "x" * 20})
    assert answer.status_code == 403
    assert not WorkSession.objects.exists()


# A lost operation


def test_sending_again_is_held_in_words_and_freed_by_the_button() -> None:
    ana = browser("ana")
    lost = Operation.objects.create(
        verb="issuing.deactivate_card", user=person("otto"), account_id=ACCOUNT, account_name="Alder Freight",
        reason="r", key="k", form_token="t", state="not_found",
    )  # fmt: skip
    session, path = view_as(ana), f"/operations/{lost.pk}"
    page = ana.get(path)
    assert "look mode" in page.context["held"].sentence
    assert buttons(page) == ["work", "end"]
    page = ana.post(path, {"for_account": ACCOUNT, "session": f"work {session.pk}"})
    assert (page.status_code, page.context["held"]) == (200, None)
    assert Account.objects.exists()
