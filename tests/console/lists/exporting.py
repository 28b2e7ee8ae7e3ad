"""Exports as a program gets them: the answer of the button, read as rows."""

import csv
import io
from typing import Any
from urllib.parse import urlencode

import openpyxl
from django.test import Client

Rows = list[dict[str, Any]]


def export(client: Client, name: str, form: str = "csv", account: str = "", **asked: str) -> Any:
    """What the button answers."""
    path = f"/{account}/exports/{name}" if account else f"/exports/{name}"
    return client.post(path, {"format": form, "query": urlencode(asked), "for_account": account})


def read_csv(answer: Any) -> Rows:
    """Its rows, as a program reads them."""
    assert answer.status_code == 200, answer.status_code
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"), newline="")))


def read_xlsx(answer: Any) -> Rows:
    """Its rows, as a spreadsheet library reads them."""
    assert answer.status_code == 200, answer.status_code
    sheet = openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active
    head, *rest = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rest]
