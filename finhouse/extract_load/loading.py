"""The one entry to extract-load, used alike by the command line and by Airflow tasks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from finhouse.console import console
from finhouse.errors import ConfigurationError
from finhouse.extract_load.bookkeeping import Bookkeeping
from finhouse.extract_load.files.context import FolderContext
from finhouse.extract_load.files.loading import FolderLoad
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.extract_load.pseudonyms import source_key
from finhouse.extract_load.results import LoadResult
from finhouse.extract_load.running import (
    Job,
    check_tables,
    required_url,
    run_all,
    warehouse_errors,
)
from finhouse.extract_load.state import new_batch_id
from finhouse.extract_load.tables.context import TableContext
from finhouse.extract_load.tables.loading import TableLoad
from finhouse.extract_load.tables.partial import PartialLoad
from finhouse.extract_load.tables.portions import event_time_of, window_portion
from finhouse.extract_load.windows import DateWindow
from finhouse.settings import Settings
from finhouse.sources.definitions import (
    SOURCES_FOLDER,
    CsvFolderDefinition,
    SourceDefinition,
    raw_schema,
    read_source,
)
from finhouse.warehouse import Warehouse

WINDOW_MODE = "window"


def load_source(
    settings: Settings,
    source_name: str,
    *,
    oltp_url: str | None,
    warehouse: Warehouse,
    tables: Sequence[str] | None = None,
    full_refresh: bool = False,
    window: DateWindow | None = None,
    definitions: Path = SOURCES_FOLDER,
) -> list[LoadResult]:
    """Bring the raw tables of one source up to date.

    Tables (or files) are loaded one after another, each in a transaction of its own; when one
    fails the others are still loaded, and the call raises at the end. Running it again continues
    where it failed; running it twice changes nothing.

    Args:
        settings: where the landing folder is.
        source_name: a declared source (``available_sources``).
        oltp_url: the OLTP database; needed by sources of kind postgres only.
        warehouse: an open warehouse.
        tables: the tables to load; default all.
        full_refresh: rebuild the raw tables (files: load every file again).
        window: load the rows (or files) of these days again and nothing else. Tables need an
            ``event_time``; a table of mode full is loaded as usual, unless ``tables`` names it.
        definitions: folder of the source files.

    Raises:
        ConfigurationError: unknown source or table, or a source file that is not as documented; a
            table that has no days, or a window together with a full refresh.
        SourceError: the source, one table or one file cannot be read; all are listed.
        SchemaDriftError: a table changed in a way that needs a review first.
        WarehouseError: the warehouse refused a write.
    """
    definition = read_source(source_name, definitions)
    check_tables(definition, tables)
    if window:
        _check_window(definition, tables, full_refresh)
    with warehouse_errors(warehouse):
        books = Bookkeeping(warehouse, raw_schema(definition.name))
    batch_id = new_batch_id(books.now())
    if isinstance(definition, CsvFolderDefinition):
        folder = FolderContext(warehouse, books, definition, batch_id, settings.landing)
        return _load_folder(folder, full_refresh, window)
    chosen = definition.chosen(tables)
    with warehouse_errors(warehouse):
        last_batches = books.last_batches(definition.name, chosen) if window else {}
    key = source_key(settings, definition)
    with PostgresSource(required_url(definition, oltp_url), definition.url_variable) as source:
        source.require_schema(definition.database_schema)
        contexts = [
            TableContext(warehouse, books, definition, batch_id, source, table, key)
            for table in chosen
        ]

        def load(context: TableContext) -> LoadResult:
            with source.savepoint():
                if window is None or context.table.mode == "full":
                    return TableLoad(context).run(full_refresh=full_refresh)
                return PartialLoad(
                    context,
                    window_portion(context, window),
                    load_mode=WINDOW_MODE,
                    last_batch=last_batches[context.table_name],
                ).run(full_refresh=False)

        return run_all([Job(context, partial(load, context)) for context in contexts])


def withdraw_file(
    settings: Settings,
    source_name: str,
    file_name: str,
    warehouse: Warehouse,
    definitions: Path = SOURCES_FOLDER,
) -> LoadResult:
    """Remove one file's rows from raw on purpose; the file itself is not touched.

    Raises:
        ConfigurationError: not a folder of files, or no such file was loaded.
    """
    definition = read_source(source_name, definitions)
    if not isinstance(definition, CsvFolderDefinition):
        raise ConfigurationError(
            f"source {source_name!r} has no files", "name a source of kind csv_folder"
        )
    with warehouse_errors(warehouse):
        books = Bookkeeping(warehouse, raw_schema(definition.name))
        batch_id = new_batch_id(books.now())
        folder = FolderContext(warehouse, books, definition, batch_id, settings.landing)
        return FolderLoad(folder).withdraw(file_name)


def _load_folder(
    context: FolderContext, full_refresh: bool, window: DateWindow | None
) -> list[LoadResult]:
    folder = FolderLoad(context)
    with warehouse_errors(context.warehouse):
        paths = folder.prepare(window)
    again = full_refresh or window is not None
    return run_all(
        [Job(context, partial(folder.load, path, full_refresh=again), path.name) for path in paths]
    )


def _check_window(
    definition: SourceDefinition, tables: Sequence[str] | None, full_refresh: bool
) -> None:
    if full_refresh:
        raise ConfigurationError(
            "a window and a full refresh were asked for", "choose one of the two"
        )
    if isinstance(definition, CsvFolderDefinition):
        return
    for table in definition.chosen(tables):
        if table.mode != "full":
            # Refused here, so that no table is loaded before another one turns out to have no days.
            event_time_of(table)
        if table.event_time:
            continue
        if tables:
            raise ConfigurationError(
                f"table {table.name} has mode full: it is always loaded as a whole",
                f"load it without a window: finhouse load {definition.name} {table.name}",
            )
        console.print(f"    {table.name}: mode full, loaded as usual", markup=False)
