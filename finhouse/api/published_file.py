"""The published DuckDB file, open once a publication.

A request has a connection of its own to what is open. What has been replaced is not closed, which
would close the connections of requests that still read it: it is dropped, and DuckDB closes the
file with the last of them.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from finhouse.api.problems import unready
from finhouse.api.publications import (
    ID_SQL,
    OTHER_VERSION,
    Found,
    Publications,
    Published,
    Row,
    by_column,
)

MEMORY_LIMIT = "1GB"
# What DuckDB says of a mart or a column that is not there.
_NOT_THERE = (duckdb.CatalogException, duckdb.BinderException)


@dataclass(frozen=True)
class _Open:
    version: tuple[int, int, int]
    id: str
    database: duckdb.DuckDBPyConnection


class PublishedFile(Publications):
    """Publications that are a file, replaced as a whole.

    Args:
        path: the file.
        home: folder for the names by which it is opened.
    """

    def __init__(self, path: Path, home: Path) -> None:
        self._path = path
        self._names = home / "opening"
        self._lock = threading.Lock()
        self._open: _Open | None = None

    def peek(self) -> str | None:
        held = self._open
        return held.id if held and held.version == self._version() else None

    def read(self, use: Callable[[Published], Found]) -> Found:
        with self._lock:
            held = self._current()
            # Keeps the file open, also when another one has taken its place.
            connection = held.database.cursor()
        with closing(connection):

            def rows(sql: str, params: Sequence[object] = ()) -> list[Row]:
                found = connection.execute(sql, list(params))
                return by_column([column[0] for column in found.description], found.fetchall())

            try:
                return use(Published(held.id, rows))
            except _NOT_THERE as error:
                raise unready(OTHER_VERSION) from error

    def let_go(self) -> None:
        with self._lock:
            if self._open and self._open.version != self._version():
                self._open = None

    def close(self) -> None:
        with self._lock:
            self._open = None

    def _version(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _current(self) -> _Open:
        version = self._version()
        if version is None:
            raise unready("Nothing has been published yet. Run `make build`.")
        if self._open is None or self._open.version != version:
            self._open = self._opened(version)
        return self._open

    def _opened(self, version: tuple[int, int, int]) -> _Open:
        try:
            database = self._opened_apart()
        except (duckdb.Error, OSError) as error:
            raise unready(f"What is published cannot be opened: {_first_line(error)}") from error
        try:
            [(publication,)] = database.execute(ID_SQL).fetchall()
        except _NOT_THERE as error:
            database.close()
            raise unready(OTHER_VERSION) from error
        return _Open(version, str(publication), database)

    def _opened_apart(self) -> duckdb.DuckDBPyConnection:
        """Open the file under a name of its own.

        DuckDB takes the path of a file for its identity: while a request still reads what was
        published before, the same path would be given the old file again.
        """
        config: dict[str, Any] = {
            # SQL reaches no other file of this machine, nor writes one: not even what does not fit
            # into memory, in a folder that would be shared with other openings.
            "enable_external_access": False,
            "temp_directory": "",
            "memory_limit": MEMORY_LIMIT,
            "lock_configuration": True,
        }
        with self._alone(), tempfile.TemporaryDirectory(dir=self._names) as folder:
            # The name of the file is that of the catalog in SQL.
            name = Path(folder) / self._path.name
            try:
                name.hardlink_to(self._path)
            except OSError:
                # This disk knows no links.
                shutil.copyfile(self._path, name)
            return duckdb.connect(str(name), read_only=True, config=config)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep out other processes that serve this house, and begin without names.

        Those that are there were left by a kill: each keeps the file of an old publication on the
        disk.
        """
        self._names.mkdir(parents=True, exist_ok=True)
        with self._names.with_suffix(".lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            for left in self._names.iterdir():
                shutil.rmtree(left)
            yield


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
