"""Where a key may be sent: Stripe's own hosts in live mode, this machine in the sandbox, and never by a look-alike."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from django.core.exceptions import ImproperlyConfigured

from accounts.management.commands import seed_accounts
from gateway import addresses, binding, client, connection
from gateway.errors import Unreachable
from tests.gateway.scripted import Scripted, good
from tests.gateway.test_checks import LIVE, TEST, found, manage

OWN = "https://api.stripe.com"
LOOK_ALIKES = [
    *(
        "https://api.stripe.com.evil.example",
        "https://api.stripe.com@evil.example",
        "https://evil.example/api.stripe.com",
    ),
    *("https://user@api.stripe.com", "https://api.stripe.com:8443", "https://api.stripe.com:443", f"{OWN}.", f"{OWN}/"),
    *("https://API.STRIPE.COM", "HTTPS://api.stripe.com", "https://api.strípe.com", "https://xn--api-stripe.com"),
    *(
        "http://api.stripe.com",
        "https://files.stripe.com",
        "https://connect.stripe.com",
        "https://dashboard.stripe.com",
    ),
    *(f" {OWN}", f"{OWN}\n", f"{OWN}?", f"{OWN}#", f"{OWN}/v1", f"{OWN}\\@evil.example", "https://10.0.0.1", ""),
    *(
        "https://evil.example#@api.stripe.com",
        "https://evil.example?.stripe.com",
        "https://api.stripe.com%2eevil.example",
    ),
    *(
        "api.stripe.com",
        "//api.stripe.com",
        "ftp://api.stripe.com",
        "nonsense",
        "https://[",
        "http://127.0.0.1@evil.example",
    ),
    *(
        "http://127.0.0.1.evil.example",
        r"http://evil.example\@127.0.0.1",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
    ),
    *("http://user@127.0.0.1:1", "http://127.0.0.1:12111/", "http://127.0.0.1:12111/path", "http://localhost.:12111"),
    *("http://0.0.0.0:12111", "http://[::]:12111", "http://127.0.0.1:٣", "http://127.0.0.1:", "http://2130706433"),
]
HERE = [
    "http://127.0.0.1:12111",
    "http://localhost:12111",
    "http://[::1]:12111",
    "https://localhost",
    "http://127.0.0.1",
]


@pytest.mark.parametrize("base", [*LOOK_ALIKES, *HERE])
def test_any_address_but_stripes_own_is_an_error_in_live_mode(settings: Any, base: str) -> None:
    assert found(settings, **LIVE | {"STRIPE_API_BASE": base}) == ["gateway.E007"]


@pytest.mark.parametrize("base", LOOK_ALIKES)
def test_test_mode_knows_stripes_own_address_and_this_machine_alone(settings: Any, base: str) -> None:
    assert found(settings, **TEST | {"STRIPE_API_BASE": base}) == ["gateway.E007"]


@pytest.mark.parametrize("base", HERE)
def test_test_mode_may_name_a_stand_in_on_this_machine(settings: Any, base: str) -> None:
    assert found(settings, **TEST | {"STRIPE_API_BASE": base}) == []


@pytest.mark.parametrize("base", [OWN, *LOOK_ALIKES])
def test_the_sandbox_is_on_this_machine_alone(settings: Any, base: str) -> None:
    assert found(settings, STRIPE_API_BASE=base) == ["gateway.E006"]


@pytest.mark.parametrize("base", HERE)
def test_the_sandbox_answers_on_any_loopback_address(settings: Any, base: str) -> None:
    assert found(settings, STRIPE_API_BASE=base) == []


def test_an_error_does_not_repeat_what_may_be_a_key(settings: Any) -> None:
    for name, value in (LIVE | {"STRIPE_API_BASE": "https://sk_live_typed@api.stripe.com"}).items():
        setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured) as caught:
        binding.verify()
    assert "gateway.E007" in str(caught.value)
    assert "sk_live_typed" not in str(caught.value)


def test_stripes_own_addresses_are_those_of_the_library() -> None:
    known = (stripe.DEFAULT_API_BASE, stripe.DEFAULT_UPLOAD_API_BASE)
    others = (stripe.DEFAULT_CONNECT_API_BASE, stripe.DEFAULT_METER_EVENTS_API_BASE)
    assert tuple(addresses.OWN.values()) == known + others


def hosts() -> set[str]:
    """Every address that the library would send anything to."""
    made = connection.connection(1.0)._requestor._options.base_addresses
    assert set(made) == set(addresses.OWN)
    return {str(address) for address in made.values()}


def test_in_the_sandbox_every_host_of_the_library_is_the_sandbox(settings: Any) -> None:
    settings.STRIPE_API_BASE = HERE[0]
    assert hosts() == {HERE[0]}


@pytest.mark.parametrize("mode", [LIVE, TEST])
def test_every_host_of_the_library_is_stripes_own(settings: Any, mode: dict[str, Any]) -> None:
    for name, value in mode.items():
        setattr(settings, name, value)
    assert hosts() == set(addresses.OWN.values())


@pytest.mark.parametrize(
    ("mode", "base"),
    [("sandbox", OWN), ("sandbox", "http://192.0.2.1"), ("live", HERE[0]), ("test", "https://192.0.2.1")],
)
def test_the_door_itself_sends_nothing_to_another_address(settings: Any, mode: str, base: str) -> None:
    settings.CONSOLE_MODE, settings.STRIPE_API_BASE = mode, base
    with pytest.raises(Unreachable, match="STRIPE_API_BASE") as caught:
        client.get("/v1/balance", account=None)
    assert not caught.value.sent


# Proxies and certificates


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What the first client of a proxy says to it; the environment sends everything through it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, address)
            monkeypatch.setenv(name.lower(), address)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        threading.Thread(target=listen, args=(server, heard), daemon=True).start()
        yield heard


def listen(server: socket.socket, heard: list[bytes]) -> None:
    """Take one client, and refuse what it asks for."""
    try:
        there, _ = server.accept()
    except OSError:  # nobody came
        return
    with there:
        heard.append(there.recv(65536))
        there.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.django_db
def test_a_proxy_learns_the_name_of_stripe_and_no_key(settings: Any, proxy: list[bytes]) -> None:
    for name, value in LIVE.items():
        setattr(settings, name, value)
    with pytest.raises(Unreachable):
        client.get("/v1/balance", account=None)
    assert proxy[0].startswith(b"CONNECT api.stripe.com:443 ")
    assert b"sk_live" not in proxy[0]


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["sandbox", "test"])
def test_no_proxy_stands_between_us_and_this_machine(settings: Any, proxy: list[bytes], mode: str) -> None:
    settings.CONSOLE_MODE, settings.SANDBOX = mode, mode == "sandbox"
    with Scripted(good()) as server:
        settings.STRIPE_API_BASE = server.url
        assert client.get("/v1/account", account=None).data["id"] == "acct_1"
        assert seed_accounts.control("clock", {})["id"] == "acct_1"
    assert proxy == []


@pytest.mark.django_db
def test_no_setting_makes_us_trust_another_certificate(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, os.devnull)
    settings.CONSOLE_MODE, settings.SANDBOX, settings.STRIPE_API_BASE = "live", False, OWN
    monkeypatch.setattr(connection.requests.Session, "send", lambda *_, **kwargs: sent.append(kwargs))
    sent: list[dict[str, Any]] = []
    with pytest.raises(Unreachable):
        client.get("/v1/balance", account=None)
    assert [call["verify"] for call in sent] == [stripe.ca_bundle_path]


# As an operator meets it


def live(server: Scripted, **given: str) -> dict[str, str]:
    """The environment of a live start whose Stripe is a stub of our own."""
    secrets = {"STRIPE_WEBHOOK_SECRETS": "whsec_1", "STRIPE_CONNECT_WEBHOOK_SECRETS": "whsec_2"}
    mode = {"CONSOLE_MODE": "live", "STRIPE_SECRET_KEY": "sk_live_1", "CONSOLE_URL": "https://console.example.com"}
    return {**secrets, **mode, "STRIPE_API_BASE": server.url, "DEMO_USERS": "false", **given}


def test_a_live_start_sends_nothing_to_another_address(tmp_path: Path) -> None:
    with Scripted(good()) as server:
        done = manage(tmp_path, "bind", **live(server))
        assert done.returncode == 1
        assert "gateway.E007" in done.stderr
        done = manage(tmp_path, "register_webhooks", **live(server))
        assert "gateway.E007" in done.stderr
    assert server.requests == []


@pytest.mark.prove
def test_a_live_start_with_settings_of_our_own_asks_the_stub(tmp_path: Path) -> None:
    with Scripted(good()) as server:
        environment = live(server, DJANGO_SETTINGS_MODULE="tests.live_settings", DATABASE_URL=f"sqlite:///{tmp_path}/d")
        assert manage(tmp_path, "migrate", "--verbosity=0", **environment).returncode == 0
        done = manage(tmp_path, "bind", **environment)
    assert (done.returncode, done.stdout.strip()) == (0, "acct_1 in live mode")
    assert [request[1] for request in server.requests] == ["/v1/account"]
