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
from finhouse.warehouse.base import Warehouse, qualified, quoted, text_literal


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
        self._config, self._read_only = {"memory_limit": memory_limit}, read_only
        self._open()

    def _open(self) -> None:
        self.connection = _connect(self.path, self._config, self._read_only)
        # Bars are drawn by nobody but console.Progress.
        self.connection.execute("set enable_progress_bar = false")
        # Naive timestamps in the warehouse are UTC whatever zone this machine is in.
        self.connection.execute("set TimeZone = 'UTC'")

    def write_anew(self) -> None:
        """Put a copy in the place of the file: what was deleted from it is in none of its bytes.

        A checkpoint frees blocks and leaves in them what they held. Who is killed leaves the old
        file or the new one. No other connection of this process may be open: DuckDB gives the
        same database, which is that of the old file, to all connections to a path.

        Raises:
            WarehouseError: another process took the new file first; nothing is lost.
        """
        self.execute("force checkpoint")
        # Rows stay in the order of their arrival, by which doubled ones are told apart.
        self.execute("set preserve_insertion_order = true")
        copy = self.path.with_name(f".{self.path.name}.anew")
        remove_database(copy)
        [(name,)] = self.execute("select current_database()")
        self.execute(f"attach {text_literal(str(copy))} as fh_anew")
        try:
            self.execute(f"copy from database {quoted(name)} to fh_anew")
            self.execute("checkpoint fh_anew")
        finally:
            self.execute("detach fh_anew")
        # Until then this process has the lock of the old file; nobody can have written to it.
        put_in_place(copy, self.path)
        self.connection.close()
        self._open()

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


def put_in_place(incoming: Path, destination: Path) -> None:
    """Give a file that is written aside the name of another one, when its bytes are on the disk."""
    with incoming.open("rb") as handle:
        os.fsync(handle.fileno())
    incoming.replace(destination)


def remove_database(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


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
