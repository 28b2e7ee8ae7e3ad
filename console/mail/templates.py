"""Templates of mails: data with a version. A noun declares its own (`mails` in its noun.py).

A mail carries links, ids and counts. Who reads mail is not known, and mail stays in boxes for years: so what is
personal is in none of them, unless the template is an approved notice to the holder whom it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from django.conf import settings

from console.mail.values import Kind, Unfit, personal
from gateway import texts

INTERNAL, HOLDER = "internal", "holder"  # to staff; a notice to the holder of an account
GIVEN = {"platform"}  # what every template may name: it comes from the settings


@dataclass(frozen=True, kw_only=True)
class Template:
    """`values` declares each name that subject and body use, with its kind. Other words are another `version`.

    A template of the HOLDER is sent only when it is `approved`, and it alone may declare a personal value, in its body.
    """

    name: str
    version: int
    subject: str
    body: str
    values: Mapping[str, Kind]
    audience: str = INTERNAL
    approved: bool = False

    def __post_init__(self) -> None:
        """Raise TypeError where it names what it does not declare, or declares what it may not."""
        used = names(self.subject) | names(self.body)
        if used - GIVEN != set(self.values):
            raise TypeError(f"{self.name}: declared are {sorted(self.values)}, named {sorted(used)}")
        private = {name for name, kind in self.values.items() if kind is personal}
        if private and not (self.audience == HOLDER and self.approved):
            raise TypeError(f"{self.name} is no approved notice to the holder and carries nothing personal")
        if private & names(self.subject):
            raise TypeError(f"{self.name}: a subject is read over shoulders")

    def render(self, values: Mapping[str, Any]) -> tuple[str, str, dict[str, str]]:
        """Subject, body and the text of each value. Raises Unfit for one that is missing, not declared or not fit."""
        if self.audience == HOLDER and not self.approved:
            raise Unfit(f"the notice {self.name} is not approved")
        if set(values) != set(self.values):
            raise Unfit(f"{self.name} takes {sorted(self.values)}, not {sorted(values)}")
        said: dict[str, str] = {}
        for name, kind in self.values.items():
            try:
                said[name] = kind(values[name])
            except Unfit as wrong:
                raise Unfit(f"{self.name}, {name}: {wrong}") from None
        known = {**said, "platform": texts.one_line(settings.PLATFORM_NAME)}
        return self.subject.format(**known), self.body.format(**known), said


def names(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


_templates: dict[str, Template] = {}


def register(template: Template) -> None:
    """Add a template; a name is taken once."""
    if _templates.setdefault(template.name, template) is not template:
        raise TypeError(f"two templates are called {template.name}")


def every() -> list[Template]:
    """All templates, by name."""
    return [_templates[name] for name in sorted(_templates)]


def get(name: str) -> Template:
    """The template of that name; Unfit where there is none."""
    if name not in _templates:
        raise Unfit(f"there is no template {name}")
    return _templates[name]
