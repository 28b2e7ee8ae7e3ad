"""No POST without its token, at any address; exempt are the two webhook endpoints, which take no cookie."""

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from tests.people import known_accounts, person
from tests.permissions import TABLE
from tests.test_permissions import made  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
EXEMPT = {"webhook", "connect_webhook"}


@pytest.mark.parametrize("name", sorted(set(TABLE) - EXEMPT))
def test_a_post_without_a_token_is_refused(name: str, made: dict[str, str]) -> None:  # noqa: F811
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("ana"))
    answer = client.post(TABLE[name].path.format(**made), {"for_account": made["account"], "mode": "look"})
    assert answer.status_code == 403
    assert "errors/csrf.html" in [template.name for template in answer.templates]


def test_nothing_else_is_exempt() -> None:
    def exempt(resolver: object) -> set[str]:
        found: set[str] = set()
        for entry in resolver.url_patterns:  # type: ignore[attr-defined]
            if not isinstance(entry, URLPattern):
                found |= exempt(entry)
            elif getattr(entry.callback, "csrf_exempt", False):
                found.add(entry.name)
        return found

    assert exempt(get_resolver()) == EXEMPT


def test_a_token_of_another_browser_is_worth_nothing() -> None:
    known_accounts()
    client, other = Client(enforce_csrf_checks=True), Client()
    other.get("/login/")
    client.force_login(person("ana"))
    form = {"csrfmiddlewaretoken": other.cookies["csrf"].value, "label": "x"}
    assert client.post("/me/tokens", form).status_code == 403
