"""What still holds rows after a purge has removed them from raw: models, publications, free space.

Models go in the transaction of the purge. What readers have, and space on the disk, are no matter
of a transaction: they follow, and a purge that was killed before says so until they are seen to.
"""

from __future__ import annotations

from finhouse.dbt.data_classes import PERSONAL, data_class
from finhouse.dbt.manifest import MARTS, manifest_file, marts_of, read_manifest
from finhouse.extract_load.bookkeeping import RETENTION_PURGES, SOURCE_RECONCILIATION
from finhouse.extract_load.running import warehouse_errors
from finhouse.extract_load.state import SCHEMA, utc_now
from finhouse.publish import empty_published
from finhouse.settings import ASIDE, Settings
from finhouse.sources.definitions import raw_schema
from finhouse.sources.retention import OPERATIONS
from finhouse.warehouse import Warehouse, connect, qualified, quoted
from finhouse.warehouse.duckdb_file import DuckdbWarehouse

_PURGES = qualified(SCHEMA, RETENTION_PURGES)
# Schemas that dbt fills with rows; views hold none.
_FILLED = ("intermediate", MARTS)


def forget_models(settings: Settings, warehouse: Warehouse) -> None:
    """Drop what models made of the rows: the next build makes it anew, and only that is published.

    Call inside the transaction that purges.
    """
    wanted = {settings.schema_prefix + name for name in _FILLED}
    for (schema,) in warehouse.execute("select schema_name from information_schema.schemata"):
        if schema in wanted or str(schema).startswith(ASIDE):
            warehouse.execute(f"drop schema if exists {quoted(schema)} cascade")


def incomplete(warehouse: Warehouse) -> list[str]:
    """Purges whose rows are gone and that were killed before the rest was seen to."""
    if not warehouse.table_exists(SCHEMA, RETENTION_PURGES):
        return []
    rows = warehouse.execute(
        f"select distinct purge_id from {_PURGES} where completed_at is null order by 1"
    )
    return [str(purge_id) for (purge_id,) in rows]


def complete(settings: Settings) -> None:
    """See to what the transaction of a purge could not: readers first, then the disk.

    Raises:
        PublishError: what readers have cannot be replaced.
        WarehouseError: the warehouse refused.
    """
    with connect(settings) as warehouse, warehouse_errors(warehouse):
        complete_within(settings, warehouse)


def complete_within(settings: Settings, warehouse: Warehouse) -> None:
    """As ``complete``, in a warehouse that is open."""
    purges = incomplete(warehouse)
    if not purges:
        return
    empty_published(settings, warehouse, personal_marts(settings))
    _give_back_space(warehouse)
    warehouse.change(
        f"update {_PURGES} set completed_at = $1 where completed_at is null", (utc_now(),)
    )


def personal_marts(settings: Settings) -> list[str] | None:
    """Marts of which some column is personal; None where nothing says so any more."""
    if not manifest_file(settings).exists():
        return None
    marts = marts_of(read_manifest(settings))
    return sorted(
        node["name"]
        for node in marts.values()
        if any(data_class(node, column) == PERSONAL for column in node["columns"])
    )


def _give_back_space(warehouse: Warehouse) -> None:
    if isinstance(warehouse, DuckdbWarehouse):
        warehouse.write_anew()
        return
    tables = warehouse.execute(
        f"select distinct source_name, table_name from {_PURGES} where completed_at is null"
    )
    # Reconciliations had keys of the rows as examples.
    for source, table in {*tables, (OPERATIONS, SOURCE_RECONCILIATION)}:
        schema = SCHEMA if source == OPERATIONS else raw_schema(source)
        if warehouse.table_exists(schema, table):
            name = qualified(schema, table)
            # Rewrites the table: otherwise what was deleted would stay in its file.
            warehouse.execute(f"vacuum (full, analyze) {name}")
            if not warehouse.count(name):
                _forget_statistics(warehouse, name)


def _forget_statistics(warehouse: Warehouse, table: str) -> None:
    """Of a table that is empty Postgres keeps the statistics, and with them its common values."""
    with warehouse.transaction():
        warehouse.execute(f"insert into {table} default values")
        warehouse.execute(f"analyze {table}")
        warehouse.execute(f"truncate {table}")
