"""Mails on pages: the list, a mail's page and what a person decides there, the sandbox's mailbox, and home."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from console.mail import deciding, mails, sending, templates
from console.mail.models import Mail
from console.people.models import User
from console.record.models import AuditEntry
from tests.console.mail.test_templates import notice
from tests.costs import MOST, cost
from tests.people import ACCOUNT, browser, known_accounts, person

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
LINK = {"link": "me"}
WHY = "Found in the log of the mail server"
HOSTILE = "550 </bdi><script>alert(1)</script> \u202egnp.exe <vera@example.com>"


def made(state: str = "queued", **values: Any) -> Mail:
    mail = mails.queue("test", "vera@example.com", LINK, user=person("otto"), account_id=values.pop("account_id", ""))
    settled = None if state in ("queued", "sending") else timezone.now()
    Mail.objects.filter(pk=mail.pk).update(**{"state": state, "settled_at": settled, **values})
    mail.refresh_from_db()
    return mail


def trail() -> Any:
    """What was decided about mails."""
    return AuditEntry.objects.filter(action__startswith="mail.")


def at(mail: Mail) -> str:
    return f"/console/mail/{mail.pk}/change/"


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("queued", "It has not been sent yet."),
        ("sending", "It is being handed to the mail server."),
        ("sent", "It is in the mailbox. In the sandbox nothing leaves this machine."),
        ("failed", "It was not sent. Decide below."),
        ("unknown", "then decide below."),
        ("dropped", "It was dropped and will not be sent."),
    ],
)
def test_a_page_says_how_a_mail_stands(state: str, words: str) -> None:
    known_accounts()
    page = text(browser("ana"), at(made(state, account_id=ACCOUNT)))
    for found in (
        words,
        "vera@example.com",
        "Alder Freight",
        "It stands here:",
        "<code>test</code>, version 1",
        "otto",
    ):
        assert found in page, found
    assert ("data-state-url" in page) == (state in ("queued", "sending"))


def test_where_a_server_is_set_it_is_the_server_that_took_it(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    assert "The mail server took it." in text(browser("otto"), at(made("sent", settled_by="server")))
    assert "Somebody found that it was sent." in text(browser("otto"), at(made("sent", settled_by="person")))


def test_a_page_that_waits_can_ask_how_it_stands() -> None:
    mail, client = made(), browser("otto")
    assert client.get(f"/console/mail/{mail.pk}/state").json() == {"state": "queued", "settled": False}
    Mail.objects.update(state="failed", settled_at=timezone.now())
    assert client.get(f"/console/mail/{mail.pk}/state").json() == {"state": "failed", "settled": True}
    assert client.get("/console/mail/mail_none/state").status_code == 404


def test_a_mail_that_is_tried_again_says_when() -> None:
    mail = made(attempts=3, next_try_at=timezone.now() + timedelta(hours=1), error="450 Greylisted")
    page = " ".join(text(browser("otto"), at(mail)).split())
    assert "Nothing can have been sent in 3 tries so far." in page
    assert "450 Greylisted" in page


def test_a_mail_on_its_way_does_not_say_that_nothing_can_have_been_sent() -> None:
    mail = made("sending", attempts=1, next_try_at=timezone.now() + timedelta(hours=1))
    page = " ".join(text(browser("otto"), at(mail)).split())
    assert "It is being handed to the mail server." in page
    assert "Nothing can have been sent" not in page


@pytest.mark.parametrize(
    ("state", "decision", "after", "action"),
    [
        ("unknown", "sent", "sent", "mail.settled_as_sent"),
        ("unknown", "again", "queued", "mail.sent_again"),
        ("unknown", "drop", "dropped", "mail.dropped"),
        ("failed", "again", "queued", "mail.sent_again"),
        ("failed", "drop", "dropped", "mail.dropped"),
        ("queued", "drop", "dropped", "mail.dropped"),
    ],
)
def test_a_person_decides_once_with_a_row_in_the_trail(state: str, decision: str, after: str, action: str) -> None:
    mail, client = made(state, attempts=12), browser("ana")
    answer = client.post(at(mail), {"decision": decision, "reason": WHY}, follow=True)
    assert answer.status_code == 200
    before = mail.message_id
    mail.refresh_from_db()
    assert (mail.state, mail.message_id) == (after, before)
    assert bool(mail.settled_at) == (after != "queued")
    entry = trail().get()
    assert (entry.action, entry.subject, entry.reason, entry.user) == (action, mail.pk, WHY, person("ana"))
    assert entry.detail["was"] == state
    assert WHY in answer.content.decode()
    if after == "queued":
        assert mail.attempts == 0
        return
    again = client.post(at(mail), {"decision": decision, "reason": WHY})
    assert again.status_code == 409
    assert deciding.MEANWHILE in again.content.decode()
    assert trail().count() == 1


@pytest.mark.parametrize(
    ("state", "decision"),
    [("sending", "drop"), ("sending", "again"), ("sent", "again"), ("failed", "sent"), ("queued", "sent")],
)
def test_what_is_not_open_to_it_is_not_decided(state: str, decision: str) -> None:
    mail = made(state)
    answer = browser("ana").post(at(mail), {"decision": decision, "reason": WHY})
    assert answer.status_code == 409
    assert not trail().exists()
    mail.refresh_from_db()
    assert mail.state == state


def test_a_reason_that_says_nothing_changes_nothing_and_keeps_what_was_typed() -> None:
    mail, client = made("unknown"), browser("ana")
    for form in (
        {"decision": "again", "reason": "short"},
        {"decision": "burn", "reason": "short"},
        {"reason": "short"},
    ):
        answer = client.post(at(mail), form)
        assert answer.status_code == 422
        assert ">short</textarea>" in answer.content.decode() or 'value="short"' in answer.content.decode()
    mail.refresh_from_db()
    assert mail.state == "unknown"


def test_who_may_only_look_decides_nothing() -> None:
    mail, client = made("unknown"), browser("otto")
    page = text(client, at(mail))
    assert "decide with an administrator, who can do it here" in page
    assert 'name="decision"' not in page
    assert client.post(at(mail), {"decision": "again", "reason": WHY}).status_code == 403
    with pytest.raises(deciding.Denied, match="An administrator can"):
        deciding.decide(mail, "again", user=person("otto"), reason=WHY)
    assert browser("sam").get(at(mail)).status_code == 403


def test_a_mail_that_is_sent_again_is_due_at_once_and_keeps_its_id() -> None:
    mail = made("unknown", tries=[{"at": "2026-11-26T07:00:00+00:00", "outcome": "unknown", "said": "gone"}])
    browser("ana").post(at(mail), {"decision": "again", "reason": WHY})
    sending.send(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, [each["outcome"] for each in mail.tries]) == ("sent", ["unknown", "sent"])


def test_the_list_shows_filters_and_finds() -> None:
    known_accounts()
    failed, sent, client = made("failed", error=HOSTILE, account_id=ACCOUNT), made("sent"), browser("otto")

    def found(query: str) -> set[str]:
        answer = client.get(f"/console/mail/?{query}")
        assert answer.status_code == 200
        return {row.pk for row in answer.context["cl"].result_list}

    both, page = {failed.pk, sent.pk}, text(client, "/console/mail/")
    assert "<script>alert" not in page
    for query, rows in {
        "": both, "state=failed": {failed.pk}, "waiting=person": {failed.pk}, "template=test": both,
        "template=gone": set(), "state=gone": set(), f"account={ACCOUNT}": {failed.pk}, f"q={sent.pk}": {sent.pk},
        f"q={failed.message_id}": {failed.pk}, f"q={failed.message_id.strip('<>')}": {failed.pk},
        "q=vera@example.com": both, f"q={ACCOUNT}": {failed.pk}, "q=otto": both, "q=nobody": set(),
    }.items():  # fmt: skip
        assert found(query) == rows, query


def test_an_empty_list_and_an_empty_mailbox_say_what_would_fill_them() -> None:
    client = browser("otto")
    assert "No mails yet" in text(client, "/console/mail/")
    mailbox = text(client, "/mailbox/")
    assert "Nothing was mailed yet" in mailbox
    assert '<a href="/me/">your page</a>' in mailbox
    assert "&lt;" not in mailbox


def test_many_are_sent_again_or_dropped_from_the_list_and_doubt_is_not() -> None:
    failed, other, doubt, client = made("failed"), made("failed"), made("unknown"), browser("ana")
    form = {"action": "again", "_selected_action": [failed.pk, other.pk, doubt.pk], "index": "0"}
    page = client.post("/console/mail/", form, follow=True).content.decode()
    assert "2 mails are sent again." in page
    assert "1 mail stays as it is: it is not open to that in a list." in page
    assert sorted(Mail.objects.values_list("state", flat=True)) == ["queued", "queued", "unknown"]
    client.post("/console/mail/", {**form, "action": "drop"})
    assert sorted(Mail.objects.values_list("state", flat=True)) == ["dropped", "dropped", "unknown"]
    assert trail().count() == 4
    assert "_selected_action" not in text(browser("otto"), "/console/mail/")


def test_the_mailbox_shows_what_receivers_read(settings: Any) -> None:
    sent, waiting, client = made("sent"), made(), browser("otto")
    page = text(client, "/mailbox/")
    assert f"/mailbox/{sent.pk}" in page
    assert waiting.pk not in page
    page = text(client, f"/mailbox/{sent.pk}")
    assert 'href="http://127.0.0.1:8000/me/"' in page
    assert "Northgate Cards &lt;console@127.0.0.1&gt;" in page
    assert client.get(f"/mailbox/{waiting.pk}").status_code == 404
    settings.SANDBOX = False
    assert client.get("/mailbox/").status_code == client.get(f"/mailbox/{sent.pk}").status_code == 404


def test_a_full_mailbox_is_paged() -> None:
    every = [made("sent") for _ in range(27)]
    client = browser("otto")
    first = client.get("/mailbox/")
    assert len(first.context["mails"]) == 25
    rest = client.get(f"/mailbox/{first.context['older']}")
    assert [mail.pk for mail in rest.context["mails"]] == [every[1].pk, every[0].pk]
    assert rest.context["newer"]
    assert not rest.context["older"]


def test_who_may_not_see_personal_data_meets_neither_address_nor_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(templates._templates, "tests_notice", notice())
    mail = mails.queue("tests_notice", "amara@example.com", {"name": "Okonkwo", "link": "me"})
    Mail.objects.update(state="sent", error="550 amara@example.com", settled_at=timezone.now())
    rita, client = User.objects.create_user("rita", is_staff=True), Client()
    rita.user_permissions.add(Permission.objects.get(codename="view_mail"))
    client.force_login(rita)
    for path in ("/console/mail/", at(mail), "/mailbox/", f"/mailbox/{mail.pk}"):
        page = text(client, path)
        assert "amara@" not in page, path
        assert "Okonkwo" not in page, path
    assert "a•••@example.com" in text(client, at(mail))
    assert "can read it" in text(client, at(mail))
    assert client.get("/console/mail/?q=amara@example.com").context["cl"].result_count == 0
    assert mail.pk not in text(client, "/search?q=amara@example.com")
    assert "Okonkwo" in text(browser("otto"), f"/mailbox/{mail.pk}")


def test_search_finds_a_mail_by_id_message_id_and_address() -> None:
    mail, client = made("sent"), browser("otto")
    assert client.get(f"/search?q={mail.pk}").headers["Location"] == at(mail)
    for words in (mail.message_id, "vera@example.com"):
        assert mail.pk in text(client, f"/search?q={words}"), words
    assert mail.pk not in browser("sam").get("/search?q=vera@example.com").content.decode()


def test_failed_and_doubtful_mails_stand_on_home_and_in_the_menu() -> None:
    made("failed", error=HOSTILE), made("unknown"), made("sent")
    cache.clear()
    page = " ".join(text(browser("ana"), "/").split())
    for words in ("Mails failed or are in doubt", "1 more", "mails failed or in doubt", "Decide"):
        assert words in page, words
    assert "Mails failed" not in text(browser("sam"), "/")
    assert "Decide" not in text(browser("otto"), "/")


def test_no_page_costs_more_than_a_page_may() -> None:
    known_accounts()
    mail, client = made("unknown", account_id=ACCOUNT), browser("ana")
    for path in (at(mail), "/console/mail/", "/console/mail/?q=vera@example.com", "/mailbox/", "/search?q=vera@x.org"):
        assert cost(client, path) <= MOST, path


def test_two_decisions_at_once_count_once() -> None:
    mail = made("unknown")
    stale = Mail.objects.get()
    deciding.decide(mail, "drop", user=person("ana"), reason=WHY)
    with pytest.raises(deciding.Denied):
        deciding.decide(stale, "again", user=person("ana"), reason=WHY)
    assert Mail.objects.get().state == "dropped"
