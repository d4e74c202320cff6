"""Filling a warehouse table from an OLTP table: Arrow into DuckDB, binary COPY into Postgres."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from finhouse.console import Progress
from finhouse.errors import SourceError
from finhouse.extract_load.columns import OUT_OF_RANGE, SourceColumn, Stamp
from finhouse.extract_load.postgres_source import PostgresSource, SourceTable
from finhouse.extract_load.pseudonyms import tokens_in_copy, tokens_in_stream
from finhouse.pseudonyms import PseudonymKey
from finhouse.warehouse import Warehouse, quoted
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.postgres_database import PostgresWarehouse

_STREAM = "finhouse_stream"


@dataclass(frozen=True)
class Extract:
    """Rows to take from a source table.

    Attributes:
        columns: the columns to take.
        where: condition in the source's SQL.
        stamps: further columns with one value for all rows.
        expected_rows: for progress; None when unknown.
        keep_order: whether the target must hold the rows in the order they arrive in.
    """

    table: SourceTable
    columns: Sequence[SourceColumn]
    where: str = "true"
    stamps: tuple[Stamp, ...] = ()
    expected_rows: int | None = None
    keep_order: bool = False

    def source_sql(self, *, with_stamps: bool = False) -> str:
        """The select for the source; stamps are cheaper added by DuckDB than sent to it."""
        listed = [column.source_sql for column in self.columns]
        if with_stamps:
            listed += [stamp.sql for stamp in self.stamps]
        return (
            f"select {', '.join(listed)} from {self.table.sql_name}"
            f" where ({self.where}) and {self.table.kept}"
        )

    @property
    def pseudonyms(self) -> list[int]:
        """Positions of the columns whose values become tokens."""
        return [at for at, column in enumerate(self.columns) if column.is_pseudonym]

    def target_columns(self) -> str:
        """Quoted, comma-separated names of all columns in the target."""
        return ", ".join(quoted(column.name) for column in (*self.columns, *self.stamps))


class Sink(ABC):
    """Moves rows from a source into an existing warehouse table, with constant memory."""

    def __init__(self, source: PostgresSource, pseudonym_key: PseudonymKey | None) -> None:
        self.source, self._pseudonym_key = source, pseudonym_key

    def _key_for(self, extract: Extract) -> PseudonymKey | None:
        """The key, where columns of the extract are pseudonymised."""
        if not extract.pseudonyms:
            return None
        assert self._pseudonym_key, "checked before anything is read"
        return self._pseudonym_key

    @abstractmethod
    def fill(self, target: str, extract: Extract) -> int:
        """Append the extract to ``target`` (an SQL name); return the number of rows.

        Values of columns that are pseudonymised become tokens here, on their way.

        Raises:
            SourceError: the source failed, or holds a value the warehouse cannot.
        """


class DuckdbSink(Sink):
    """An Arrow stream that DuckDB pulls."""

    def __init__(
        self,
        source: PostgresSource,
        warehouse: DuckdbWarehouse,
        pseudonym_key: PseudonymKey | None,
    ) -> None:
        super().__init__(source, pseudonym_key)
        self._connection = warehouse.connection

    def fill(self, target: str, extract: Extract) -> int:
        listed = [column.arrow_to_duckdb_sql for column in extract.columns] + [
            stamp.sql for stamp in extract.stamps
        ]
        progress = _progress(extract)
        # Free order fills whole row groups at once; ordered, DuckDB rewrites them at the next
        # checkpoint (5 M rows: 0.9 s more).
        order = str(extract.keep_order).lower()
        self._connection.execute(f"set preserve_insertion_order = {order}")
        with self.source.arrow_stream(extract.table, extract.source_sql(), progress) as stream:
            if key := self._key_for(extract):
                stream = tokens_in_stream(stream, extract.pseudonyms, key)
            self._connection.register(_STREAM, stream)
            try:
                self._connection.execute(
                    f"insert into {target} ({extract.target_columns()})"
                    f" select {', '.join(listed)} from {_STREAM}"
                )
            except duckdb.Error as error:
                if OUT_OF_RANGE in str(error):
                    column = str(error).split(OUT_OF_RANGE, 1)[1].splitlines()[0]
                    raise SourceError(
                        f"column {column!r} of {extract.table.name} holds a time after the year"
                        " 294246, which DuckDB cannot",
                        "correct the value in the source; 'infinity' is allowed",
                    ) from error
                if isinstance(error, duckdb.ConversionException):
                    _refuse_not_a_number(self.source, extract)
                raise
            # After an error the rollback forgets the stream; DuckDB refuses to, until then.
            self._connection.unregister(_STREAM)
        return progress.done


class PostgresSink(Sink):
    """Binary COPY out of the source piped into binary COPY of the warehouse."""

    def __init__(
        self,
        source: PostgresSource,
        warehouse: PostgresWarehouse,
        pseudonym_key: PseudonymKey | None,
    ) -> None:
        super().__init__(source, pseudonym_key)
        self._warehouse = warehouse

    def fill(self, target: str, extract: Extract) -> int:
        sql = extract.source_sql(with_stamps=True)
        with self._warehouse.connection.cursor() as cursor:
            with cursor.copy(
                f"copy {target} ({extract.target_columns()}) from stdin (format binary)"
            ) as copy:
                blocks = self.source.copy_blocks(extract.table, sql, _progress(extract))
                if key := self._key_for(extract):
                    blocks = tokens_in_copy(blocks, extract.pseudonyms, key)
                for block in blocks:
                    copy.write(block)
            rows = cursor.rowcount
        # PostgreSQL's numeric(p,s) admits NaN, DuckDB's does not: refused alike on both.
        decimals = [quoted(column.name) for column in extract.columns if column.decimal]
        if decimals:
            found = self._warehouse.count(target, " or ".join(f"{c} = 'NaN'" for c in decimals))
            if found:
                _refuse_not_a_number(self.source, extract)
        return rows


def sink_for(
    source: PostgresSource, warehouse: Warehouse, pseudonym_key: PseudonymKey | None
) -> Sink:
    """The sink that suits the warehouse."""
    if isinstance(warehouse, DuckdbWarehouse):
        return DuckdbSink(source, warehouse, pseudonym_key)
    assert isinstance(warehouse, PostgresWarehouse)
    return PostgresSink(source, warehouse, pseudonym_key)


def _progress(extract: Extract) -> Progress:
    return Progress(f"reading {extract.table.name}", extract.expected_rows or None, "rows")


def _refuse_not_a_number(source: PostgresSource, extract: Extract) -> None:
    for column in extract.columns:
        if column.decimal is None:
            continue
        where = f"({extract.where}) and {quoted(column.name)} = 'NaN'"
        rows = source.count(extract.table, where)
        if rows:
            raise SourceError(
                f"column {column.name!r} ({column.source_type}) of {extract.table.name} holds NaN"
                f" in {rows} row{'s' if rows > 1 else ''}: not a number of money",
                f"correct them in the source: select * from {extract.table.sql_name}"
                f" where {quoted(column.name)} = 'NaN'",
            )
