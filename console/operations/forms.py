"""The form of a verb: its own fields, then the reason, the ticket, and what a page carries hidden."""

import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import QueryDict

from console.operations.attempts import plain
from console.operations.fields import NOWHERE, REASON_LENGTH, SHOWN_AS, LineField, ReasonField, VerbForm, Where
from console.operations.updating import DRAWN, UpdateForm
from console.operations.verbs import Request, Verb
from console.people import masking

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


OURS = (*ReasonForm.base_fields, DRAWN)


@cache
def page_form(verb: Verb) -> type[ReasonForm]:
    """The verb's fields followed by ReasonForm's; of what changes an object, what the page was drawn with, too."""
    drawn = {DRAWN: forms.CharField(required=False, widget=forms.HiddenInput)}
    return type("PageForm", (ReasonForm, verb.form), drawn if issubclass(verb.form, UpdateForm) else {})


@cache
def many_form(verb: Verb) -> type[ReasonForm]:
    """The fields that the rows of one verb for many have in common, followed by ReasonForm's."""
    return type("ManyForm", (ReasonForm, verb.common_form or verb.form), {})


def own_values(form: forms.Form, verb: Verb) -> dict[str, Any]:
    """The verb's own params as the door would keep them: checked ones, those of a form that nobody filled in yet as it
    is drawn. Sensitive ones are named and not shown, wrong ones left out.
    """
    if form.is_bound and form.errors is not None:
        values = {name: value for name, value in form.cleaned_data.items() if name not in OURS}
    else:
        values = {name: form.get_initial_for_field(form.fields[name], name) for name in _own(form)}
    return plain({name: SHOWN_AS if name in verb.sensitive and value else value for name, value in values.items()})


def _own(form: forms.Form) -> list[str]:
    return [name for name in form.fields if name not in OURS]


def problems(form: forms.Form, verb: Verb) -> dict[str, list[str]]:
    """What is wrong, by field, without what was typed into sensitive ones."""
    found = {}
    for name, errors in form.errors.items():
        typed = form.data.get(form.add_prefix(name)) if name in verb.sensitive else None
        found[name] = [str(each).replace(typed, SHOWN_AS) if typed else str(each) for each in errors]
    return found


def _missing(form: forms.Form) -> list[str]:
    """The verb's own fields that must be filled in and are not."""
    if form.is_bound:
        return [
            name for name, errors in form.errors.as_data().items() if any(each.code == "required" for each in errors)
        ]
    return [name for name in _own(form) if form.fields[name].required and not form[name].value()]


def _wrong(form: forms.Form, verb: Verb) -> Iterator[tuple[str, str]]:
    """(label, what is the matter) of the verb's other fields; of the form as a whole without a label."""
    absent = _missing(form)
    for name, words in problems(form, verb).items():
        if name not in OURS and name not in absent:
            yield "" if name == NON_FIELD_ERRORS else str(form[name].label), " ".join(words)


def preview_of(
    verb: Verb, row: Any, form: forms.Form, *, own: forms.Form | None = None, may_see: bool
) -> Request | None:
    """What will be sent for a row that was gathered, with the entries as they stand; `own` are the row's, of many."""
    filled = [form, own] if own else [form]
    values = {name: value for each in filled for name, value in own_values(each, verb).items()}
    request = verb.request(row, values)
    return request and replace(
        request,
        before=masking.masked(request.before, may_see=may_see),
        then=tuple(replace(each, before=masking.masked(each.before, may_see=may_see)) for each in request.then),
        missing=tuple(
            str(each[name].label).rstrip("?") for each in filled for name in _missing(each) if name not in OURS
        ),
        wrong=tuple(pair for each in filled for pair in _wrong(each, verb)),
    )


def once_more(verb: Verb, data: QueryDict, where: Where = NOWHERE, token: str = "") -> tuple[ReasonForm, list[str]]:
    """The form with its entries and a fresh token (or this one), sensitive ones emptied; and the labels of those."""
    entries = data.copy()
    entries["form_token"] = token or fresh_token()
    emptied = [name for name in verb.sensitive if entries.get(name)]
    for name in emptied:
        entries[name] = ""
    form = page_form(verb)(entries, where=where)
    form.full_clean()
    form.errors.clear()
    if isinstance(form, UpdateForm):
        form.renew(entries)
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
