"""How PostgreSQL answers a query, for tests that hold without a clock: `plans(queries)` after ANALYZE.

PostgreSQL plans as if tables were large (AS_IF_LARGE), so a table that is read from end to end (`scanned`) says that no
index serves. An index may be read from end to end too, which can be right (the first rows of an order) and wrong: so
hold `reads` (rows taken from tables) and `sorts` (rows that were put in order) to what the page shows.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from gateway.mirror import REGISTRY

AS_IF_LARGE = ("seqscan", "hashjoin", "mergejoin")  # ways that it takes where a table is small
SELECTS = ("SELECT", "(SELECT", "WITH")
OF_EVERY_ROW = re.compile(r"[( ]*\w+ IS NOT NULL[) ]*")  # what Mirror's manager asks of all rows chooses none


@dataclass(frozen=True)
class Node:
    """One step of a plan. Rows are those of all its loops; `removed` were read and did not qualify."""

    kind: str  # PostgreSQL's word: Seq Scan, Index Scan, Bitmap Heap Scan, Sort …
    relation: str  # the table, "" where it reads none
    index: str
    rows: int
    removed: int
    sorts: int  # rows that it put in order
    whole: bool  # it read its table from end to end, by an index or not


@dataclass(frozen=True)
class Plan:
    """A query and how it was answered."""

    sql: str
    nodes: tuple[Node, ...]

    @property
    def scanned(self) -> set[str]:
        """The tables that were read from end to end."""
        return {node.relation for node in self.nodes if node.whole}

    @property
    def removed(self) -> int:
        """Rows of tables that were read in vain."""
        return sum(node.removed for node in self.nodes if node.relation)

    @property
    def reads(self) -> int:
        """Rows of tables that were read, in vain or not."""
        return sum(node.rows + node.removed for node in self.nodes if node.relation)

    @property
    def sorts(self) -> int:
        """Rows that were put in order at once: the most of any step."""
        return max((node.sorts for node in self.nodes), default=0)

    def __str__(self) -> str:
        """Return it a step a line, then the SQL."""
        return "\n".join([*map(str, self.nodes), self.sql])


def plans(queries: Iterable[str]) -> list[Plan]:
    """The plan of each SELECT among these statements, each once; run for it, and rolled back."""
    selects = [sql for sql in dict.fromkeys(queries) if sql.startswith(SELECTS)]
    with transaction.atomic(), connection.cursor() as cursor:
        for name in AS_IF_LARGE:
            cursor.execute(f"SET LOCAL enable_{name} = off")
        found = [Plan(sql, tuple(_nodes(_explained(cursor, sql)))) for sql in selects]
        transaction.set_rollback(True)
    return found


def plans_of(call: Callable[[], Any]) -> list[Plan]:
    """The plans of all that a call asks."""
    with CaptureQueriesContext(connection) as queries:
        call()
    return plans(query["sql"] for query in queries.captured_queries)


def mirrors() -> set[str]:
    """The tables that grow with what Stripe has."""
    return {model._meta.db_table for model in REGISTRY.values()}


def analyze() -> None:
    """Have PostgreSQL look at what was filled in, as its own autovacuum would."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _explained(cursor: Any, sql: str) -> dict[str, Any]:
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}")
    plan: dict[str, Any] = cursor.fetchone()[0][0]["Plan"]
    return plan


def _nodes(step: dict[str, Any]) -> Iterator[Node]:
    loops, below = step["Actual Loops"], step.get("Plans", [])
    removed = sum(step.get(f"Rows Removed by {each}", 0) for each in ("Filter", "Index Recheck"))
    ordered = sum(each["Actual Rows"] for each in below) if step["Node Type"] in ("Sort", "Incremental Sort") else 0
    yield Node(
        kind=step["Node Type"],
        relation=step.get("Relation Name", ""),
        index=step.get("Index Name", ""),
        rows=round(step["Actual Rows"] * loops),
        removed=round(removed * loops),
        sorts=round(ordered),
        whole=_whole(step),
    )
    for each in below:
        yield from _nodes(each)


def _whole(step: dict[str, Any]) -> bool:
    """Whether it reads a table from end to end; a partial index without a condition does not."""
    if step["Node Type"] == "Bitmap Heap Scan":
        return all(OF_EVERY_ROW.fullmatch(each.get("Index Cond", "")) for each in step["Plans"])
    return bool(step["Node Type"] == "Seq Scan")
