"""A DuckDB file as the warehouse."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from finhouse.errors import WarehouseError
from finhouse.warehouse.base import Warehouse, qualified


class DuckdbWarehouse(Warehouse):
    """The working DuckDB file; one process writes it at a time (DuckDB's own lock).

    Attributes:
        connection: the raw DuckDB connection, for bulk loads.
    """

    dialect = "duckdb"
    engine_error = duckdb.Error
    _catalog_filter = "table_schema = $1 and table_name = $2"

    def __init__(self, path: Path, memory_limit: str, *, read_only: bool = False) -> None:
        """Open or create the file.

        Args:
            path: the file; its folder is created.
            memory_limit: ceiling of DuckDB's buffers, e.g. ``512MB``; more spills to disk.
            read_only: open a file that is there, beside other readers.

        Raises:
            WarehouseError: not writable, locked by another process, or not a DuckDB file.
        """
        self.path = path
        self.connection = _connect(path, {"memory_limit": memory_limit}, read_only)
        # Bars are drawn by nobody but console.Progress.
        self.connection.execute("set enable_progress_bar = false")
        # Naive timestamps in the warehouse are UTC whatever zone this machine is in.
        self.connection.execute("set TimeZone = 'UTC'")

    def execute(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, list(params)).fetchall()

    def change(self, sql: str, params: Sequence[object] = ()) -> int:
        return int(self.execute(sql, params)[0][0])

    def drop_table(self, schema: str, table: str) -> list[str]:
        # DuckDB views do not depend on their tables: they survive and see the new one.
        self.execute(f"drop table if exists {qualified(schema, table)}")
        return []

    def lock_table(self, schema: str, table: str, *, wait: bool = False) -> None:
        """Nothing to do: the file has one writing process."""

    @property
    def identity(self) -> str:
        return f"duckdb {self.path.resolve()}"

    def index_rows(self, schema: str, table: str, columns: Sequence[str]) -> None:
        """Nothing to do: a scan of the key columns is cheap, an index costs more memory."""

    def temporary(self, table: str) -> str:
        return f"temp.main.{table}"

    def _roll_back(self) -> None:
        with contextlib.suppress(duckdb.Error):
            self.connection.execute("rollback")

    def close(self) -> None:
        self.connection.close()


def _connect(path: Path, config: dict[str, str], read_only: bool) -> duckdb.DuckDBPyConnection:
    if not read_only:
        _check_writable(path)
    try:
        return duckdb.connect(str(path), config=config, read_only=read_only)
    except duckdb.Error as error:
        raise _opening_error(path, str(error)) from error


def _check_writable(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(
            f"the warehouse folder {path.parent} cannot be created: {error.strerror}",
            "set FINHOUSE_HOME to a folder you may write to",
        ) from error
    writable = os.access(path if path.exists() else path.parent, os.W_OK)
    if path.is_dir() or not writable:
        raise WarehouseError(
            f"the warehouse file {path} is not writable"
            + (": it is a folder" if path.is_dir() else ""),
            "set FINHOUSE_HOME to a folder you may write to, or correct its permissions",
        )


def _opening_error(path: Path, text: str) -> WarehouseError:
    if "Could not set lock" in text or "Conflicting lock" in text:
        holder = re.search(r"lock is held in (.+? \(PID \d+\))", text)
        who = f" by {holder.group(1)}" if holder else " by another process"
        return WarehouseError(
            f"the warehouse file {path} is locked{who}",
            "wait for that process to end, or close it (a notebook, a duckdb shell, a dbt run)",
        )
    if "not a valid DuckDB database" in text:
        return WarehouseError(
            f"{path} is not a DuckDB database",
            "move that file away, or set FINHOUSE_HOME to another folder",
        )
    if "version number" in text:
        return WarehouseError(
            f"{path} was written by another DuckDB version than {duckdb.__version__}:"
            f" {text.splitlines()[0]}",
            "open it with the DuckDB that wrote it and EXPORT DATABASE, or rebuild it",
        )
    return WarehouseError(
        f"the warehouse file {path} cannot be opened: {text.splitlines()[0]}",
        "check the path, its permissions and the free disk space",
    )
