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
        source_time: up to when it has read the whole table, by the source's own clock, naive UTC;
            None where it read a part of it, or files.
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
    source_time: datetime | None = None

    @property
    def changed(self) -> bool:
        """Whether any row of raw was inserted, updated or deleted."""
        return bool(self.counts.inserted or self.counts.updated or self.counts.deleted)


@dataclass(frozen=True)
class Examples:
    """One key of each kind of difference, the smallest; None where there is none."""

    missing: str | None = None
    surplus: str | None = None
    doubled: str | None = None
    changed: str | None = None


@dataclass(frozen=True)
class Differences:
    """Rows in which a raw table differs from its source.

    Attributes:
        missing: rows the source has and raw lacks.
        surplus: rows of raw whose key the source does not have.
        doubled: rows of raw under a key that another row of raw has already.
        changed: keys that both have, with other values in raw.
    """

    missing: int = 0
    surplus: int = 0
    doubled: int = 0
    changed: int = 0
    examples: Examples = field(default_factory=Examples)


@dataclass(frozen=True)
class Reconciliation:
    """What the comparison of one raw table with its source found, and what became of it.

    Attributes:
        source_rows, raw_rows: as compared; of the source's rows in mode append distinct keys.
        range_count: key ranges (of files: files) that were compared.
        differing_range_count: those whose checksums differed.
        source_sums, raw_sums: column -> sum of an exact numeric column, as text.
        differences: as found, before anything was healed.
        status: ``equal`` or ``differs``: how the table was left.
        is_healed: whether it differed and was made equal.
        healed_batch_id: the load that healed it; its rows carry it as ``_batch_id``.
        started_at, reconciled_at: naive UTC.
    """

    source_name: str
    table_name: str
    load_mode: str
    batch_id: str
    started_at: datetime
    reconciled_at: datetime
    status: str
    source_rows: int
    raw_rows: int
    range_count: int
    differing_range_count: int
    differences: Differences = field(default_factory=Differences)
    source_sums: dict[str, str | None] = field(default_factory=dict)
    raw_sums: dict[str, str | None] = field(default_factory=dict)
    is_healed: bool = False
    healed_batch_id: str | None = None
    note: str = ""

    def healed(self, status: str, batch_id: str, reconciled_at: datetime) -> Reconciliation:
        """The same findings, after the ranges that differ were loaded again.

        Args:
            status: of the comparison after that load.
            batch_id: of that load.
            reconciled_at: when that comparison ended, naive UTC.
        """
        return replace(
            self,
            status=status,
            is_healed=status == "equal",
            healed_batch_id=batch_id,
            reconciled_at=reconciled_at,
        )

    @property
    def differing_sums(self) -> list[str]:
        """Columns whose sums differ."""
        return [
            name for name, total in self.source_sums.items() if self.raw_sums.get(name) != total
        ]
