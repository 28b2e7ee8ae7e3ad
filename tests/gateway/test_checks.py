"""Mode, key, address and database must belong together, and live mode asks for more."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from gateway import binding, checks
from gateway.errors import Unreachable
from gateway.models import Binding
from tests.gateway.scripted import Scripted, good
from tests.sandbox_process import SandboxProcess

ROOT = Path(__file__).resolve().parents[2]
LIVE = {
    "CONSOLE_MODE": "live",
    "STRIPE_SECRET_KEY": "sk_live_1",
    "STRIPE_API_BASE": "https://api.stripe.com",
    "CONSOLE_URL": "https://console.example.com",
    "STRIPE_WEBHOOK_SECRETS": ["whsec_1"],
    "STRIPE_CONNECT_WEBHOOK_SECRETS": ["whsec_2"],
    "DEMO_USERS": False,
    "DEBUG": False,
    "MIDDLEWARE": [checks.SECOND_FACTOR],
    "SANDBOX": False,
    "HTTPS": True,
}
TEST = LIVE | {"CONSOLE_MODE": "test", "STRIPE_SECRET_KEY": "sk_test_1", "MIDDLEWARE": []}


def found(settings: Any, **given: Any) -> list[str | None]:
    """Ids of the errors under these settings; each of them has a hint."""
    for name, value in given.items():
        setattr(settings, name, value)
    errors = run_checks(tags=[binding.TAG])
    assert all(error.hint for error in errors)
    return [error.id for error in errors]


def test_sandbox_needs_nothing(settings: Any) -> None:
    assert found(settings) == []


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_live_mode_starts_when_all_of_it_holds(settings: Any, key: str) -> None:
    assert found(settings, **LIVE | {"STRIPE_SECRET_KEY": key}) == []


@pytest.mark.parametrize("key", ["sk_test_1", "rk_test_1"])
def test_test_mode_starts_with_a_test_key(settings: Any, key: str) -> None:
    assert found(settings, **TEST | {"STRIPE_SECRET_KEY": key}) == []


@pytest.mark.parametrize("mode", ["", "Live", "production"])
def test_unknown_mode_is_an_error(settings: Any, mode: str) -> None:
    assert found(settings, CONSOLE_MODE=mode) == ["gateway.E001"]


@pytest.mark.parametrize("mode", [LIVE, TEST])
def test_missing_key_is_an_error(settings: Any, mode: dict[str, Any]) -> None:
    assert found(settings, **mode | {"STRIPE_SECRET_KEY": ""}) == ["gateway.E002"]


@pytest.mark.parametrize("key", ["pk_test_1", "whsec_1", "sk_live", "hello"])
def test_key_of_another_kind_is_an_error(settings: Any, key: str) -> None:
    assert found(settings, STRIPE_SECRET_KEY=key) == ["gateway.E003"]


def test_error_does_not_spell_the_key_out(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "pk_test_secretsecret"
    assert "secretsecret" not in str(run_checks(tags=[binding.TAG]))


@pytest.mark.parametrize("mode", [{}, TEST])
def test_live_key_outside_live_mode_is_an_error(settings: Any, mode: dict[str, Any]) -> None:
    assert found(settings, **mode | {"STRIPE_SECRET_KEY": "rk_live_1"}) == ["gateway.E004"]


def test_test_key_in_live_mode_is_an_error(settings: Any) -> None:
    assert found(settings, **LIVE | {"STRIPE_SECRET_KEY": "sk_test_1"}) == ["gateway.E005"]


@pytest.mark.parametrize("base", ["https://api.stripe.com", "http://10.0.0.1:12111", "", "nonsense"])
def test_sandbox_away_from_this_machine_is_an_error(settings: Any, base: str) -> None:
    assert found(settings, STRIPE_API_BASE=base) == ["gateway.E006"]


@pytest.mark.parametrize("mode", [LIVE, TEST])
def test_unencrypted_address_of_stripes_is_an_error(settings: Any, mode: dict[str, Any]) -> None:
    assert found(settings, **mode | {"STRIPE_API_BASE": "http://api.stripe.com"}) == ["gateway.E007"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"DEBUG": True}, "gateway.E008"),
        ({"CONSOLE_URL": "http://console.example.com"}, "gateway.E009"),
        ({"STRIPE_WEBHOOK_SECRETS": []}, "gateway.E010"),
        ({"STRIPE_CONNECT_WEBHOOK_SECRETS": []}, "gateway.E010"),
        ({"DEMO_USERS": True}, "gateway.E011"),
        ({"MIDDLEWARE": []}, "gateway.E012"),
    ],
)
def test_live_mode_starts_only_when_all_of_it_holds(settings: Any, wrong: dict[str, Any], error: str) -> None:
    assert found(settings, **LIVE | wrong) == [error]
    with pytest.raises(ImproperlyConfigured, match=error):
        binding.verify()


@pytest.mark.django_db
def test_test_mode_starts_without_webhook_secrets_and_says_so(settings: Any) -> None:
    assert found(settings, **TEST | {"STRIPE_WEBHOOK_SECRETS": []}) == ["gateway.W001"]
    binding.verify()
    assert Binding.objects.get().mode == "test"


# The database belongs to one mode and one platform account


@pytest.mark.django_db
def test_first_start_binds_the_mode() -> None:
    binding.verify()
    binding.verify()
    assert Binding.objects.get().mode == "sandbox"
    assert run_checks(tags=["database"], databases=["default"]) == []


@pytest.mark.django_db
def test_other_mode_is_refused(settings: Any) -> None:
    binding.verify()
    for name, value in TEST.items():
        setattr(settings, name, value)
    errors = [error for error in run_checks(tags=["database"], databases=["default"]) if error.id == "gateway.E013"]
    assert len(errors) == 1
    assert "first used in sandbox mode" in errors[0].msg
    with pytest.raises(ImproperlyConfigured, match=r"gateway\.E013"):
        binding.verify()


@pytest.mark.django_db
def test_database_that_is_not_asked_is_not_looked_at(settings: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert checks.database_binding(None, databases=None) == []
        assert checks.database_binding(None, databases=["other"]) == []


@pytest.mark.django_db
def test_empty_database_belongs_to_nobody_yet() -> None:
    assert binding.trouble() == ("", "")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {Binding._meta.db_table}")
    assert binding.trouble() == ("", "")


@pytest.mark.django_db
def test_platform_account_is_bound_with_the_first_answer(sandbox: SandboxProcess) -> None:
    bound = binding.bind()
    assert bound.platform_account.startswith("acct_")
    assert binding.bind().platform_account == bound.platform_account


@pytest.mark.django_db
def test_other_platform_account_is_refused(sandbox: SandboxProcess) -> None:
    Binding.objects.create(mode="sandbox", platform_account="acct_other")
    with pytest.raises(ImproperlyConfigured, match=r"gateway\.E014.*acct_other"):
        binding.bind()
    assert Binding.objects.get().platform_account == "acct_other"


@pytest.mark.django_db
def test_web_server_refuses_a_key_that_was_not_verified(sandbox: SandboxProcess, settings: Any) -> None:
    binding.bind()
    binding.verify()
    settings.STRIPE_SECRET_KEY = "sk_test_another"
    with pytest.raises(ImproperlyConfigured, match=r"gateway\.E014.*manage.py bind"):
        binding.verify()
    errors = run_checks(tags=["database"], databases=["default"])
    assert [error.id for error in errors] == ["gateway.E014"]
    assert "sk_test_another" not in str(errors)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "words",
    [
        ("sync",),
        ("register_webhooks",),
        ("create_account", "--reason", "A reason that is long enough", "--country", "US", "--business-type", "company"),
    ],
)
def test_commands_refuse_a_key_that_was_not_verified(
    sandbox: SandboxProcess, settings: Any, words: tuple[str, ...]
) -> None:
    binding.bind()
    settings.STRIPE_SECRET_KEY = "sk_test_another"
    with pytest.raises(CommandError, match=r"gateway\.E014"):
        call_command(*words)
    assert sandbox.api("GET", "/v1/accounts")[1]["data"] == []


@pytest.mark.django_db
def test_new_key_of_the_same_account_is_taken_once_stripe_has_said_so(sandbox: SandboxProcess, settings: Any) -> None:
    before = binding.bind()
    settings.STRIPE_SECRET_KEY = "sk_test_rolled"
    assert binding.bind().platform_account == before.platform_account
    binding.verify()
    assert "sk_test_rolled" not in str(Binding.objects.values())


@pytest.mark.django_db
def test_unknown_key_does_not_start_while_stripe_is_away(sandbox: SandboxProcess, settings: Any) -> None:
    binding.bind()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(Unreachable):
        binding.bind()
    settings.STRIPE_SECRET_KEY = "sk_test_another"
    with pytest.raises(ImproperlyConfigured, match=r"gateway\.E014"):
        binding.bind()


@pytest.mark.django_db
def test_key_that_stripe_refuses_binds_nothing(settings: Any) -> None:
    with Scripted(good(b'{"error": {"message": "Invalid API Key provided"}}', status=401)) as server:
        settings.STRIPE_API_BASE = server.url
        with pytest.raises(ImproperlyConfigured, match="Invalid API Key"):
            binding.bind()
    assert Binding.objects.get().platform_account == ""


@pytest.mark.django_db
def test_stripe_that_is_away_leaves_the_account_open(settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(Unreachable):
        binding.bind()
    assert Binding.objects.get().platform_account == ""


# As an operator meets them


def manage(tmp_path: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    unset = ("STRIPE_API_BASE", "STRIPE_RATE", "DATABASE_URL")
    inherited = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=inherited | {"VAR_DIR": str(tmp_path), "ENV_FILE": os.devnull} | env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_live_key_in_the_sandbox_stops_every_command(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", CONSOLE_MODE="sandbox", STRIPE_SECRET_KEY="sk_live_1")
    assert done.returncode == 1
    assert "gateway.E004" in done.stderr
    assert "sk_live_1" not in done.stderr


def test_key_without_a_mode_stops_every_command(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", CONSOLE_MODE="", STRIPE_SECRET_KEY="sk_test_1")
    assert done.returncode == 1
    assert "gateway.E001" in done.stderr


def test_production_settings_pass_the_deployment_check(tmp_path: Path) -> None:
    done = manage(
        tmp_path,
        *("check", "--deploy", "--fail-level", "WARNING"),
        CONSOLE_MODE="test",
        STRIPE_SECRET_KEY="sk_test_1",
        CONSOLE_URL="https://console.example.com",
        ALLOWED_HOSTS="console.example.com",
        STRIPE_WEBHOOK_SECRETS="whsec_1",
        STRIPE_CONNECT_WEBHOOK_SECRETS="whsec_2",
    )
    assert (done.returncode, done.stderr) == (0, "")
