"""Text from outside turns nothing round: on no page, in no title, on no terminal; and what nobody sees is no name."""

from html.parser import HTMLParser
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.template import engines
from django.utils.safestring import mark_safe

from accounts.account.forms import CreateAccountForm
from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.admission import Denied
from console.operations.commands import Terminal
from console.operations.fields import LineField, NameField, ReasonField
from console.operations.forms import fresh_token
from console.operations.models import Operation
from console.shell import outside
from console.templatetags.console import pretty_json
from console.viewing.models import WorkSession
from gateway import shapes, texts
from issuing.authorizations.models import Authorization
from issuing.cardholders.models import Cardholder
from issuing.topups.models import Topup
from issuing.transactions.models import Transaction
from tests import test_masks
from tests.accounts import builders
from tests.console.shell.test_templates import TEMPLATES
from tests.issuing import rows
from tests.people import ACCOUNT, browser, known_accounts, person, work
from tests.test_masks import Planted

RLO, PDI, HEBREW = "\u202e", "\u2069", "\u05d0\u05d1\u05d2"
EVIL = f"Kestrel {RLO}gnp{PDI}.exe"
NAMELESS = (
    "\u200b",
    " \u00a0\u2003",
    "\u2060\ufeff",
    "\u00ad\u200d",
    "\u3164",
    "\u2800",
    "\x1b\x07",
    "\0",
    "\u202e\u202c",
    "\u0301",
)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
BLOCKS = {"td", "div", "dd", "li", "p", "pre", "h1", "h2", "h3"}  # a browser isolates them (HTML, 15.3.6)
APART = {"bdi", "textarea", "option"}  # nothing stands beside the text in them


class Turned(HTMLParser):
    """Texts that would turn round what stands beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, ...]] = []
        self.isolated = 0
        self.begun = ""  # the tag just before
        self.alone: tuple[str, ...] = ()  # a text that begins its block: it must end it too

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._next(tag)
        if tag not in VOID:
            self.open.append(tag)

    def _next(self, begun: str) -> None:
        self.found += [self.alone] if self.alone else []
        self.begun, self.alone = begun, ()

    def handle_endtag(self, tag: str) -> None:
        self.alone = () if tag in BLOCKS else self.alone
        self._next("")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if texts.TURNING.search(data):
            apart = not APART.isdisjoint(self.open)
            self.isolated += apart
            self.alone = () if apart else (*self.open[-3:], data.strip()[:60])
            if self.begun not in BLOCKS:
                self._next("")


def turned(page: str) -> Turned:
    parser = Turned()
    parser.feed(page)
    return parser


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Every text of every object, and what staff wrote, turns the line."""
    word = Planted.word
    monkeypatch.setattr(Planted, "word", lambda self: f"{RLO}{word(self)}")
    found = Planted()
    known_accounts()
    for plant in (
        test_masks._account,
        test_masks._cardholder,
        test_masks._operations,
        test_masks._records,
        test_masks._history,
    ):
        plant(found)
    named = {
        Account: ("business_profile", "name"),
        Cardholder: ("name",),
        Authorization: ("merchant_data", "name"),
        Transaction: ("merchant_data", "name"),
        Topup: ("description",),
    }
    for model, path in named.items():
        for row in model.objects.all():
            inner = row.data
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = EVIL
            row.set_columns()
            row.save()
    Operation.objects.update(reason=EVIL, ticket=EVIL, account_name=EVIL)
    WorkSession.objects.update(reason=EVIL, ticket=EVIL, account_name=EVIL)
    return found


@pytest.mark.django_db
@pytest.mark.crawl
@pytest.mark.prove
@pytest.mark.parametrize("who", ["ana", "vera"])
def test_no_text_turns_its_neighbours_on_any_page(who: str, hostile: Planted) -> None:
    client = browser(who)
    if who == "ana":
        work(client)
    WorkSession.objects.update(account_name=EVIL)
    pages = test_masks.pages(client, hostile)
    looked_at = {path: turned(page) for path, page in pages.items()}
    assert {path: page.found for path, page in looked_at.items() if page.found} == {}
    assert sum(page.isolated > 0 for page in looked_at.values()) > (20 if who == "ana" else 5)


def test_no_template_draws_what_passes_no_filter() -> None:
    """`firstof` escapes what it draws and isolates nothing."""
    drawn = {str(path) for path in TEMPLATES if "firstof" in path.read_text()}
    assert drawn == {"templates/admin/pagination.html"}  # of addresses


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("<b>{{ x }}</b>", f"<b><bdi>{EVIL}</bdi></b>"),
        ("{{ x|default:'-' }}!", f"<bdi>{EVIL}</bdi>!"),
        ('<a title="{{ x }}">{{ y }}</a>', f'<a title="{EVIL}">Kestrel</a>'),
        ("<option>{{ x }}</option>{{ y }}", f"<option>{EVIL}</option>Kestrel"),
        ("<textarea\n>{{ x }}</textarea>", f"<textarea\n>{EVIL}</textarea>"),
        ("{% block title %}{{ x }} |{% endblock %}{{ y }}", "Kestrel \ufffdgnp\ufffd.exe |Kestrel"),
        ("<p>{{ hebrew }}, {{ n }}, {{ none }}</p>", f"<p><bdi>{HEBREW}</bdi>, 7, None</p>"),
        ("{{ unseen }}|{{ empty }}|{{ data }}", '<span class="none">–</span>||{&quot;a&quot;: [null]}'),
        ("{{ safe }}{# {{ x }} #}", "<i>i</i>"),
    ],
)
def test_a_variable_is_isolated_where_it_has_neighbours(source: str, drawn: str) -> None:
    values = {"x": EVIL, "y": "Kestrel", "hebrew": HEBREW, "n": 7, "none": None, "unseen": "\u200b", "empty": ""}
    template = engines["django"].from_string(outside.with_filters(source))
    assert template.render({**values, "data": {"a": [None]}, "safe": mark_safe("<i>i</i>")}) == drawn


def test_json_says_what_turns_a_line() -> None:
    assert pretty_json({"name": EVIL}) == '{\n  "name": "Kestrel \\u202egnp\\u2069.exe"\n}'


@pytest.mark.parametrize("name", NAMELESS)
def test_a_name_that_nobody_sees_is_none(name: str) -> None:
    assert shapes.name_at({"name": name}, "name") == ""
    account = Account(id="acct_1", data={"business_profile": {"name": name}, "company": {"name": name}})
    account.set_columns()
    assert (account.name, account.legal_name, str(account)) == ("", "", "acct_1")
    assert str(Account(id="acct_1", name=name)) == "acct_1"  # a row from before
    assert str(Cardholder(id="ich_1", name=name)) == "ich_1"


@pytest.mark.parametrize("name", ["Kestrel", "\u05d0\u200f", "नमस्\u200dते", "👩\u200d🚀", "·", "e\u0301"])
def test_a_name_that_is_seen_stays_as_it_came(name: str) -> None:
    assert shapes.name_at({"name": name}, "name") == name
    assert LineField().clean(name) == name


def test_a_name_is_one_line_that_turns_nothing() -> None:
    assert shapes.name_at({"name": f"{EVIL}\r\n\x1b[2J"}, "name") == "Kestrel \ufffdgnp\ufffd.exe  \ufffd[2J"


@pytest.mark.parametrize("name", [*NAMELESS, EVIL, "Kes\u200btrel"])
def test_what_nobody_sees_is_refused_as_input(name: str) -> None:
    assert NameField().clean(" \u3000") == ""  # blanks are nothing, where nothing may be
    for field in (LineField(), NameField() if name.strip() else LineField()):
        with pytest.raises(ValidationError):
            field.clean(name)


@pytest.mark.parametrize("reason", [*NAMELESS, "short", "a b c"])
def test_a_reason_is_what_can_be_read_of_it(reason: str) -> None:
    with pytest.raises(ValidationError):
        ReasonField().clean(f"{reason}{NAMELESS[0] * 20}")
    assert ReasonField().clean("The customer asked\nfor it") == "The customer asked\nfor it"


def test_an_account_needs_a_name_that_somebody_sees() -> None:
    form = CreateAccountForm({"country": "US", "business_type": "company", "business_name": "\u200b"})
    assert "business_name" in form.errors


@pytest.mark.django_db
def test_the_door_counts_what_can_be_read_of_a_reason() -> None:
    known_accounts()
    with pytest.raises(Denied, match="at least 10 characters"):
        door.perform(
            verbs.get("accounts.refresh"),
            user=person("otto"),
            params={},
            reason="\u200b" * 20,
            form_token=fresh_token(),
            account_id=ACCOUNT,
        )


def test_a_terminal_shows_control_characters_and_obeys_none() -> None:
    out = StringIO()
    Terminal(out).write(f"{EVIL}\x1b[31m\x9b2J\x07\r\nsecond\u2028line")
    assert out.getvalue() == "Kestrel \ufffdgnp\ufffd.exe\ufffd[31m\ufffd2J\ufffd \nsecond line\n"


@pytest.mark.django_db
def test_a_command_prints_a_hostile_refusal_harmlessly() -> None:
    person("otto")
    with pytest.raises(CommandError):
        call_command("refresh", f"acct_\x1b[2J{RLO}", as_user="otto", reason="the customer asked for it")
    errors = StringIO()
    rows.put(Account, builders.account_data("acct_1Evil", business_profile={"name": f"{EVIL}\x1b[2J"}), "acct_1Evil")
    with pytest.raises(CommandError):
        call_command("refresh", "acct_1Evil", as_user="otto", reason="\x1b[2J", stderr=errors)
    assert errors.getvalue()
    assert texts.HARMFUL.search(errors.getvalue().replace("\n", "")) is None
