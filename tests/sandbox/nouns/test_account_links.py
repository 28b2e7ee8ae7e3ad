"""Account links: who may make them, for what, and how long they live."""

import pytest

from tests.sandbox.browse import visit
from tests.sandbox.stock import Stock, refusal

REFRESH, RETURN = "http://127.0.0.1:1/refresh", "http://127.0.0.1:1/return?a=1"


def link(stock: Stock, account_id: str, **changes: str | dict) -> dict:
    params = {"account": account_id, "type": "account_onboarding", "refresh_url": REFRESH, "return_url": RETURN}
    return stock.v1.account_links.create({**params, **changes}).to_dict()


def test_link_has_no_id_and_lives_five_minutes(stock: Stock) -> None:
    account_id = stock.account()["id"]
    made = link(stock, account_id)
    assert set(made) == {"object", "created", "expires_at", "url"}
    assert made["expires_at"] - made["created"] == 300
    assert made["url"].startswith(f"{stock.box.url}/setup/s/{account_id}/")


def test_two_links_are_different(stock: Stock) -> None:
    account_id = stock.account()["id"]
    assert link(stock, account_id)["url"] != link(stock, account_id)["url"]


def test_link_made_while_acting_as_the_account_is_refused(stock: Stock) -> None:
    account_id = stock.account()["id"]
    params = {"account": account_id, "type": "account_onboarding", "refresh_url": REFRESH, "return_url": RETURN}
    error = refusal(lambda: stock.v1.account_links.create(params, {"stripe_account": account_id}))
    assert error.http_status == 403


def test_link_for_nobody_is_refused(stock: Stock) -> None:
    error = refusal(lambda: link(stock, "acct_nobody"))
    assert (error.code, error.param) == ("resource_missing", "account")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://example.com/",
        "//example.com",
        "example.com",
        "http://",
        "https://example.com/a b",
        "https://user@example.com/",
        "https://example.com;script-src",
        "https://[bad/",
        "https://example.com/\r\nSet-Cookie: a=b",
    ],
)
@pytest.mark.parametrize("name", ["refresh_url", "return_url"])
def test_hostile_addresses_are_refused(stock: Stock, name: str, url: str) -> None:
    account_id = stock.account()["id"]
    error = refusal(lambda: link(stock, account_id, **{name: url}))
    assert (error.http_status, error.param, error.code) == (400, name, "url_invalid")


@pytest.mark.parametrize("name", ["refresh_url", "return_url"])
def test_both_addresses_are_required(stock: Stock, name: str) -> None:
    addresses = {"refresh_url": REFRESH, "return_url": RETURN}
    del addresses[name]
    params = {"account": stock.account()["id"], "type": "account_onboarding", **addresses}
    error = refusal(lambda: stock.v1.account_links.create(params))
    assert (error.code, error.param) == ("parameter_missing", name)


def test_update_is_only_for_accounts_whose_requirements_the_platform_collects(stock: Stock) -> None:
    express = stock.v1.accounts.create({"type": "express", "country": "US"})
    assert refusal(lambda: link(stock, express.id, type="account_update")).param == "type"
    assert link(stock, express.id)["object"] == "account_link"
    assert link(stock, stock.account()["id"], type="account_update")["object"] == "account_link"


def test_deprecated_collect_excludes_its_successor(stock: Stock) -> None:
    account_id = stock.account()["id"]
    assert link(stock, account_id, collect="eventually_due")["object"] == "account_link"
    both = {"collect": "eventually_due", "collection_options": {"fields": "eventually_due"}}
    assert refusal(lambda: link(stock, account_id, **both)).param == "collect"


def test_visited_link_is_burnt(stock: Stock) -> None:
    path = link(stock, stock.account()["id"])["url"].removeprefix(stock.box.url)
    form = visit(stock.box, path)
    assert form[0] == 303
    assert form[1].startswith("/setup/c/")
    assert visit(stock.box, path) == (303, REFRESH)
    assert visit(stock.box, form[1])[0] == 200


def test_old_link_leads_to_refresh(stock: Stock) -> None:
    path = link(stock, stock.account()["id"])["url"].removeprefix(stock.box.url)
    stock.advance("5m")
    assert visit(stock.box, path) == (303, REFRESH)


def test_life_of_a_link_is_a_setting(stock: Stock) -> None:
    stock.box.control("settings", {"link_life": 10})
    made = link(stock, stock.account()["id"])
    assert made["expires_at"] - made["created"] == 10


def test_link_of_a_deleted_account_leads_to_refresh(stock: Stock) -> None:
    account_id = stock.account()["id"]
    path = link(stock, account_id)["url"].removeprefix(stock.box.url)
    stock.v1.accounts.delete(account_id)
    assert visit(stock.box, path) == (303, REFRESH)


def test_unknown_link_is_not_found(stock: Stock) -> None:
    one, other = stock.account()["id"], stock.account()["id"]
    path = link(stock, one)["url"].removeprefix(stock.box.url)
    assert visit(stock.box, path.replace(one, other))[0] == 404
    assert visit(stock.box, f"/setup/s/{one}/nothing")[0] == 404
    assert visit(stock.box, "/setup/c/nothing")[0] == 404
