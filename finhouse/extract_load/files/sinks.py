"""Putting the records of one CSV file into a raw table, every cell as text.

Both warehouses read with DuckDB's parser, so a file means the same on both.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from finhouse.console import heartbeat
from finhouse.errors import SourceError
from finhouse.extract_load.columns import Stamp
from finhouse.sources.definitions import FILE_COLUMNS
from finhouse.warehouse import Warehouse, quoted, text_literal
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.postgres_database import PostgresWarehouse

FILE_TYPES = dict(zip(FILE_COLUMNS, ("text", "bigint"), strict=True))
"""Type of the columns that say where a row of raw comes from, on every warehouse."""
_BATCH_ROWS = 50_000


@dataclass(frozen=True)
class CsvExtract:
    """A checked CSV file on its way into raw.

    Attributes:
        stamps: the loader's own columns.
    """

    path: Path
    columns: Sequence[str]
    stamps: Sequence[Stamp]

    @property
    def cells(self) -> list[str]:
        """DuckDB's SQL of a record's cells, file name, number (the header is 1) and stamps."""
        return [
            *(quoted(name) for name in self.columns),
            text_literal(self.path.name),
            "row_number() over () + 1",
            *(stamp.sql for stamp in self.stamps),
        ]

    @property
    def target_columns(self) -> str:
        """Names of the cells in raw."""
        stamped = (stamp.name for stamp in self.stamps)
        return ", ".join(quoted(name) for name in (*self.columns, *FILE_TYPES, *stamped))

    def reader_sql(self) -> str:
        """DuckDB's table function over the file: strict, nothing guessed, '' stays ''."""
        kinds = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in self.columns)
        names = ", ".join(text_literal(name) for name in self.columns)
        # Characters that the reader would take for wildcards stand for themselves in brackets.
        path = re.sub(r"([*?\[])", r"[\1]", str(self.path))
        return (
            f"read_csv({text_literal(path)}, auto_detect = false, header = true, delim = ',',"
            " quote = '\"', escape = '\"', strict_mode = true, null_padding = false,"
            f" columns = {{{kinds}}}, force_not_null = [{names}])"
        )


class CsvSink(ABC):
    """Appends the records of a file to an existing raw table."""

    @abstractmethod
    def fill(self, target: str, extract: CsvExtract) -> int:
        """Append to ``target`` (an SQL name); return the number of records.

        Raises:
            SourceError: the file is not what it should be; names file, line and reason.
        """


class DuckdbCsvSink(CsvSink):
    """DuckDB reads the file itself."""

    def __init__(self, warehouse: DuckdbWarehouse) -> None:
        self._connection = warehouse.connection

    def fill(self, target: str, extract: CsvExtract) -> int:
        # Record numbers are counted in the order of the file.
        self._connection.execute("set preserve_insertion_order = true")
        with _explained(extract), heartbeat(_label(extract.path)):
            rows = self._connection.execute(
                f"insert into {target} ({extract.target_columns})"
                f" select {', '.join(extract.cells)} from {extract.reader_sql()}"
            ).fetchall()
        return int(rows[0][0])


class PostgresCsvSink(CsvSink):
    """DuckDB writes each record as one line of quoted CSV, which COPY takes as it is."""

    def __init__(self, warehouse: PostgresWarehouse) -> None:
        self._connection = warehouse.connection

    def fill(self, target: str, extract: CsvExtract) -> int:
        with (
            duckdb.connect(config={"memory_limit": "256MB"}) as reader,
            heartbeat(_label(extract.path)),
            self._connection.cursor() as cursor,
        ):
            reader.execute("set enable_progress_bar = false")
            with cursor.copy(
                f"copy {target} ({extract.target_columns}) from stdin (format csv)"
            ) as copy:
                with _explained(extract):
                    batches = reader.sql(_lines_sql(extract)).to_arrow_reader(_BATCH_ROWS)
                while block := self._next_block(batches, extract):
                    copy.write(block)
            return cursor.rowcount

    @staticmethod
    def _next_block(batches: Iterator, extract: CsvExtract) -> bytes:
        with _explained(extract):
            batch = next(batches, None)
        return b"" if batch is None else "".join(batch.column(0).to_pylist()).encode()


def csv_sink_for(warehouse: Warehouse) -> CsvSink:
    """The sink that suits the warehouse."""
    if isinstance(warehouse, DuckdbWarehouse):
        return DuckdbCsvSink(warehouse)
    assert isinstance(warehouse, PostgresWarehouse)
    return PostgresCsvSink(warehouse)


def _lines_sql(extract: CsvExtract) -> str:
    cells = [f"cast({cell} as text)" for cell in extract.cells]
    # Quoted throughout: COPY reads "" as the empty string, and only a bare cell as NULL.
    line = " || '\",\"' || ".join(f"replace({cell}, '\"', '\"\"')" for cell in cells)
    return f"select '\"' || {line} || '\"' || chr(10) from {extract.reader_sql()}"


@contextmanager
def _explained(extract: CsvExtract) -> Iterator[None]:
    """Turn a complaint of DuckDB's CSV reader into one about file, line and remedy."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        text = str(error)
        line = re.search(r"CSV Error on Line: (\d+)", text)
        where = f"{extract.path.name}, line {line.group(1)}" if line else extract.path.name
        cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
        if cells:
            what = f"{cells.group(2)} cells instead of {cells.group(1)}"
        elif "unicode" in text:
            what = "not UTF-8"
        elif "unterminated quote" in text:
            what = "a quotation mark is not closed, or stands inside a cell"
        elif size := re.search(r"Maximum line size of (\d+) bytes exceeded", text):
            what = f"a record of more than {int(size[1]):,} bytes, or a quotation mark not closed"
        elif "state machine" in text:
            what = "mixed line ends, or a stray carriage return or quotation mark"
        else:
            what = text.splitlines()[0]
        raise SourceError(
            f"{where}: {what}",
            "correct it in the sending system and deliver the file again (UTF-8, RFC 4180)",
        ) from error


def _label(path: Path) -> str:
    return f"loading {path.name} ({path.stat().st_size / 1e6:,.0f} MB)"
