"""The one entry to extract-load, used alike by the command line and by Airflow tasks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from finhouse.console import console
from finhouse.errors import ConfigurationError, FinhouseError, SourceError, WarehouseError
from finhouse.extract_load.files.loading import MODE as FILES_MODE
from finhouse.extract_load.files.loading import FolderLoad
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.extract_load.results import LoadResult
from finhouse.extract_load.state import Operations, new_batch_id, utc_now
from finhouse.extract_load.tables.loading import TableLoad
from finhouse.extract_load.tables.partial import PartialLoad
from finhouse.extract_load.tables.portions import window_portion
from finhouse.extract_load.windows import DateWindow
from finhouse.settings import Settings
from finhouse.sources.definitions import (
    SOURCES_FOLDER,
    CsvFolderDefinition,
    PostgresDefinition,
    SourceDefinition,
    raw_schema,
    read_source,
)
from finhouse.warehouse import Warehouse

WINDOW_MODE = "window"
Result = TypeVar("Result")


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
        full_refresh: make the raw tables anew (files: load every file again).
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
    now = utc_now()
    batch_id = new_batch_id(now)
    with warehouse_errors(warehouse):
        operations = Operations(warehouse, raw_schema(definition.name))
    if isinstance(definition, CsvFolderDefinition):
        return _load_folder(
            settings, definition, warehouse, operations, batch_id, full_refresh, window
        )
    return _load_tables(
        definition,
        required_url(source_name, oltp_url),
        warehouse,
        operations,
        batch_id,
        tables,
        full_refresh,
        window,
    )


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
        operations = Operations(warehouse, raw_schema(definition.name))
        folder = FolderLoad(
            warehouse, operations, definition, settings.landing, new_batch_id(utc_now())
        )
        return folder.withdraw(file_name)


def _load_tables(
    definition: PostgresDefinition,
    oltp_url: str,
    warehouse: Warehouse,
    operations: Operations,
    batch_id: str,
    tables: Sequence[str] | None,
    full_refresh: bool,
    window: DateWindow | None,
) -> list[LoadResult]:
    chosen = definition.chosen(tables)
    with warehouse_errors(warehouse):
        last_batches = operations.last_batches(definition.name, chosen) if window else {}
    with PostgresSource(oltp_url) as source:

        def load(position: int) -> LoadResult:
            table = chosen[position]
            parts = (source, warehouse, operations, definition, table, batch_id)
            with source.savepoint():
                if window is None or table.mode == "full":
                    return TableLoad(*parts).run(full_refresh=full_refresh)
                described = source.describe(definition.database_schema, table.name)
                return PartialLoad(
                    *parts,
                    portion=window_portion(table, described, window),
                    load_mode=WINDOW_MODE,
                    last_batch=last_batches[table.name],
                ).run(full_refresh=False)

        return run_all(
            ((table.name, table.mode, None) for table in chosen),
            load,
            warehouse,
            operations,
            definition,
            batch_id,
        )


def _load_folder(
    settings: Settings,
    definition: CsvFolderDefinition,
    warehouse: Warehouse,
    operations: Operations,
    batch_id: str,
    full_refresh: bool,
    window: DateWindow | None,
) -> list[LoadResult]:
    folder = FolderLoad(warehouse, operations, definition, settings.landing, batch_id)
    with warehouse_errors(warehouse):
        paths = folder.prepare(window)
    again = full_refresh or window is not None
    return run_all(
        ((definition.table, FILES_MODE, path.name) for path in paths),
        lambda position: folder.load(paths[position], full_refresh=again),
        warehouse,
        operations,
        definition,
        batch_id,
    )


def run_all(
    items: Iterable[tuple[str, str, str | None]],
    load: Callable[[int], Result],
    warehouse: Warehouse,
    operations: Operations,
    definition: SourceDefinition,
    batch_id: str,
) -> list[Result]:
    """Load every item; log failures, and raise them together at the end."""
    results: list[Result] = []
    errors: list[FinhouseError] = []
    for position, (table, mode, file_name) in enumerate(items):
        started_at = utc_now()
        try:
            with warehouse_errors(warehouse):
                results.append(load(position))
        except FinhouseError as error:
            errors.append(error)
            console.print(f"    failed: {file_name or table}: {error.message}", markup=False)
            # A warehouse that is gone cannot take the log row; the first error says why.
            with contextlib.suppress(warehouse.engine_error):
                operations.log_failure(
                    batch_id, definition.name, table, mode, file_name, started_at, error
                )
    if errors:
        raise _together(errors, definition.name, len(results))
    return results


def _together(errors: Sequence[FinhouseError], source_name: str, loaded: int) -> FinhouseError:
    if len(errors) == 1:
        return errors[0]
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else SourceError
    listed = "\n".join(f"- {error}" for error in errors)
    return kind(
        f"source {source_name}: {len(errors)} loads failed, {loaded} succeeded\n{listed}",
        "see to each of them and run the same command again: what is loaded stays loaded",
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
        if table.event_time:
            continue
        if table.mode != "full":
            raise ConfigurationError(
                f"table {table.name} declares no event_time, so it has no days to load",
                "add event_time: <column> to its source file, or load the table without a window",
            )
        if tables:
            raise ConfigurationError(
                f"table {table.name} has mode full: it is always loaded as a whole",
                f"load it without a window: finhouse load {definition.name} {table.name}",
            )
        console.print(f"    {table.name}: mode full, loaded as usual", markup=False)


def required_url(source_name: str, oltp_url: str | None) -> str:
    """The OLTP database's URL.

    Raises:
        ConfigurationError: there is none.
    """
    if not oltp_url:
        raise ConfigurationError(
            f"source {source_name!r} needs the OLTP database", "set OLTP_URL, or start the demo"
        )
    return oltp_url


def check_tables(definition: SourceDefinition, tables: Sequence[str] | None) -> None:
    """Refuse tables that the source does not declare.

    Raises:
        ConfigurationError: naming them.
    """
    unknown = sorted(set(tables or ()) - set(definition.table_names))
    if unknown:
        raise ConfigurationError(
            f"source {definition.name!r} has no table {', '.join(unknown)}",
            f"use {', '.join(definition.table_names)}",
        )


@contextlib.contextmanager
def warehouse_errors(warehouse: Warehouse):
    """Raise the engine's own errors as WarehouseError."""
    try:
        yield
    except warehouse.engine_error as error:
        text = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise WarehouseError(
            f"the {warehouse.dialect} warehouse failed: {text}",
            "check its free disk space, permissions and log, then run the same command again",
        ) from error
