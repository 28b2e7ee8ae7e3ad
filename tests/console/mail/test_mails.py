"""A mail is a row in the transaction of what it tells of; what is personal in it is dropped after a time."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.mail import deciding, mails, templates
from console.mail.models import Mail
from console.mail.values import Unfit
from tests.console.mail.test_templates import notice
from tests.people import ACCOUNT, person

pytestmark = pytest.mark.django_db
LINK = {"link": "me"}


def test_a_mail_is_one_row_and_nothing_is_sent_within_the_transaction() -> None:
    with CaptureQueriesContext(connection) as queries:
        mail = mails.queue("test", "vera@example.com", LINK, user=person("ana"), account_id=ACCOUNT)
    assert len([query for query in queries if "console_mail" in query["sql"]]) == 1
    mail.refresh_from_db()
    assert (mail.state, mail.template, mail.version, mail.account_id) == ("queued", "test", 1, ACCOUNT)
    assert mail.values == {"link": "http://127.0.0.1:8000/me/"}
    assert mail.message_id == f"<{mail.pk}@127.0.0.1>"
    assert str(mail) == mail.pk


def test_what_did_not_happen_is_not_mailed() -> None:
    with transaction.atomic():
        mails.queue("test", "vera@example.com", LINK)
        transaction.set_rollback(True)
    assert not Mail.objects.exists()


def test_the_same_word_finds_the_first_mail() -> None:
    first = mails.queue("test", "vera@example.com", LINK, once="x")
    assert mails.queue("test", "other@example.com", LINK, once="x") == first
    assert mails.queue("test", "vera@example.com", LINK).pk != first.pk
    assert mails.queue("test", "vera@example.com", LINK).once is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "vera",
        "vera@",
        "vera@example.com, eve@example.com",
        "vera@example.com\nBcc: eve@example.com",
        "vera@example.com\r\n",
        "Vera <vera@example.com>",
        "vera@example.com\x00",
        "vera\u202e@example.com",
        f"{'v' * 250}@example.com",
    ],
)
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(Unfit, match="e-mail address"):
        mails.queue("test", address, LINK)
    assert not mails.is_address(address)
    assert not Mail.objects.exists()


def test_an_account_is_named_by_its_id_alone() -> None:
    with pytest.raises(Unfit):
        mails.queue("test", "vera@example.com", LINK, account_id="Alder Freight")


def test_what_waited_in_a_backup_is_in_doubt_when_it_is_restored() -> None:
    for state in ("queued", "sending", "sent"):
        mail = mails.queue("test", "vera@example.com", LINK)
        Mail.objects.filter(pk=mail.pk).update(state=state, settled_at=timezone.now() if state == "sent" else None)
    assert mails.doubt_all() == 2
    assert sorted(Mail.objects.values_list("state", flat=True)) == ["sent", "unknown", "unknown"]
    assert not Mail.objects.due().exists()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE console_mail")  # a database of a release without mails; rolled back
    assert mails.doubt_all() == 0


@pytest.fixture
def to_holder(monkeypatch: pytest.MonkeyPatch) -> Mail:
    """A notice to a holder, which names them."""
    monkeypatch.setitem(templates._templates, "tests_notice", notice())
    return mails.queue("tests_notice", "amara@example.com", {"name": "Amara", "link": "me"}, account_id=ACCOUNT)


def settled(ago: timedelta, **values: Any) -> None:
    Mail.objects.update(**{"state": "sent", "settled_at": timezone.now() - ago, "error": "amara@example.com", **values})


def test_what_a_notice_says_of_a_holder_is_dropped_after_a_time(to_holder: Mail) -> None:
    ours = mails.queue("test", "vera@example.com", LINK)
    settled(timedelta(days=31), tries=[{"said": "550 <amara@example.com>"}])
    assert mails.redact_old() == 1
    assert mails.redact_old() == 0
    to_holder.refresh_from_db()
    assert (to_holder.body, to_holder.to, to_holder.error) == ("", "", "")
    assert (to_holder.values, to_holder.tries) == ({}, [])
    assert to_holder.redacted_at
    assert to_holder.message_id
    ours.refresh_from_db()
    assert ours.body
    assert ours.to == "vera@example.com"


@pytest.mark.parametrize("values", [{"ago": timedelta(days=29)}, {"ago": timedelta(0), "settled_at": None}])
def test_what_is_young_or_still_to_be_sent_stays(to_holder: Mail, values: dict[str, Any]) -> None:
    settled(**values)
    assert mails.redact_old() == 0


def test_what_was_dropped_cannot_be_sent_again(to_holder: Mail) -> None:
    settled(timedelta(days=31), state="failed")
    mails.redact_old()
    to_holder.refresh_from_db()
    assert deciding.open_to(to_holder) == ["drop"]
    with pytest.raises(deciding.Denied):
        deciding.decide(to_holder, "again", user=person("ana"), reason="They still wait for it")
