"""The page of a run: how far it is, what came of each row, what can be done with it and by whom."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from console.bulk import engine, runs
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import Denied, Wanted
from console.bulk.undoing import undo
from console.operations import verbs
from console.operations.models import Operation
from console.shell import nouns
from issuing.cards.models import Card
from tests.answers import check_page
from tests.issuing import rows
from tests.issuing.acting import posted
from tests.issuing.acting import run as command
from tests.issuing.conftest import issuing_account, make_card
from tests.people import browser, known_accounts, person, view_as
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
REASON = "Suspicious pattern on one BIN"
DEACTIVATE, ACTIVATE = "issuing.deactivate_card", "issuing.activate_card"


@pytest.fixture
def otto(db: None) -> Client:
    return browser("otto")


def begun(*cards: Card, verb: str = DEACTIVATE) -> BulkRun:
    wanted = [Wanted(str(card.account_id), "Alder Freight", card.pk) for card in cards]
    return runs.begin(verbs.get(verb), user=person("otto"), rows=wanted, reason=REASON, ticket="CS-7")


def page(client: Client, run: BulkRun, query: str = "") -> Any:
    answer = client.get(f"/bulk-runs/{run.pk}{query}")
    check_page(answer)
    return answer


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_it_moves_from_waiting_to_done(otto: Client, sandbox: SandboxProcess) -> None:
    account = issuing_account()
    cards = [make_card(account) for _ in range(3)]
    run = begun(*cards)
    assert "0 of 3 answered" in words(page(otto, run))
    part = otto.get(f"/bulk-runs/{run.pk}/live").content.decode()
    assert f'data-live="/bulk-runs/{run.pk}/live"' in part
    engine.work(str(run.pk))
    later = otto.get(f"/bulk-runs/{run.pk}/live").content.decode()
    version = r'data-live-version="([^"]+)"'
    assert re.search(version, part)[1] != re.search(version, later)[1]  # type: ignore[index]
    assert "3 of 3 answered" in words(page(otto, run))
    assert set(Card.objects.values_list("status", flat=True)) == {"inactive"}


def test_rows_are_paged_in_their_order_and_narrowed_by_outcome(otto: Client) -> None:
    known_accounts()
    run = begun(*(rows.card() for _ in range(120)))
    BulkRow.objects.filter(run=run, position__gt=60).update(state="denied", why="No.")
    first = page(otto, run)
    assert [row.position for row in first.context["rows"]] == list(range(1, 51))
    assert first.context["earlier"] == ""
    second = otto.get(first.context["later"])
    assert [row.position for row in second.context["rows"]] == list(range(51, 101))
    back = otto.get(second.context["earlier"])
    assert [row.position for row in back.context["rows"]] == list(range(1, 51))
    denied = page(otto, run, "?show=denied&after=100")
    assert [row.position for row in denied.context["rows"]] == list(range(101, 121))
    assert {tab["label"]: tab["count"] for tab in denied.context["tabs"]} == {
        "All": 120,
        "Not possible": 60,
        "Waiting": 60,
    }
    for odd in ("?show=odd", "?after=x", "?before=-1", f"?after={10**30}"):
        assert otto.get(f"/bulk-runs/{run.pk}{odd}").status_code == 200


def test_stop_resume_and_seen_to_are_buttons(otto: Client) -> None:
    known_accounts()
    run = begun(rows.card())
    url = f"/bulk-runs/{run.pk}"
    assert otto.post(url, {"act": "stop"}).status_code == 303
    stopped = page(otto, run)
    assert "Stopped by otto" in words(stopped)
    assert (stopped.context["may_resume"], stopped.context["may_stop"]) == (True, False)
    queue = next(each for each in nouns.queues() if each.name == "bulk_runs")
    assert queue.count() == 1
    cache.clear()
    assert "Bulk run stopped: Deactivate cards" in words(browser("vera").get("/"))
    otto.post(url, {"act": "resume"})
    run.refresh_from_db()
    assert (run.state, queue.count()) == ("running", 0)
    assert otto.post(url, {"act": "nonsense"}).status_code == 303


def test_what_was_stopped_may_be_left_so(otto: Client) -> None:
    known_accounts()
    run = begun(rows.card())
    url = f"/bulk-runs/{run.pk}"
    otto.post(url, {"act": "stop"})
    assert "Leave it stopped" in words(page(otto, run))
    otto.post(url, {"act": "seen"})
    run.refresh_from_db()
    assert (run.state, run.needs_a_person) == ("stopped", False)
    left = page(otto, run)
    assert (left.context["may_see_to"], left.context["may_resume"]) == (False, True)


def test_a_run_of_a_verb_that_is_no_more_is_read_and_left(otto: Client) -> None:
    known_accounts()
    run = begun(rows.card())
    runs.stop(run, None, "Its verb is no more.")
    BulkRun.objects.update(verb="issuing.teleport_card")
    BulkRow.objects.update(state="denied")
    shown = page(otto, run)
    assert [shown.context[name] for name in ("may_resume", "failed", "may_see_to")] == [False, 0, True]
    for act in ("resume", "retry"):
        refused = otto.post(f"/bulk-runs/{run.pk}", {"act": act})
        assert refused.status_code == 403
        assert "This version of the console does not know issuing.teleport_card." in words(refused)


@pytest.mark.parametrize("via", ["action", "file"])
def test_a_draft_of_a_verb_that_is_no_more_is_not_begun(otto: Client, via: str) -> None:
    known_accounts()
    run = begun(rows.card())
    BulkRun.objects.update(verb="issuing.teleport_card", state="draft", via=via)
    page(otto, run)
    typed = {"act": "begin", "reason": REASON, "form_token": "b" * 32}
    refused = otto.post(f"/bulk-runs/{run.pk}", typed)
    assert refused.status_code == 403
    assert "This version of the console does not know issuing.teleport_card." in words(refused)


def test_others_look_and_do_not_touch(otto: Client) -> None:
    known_accounts()
    run = begun(rows.card())
    vera = browser("vera")
    assert not re.search(r'name="act"', page(vera, run).content.decode())
    refused = vera.post(f"/bulk-runs/{run.pk}", {"act": "stop"})
    assert (refused.status_code, "otto began this run" in words(refused)) == (403, True)
    assert browser("ana").post(f"/bulk-runs/{run.pk}", {"act": "stop"}).status_code == 303
    run.refresh_from_db()
    assert (run.state, str(run.stopped_by)) == ("stopped", "ana")


def test_reason_and_ticket_are_masked(otto: Client) -> None:
    known_accounts()
    run = begun(rows.card())
    BulkRun.objects.update(reason="Asked by jane@example.com on the phone")
    assert "jane@example.com" in words(page(otto, run))
    assert "jane@example.com" not in words(page(browser("vera"), run))


def test_undo_takes_what_the_run_changed_and_nobody_since(otto: Client, sandbox: SandboxProcess) -> None:
    account = issuing_account()
    cards = [make_card(account) for _ in range(4)]
    already = make_card(account, active=False)
    run = begun(*cards)
    engine.work(str(run.pk))
    again = begun(cards[0], verb=ACTIVATE)  # somebody changed it since
    engine.work(str(again.pk))
    Card.objects.filter(pk=cards[1].pk).update(status="active")  # in Stripe's own Dashboard
    Card.objects.filter(pk=cards[2].pk).update(status="canceled")
    url = f"/bulk-runs/{run.pk}"
    short = otto.post(url, {"act": "undo", "reason": "short", "ticket": "CS-8", "form_token": "c" * 32})
    assert (short.status_code, short.context["undo_form"]["ticket"].value()) == (422, "CS-8")
    entries = {"act": "undo", "reason": "The pattern was a test of theirs", "form_token": "c" * 32}
    undone = otto.post(url, entries)
    assert otto.post(url, entries)["Location"] == undone["Location"]
    undoing = BulkRun.objects.get(undo_of=run)
    told = {row.object_id: (row.state, row.why) for row in BulkRow.objects.filter(run=undoing)}
    assert told[cards[0].pk][0] == "left_out"
    assert told[cards[0].pk][1].startswith("Was changed since, by otto at ")
    assert told[cards[1].pk] == ("left_out", "Is not any more as this run left it.")
    assert told[cards[2].pk][0] == "left_out"
    assert told[cards[3].pk] == ("waiting", "")
    assert already.pk not in told
    engine.work(str(undoing.pk))
    assert Card.objects.get(pk=cards[3].pk).status == "active"
    with pytest.raises(Denied, match="Nothing of this run is left"):
        undo(run, person("otto"), REASON)
    assert "undoes another run" in words(page(otto, undoing))
    assert f'undone by <a href="{undoing.get_absolute_url()}">' in page(otto, run).content.decode()


def test_what_has_no_inverse_is_not_undone(otto: Client) -> None:
    known_accounts()
    run = begun(rows.card(), verb="issuing.cancel_card")
    with pytest.raises(Denied, match="cannot be undone"):
        undo(run, person("otto"), REASON)
    assert page(otto, run).context["inverse"] is None


def test_every_inverse_is_a_verb_without_entries_that_leads_back() -> None:
    for verb in verbs.every():
        if verb.inverse:
            inverse = verbs.get(verb.inverse)
            assert (inverse.inverse, inverse.noun, list(inverse.form.base_fields)) == (verb.name, verb.noun, [])


def test_more_than_one_form_takes_are_fixed_as_a_draft(otto: Client) -> None:
    known_accounts()
    holder = rows.cardholder()
    Card.objects.bulk_create(_many(holder, 700))
    Card.objects.filter(pk__endswith="9").update(status="inactive")
    form = {"action": DEACTIVATE, "index": "0", "select_across": "1", "_selected_action": "ic_many000"}
    answer = otto.post("/issuing/card/", form)
    run = BulkRun.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, run.get_absolute_url())
    assert (run.state, run.total, run.outcomes()) == ("draft", 700, {"waiting": 630, "left_out": 70})
    drawn = page(otto, run)
    assert "Each row becomes an operation of its own: 630 of 700. 630 calls to Stripe" in words(drawn)
    assert "active → inactive" in words(drawn)
    Card.objects.filter(pk="ic_many001").delete()
    begin = {"act": "begin", "reason": REASON, "form_token": "d" * 32}
    otto.post(answer["Location"], begin)
    otto.post(answer["Location"], begin)
    run.refresh_from_db()
    assert (run.state, run.total) == ("running", 700)
    engine.do(run, engine.claim(run, 2)[1:], lane=engine.budget.BULK)
    assert BulkRow.objects.filter(run=run, state="given").count() + BulkRow.objects.filter(state="denied").count() == 1


def _many(holder: Any, number: int) -> list[Card]:
    """Unsaved cards, ic_many000 on, as one that is stored."""
    first = rows.card(holder)
    columns = {field.attname: getattr(first, field.attname) for field in first._meta.concrete_fields}
    first.delete()
    return [Card(**{**columns, "id": f"ic_many{place:03}"}) for place in range(number)]


def test_a_verb_that_asks_each_row_takes_no_more_than_its_form(otto: Client) -> None:
    assert otto.get("/bulk/issuing.deactivate_card/", {"id": ["ic_1"] * 501}).status_code == 400


def test_the_first_rows_are_done_while_one_waits(otto: Client, sandbox: SandboxProcess) -> None:
    card = make_card(issuing_account())
    form = {"action": DEACTIVATE, "index": "0", "_selected_action": card.pk}
    preview = otto.post("/issuing/card/", form)
    shown = otto.post("/bulk/issuing.deactivate_card/", posted(preview), follow=True)
    assert (shown.context["run"].state, shown.context["outcomes"]) == ("ended", {"succeeded": 1})
    operation = Operation.objects.get(verb=DEACTIVATE)
    assert f"/operations/{operation.pk}" in shown.content.decode()


def test_the_list_finds_runs(otto: Client) -> None:
    known_accounts()
    card = rows.card()
    run = begun(card)
    for query in ("", f"?q={run.pk}", "?q=CS-7", "?q=deactivate", "?q=otto", f"?q={card.pk}", "?state__exact=running"):
        listed = otto.get(f"/console/bulkrun/{query}")
        check_page(listed)
        assert [each.pk for each in listed.context["cl"].result_list] == [run.pk], query
    assert otto.get("/console/bulkrun/?waiting=person").context["cl"].result_list == []
    assert otto.get("/bulk-runs/?q=x")["Location"] == "/console/bulkrun/?q=x"


def test_commands_stop_resume_and_undo(sandbox: SandboxProcess) -> None:
    run = begun(make_card(issuing_account()))
    assert command_status("bulk_stop", str(run.pk), who="vera") == 1
    assert command_status("bulk_stop", "nonsense") == 2
    assert command_status("bulk_stop", str(run.pk)) == 0
    assert command_status("bulk_resume", str(run.pk)) == 0
    engine.work(str(run.pk))
    assert command_status("bulk_resume", str(run.pk), "--failed") == 0
    assert command("bulk_undo", str(run.pk))[0] == 0
    assert BulkRun.objects.get(undo_of=run).verb == ACTIVATE
    assert command("bulk_undo", str(run.pk))[0] in (0, 1)


def command_status(name: str, *its: str, who: str = "otto") -> int:
    from django.core.management import CommandError, call_command

    person(who)
    try:
        call_command(name, *its, "--as", who)
    except CommandError as error:
        return int(error.returncode)
    return 0


def test_hostile_names_stay_text(otto: Client) -> None:
    known_accounts()
    card = rows.card()
    run = runs.begin(
        verbs.get(DEACTIVATE),
        user=person("otto"),
        rows=[Wanted(str(card.account_id), "<script>alert(1)</script>\u202e" + "x" * 250, card.pk)],
        reason="<img src=x onerror=alert(1)> because of it",
    )
    BulkRow.objects.update(why="<b>bold</b>", state="denied")
    content = page(otto, run).content.decode()
    for hostile in ("<script>alert", "<img src=x", "<b>bold"):
        assert hostile not in content


def test_what_a_row_came_to_first_stays_when_it_is_tried_again(otto: Client) -> None:
    known_accounts()
    run = begun(rows.card(), rows.card())
    kept = [*BulkRow.objects.filter(run=run)]
    made = {"verb": DEACTIVATE, "user": person("otto"), "reason": REASON, "error_message": "Not while it is reviewed"}
    first = Operation.objects.create(**made, key="k", form_token=kept[0].form_token, state="refused")
    BulkRow.objects.filter(pk=kept[0].pk).settle(state="given", operation=first)
    BulkRow.objects.filter(pk=kept[1].pk).settle(state="denied", why="Vera looks at it")
    assert engine.finish(run)
    for again in ("Another reason", "Yet another"):
        assert runs.retry(run, person("otto")) == 2
        BulkRow.objects.filter(run=run).settle(state="denied", why=again)
        assert engine.finish(run)
    shown = words(page(otto, run))
    assert shown.count("Yet another") == 2
    assert "Tried before: Not while it is reviewed the operation of then" in shown
    assert "Tried before: Vera looks at it" in shown


def test_a_run_whose_rows_are_being_written_has_a_page(otto: Client) -> None:
    known_accounts()
    run = begun(rows.card())
    BulkRow.objects.filter(run=run).update(state="bad", why="No such card")
    BulkRun.objects.filter(pk=run.pk).update(total=0, state="draft")
    assert page(otto, run).status_code == 200


def test_a_run_that_waits_for_a_second_person_stands_on_the_pages_of_its_objects(
    otto: Client, sandbox: SandboxProcess
) -> None:
    account = issuing_account()
    cards, other = [make_card(account) for _ in range(101)], make_card(issuing_account())
    run = begun(*cards, verb="issuing.activate_card")
    assert run.state == "draft"
    told = "Begin bulk run: waiting for a second person."
    for card, stands in ((cards[100], True), (other, False)):
        view_as(otto, str(card.account_id))
        for path in (card.get_absolute_url(), f"/connect/accounts/{card.account_id}"):
            assert (told in words(otto.get(path))) is stands, path
