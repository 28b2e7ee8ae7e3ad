"""Approvals of one account and of one verb, also of an account that the act itself made; and rows of before."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from console.approvals import deciding, exact
from console.approvals.models import Approval
from console.people.models import User
from tests.console.acting import ACCOUNT, CREATE, do
from tests.console.approvals.conftest import Ask, Policy
from tests.people import browser
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def listed(**narrowed: str) -> list[Any]:
    """What the list shows to ana."""
    return [row.pk for row in browser("ana").get("/console/approval/", narrowed).context["cl"].result_list]


def test_the_list_is_narrowed_by_account_and_verb(ask: Ask) -> None:
    first, second = ask("Birch Ltd"), ask("Cedar Ltd")
    assert (first.verb, first.account_id) == ("tests.rename", first.operation.account_id)
    assert listed(account=first.operation.account_id) == [first.pk]
    assert listed(verb="tests.rename") == [second.pk, first.pk]
    assert listed(verb="tests.create") == []


def test_an_account_that_the_act_made_is_found(
    acting_verbs: None, policy: Policy, otto: User, vera: User, sandbox: SandboxProcess
) -> None:
    policy('[verbs."tests.create"]\nsandbox.always = true\n')
    operation = do(CREATE, otto, params=ACCOUNT).operation
    approval = Approval.objects.get(operation=operation)
    assert approval.account_id == ""
    found = exact.read(operation)
    assert found
    made = deciding.approve(approval, user=vera, seen=found.seen).operation
    approval.refresh_from_db()
    assert approval.account_id == made.account_id != ""


def test_approvals_of_before_are_filled_in(ask: Ask) -> None:
    asked = ask()
    Approval.objects.update(verb="", account_id="")
    migration = importlib.import_module("console.migrations.0014_bulk_failed_and_approvals_found")
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert listed(account=asked.operation.account_id) == [asked.pk]
    asked.refresh_from_db()
    assert asked.verb == "tests.rename"
