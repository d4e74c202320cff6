"""What one load did to one raw table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime


@dataclass(frozen=True)
class RowCounts:
    """Rows seen and touched by one load.

    Attributes:
        source: rows of the source table (or file) at the moment of reading; None where counting
            would cost more than the load (a few rows found by replication slot or column).
        read: rows that were read from it.
        inserted: rows added to raw under a key that was not there.
        updated: rows of raw replaced by a newer version.
        deleted: rows of raw removed because the source no longer has them.
        duplicates: rows read but left out of an append table: their key is there already.
        raw: rows of the raw table (of this file, for files) afterwards; None as for ``source``.
    """

    source: int | None = 0
    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    duplicates: int = 0
    raw: int | None = 0

    def plus(self, other: RowCounts) -> RowCounts:
        """Both together, of one table; ``source`` and ``raw`` stay what they are."""
        return replace(
            self,
            read=self.read + other.read,
            inserted=self.inserted + other.inserted,
            updated=self.updated + other.updated,
            deleted=self.deleted + other.deleted,
            duplicates=self.duplicates + other.duplicates,
        )


@dataclass(frozen=True)
class LoadResult:
    """One successful load of one table or file.

    Attributes:
        status: ``loaded``, ``unchanged`` (a file already loaded, skipped) or ``withdrawn``.
        note: what a reader should know, e.g. why a table was reloaded; may be empty.
        started_at, loaded_at: naive UTC.
    """

    source_name: str
    table_name: str
    load_mode: str
    batch_id: str
    started_at: datetime
    loaded_at: datetime
    counts: RowCounts = field(default_factory=RowCounts)
    file_name: str | None = None
    status: str = "loaded"
    note: str = ""

    @property
    def changed(self) -> bool:
        """Whether any row of raw was inserted, updated or deleted."""
        return bool(self.counts.inserted or self.counts.updated or self.counts.deleted)
