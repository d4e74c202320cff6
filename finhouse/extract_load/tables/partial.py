"""Making a part of a raw table equal to the source: the rows of some days, or of some keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from finhouse.extract_load.canonical import literal, side_of
from finhouse.extract_load.results import RowCounts
from finhouse.extract_load.state import TableState
from finhouse.extract_load.tables.context import TableContext
from finhouse.extract_load.tables.loading import TableLoad
from finhouse.extract_load.tables.merging import Merge
from finhouse.extract_load.tables.portions import Portion
from finhouse.extract_load.tables.sinks import Extract
from finhouse.warehouse import quoted, text_literal

_LEFT = "_fh_left"
_KEYS_PER_QUERY = 10_000


class PartialLoad(TableLoad):
    """Makes raw equal to the source where the portion's condition holds; moves no cursor.

    Raw then has every source row of the portion once, as it is now, and no other row that claims
    to be of it. Rows that were equal already are left alone. Mode append adds new keys only.
    """

    def __init__(
        self, context: TableContext, portion: Portion, *, load_mode: str, last_batch: str | None
    ) -> None:
        """Prepare the load.

        Args:
            portion: the rows to load.
            load_mode: what the log calls such loads.
            last_batch: the table's last load as the log had it before the source's snapshot.
        """
        super().__init__(context)
        self._portion, self._partial_mode, self._last_batch = portion, load_mode, last_batch

    def _load(self, state: TableState | None, full_refresh: bool) -> RowCounts:
        self._context.refuse_overtaken(self._last_batch)
        raw_columns = self._context.raw_columns()
        # Without a table, a key or a column there is nothing to be partial about.
        if state is None or not raw_columns or not self._table.key:
            self._note("loaded as usual: there is nothing yet to load a part into")
            return super()._load(state, full_refresh)
        if self._added_columns(state, raw_columns):
            return super()._load(state, full_refresh)
        self._load_mode, self._moves_cursor = self._partial_mode, False
        merge = self._read_incoming(self._portion.source, None)
        if self._table.mode == "append":
            self._refuse_bad_keys(merge.incoming, unique=False)
            doubled = merge.delete_doubled()
            return replace(merge.append_new(), deleted=doubled)
        if self._portion.rows_may_leave:
            self._read_left(merge)
        self._check_keys(merge.incoming)
        deleted = merge.delete_doubled()
        deleted += merge.delete_missing(merge.incoming, self._portion.raw)
        return replace(merge.upsert(), deleted=deleted)

    def _read_left(self, merge: Merge) -> None:
        """Add what became of rows that raw has in the portion and the source no longer.

        What the source has under their keys now lies outside: it is read too, so that they move
        instead of being lost.
        """
        names = [f"_fh_k{number}" for number in range(len(self._key))]
        listed = ", ".join(quoted(column.name) for column in self._key)
        typed = ", ".join(
            f"{name}::{column.source_type}" for name, column in zip(names, self._key, strict=True)
        )
        for keys in self._left_keys(merge, names):
            texts = ", ".join(
                f"array[{', '.join(map(text_literal, values))}]::text[]"
                for values in zip(*keys, strict=True)
            )
            where = (
                f"({listed}) in"
                f" (select {typed} from unnest({texts}) as _fh_left_keys({', '.join(names)}))"
            )
            self._sink.fill(merge.incoming, Extract(self._described, self._columns, where=where))

    def _left_keys(self, merge: Merge, names: Sequence[str]) -> Iterator[Sequence[tuple[str, ...]]]:
        """Those keys, as text, in handfuls: what is read for one must not change the next."""
        side = side_of(self._warehouse)
        texts = ", ".join(
            f"{literal(column, side)} as {name}"
            for column, name in zip(self._key, names, strict=True)
        )
        left = self._warehouse.temporary(_LEFT)
        self._warehouse.create_temporary_table(
            _LEFT, [("_fh_position", "bigint"), *((name, "text") for name in names)]
        )
        absent = merge.select_absent(texts, self._portion.raw)
        total = self._warehouse.change(
            f"insert into {left} select row_number() over (), * from ({absent}) as _fh_absent"
        )
        for start in range(0, total, _KEYS_PER_QUERY):
            yield self._warehouse.execute(
                f"select {', '.join(names)} from {left}"
                f" where _fh_position > {start}"
                f" and _fh_position <= {start + _KEYS_PER_QUERY}"
            )
