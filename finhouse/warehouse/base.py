"""What every warehouse offers: SQL, transactions and a look at its catalog."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self


def quoted(name: str) -> str:
    """``name`` as an SQL identifier: ``order`` -> ``"order"``."""
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, table: str) -> str:
    """``schema.table`` as a quoted SQL name."""
    return f"{quoted(schema)}.{quoted(table)}"


def text_literal(text: str) -> str:
    """``text`` as an SQL string: ``it's`` -> ``'it''s'``."""
    return "'" + text.replace("'", "''") + "'"


class Warehouse(ABC):
    """An open connection to one warehouse; a context manager that closes it.

    Parameters are numbered ``$1, $2 ...`` on every engine. Errors of the engine itself pass
    through unchanged (``engine_error``); only opening translates them, where a remedy is known.

    Attributes:
        dialect: ``duckdb`` or ``postgres``.
        engine_error: the exception class the engine's driver raises.
    """

    dialect: str
    engine_error: type[Exception]

    @abstractmethod
    def execute(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows, or an empty list when it has none."""

    @abstractmethod
    def change(self, sql: str, params: Sequence[object] = ()) -> int:
        """Run one insert, update or delete; return the number of rows it touched."""

    @abstractmethod
    def drop_table(self, schema: str, table: str) -> list[str]:
        """Drop a table if it exists; return the names of the views that went with it."""

    @abstractmethod
    def lock_table(self, schema: str, table: str, *, wait: bool = False) -> None:
        """Keep other loaders off this raw table until the transaction ends.

        Raises:
            WarehouseError: another process is loading the table, and ``wait`` is off.
        """

    @property
    @abstractmethod
    def identity(self) -> str:
        """Tells this warehouse from any other, today and tomorrow."""

    @abstractmethod
    def index_rows(self, schema: str, table: str, columns: Sequence[str]) -> None:
        """Make rows be found by ``columns`` without reading the whole table, if not so yet."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commit at the end of the block, roll back when it raises."""
        self.execute("begin")
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        self.execute("commit")

    @abstractmethod
    def _roll_back(self) -> None:
        """Undo the open transaction; silent when the connection itself is gone."""

    def table_exists(self, schema: str, table: str) -> bool:
        """Whether ``schema.table`` is there, as a table or a view."""
        return bool(self.columns(schema, table))

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Column name -> the engine's own type name, in order; empty when there is no table."""
        rows = self.execute(
            "select column_name, data_type from information_schema.columns"
            f" where table_catalog = current_database() and {self._catalog_filter}"
            " order by ordinal_position",
            (schema, table),
        )
        return {str(name): str(kind) for name, kind in rows}

    @property
    @abstractmethod
    def _catalog_filter(self) -> str:
        """Condition on information_schema for schema ``$1`` and table ``$2``."""

    def create_schema(self, schema: str) -> None:
        """Create a schema unless it exists."""
        self.execute(f"create schema if not exists {quoted(schema)}")

    def create_table(
        self, schema: str, table: str, columns: Mapping[str, str] | Iterable[tuple[str, str]]
    ) -> None:
        """Create a table of (column, type) pairs unless it exists."""
        self.execute(
            f"create table if not exists {qualified(schema, table)} ({_definitions(columns)})"
        )

    def create_temporary_table(
        self, table: str, columns: Mapping[str, str] | Iterable[tuple[str, str]]
    ) -> None:
        """Create an empty table of this session; replaces one of the same name."""
        self.execute(f"drop table if exists {self.temporary(table)}")
        self.execute(f"create temporary table {quoted(table)} ({_definitions(columns)})")

    @abstractmethod
    def temporary(self, table: str) -> str:
        """The full SQL name of a temporary table."""

    def count(self, table: str, where: str = "true", params: Sequence[object] = ()) -> int:
        """Number of rows of ``table`` (an SQL name) that satisfy ``where``."""
        return int(self.execute(f"select count(*) from {table} where {where}", params)[0][0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _definitions(columns: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    pairs = columns.items() if isinstance(columns, Mapping) else columns
    return ", ".join(f"{quoted(name)} {kind}" for name, kind in pairs)
