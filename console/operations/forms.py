"""The form of a verb: its own fields, then the reason, the ticket, and what a page carries hidden."""

import hashlib
import re
import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms
from django.http import QueryDict

from console.operations.fields import NOWHERE, REASON_LENGTH, LineField, ReasonField, VerbForm, Where
from console.operations.verbs import Verb

TOKEN = re.compile(r"[0-9a-f]{32}")
ASKED_AFRESH = "This value is never kept. Type it again."
STALE = "This page was too old or was changed on the way. Check the entries and send it now."


def fresh_token() -> str:
    """A token for one rendered form: sent twice, it makes one operation."""
    return uuid.uuid4().hex


class ReasonForm(VerbForm):
    """Why, under which ticket; hidden: this rendering's token, and the account that the page was drawn for."""

    reason = ReasonField(
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"For the audit trail, at least {REASON_LENGTH} characters.",
    )
    ticket = LineField(required=False, max_length=64, help_text="The case this belongs to, where there is one.")
    form_token = forms.CharField(required=False, widget=forms.HiddenInput)
    for_account = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_form_token(self) -> str:
        """The token; a form without one is checked by a person and sent again with a fresh one."""
        token = self.cleaned_data["form_token"]
        if not TOKEN.fullmatch(token):
            raise forms.ValidationError(STALE)
        return token


OURS = tuple(ReasonForm.base_fields)


@cache
def page_form(verb: Verb) -> type[ReasonForm]:
    """The verb's fields followed by ReasonForm's."""
    return type("PageForm", (ReasonForm, verb.form), {})


@cache
def many_form(verb: Verb) -> type[ReasonForm]:
    """The fields that the rows of one verb for many have in common, followed by ReasonForm's."""
    return type("ManyForm", (ReasonForm, verb.common_form or verb.form), {})


def own_values(form: forms.Form, verb: Verb) -> dict[str, Any]:
    """The verb's own params as they stand: checked ones, else the initial ones. What is sensitive is not in it."""
    names = [name for name in form.fields if name not in OURS]
    cleaned = getattr(form, "cleaned_data", {})
    values = {name: cleaned.get(name, form.get_initial_for_field(form.fields[name], name)) for name in names}
    return {name: "•••" if name in verb.sensitive and value else value for name, value in values.items()}


def once_more(verb: Verb, data: QueryDict, where: Where = NOWHERE) -> tuple[ReasonForm, list[str]]:
    """The form with its entries and a fresh token, sensitive ones emptied; and the labels of those."""
    entries = data.copy()
    entries["form_token"] = fresh_token()
    emptied = [name for name in verb.sensitive if entries.get(name)]
    for name in emptied:
        entries[name] = ""
    form = page_form(verb)(entries, where=where)
    form.full_clean()
    form.errors.clear()
    for name in emptied:
        form.add_error(name, ASKED_AFRESH)
    return form, [str(form[name].label) for name in emptied]


@dataclass(frozen=True)
class Asked:
    """What a form asks before it is sent. The button that says yes carries `answer`: to this question alone."""

    question: str

    @property
    def answer(self) -> str:
        """A digest of the question."""
        return hashlib.sha256(self.question.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def unanswered(form: VerbForm, data: QueryDict) -> Asked | None:
    """What a sound form asks and nobody has said yes to yet."""
    question = form.question()
    asked = Asked(question) if question else None
    return asked if asked and data.get("sure") != asked.answer else None


def field_of(param: str, form: forms.Form) -> str:
    """The form's field for a parameter as Stripe names it (`company[address][line1]`), or "" where there is none."""
    parts = re.findall(r"[^\[\].]+", param)
    whole = "_".join(parts)
    candidates = [whole, *reversed(parts), *("_".join(parts[start:]) for start in range(1, len(parts)))]
    return next((name for name in candidates if name in form.fields and name not in OURS), "")
