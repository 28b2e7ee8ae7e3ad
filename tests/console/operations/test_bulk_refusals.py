"""What is done for one at a time is refused in bulk, whoever asks and however; odd bytes are refused everywhere."""

import pytest

from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from console.people.models import User
from console.shell.site import ConsoleSite
from tests.people import ACCOUNT, browser, known_accounts

pytestmark = pytest.mark.django_db
ONE_BY_ONE = {
    "accounts.create_account",
    "accounts.create_account_link",
    "accounts.record_terms",
    "issuing.capture_test_authorization",
    "issuing.create_card",
    "issuing.create_cardholder",
    "issuing.create_test_authorization",
    "issuing.create_topup",
    "issuing.reverse_test_authorization",
    "issuing.update_card",
    "issuing.update_cardholder",
}


def test_the_verbs_for_one_at_a_time_are_these() -> None:
    ours = [verb for verb in verbs.every() if verb.name.startswith(("accounts.", "issuing."))]
    assert {verb.name for verb in ours if not verb.bulk} == ONE_BY_ONE


@pytest.mark.parametrize("name", sorted(ONE_BY_ONE))
def test_bulk_refuses_them_on_get_and_post(name: str) -> None:
    ana = browser("ana")
    assert ana.get(f"/bulk/{name}/?id=acct_1").status_code == 400
    assert ana.post(f"/bulk/{name}/", {"row": f"acct_1:{'a' * 32}", "run": "1"}).status_code == 400
    assert not Operation.objects.exists()


def test_a_verb_of_the_platform_takes_no_account() -> None:
    browser("otto")
    otto = User.objects.get(username="otto")
    with pytest.raises(Denied, match="not about one account"):
        door.perform(
            verbs.get("accounts.create_account"),
            user=otto,
            params={},
            reason="A reason that is long enough",
            form_token="a" * 32,
            account_id="acct_1",
        )


def test_a_nul_byte_in_a_form_is_refused() -> None:
    Account.every.create(id="acct_1Nul", account_id="acct_1Nul", data={"id": "acct_1Nul", "object": "account"})
    otto = browser("otto")
    for body in ({"form_token": "x\0y"}, {"for_account": "\0"}):
        assert otto.post("/connect/accounts/acct_1Nul/refresh", body).status_code == 400


def test_a_lists_action_passes_one_guard_not_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list's own; the other time is the frame's, which tells the template whether somebody is there."""
    known_accounts()
    ana, asked = browser("ana"), []
    monkeypatch.setattr(ConsoleSite, "has_permission", lambda _, request: asked.append(request.path) or True)
    answer = ana.post("/accounts/account/", {"action": "accounts.refresh", "_selected_action": ACCOUNT})
    assert answer.context["verb"].name == "accounts.refresh"
    assert len(asked) == 2
