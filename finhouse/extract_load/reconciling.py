"""Source-to-raw reconciliation: does raw hold what the source holds, and if not, where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from finhouse.errors import ReconciliationError
from finhouse.extract_load.comparing import RANGE_ROWS
from finhouse.extract_load.file_loading import MODE as FILES_MODE
from finhouse.extract_load.file_reconciling import FolderReconciliation
from finhouse.extract_load.loading import check_tables, required_url, run_all, warehouse_errors
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.extract_load.results import Reconciliation
from finhouse.extract_load.state import Operations, new_batch_id, utc_now
from finhouse.extract_load.table_reconciling import TableReconciliation
from finhouse.settings import Settings
from finhouse.sources.definitions import (
    SOURCES_FOLDER,
    CsvFolderDefinition,
    raw_schema,
    read_source,
)
from finhouse.warehouse import Warehouse


def reconcile_source(
    settings: Settings,
    source_name: str,
    *,
    oltp_url: str | None,
    warehouse: Warehouse,
    tables: Sequence[str] | None = None,
    heal: bool = False,
    range_rows: int = RANGE_ROWS,
    definitions: Path = SOURCES_FOLDER,
) -> list[Reconciliation]:
    """Catch raw up with its source and compare the two, table by table, on one snapshot.

    Each result is also a row of raw_operations.source_reconciliation. Differences are results,
    not errors: ``refuse_differences`` makes them one.

    Args:
        settings: where the landing folder is.
        source_name: a declared source (``available_sources``).
        oltp_url: the OLTP database; needed by sources of kind postgres only.
        warehouse: an open warehouse.
        tables: the tables to reconcile; default all.
        heal: reload the key ranges (files) that differ, and compare again.
        range_rows: rows of the source in a key range, about; no more than 1,000 ranges are made.
        definitions: folder of the source files.

    Raises:
        ConfigurationError: unknown source or table, or a source file that is not as documented.
        SourceError: the source, one table or one file cannot be read; all are listed.
        SchemaDriftError: a table changed in a way that needs a review first.
        WarehouseError: the warehouse refused a write, or another process loaded meanwhile.
    """
    definition = read_source(source_name, definitions)
    check_tables(definition, tables)
    batch_id = new_batch_id(utc_now())
    with warehouse_errors(warehouse):
        operations = Operations(warehouse, raw_schema(definition.name))
    if isinstance(definition, CsvFolderDefinition):
        folder = FolderReconciliation(warehouse, operations, definition, settings.landing, batch_id)
        return run_all(
            [(definition.table, FILES_MODE, None)],
            lambda _: folder.run(heal=heal),
            warehouse,
            operations,
            definition,
            batch_id,
        )
    chosen = definition.chosen(tables)
    with warehouse_errors(warehouse):
        last_batches = operations.last_batches(source_name, chosen)
    with PostgresSource(required_url(source_name, oltp_url)) as source:

        def reconcile(position: int) -> Reconciliation:
            table = chosen[position]
            with source.savepoint():
                return TableReconciliation(
                    source,
                    warehouse,
                    operations,
                    definition,
                    table,
                    batch_id,
                    last_batch=last_batches[table.name],
                    range_rows=range_rows,
                ).run(heal=heal)

        return run_all(
            [(table.name, table.mode, None) for table in chosen],
            reconcile,
            warehouse,
            operations,
            definition,
            batch_id,
        )


def refuse_differences(results: Sequence[Reconciliation]) -> None:
    """Raise if raw was left different from its source.

    Raises:
        ReconciliationError: naming each table with its differences and a key of each kind.
    """
    left = [result for result in results if result.status != "equal"]
    if left:
        raise ReconciliationError(
            f"raw differs from its source in {len(left)} of {len(results)} tables:\n"
            + "\n".join(f"- {describe_differences(result)}" for result in left),
            "run the same command with --heal: it reloads the differing key ranges and nothing"
            " else; what it cannot heal is explained in docs/how-to/reconciliation.md",
        )


def describe_differences(result: Reconciliation) -> str:
    """The differences of one table in a line, with a key of each kind."""
    found, examples = result.differences, result.differences.examples
    kinds = [
        (found.missing, "missing", examples.missing),
        (found.surplus, "surplus", examples.surplus),
        (found.doubled, "doubled", examples.doubled),
        (found.changed, "changed", examples.changed),
    ]
    listed = ", ".join(
        f"{count:,} {kind} (e.g. {example})" for count, kind, example in kinds if count
    )
    return (
        f"{result.source_name}.{result.table_name}: {listed or 'no differences'}, in"
        f" {result.differing_range_count} of {result.range_count} ranges"
    )
