"""A list takes from its address what it declares and nothing else: no lookup tells what is masked, whoever asks."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP
from django.test import RequestFactory
from django.urls import reverse

from accounts.account.models import Account
from console.lists.declared import ListAdmin
from issuing.authorizations.models import Authorization
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.topups.models import Topup
from issuing.transactions.models import Transaction
from tests.issuing import rows
from tests.keeping import once
from tests.people import PEOPLE, browser, known_accounts, person, view_as

pytestmark = [pytest.mark.django_db, pytest.mark.crawl, pytest.mark.prove]
OURS: dict[type[Model], ModelAdmin] = dict(admin.site._registry)
MIRRORS = (Account, Authorization, Card, Cardholder, Topup, Transaction)
LOOKUPS = ("exact", "iexact", "startswith", "icontains", "regex", "iregex", "gt", "lte", "in", "range", "isnull", "len")
BELOW = ("email", "individual__dob__year", "billing__address__line1__startswith")  # of a JSON field


def own(model: type[Model]) -> Iterator[str]:
    """Its own fields, and what lies below its JSON fields."""
    for field in model._meta.fields:
        yield field.name
        if field.get_internal_type() == "JSONField":
            yield from (f"{field.name}__{path}" for path in BELOW)


def related(model: type[Model]) -> Iterator[str]:
    """The columns of its keys, and the fields of the rows that they point to."""
    for field in model._meta.fields:
        if field.related_model:
            yield field.attname
            yield from (f"{field.name}__{other.name}" for other in field.related_model._meta.fields)  # type: ignore[union-attr]


def declared(model: type[Model]) -> set[str]:
    return OURS[model].declared(asked("vera"))  # type: ignore[attr-defined, no-any-return]


def undeclared(model: type[Model]) -> list[str]:
    """Every lookup on them that the list does not declare; of a declared field only its equality is."""
    columns, known = (*own(model), *related(model)), declared(model)
    names = [name for column in columns for name in (column, *(f"{column}__{each}" for each in LOOKUPS))]
    return [name for name in names if name not in known]


def asked(who: str) -> object:
    request = RequestFactory().get("/")
    request.user = person(who)
    return request


def address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def a_row_of_each() -> None:
    """A row in every list."""
    known_accounts()
    Account.objects.update(email="marta@kestrel.example")
    view_as(browser("sam"))
    rows.transaction(rows.authorization(rows.card(rows.cardholder())))
    rows.topup()


world = once(a_row_of_each)


def test_every_list_declares_what_its_address_may_ask() -> None:
    assert [model for model, found in OURS.items() if not isinstance(found, ListAdmin)] == []


@pytest.mark.parametrize("model", OURS)
def test_no_lookup_is_allowed_that_no_filter_declares(model: type[Model]) -> None:
    allowed, request = OURS[model].lookup_allowed, asked("vera")
    names = undeclared(model)
    assert len(names) > 50
    assert [name for name in names if allowed(name, "1", request)] == []  # type: ignore[arg-type]


@pytest.mark.parametrize("who", PEOPLE)
def test_an_undeclared_lookup_is_400_on_every_list_for_everybody(who: str, world: None) -> None:
    client = browser(who)
    for model in OURS:
        if client.get(address(model)).status_code == 403:
            continue
        answers = {client.get(address(model), {f"{name}__startswith": "j"}).status_code for name in own(model)}
        assert answers == {400}, model
        known = declared(model)
        plain = [name for name in own(model) if LOOKUP_SEP not in name and name not in known]
        led = {client.get(address(model), {name: "j"}).headers.get("Location") for name in plain}
        assert led == {f"{address(model)}?e=1"}, model


@pytest.mark.parametrize("model", [Account, Cardholder])
@pytest.mark.parametrize("lookup", ["email", "email__startswith", "email__regex", "data__email", "data__email__regex"])
def test_the_answer_does_not_depend_on_a_masked_value(model: type[Model], lookup: str, world: None) -> None:
    values = (*model._default_manager.values_list("email", flat=True), "marta", "jonas", "x", "^(a+)+$", "[", "")
    vera = browser("vera")
    answers = [vera.get(address(model), {lookup: value}) for value in values]
    told = {(answer.status_code, answer.content, answer.headers.get("Location")) for answer in answers}
    assert [status for status, *_ in told] == [302 if lookup == "email" else 400]


def test_the_parameters_of_declared_filters_still_narrow(world: None) -> None:
    sam = person("sam").pk
    for model, name, value, found in (
        (Account, "country", "US", 2),
        (Cardholder, "disabled_reason", "listed", 0),
        ("console.worksession", "user__id__exact", str(sam), 1),
        ("console.worksession", "user__id__exact", str(sam + 1), 0),
        ("console.worksession", "mode__exact", "look", 1),
        ("console.worksession", "mode__exact", "work", 0),
        ("console.auditentry", "action", "session.started", 1),
        ("console.auditentry", "at__year", "1999", 0),
    ):
        path = f"/{model.replace('.', '/')}/" if isinstance(model, str) else address(model)
        answer = browser("otto").get(path, {name: value})
        assert (answer.status_code, len(answer.context["cl"].result_list)) == (200, found), name


@pytest.mark.parametrize("model", OURS)
def test_every_link_of_a_filter_is_declared(model: type[Model], world: None) -> None:
    ana = browser("ana")
    answer = ana.get(address(model))
    shown = answer.context["cl"]
    links = {choice["query_string"] for spec in shown.filter_specs for choice in spec.choices(shown)}
    assert links
    assert {ana.get(f"{address(model)}{link}").status_code for link in links} == {200}


@pytest.mark.parametrize("model", MIRRORS)
def test_a_list_that_offers_no_order_takes_none(model: type[Model], world: None) -> None:
    rows.cardholder(name="Aaron", email="zoe@kestrel.example")
    vera = browser("vera")
    orders = [
        [row.pk for row in vera.get(address(model), {"o": order}).context["cl"].result_list]
        for order in ("", "1", "-2", "3.4.5.6", "-7", "8")
    ]
    assert all(each == orders[0] for each in orders)
