"""Column lineage through all models, and how far a change of some columns reaches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from finhouse.dbt.sql_columns import ROWS, QueryColumns, Traced, read_columns
from finhouse.gate.builds import Built
from finhouse.gate.model_changes import RELATIONS
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.opening import DEFAULT_MEMORY_LIMIT

KPI_MARTS = ("kpi_monthly", "kpi_daily")

# Columns by name of the model or seed; ROWS among them where its set of rows is meant.
Columns = dict[str, set[str]]


@dataclass(frozen=True)
class Lineage:
    """What every column of every model is made of.

    Attributes:
        queries: by model; None where its SQL could not be taken apart.
        columns: names of the columns, by model, seed or source table.
        names: ``schema.table`` -> name of the model, seed or snapshot.
        parents: names of those each model or snapshot reads.
    """

    queries: dict[str, QueryColumns | None]
    columns: dict[str, list[str]]
    names: dict[str, str]
    parents: dict[str, set[str]]

    @property
    def in_order(self) -> list[str]:
        """Models and seeds, each after those it reads."""
        return list(TopologicalSorter(self.parents).static_order())

    @property
    def unread(self) -> list[str]:
        """Models whose SQL could not be taken apart: all their columns depend on all they read."""
        return sorted(name for name, query in self.queries.items() if query is None)


@dataclass(frozen=True)
class Reach:
    """How far a change goes.

    Attributes:
        columns: columns of each model that may differ, those changed included.
        kpis: codes of the KPIs that may differ.
        beside_kpis: models reached on a way that leads through no single KPI.
    """

    columns: Columns
    kpis: frozenset[str]
    beside_kpis: frozenset[str]


def read_lineage(built: Built) -> Lineage:
    """Take every model of one version apart."""
    with DuckdbWarehouse(built.warehouse, DEFAULT_MEMORY_LIMIT, read_only=True) as warehouse:
        rows = warehouse.execute(
            "select table_catalog, table_schema, table_name, column_name, data_type"
            " from information_schema.columns order by table_schema, table_name, ordinal_position"
        )
    schema: dict[str, Any] = {}
    tables: dict[str, list[str]] = {}
    for database, place, table, column, kind in rows:
        schema.setdefault(database, {}).setdefault(place, {}).setdefault(table, {})[column] = kind
        tables.setdefault(f"{place}.{table}", []).append(column)
    nodes = {
        unique_id: node
        for unique_id, node in built.manifest["nodes"].items()
        if node["resource_type"] in RELATIONS
    }
    names = {_relation(node): node["name"] for node in nodes.values()}
    return Lineage(
        queries={
            node["name"]: read_columns(node["compiled_code"], schema)
            for node in nodes.values()
            if node["resource_type"] != "seed"
        },
        columns={names.get(table, table): columns for table, columns in tables.items()},
        names=names,
        parents={
            node["name"]: {
                nodes[parent]["name"]
                for parent in node["depends_on"].get("nodes", [])
                if parent in nodes
            }
            for node in nodes.values()
        },
    )


def columns_handed_on(lineage: Lineage) -> dict[str, dict[str, set[tuple[str, str]]]]:
    """By model and column: the source columns, as (``schema.table``, column), whose values it has.

    A value that is cast, trimmed or chosen by min() or coalesce() is still that value; one that is
    computed from it, such as a band or a hash, is not.
    """
    found: dict[str, dict[str, set[tuple[str, str]]]] = {}
    for model in lineage.in_order:
        query = lineage.queries.get(model)
        if query is None:
            continue
        found[model] = {}
        for column, traced in query.columns.items():
            origins: set[tuple[str, str]] = set()
            for relation, name in traced.carries:
                upstream = lineage.names.get(relation)
                if upstream is None:
                    origins.add((relation, name))
                else:
                    origins |= found.get(upstream, {}).get(name, set())
            found[model][column] = origins
    return found


def changed_columns(base: Lineage, head: Lineage, rewritten: Iterable[str]) -> Columns:
    """Columns of the head's models that are computed otherwise than in the base, or are new.

    Args:
        rewritten: models whose SQL is another text; one that cannot be taken apart counts as
            changed in all its columns.
    """
    found: Columns = {}
    for name in head.queries.keys() & set(rewritten):
        before, now = base.queries.get(name), head.queries[name]
        if before is None or now is None:
            found[name] = {*head.columns.get(name, []), ROWS}
            continue
        columns = {
            column
            for column, traced in now.columns.items()
            if column not in before.columns or before.columns[column].digest != traced.digest
        }
        if now.rows.digest != before.rows.digest:
            columns.add(ROWS)
        if columns:
            found[name] = columns
    return found


def lost_columns(base: Lineage, head: Lineage) -> Columns:
    """Columns of the base's models and seeds that the head has no more."""
    found: Columns = {}
    for name in base.parents:
        if name not in head.parents:
            found[name] = {*base.columns.get(name, []), ROWS}
            continue
        lost = set(base.columns.get(name, [])) - set(head.columns.get(name, []))
        if lost:
            found[name] = lost
    return found


def renamed_columns(base: Lineage, head: Lineage) -> dict[str, dict[str, str]]:
    """By model: columns that are gone, and the one new column that is computed the same way."""
    found: dict[str, dict[str, str]] = {}
    for name, now in head.queries.items():
        before = base.queries.get(name)
        if before is None or now is None:
            continue
        come = now.columns.keys() - before.columns.keys()
        for column in before.columns.keys() - now.columns.keys():
            digest = before.columns[column].digest
            same = [other for other in come if now.columns[other].digest == digest]
            if len(same) == 1:
                found.setdefault(name, {})[column] = same[0]
    return found


def changed_kpis(base: Lineage, head: Lineage) -> dict[str, frozenset[str]]:
    """By model: the KPIs whose own branch of its query is another one than in the base, or new."""
    before, after = _branches(base), _branches(head)
    return {
        model: frozenset(c for c, digest in codes.items() if before.get(model, {}).get(c) != digest)
        for model, codes in after.items()
    }


def reach(
    lineage: Lineage,
    changed: Columns,
    changed_codes: frozenset[str],
    all_codes: frozenset[str],
    of_single_kpis: Collection[str] = (),
) -> Reach:
    """Follow changed columns down to all that is made of them.

    A KPI is reached where the branch that computes it is; all KPIs are where what they have in
    common is, such as their targets.

    Args:
        changed: columns that differ at their source.
        changed_codes: KPIs that are known to be changed: by their own branch, or their own rows
            of a seed.
        all_codes: every code of the catalogue.
        of_single_kpis: seeds with rows for single KPIs, whose codes are in ``changed_codes``.
    """
    columns = _follow(lineage, changed)
    kpis = set(changed_codes)
    computing = {name for name, query in lineage.queries.items() if query and query.kpis}
    for name in computing:
        query = lineage.queries[name]
        kpis |= {code for code, traced in query.kpis.items() if _is_hit(lineage, traced, columns)}
    single = computing.union(of_single_kpis)
    in_common = {name: what for name, what in changed.items() if name not in single}
    beside_kpis = frozenset(_follow(lineage, in_common, beside=computing))
    if beside_kpis.intersection(KPI_MARTS):
        kpis |= all_codes
    return Reach(columns, frozenset(kpis), beside_kpis)


def _follow(lineage: Lineage, changed: Columns, beside: Collection[str] = ()) -> Columns:
    """Columns made of the changed ones, and these; nothing passes through models in ``beside``."""
    found: Columns = {name: set(columns) for name, columns in changed.items()}
    for name in lineage.in_order:
        if name in beside or name not in lineage.queries:
            continue
        query = lineage.queries[name]
        if query is None:
            hit = (
                {*lineage.columns.get(name, []), ROWS} if lineage.parents[name] & set(found) else ()
            )
        else:
            parts = {**query.columns, ROWS: query.rows}
            hit = {column for column, traced in parts.items() if _is_hit(lineage, traced, found)}
        if hit:
            found.setdefault(name, set()).update(hit)
    return found


def _is_hit(lineage: Lineage, traced: Traced, columns: Columns) -> bool:
    return any(
        column in columns.get(lineage.names.get(relation, relation), ())
        for relation, column in traced.reads
    )


def _branches(lineage: Lineage) -> dict[str, dict[str, str]]:
    """By model: KPI code -> digest of the branch that computes it."""
    return {
        name: {code: traced.digest for code, traced in query.kpis.items()}
        for name, query in lineage.queries.items()
        if query
    }


def _relation(node: Mapping[str, Any]) -> str:
    return f"{node['schema']}.{node.get('alias') or node['name']}".lower()
