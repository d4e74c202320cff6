"""Reconciling one OLTP table with its raw table: catch up, compare, heal."""

from __future__ import annotations

from dataclasses import replace

from finhouse.extract_load.reconcile.comparing import SOURCE_ROWS, Comparison, TableComparison
from finhouse.extract_load.results import Differences, Reconciliation, RowCounts
from finhouse.extract_load.state import TableState
from finhouse.extract_load.tables.context import TableContext
from finhouse.extract_load.tables.loading import TableLoad
from finhouse.extract_load.tables.merging import Merge
from finhouse.extract_load.tables.partial import PartialLoad
from finhouse.extract_load.tables.portions import Portion

HEAL_MODE = "heal"


class TableReconciliation:
    """One table on one snapshot of the source."""

    def __init__(self, context: TableContext, *, last_batch: str | None, range_rows: int) -> None:
        """Say what is reconciled.

        Args:
            last_batch: the table's last load as the log had it before the source's snapshot.
            range_rows: rows of the source in a key range, about.
        """
        self._context = context
        self._load = _ComparedLoad(context, last_batch=last_batch, range_rows=range_rows)

    def run(self, *, heal: bool) -> Reconciliation:
        """Compare, and if asked reload the key ranges that differ; each in one transaction.

        Raises:
            WarehouseError: another process loaded the table meanwhile.
            SchemaDriftError: the source table changed in a way that needs a review.
            SourceError: the source cannot be read.
        """
        with self._context.warehouse.transaction():
            result = self._load.run_within(full_refresh=False)
            found = self._load.found
            reconciliation = Reconciliation(
                source_name=result.source_name,
                table_name=result.table_name,
                load_mode=result.load_mode,
                batch_id=result.batch_id,
                started_at=result.started_at,
                reconciled_at=self._context.books.now(),
                status=self._status(found.differences),
                source_rows=found.source_rows,
                raw_rows=found.raw_rows,
                range_count=found.range_count,
                differing_range_count=len(found.differing),
                differences=found.differences,
                source_sums=found.source_sums,
                raw_sums=found.raw_sums,
                note=self._note(result.note, found.differences),
            )
            self._context.books.save_reconciliation(reconciliation)
        if heal and reconciliation.status == "differs":
            return self._heal(reconciliation)
        return reconciliation

    def altered(self) -> tuple[list[str], list[str]]:
        """Keys that only raw has, and those whose rows differ; nothing is loaded or changed.

        Raises:
            WarehouseError: another process loaded the table meanwhile.
            SourceError: the source cannot be read.
        """
        with self._context.warehouse.transaction():
            return self._load.altered_keys()

    def _heal(self, found: Reconciliation) -> Reconciliation:
        context = self._context.in_new_batch()
        load = PartialLoad(
            context,
            self._load.differing_portion(),
            load_mode=HEAL_MODE,
            last_batch=self._context.batch_id,
        )
        with context.warehouse.transaction():
            load.run_within(full_refresh=False)
            status = self._status(self._load.comparison.run().differences)
            healed = found.healed(status, context.batch_id, context.books.now())
            self._context.books.save_reconciliation(healed)
        return healed

    def _status(self, differences: Differences) -> str:
        wrong = differences.missing + differences.doubled + differences.changed
        # Mode append keeps what the source has deleted since: all is well, unless the source says
        # that it deletes nothing.
        table = self._context.table
        if table.mode != "append" or table.immutable:
            wrong += differences.surplus
        return "differs" if wrong else "equal"

    def _note(self, note: str, differences: Differences) -> str:
        notes = [note] if note else []
        if self._context.table.mode == "append" and differences.surplus:
            notes.append(
                f"mode append keeps {differences.surplus} rows that the source does not have"
            )
        if self._context.table.immutable and (differences.surplus or differences.changed):
            notes.append("immutable: raw keeps what it has, and nothing heals it")
        return "; ".join(notes)


class _ComparedLoad(TableLoad):
    """The usual load of changed rows, then the comparison.

    It repairs nothing that the usual load would repair on the way, so that all of it is found.
    """

    found: Comparison

    def __init__(self, context: TableContext, *, last_batch: str | None, range_rows: int) -> None:
        super().__init__(context)
        self._last_batch = last_batch
        self._state: TableState | None = None
        self._range_rows = range_rows
        self.comparison = TableComparison(context, self._sink, self._columns, range_rows)

    def altered_keys(self) -> tuple[list[str], list[str]]:
        """What differs between the rows that are loaded and the source, in the columns of both."""
        context = self._context
        context.lock()
        context.refuse_overtaken(self._last_batch)
        held = context.raw_columns()
        columns = [column for column in self._columns if column.name in held]
        comparison = TableComparison(context, self._sink, columns, self._range_rows)
        comparison.run()
        return comparison.altered_keys()

    def differing_portion(self) -> Portion:
        """The rows in the key ranges that differ."""
        ranges, numbers = self.comparison.ranges, self.found.differing
        return Portion(
            f"{len(numbers)} of {len(ranges)} key ranges",
            source=ranges.condition(numbers, "source"),
            raw=ranges.condition(numbers, self.comparison.side),
            rows_may_leave=False,
        )

    def _load(self, state: TableState | None, full_refresh: bool) -> RowCounts:
        self._context.refuse_overtaken(self._last_batch)
        self._state = state
        is_as_left = self._is_as_left()
        counts = super()._load(state, full_refresh)
        self.found = self.comparison.run()
        if is_as_left and self._has_hard_deletes_only(self.found.differences):
            merge = self._merge(self._warehouse.temporary(SOURCE_ROWS))
            deleted = merge.delete_missing(merge.incoming, self.differing_portion().raw)
            counts = replace(counts, deleted=counts.deleted + deleted)
            self.found = self.comparison.run()
        return counts

    def _has_hard_deletes_only(self, found: Differences) -> bool:
        """Whether rows are surplus because the source deleted them since the last load.

        Nothing else is wrong then: a row that is missing or there twice is none of the loader's
        doing, and neither may the surplus ones be.
        """
        follows_deletes = self._table.mode == "full" or self._table.reconcile_deletes
        return follows_deletes and found.surplus > 0 and not (found.missing or found.doubled)

    def _is_as_left(self) -> bool:
        """Whether raw has as many rows as the last load left in it, and was not found different."""
        context = self._context
        last = context.books.last_load(context.source_name, context.table_name)
        if last is None or last.raw_rows != self._warehouse.count(context.raw):
            return False
        return not context.books.left_different(
            last.batch_id, context.source_name, context.table_name
        )

    def _compare(self) -> RowCounts:
        """Mode full: take over changed rows only, if row versions tell which they are."""
        where = None
        if self._state and self._table.key and self._described.has_row_versions:
            where = self._where(self._state)
        return super()._compare() if where is None else self._increment(where)

    def _reconcile(self, merge: Merge, counts: RowCounts) -> RowCounts:
        return counts
