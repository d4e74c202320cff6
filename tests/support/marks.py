"""A search for the marked people of the demo company: every byte, and what bytes hide.

A mark is found in capitals and small letters, with and without separators, as UTF-16, as
hexadecimal text, as base64 at any offset, and in what is packed by zlib, gzip or zip. Database
files are read by their engines as well, since their pages are compressed.
"""

from __future__ import annotations

import base64
import re
import sqlite3
import subprocess
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb

from finhouse.demo.marks import MASKED_WORD, OMITTED_DAY, OMITTED_DIGITS, OMITTED_WORD
from finhouse.safety.postgres_tools import ClientTools
from finhouse.sources import PostgresDefinition, available_sources, raw_schema, read_source
from finhouse.warehouse import Warehouse, qualified, quoted
from tests.support.house import House

OMITTED = (OMITTED_WORD, OMITTED_DIGITS, OMITTED_DAY)
# The sources themselves, and the company's account of them.
SOURCES = ("oltp", "demo", "landing")
_AT_ONCE, _OVERLAP = 2**24, 512
# As a zlib stream begins; what follows decides.
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_GZIP = b"\x1f\x8b\x08"
_UNPACKED_AT_MOST = 2**26
_SEPARATORS = b" \t-().+/_:,'"
_ROWS_AT_ONCE = 20_000


class Search:
    """Looks for marks, wherever they could be.

    Args:
        marks: texts in small letters; a number is found with separators between its digits, too.
    """

    def __init__(self, marks: Iterable[str] = OMITTED) -> None:
        self.marks = tuple(marks)
        self._lowered = {
            needle: mark
            for mark in self.marks
            for needle in (mark.encode(), _wide(mark), *_hexadecimal(mark))
        }
        self._as_stored = {
            needle: mark
            for mark in self.marks
            for text in _cases(mark)
            for needle in _base64(text.encode())
        }
        self._bare = {bare: mark for mark in self.marks if (bare := mark.encode()).isdigit()}

    def found_in(self, data: bytes) -> set[str]:
        """Marks in some bytes, however they are written there."""
        lowered, bare = data.lower(), data.translate(None, _SEPARATORS)
        found = {mark for needle, mark in self._lowered.items() if needle in lowered}
        found |= {mark for needle, mark in self._as_stored.items() if needle in data}
        return found | {mark for needle, mark in self._bare.items() if needle in bare}

    def in_file(self, path: Path) -> list[str]:
        """Hits in a file: its bytes, what is packed in them, and what its engine reads in it."""
        found = set()
        with path.open("rb") as file:
            before = b""
            while data := file.read(_AT_ONCE):
                found |= self.found_in(before + data)
                for unpacked in _unpacked(data):
                    found |= self.found_in(unpacked)
                before = data[-_OVERLAP:]
        hits = [f"{path}: {mark}" for mark in sorted(found)]
        for place, text in _read_by_engine(path):
            hits += [f"{path}, {place}: {mark}" for mark in sorted(self.found_in(text))]
        return hits

    def in_folder(self, folder: Path, but: Collection[str] = ()) -> list[str]:
        """Hits in all files of a folder, but for some of its entries."""
        files = [
            path
            for entry in sorted(folder.iterdir())
            if entry.name not in but
            for path in (sorted(entry.rglob("*")) if entry.is_dir() else [entry])
            if path.is_file() and not path.is_symlink()
        ]
        assert files, f"{folder} holds no file"
        return [hit for path in files for hit in [*self.in_file(path), *self._in_name(path)]]

    def in_warehouse(self, warehouse: Warehouse, but: Collection[str] = ()) -> list[str]:
        """Hits in all tables of a warehouse, but for some columns, ``schema.table.column``."""
        tables: dict[tuple[str, str], list[str]] = {}
        for schema, table, column in warehouse.execute(
            "select c.table_schema, c.table_name, c.column_name from information_schema.columns c"
            " inner join information_schema.tables t on t.table_schema = c.table_schema"
            " and t.table_name = c.table_name and t.table_catalog = c.table_catalog"
            " where t.table_type = 'BASE TABLE' and c.table_catalog = current_database()"
            " and c.table_schema not in ('information_schema', 'pg_catalog') order by 1, 2, 3"
        ):
            if f"{schema}.{table}.{column}" not in but:
                tables.setdefault((str(schema), str(table)), []).append(str(column))
        assert tables, "the warehouse is empty"
        hits = []
        for (schema, table), columns in tables.items():
            texts = ", ".join(f"cast({quoted(column)} as varchar)" for column in columns)
            rows = warehouse.execute(
                f"select array_to_string(array[{texts}], '|') from {qualified(schema, table)}"
            )
            hits += [f"{schema}.{table}: {mark}" for mark in self.in_rows(rows)]
        return hits

    def in_rows(self, rows: list[tuple]) -> list[str]:
        """Marks in rows of one text each."""
        return sorted({mark for text in _joined(rows) for mark in self.found_in(text)})

    def _in_name(self, path: Path) -> list[str]:
        return [f"the name of {path}: {mark}" for mark in self.found_in(path.name.encode())]


def masked_marks(house: House) -> tuple[str, ...]:
    """What is to be masked of the marked people: a word in names, and their dates of birth."""
    days = {
        day
        for definition in _databases()
        for table in definition.tables
        for column in table.masked
        for day in house.truth(definition.name)["marked"][table.name][column]
        if MASKED_WORD not in day.lower()
    }
    assert days and all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in days)
    return MASKED_WORD, *sorted(days)


def masked_columns() -> set[str]:
    """Where they may be: the raw tables that the loader keeps them in."""
    return {
        f"{raw_schema(definition.name)}.{table.name}.{column}"
        for definition in _databases()
        for table in definition.tables
        for column in table.masked
    }


def _databases() -> list[PostgresDefinition]:
    found = map(read_source, available_sources())
    return [source for source in found if isinstance(source, PostgresDefinition)]


def _cases(text: str) -> set[str]:
    return {text, text.capitalize(), text.upper()}


def _hexadecimal(text: str) -> Iterator[bytes]:
    for case in _cases(text):
        yield case.encode().hex().encode()


def _wide(text: str) -> bytes:
    """UTF-16 in either order of bytes: the zeros between the letters are common to both."""
    return text.encode("utf-16-le")[:-1]


def _base64(text: bytes) -> Iterator[bytes]:
    """What base64 makes of a text at each of three offsets, without what its neighbours share."""
    for offset in range(3):
        written = base64.b64encode(b"\0" * offset + text)
        begins = -(-offset * 8 // 6)
        ends = (offset + len(text)) * 8 // 6
        yield written[begins:ends]


def _unpacked(data: bytes) -> Iterator[bytes]:
    """What is packed in some bytes."""
    starts = [(match.start(), zlib.MAX_WBITS) for match in _ZLIB.finditer(data)]
    at = data.find(_GZIP)
    while at >= 0:
        starts.append((at, zlib.MAX_WBITS | 16))
        at = data.find(_GZIP, at + 1)
    for start, kind in starts:
        try:
            yield zlib.decompressobj(kind).decompress(data[start:], _UNPACKED_AT_MOST)
        except zlib.error:
            continue


def _read_by_engine(path: Path) -> Iterator[tuple[str, bytes]]:
    """Tables of a database file, text of an archive, members of a zip: place and content."""
    with path.open("rb") as file:
        start = file.read(16)
    if start[8:12] == b"DUCK":
        with duckdb.connect(path, read_only=True) as connection:
            for names in connection.execute(
                "select database_name, schema_name, table_name from duckdb_tables()"
                " where not internal"
            ).fetchall():
                yield from _duckdb_rows(connection, ".".join(map(quoted, names)))
    elif start[:4] == b"PAR1":
        with duckdb.connect() as connection:
            yield from _duckdb_rows(connection, f"read_parquet('{path}')")
    elif start.startswith(b"SQLite format 3"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.text_factory = bytes
            for (table,) in connection.execute(
                "select name from sqlite_master where type = 'table'"
            ).fetchall():
                name = quoted(table.decode())
                for row in connection.execute(f"select * from {name}"):
                    yield name, b"|".join(_as_bytes(value) for value in row)
    elif start.startswith(b"PGDMP"):
        text = subprocess.run(
            [ClientTools.for_server(0).restore, "--file=-", path], capture_output=True, check=True
        )
        yield "as pg_restore writes it", text.stdout
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                yield member, archive.read(member)


def _duckdb_rows(
    connection: duckdb.DuckDBPyConnection, relation: str
) -> Iterator[tuple[str, bytes]]:
    rows = connection.execute(f"select cast(t as varchar) from {relation} as t")
    while some := rows.fetchmany(_ROWS_AT_ONCE):
        for text in _joined(some):
            yield relation, text


def _joined(rows: list[tuple]) -> Iterator[bytes]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        yield "\n".join(str(text) for (text,) in some).encode()


def _as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
