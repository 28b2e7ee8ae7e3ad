"""The trail forgets persons and stays whole: what is personal stands beside the chain, and is blanked once."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from console.people.models import User
from console.record import audit, erasure, personal
from console.record.models import AuditEntry, AuditPersonal, Erasure
from tests.console.record.test_audit import protected  # noqa: F401  (a fixture)
from tests.console.record.trail import alter, delete, older, record
from tests.costs import MOST, cost
from tests.people import ACCOUNT, browser, person

pytestmark = pytest.mark.django_db
HOSTILE = "Marta \u202e<script>alert(1)</script>'; DROP TABLE \U0001f469\u200d\U0001f680" + "x" * 120
WHY = "Marta asked us to forget her"


@pytest.fixture
def marta() -> User:
    """Somebody who worked here once."""
    return User.objects.create_user("marta", is_active=False)


def told(user: User | None = None, **more: Any) -> AuditEntry:
    """A row full of names and words."""
    said = {"account_id": "acct_1", "account_name": "Alder", "reason": "Marta called", "ticket": "T-1"}
    with transaction.atomic():
        return audit.record(
            "test.done", user=user, detail={"verb": "test.do", "address": "81.2.69.142"}, **{**said, **more}
        )


def erase(kind: str, key: object, by: str = "ana") -> Erasure:
    """Begin and work off."""
    begun = erasure.begin(kind, str(key), user=person(by), reason=WHY)
    erasure.work(str(begun.pk))
    begun.refresh_from_db()
    return begun


def stored() -> str:
    """All that the two tables hold."""
    return str([*AuditEntry.objects.values_list(), *AuditPersonal.objects.values_list()])


def test_what_is_personal_stands_beside_the_chain_with_a_salt_of_its_own(marta: User) -> None:
    first, second = told(marta, subject="ic_1"), told(marta, subject="ic_1")
    row = AuditEntry.objects.get(pk=first.pk)
    assert (row.user_name, row.account_name, row.about, row.reason, row.ticket) == (
        "marta", "Alder", "ic_1", "Marta called", "T-1",
    )  # fmt: skip
    assert row.detail == {"verb": "test.do", "address": "81.2.69.142"}
    assert (row.form, row.user_id, row.account_id, row.subject) == (2, marta.pk, "acct_1", "ic_1")
    inside = str(AuditEntry.objects.filter(pk=first.pk).values_list())
    assert not any(word in inside for word in ("marta", "Alder", "called", "T-1", "81.2.69.142"))
    salts = {bytes.fromhex(each.part.salt) for each in (first, second) if each.part}
    assert [len(salt) for salt in salts] == [personal.SALT_BYTES] * 2
    assert first.personal_digest != second.personal_digest


@pytest.mark.parametrize("subject", ["user marta", "some words", HOSTILE, "otto@example.com"])
def test_a_subject_in_words_is_personal_and_an_id_is_not(subject: str) -> None:
    (row,) = record(subject=subject)
    assert (row.subject, row.about) == ("", subject)


@pytest.mark.parametrize("subject", ["ic_1Card", "acct_1.card_issuing", "17", "user #17"])
def test_an_id_stays_in_the_chain(subject: str) -> None:
    (row,) = record(subject=subject)
    assert (row.subject, row.about) == (subject, subject)


def test_a_row_about_a_person_holds_their_number_and_beside_it_their_name(marta: User) -> None:
    with transaction.atomic():
        row = audit.record("user.changed", user=person("ana"), about=marta)
    assert (row.subject, row.about) == (f"user #{marta.pk}", "user marta")


def test_both_forms_are_walked_together(marta: User) -> None:
    older(2, user=marta)
    told(marta)
    older(1)
    told()
    verdict = audit.verify()
    assert (verdict.rows, verdict.problem) == (5, "")
    assert [row.reason for row in AuditEntry.objects.order_by("number")] == [
        "Because of Marta", "Because of Marta", "Marta called", "Because of Marta", "Marta called",
    ]  # fmt: skip


def test_a_person_is_forgotten_and_the_chain_is_whole(marta: User) -> None:
    digests = [told(marta).digest, told(person("otto"), reason="Otto did it").digest]
    with transaction.atomic():
        digests.append(audit.record("user.changed", user=person("ana"), about=marta).digest)
    begun = erase("user", marta.pk)
    assert (begun.blanked, bool(begun.finished_at)) == (2, True)
    verdict = audit.verify(digests[0])
    assert (verdict.problem, verdict.erased) == ("", {begun.entry_id: 2})
    assert [AuditEntry.objects.get(number=each).digest for each in (1, 2, 3)] == digests
    first, other, about = AuditEntry.objects.filter(number__lt=4).order_by("number")
    assert (first.erased, first.user_name, first.account_name, first.reason, first.ticket) == (True, "", "", "", "")
    assert (first.user_id, first.account_id, first.detail) == (marta.pk, "acct_1", {"verb": "test.do"})
    assert (about.about, about.erased) == (f"user #{marta.pk}", True)
    assert (other.reason, other.erased) == ("Otto did it", False)
    assert "marta" not in stored()
    assert "81.2.69.142" in stored()  # of Otto's row


def test_an_account_and_an_object_are_forgotten() -> None:
    told(subject="ich_1", reason="Of the holder"), told(account_id="acct_2", subject="ich_1"), told()
    assert erase("subject", "ich_1").blanked == 2
    assert erase("account", "acct_1").blanked == 1
    assert audit.verify().problem == ""
    assert [row.subject for row in AuditEntry.objects.order_by("number")][:2] == ["ich_1", "ich_1"]


def test_old_rows_stay_as_they_are_and_are_counted(marta: User) -> None:
    older(3, user=marta), told(marta)
    assert erasure.left("user", str(marta.pk)) == (1, 3)
    erase("user", marta.pk)
    assert AuditEntry.objects.get(number=1).user_name == "marta"
    assert erasure.left("user", str(marta.pk)) == (0, 3)
    assert audit.verify().problem == ""


def test_who_erased_for_whom_and_why_is_told_and_names_nobody(marta: User) -> None:
    told(marta)
    begun = erase("user", marta.pk)
    act = AuditEntry.objects.get(number=begun.entry_id)
    assert (act.action, act.user_name, act.reason, act.subject) == ("audit.erased", "ana", WHY, f"user #{marta.pk}")
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    assert f"Erased by row {act.number}: 1 personal part; ana, " in out.getvalue()
    assert WHY in out.getvalue()


def test_one_who_erased_is_forgotten_too() -> None:
    gone = User.objects.create_user("gone", is_active=True)
    person("ana").groups.first().user_set.add(gone)
    told(subject="ich_1")
    erasure.work(str(erasure.begin("subject", "ich_1", user=User.objects.get(pk=gone.pk), reason=WHY).pk))
    User.objects.filter(pk=gone.pk).update(is_active=False)
    erase("user", gone.pk)
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    assert f"person number {gone.pk}" in out.getvalue()
    assert "why was erased too" in out.getvalue()


ALTERED = {
    "a word": ("UPDATE console_auditpersonal SET reason = 'x' WHERE number = 2", "part of row 2 was altered"),
    "a detail": (
        "UPDATE console_auditpersonal SET detail = '{\"a\": 1}' WHERE number = 2",
        "part of row 2 was altered",
    ),
    "a salt": ("UPDATE console_auditpersonal SET salt = 'ab' WHERE number = 2", "part of row 2 was altered"),
    "missing": ("DELETE FROM console_auditpersonal WHERE number = 2", "personal part of row 2 is missing"),
    "blanked": (
        "UPDATE console_auditpersonal SET salt='', user_name='', account_name='', subject='', reason='', ticket='',"
        " detail='{}' WHERE number = 2",
        "personal part of row 2 was altered",
    ),
    "the other form": ("UPDATE console_auditentry SET form = 1 WHERE number = 2", "row 2 was altered"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_an_altered_or_missing_part_is_no_erased_one(what: str) -> None:
    told(), told(), told()
    sql, said = ALTERED[what]
    alter(sql)
    verdict = audit.verify()
    assert (verdict.number, said in verdict.problem) == (2, True), verdict.problem
    with pytest.raises(CommandError, match="Audit trail broken at row 2"):
        call_command("verify_audit")
    assert not audit.sound(AuditEntry.objects.get(number=2))


def blank(number: int, act: int) -> None:
    """As somebody would who has the database in hand and blames an act for it."""
    blank = dict.fromkeys(("salt", *personal.PARTS), "") | {"detail": "{}"}
    names = ", ".join(f"{name} = %s" for name in blank)
    alter(f"UPDATE console_auditpersonal SET {names}, erased_in_id = {act} WHERE number = {number}", *blank.values())


@pytest.mark.parametrize("act", [1, 3])
def test_a_part_that_no_act_of_erasing_means_was_not_erased(act: int, marta: User) -> None:
    told(person("otto")), told(marta), told(person("otto"))
    blank(2, act)
    assert f"row {act} tells of no such act" in audit.verify().problem


def test_an_act_about_somebody_else_does_not_cover_a_part(marta: User) -> None:
    told(person("otto")), told(marta)
    begun = erase("user", marta.pk)
    blank(1, begun.entry_id)
    verdict = audit.verify()
    assert (verdict.number, "tells of no such act" in verdict.problem) == (1, True)


def test_a_row_of_the_newer_form_cannot_pass_for_an_older_one() -> None:
    row = told()
    delete()
    values = [getattr(row, name) for name in audit.COLUMNS]
    for detail in ({"detail": values[-1], "form": 2, "personal": row.personal_digest}, values[-1]):
        assert audit.digest(row.previous_digest, (*values[:-1], detail)) != row.digest


@pytest.fixture
def three(protected: None, marta: User) -> User:  # noqa: F811
    """Three rows of somebody in tables as they are in production."""
    for _ in range(3):
        told(marta)
    return marta


def test_the_database_takes_the_blanking_and_nothing_else(three: User) -> None:
    refused = (
        "UPDATE console_auditpersonal SET reason = 'x' WHERE number = 1",
        "UPDATE console_auditpersonal SET erased_in_id = 3 WHERE number = 1",
        "UPDATE console_auditpersonal SET reason = '', erased_in_id = 3 WHERE number = 1",
        "DELETE FROM console_auditpersonal WHERE number = 1",
    )
    connection.check_constraints()
    for statement in refused:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            alter(statement)
    assert erase("user", three.pk).blanked == 3
    connection.check_constraints()
    for statement in (*refused[:1], "UPDATE console_auditpersonal SET erased_in_id = 2 WHERE number = 1"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            alter(statement)
    assert audit.verify().erased == {4: 3}


def test_it_goes_on_where_it_stopped_and_twice_is_once(marta: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(7):
        told(marta)
    monkeypatch.setattr(erasure, "BATCH", 2)
    begun = erasure.begin("user", str(marta.pk), user=person("ana"), reason=WHY)
    assert erasure.blank_some(begun) == 2  # and then its process dies
    begun.refresh_from_db()
    assert (begun.reached, begun.blanked, begun.finished_at) == (2, 2, None)
    assert audit.verify().erased == {begun.entry_id: 2}
    with pytest.raises(erasure.NotErased, match="being erased already"):
        erasure.begin("user", str(marta.pk), user=person("ana"), reason=WHY)
    for _ in range(2):
        erasure.work(str(begun.pk))
    begun.refresh_from_db()
    assert (begun.reached, begun.blanked, begun.claimed_by) == (7, 7, "")
    assert audit.verify().erased == {begun.entry_id: 7}
    assert not Erasure.objects.due().exists()


def test_what_another_process_holds_is_left_alone(marta: User) -> None:
    told(marta)
    begun = erasure.begin("user", str(marta.pk), user=person("ana"), reason=WHY)
    Erasure.objects.due().claim(by="another:4:1")
    erasure.work(str(begun.pk))
    assert not AuditEntry.objects.get(number=1).erased


@pytest.mark.parametrize(
    ("kind", "key", "why"),
    [
        ("user", "otto", "no such person"), ("user", "999999", "no such person"), ("user", "9" * 40, "no such person"),
        ("user", "07", "no such person"), ("user", "\u0667", "no such person"),
        ("account", "ic_1", "no id"), ("account", "", "no id"), ("subject", "acct_1", "no id"),
        ("subject", "'; DROP TABLE", "no id"), ("account", "acct_9", "nothing left"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_erased(kind: str, key: str, why: str) -> None:
    told()
    with pytest.raises(erasure.NotErased, match=why):
        erasure.begin(kind, key, user=person("ana"), reason=WHY)
    assert AuditEntry.objects.count() == 1


def test_nobody_erases_themselves_nor_who_may_still_sign_in() -> None:
    ana, otto = person("ana"), person("otto")
    told(ana), told(otto)
    with pytest.raises(erasure.NotErased, match="Nobody erases their own name"):
        erasure.begin("user", str(ana.pk), user=ana, reason=WHY)
    with pytest.raises(erasure.NotErased, match="otto may still sign in"):
        erasure.begin("user", str(otto.pk), user=ana, reason=WHY)
    with pytest.raises(erasure.NotErased, match="Your role"):
        erasure.begin("account", "acct_1", user=otto, reason=WHY)
    assert AuditEntry.objects.count() == 2
    refused = browser("ana").get(f"/audit/erase/user/{otto.pk}").content.decode()
    assert f'<a href="/staff/{otto.pk}">' in refused
    assert "<dt>Rows</dt>" not in refused, "nobody counted them"


def test_who_is_forgotten_is_not_named_again_by_what_they_had_begun(marta: User) -> None:
    told(marta)
    erase("user", marta.pk)
    late = told(marta, reason="Her words")
    assert (late.user, late.user_name, late.reason, late.ticket) == (marta, "", "", "")
    assert audit.verify().problem == ""


def test_an_act_about_a_person_does_not_cover_rows_about_a_number(marta: User) -> None:
    told(marta), told(subject=str(marta.pk))
    begun = erase("user", marta.pk)
    assert begun.blanked == 1
    AuditPersonal.objects.blank([2], erased_in=begun.entry_id)
    assert "row 2 was erased" in audit.verify().problem


def test_a_later_act_does_not_cover_the_words_of_an_earlier_one() -> None:
    told()
    first = erase("account", "acct_1")
    told()
    second = erase("account", "acct_1")
    AuditPersonal.objects.blank([first.entry_id], erased_in=second.entry_id)
    assert f"row {first.entry_id} was erased" in audit.verify().problem


def test_the_page_asks_twice_and_then_shows_how_far_it_has_come(marta: User) -> None:
    row, ana = told(marta), browser("ana")
    path = f"/audit/erase/user/{marta.pk}"
    assert f'href="{path}"' in ana.get(f"/console/auditentry/{row.pk}/change/").content.decode()
    assert f'href="{path}"' in ana.get(f"/staff/{marta.pk}").content.decode()
    assert "marta" in ana.get(path).content.decode()
    bad = ana.post(path, {"reason": "no", "ticket": "T-9"})
    assert (bad.status_code, 'value="T-9"' in bad.content.decode()) == (422, True)
    typed = {"reason": WHY, "ticket": "T-9"}
    second = ana.post(path, typed)
    assert "Nothing was erased yet." in second.content.decode()
    assert not Erasure.objects.exists()
    wrong = ana.post(path, {**typed, "reason": "Something else entirely", "sure": second.context["sure"]})
    assert "Nothing was erased yet." in wrong.content.decode()
    for _ in range(2):  # a double click
        answer = ana.post(path, {**typed, "sure": second.context["sure"]})
        assert answer.status_code == 302
    begun = Erasure.objects.get()
    assert "Under way." in ana.get(answer["Location"]).content.decode()
    erasure.work(str(begun.pk))
    assert "row were erased" in " ".join(ana.get(answer["Location"]).content.decode().split())
    shown = " ".join(ana.get(f"/console/auditentry/{row.pk}/change/").content.decode().split())
    assert "Its names and words were erased" in shown
    assert "It is as it was written." in shown
    assert "Marta called" not in shown
    assert "nothing left to erase" in ana.get(path).content.decode()


def test_lists_and_searches_show_what_is_erased_calmly(marta: User) -> None:
    told(marta, subject="ic_1"), told(person("otto"), subject="ic_2", ticket="T-2")
    older(1, plain_ticket="T-1")
    erase("user", marta.pk)

    def found(words: str) -> set[int]:
        answer = browser("ana").get("/console/auditentry/", {"q": words})
        return {row.number for row in answer.context["cl"].result_list if row.action == "test.done"}

    assert (found("T-1"), found("T-2"), found("ic_1"), found("acct_1")) == ({3}, {2}, {1}, {1, 2})
    assert found("marta") == {1}
    text = browser("ana").get("/console/auditentry/").content.decode()
    assert text.count('<span class="quiet">Erased</span>') == 2  # who, and why
    assert browser("sam").get("/audit/erase/user/1").status_code == 403


def test_readers_cost_no_query_a_row(marta: User) -> None:
    told(marta, account_id=ACCOUNT)
    path = "/console/auditentry/"
    one = cost(browser("ana"), path)
    for _ in range(20):
        told(marta, account_id=ACCOUNT)
    erase("account", ACCOUNT)
    assert cost(browser("ana"), path) == one <= MOST
    row = AuditEntry.objects.get(number=AuditEntry.objects.filter(action="test.done").latest("number").number)
    assert cost(browser("ana"), f"/console/auditentry/{row.pk}/change/") <= MOST


def test_hostile_words_are_kept_as_they_are(marta: User) -> None:
    told(marta, reason=HOSTILE, account_name=HOSTILE, ticket=HOSTILE[:60])
    told(reason="\ud800 half a letter".encode("utf-8", "replace").decode())
    assert audit.verify().problem == ""
    row = AuditEntry.objects.get(number=1)
    page = browser("ana").get(f"/console/auditentry/{row.pk}/change/").content.decode()
    assert "<script>alert" not in page
    erase("user", marta.pk)
    assert "DROP TABLE" not in stored()


def test_the_command_erases_and_says_what_it_did(marta: User) -> None:
    told(marta), told(marta)
    out = io.StringIO()
    ana, words = person("ana"), ("--reason", WHY, "--sure")
    call_command("erase_person", "--as", ana.get_username(), "--user", "marta", *words, stdout=out)
    assert "2 rows" in out.getvalue()
    assert audit.verify().problem == ""
    with pytest.raises(CommandError, match="nothing left") as failure:
        call_command("erase_person", "--as", "ana", "--user", "marta", *words)
    assert failure.value.returncode == 1
    told(marta, subject="ich_1")
    with pytest.raises(CommandError, match="--sure"):
        call_command("erase_person", "--as", "ana", "--subject", "ich_1", "--reason", WHY)
    for wrong in (("--user", "nobody"), ("--account", "x"), ("--user", "marta", "--account", "acct_1"), ()):
        with pytest.raises(CommandError):
            call_command("erase_person", "--as", "ana", *wrong, *words)
    with pytest.raises(CommandError, match="at least 10"):
        call_command("erase_person", "--as", "ana", "--account", "acct_1", "--reason", "no", "--sure")
    with pytest.raises(CommandError, match="Your role"):
        person("otto"), call_command("erase_person", "--as", "otto", "--account", "acct_1", *words)
