"""The demo accounts: a dozen states, made once."""

import pytest
from django.core.management import CommandError, call_command

from accounts.account.models import Account
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

STATES = {
    "Tamarack Roofing Co.": ("restricted", "restricted"),
    "Pell & Ashgrove Surveyors": ("restricted", "cannot_issue"),
    "Quillback Marine Supply": ("enabled", "not_requested"),
    "Halloran Letterpress": ("enabled", "enabled"),
    "Saltmarsh Produce Co-op": ("enabled", "enabled"),
    "Osprey Courier Collective": ("restricted", "enabled"),
    "Lantern Street Theatre": ("rejected", "rejected"),
    "Verbena Home Care LLC": ("restricted", "restricted"),
    "Blue Heron Landscaping": ("in_review", "in_review"),
    "Marigold Bakery Group, Inc.": ("restricted_soon", "restricted_soon"),
    "Kestrel Freight Lines, Inc.": ("restricted", "restricted"),
    "Bluestem Grain Exchange": ("restricted", "restricted"),
    "Birch & Sons Bookbinders": ("enabled", "enabled"),
}


def test_the_demo_accounts_stand_in_their_states_and_are_made_once(sandbox: SandboxProcess) -> None:
    call_command("seed_accounts", verbosity=0)
    sandbox.control("clock", {"advance": "1m"})  # the tax office has answered
    Account.objects.get(name__startswith="Verbena").refresh()
    states = {row.name: (row.overall.name, row.issuing.name) for row in Account.objects.with_capability()}
    long = next(name for name in states if name.startswith("The Greater"))
    assert states.pop(long) == ("restricted_soon", "enabled")
    assert states == STATES
    call_command("seed_accounts", verbosity=0)
    assert Account.objects.count() == len(STATES) + 1


def test_demo_accounts_are_refused_outside_the_sandbox(settings: object) -> None:
    settings.SANDBOX = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="sandbox only"):
        call_command("seed_accounts")
