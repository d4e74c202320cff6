"""Source-to-raw reconciliation: does raw hold what the source holds, and if not, where."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from finhouse.errors import ReconciliationError
from finhouse.extract_load.bookkeeping import Bookkeeping
from finhouse.extract_load.files.context import FolderContext
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.extract_load.pseudonyms import source_key
from finhouse.extract_load.reconcile.comparing import RANGE_ROWS
from finhouse.extract_load.reconcile.files import FolderReconciliation
from finhouse.extract_load.reconcile.tables import TableReconciliation
from finhouse.extract_load.results import Reconciliation
from finhouse.extract_load.running import (
    Job,
    check_tables,
    required_url,
    run_all,
    warehouse_errors,
)
from finhouse.extract_load.state import new_batch_id
from finhouse.extract_load.tables.context import TableContext
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
    with warehouse_errors(warehouse):
        books = Bookkeeping(warehouse, raw_schema(definition.name))
    batch_id = new_batch_id(books.now())
    if isinstance(definition, CsvFolderDefinition):
        folder = FolderContext(warehouse, books, definition, batch_id, settings.landing)
        return run_all([Job(folder, partial(FolderReconciliation(folder).run, heal=heal))])
    chosen = definition.chosen(tables)
    with warehouse_errors(warehouse):
        last_batches = books.last_batches(definition.name, chosen)
    key = source_key(settings, definition)
    with PostgresSource(required_url(definition, oltp_url), definition.url_variable) as source:
        source.require_schema(definition.database_schema)
        contexts = [
            TableContext(warehouse, books, definition, batch_id, source, table, key)
            for table in chosen
        ]

        def reconcile(context: TableContext) -> Reconciliation:
            with source.savepoint():
                return TableReconciliation(
                    context, last_batch=last_batches[context.table_name], range_rows=range_rows
                ).run(heal=heal)

        return run_all([Job(context, partial(reconcile, context)) for context in contexts])


def altered_at_source(
    settings: Settings,
    source_name: str,
    table_name: str,
    *,
    oltp_url: str | None,
    warehouse: Warehouse,
    definitions: Path = SOURCES_FOLDER,
) -> tuple[list[str], list[str]]:
    """Compare what raw holds of an immutable table with the source; nothing is loaded or changed.

    Rows that are not loaded yet are no difference.

    Returns:
        Keys of rows that the source has no longer, and of those that it has otherwise.

    Raises:
        SourceError: the source cannot be read.
        SchemaDriftError: the table changed in a way that needs a review first.
        WarehouseError: another process loaded meanwhile.
    """
    definition = read_source(source_name, definitions)
    assert not isinstance(definition, CsvFolderDefinition)
    chosen = definition.chosen([table_name])
    books = Bookkeeping(warehouse, raw_schema(definition.name))
    last_batches = books.last_batches(definition.name, chosen)
    # Another is loaded in mode append and says nothing of what the source may change.
    assert chosen[0].immutable
    if not warehouse.table_exists(raw_schema(definition.name), table_name):
        return [], []
    batch_id = new_batch_id(books.now())
    key = source_key(settings, definition)
    with PostgresSource(required_url(definition, oltp_url), definition.url_variable) as source:
        source.require_schema(definition.database_schema)
        context = TableContext(warehouse, books, definition, batch_id, source, chosen[0], key)
        last_batch = last_batches[table_name]
        return TableReconciliation(context, last_batch=last_batch, range_rows=RANGE_ROWS).altered()


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
