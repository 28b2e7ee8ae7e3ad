"""Templates are data with versions; nothing personal gets into a mail that is no approved notice to the holder."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from console.mail import mails, templates, values
from console.mail.models import Mail
from console.mail.templates import HOLDER, Template
from console.mail.values import Unfit, personal

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
OPERATION = "0b9f4e9e-6a1c-4d5e-8a3c-2f1d0c9b8a7f"
GOOD: dict[str, dict[str, Any]] = {  # of each template
    "test": {"link": "admin:index"},
    "sign_in_changed": {"what": "password_set", "at": NOW, "link": "me"},
    "audit_head": {"row": 7, "digest": "a" * 64, "at": NOW, "trail": "admin:console_auditentry_changelist"},
    "daily_digest": {"waiting": 3, "home": "admin:index", "at": NOW, "row": 7, "digest": "a" * 64, "me": "me"},
}
# Other words are another version: whoever changes a template counts its version up and writes its digest here.
WORDS = {
    ("audit_head", 1): "9c68a0e842537708",
    ("daily_digest", 1): "2e64b7679f7f946e",
    ("sign_in_changed", 1): "93e2e539c131e416",
    ("test", 1): "291e31edc4474004",
}
PERSONAL: tuple[Any, ...] = (
    "Amara",
    "Amara Okonkwo",
    "amara@example.com",
    "+14155550123",
    14155550123,
    "536904217",
    536904217,
    "510 Townsend St",
    "94103x",
    "Northgate",
    "8.8.8.8",
    datetime(1987, 11, 23, tzinfo=UTC),
    datetime(2016, 1, 1, tzinfo=UTC),
    ["account", "Amara Okonkwo"],
    ["search", "amara@example.com"],
    "/connect/accounts?q=amara",
    "https://evil.example/amara",
    {"name": "Amara"},
    None,
    True,
    -1,
    1.5,
    "",
    "x\r\nBcc: amara@example.com",
)


def notice(**changes: Any) -> Template:
    given: dict[str, Any] = {
        "name": "tests_notice", "version": 1, "subject": "{platform}", "body": "Dear {name}, see {link}",
        "values": {"name": personal, "link": values.link}, "audience": HOLDER, "approved": True, **changes,
    }  # fmt: skip
    return Template(**given)


def test_every_template_renders() -> None:
    assert {each.name for each in templates.every()} == set(GOOD)
    for template in templates.every():
        subject, body, texts = template.render(GOOD[template.name])
        assert subject.startswith("Northgate Cards")
        assert "{" not in subject + body
        assert all(text in subject + body for text in texts.values())
        assert "http://127.0.0.1:8000/" in body
        assert len(max(body.splitlines(), key=len)) < 200


def test_other_words_are_another_version() -> None:
    words = {
        (each.name, each.version): hashlib.sha256(json.dumps([each.subject, each.body]).encode()).hexdigest()[:16]
        for each in templates.every()
    }
    assert words == WORDS


@pytest.mark.parametrize("value", PERSONAL)
def test_nothing_personal_can_be_passed_to_a_template_that_is_no_approved_notice(value: Any) -> None:
    for template in (each for each in templates.every() if each.audience != HOLDER):
        for name in template.values:
            with pytest.raises(Unfit):
                mails.queue(template.name, "vera@example.com", {**GOOD[template.name], name: value})
        with pytest.raises(Unfit):
            mails.queue(template.name, "vera@example.com", {**GOOD[template.name], "name": value})
    assert not Mail.objects.exists()


def test_no_template_but_an_approved_notice_declares_what_is_personal() -> None:
    for template in templates.every():
        assert personal not in template.values.values() or (template.audience == HOLDER and template.approved)
    for changes in ({"audience": templates.INTERNAL}, {"approved": False}):
        with pytest.raises(TypeError, match="carries nothing personal"):
            notice(**changes)
    with pytest.raises(TypeError, match="over shoulders"):
        notice(subject="For {name}")


def test_a_notice_that_is_not_approved_is_not_sent() -> None:
    draft = notice(body="See {link}", values={"link": values.link}, approved=False)
    with pytest.raises(Unfit, match="not approved"):
        draft.render({"link": "me"})


def test_a_template_declares_what_it_names_and_nothing_else() -> None:
    for changes in ({"body": "{link} {other}"}, {"body": "{link}"}):
        with pytest.raises(TypeError, match="declared are"):
            notice(**{"values": {"link": values.link, "name": personal}, **changes})


def test_two_templates_have_two_names() -> None:
    with pytest.raises(TypeError, match="two templates"):
        templates.register(notice(name="test"))


@pytest.mark.parametrize("given", [{}, {"link": "me", "more": 1}, {"lnik": "me"}])
def test_values_are_those_that_it_declares(given: dict[str, Any]) -> None:
    with pytest.raises(Unfit, match=r"test takes \['link'\]"):
        templates.get("test").render(given)


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(Unfit, match="no template tests_gone"):
        mails.queue("tests_gone", "vera@example.com", {})


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (values.account_id, "acct_1TestsTestsTests1", "acct_1TestsTestsTests1"),
        (values.object_id, "ic_1Tests", "ic_1Tests"),
        (values.object_id, 41, "41"),
        (values.operation_id, OPERATION, OPERATION),
        (values.count, 0, "0"),
        (values.count, 12345, "12,345"),
        (values.moment, datetime(2026, 11, 26, 7, 5, tzinfo=UTC), "26 Nov 2026, 07:05 UTC"),
        (values.link, ["operation", OPERATION], f"http://127.0.0.1:8000/operations/{OPERATION}"),
        (values.link, ["account", "acct_1Tests"], "http://127.0.0.1:8000/connect/accounts/acct_1Tests"),
        (personal, "Zoë\u202e\nO’Neil", "Zoë\ufffd O’Neil"),
    ],
)
def test_kinds_make_text(kind: values.Kind, value: Any, text: str) -> None:
    assert kind(value) == text


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (values.account_id, "ic_1Tests"),
        (values.account_id, ""),
        (values.count, 1_000_001),
        (values.moment, timezone.now().replace(tzinfo=None)),
        (values.moment, timezone.now() + timedelta(days=4000)),
        (values.digest, "A" * 64),
        (values.link, "no_such_page"),
        (values.link, ["account"]),
        (values.link, "//evil.example/"),
        (values.one_of({"a": "A"}), "b"),
        (values.one_of({"a": "A"}), ["a"]),
        (personal, "\u2800\u200b"),
        (personal, "x" * 201),
        (personal, 5),
    ],
)
def test_kinds_refuse(kind: values.Kind, value: Any) -> None:
    with pytest.raises(Unfit):
        kind(value)


@pytest.mark.parametrize("row", [0, 1_000_001, 10**8 - 1])
def test_a_row_of_the_trail_fits_a_mail_however_long_the_trail_is(row: int) -> None:
    assert values.row_number(row) == f"{row:,}"


@pytest.mark.parametrize("row", [-1, 10**8, "1", True, 1.0])
def test_what_is_no_row_does_not(row: Any) -> None:
    with pytest.raises(Unfit):
        values.row_number(row)
