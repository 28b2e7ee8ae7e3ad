"""Older databases, made in a process of their own: `python -m tests.upgrading first|binding|walk|values|trail`.

Each prints JSON: the rows of every table of ours, one a table, as `app.model` → field → value; `walk` prints what the
checks said after each migration too.
"""

import hashlib
import json
import os
import sys
from datetime import UTC, date, datetime
from typing import Any

import django
from django.core.serializers.json import DjangoJSONEncoder

OURS = ("gateway", "console", "accounts", "issuing")
# What the first commits that could run had.
FIRST = [
    *(("gateway", "0001_initial"), ("console", "0002_append_only"), ("accounts", "0001_initial")),
    *(("auth", "__latest__"), ("contenttypes", "__latest__"), ("sessions", "__latest__"), ("django_q", "__latest__")),
]
SAID: dict[str, dict[str, Any]] = {
    "console.brake": {"livemode": False, "lifted_at": None},
    "gateway.binding": {"id": 1, "mode": "sandbox", "platform_account": ""},
    "accounts.account": {"data": {"requirements": {"past_due": ["company.phone"]}}},
}
Rows = dict[str, dict[str, Any]]


def executor() -> Any:
    """A new one: it remembers what was applied."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    return MigrationExecutor(connection)


def go_to_the_first() -> Any:
    """Migrate an empty database to FIRST; returns the models as they were."""
    migrator = executor()
    leaves = {app: (app, name) for app, name in migrator.loader.graph.leaf_nodes()}
    targets = [leaves[app] if name == "__latest__" else (app, name) for app, name in FIRST]
    return migrator.migrate(targets).apps


def value(field: Any, label: str, place: int) -> Any:
    """Something that the field can hold; moments follow each other as the fields do."""
    if field.remote_field:
        first = None if field.null else field.related_model.objects.order_by("pk").first()
        return getattr(first, field.target_field.attname, None)
    if field.choices:
        return field.choices[0][0]
    kind = field.get_internal_type()
    if kind in ("CharField", "TextField", "GenericIPAddressField", "EmailField"):
        return f"{label} {field.name} é"[: field.max_length or 100]
    others: dict[str, Any] = {"JSONField": {"kept": [1, "é", None]}, "BooleanField": True, "FloatField": 1.5}
    others |= {"DateTimeField": datetime(2026, 11, 23, 12, place, tzinfo=UTC), "DateField": date(2026, 11, 23)}
    return others.get(kind, 7)


def _depth(model: Any) -> int:
    """How many tables must have a row before this one can."""
    needed = [field.related_model for field in model._meta.fields if field.remote_field and not field.null]
    return 1 + max((_depth(each) for each in needed if each is not model), default=0)


def fill(apps: Any) -> None:
    """One row in each table of ours that has none, those that others point to first."""
    waiting = [model for model in apps.get_models() if model._meta.app_label in OURS and not model._meta.auto_created]
    waiting.sort(key=_depth)
    for model in waiting:
        if not model.objects.exists():
            label = model._meta.label_lower
            fields = [
                field for field in model._meta.concrete_fields if not field.get_internal_type().endswith("AutoField")
            ]
            given = {field.attname: value(field, label, place) for place, field in enumerate(fields)}
            model.objects.create(**given | SAID.get(label, {}))


def rows(apps: Any) -> Rows:
    """The one row of each table of ours."""
    models = [model for model in apps.get_models() if model._meta.app_label in OURS]
    every = {model: getattr(model, "every", model.objects) for model in models}  # mirrors hide rows of no account
    there = {model._meta.label_lower: list(manager.values()) for model, manager in every.items()}
    return {label: found[0] for label, found in there.items() if len(found) == 1}


def checks() -> dict[str, list[str]]:
    """Ids of what the checks of the database say, in each mode."""
    from django.conf import settings
    from django.core.checks import run_checks

    said, mode = {}, settings.CONSOLE_MODE
    for settings.CONSOLE_MODE in ("sandbox", "live"):
        found = run_checks(tags=["database"], databases=["default"])
        said[settings.CONSOLE_MODE] = [str(error.id) for error in found]
    settings.CONSOLE_MODE = mode
    return said


def walk() -> dict[str, Any]:
    """From nothing to the newest, one migration at a time; each table gets a row as soon as it is there."""
    migrator = executor()
    apps, kept, said = None, {}, {}
    for migration, _ in migrator.migration_plan(migrator.loader.graph.leaf_nodes()):
        step = (migration.app_label, migration.name)
        apps = executor().migrate([step]).apps
        fill(apps)
        kept = rows(apps) | kept
        if migration.app_label in OURS:
            said[".".join(step)] = checks()
    return {"checks": said, "rows": kept}


def trail() -> int:
    """Three rows of the audit trail as releases wrote them that had no personal parts beside it; how many."""
    migrator = executor()
    leaves = [leaf for leaf in migrator.loader.graph.leaf_nodes() if leaf[0] not in ("console", "accounts", "issuing")]
    then = migrator.migrate([*leaves, ("console", "0007_operations_found_by_index")]).apps
    entries, previous = then.get_model("console", "auditentry").objects, "0" * 64
    for number in (1, 2, 3):
        at = datetime(2026, 11, 23, 12, number, tzinfo=UTC)
        said = [
            "test.done",
            None,
            "marta",
            "acct_1",
            "Älder",
            "ic_1",
            None,
            "Because",
            "T-1",
            {"verb": "x", "n": "1.5"},
        ]
        row = [number, at.isoformat(timespec="microseconds"), *said]
        text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256((previous + text).encode()).hexdigest()
        names = (
            "action",
            "user",
            "user_name",
            "account_id",
            "account_name",
            "subject",
            "operation",
            "reason",
            "ticket",
        )
        values = dict(zip((*names, "detail"), said, strict=True))
        entries.create(number=number, at=at, previous_digest=previous, digest=digest, **values)
        previous = digest
    return int(entries.count())


def main(what: str) -> Any:
    """Do one of them and return what is to be printed."""
    from django.apps import apps

    if what == "trail":
        return trail()

    if what == "walk":
        return walk()
    if what == "values":
        return rows(apps)
    old = go_to_the_first()
    if what == "binding":
        old.get_model("gateway", "binding").objects.create(**SAID["gateway.binding"])
    else:
        fill(old)
    made = rows(old)
    take_back(old, made)
    return made


def take_back(old: Any, made: Rows) -> None:
    """The first 0001 of accounts had no `overdue` yet."""
    from django.db import connection

    account = old.get_model("accounts", "account")
    with connection.schema_editor() as editor:
        editor.remove_field(account, account._meta.get_field("overdue"))
    made.get("accounts.account", {}).pop("overdue", None)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    sys.stdout.write(json.dumps(main(sys.argv[1]), cls=DjangoJSONEncoder))
