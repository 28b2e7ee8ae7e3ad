"""The stock stripe-python client talks to it as to Stripe."""

import pytest
import stripe

from tests.sandbox_process import SandboxProcess

COMPANY = {
    "country": "US",
    "business_type": "company",
    "controller": {
        "stripe_dashboard": {"type": "none"},
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
        "requirement_collection": "application",
    },
    "capabilities": {"card_issuing": {"requested": True}, "transfers": {"requested": True}},
    "metadata": {"order": "1"},
}


@pytest.fixture
def client(box: SandboxProcess) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_stock", base_addresses={"api": box.url}, max_network_retries=0)


def test_it_creates_reads_updates_lists_and_deletes(client: stripe.StripeClient) -> None:
    account = client.v1.accounts.create(COMPANY)
    assert (account.object, account.metadata["order"]) == ("account", "1")
    again = client.v1.accounts.update(account.id, {"metadata": {"order": ""}, "email": "a@example.com"})
    assert (again.metadata.to_dict(), again.email) == ({}, "a@example.com")
    assert client.v1.accounts.retrieve(account.id).id == account.id
    assert [each.id for each in client.v1.accounts.list({"limit": 1}).auto_paging_iter()] == [account.id]
    assert client.v1.accounts.delete(account.id).deleted is True


def test_it_walks_pages_by_itself(client: stripe.StripeClient) -> None:
    made = [client.v1.accounts.create(COMPANY).id for _ in range(5)]
    walked = [account.id for account in client.v1.accounts.list({"limit": 2}).auto_paging_iter()]
    assert walked == made[::-1]


def test_it_maps_every_error_to_its_class(client: stripe.StripeClient, box: SandboxProcess) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.events.retrieve("evt_unknown")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.PermissionError):
        client.v1.events.list({}, {"stripe_account": "acct_unknown"})
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient("sk_live_x", base_addresses={"api": box.url}).v1.events.list()
    for fault, kind in (
        ("429", stripe.RateLimitError),
        ("500", stripe.APIError),
        ("reset_before", stripe.APIConnectionError),
    ):
        box.control("faults", [{"match": "GET /v1/events", "fault": fault}])
        with pytest.raises(kind):
            client.v1.events.list()
    client.v1.accounts.create(COMPANY, {"idempotency_key": "k1"})
    with pytest.raises(stripe.IdempotencyError):
        client.v1.accounts.create({**COMPANY, "email": "b@example.com"}, {"idempotency_key": "k1"})


def test_its_own_retries_do_not_act_twice(box: SandboxProcess) -> None:
    client = stripe.StripeClient("sk_test_stock", base_addresses={"api": box.url}, max_network_retries=2)
    box.control("faults", [{"match": "POST /v1/accounts", "fault": fault} for fault in ("reset_after", "500")])
    account = client.v1.accounts.create(COMPANY)
    assert [each.id for each in client.v1.accounts.list().data] == [account.id]
