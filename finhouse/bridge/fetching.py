"""Fetch the marts of a tested build into the stage, with the types their contracts declare."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from finhouse.bridge.engine import Engine, Mart
from finhouse.dbt.manifest import MARTS, Manifest, Node, models_of
from finhouse.warehouse import Warehouse, qualified, quoted, text_literal


def contracted_marts(manifest: Manifest) -> list[Mart]:
    """The marts of dbt's manifest.json, in the order of their names."""
    return [_mart(node) for node in models_of(manifest, MARTS)]


def _mart(node: Node) -> Mart:
    columns = node["columns"]
    return Mart(
        node["name"],
        {name: column["data_type"] for name, column in columns.items()},
        frozenset(
            name
            for name, column in columns.items()
            if any(constraint["type"] == "not_null" for constraint in column["constraints"])
        ),
        node["description"],
        {name: column["description"] for name, column in columns.items()},
    )


def fetch(engine: Engine, stage: Warehouse, folder: Path, marts: Sequence[Mart]) -> int:
    """Replace the marts of the stage by those of the engine, all at once; return their rows.

    Args:
        folder: for the files on the way, seen by this machine and the engine; emptied.

    Raises:
        WarehouseError: the engine refused; the stage keeps the marts it has.
        duckdb.Error: a value does not fit its contract's type.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    engine.export(marts, folder)
    stage.create_schema(MARTS)
    with stage.transaction():
        rows = sum(_take(engine, stage, folder / mart.name, mart) for mart in marts)
    shutil.rmtree(folder, ignore_errors=True)
    return rows


def _take(engine: Engine, stage: Warehouse, folder: Path, mart: Mart) -> int:
    name = qualified(MARTS, mart.name)
    definitions = ", ".join(
        f"{quoted(column)} {duckdb_type(kind)}" + (" not null" * (column in mart.required))
        for column, kind in mart.columns.items()
    )
    stage.execute(f"create or replace table {name} ({definitions})")
    read = ", ".join(
        engine.imported(quoted(column), duckdb_type(kind)) for column, kind in mart.columns.items()
    )
    files = text_literal(f"{folder}/*.parquet")
    rows = stage.change(f"insert into {name} select {read} from read_parquet({files})")
    stage.execute(f"comment on table {name} is {text_literal(mart.description)}")
    for column, comment in mart.comments.items():
        stage.execute(f"comment on column {name}.{quoted(column)} is {text_literal(comment)}")
    return rows


def duckdb_type(kind: str) -> str:
    """A contract's type as DuckDB names it: ``string`` -> ``varchar``."""
    return "varchar" if kind == "string" else kind
