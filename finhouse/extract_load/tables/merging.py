"""Bringing a raw table up to date from a temporary table of incoming rows, in plain SQL.

The statements are the same on DuckDB and Postgres. Rows that are identical to what raw holds are
left alone, so a second run changes nothing, not even ``_loaded_at``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finhouse.errors import SourceError
from finhouse.extract_load.columns import Stamp
from finhouse.extract_load.results import RowCounts
from finhouse.sources.definitions import LOADER_COLUMNS
from finhouse.warehouse import Warehouse, quoted

_KEPT = "_fh_kept"


@dataclass(frozen=True)
class Merge:
    """A raw table, the temporary table of incoming rows, and how their rows correspond.

    Attributes:
        target: SQL name of the raw table.
        incoming: SQL name of the temporary table; has the source's columns only. It is emptied
            of unchanged rows on the way.
        columns: the source's columns.
        key: columns that identify a row; may be empty for ``replace_if_different``.
        stamps: the loader's own columns of the rows that are written.
        reach: condition of the rows of raw, as ``_fh_t``, that the source speaks for.
    """

    warehouse: Warehouse
    target: str
    incoming: str
    columns: Sequence[str]
    key: Sequence[str]
    stamps: Sequence[Stamp]
    reach: str = "true"

    def upsert(self) -> RowCounts:
        """Replace changed rows and add new ones, by key."""
        read = self.warehouse.count(self.incoming)
        same_row = " and ".join(
            f"_fh_t.{quoted(name)} {'=' if name in self.key else 'is not distinct from'}"
            f" _fh_i.{quoted(name)}"
            for name in self.columns
        )
        self.warehouse.change(
            f"delete from {self.incoming} as _fh_i using {self.target} as _fh_t where {same_row}"
        )
        updated = self.warehouse.change(
            f"delete from {self.target} as _fh_t using {self.incoming} as _fh_i"
            f" where {self._same_key}"
        )
        written = self._insert(f"select {self._source_columns} from {self.incoming}")
        return RowCounts(read=read, inserted=written - updated, updated=updated)

    def delete_missing(self, keys: str, where: str = "true") -> int:
        """Delete the rows of raw, among those ``where`` holds for, whose key is not in ``keys``.

        Returns:
            The number of rows deleted.
        """
        return self.warehouse.change(
            f"delete from {self.target} as _fh_t where ({where}) and {self.reach}"
            f" and not exists (select 1 from {keys} as _fh_i where {self._same_key})"
        )

    def delete_doubled(self) -> int:
        """Of rows in raw under one key, a key that is incoming, keep the first to have arrived."""
        incoming = f"exists (select 1 from {self.incoming} as _fh_i where {self._same_key})"
        twice = self.warehouse.execute(
            f"select 1 from {self.target} as _fh_t where {incoming}"
            f" group by {self._target_key} having count(*) > 1 limit 1"
        )
        if not twice:
            return 0
        held = ", ".join((self._source_columns, *(quoted(stamp.name) for stamp in self.stamps)))
        kept = self.warehouse.temporary(_KEPT)
        self.warehouse.execute(f"drop table if exists {kept}")
        self.warehouse.execute(
            f"create temporary table {_KEPT} as select {held} from ("
            f"select *, count(*) over (partition by {self._target_key}) as _fh_copies,"
            f" row_number() over (partition by {self._target_key} order by"
            f" _fh_t.{LOADER_COLUMNS[0]} nulls last, _fh_arrival) as _fh_copy"
            f" from {self._as_arrived(self.target)} as _fh_t where {incoming}"
            ") as _fh_held where _fh_copies > 1 and _fh_copy = 1"
        )
        deleted = self.warehouse.change(
            f"delete from {self.target} as _fh_t using {kept} as _fh_i where {self._same_key}"
        )
        put_back = self.warehouse.change(
            f"insert into {self.target} ({held}) select {held} from {kept}"
        )
        return deleted - put_back

    def select_absent(self, columns: str, where: str) -> str:
        """Query of the rows of raw, among those ``where`` holds for, whose key is not incoming."""
        return (
            f"select {columns} from {self.target} as _fh_t where ({where}) and {self.reach}"
            f" and not exists (select 1 from {self.incoming} as _fh_i where {self._same_key})"
        )

    def delete_absent(self, keys: str) -> int:
        """Delete the rows of raw whose key is in the table ``keys``, but not incoming."""
        return self.warehouse.change(
            f"delete from {self.target} as _fh_t using {keys} as _fh_k where"
            f" {' and '.join(f'_fh_t.{quoted(name)} = _fh_k.{quoted(name)}' for name in self.key)}"
            f" and {self.reach}"
            f" and not exists (select 1 from {self.incoming} as _fh_i where {self._same_key})"
        )

    def count_absent(self, keys: str) -> int:
        """Number of keys that raw lacks."""
        return self.warehouse.count(
            f"{keys} as _fh_i",
            f"not exists (select 1 from {self.target} as _fh_t where {self._same_key})",
        )

    def delete_overtaken(self) -> int:
        """Of rows in raw under one key, one within reach and one not, delete the latter.

        A source that dates a row anew brings it back into reach.
        """
        return self.warehouse.change(
            f"delete from {self.target} as _fh_t where not {self.reach} and exists (select 1 from"
            f" (select * from {self.target} as _fh_t where {self.reach}) as _fh_i"
            f" where {self._same_key})"
        )

    def append_new(self) -> RowCounts:
        """Add rows whose key raw lacks; of several with one key the first to arrive."""
        read = self.warehouse.count(self.incoming)
        written = self._insert(
            f"select {self._source_columns} from ("
            f"select *, row_number() over (partition by {self._incoming_key}"
            " order by _fh_arrival) as _fh_copy"
            f" from {self._as_arrived(self.incoming)} as _fh_i"
            f" where not exists (select 1 from {self.target} as _fh_t where {self._same_key})"
            ") as _fh_arrived where _fh_copy = 1"
        )
        return RowCounts(read=read, inserted=written, duplicates=read - written)

    def replace_if_different(self) -> RowCounts:
        """For tables without a key: replace all rows unless both sides hold the same rows."""
        read = self.warehouse.count(self.incoming)
        within = f"{self.target} as _fh_t where {self.reach}"
        held = self.warehouse.count(f"{self.target} as _fh_t", self.reach)
        ours = f"select {self._source_columns} from {within}"
        theirs = f"select {self._source_columns} from {self.incoming}"
        # Equal counts and nothing left over on one side: the two multisets are equal.
        if read == held and not self.warehouse.count(f"({ours} except all {theirs}) as _fh_d"):
            return RowCounts(read=read)
        self.warehouse.change(f"delete from {within}")
        return RowCounts(read=read, inserted=self._insert(theirs), deleted=held)

    def _insert(self, select: str) -> int:
        own = ", ".join(quoted(stamp.name) for stamp in self.stamps)
        values = ", ".join(stamp.sql for stamp in self.stamps)
        return self.warehouse.change(
            f"insert into {self.target} ({self._source_columns}, {own})"
            f" select {self._source_columns}, {values} from ({select}) as _fh_rows"
        )

    def _as_arrived(self, table: str) -> str:
        """A table's rows with their order of arrival: both engines read in it.

        Not by DuckDB's ``rowid``: a column of that name would hide it.
        """
        position = "row_number() over ()" if self.warehouse.dialect == "duckdb" else "ctid"
        return f"(select *, {position} as _fh_arrival from {table})"

    @property
    def _source_columns(self) -> str:
        return ", ".join(quoted(name) for name in self.columns)

    @property
    def _incoming_key(self) -> str:
        return ", ".join(f"_fh_i.{quoted(name)}" for name in self.key)

    @property
    def _target_key(self) -> str:
        return ", ".join(f"_fh_t.{quoted(name)}" for name in self.key)

    @property
    def _same_key(self) -> str:
        return " and ".join(f"_fh_t.{quoted(name)} = _fh_i.{quoted(name)}" for name in self.key)


def refuse_bad_keys(
    warehouse: Warehouse, table: str, key: Sequence[str], shown: str, *, unique: bool
) -> None:
    """Check that no key is NULL and, if ``unique``, that none occurs twice.

    Raises:
        SourceError: naming the key and its value.
    """
    listed = ", ".join(quoted(name) for name in key)
    empty = warehouse.count(table, " or ".join(f"{quoted(name)} is null" for name in key))
    if empty:
        raise SourceError(
            f"key ({', '.join(key)}) of {shown} is NULL in {empty} row{'s' if empty > 1 else ''}",
            "declare a key that is never NULL, or correct the rows in the source",
        )
    if not unique:
        return
    twice = warehouse.execute(
        f"select {listed}, count(*) from {table} group by {listed} having count(*) > 1"
        f" order by {listed} limit 1"
    )
    if twice:
        *values, times = twice[0]
        value = ", ".join(str(part) for part in values)
        raise SourceError(
            f"key ({', '.join(key)}) = ({value}) occurs {times} times in {shown}",
            "declare a key that identifies one row, or mode append if repeats are normal",
        )
