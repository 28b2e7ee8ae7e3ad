"""Our webhook endpoints at Stripe, and the secrets they sign with."""

import io
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from gateway import endpoints, nouns
from gateway.errors import Unreachable
from tests.gateway.scripted import Scripted, good
from tests.gateway.test_checks import LIVE, TEST
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def var_dir(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    settings.CONSOLE_URL = "http://127.0.0.1:8000"
    return tmp_path


@pytest.fixture
def in_test_mode(sandbox: SandboxProcess, settings: Any) -> None:
    """Test mode, with the sandbox as Stripe."""
    for name, value in (TEST | {"STRIPE_API_BASE": sandbox.url, "CONSOLE_URL": "https://c.example"}).items():
        setattr(settings, name, value)
    settings.STRIPE_WEBHOOK_SECRETS = settings.STRIPE_CONNECT_WEBHOOK_SECRETS = []


def register(*options: str) -> tuple[str, str]:
    """What the command printed, on stdout and on stderr."""
    out, err = io.StringIO(), io.StringIO()
    call_command("register_webhooks", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def at_stripe(sandbox: SandboxProcess) -> dict[str, dict[str, Any]]:
    """The endpoints that stand at Stripe, by the last word of their address."""
    listed = sandbox.api("GET", "/v1/webhook_endpoints", {"limit": "100"})[1]["data"]
    assert len({endpoint["url"] for endpoint in listed}) == len(listed)
    return {endpoint["url"].rstrip("/").rsplit("/", 1)[-1]: endpoint for endpoint in listed}


def writes(sandbox: SandboxProcess) -> int:
    return sum(each.get("method") in ("POST", "DELETE") for each in sandbox.traffic())


def test_both_endpoints_are_made_in_our_version_for_our_types(
    sandbox: SandboxProcess, settings: Any, var_dir: Path
) -> None:
    out, err = register()
    made = at_stripe(sandbox)
    assert set(made) == {"stripe", "connect"}
    for endpoint in made.values():
        assert endpoint["api_version"] == settings.STRIPE_API_VERSION
        assert endpoint["status"] == "enabled"
        assert set(endpoint["enabled_events"]) == set(nouns.event_types())
    assert out == ""
    assert err.count(" made: http://127.0.0.1:8000/webhooks/stripe/") == 2
    assert "whsec_" not in err


def test_secrets_of_the_sandbox_are_kept_where_only_we_read_them(sandbox: SandboxProcess, var_dir: Path) -> None:
    assert endpoints.secrets("platform") == []
    register()
    for kind in endpoints.KINDS:
        path = var_dir / f"webhook_secret_{kind}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        (secret,) = endpoints.secrets(kind)
        assert secret.startswith("whsec_")
    assert endpoints.secrets("platform") != endpoints.secrets("connect")
    assert len(list(var_dir.iterdir())) == 2


def test_second_run_changes_nothing(sandbox: SandboxProcess) -> None:
    register()
    before, secrets, done = at_stripe(sandbox), endpoints.secrets("platform"), writes(sandbox)
    _, err = register()
    assert err.count(" kept: ") == 2
    assert at_stripe(sandbox) == before
    assert endpoints.secrets("platform") == secrets
    assert writes(sandbox) == done


def test_endpoint_that_was_changed_is_brought_back(sandbox: SandboxProcess) -> None:
    register()
    endpoint = at_stripe(sandbox)["stripe"]
    change = {"disabled": "true", "enabled_events[0]": "account.updated"}
    sandbox.api("POST", f"/v1/webhook_endpoints/{endpoint['id']}", change)
    _, err = register()
    assert "platform endpoint " + endpoint["id"] + " updated" in err
    now = at_stripe(sandbox)["stripe"]
    assert (now["id"], now["status"]) == (endpoint["id"], "enabled")
    assert set(now["enabled_events"]) == set(nouns.event_types())


def test_endpoint_of_another_version_is_replaced_and_its_secret_kept_beside(
    sandbox: SandboxProcess, settings: Any
) -> None:
    version, settings.STRIPE_API_VERSION = settings.STRIPE_API_VERSION, "2025-01-27.acacia"
    endpoints.register("platform", keep=endpoints.keep_in_file)
    (old,), before = endpoints.secrets("platform"), at_stripe(sandbox)["stripe"]
    settings.STRIPE_API_VERSION = version
    done = endpoints.register("platform", keep=endpoints.keep_in_file)
    now = at_stripe(sandbox)["stripe"]
    assert done.did == "replaced"
    assert now["id"] == done.id != before["id"]
    assert now["api_version"] == version
    assert endpoints.secrets("platform")[1:] == [old]
    assert endpoints.secrets("platform")[0] != old


def test_no_more_than_two_secrets_are_kept(sandbox: SandboxProcess, var_dir: Path) -> None:
    for _ in range(4):
        register()
        sandbox.reset()
    assert len(endpoints.secrets("platform")) == 2


def test_lost_secret_is_replaced_in_the_sandbox(sandbox: SandboxProcess, var_dir: Path) -> None:
    register()
    before = at_stripe(sandbox)["connect"]
    (var_dir / "webhook_secret_connect").unlink()
    _, err = register()
    assert "connect endpoint" in err
    assert at_stripe(sandbox)["connect"]["id"] != before["id"]
    assert len(endpoints.secrets("connect")) == 1


def test_other_endpoints_are_left_alone(sandbox: SandboxProcess) -> None:
    params = {"url": "https://other.example/hook", "enabled_events[0]": "account.updated"}
    other = sandbox.api("POST", "/v1/webhook_endpoints", params)[1]
    register()
    register()
    assert at_stripe(sandbox)["hook"]["id"] == other["id"]


@pytest.mark.parametrize("fault", ["reset_after", "500_after", "429"])
def test_lost_answer_makes_no_second_endpoint(sandbox: SandboxProcess, fault: str) -> None:
    sandbox.control(
        "faults",
        [{"match": "POST /v1/webhook_endpoints", "times": 1, "fault": fault, "retry_after": 0}]
        if fault == "429"
        else [{"match": "POST /v1/webhook_endpoints", "times": 1, "fault": fault}],
    )
    register()
    assert set(at_stripe(sandbox)) == {"stripe", "connect"}
    assert all(len(endpoints.secrets(kind)) == 1 for kind in endpoints.KINDS)


def test_stripe_that_is_away_is_one_line(sandbox: SandboxProcess, settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="could not be reached"):
        register()


def test_stored_error_is_not_asked_for_again(sandbox: SandboxProcess) -> None:
    sandbox.control("faults", [{"match": "POST /v1/webhook_endpoints", "times": 1, "fault": "500_replayed"}])
    with pytest.raises(CommandError, match="Run this again"):
        register()
    register()
    assert set(at_stripe(sandbox)) == {"stripe", "connect"}


def test_refusal_shows_stripes_words(sandbox: SandboxProcess, settings: Any) -> None:
    settings.CONSOLE_URL = "nonsense"
    with pytest.raises(CommandError, match=r"Stripe refused: .*url_invalid, request req_"):
        register()


def test_trouble_goes_on_until_the_last_try(settings: Any) -> None:
    listing = b'{"object": "list", "data": [], "has_more": false}'
    with Scripted(
        lambda method, _: good(listing) if method == "GET" else good(b"{}", status=503, Retry_After="0")
    ) as server:
        settings.STRIPE_API_BASE = server.url
        with pytest.raises(Unreachable):
            endpoints.register("platform", keep=endpoints.keep_in_file)
    keys = [headers["Idempotency-Key"] for method, _, headers, _ in server.requests if method == "POST"]
    assert len(keys) == endpoints.TRIES
    assert len(set(keys)) == 1


# Outside the sandbox


def test_secrets_are_printed_once_with_the_variables_to_set(
    in_test_mode: None, sandbox: SandboxProcess, settings: Any, var_dir: Path
) -> None:
    out, err = register()
    printed = dict(line.split("=", 1) for line in out.splitlines())
    assert set(printed) == {"STRIPE_WEBHOOK_SECRETS", "STRIPE_CONNECT_WEBHOOK_SECRETS"}
    assert "whsec_" not in err
    assert list(var_dir.iterdir()) == []
    for name, value in printed.items():
        setattr(settings, name, value.split(","))
    assert endpoints.secrets("connect") == [printed["STRIPE_CONNECT_WEBHOOK_SECRETS"]]
    out, err = register()
    assert out == ""
    assert err.count(" kept: ") == 2


def test_secrets_of_the_sandbox_open_nothing_elsewhere(in_test_mode: None, var_dir: Path) -> None:
    endpoints.keep_in_file("connect", ["whsec_sandbox"])
    assert endpoints.secrets("connect") == []


def test_secret_that_nobody_set_is_not_replaced_unasked(
    in_test_mode: None, sandbox: SandboxProcess, settings: Any
) -> None:
    register()
    before = at_stripe(sandbox)
    with pytest.raises(CommandError, match=before["stripe"]["id"] + r".*--roll"):
        register()
    assert at_stripe(sandbox) == before
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_before"]
    out, _ = register("--roll")
    line = out.splitlines()[0]
    assert line.startswith("STRIPE_WEBHOOK_SECRETS=whsec_")
    assert line.endswith(",whsec_before")
    assert set(at_stripe(sandbox)) == {"stripe", "connect"}
    assert at_stripe(sandbox)["stripe"]["id"] != before["stripe"]["id"]


def test_plain_http_is_refused_in_live_mode(settings: Any) -> None:
    for name, value in (LIVE | {"CONSOLE_URL": "http://c.example", "HTTPS": False}).items():
        setattr(settings, name, value)
    with pytest.raises(CommandError, match="https only"):
        register()


def test_key_of_another_mode_registers_nothing(sandbox: SandboxProcess, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_1"
    with pytest.raises(CommandError, match=r"gateway\.E004"):
        register()
    assert at_stripe(sandbox) == {}
