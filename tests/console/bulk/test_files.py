"""Rows from a file: what is read, what is wrong with it and where; nothing is sent before somebody confirms."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from console.bulk import engine, files
from console.bulk.models import BulkRow, BulkRun
from console.operations import verbs
from console.operations.models import Operation
from issuing.cards.models import Card
from tests.issuing import rows
from tests.issuing.acting import run as command
from tests.people import browser, known_accounts

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
DEACTIVATE, CANCEL = "issuing.deactivate_card", "issuing.cancel_card"
REASON = "Suspicious pattern on one BIN"


@pytest.fixture(autouse=True)
def accounts(db: None) -> None:
    known_accounts()


@pytest.fixture
def otto(accounts: None) -> Client:
    return browser("otto")


def sent(client: Client, text: str | bytes, verb: str = DEACTIVATE, **entries: str) -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("rows.csv", content, "text/csv")
    return client.post("/bulk-runs/from-file", {"verb": verb, "file": file, "form_token": "a" * 32, **entries})


def told(run: BulkRun) -> list[tuple[int, str, str]]:
    return list(BulkRow.objects.filter(run=run).values_list("position", "state", "why"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"id\n\xff\xfe", "not UTF-8"),
        ("id\nic_1\0", "no text"),
        ("card\nic_1", "must name the columns, and id among them: id."),
        ("id,colour\nic_1,red", "no column “colour”"),
        ("id,id\nic_1,ic_2", "names a column twice"),
        ("id\n\n  \n", "no rows below"),
        ('id\n"ic_1', "Line 2 cannot be read"),
        ("id\nic_1,2", "Line 2 has 2 cells"),
        ("id\n" + "ic_1\n" * 10_001, "at most 10,000"),
    ],
)
def test_a_file_that_is_no_table_says_why_and_makes_nothing(text: str | bytes, why: str, otto: Client) -> None:
    answer = sent(otto, text)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not BulkRun.objects.exists()


@pytest.mark.parametrize(
    "text", ["\ufeffID;cancellation_reason\n{0};lost\n", "id\tcancellation_reason\r\n{0}\tlost\r\n"]
)
def test_marks_semicolons_and_tabs_are_read(text: str, otto: Client) -> None:
    lines = files.read(text.format("ic_1").encode(), verbs.get(CANCEL))
    assert lines == [(2, {"id": "ic_1", "cancellation_reason": "lost"})]


def test_each_wrong_line_says_its_number_and_why_and_nothing_is_sent(otto: Client) -> None:
    card, canceled, off = rows.card(), rows.card(status="canceled"), rows.card(status="inactive")
    answer = sent(otto, f"id\n{card.pk}\nic_nothing\n{canceled.pk}\n\n{off.pk}\n {card.pk} \n<b>\u202e\n")
    run = BulkRun.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/bulk-runs/{run.pk}")
    assert [(line, state) for line, state, _ in told(run)] == [
        (2, "waiting"),
        (3, "bad"),
        (4, "denied"),
        (6, "left_out"),
        (7, "bad"),
        (8, "bad"),
    ]
    why = {line: words for line, _, words in told(run)}
    assert (why[3], why[7]) == ("There is no card “ic_nothing” here.", "Line 2 is about it too.")
    assert "\u202e" not in why[8]
    page = otto.get(answer["Location"])
    assert (page.context["able"], page.context["bad"], run.state) == (1, 3, "draft")
    assert not Operation.objects.exists()


def test_wrong_lines_must_be_left_out_knowingly(otto: Client) -> None:
    url = sent(otto, f"id\n{rows.card().pk}\nic_nothing\n")["Location"]
    entries = {"act": "begin", "reason": REASON, "ticket": "CS-9", "form_token": "b" * 32}
    refused = otto.post(url, entries)
    assert refused.status_code == 422
    assert refused.context["form"]["ticket"].value() == "CS-9"
    assert "Rows that are wrong: 1" in refused.content.decode()
    assert BulkRun.objects.get().state == "draft"
    assert otto.post(url, {**entries, "leave_out": "1"}).status_code == 303
    run = BulkRun.objects.get()
    assert (run.state, run.reason, run.ticket, run.via) == ("running", REASON, "CS-9", "file")


def test_a_rows_own_values_come_from_the_file_and_are_checked(otto: Client) -> None:
    cards = [rows.card(), rows.card()]
    text = f"id,cancellation_reason\n{cards[0].pk},lost\n{cards[1].pk},boredom\n"
    sent(otto, text, CANCEL)
    first, second = BulkRow.objects.order_by("position")
    assert (first.state, first.params) == ("waiting", {"cancellation_reason": "lost"})
    assert (second.state, second.why.startswith("cancellation_reason: ")) == ("bad", True)


def test_the_same_file_chosen_twice_from_one_form_is_one_draft(otto: Client) -> None:
    text = f"id\n{rows.card().pk}\n"
    first, again = sent(otto, text), sent(otto, text)
    assert first["Location"] == again["Location"]
    other = sent(otto, f"id\n{rows.card().pk}\n")
    assert (other.status_code, BulkRun.objects.count()) == (422, 1)


def test_who_did_not_choose_the_rows_may_look_and_not_begin(otto: Client) -> None:
    url = sent(otto, f"id\n{rows.card().pk}\n")["Location"]
    ana = browser("ana")
    assert "alone can begin this run" in ana.get(url).content.decode()
    answer = ana.post(url, {"act": "begin", "reason": REASON, "form_token": "b" * 32})
    assert (answer.status_code, BulkRun.objects.get().state) == (403, "draft")


def test_who_may_do_nothing_for_many_meets_no_form() -> None:
    page = browser("vera").get("/bulk-runs/from-file").content.decode()
    assert "Your role does nothing for many at once." in page
    assert "Check the file" not in page
    assert "Check the file" in browser("otto").get("/bulk-runs/from-file").content.decode()


def test_who_may_not_do_the_verb_is_not_offered_it() -> None:
    answer = sent(browser("vera"), f"id\n{rows.card().pk}\n")
    assert answer.status_code == 422
    assert not BulkRun.objects.exists()


def test_the_command_says_what_is_wrong_begins_and_goes_on(tmp_path: Path) -> None:
    card = rows.card()
    path = tmp_path / "rows.csv"
    path.write_text(f"id\n{card.pk}\nic_nothing\n")
    words = (DEACTIVATE, "--file", str(path))
    for more, status in (((), 2), (("--dry-run",), 2)):
        code, out, err = command("bulk_run", *words, *more)
        assert (code, "line 3 ic_nothing" in err, "1 of 2 rows can be done." in out) == (status, True, True)
    assert not BulkRun.objects.exists()
    code, out, _ = command("bulk_run", *words, "--leave-out", "--token", "once")
    run = BulkRun.objects.get()
    assert (code, f"{run.pk} running bad=1 waiting=1" in out) == (0, True)
    command("bulk_run", *words, "--leave-out", "--token", "once")
    Card.objects.filter(pk=card.pk).update(status="inactive")  # the run has done it
    code, out, _ = command("bulk_run", *words, "--leave-out", "--token", "once")
    assert (code, str(run.pk) in out) == (0, True)
    other = rows.card()
    path.write_text(f"id\n{other.pk}\nic_nothing\n")
    code, _, err = command("bulk_run", *words, "--leave-out", "--token", "once")
    assert (code, "sent before" in err) == (1, True)
    assert BulkRun.objects.count() == 1


def test_a_file_that_is_not_there_and_a_verb_that_is_none_are_bad_input(tmp_path: Path) -> None:
    assert command("bulk_run", DEACTIVATE, "--file", str(tmp_path / "no.csv"))[0] == 2
    assert command("bulk_run", "issuing.create_card", "--file", str(tmp_path / "no.csv"))[0] == 2


@pytest.mark.prove
def test_ten_thousand_lines_are_read(otto: Client) -> None:
    made = [rows.card() for _ in range(3)]
    text = "id\n" + "\n".join(card.pk for card in made) + "\nic_nothing" * 9_997
    assert sent(otto, text).status_code == 303
    run = BulkRun.objects.get()
    assert (run.total, run.outcomes()) == (10_000, {"waiting": 3, "bad": 9_997})
    assert Card.objects.count() == 3
    assert engine.sweep() == 0
