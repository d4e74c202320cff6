"""Where each column of each mart comes from, and which class each column of the project has.

Both are kept in ``raw_operations``, for the marts column_lineage and data_class_inventory. To take
the SQL of a whole project apart takes seconds: it is done when something has changed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import sqlglot

from finhouse.dbt.data_classes import meta_of
from finhouse.dbt.inheritance import Inheritance
from finhouse.dbt.manifest import MARTS, Manifest
from finhouse.dbt.queries import CALENDAR, Queries
from finhouse.dbt.sql_columns import ROWS, Reference
from finhouse.sources.classes import OF_NO_PERSON
from finhouse.sources.definitions import (
    FILE_COLUMNS,
    LOADER_COLUMNS,
    PostgresDefinition,
    SourceDefinition,
    raw_schema,
)
from finhouse.warehouse import Warehouse

SCHEMA = "raw_operations"
COLUMN_LINEAGE, COLUMN_CLASSES = "column_lineage", "column_classes"
TABLES: Mapping[str, Mapping[str, str]] = {
    COLUMN_LINEAGE: {
        "mart_name": "text",
        "mart_column": "text",
        "source_name": "text",
        "source_table": "text",
        "source_column": "text",
        "lineage_kind": "text",
        "lineage_path": "text",
        "project_digest": "text",
    },
    COLUMN_CLASSES: {
        "layer": "text",
        "schema_name": "text",
        "source_name": "text",
        "table_name": "text",
        "column_name": "text",
        "class_level": "text",
        "class_category": "text",
        "masking": "text",
        "owner": "text",
        "reaches_dashboard": "boolean",
        "project_digest": "text",
    },
}
VALUE, ROW = "value", "row"
# Of the source of a seed, which no load brings.
SEEDS = "seeds"
# What the loader adds to a raw table.
OF_THE_LOADER = (*LOADER_COLUMNS, *FILE_COLUMNS)
_CHUNK = 5000
# When a build began stands in its SQL, and in no column of a source.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


class Origin(NamedTuple):
    """A source column that a column of a mart is made of, in the order of the table's columns.

    Attributes:
        mart_column: ``*`` where it decides which rows the mart has.
        source_column: ``*`` where the rows of the table matter, and none of its columns.
        path: the models on the shortest way, the mart at the end.
    """

    mart_name: str
    mart_column: str
    source_name: str
    source_table: str
    source_column: str
    kind: str
    path: str


class Column(NamedTuple):
    """A column of a source, staging or intermediate model or mart, in the order of the table."""

    layer: str
    schema: str
    source_name: str | None
    table: str
    column: str
    level: str | None
    category: str | None
    masking: str | None
    owner: str | None
    reaches_dashboard: bool


def create_tables(warehouse: Warehouse) -> None:
    """Create the tables that the marts read."""
    for table, columns in TABLES.items():
        warehouse.create_table(SCHEMA, table, columns)


def record_columns(
    manifest: Manifest, warehouse: Warehouse, sources: Sequence[SourceDefinition]
) -> bool:
    """Keep lineage and classes of a compiled project; False where nothing has changed.

    Raises:
        TransformError: dbt has not compiled a model, or its SQL cannot be read.
        ConfigurationError: what a column says of its class is not as documented.
    """
    columns = raw_columns(warehouse)
    digest = _digest(manifest, sources, columns)
    kept = f"select max(project_digest) from {SCHEMA}.{COLUMN_CLASSES}"
    if warehouse.execute(kept) == [(digest,)]:
        return False
    inherited = Inheritance(manifest, sources, columns)
    lineage = sorted(origins(inherited.queries))
    classes = sorted(
        inventory(manifest, inherited, sources, columns), key=lambda one: (one[1], one[3], one[4])
    )
    with warehouse.transaction():
        _replace(warehouse, COLUMN_LINEAGE, lineage, digest)
        _replace(warehouse, COLUMN_CLASSES, classes, digest)
    return True


def raw_columns(warehouse: Warehouse) -> dict[str, list[str]]:
    """Columns of each raw table, by ``schema.table``."""
    found: dict[str, list[str]] = {}
    for schema, table, column in warehouse.execute(
        "select table_schema, table_name, column_name from information_schema.columns"
        " where table_catalog = current_database() and table_schema like 'raw%'"
        " order by table_schema, table_name, ordinal_position"
    ):
        found.setdefault(f"{schema}.{table}", []).append(column)
    return found


def origins(queries: Queries) -> Iterator[Origin]:
    """What the columns and the rows of each mart are made of."""
    for place in queries.in_order():
        if queries.kind(place) != MARTS:
            continue
        query, mart = queries.of(place), queries.name(place)
        for column in query.columns:
            for read, path in _ways_back(queries, place, [(column, VALUE)], only=VALUE):
                yield Origin(mart, column, *_source(queries, read), VALUE, path)
        begin = [(ROWS, ROW), *((column, VALUE) for column in query.columns)]
        for read, path in _ways_back(queries, place, begin, only=ROW):
            yield Origin(mart, ROWS, *_source(queries, read), ROW, path)


def _ways_back(
    queries: Queries, mart: str, begin: Iterable[tuple[str, str]], only: str
) -> Iterator[tuple[Reference, str]]:
    """Source columns behind columns of a mart that are reached in one way, the nearest first.

    From a value one goes on to values, and to what decides the rows of an aggregate; from there all
    that is read decides about rows.
    """
    waiting = deque((mart, column, kind, (queries.name(mart),)) for column, kind in begin)
    seen = {(place, column, kind) for place, column, kind, _ in waiting}
    while waiting:
        place, column, kind, path = waiting.popleft()
        if not queries.is_query(place):
            if kind == only:
                yield (place, column), " > ".join(path[1:])
            continue
        if queries.name(place) == CALENDAR:
            continue
        query = queries.of(place)
        traced = query.rows if column == ROWS else query.columns.get(column)
        if traced is None:
            continue
        for read in sorted(traced.reads):
            below = VALUE if kind == VALUE and read in traced.values else ROW
            step = (*read, below)
            if read[0] in queries.nodes and step not in seen and (only == ROW or below == VALUE):
                seen.add(step)
                waiting.append((*step, (queries.name(read[0]), *path)))


def _source(queries: Queries, read: Reference) -> tuple[str, str, str]:
    node = queries.nodes[read[0]]
    return str(node.get("source_name") or SEEDS), str(node["name"]), read[1]


def inventory(
    manifest: Manifest,
    inherited: Inheritance,
    sources: Sequence[SourceDefinition],
    columns: Mapping[str, Sequence[str]],
) -> Iterator[Column]:
    """Every column of the sources and of the models, with its class."""
    queries = inherited.queries
    shown = _on_dashboards(manifest, queries)
    for source in sources:
        schema = raw_schema(source.name)
        for table in source.table_names:
            held = columns.get(f"{schema}.{table}", ())
            treated = {}
            if isinstance(source, PostgresDefinition):
                [declared] = source.chosen([table])
                treated = declared.personal_data
            for column in dict.fromkeys([*held, *(c for c, t in treated.items() if t == "omit")]):
                found = source.class_of(table, column, held)
                if column in OF_THE_LOADER:
                    found = OF_NO_PERSON
                yield Column(
                    *("source", schema, source.name, table, column),
                    *((found.level, found.category) if found else (None, None)),
                    treated.get(column, "keep"),
                    None,
                    (f"{schema}.{table}", column) in shown,
                )
    for place in queries.in_order():
        layer = queries.kind(place)
        if layer == "snapshot":
            continue
        node, schema = queries.nodes[place], place.partition(".")[0]
        for column in queries.of(place).columns:
            found = inherited.class_of(place, column)
            yield Column(
                *(layer, schema, None, str(node["name"]), column, found.level, found.category),
                None,
                meta_of(node).get("owner"),
                (place, column) in shown,
            )


def _on_dashboards(manifest: Manifest, queries: Queries) -> set[Reference]:
    """Columns whose values go into marts that dashboards show, and those of these marts."""
    waiting = [
        (queries.places[mart], column)
        for exposure in manifest.get("exposures", {}).values()
        if exposure["type"] == "dashboard"
        for mart in exposure["depends_on"]["nodes"]
        if mart in queries.places
        for column in queries.of(queries.places[mart]).columns
    ]
    found = set(waiting)
    while waiting:
        place, column = waiting.pop()
        if not queries.is_query(place):
            continue
        traced = queries.of(place).columns.get(column)
        reads = {read for read in traced.values if read[0] in queries.nodes} if traced else set()
        waiting += reads - found
        found |= reads
    return found


def _digest(
    manifest: Manifest, sources: Sequence[SourceDefinition], columns: Mapping[str, Sequence[str]]
) -> str:
    """Of all that lineage and classes are read from."""
    nodes = {
        name: [
            *(_MOMENT.sub("", node.get("compiled_code") or ""), node["schema"], node.get("alias")),
            meta_of(node).get("owner"),
            {column: meta_of(its).get("inherits") for column, its in node["columns"].items()},
        ]
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed", "snapshot")
    }
    shown = {
        name: exposure["depends_on"]["nodes"]
        for name, exposure in manifest.get("exposures", {}).items()
    }
    declared = [source.model_dump(mode="json") for source in sources]
    read = [sqlglot.__version__, TABLES, nodes, shown, declared, columns]
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()


def _replace(
    warehouse: Warehouse, table: str, rows: Sequence[tuple[object, ...]], digest: str
) -> None:
    kinds = list(TABLES[table].values())
    listed = ", ".join(f"unnest(${place}::{kind}[])" for place, kind in enumerate(kinds[:-1], 1))
    warehouse.change(f"delete from {SCHEMA}.{table}")
    for begin in range(0, len(rows), _CHUNK):
        values = [list(column) for column in zip(*rows[begin : begin + _CHUNK], strict=True)]
        warehouse.execute(
            f"insert into {SCHEMA}.{table} select {listed}, ${len(kinds)}", (*values, digest)
        )
