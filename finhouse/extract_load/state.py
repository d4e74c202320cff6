"""What the loader remembers, in schema raw_operations, and how it names batches and moments."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from finhouse.extract_load.columns import SourceColumn
from finhouse.extract_load.shape import TableShape

SCHEMA = "raw_operations"


def utc_now() -> datetime:
    """Now, as the naive UTC timestamp the warehouse keeps."""
    return datetime.now(UTC).replace(tzinfo=None)


def new_batch_id(now: datetime) -> str:
    """Name of one call of the loader, sortable by time: ``20261121T054403Z-1a2b3c``."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class TableState:
    """What is known of a raw table that was loaded before.

    Attributes:
        cursor_name: ``xmin`` or the cursor column.
        cursor_value: where the next load starts; None when nothing was seen yet.
        source_identity: of the server the cursor value belongs to.
        columns: as they were in the source, without omitted ones.
        shape: of the source table; None in a state that was saved before there were any.
        key_fingerprint: of the key that the tokens in raw were made with; None without any.
    """

    cursor_name: str
    cursor_value: str | None
    source_identity: str
    columns: tuple[SourceColumn, ...]
    shape: TableShape | None = None
    key_fingerprint: str | None = None


@dataclass(frozen=True)
class LastLoad:
    """What the log says of a table's last successful load.

    Attributes:
        raw_rows: rows it left in raw; None when it did not count them.
    """

    batch_id: str
    raw_rows: int | None


@dataclass(frozen=True)
class FileState:
    """Fingerprint of a file as it was loaded.

    Attributes:
        changed_ns: when its content or attributes last changed. The system sets it, while the time
            of modification is whatever a copy was told to keep.
    """

    size_bytes: int
    changed_ns: int
    sha256: str
    row_count: int
