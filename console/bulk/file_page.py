"""A bulk run from a file: choose verb and file, then see what each line would do. Nothing is sent before that."""

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods

from console.bulk import files, runs
from console.bulk.models import BulkRun
from console.operations import buttons, verbs
from console.operations.admission import Denied
from console.operations.fields import VerbForm
from console.operations.forms import fresh_token
from console.operations.pages import SeeOther, get_verb
from console.operations.verbs import Verb
from console.people.signed_in import needs, staff
from console.shell.drawing import form_status, page


class FileForm(VerbForm):
    """Which verb, and the rows."""

    verb = forms.ChoiceField(label="What to do")
    file = forms.FileField(help_text="CSV, UTF-8, at most 10,000 rows. The first line names the columns.")
    form_token = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *its: Any, offered: list[Verb], **options: Any) -> None:
        super().__init__(*its, **options)
        self.fields["verb"].choices = [("", "Choose"), *((each.name, named(each)) for each in offered)]  # type: ignore[attr-defined]


def named(verb: Verb) -> str:
    """Its label for many."""
    return verb.label_many or verb.label


@require_http_methods(["GET", "HEAD", "POST"])
@needs("console.view_bulkrun")
def from_file(request: HttpRequest) -> HttpResponseBase:
    """GET: the form, and the columns that each verb takes. POST: a draft, which leads to its page; 422 else."""
    offered = [each for each in verbs.every() if each.in_files and buttons.allowed(request, each.name)]
    if request.method != "POST":
        initial = {"verb": request.GET.get("verb", ""), "form_token": fresh_token()}
        return _draw(request, FileForm(initial=initial, offered=offered), offered)
    form = FileForm(request.POST, request.FILES, offered=offered)
    if form.is_valid():
        try:
            return SeeOther(_draft(request, form.cleaned_data).get_absolute_url())
        except files.Unreadable as problem:
            form.add_error("file", str(problem))
        except Denied as denied:
            form.add_error(None, str(denied))
    return _draw(request, form, offered)


def _draft(request: HttpRequest, cleaned: dict[str, Any]) -> BulkRun:
    verb = get_verb(request, cleaned["verb"])
    lines = files.read(cleaned["file"].read(files.LARGEST + 1), verb)
    token = cleaned["form_token"] or uuid.uuid4().hex
    run = BulkRun(verb=verb.name, user=staff(request), via="file", form_token=token[:64])
    return runs.draft(run, files.wanted(lines, verb))


def _draw(request: HttpRequest, form: FileForm, offered: list[Verb]) -> HttpResponse:
    context = {
        "title": "Bulk run from a file",
        "form": form,
        "offered": [{"label": named(each), "id": _id_of(each), "columns": files.columns(each)} for each in offered],
        "back_url": reverse("admin:console_bulkrun_changelist"),
    }
    return page(request, "console/bulk/from_file.html", context, status=form_status(request))


def _id_of(verb: Verb) -> str:
    return capfirst(verb.noun_name or "account")
