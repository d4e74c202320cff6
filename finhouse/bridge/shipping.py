"""Ship raw tables that changed: written aside, renamed, taken over by the engine, then recorded.

A table is known by a fingerprint of its rows, asked of the rows themselves, so no writer has to
report what it did. What the engine holds is recorded in the stage: forgotten before a shipment
begins and remembered when the engine has taken it. A shipment that was killed is made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from finhouse.bridge.engine import Engine, RawTable
from finhouse.extract_load.state import SCHEMA, utc_now
from finhouse.warehouse import Warehouse, qualified, quoted, text_literal

SHIPMENTS = "shipments"
_SHIPMENTS_DDL = {
    "location": "text",
    "schema_name": "text",
    "table_name": "text",
    "fingerprint": "text",
    "row_count": "bigint",
    "shipped_at": "timestamp",
}


@dataclass(frozen=True)
class Shipment:
    """What one call moved.

    Attributes:
        tables: ``schema.table`` of those that were shipped.
        rows: rows in them.
        dropped: ``schema.table`` of those the stage has no more.
        unchanged: number of tables the engine had already.
    """

    tables: tuple[str, ...]
    rows: int
    dropped: tuple[str, ...]
    unchanged: int


@dataclass(frozen=True)
class _Known:
    fingerprint: str
    rows: int


def ship(engine: Engine, stage: Warehouse, lake: Path, *, everything: bool = False) -> Shipment:
    """Bring the raw tables of the engine to the state of the stage.

    Args:
        lake: folder for the drops, seen by this machine and the engine.
        everything: ship what is unchanged, too: the engine may have lost it.

    Raises:
        WarehouseError: the engine refused; what it has taken is not shipped again.
    """
    stage.create_schema(SCHEMA)
    stage.create_table(SCHEMA, SHIPMENTS, _SHIPMENTS_DDL)
    recorded = {} if everything else _recorded(stage, engine.location)
    found = {name: _fingerprint(stage, *name) for name in _raw_tables(stage)}
    changed = [name for name, known in found.items() if recorded.get(name) != known.fingerprint]
    gone = [name for name in _recorded(stage, engine.location) if name not in found]
    _forget(stage, engine.location, [*changed, *gone])
    engine.drop(gone)
    tables = [_write_drop(engine, stage, lake, *name, found[name].fingerprint) for name in changed]
    engine.replace(tables)
    with stage.transaction():
        for name in changed:
            stage.change(
                f"insert into {qualified(SCHEMA, SHIPMENTS)} values ($1, $2, $3, $4, $5, $6)",
                (engine.location, *name, found[name].fingerprint, found[name].rows, utc_now()),
            )
    for table in tables:
        _remove_other_files(table.file)
    return Shipment(
        tuple(".".join(name) for name in changed),
        sum(found[name].rows for name in changed),
        tuple(".".join(name) for name in gone),
        len(found) - len(changed),
    )


def _raw_tables(stage: Warehouse) -> list[tuple[str, str]]:
    rows = stage.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_catalog = current_database() and table_type = 'BASE TABLE'"
        " and starts_with(table_schema, 'raw_') and table_name <> $1 order by 1, 2",
        (SHIPMENTS,),
    )
    return [(str(schema), str(table)) for schema, table in rows]


def _fingerprint(stage: Warehouse, schema: str, table: str) -> _Known:
    """Row count and order-free checksum of the rows, with the columns and their types."""
    [(rows, checksum)] = stage.execute(
        f"select count(*), sum(hash(t)::hugeint) from {qualified(schema, table)} as t"
    )
    text = f"{stage.columns(schema, table)} {rows} {checksum}"
    return _Known(hashlib.sha256(text.encode()).hexdigest()[:16], int(rows))


def _recorded(stage: Warehouse, location: str) -> Mapping[tuple[str, str], str]:
    rows = stage.execute(
        "select schema_name, table_name, fingerprint"
        f" from {qualified(SCHEMA, SHIPMENTS)} where location = $1",
        (location,),
    )
    return {(schema, table): fingerprint for schema, table, fingerprint in rows}


def _forget(stage: Warehouse, location: str, names: list[tuple[str, str]]) -> None:
    with stage.transaction():
        for schema, table in names:
            stage.change(
                f"delete from {qualified(SCHEMA, SHIPMENTS)}"
                " where location = $1 and schema_name = $2 and table_name = $3",
                (location, schema, table),
            )


def _write_drop(
    engine: Engine, stage: Warehouse, lake: Path, schema: str, table: str, fingerprint: str
) -> RawTable:
    columns = stage.columns(schema, table)
    folder = lake / schema / table
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{fingerprint}.parquet"
    incoming = folder / f".{fingerprint}.incoming"
    listed = ", ".join(
        f"{engine.exported(quoted(name), kind)} as {quoted(name)}" for name, kind in columns.items()
    )
    stage.execute(
        f"copy (select {listed} from {qualified(schema, table)}) "
        f"to {text_literal(str(incoming))} (format parquet)"
    )
    incoming.replace(file)
    return RawTable(schema, table, columns, file)


def _remove_other_files(file: Path) -> None:
    """Remove the drops before this one, and what killed shipments left behind."""
    for other in file.parent.iterdir():
        if other != file and other.is_file():
            other.unlink()
