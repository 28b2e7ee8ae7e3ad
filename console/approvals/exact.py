"""The exact request that somebody asks for and another person approves, what it would replace, and digests of both.

As JSON it is `{"calls": [{"method", "path", "account", "lines": [[name, value, was]]}], "facts": [[name, value]],
"sensitive": [name]}`. Personal values stand in it as keyed digests: they live in the mirror and in the operation alone.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.crypto import salted_hmac

from console.approvals import policy
from console.operations import verbs
from console.operations.models import Operation
from console.operations.verbs import Request, Verb
from console.people import masking
from console.shell.formats import shown

Data = dict[str, Any]
HIDDEN = "hmac:"  # before the digest of a personal value
NOT_SENT = "nothing"


@dataclass(frozen=True)
class Exact:
    """What would be sent now. `digest` is of the request and the policy, `seen` of all that an approver looks at."""

    row: Any
    request: Request | None
    data: Data
    digest: str
    seen: str


def read(operation: Operation) -> Exact | None:
    """What this operation would send as things stand; None where its verb or its row is not there. Four queries."""
    verb = verbs.find(operation.verb)
    if verb is None:
        return None
    row: Any = verb.row(operation.account_id, operation.object_id)
    if row is None and verb.about_account:
        return None
    return of(operation, verb, row)


def of(operation: Operation, verb: Verb, row: Any) -> Exact:
    """The same for a row that was just read."""
    verb.gather([row])
    request = verb.request(row, operation.params)
    data = {
        "calls": [_call(each, verb) for each in request.calls] if request else [],
        "facts": [[name, shown(value)] for name, value in request.facts] if request else [],
        "sensitive": operation.sensitive,
    }
    about = (operation.verb, operation.account_id, operation.object_id, keyed(_canonical(operation.params)))
    asked = _digest(about, data["calls"], data["sensitive"], policy.current().version)
    return Exact(row, request, data, asked, _digest(asked, data["facts"]))


def _call(call: Request, verb: Verb) -> Data:
    lines = [
        [line.name, *(keyed(part) if part and hides(verb, line.name) else part for part in (line.value, line.was))]
        for line in call.lines
    ]
    return {"method": call.method, "path": call.path, "account": call.account, "lines": lines}


def hides(verb: Verb | None, name: str) -> bool:
    """Whether a parameter (`billing[address][line1]`) is personal."""
    steps = name.replace("]", "").split("[")
    ours = steps[0] == "metadata" and steps[-1] in masking.OUR_MARKS
    return not ours and (verb is None or masking.is_personal(".".join(steps)) or any(s in verb.personal for s in steps))


def keyed(value: str) -> str:
    """What stands for a personal value: nobody without this console's key can try values against it."""
    return HIDDEN + salted_hmac("console.approvals", value, algorithm="sha256").hexdigest()[:32]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest(*parts: Any) -> str:
    return hashlib.sha256(_canonical(parts).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Change:
    """One thing that is another now than when it was asked for. "" in `then` and `now`: both are personal."""

    name: str
    then: str
    now: str

    @property
    def sentence(self) -> str:
        """As it is told to staff."""
        if not self.then and not self.now:
            return f"{self.name} has changed."
        return f"{self.name} was {self.then or NOT_SENT}, and is {self.now or NOT_SENT} now."


def differences(asked: Data, now: Data) -> list[Change]:
    """What of the request, or of what it replaces, is another now; facts beside it are `changed_facts`."""
    then_lines, now_lines = dict(_lines(asked)), dict(_lines(now))
    found = []
    for name in dict.fromkeys([*then_lines, *now_lines]):
        then, own = then_lines.get(name, ("", "")), now_lines.get(name, ("", ""))
        if then[1] != own[1] and name in then_lines and name in now_lines:
            found.append(_change(name, then[1], own[1]))
        elif then != own:
            found.append(_change(f"What would be sent as {name}", then[0], own[0]))
    return found


def changed_facts(asked: Data, now: Data) -> list[Change]:
    """What else was shown and is another now."""
    then = dict(asked["facts"])
    return [_change(name, then.get(name, ""), value) for name, value in now["facts"] if then.get(name) != value]


def _lines(data: Data) -> Iterator[tuple[str, tuple[str, str]]]:
    """(name, (value, was)) of every parameter; of a second call with its path before it."""
    for place, call in enumerate(data["calls"]):
        for name, value, was in call["lines"]:
            yield (f"{call['path']} {name}" if place else name), (value, was)


def _change(name: str, then: str, now: str) -> Change:
    if HIDDEN in (then[: len(HIDDEN)], now[: len(HIDDEN)]):
        return Change(name, "", "")
    return Change(name, then, now)
