"""`mail` and `mail_settle`: the same rows, the same decisions, the same trail."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from console.mail import mails
from console.mail.models import Mail
from console.record.models import AuditEntry
from tests.people import person

pytestmark = pytest.mark.django_db
WHY = "Found in the log of the mail server"


def run(*words: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=out, **options)
    return out.getvalue()


def status(*words: str) -> int:
    with pytest.raises(CommandError) as error:
        run(*words)
    return error.value.returncode


def made(state: str) -> Mail:
    mail = mails.queue("test", "vera@example.com", {"link": "me"})
    Mail.objects.filter(pk=mail.pk).update(state=state, settled_at=timezone.now(), error="550 \x1b[2J No")
    return mail


def test_a_test_mail_is_queued_in_somebodys_name() -> None:
    person("ana")
    said = run("mail", "--to", "vera@example.com", "--as", "ana")
    mail = Mail.objects.get()
    assert said == f"{mail.pk} {mail.message_id} queued\n"
    assert (mail.to, mail.user, mail.template) == ("vera@example.com", person("ana"), "test")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.user) == ("mail.queued", mail.pk, person("ana"))
    assert "vera" not in str(entry.detail)


def test_other_templates_take_their_values() -> None:
    person("ana")
    given = ("--value", "what=token_made", "--value", "link=me")
    assert status("mail", "--to", "vera@example.com", "--template", "sign_in_changed", "--as", "ana", *given) == 2
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("mail", "--to", "vera", "--as", "ana"), 2),
        (("mail", "--to", "vera@example.com", "--template", "gone", "--as", "ana"), 2),
        (("mail", "--to", "vera@example.com"), 2),
        (("mail", "--to", "vera@example.com", "--as", "nobody"), 2),
        (("mail_settle", "mail_none", "--drop", "--reason", WHY, "--as", "ana"), 2),
        (("mail_settle", "--drop", "--reason", WHY, "--as", "ana"), 2),
        (("mail_settle", "--all-failed", "--drop", "--reason", "short", "--as", "ana"), 2),
    ],
)
def test_bad_input_changes_nothing(words: tuple[str, ...], number: int) -> None:
    person("ana")
    assert status(*words) == number
    assert not Mail.objects.exists()
    assert not AuditEntry.objects.exists()


def test_mails_that_need_a_person_are_listed_and_nothing_steers_the_terminal() -> None:
    failed, doubt = made("failed"), made("unknown")
    made("sent")
    lines = run("mail_settle").splitlines()
    assert [line.split()[:3] for line in lines] == [
        [failed.pk, "failed", failed.message_id],
        [doubt.pk, "unknown", doubt.message_id],
    ]
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(("flag", "after"), [("--sent", "sent"), ("--again", "queued"), ("--drop", "dropped")])
def test_doubt_is_settled_by_a_command(flag: str, after: str) -> None:
    person("ana")
    mail = made("unknown")
    assert run("mail_settle", f" {mail.pk} ", flag, "--reason", WHY, "--as", "ana") == f"{mail.pk} {after}\n"
    assert AuditEntry.objects.get().reason == WHY
    assert status("mail_settle", mail.pk, "--sent", "--reason", WHY, "--as", "ana") == 1


def test_all_that_failed_are_sent_again_at_once_and_doubt_is_left() -> None:
    person("ana")
    for state in ("failed", "failed", "unknown"):
        made(state)
    assert run("mail_settle", "--all-failed", "--again", "--reason", WHY, "--as", "ana").count("queued") == 2
    assert sorted(Mail.objects.values_list("state", flat=True)) == ["queued", "queued", "unknown"]
    assert run("mail_settle", "--all-failed", "--again", "--reason", WHY, "--as", "ana") == ""


def test_who_may_not_decide_is_denied() -> None:
    person("otto")
    mail = made("failed")
    assert status("mail_settle", mail.pk, "--again", "--reason", WHY, "--as", "otto") == 1
    mail.refresh_from_db()
    assert mail.state == "failed"
