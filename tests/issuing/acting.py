"""What staff do with this room's verbs and pages, and what Stripe has of it: for the tests of every noun."""

import html
import io
import re
from typing import Any

from django.core.management import CommandError, call_command
from django.test import Client

from accounts.account.models import Account
from console.operations.fields import NOWHERE, Where
from console.operations.verbs import get
from issuing.authorizations.models import Authorization
from issuing.balances.models import Balance
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from tests.answers import check_headers, check_page
from tests.issuing.conftest import REASON
from tests.people import person
from tests.sandbox_process import SandboxProcess

# Verbs


def errors(verb: str, where: Where = NOWHERE, **values: Any) -> dict[str, str]:
    """What is wrong with these entries, by field."""
    form = get(f"issuing.{verb}").form(values, where=where)
    return {name: " ".join(map(str, problems)) for name, problems in form.errors.items()}


def body(verb: str, about: Any, values: dict[str, Any]) -> dict[str, Any]:
    """What a verb sends."""
    return get(f"issuing.{verb}").body(about, values)  # type: ignore[attr-defined]


def run(command: str, *words: str, who: str = "otto") -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command; by the token in CONSOLE_TOKEN where nobody is named."""
    if who:
        person(who)
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command(command, *words, "--reason", REASON, "--as", who, stdout=out, stderr=err, no_color=True)
    except CommandError as error:
        status = error.returncode
        err.write(str(error))
    return status, out.getvalue(), err.getvalue()


def verb_page(row: Any, verb: str) -> str:
    """The address of the page that does a verb to a card, a cardholder or an authorization."""
    nouns = {Card: "cards", Cardholder: "cardholders", Authorization: "authorizations"}
    return f"/{row.account_id}/issuing/{nouns[type(row)]}/{row.pk}/do/issuing.{verb}"


def typed(client: Client, address: str, **entries: str) -> Any:
    """Open the page, fill it in, send it."""
    form = client.get(address).context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    return client.post(address.split("?")[0], {**values, **entries})


def filled(client: Client, address: str) -> dict[str, str]:
    """What a browser sends from a page where nobody typed anything."""
    page = client.get(address).content.decode()
    boxes = "".join(box for box in re.findall(r"<input[^>]*>", page) if "checkbox" not in box)
    found = dict(re.findall(r' name="([^"]+)" value="([^"]*)"', boxes))
    found |= {name: words.strip() for name, words in re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)', page)}
    for name, choices in re.findall(r'<select name="([^"]+)"(.*?)</select>', page, re.DOTALL):
        found[name] = next(iter(re.findall(r'value="([^"]*)" selected', choices)), "")
    return {name: html.unescape(value) for name, value in found.items()}


def posted(page: Any, **entries: str) -> dict[str, Any]:
    """What a browser sends from a preview."""
    form = page.context["form"]
    able = [row for row in page.context["rows"] if not row.error]
    values = {name: form[name].value() or "" for name in form.fields}
    return {**values, "reason": REASON, "row": [f"{row.id}:{row.token}" for row in able], "run": "1", **entries}


# Pages


def shown(client: Client, path: str) -> str:
    """A page as it comes."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def text(client: Client, path: str, status: int = 200) -> str:
    """A page's words, without its markup; every page is looked at on the way."""
    answer = client.get(path)
    assert answer.status_code == status, path
    check_headers(answer)
    check_page(answer)
    body = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(html.unescape(body).split())


def path_of(row: Any) -> str:
    """The address of an object's page."""
    return str(row.get_absolute_url())


# Stripe's side


def lost(sandbox: SandboxProcess, path: str) -> None:
    """The next POST there arrives, and its answer does not."""
    sandbox.control("faults", [{"match": f"POST {path}", "times": 1, "fault": "reset_after"}])


def at_stripe(sandbox: SandboxProcess, path: str, account: Account) -> list[dict[str, Any]]:
    """The objects of a list."""
    return sandbox.api("GET", path, {"limit": "100"}, account=account.pk)[1]["data"]


def available(account: Account) -> int | None:
    """What cards can spend, as our mirror has it."""
    return Balance.objects.get(pk=f"{account.pk}.balance").issuing("usd")
