"""A manifest as dbt writes it, of a few models that are given as SQL."""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]


def model(
    name: str,
    layer: str,
    sql: str,
    *reads: Node,
    columns: dict[str, dict[str, Any]] | None = None,
    **meta: object,
) -> Node:
    """A compiled model; ``columns`` has the ``meta`` of those that have one."""
    return {
        "unique_id": f"model.finhouse.{name}",
        "resource_type": "model",
        "package_name": "finhouse",
        "name": name,
        "alias": name,
        "database": "w",
        "schema": layer,
        "fqn": ["finhouse", layer, name],
        "original_file_path": f"models/{layer}/{name}.sql",
        "compiled_code": sql,
        "depends_on": {"nodes": [read["unique_id"] for read in reads]},
        "columns": {
            column: {"name": column, "config": {"meta": its}}
            for column, its in (columns or {}).items()
        },
        "config": {"meta": meta},
    }


def source(source_name: str, table: str) -> Node:
    """A raw table."""
    return {
        "unique_id": f"source.finhouse.{source_name}.{table}",
        "resource_type": "source",
        "source_name": source_name,
        "name": table,
        "identifier": table,
        "database": "w",
        "schema": f"raw_{source_name}",
        "columns": {},
    }


def compiled(*nodes: Node, shown: list[Node] | None = None) -> dict[str, Any]:
    """The manifest of these; a dashboard reads those that are ``shown``."""
    by_id = {node["unique_id"]: node for node in nodes}
    return {
        "metadata": {"adapter_type": "duckdb", "generated_at": "2026-07-01T00:00:00Z"},
        "nodes": {name: one for name, one in by_id.items() if one["resource_type"] == "model"},
        "sources": {name: one for name, one in by_id.items() if one["resource_type"] == "source"},
        "exposures": {
            "exposure.finhouse.board": {
                "type": "dashboard",
                "depends_on": {"nodes": [node["unique_id"] for node in shown or []]},
            }
        },
    }
