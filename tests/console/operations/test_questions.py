"""What is more often a slip than meant is asked about before it is sent: on pages without JavaScript, of commands."""

import re
import uuid
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.account.models import Account
from console.operations.models import Operation
from gateway import clock
from issuing.cards.models import Card
from tests.accounts import builders
from tests.issuing import rows
from tests.people import ACCOUNT, browser, known_accounts, person, work

pytestmark = pytest.mark.django_db
NEW = {"country": "US", "business_type": "company", "business_name": "Kestrel", "reason": "A new customer of ours"}
CREATE = "/do/accounts.create_account/"
YES = re.compile(r'name="sure" value="([0-9a-f]{16})"')


def send(client: Client, path: str, **values: str) -> Any:
    return client.post(path, {"form_token": uuid.uuid4().hex, **values})


def sure(answer: Any) -> str:
    found = YES.search(answer.content.decode())
    assert found
    return found[1]


def limit(card: Card, amount: str) -> dict[str, str]:
    """The form of a card's controls with one monthly limit."""
    names = {"amount": amount, "interval": "monthly", "categories": ""}
    entries = {f"spending_limits_0_{name}": value for name, value in names.items()}
    return {**entries, "reason": "The customer asked for it", "for_account": ACCOUNT}


def test_a_second_account_of_the_same_name_within_a_minute_is_asked_about(sandbox: object) -> None:
    client = browser("otto")
    assert send(client, CREATE, **NEW).status_code == 303
    answer = send(client, CREATE, **{**NEW, "business_name": "ＫＥＳＴＲＥＬ", "email": "j@kestrel.example"})
    assert answer.status_code == 409
    assert Account.objects.count() == 1
    page = answer.content.decode()
    assert "Nothing was sent yet" in page
    assert 'value="j@kestrel.example"' in page
    typed = {**NEW, "business_name": "ＫＥＳＴＲＥＬ", "email": "j@kestrel.example"}
    assert send(client, CREATE, **typed, sure="0" * 16).status_code == 409
    assert send(client, CREATE, **typed, sure=sure(answer)).status_code in (302, 303)
    assert Account.objects.count() == 2


def test_a_double_click_is_not_asked(sandbox: object) -> None:
    client, token = browser("otto"), uuid.uuid4().hex
    for _ in range(2):
        assert client.post(CREATE, {**NEW, "form_token": token}).status_code in (302, 303)
    assert Account.objects.count() == 1


@pytest.mark.parametrize("change", ["another name", "a minute ago", "refused"])
def test_another_account_is_not_asked_about(change: str, sandbox: object) -> None:
    client = browser("otto")
    send(client, CREATE, **NEW)
    if change == "a minute ago":
        for operation in Operation.objects.all():
            Operation.objects.filter(pk=operation.pk).update(created_at=operation.created_at - timedelta(seconds=61))
        for account in Account.objects.all():
            Account.objects.filter(pk=account.pk).update(created=account.created - timedelta(seconds=61))
    if change == "refused":
        Operation.objects.update(state=Operation.State.REFUSED)
        Account.objects.all().delete()
    name = "Kestrel Ltd" if change == "another name" else "Kestrel"
    assert send(client, CREATE, **{**NEW, "business_name": name}).status_code in (302, 303)


def test_an_account_that_came_from_elsewhere_just_now_counts() -> None:
    account = builders.account(business_profile={"name": "Kestrel"})
    Account.objects.filter(pk=account.pk).update(created=clock.now())
    assert send(browser("otto"), CREATE, **NEW).status_code == 409


def test_a_command_refuses_until_it_is_told_to_be_sure(sandbox: object) -> None:
    person("otto")
    create = lambda **more: call_command("create_account", as_user="otto", stdout=StringIO(), **NEW, **more)  # noqa: E731
    create(token="nightly")
    create(token="nightly")  # the same word: it finds the first
    with pytest.raises(CommandError, match=r"created less than a minute ago.*--sure") as refused:
        create()
    assert refused.value.returncode == 2
    create(sure=True)
    assert Account.objects.count() == 2


@pytest.mark.parametrize("typed", ["0", "0.00", "$0"])
def test_a_limit_of_nothing_is_asked_about_and_said_to_decline_everything(typed: str) -> None:
    known_accounts()
    card, client = rows.card(rows.cardholder()), browser("otto")
    work(client)
    path = f"{card.get_absolute_url()}/do/issuing.update_card"
    answer = send(client, path, **limit(card, typed))
    assert answer.status_code == 409
    assert "every authorization is declined" in answer.content.decode()
    assert f'value="{typed}"' in answer.content.decode()
    assert not Operation.objects.exists()
    again = send(client, path, **limit(card, "0.01"), sure=sure(answer))
    assert Operation.objects.count() == 1, again.content.decode()


def test_a_limit_of_nothing_that_is_there_already_is_not_asked_about() -> None:
    known_accounts()
    none = {"amount": 0, "interval": "monthly", "categories": []}
    card, client = rows.card(rows.cardholder(), spending_controls={"spending_limits": [none]}), browser("otto")
    work(client)
    more = {"spending_limits_1_amount": "5", "spending_limits_1_interval": "daily", "spending_limits_1_categories": ""}
    answer = send(client, f"{card.get_absolute_url()}/do/issuing.update_card", **limit(card, "0"), **more)
    assert answer.status_code != 409


def test_a_new_card_with_a_limit_of_nothing_is_asked_about_and_sent_with_it() -> None:
    known_accounts()
    holder, client = rows.cardholder(), browser("otto")
    work(client)
    values = {"cardholder": holder.pk, "limit_amount": "0", "limit_interval": "daily", "for_account": ACCOUNT}
    path = f"/{ACCOUNT}/do/issuing.create_card"
    answer = send(client, path, **values, reason="The customer asked for it")
    assert answer.status_code == 409
    assert "spending_controls[spending_limits][0][amount]</span> = 0" in answer.content.decode()


def test_a_command_names_a_limit_of_nothing() -> None:
    known_accounts()
    card = rows.card(rows.cardholder())
    person("otto")
    with pytest.raises(CommandError, match="every authorization is declined"):
        call_command("update_card", f"“{card.pk}”,", "--limit", "0 monthly", as_user="otto", reason="asked by phone")
