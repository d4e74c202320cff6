"""The published DuckDB file, opened once a publication instead of once a query.

Superset opens its database anew for every query, which for a DuckDB file takes several times as
long as the query itself. Here the file is opened when it is first asked for, and again when a
publication has put another one in its place; a query gets a connection to what is open.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
from duckdb_engine import ConnectionWrapper

HOME = Path(os.environ["FINHOUSE_SUPERSET_HOME"])
# Names of the file by which it is opened, for the moment that this takes.
NAMES = HOME / "opening"
# What does not fit into memory: not beside the published file, where DuckDB would put it.
TEMPORARY_FILES = HOME / "temporary"

_lock = threading.Lock()
_open: dict[str, tuple[tuple[int, int], duckdb.DuckDBPyConnection]] = {}


def connect_to_what_is_open(
    url: Any, options: dict[str, Any], *_: Any
) -> tuple[Any, dict[str, Any]]:
    """Superset's DB_CONNECTION_MUTATOR: a DuckDB file is opened by ``connection``."""
    if url.get_backend_name() == "duckdb":
        path, settings = Path(unquote(url.database)), dict(url.query)
        options["creator"] = lambda: ConnectionWrapper(connection(path, settings))
    return url, options


def connection(path: Path, settings: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
    """A connection to the file that ``path`` names now; it keeps it until it is closed.

    Args:
        settings: DuckDB's, of the database as a whole.
    """
    TEMPORARY_FILES.mkdir(parents=True, exist_ok=True)
    config = {**settings, "temp_directory": str(TEMPORARY_FILES)}
    with _lock:
        found = path.stat()
        version = (found.st_ino, found.st_mtime_ns)
        known, database = _open.get(str(path), (None, None))
        if known != version:
            try:
                database = _opened_apart(path, config)
            except OSError:
                # This disk knows no links: opened for each query, as Superset would.
                return duckdb.connect(str(path), config=config)
            # Queries under way keep the old one open until they end.
            _open[str(path)] = (version, database)
        return database.cursor()


def _opened_apart(path: Path, config: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
    """Open a file under a name of its own.

    DuckDB takes the path of a file for its identity: while a query still reads what was published
    before, the same path would be given the old file again.

    Raises:
        OSError: the file cannot be linked.
    """
    # What a kill left: a name keeps the file of an old publication on the disk.
    shutil.rmtree(NAMES, ignore_errors=True)
    NAMES.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=NAMES) as folder:
        # The name of the file is that of the catalog in SQL.
        name = Path(folder) / path.name
        name.hardlink_to(path)
        return duckdb.connect(str(name), config=dict(config))
