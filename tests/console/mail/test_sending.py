"""A mail is sent once; what was refused, what can be tried again by itself, and what nobody can know."""

import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from console.mail import mails, sending
from console.mail.models import DRAIN, Mail
from console.mail.sending import MOST_TRIES
from gateway import claims, sweep
from tests.smtp_server import DIE, HANG, TAKE_AND_DIE, SmtpServer

pytestmark = pytest.mark.django_db
LINK = {"link": "admin:index"}
TO = "vera@example.com"


def queued(to: str = TO) -> Mail:
    return mails.queue("test", to, LINK)


def sent(mail: Mail) -> Mail:
    sending.send(mail.pk)
    mail.refresh_from_db()
    return mail


def due_tomorrow() -> bool:
    """Whether anything would ever be sent by itself."""
    return Mail.objects.due(timezone.now() + timedelta(days=1)).exists()


def telling(server: SmtpServer, **answers: str) -> None:
    server.answer = lambda step: answers.get(step, "")


def test_what_the_server_takes_is_sent_with_the_message_id_of_the_row(server: SmtpServer, settings: Any) -> None:
    mail = sent(queued())
    assert (mail.state, mail.settled_by, mail.error) == ("sent", "server", "")
    assert mail.tries[0]["said"] == "250 OK, queued as 7"
    assert mail.settled_at
    assert server.receivers == [TO]
    taken = server.taken[0]
    assert taken["Message-ID"] == mail.message_id == f"<{mail.pk}@127.0.0.1>"
    assert (taken["To"], taken["Subject"]) == (TO, "Northgate Cards console: a test")
    assert taken["From"] == "Northgate Cards <console@127.0.0.1>"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert f"It stands here: {settings.CONSOLE_URL}/" in taken.get_content()  # type: ignore[attr-defined]


def test_a_mail_that_was_sent_is_not_sent_again(server: SmtpServer) -> None:
    mail = sent(queued())
    sent(mail)
    sweep.over(Mail)
    assert server.message_ids() == [mail.message_id]


def test_names_and_domains_of_any_script_arrive(server: SmtpServer, settings: Any) -> None:
    settings.PLATFORM_NAME = "Nørdgåte 卡 \u202e\r\nBcc: x@example.com"
    mail = sent(queued("vera@bücher.example"))
    assert mail.state == "sent", mail.error
    assert server.receivers == ["vera@xn--bcher-kva.example"]
    assert server.taken[0]["Bcc"] is None
    assert server.taken[0]["Subject"].strip().startswith("Nørdgåte 卡 \ufffd  Bcc: x@example.com")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"mail": "550 Sender refused"}, "550 Sender refused"),
        ({"rcpt": "550 5.1.1 No such user"}, "550 5.1.1 No such user"),
        ({"data": "554 Not today"}, "554 Not today"),
        ({"content": "554 Looks like spam"}, "554 Looks like spam"),
        ({"content": "451 Try later"}, "451 Try later"),  # it had the content: not by itself
    ],
)
def test_what_is_refused_has_failed_and_a_person_decides(
    server: SmtpServer, answers: dict[str, str], said: str
) -> None:
    telling(server, **answers)
    mail = sent(queued())
    assert (mail.state, mail.error, mail.tries[0]["outcome"]) == ("failed", said, "failed")
    assert not due_tomorrow()
    assert server.taken == []


def test_what_a_server_says_steers_nothing_and_is_kept_short(server: SmtpServer) -> None:
    telling(server, rcpt=f"550 \x1b[2J\u202egnp.exe\xff {'x' * 900}")
    mail = sent(queued())
    assert mail.error.startswith("550 \ufffd[2J\ufffdgnp.exe")
    assert len(mail.error) == 500


@pytest.mark.parametrize(
    "answers",
    [
        {"greeting": "421 Busy"},
        {"greeting": DIE},
        {"ehlo": HANG},
        {"mail": "451 Busy"},
        {"rcpt": "450 Greylisted"},
        {"rcpt": DIE},
        {"rcpt": HANG},
        {"data": "451 Busy"},
        {"data": DIE},
        {"data": HANG},
    ],
)
def test_what_cannot_have_been_sent_is_tried_again_by_itself(server: SmtpServer, answers: dict[str, str]) -> None:
    telling(server, **answers)
    mail = sent(queued())
    assert (mail.state, mail.tries[0]["outcome"]) == ("queued", "again"), mail.error
    assert mail.error
    assert mail.next_try_at
    wait = (mail.next_try_at - timezone.now()).total_seconds()
    assert 10 < wait <= 30
    assert sweep.over(Mail) == 0
    telling(server)
    Mail.objects.update(next_try_at=timezone.now())
    assert sent(mail).state == "sent"
    assert server.message_ids() == [mail.message_id]
    assert [each["outcome"] for each in mail.tries] == ["again", "sent"]


@pytest.mark.parametrize("answer", [DIE, HANG, TAKE_AND_DIE, "oops", "250-half", "299 Perhaps"])
def test_no_answer_after_the_content_is_doubt_and_never_sent_again_by_itself(server: SmtpServer, answer: str) -> None:
    telling(server, content=answer)
    mail = sent(queued())
    assert mail.state == "unknown", mail.error
    telling(server)
    sent(mail)
    assert not due_tomorrow()
    assert len(server.taken) == (answer in (TAKE_AND_DIE, "299 Perhaps", "250-half"))


def test_an_answer_of_endless_length_after_the_content_is_doubt(server: SmtpServer) -> None:
    telling(server, content=f"550 {'x' * 10_000}")
    assert sent(queued()).state == "unknown"


def test_a_server_that_is_not_there_is_tried_often_and_then_it_has_failed(settings: Any) -> None:
    with SmtpServer() as gone:
        port = gone.port
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "console.mail.smtp.Backend", "127.0.0.1", port
    mail = queued()
    waits = []
    for _ in range(MOST_TRIES - 1):
        assert sent(mail).state == "queued"
        assert mail.next_try_at
        waits.append((mail.next_try_at - timezone.now()).total_seconds())
        Mail.objects.update(next_try_at=timezone.now())
    assert waits[-1] > 1000
    assert max(waits) <= 3600
    assert sent(mail).state == "failed"
    assert mail.error.startswith("Given up after 12 tries: ConnectionRefusedError")


def test_without_a_mail_server_it_waits_and_says_what_to_set(settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "console.mail.smtp.Backend", ""
    mail = sent(queued())
    assert (mail.state, mail.error) == ("queued", "NoServer: No mail server is set (EMAIL_URL).")


def test_a_server_without_the_encryption_that_was_asked_for_gets_nothing(server: SmtpServer, settings: Any) -> None:
    settings.EMAIL_USE_TLS = True
    mail = sent(queued())
    assert (mail.state, server.taken) == ("failed", [])
    assert "STARTTLS" in mail.error


def test_a_wrong_password_lets_every_mail_wait_and_stands_nowhere(settings: Any) -> None:
    with SmtpServer(offers="AUTH PLAIN LOGIN") as server:
        telling(server, auth="535 Wrong")
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
            "console.mail.smtp.Backend",
            "127.0.0.1",
            server.port,
        )
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "console", "s3cret-of-the-server"
        mail = sent(queued())
        assert (mail.state, mail.error, bool(mail.next_try_at)) == ("queued", "535 Wrong", True)
        assert "s3cret" not in str(mail.tries)
        telling(server)
        mail = queued()
        assert sent(mail).state == "sent"


def test_a_sender_that_is_no_address_has_failed(server: SmtpServer, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "x\r\nBcc: y@example.com"
    mail = sent(queued())
    assert (mail.state, server.taken) == ("failed", [])


@pytest.fixture
def five(server: SmtpServer) -> list[Mail]:
    return [queued(f"staff{number}@example.com") for number in range(5)]


def states() -> list[str]:
    return list(Mail.objects.order_by("created_at").values_list("state", flat=True))


def test_a_drain_sends_all_that_is_due_in_order(server: SmtpServer, five: list[Mail]) -> None:
    telling(server)
    Mail.objects.filter(pk=five[1].pk).update(next_try_at=timezone.now() + timedelta(hours=1))
    sending.drain()
    assert states() == ["sent", "queued", "sent", "sent", "sent"]
    assert server.receivers == [f"staff{number}@example.com" for number in (0, 2, 3, 4)]
    assert sending.wake() == 0


@pytest.mark.parametrize(
    ("answers", "first"),
    [({"greeting": DIE}, "queued"), ({"greeting": "421 Busy"}, "queued"), ({"content": HANG}, "unknown")],
)
def test_a_server_that_does_not_answer_is_asked_three_times_a_turn(
    server: SmtpServer, five: list[Mail], answers: dict[str, str], first: str
) -> None:
    telling(server, **answers)
    sending.drain()
    assert states() == [*[first] * 3, *["queued"] * 2]
    assert list(Mail.objects.order_by("created_at").values_list("attempts", flat=True)) == [1, 1, 1, 0, 0]
    assert sweep.over(Mail) == 2
    telling(server)
    sending.drain()
    assert states() == [*[first] * 3, *["sent"] * 2]


def test_a_slow_silence_ends_a_turn_at_once(
    server: SmtpServer, five: list[Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TURN", 0.0)
    telling(server, content=HANG)
    sending.drain()
    assert states() == ["unknown", *["queued"] * 4]
    assert not OrmQ.objects.exists()


def test_a_mail_that_is_refused_keeps_no_other_back(server: SmtpServer, five: list[Mail]) -> None:
    answers = iter(["550 No", "450 Greylisted", *[""] * 3])
    server.answer = lambda step: next(answers) if step == "rcpt" else ""
    sending.drain()
    assert states() == ["failed", "queued", "sent", "sent", "sent"]


def test_while_another_process_sends_a_drain_leaves_it_all_to_that(server: SmtpServer, five: list[Mail]) -> None:
    until = timezone.now() + timedelta(minutes=1)
    Mail.objects.filter(pk=five[0].pk).update(state="sending", claimed_by="elsewhere:1:1", claimed_until=until)
    sending.drain()
    assert states() == ["sending", *["queued"] * 4]


def test_a_long_drain_lets_others_come_before_it_goes_on(
    server: SmtpServer, five: list[Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TURN", 0.0)
    sending.drain()
    assert states() == ["sent", *["queued"] * 4]
    assert [one.task["func"] for one in OrmQ.objects.all()] == [DRAIN]
    sending.drain()
    assert states() == ["sent", "sent", *["queued"] * 3]


@pytest.mark.django_db(transaction=True)
def test_a_mail_asks_for_one_drain_when_it_is_committed(server: SmtpServer) -> None:
    with transaction.atomic():
        queued()
        assert not OrmQ.objects.exists()
    for _ in range(10):
        queued()
    assert [one.task["func"] for one in OrmQ.objects.all()] == [DRAIN]
    sending.drain()
    assert states() == ["sent"] * 11


class Broken(BaseEmailBackend):
    """A backend of somebody else's, of which nobody knows how far it came."""

    def send_messages(self, email_messages: Any) -> int:
        raise RuntimeError("boom")


class Silent(BaseEmailBackend):
    """A backend that says that it sent nothing."""

    def send_messages(self, email_messages: Any) -> int:
        return 0


@pytest.mark.parametrize(("backend", "state"), [("Broken", "unknown"), ("Silent", "failed")])
def test_another_backend_that_raises_leaves_doubt(settings: Any, backend: str, state: str) -> None:
    settings.EMAIL_BACKEND = f"tests.console.mail.test_sending.{backend}"
    assert sent(queued()).state == state


def test_a_process_that_died_while_sending_leaves_doubt(server: SmtpServer) -> None:
    mail = queued()
    dead = f"{claims.process_name().rpartition(':')[0]}:999999999#1"
    Mail.objects.update(state="sending", claimed_by=dead, claimed_until=timezone.now() + timedelta(hours=1))
    sent(mail)
    assert mail.state == "sending"
    assert sweep.over(Mail) == 1
    assert sent(mail).state == "unknown"
    assert mail.settled_by == "crash"
    assert (server.taken, mail.error) == ([], sending.ENDED)
    assert not due_tomorrow()


@pytest.mark.parametrize(("answer", "state"), [("", "sent"), ("554 No", "failed"), (DIE, "unknown")])
def test_an_answer_that_comes_after_the_claim_ran_out_ends_the_doubt(
    server: SmtpServer, answer: str, state: str
) -> None:
    mail = queued()

    def slow(step: str) -> str:
        if step == "content":
            Mail.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
            sending.send(mail.pk)
            assert Mail.objects.get().state == "unknown"
        return answer if step == "content" else ""

    outcome = _delivered_within(mail, slow, server)
    assert outcome.state == state
    assert len(server.taken) == (answer == "")


def _delivered_within(mail: Mail, answer: Any, server: SmtpServer) -> Mail:
    """Send, with what the server does meanwhile done in this very thread: tests of one transaction see it."""
    original = sending.deliver

    def deliver(row: Mail) -> sending.Outcome:
        told = answer("content")
        server.answer = lambda step: told if step == "content" else ""
        return original(row)

    sending.deliver = deliver
    try:
        return sent(mail)
    finally:
        sending.deliver = original


@pytest.mark.django_db(transaction=True)
def test_that_it_is_being_sent_is_committed_before_the_server_is_spoken_to(server: SmtpServer) -> None:
    mail, seen = queued(), []

    def look(step: str) -> str:
        if step == "greeting":
            seen.append(list(Mail.objects.values_list("state", "attempts", "claimed_by")))
            connection.close()
        return ""

    server.answer = look
    assert sent(mail).state == "sent"
    [[(state, attempts, claimed_by)]] = seen
    assert (state, attempts) == ("sending", 1)
    assert claimed_by.startswith(claims.process_name())


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_sends(server: SmtpServer) -> None:
    mail = queued()
    barrier = threading.Barrier(8)

    def run() -> None:
        barrier.wait()
        sending.send(mail.pk)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.message_ids() == [mail.message_id]
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("sent", 1)


@pytest.mark.parametrize(
    ("error", "begun", "state"),
    [
        (smtplib.SMTPServerDisconnected("gone"), False, "again"),
        (smtplib.SMTPServerDisconnected("gone"), True, "unknown"),
        (smtplib.SMTPDataError(-1, b"?"), True, "unknown"),
        (smtplib.SMTPDataError(550, b"No"), True, "failed"),
        (smtplib.SMTPResponseException(500, "Line too long."), True, "unknown"),
        (smtplib.SMTPHeloError(502, b"No"), False, "again"),
        (smtplib.SMTPConnectError(554, b"No"), False, "again"),
        (smtplib.SMTPAuthenticationError(535, b"No"), False, "again"),
        (smtplib.SMTPSenderRefused(530, b"Sign in", "a@example.com"), False, "again"),
        (smtplib.SMTPSenderRefused(550, b"No", "a@example.com"), False, "failed"),
        (TimeoutError("late"), True, "unknown"),
        (ValueError("bad header"), False, "failed"),
        (ValueError("odd"), True, "unknown"),
    ],
)
def test_what_an_error_means(error: Exception, begun: bool, state: str) -> None:
    assert sending.meaning(error, begun=begun).state == state
