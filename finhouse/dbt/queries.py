"""The SQL of a whole project, as dbt compiled it last, each model taken apart.

It reads dbt's manifest alone: no warehouse need be open. What a raw table has beside the columns
that its staging model names cannot matter to what is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from finhouse.dbt.manifest import Manifest, Node, layer_of
from finhouse.dbt.sql_columns import DIALECT, ROWS, People, QueryColumns, Reference, read_columns
from finhouse.errors import TransformError

# Decides for every domain at once which days there are: part of all that is dated, and the end of
# the way back, for behind it lie the dates of all other domains.
CALENDAR = "int_domain_periods"


class Queries:
    """Models, seeds and source tables of one manifest, each at its place, ``schema.table``.

    Args:
        manifest: dbt's, compiled.
        people: what of its sources is about persons.

    Attributes:
        nodes: by place.
        places: by dbt's unique id.
    """

    def __init__(self, manifest: Manifest, people: People | None = None) -> None:
        # dbt and sqlglot call the engines alike; names are as the project writes them, also where
        # the engine would fold them to capitals.
        engine = manifest["metadata"].get("adapter_type", DIALECT)
        self._dialect = f"{engine}, normalization_strategy=lowercase"
        self._people = people
        self.nodes: dict[str, Node] = {
            relation(node): node
            for node in [*manifest["nodes"].values(), *manifest.get("sources", {}).values()]
            if node["resource_type"] in ("model", "seed", "snapshot", "source")
        }
        self.places = {str(node["unique_id"]): place for place, node in self.nodes.items()}
        self._queries: dict[str, QueryColumns] = {}

    def is_query(self, place: str) -> bool:
        """Whether it is made of others by SQL."""
        return self.nodes[place]["resource_type"] in ("model", "snapshot")

    def kind(self, place: str) -> str:
        """``source``, ``seed`` or the layer of a model."""
        node = self.nodes[place]
        return layer_of(node) if node["resource_type"] == "model" else str(node["resource_type"])

    def name(self, place: str) -> str:
        """Name of the model or seed; of a source table ``source.table``."""
        node = self.nodes[place]
        prefix = f"{node['source_name']}." if node["resource_type"] == "source" else ""
        return prefix + str(node["name"])

    def in_order(self) -> list[str]:
        """Places of all that is a query, each after those it reads."""
        parents = {
            place: [parent for parent in self._parents(place) if self.is_query(parent)]
            for place in self.nodes
            if self.is_query(place)
        }
        return list(TopologicalSorter(parents).static_order())

    def reads(self, place: str, column: str) -> frozenset[Reference]:
        """All that a column, or the rows (``ROWS``), of a model depend on."""
        query = self.of(place)
        traced = query.rows if column == ROWS else query.columns.get(column)
        return traced.reads if traced else frozenset()

    def of(self, place: str) -> QueryColumns:
        """A model taken apart, after all that it reads: they say which columns there are.

        Raises:
            TransformError: dbt has not compiled a model on the way, or its SQL cannot be read.
        """
        if place not in self._queries:
            node = self.nodes[place]
            sql = node.get("compiled_code")
            if not sql:
                raise TransformError(
                    f"dbt has parsed {node['name']} without compiling it",
                    "run `make build`, or `make dbt ARGS=compile`",
                )
            schema: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
            for parent in self._parents(place):
                self._add_columns(schema, parent, sql)
            query = read_columns(sql, schema, self._dialect, self._people)
            if query is None:
                raise TransformError(
                    f"the SQL of {node['name']} cannot be followed",
                    "write it plainer, or pin sqlglot to a version that reads it",
                )
            self._queries[place] = query
        return self._queries[place]

    def _parents(self, place: str) -> Iterable[str]:
        for parent in self.nodes[place]["depends_on"].get("nodes", []):
            if parent in self.places:
                yield self.places[parent]

    def _add_columns(self, schema: dict[str, Any], place: str, reading_sql: str) -> None:
        node = self.nodes[place]
        if self.is_query(place):
            names: Iterable[str] = self.of(place).columns
        elif node["resource_type"] == "seed":
            names = _named_in(reading_sql, self._dialect) | node["columns"].keys()
        else:
            names = _named_in(reading_sql, self._dialect)
        _, table = place.split(".")
        database = schema.setdefault(str(node["database"]), {})
        database.setdefault(node["schema"], {})[table] = dict.fromkeys(names, "text")


def relation(node: Node) -> str:
    """``schema.table`` of a node of the manifest."""
    name = node.get("alias") or node.get("identifier") or node["name"]
    return f"{node['schema']}.{name}".lower()


def _named_in(sql: str, dialect: str) -> set[str]:
    """Every column name in a query."""
    try:
        return {column.name for column in parse_one(sql, dialect=dialect).find_all(exp.Column)}
    except SqlglotError:
        return set()
