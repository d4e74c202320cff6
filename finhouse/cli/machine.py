"""Errors that are the machine's, wherever they strike: they tell of no mistake of ours."""

from __future__ import annotations

import errno
import sys

from finhouse.errors import ConfigurationError, FinhouseError, WarehouseError

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR)
_ENGINES = ("duckdb", "psycopg")


def is_interruption(error: Exception) -> bool:
    """Whether this is Ctrl-C, as DuckDB says it of a query that it was running."""
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


def of_the_machine(error: Exception) -> FinhouseError | None:
    """An error of memory, disk or permissions as a user is told of it; None for any other."""
    if isinstance(error, MemoryError):
        return WarehouseError(
            "this process gets no more memory",
            "end what else uses the machine's memory, or give it more; a limit of your own may "
            "be too low (`ulimit -v`)",
        )
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return WarehouseError(
            f"the disk is full: {error}", "free some disk space, then run the same command again"
        )
    if isinstance(error, OSError) and error.errno in _NO_RIGHT and error.filename:
        return ConfigurationError(
            f"a file or folder cannot be used: {error}",
            "correct its permissions, or move it away if it is in the place of another",
        )
    engines = tuple(sys.modules[name].Error for name in _ENGINES if name in sys.modules)
    return _of_an_engine(error) if isinstance(error, engines) else None


def _of_an_engine(error: Exception) -> FinhouseError | None:
    # Imported here: it brings the engines, which no light command needs.
    from finhouse.warehouse.remedies import known_remedy

    remedy = known_remedy(error)
    if not remedy:
        return None
    return WarehouseError(
        f"the database failed: {str(error).splitlines()[0]}",
        f"{remedy}, then run the same command again",
    )
