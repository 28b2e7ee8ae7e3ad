"""Emptying the database after a test that committed, in milliseconds.

Django's own flush truncates every table and asks each app for its permissions anew: 0.3 s a test on PostgreSQL.
Here the tables that have rows are deleted from; content types, permissions and roles stay, unless a test changed them.
"""

from typing import Any

from django.test import TransactionTestCase

KEPT = {"django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}


def spare_the_disk(connection: Any) -> None:
    """PostgreSQL need not have written a test's rows to the disk before it goes on."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit TO off")
        cursor.execute("SET synchronous_commit TO off")


def granted() -> tuple[Any, ...]:
    """What migrations left in the tables that are kept. Three queries."""
    from django.contrib.auth.models import Group, Permission

    return (
        set(Permission.objects.values_list("pk", "codename")),
        set(Group.objects.values_list("pk", "name")),
        set(Group.permissions.through.objects.values_list("group_id", "permission_id")),
    )


def empty() -> None:
    """Delete every row of the tables that are not kept. Constraints are deferred, so any order will do."""
    from django.db import connection, transaction

    quote = connection.ops.quote_name
    names = [name for name in connection.introspection.django_table_names() if name not in KEPT]
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quote(name)})" for name in names)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(filled)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {quote(name)}")


def install() -> None:
    """Have every test that commits end this way; with Django's flush where it changed what is kept."""
    left, flush = granted(), TransactionTestCase._fixture_teardown

    def teardown(case: TransactionTestCase) -> None:
        if granted() == left:
            empty()
        else:
            flush(case)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
