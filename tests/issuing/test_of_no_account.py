"""What belongs to no connected account, such as the platform's own top-up: nothing follows it, no page shows it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.account.models import Account
from gateway import applying, catch_up, client, inbox, intake, mirror, sync
from gateway.errors import Refused
from gateway.models import Binding, Event
from tests.gateway.deliveries import WEBHOOK, deliver, made_up
from tests.issuing import rows
from tests.people import browser, known_accounts
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
SECRET = "whsec_of_the_platforms_own_endpoint"
AT = 1_790_000_000
MODELS = sorted((model for model in mirror.REGISTRY.values() if model is not Account), key=lambda m: m.stripe_object)
PREFIXES = {
    "issuing.authorization": "iauth",
    "issuing.card": "ic",
    "issuing.cardholder": "ich",
    "issuing.transaction": "ipi",
    "topup": "tu",
}
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stripe_object)


@pytest.fixture(autouse=True)
def endpoint(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform's own endpoint has a secret, nobody listens, and there are accounts with rows of their own."""
    monkeypatch.setattr(applying, "listeners", [])
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    known_accounts()
    rows.many(1)


def shown(model: type[mirror.Mirror]) -> dict[str, Any]:
    """One of the platform's own, with the least that Stripe sends of one."""
    kind = model.stripe_object
    return {"id": f"{PREFIXES.get(kind, 'its')}_1PlatformsOwn", "object": kind, "created": AT, "status": "succeeded"}


def listed() -> list[Any]:
    """The models that have a list over all accounts, and events."""
    return [model for model in admin.site._registry if issubclass(model, mirror.Mirror) or model is Event]


def assert_nowhere(*every: str) -> None:
    """Home, the search for their ids, every list and the search of each answer, and none leads to one of them."""
    lists = [reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in listed()]
    sought = [f"{path}?q={own}" for path in ("/search", *lists) for own in every]
    ana = browser("ana")
    for path in ("/", "/search?q=PlatformsOwn", *lists, *sought):
        answer = ana.get(path)
        assert answer.status_code == 200, path
        assert [own for own in every if f"/{own}" in answer.content.decode()] == [], path


def plant(model: type[mirror.Mirror]) -> mirror.Mirror:
    """A row as an older release wrote it."""
    row = model(id=shown(model)["id"], data=shown(model), as_of=1, created=datetime.fromtimestamp(AT, UTC))
    row.set_columns()
    row.save()
    return row


def test_these_are_the_lists() -> None:
    assert {"Event", "Account", "Topup", "Card", "Cardholder", "Authorization", "Transaction"} <= {
        model.__name__ for model in listed()
    }


@each_model
def test_an_event_is_ignored_and_says_why(model: type[mirror.Mirror]) -> None:
    assert deliver(made_up(f"{model.stripe_object}.created", shown(model)), WEBHOOK, secret=SECRET).status_code == 200
    inbox.drain()
    event = Event.objects.get()
    assert (event.state, event.error, event.object_key) == ("ignored", intake.OF_NO_ACCOUNT, "")
    assert not inbox.replay(event.pk)
    assert not model.every.filter(account=None).exists()


def test_our_key_on_one_reaches_the_listeners() -> None:
    request = {"id": "req_1", "idempotency_key": "ours"}
    event = made_up("topup.created", shown(mirror.REGISTRY["topup"]), request=request)
    deliver(event, WEBHOOK, secret=SECRET)
    heard: list[str] = []
    inbox.on_settled(lambda events: heard.extend(event.idempotency_key for event in events))
    assert inbox.drain() == 1
    assert (heard, Event.objects.get().error) == (["ours"], intake.OF_NO_ACCOUNT)


@each_model
def test_an_event_that_waited_since_an_older_release_is_ignored(model: type[mirror.Mirror]) -> None:
    deliver(made_up(f"{model.stripe_object}.created", shown(model)), WEBHOOK, secret=SECRET)
    Event.objects.update(state="waiting", object_key=f"{model.stripe_object}:{shown(model)['id']}", error="")
    assert inbox.drain() == 1
    assert Event.objects.values_list("state", "error").get() == ("ignored", intake.OF_NO_ACCOUNT)
    assert not model.every.filter(account=None).exists()


@each_model
@pytest.mark.parametrize("account", [None, ""])
def test_an_answer_is_not_kept(model: type[mirror.Mirror], account: str | None) -> None:
    with pytest.raises(mirror.Misplaced, match="of no connected account"):
        model.absorb_answer(client.Answer(shown(model), AT, "req_1", False), account=account)
    assert not model.every.filter(account=None).exists()


def test_events_and_rows_of_an_older_release_are_seen_nowhere() -> None:
    for model in MODELS:
        deliver(made_up(f"{model.stripe_object}.created", shown(model)), WEBHOOK, secret=SECRET)
    inbox.drain()
    planted = [plant(model) for model in MODELS]
    assert [row for row in planted if type(row).objects.filter(pk=row.pk).exists()] == []
    assert_nowhere(*(row.pk for row in planted))


def test_the_platforms_own_top_up_at_stripe_is_brought_by_no_way(sandbox: SandboxProcess) -> None:
    Account.objects.all().delete()
    params = {"amount": "2000", "currency": "usd", "description": "Own funds"}
    status, topup, _ = sandbox.api("POST", "/v1/topups", params)
    assert status == 200, topup
    catch_up.run()
    inbox.drain()
    sync.run(threads=1)
    event = Event.objects.get(type="topup.created")
    assert (event.account, event.state, event.error) == ("", "ignored", intake.OF_NO_ACCOUNT)
    assert not mirror.REGISTRY["topup"].every.filter(pk=topup["id"]).exists()


def test_the_platforms_own_account_is_none_of_ours_by_its_name_either(sandbox: SandboxProcess, settings: Any) -> None:
    platform = sandbox.api("GET", "/v1/account")[1]["id"]
    Binding.objects.create(mode=settings.CONSOLE_MODE, platform_account=platform)
    event = made_up("topup.created", shown(mirror.REGISTRY["topup"]), platform)
    deliver(event, WEBHOOK, secret=SECRET)
    inbox.drain()
    assert Event.objects.get().state == "quarantined"
    assert "the platform's own account" in Event.objects.get().error
    with pytest.raises(Refused, match="platform's own account"):
        sync.run(accounts=[platform], threads=1)
    assert not Account.every.filter(pk=platform).exists()
    assert_nowhere(platform)
