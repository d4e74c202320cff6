"""From a KPI back to the source columns it is made of, by the SQL that dbt compiled last.

It reads dbt's manifest alone: no warehouse need be open. What a raw table has beside the columns
that its staging model names cannot matter to a KPI.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from finhouse.dbt.kpis import registry_entries
from finhouse.dbt.manifest import Manifest, Node, layer_of
from finhouse.dbt.sql_columns import ROWS, QueryColumns, Reference, read_columns
from finhouse.errors import TransformError

# Decides for every domain at once which days there are: part of every KPI, and the end of the way
# back, for behind it lie the dates of all other domains.
CALENDAR = "int_domain_periods"


@dataclass(frozen=True)
class Origin:
    """A relation that a KPI is made of, and its columns that matter to it.

    Attributes:
        kind: ``source`` or ``seed`` where it begins; ``staging``, ``intermediate`` ... on the way.
        schema: of the warehouse.
        name: of the model or seed; of a source table ``source.table``.
        columns: by name; empty where only the presence of its rows matters.
    """

    kind: str
    schema: str
    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class KpiLineage:
    """Where a KPI comes from.

    Attributes:
        computed_by: models that compute it, one a grain.
        models: on the way, those that read sources first; ``CALENDAR`` is not followed further.
        origins: source tables and seeds.
    """

    computed_by: tuple[str, ...]
    models: tuple[Origin, ...]
    origins: tuple[Origin, ...]


class KpiLineages:
    """Lineages of the KPIs of one manifest; a model's SQL is taken apart when first asked for.

    Args:
        manifest: dbt's, compiled.

    Attributes:
        compiled_at: when dbt did so, as it says it.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.compiled_at = str(manifest["metadata"]["generated_at"])
        # dbt and sqlglot call the engines alike; names are as the project writes them, also where
        # the engine would fold them to capitals.
        engine = manifest["metadata"]["adapter_type"]
        self._dialect = f"{engine}, normalization_strategy=lowercase"
        self._nodes = {
            _relation(node): node
            for node in [*manifest["nodes"].values(), *manifest.get("sources", {}).values()]
            if node["resource_type"] in ("model", "seed", "snapshot", "source")
        }
        self._places = {node["unique_id"]: place for place, node in self._nodes.items()}
        self._computing: dict[str, list[str]] = {}
        for _, model, entry in registry_entries(manifest):
            self._computing.setdefault(str(entry["code"]), []).append(_relation(model))
        self._queries: dict[str, QueryColumns] = {}
        self._columns: dict[str, list[str]] = {}

    def of(self, code: str) -> KpiLineage | None:
        """Lineage of a KPI; None where the project of this manifest does not compute it.

        Raises:
            TransformError: dbt has not compiled a model on the way, or its SQL cannot be read.
        """
        computing = self._computing.get(code, [])
        if not computing:
            return None
        found: dict[str, set[str]] = {}
        waiting: set[Reference] = set()
        for place in computing:
            waiting |= self._query(place).kpis[code].reads
        while waiting:
            place, column = waiting.pop()
            if place not in self._nodes or column in found.setdefault(place, set()):
                continue
            found[place].add(column)
            if _is_query(self._nodes[place]) and self._name(place) != CALENDAR:
                waiting |= self._reads(place, column)
        return KpiLineage(
            computed_by=tuple(sorted(self._name(place) for place in computing)),
            models=self._told(found, is_query=True),
            origins=self._told(found, is_query=False),
        )

    def _reads(self, place: str, column: str) -> frozenset[Reference]:
        query = self._query(place)
        traced = query.rows if column == ROWS else query.columns.get(column)
        return traced.reads if traced else frozenset()

    def _told(self, found: Mapping[str, set[str]], *, is_query: bool) -> tuple[Origin, ...]:
        order = {layer: number for number, layer in enumerate(("source", "seed", "staging"))}
        told = [
            Origin(
                kind=_kind(self._nodes[place]),
                schema=place.partition(".")[0],
                name=self._name(place),
                columns=tuple(sorted(columns - {ROWS})),
            )
            for place, columns in found.items()
            if _is_query(self._nodes[place]) == is_query
        ]
        return tuple(sorted(told, key=lambda one: (order.get(one.kind, len(order)), one.name)))

    def _name(self, place: str) -> str:
        node = self._nodes[place]
        prefix = f"{node['source_name']}." if node["resource_type"] == "source" else ""
        return prefix + str(node["name"])

    def _query(self, place: str) -> QueryColumns:
        """A model taken apart, after all that it reads: they say which columns there are."""
        if place not in self._queries:
            node = self._nodes[place]
            sql = node.get("compiled_code")
            if not sql:
                raise TransformError(
                    f"dbt has parsed {node['name']} without compiling it",
                    "run `make build`, or `make dbt ARGS=compile`",
                )
            schema: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
            for parent in node["depends_on"]["nodes"]:
                if parent in self._places:
                    self._add_columns(schema, self._places[parent], sql)
            query = read_columns(sql, schema, self._dialect)
            if query is None:
                raise TransformError(
                    f"the SQL of {node['name']} cannot be followed",
                    "write it plainer, or pin sqlglot to a version that reads it",
                )
            self._queries[place] = query
        return self._queries[place]

    def _add_columns(self, schema: dict[str, Any], place: str, reading_sql: str) -> None:
        node = self._nodes[place]
        if _is_query(node):
            names: Iterable[str] = self._query(place).columns
        elif node["resource_type"] == "seed":
            names = _named_in(reading_sql, self._dialect) | node["columns"].keys()
        else:
            names = _named_in(reading_sql, self._dialect)
        _, table = place.split(".")
        database = schema.setdefault(str(node["database"]), {})
        database.setdefault(node["schema"], {})[table] = dict.fromkeys(names, "text")


def _named_in(sql: str, dialect: str) -> set[str]:
    """Every column name in a query."""
    try:
        return {column.name for column in parse_one(sql, dialect=dialect).find_all(exp.Column)}
    except SqlglotError:
        return set()


def _is_query(node: Node) -> bool:
    return node["resource_type"] in ("model", "snapshot")


def _kind(node: Node) -> str:
    return layer_of(node) if node["resource_type"] == "model" else str(node["resource_type"])


def _relation(node: Node) -> str:
    name = node.get("alias") or node.get("identifier") or node["name"]
    return f"{node['schema']}.{name}".lower()
