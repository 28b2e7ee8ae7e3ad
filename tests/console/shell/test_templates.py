"""Every template: no inline style or script, drawn with what pages give it, standing alone where it must."""

import re
from pathlib import Path

import pytest
from django.template import Context
from django.template.loader import get_template
from django.test import Client

from console.operations.models import Operation
from tests.people import ACCOUNT, browser, known_accounts, person, view_as

pytestmark = pytest.mark.alike

TEMPLATES = sorted(Path("templates").rglob("*.html"))
OURS = [path for path in TEMPLATES if path.parts[1] in ("admin", "console", "errors", "registration")]
STYLES = sorted(Path("static/console").glob("*.css"))


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_a_template_has_nothing_inline(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert "|safe" not in source
    assert "autoescape off" not in source


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_a_template_compiles(path: Path) -> None:
    get_template(str(path.relative_to("templates")))


@pytest.mark.parametrize("path", OURS, ids=str)
def test_every_icon_that_a_template_names_is_drawn(path: Path) -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', Path("static/console/icons.svg").read_text()))
    assert set(re.findall(r'{% icon "([^"]+)"', path.read_text())) <= drawn


@pytest.mark.parametrize("path", STYLES, ids=str)
def test_a_stylesheet_loads_nothing_and_uses_known_tokens(path: Path) -> None:
    tokens = set(re.findall(r"(--[a-z0-9-]+):", Path("static/console/tokens.css").read_text()))
    css = path.read_text()
    assert "url(" not in css
    assert "@import" not in css
    assert set(re.findall(r"var\((--[a-z0-9-]+)", css)) <= tokens
    assert len(css.splitlines()) <= 400


@pytest.mark.parametrize("name", ["400", "413", "415", "500", "503", "csrf"])
def test_an_error_page_stands_alone(name: str, django_assert_num_queries: object) -> None:
    html = get_template(f"errors/{name}.html").render({})
    assert "<h1>" in html
    assert 'href="/"' in html


def _channel(value: str) -> float:
    share = int(value, 16) / 255
    return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4


def _light(colour: str) -> float:
    red, green, blue = (_channel(colour[start : start + 2]) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _tokens() -> dict[str, tuple[str, str]]:
    css = Path("static/console/tokens.css").read_text()
    pairs = dict(re.findall(r"(--[a-z0-9-]+): (light-dark\([^;]+\)|#[0-9a-f]{6});", css))
    both = {name: re.findall(r"#[0-9a-f]{6}", value) for name, value in pairs.items()}
    return {name: (found[0], found[-1]) for name, found in both.items() if found}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        *[
            (ink, ground, 4.5)
            for ink in ("--ink", "--ink-2", "--ink-3")
            for ground in ("--page", "--surface", "--sunken")
        ],
        *[(f"--{tone}", f"--{tone}-tint", 4.5) for tone in ("ok", "warn", "bad", "info", "mute")],
        *[(f"--{tone}", "--surface", 4.5) for tone in ("ok", "warn", "bad", "info", "mute", "accent")],
        ("--ink-2", "--accent-tint", 4.5),
        ("--accent", "--accent-tint", 4.5),
        ("--ink-3", "--raised", 4.5),
        ("--on-fill", "--accent-fill", 4.5),
        ("--on-fill", "--accent-fill-hover", 4.5),
        ("--on-fill", "--final-fill", 4.5),
        ("--on-look", "--look", 4.5),
        ("--on-work", "--work", 4.5),
        ("--on-band", "--band", 4.5),
        ("--on-live", "--live", 4.5),
        ("--edge", "--surface", 3),
        ("--chart-1", "--surface", 3),
        ("--chart-2", "--surface", 3),
    ],
)
def test_contrast_holds(text: str, ground: str, least: float, theme: int) -> None:
    tokens = _tokens()
    assert _contrast(tokens[text][theme], tokens[ground][theme]) >= least


@pytest.mark.django_db
def test_the_frame_keeps_the_admins_ids_and_landmarks() -> None:
    html = browser("ana").get("/").content.decode()
    for part in (
        'id="header"',
        'id="branding"',
        'id="user-tools"',
        'id="nav-sidebar"',
        'id="content-start"',
        'id="content"',
    ):
        assert html.count(part) == 1
    assert 'class="skip-to-content-link"' in html
    assert 'role="search"' in html
    assert "Local sandbox" in html


@pytest.mark.django_db
def test_the_banner_says_whose_account_and_which_mode() -> None:
    known_accounts()
    otto = browser("otto")
    view_as(otto)
    html = otto.get(f"/{ACCOUNT}/activity").content.decode()
    assert "Viewing as <b>Alder Freight</b>" in html
    assert "Look: nothing can be changed" in html
    assert "Switch to work" in html
    assert "All accounts" in html


@pytest.mark.django_db
def test_a_person_without_the_right_to_work_is_not_offered_it() -> None:
    known_accounts()
    sam = browser("sam")
    group = person("sam").groups.get()
    group.permissions.remove(*group.permissions.filter(codename="work_as"))
    view_as(sam)
    assert "Switch to work" not in sam.get(f"/{ACCOUNT}/activity").content.decode()


@pytest.mark.django_db
def test_signing_in_shows_the_task_alone() -> None:
    html = Client().get("/login/").content.decode()
    assert "Sign in" in html
    assert 'id="nav-sidebar"' not in html
    assert 'id="user-tools"' not in html


@pytest.mark.django_db
def test_a_failed_sign_in_says_so_in_an_alert() -> None:
    html = Client().post("/login/", {"username": "nobody", "password": "wrong"}).content.decode()
    assert 'role="alert"' in html
    assert "data-focus" in html


@pytest.mark.django_db
def test_an_empty_list_differs_from_one_without_matches() -> None:
    ana = browser("ana")
    for address, heading, words in (
        ("operation", "No operations yet", "Whatever staff have Stripe do stands here"),
        ("bulkrun", "No bulk runs yet", "Tick rows of a list and choose an action."),
        ("job", "No jobs yet", "an export becomes a job"),
        ("approval", "No approvals yet", "waits here for another one to decide"),
        ("worksession", "No work sessions yet", "Who views as an account stands here"),
    ):
        page = ana.get(f"/console/{address}/").content.decode()
        assert heading in page
        assert words in page
    matches = ana.get("/console/operation/?q=nothing").content.decode()
    assert "Nothing is found for “<bdi>nothing</bdi>”" in matches
    assert "No operations yet" not in matches


@pytest.mark.django_db
def test_a_filter_that_is_set_says_its_value_and_has_its_own_way_back() -> None:
    known_accounts()
    html = browser("vera").get("/accounts/account/?country=US").content.decode()
    assert "Country: " in html
    assert 'aria-label="Clear country"' in html


@pytest.mark.django_db
@pytest.mark.parametrize("state", Operation.State.values)
def test_the_page_of_an_operation_is_drawn_in_every_state(state: str) -> None:
    operation = Operation.objects.create(
        verb="accounts.refresh",
        user=person("otto"),
        reason="Looking after the outage",
        key=f"key-{state}",
        form_token=f"token-{state}",
        state=state,
        account_id=ACCOUNT,
        account_name="<b>Alder</b>",
        error_message="No such account",
        tries=[{"at": "2026-11-24T14:09:00+00:00", "status": 404, "request_id": "req_1", "message": "No such account"}],
    )
    html = browser("ana").get(f"/operations/{operation.pk}").content.decode()
    assert "<b>Alder</b>" not in html
    assert "&lt;b&gt;Alder&lt;/b&gt;" in html
    assert ("data-state-url" in html) == (state in ("sending", "unknown", "intent") and "Decide" not in html)


@pytest.mark.django_db
def test_hostile_names_stay_text_in_the_list() -> None:
    known_accounts()
    from accounts.account.models import Account

    row = Account.objects.get(pk=ACCOUNT)
    row.data = {**row.data, "business_profile": {"name": '"><script>alert(1)</script>'}}
    row.set_columns()
    row.save()
    html = browser("vera").get("/accounts/account/").content.decode()
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_messages_have_a_sign_beside_their_colour() -> None:
    template = get_template("console/shell/messages.html").template

    class Message:
        level_tag = "error"

        def __str__(self) -> str:
            return "<b>no</b>"

    html = template.render(Context({"messages": [Message()]}))
    assert "#crossed" in html
    assert "&lt;b&gt;no&lt;/b&gt;" in html
