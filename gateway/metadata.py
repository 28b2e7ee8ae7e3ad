"""Metadata of mirror rows, a row a value, so that an index finds them. Only gateway.mirror writes here."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any, Self

from django.db import models
from django.db.models import Q

from gateway.shapes import hash_at, text_at
from gateway.spellings import Sought, holds

OURS = "console_"  # the marks by which this console finds what it made: nobody looks for them
KEY_AND_VALUE = re.compile(r"([^:=\s]{1,40})\s*[:=]\s*(.+)")  # docs.stripe.com/api/metadata: keys have 40 characters
LONGEST, BATCH = 500, 500


class MetadataQuerySet(models.QuerySet["Metadata"]):
    """Questions about metadata."""

    def named(self, text: str) -> Self:
        """Those whose value holds the text, or with a key and value as in "order:4711"."""
        found, both = holds("value", text[:LONGEST]), KEY_AND_VALUE.fullmatch(text)
        return self.filter(found | Q(key=both[1], value=both[2][:LONGEST]) if both else found)


class Metadata(models.Model):
    """One key and its value of one object."""

    object_id = models.CharField(max_length=255)
    key = models.CharField(max_length=64)
    value = models.CharField(max_length=LONGEST)

    objects = MetadataQuerySet.as_manager()

    class Meta:
        """Found by value, renewed by object."""

        default_permissions = ()
        indexes = (
            models.Index(fields=["value", "key"], name="metadata_value"),
            models.Index(fields=["object_id"], name="metadata_object"),
        )

    def __str__(self) -> str:
        """Key and value."""
        return f"{self.key}: {self.value}"


def of(data: Any) -> dict[str, str]:
    """The metadata of an object that somebody may look for."""
    pairs = ((str(key)[:64], text_at({"": value}, "")[:LONGEST]) for key, value in hash_at(data, "metadata").items())
    return {key: value for key, value in pairs if value and not key.startswith(OURS)}


def keep(rows: Sequence[Any]) -> None:
    """Take the metadata of these rows in the place of what was known of them: two statements."""
    Metadata.objects.filter(object_id__in=[row.pk for row in rows]).delete()
    Metadata.objects.bulk_create(
        Metadata(object_id=row.pk, key=key, value=value) for row in rows for key, value in of(row.data).items()
    )


def fill(model: Any, rows: models.QuerySet[Any]) -> None:
    """For migrations: what is known of these rows of an older release; `model` is Metadata as it then was.

    In the place of what an earlier run left, for a migration may be taken back and applied again: in one statement,
    for without statistics a database reads the whole table for each batch.
    """
    model.objects.filter(object_id__in=rows.values("pk")).delete()
    every = rows.only("data").iterator()
    found = (model(object_id=row.pk, key=key, value=value) for row in every for key, value in of(row.data).items())
    while batch := list(islice(found, BATCH)):
        model.objects.bulk_create(batch)


def sought(text: str) -> Sought:
    """Rows of a mirror whose metadata are named so."""
    return Sought(elsewhere=(Metadata.objects.named(text).values_list("object_id", flat=True),))
