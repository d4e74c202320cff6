"""Comparing a raw table with its source, range by range and then row by row.

Both engines count rows, add up numbers and sum a digest of each row within each key range; only
those few figures are fetched. Ranges that differ are looked at again, key by key, in a temporary
table of the warehouse: memory stays constant whatever the tables hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cached_property

from finhouse.console import heartbeat
from finhouse.extract_load.canonical import ComputedColumn, Side, digest, side_of, spelled
from finhouse.extract_load.columns import INTEGER_TYPES, SourceColumn
from finhouse.extract_load.reconcile.key_ranges import KeyOrder, KeyRanges
from finhouse.extract_load.results import Differences, Examples
from finhouse.extract_load.tables.context import TableContext
from finhouse.extract_load.tables.sinks import Extract, Sink
from finhouse.warehouse import quoted

RANGE_ROWS = 10_000
_LARGEST_RANGE_COUNT = 1_000
# DuckDB adds decimals up in 38 digits: this leaves room for ten billion rows.
_SUMMED_DIGITS = 28
_DIGEST = "_fh_digest"
SOURCE_ROWS = "_fh_source_rows"
_EXACT = Context(prec=100)


@dataclass(frozen=True)
class RangeTotals:
    """Of the rows in one key range: their number, the sum of their digests, sums of columns."""

    rows: int
    checksum: int
    sums: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Comparison:
    """What was found.

    Attributes:
        differing: numbers of the key ranges whose rows or checksums differ.
    """

    source_rows: int
    raw_rows: int
    source_sums: dict[str, str | None]
    raw_sums: dict[str, str | None]
    range_count: int
    differing: tuple[int, ...]
    differences: Differences


class TableComparison:
    """One source table on one snapshot, and its raw table."""

    def __init__(
        self,
        context: TableContext,
        sink: Sink,
        columns: Sequence[SourceColumn],
        range_rows: int,
    ) -> None:
        """Say what is compared.

        Rows are compared key by key, or as a whole if the table has no key; in mode append only
        distinct keys are, because that mode promises no more. Columns that are pseudonymised are
        not: the source cannot compute tokens, as it is not given the key. All columns of a table
        that is immutable are compared, though its mode is append.

        Args:
            columns: the columns that are loaded.
            range_rows: rows of the source in a key range, about.
        """
        self._source, self._warehouse, self._sink = context.source, context.warehouse, sink
        self._table, self._raw = context.described, context.raw
        self._reach = context.reach()
        self._keys_only = context.table.mode == "append" and not context.table.immutable
        key = context.table.key
        self._key = [column for column in columns if column.name in key]
        held = [column for column in columns if not column.is_pseudonym]
        self._compared = self._key if self._keys_only else held
        self._repeats = self._keys_only and not self._table.guarantees_unique(key)
        self.side: Side = side_of(context.warehouse)
        self._summed = [] if self._keys_only else [c for c in columns if _is_summed(c)]
        self._range_rows = range_rows
        self._judged: str | None = None

    @cached_property
    def ranges(self) -> KeyRanges:
        """At most a thousand ranges of about equally many rows, cut where the source's keys lie."""
        if not self._key:
            return KeyRanges(KeyOrder(self._compared), [])
        order = KeyOrder(self._key)
        key = order.sql("source")
        rows = self._source.count(self._table)
        step = max(self._range_rows, -(-rows // _LARGEST_RANGE_COUNT))
        found = self._source.rows(
            self._table,
            f"select _fh_bound::text from (select {key} as _fh_bound,"
            f" row_number() over (order by {key}) as _fh_position"
            f" from {self._table.sql_name} where {self._table.kept}) as _fh_keys"
            " where _fh_position > 1"
            f" and _fh_position % {step} = 1 % {step} order by _fh_position",
        )
        return KeyRanges(order, list(dict.fromkeys(str(bound) for (bound,) in found)))

    def run(self) -> Comparison:
        """Compare as both stand now; the source, being a snapshot, is read once only."""
        with heartbeat(f"comparing {self._table.name}"):
            theirs, ours = self._totals()
            differing = tuple(
                number
                for number in sorted(theirs.keys() | ours.keys())
                if _checked(theirs.get(number)) != _checked(ours.get(number))
            )
            differences = self._differences(differing) if differing else Differences()
        return Comparison(
            source_rows=sum(total.rows for total in theirs.values()),
            raw_rows=sum(total.rows for total in ours.values()),
            source_sums=self._sums(theirs),
            raw_sums=self._sums(ours),
            range_count=len(self.ranges),
            differing=differing,
            differences=differences,
        )

    def _totals(self) -> tuple[Mapping[int, RangeTotals], Mapping[int, RangeTotals]]:
        self.ranges  # noqa: B018 - made before two threads ask for it
        with ThreadPoolExecutor(1) as reader:
            theirs = reader.submit(lambda: self._source_totals)
            ours = _by_range(
                self._warehouse.execute(
                    self._totals_sql(self.side, f"{self._raw} where {self._reach}")
                )
            )
            return theirs.result(), ours

    @cached_property
    def _source_totals(self) -> Mapping[int, RangeTotals]:
        relation = f"{self._table.sql_name} where {self._table.kept}"
        if self._repeats:
            relation = f"(select distinct {_listed(self._key)} from {relation}) as _fh_distinct"
        return _by_range(self._source.rows(self._table, self._totals_sql("source", relation)))

    def _totals_sql(self, side: Side, relation: str) -> str:
        summed = [f"{quoted(c.name)} as _fh_s{n}" for n, c in enumerate(self._summed)]
        read = [
            f"{self.ranges.number(side)} as _fh_range",
            f"{digest(self._compared, side)} as {_DIGEST}",
            *summed,
        ]
        sums = "".join(f", sum(_fh_s{n})" for n in range(len(summed)))
        return (
            f"select _fh_range, count(*), sum({_DIGEST}){sums} from"
            f" (select {', '.join(read)} from {relation}) as _fh_read group by _fh_range"
        )

    def _sums(self, totals: Mapping[int, RangeTotals]) -> dict[str, str | None]:
        sums: dict[str, str | None] = {}
        for position, column in enumerate(self._summed):
            known = [t.sums[position] for t in totals.values() if t.sums[position] is not None]
            total = None
            for value in known:
                total = value if total is None else _EXACT.add(total, value)
            sums[column.name] = None if total is None else f"{total:f}"
        return sums

    def _differences(self, differing: Sequence[int]) -> Differences:
        """Compare the rows of some ranges key by key; leaves ``SOURCE_ROWS`` behind."""
        taken = ComputedColumn(
            _DIGEST, "bigint", "int8", nullable=False, sql=digest(self._compared, "source")
        )
        extract = Extract(
            self._table, [*self._key, taken], where=self.ranges.condition(differing, "source")
        )
        self._warehouse.create_temporary_table(
            SOURCE_ROWS, [(c.name, c.raw_type(self.side)) for c in extract.columns]
        )
        source_rows = self._warehouse.temporary(SOURCE_ROWS)
        self._sink.fill(source_rows, extract)
        key = self._key or [taken]
        listed = _listed(key)
        names = [quoted(column.name) for column in key]
        held = f"{_listed(self._key)}, " if self._key else ""
        same_key = " and ".join(f"_fh_s.{name} = _fh_r.{name}" for name in names)
        either = ", ".join(f"coalesce(_fh_s.{name}, _fh_r.{name}) as {name}" for name in names)
        copies = "1" if self._keys_only else "count(*)"
        self._judged = f"""
            with _fh_raw_rows as (
                select {held}{digest(self._compared, self.side)} as {_DIGEST}
                from {self._raw}
                where ({self.ranges.condition(differing, self.side)}) and {self._reach}
            ),
            _fh_raw_side as (
                select {listed}, count(*) as _fh_copies,
                    min({_DIGEST}) as _fh_lowest, max({_DIGEST}) as _fh_highest
                from _fh_raw_rows group by {listed}
            ),
            _fh_source_side as (
                select {listed}, {copies} as _fh_copies, min({_DIGEST}) as {_DIGEST}
                from {source_rows} group by {listed}
            ),
            _fh_paired as (
                select {either},
                    coalesce(_fh_s._fh_copies, 0) as _fh_wanted,
                    coalesce(_fh_r._fh_copies, 0) as _fh_held,
                    _fh_r._fh_lowest <> _fh_s.{_DIGEST}
                        or _fh_r._fh_highest <> _fh_s.{_DIGEST} as _fh_is_changed
                from _fh_source_side as _fh_s
                full join _fh_raw_side as _fh_r on {same_key}
            ),
            _fh_judged as (
                select {_key_text(key, self.side)} as _fh_shown,
                    greatest(_fh_wanted - _fh_held, 0) as _fh_missing,
                    case when _fh_wanted = 0 then _fh_held else 0 end as _fh_surplus,
                    case when _fh_wanted > 0
                        then greatest(_fh_held - _fh_wanted, 0) else 0 end as _fh_doubled,
                    case when _fh_is_changed then 1 else 0 end as _fh_changed
                from _fh_paired
            )
            """
        [row] = self._warehouse.execute(
            f"""
            {self._judged}
            select
                coalesce(sum(_fh_missing), 0), coalesce(sum(_fh_surplus), 0),
                coalesce(sum(_fh_doubled), 0), coalesce(sum(_fh_changed), 0),
                min(case when _fh_missing > 0 then _fh_shown end),
                min(case when _fh_surplus > 0 then _fh_shown end),
                min(case when _fh_doubled > 0 then _fh_shown end),
                min(case when _fh_changed > 0 then _fh_shown end)
            from _fh_judged
            """
        )
        missing, surplus, doubled, changed, *keys = row
        return Differences(int(missing), int(surplus), int(doubled), int(changed), Examples(*keys))

    def altered_keys(self) -> tuple[list[str], list[str]]:
        """After ``run``: keys that only raw has, and those whose rows differ, as text."""
        if self._judged is None:
            return [], []
        rows = self._warehouse.execute(
            f"{self._judged} select _fh_shown, _fh_surplus > 0 from _fh_judged"
            " where _fh_surplus > 0 or _fh_changed > 0 order by 1"
        )
        gone = [str(key) for key, is_gone in rows if is_gone]
        return gone, [str(key) for key, is_gone in rows if not is_gone]


def _is_summed(column: SourceColumn) -> bool:
    """Whether both engines add the column up exactly, and it means a quantity."""
    if column.decimal:
        return column.decimal[0] <= _SUMMED_DIGITS
    return column.type_name in INTEGER_TYPES


def _by_range(rows: Sequence[tuple]) -> dict[int, RangeTotals]:
    return {
        int(number): RangeTotals(
            int(count),
            int(checksum),
            tuple(None if value is None else Decimal(value) for value in sums),
        )
        for number, count, checksum, *sums in rows
    }


def _checked(totals: RangeTotals | None) -> tuple[int, int]:
    return (totals.rows, totals.checksum) if totals else (0, 0)


def _listed(columns: Sequence[SourceColumn]) -> str:
    return ", ".join(quoted(column.name) for column in columns)


def _key_text(key: Sequence[SourceColumn], side: Side) -> str:
    """The key as a person would write it, ordered by its bytes."""
    text = f"concat_ws(', ', {', '.join(spelled(column, side) for column in key)})"
    return text if side == "duckdb" else f'({text}) collate "C"'
