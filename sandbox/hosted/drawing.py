"""The hosted form as HTML. Everything that anybody typed is escaped here and nowhere else."""

from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from sandbox.hosted.fields import Field
from sandbox.hosted.steps import Step

FOLDER = Path(__file__).parent
INPUT_TYPES = {"secret": "text", "integer": "text", "money": "text"}


@dataclass(frozen=True)
class Sheet:
    """What surrounds a step: where the form is sent, whose it is, and how far it has come."""

    action: str
    account_name: str
    number: int
    total: int


@cache
def _template(name: str) -> Template:
    return Template((FOLDER / name).read_text("utf-8"))


@cache
def stylesheet() -> str:
    """The stylesheet's text."""
    return (FOLDER / "style.css").read_text("utf-8")


def whole(title: str, content: str) -> str:
    """The page around `content`, which is HTML already."""
    return _template("base.html").substitute(title=escape(title), content=content)


def message(heading: str, lead: str) -> str:
    """A page that only says something."""
    return _template("message.html").substitute(heading=escape(heading), lead=escape(lead))


def step(sheet: Sheet, step: Step, values: dict[str, str], errors: dict[str, str]) -> str:
    """The form of one step, with what is wrong beside its field."""
    inputs = "\n".join(
        _input(key, field, values.get(key, ""), errors.get(key, "")) for key, field in step.fields.items()
    )
    hidden = f'<input type="hidden" name="step" value="{escape(step.name)}">'
    general = escape(errors.get("", "Please look at the fields marked below."))
    last = "Agree and submit" if step.fields else "Finish"
    dots = "".join(f'<li class="{"done" if n <= sheet.number else "todo"}"></li>' for n in range(1, sheet.total + 1))
    return _template("step.html").substitute(
        account_name=escape(sheet.account_name),
        number=sheet.number,
        total=sheet.total,
        dots=dots,
        heading=escape(step.heading),
        lead=escape(step.lead),
        alert=f'<p class="alert" role="alert">{general}</p>' if errors else "",
        action=escape(sheet.action),
        fields=f"{hidden}\n<fieldset>{inputs}</fieldset>",
        button=last if step.kind == "terms" else "Continue",
    )


def _input(key: str, field: Field, value: str, error: str) -> str:
    name, ident = escape(key), "f-" + "".join(c if c.isalnum() else "-" for c in key)
    notes = [(f"{ident}-error", "error", error), (f"{ident}-hint", "hint", field.hint)]
    notes = [note for note in notes if note[2]]
    described = f' aria-describedby="{" ".join(note[0] for note in notes)}"' if notes else ""
    marked = ' aria-invalid="true"' if error else ""
    control = _control(field, f'id="{ident}" name="{name}"{described}{marked}', value)
    words = "".join(f'<p class="{kind}" id="{at}">{escape(text)}</p>' for at, kind, text in notes)
    if field.kind in ("check", "choice"):
        return f'<div class="field">{control}{words}</div>'
    label = f'<label for="{ident}">{escape(field.label)}</label>'
    return f'<div class="field {field.width}">{label}{control}{words}</div>'


def _control(field: Field, attributes: str, value: str) -> str:
    if field.kind == "check":
        checked = " checked" if value == "yes" else ""
        box = f'<input type="checkbox" value="yes" {attributes}{checked}>'
        return f'<label class="choice">{box}<span>{escape(field.label)}</span></label>'
    if field.kind == "choice":
        return _choices(field, attributes, value)
    if field.kind == "select":
        options = "".join(
            f'<option value="{escape(option)}"{" selected" if option == value else ""}>{escape(label)}</option>'
            for option, label in field.options
        )
        return f"<select {attributes}>{options}</select>"
    if field.kind == "area":
        return f'<textarea rows="3" {attributes}>{escape(value)}</textarea>'
    kind = INPUT_TYPES.get(field.kind, field.kind)
    numeric = ' inputmode="numeric"' if field.kind in ("integer", "money") else ""
    return f'<input type="{kind}" autocomplete="off"{numeric} {attributes} value="{escape(value)}">'


def _choices(field: Field, attributes: str, value: str) -> str:
    name = attributes.split(" ", 1)[1]  # the id must not stand on every button
    buttons = []
    for option, label in field.options:
        checked = " checked" if option == value else ""
        button = f'<input type="radio" value="{escape(option)}" {name}{checked}>'
        buttons.append(f'<label class="choice">{button}<span>{escape(label)}</span></label>')
    return "".join(buttons)
