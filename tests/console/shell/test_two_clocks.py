"""Stripe's clock and this machine's: both are named where they are apart, and neither is where they agree."""

import time
from email.utils import formatdate

import pytest

from console.operations.models import Operation
from gateway import clock
from tests.people import browser, person

pytestmark = pytest.mark.django_db
MONTH = 29 * 86_400
MACHINES = "this machine’s clock"


def pages() -> dict[str, str]:
    """What stands on pages that show moments, by path."""
    operation = Operation.objects.get_or_create(verb="tests.gone", user=person("ana"), key="k", form_token="t" * 32)[0]
    paths = ("/", f"/operations/{operation.pk}", "/console/operation/", "/console/auditentry/", "/gateway/event/")
    return {path: browser("ana").get(path).content.decode() for path in paths}


def test_two_clocks_that_are_apart_are_both_named_on_every_page() -> None:
    clock.note(formatdate(time.time() + MONTH, usegmt=True), time.time())
    found = pages()
    assert all("sandbox clock" in page and f"· {MACHINES} " in page for page in found.values())
    by_machine = {path for path, page in found.items() if f"by {MACHINES}" in page}
    assert by_machine == set(found) - {"/", "/gateway/event/"}


def test_clocks_that_agree_are_one() -> None:
    assert not any(MACHINES in page for page in pages().values())
