"""What a change moves in the data: marts row by row, and KPI values period by period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import duckdb

from finhouse.dbt.manifest import Node, grain_of, history_columns, marts_of, snapshots_of
from finhouse.dbt.sql_columns import ROWS
from finhouse.gate.builds import Built
from finhouse.warehouse.base import quoted, text_literal
from finhouse.warehouse.opening import DEFAULT_MEMORY_LIMIT

EXAMPLE_KEYS = 3
KPI_CODE = "kpi_code"
BASE, HEAD = "base_build", "head_build"
PERIOD_OF = {"kpi_monthly": "month_start", "kpi_daily": "date_day"}
_PARTS = ("value", "numerator", "denominator")
_STATUS, _IS_COMPLETE = "target_status", "is_complete_period"
# Where there was no verdict, a target takes none back.
_NO_VERDICT = "('no_target', 'no_data', 'incomplete', 'running')"

Kind = Literal["moved", "appeared", "disappeared"]


@dataclass(frozen=True)
class MartDifference:
    """How the rows of one mart or snapshot differ.

    Attributes:
        base_rows, head_rows: row counts.
        only_base, only_head: keys that only one side has.
        differing: keys on both sides with another value in some column.
        columns: those columns with the number of keys each differs at, most first.
        examples: up to ``EXAMPLE_KEYS`` keys of any kind, as ``column=value, ...``.
        note: why rows were not matched by key, if they were not.
    """

    mart: str
    base_rows: int
    head_rows: int
    only_base: int
    only_head: int
    differing: int
    columns: tuple[tuple[str, int], ...] = ()
    examples: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_equal(self) -> bool:
        return not (self.only_base or self.only_head or self.differing)


@dataclass(frozen=True)
class StatusFlip:
    """Complete periods of a KPI with the same value and another verdict: its target moved.

    Attributes:
        old, new: the verdicts, such as ``met`` and ``missed``.
        periods: how many; ``first`` and ``last`` of them.
    """

    code: str
    mart: str
    old: str
    new: str
    periods: int
    first: date
    last: date


@dataclass(frozen=True)
class KpiMove:
    """One KPI value of one period that is not what it was.

    Attributes:
        old, new: values; None where there is none.
        kind: ``moved`` where both builds have the period, else ``appeared`` or ``disappeared``.
    """

    code: str
    mart: str
    period: date
    old: Decimal | None
    new: Decimal | None
    kind: Kind

    @property
    def difference(self) -> Decimal | None:
        return None if self.old is None or self.new is None else self.new - self.old


class Comparison:
    """Both warehouses side by side; read only."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, base: Built, head: Built) -> None:
        self._connection, self._base, self._head = connection, base, head

    def marts(self) -> list[MartDifference]:
        """Marts and snapshots that the head rebuilt and the base has, different or not."""
        before, after = _compared(self._base), _compared(self._head)
        return [
            self._mart(name, before[name], after[name])
            for name in sorted(before.keys() & after.keys())
            if after[name]["unique_id"] in self._head.rebuilt
        ]

    def kpi_moves(self) -> list[KpiMove]:
        """KPI values that differ, by mart, code and period."""
        return [move for mart in PERIOD_OF for move in self._moves(mart)]

    def status_flips(self) -> list[StatusFlip]:
        """Verdicts on complete periods that differ although the values do not."""
        return [flip for mart in PERIOD_OF for flip in self._flips(mart)]

    def seed_columns(self, schema: str, seed: str) -> set[str]:
        """Columns of a seed whose values differ, and ROWS where their number does."""
        columns, before = (self._columns(side, schema, seed) for side in (HEAD, BASE))
        sides = [f"{side}.{quoted(schema)}.{quoted(seed)}" for side in (BASE, HEAD)]
        if columns != before:
            return {*columns, ROWS}
        if not self._differing(sides, columns):
            return set()
        found = {name for name in columns if self._differing(sides, [name])}
        old, new = (self._rows(f"select count(*) from {side}")[0][0] for side in sides)
        # Equal columns, each by itself, in other rows: whatever is read of them may differ.
        return (found or set(columns)) | ({ROWS} if old != new else set())

    def seed_kpis(self, schema: str, seed: str) -> set[str]:
        """Codes of the KPIs whose rows of a seed differ; empty for a seed without KPIs."""
        columns = self._columns(HEAD, schema, seed)
        if columns != self._columns(BASE, schema, seed) or KPI_CODE not in columns:
            return set()
        sides = [f"{side}.{quoted(schema)}.{quoted(seed)}" for side in (BASE, HEAD)]
        return {row[list(columns).index(KPI_CODE)] for row in self._differing(sides, columns)}

    def _differing(self, sides: Sequence[str], columns: Iterable[str]) -> list[tuple[Any, ...]]:
        """Rows, of these columns, that only one of two tables has."""
        listed = ", ".join(quoted(column) for column in columns)
        one, other = (f"select {listed} from {side}" for side in sides)
        return self._rows(f"({one} except all {other}) union all ({other} except all {one})")

    def _mart(
        self, name: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> MartDifference:
        sides = [_table(BASE, before), _table(HEAD, after)]
        old, new = (
            {
                column: kind
                for column, kind in self._columns(
                    side, node["schema"], node.get("alias") or node["name"]
                ).items()
                if column not in history_columns(node).values()
            }
            for side, node in ((BASE, before), (HEAD, after))
        )
        counts = [self._rows(f"select count(*) from {side}")[0][0] for side in sides]
        key = [c for c in grain_of(after) if c not in history_columns(after).values()]
        if not key or any(column not in old or column not in new for column in key):
            return self._as_a_whole(name, sides, counts, [c for c in new if c in old])
        shared = [column for column in new if column in old and column not in key]
        return self._by_key(name, sides, counts, key, shared, old, new)

    def _by_key(
        self,
        name: str,
        sides: Sequence[str],
        counts: Sequence[int],
        key: Sequence[str],
        shared: Sequence[str],
        old: Mapping[str, str],
        new: Mapping[str, str],
    ) -> MartDifference:
        matches = " and ".join(f"b.{quoted(c)} is not distinct from h.{quoted(c)}" for c in key)
        differs = {
            column: f"{_side('b', column, old, new)} is distinct from"
            f" {_side('h', column, old, new)}"
            for column in shared
        }
        joined = (
            f"from (select *, true as is_there from {sides[0]}) as b"
            f" full join (select *, true as is_there from {sides[1]}) as h on {matches}"
        )
        either = " or ".join(f"({text})" for text in differs.values()) or "false"
        both = "b.is_there and h.is_there"
        measures = [
            "count(*) filter (where h.is_there is null)",
            "count(*) filter (where b.is_there is null)",
            f"count(*) filter (where {both} and ({either}))",
            *(f"count(*) filter (where {both} and {text})" for text in differs.values()),
        ]
        only_base, only_head, differing, *each = self._rows(
            f"select {', '.join(measures)} {joined}"
        )[0]
        examples: list[str] = []
        if only_base or only_head or differing:
            shown = [f"coalesce(cast(b.{quoted(c)} as varchar), cast(h.{quoted(c)} as varchar))"
                     for c in key]  # fmt: skip
            places = ", ".join(str(number + 1) for number in range(len(key)))
            rows = self._rows(
                f"select {', '.join(shown)} {joined}"
                f" where b.is_there is null or h.is_there is null or {either}"
                f" order by {places} limit {EXAMPLE_KEYS}"
            )
            examples = [
                ", ".join(f"{column}={value}" for column, value in zip(key, row, strict=True))
                for row in rows
            ]
        columns = [pair for pair in zip(differs, each, strict=True) if pair[1]]
        return MartDifference(
            name,
            *counts,
            only_base,
            only_head,
            differing,
            tuple(sorted(columns, key=lambda pair: (-pair[1], pair[0]))),
            tuple(examples),
        )

    def _as_a_whole(
        self, name: str, sides: Sequence[str], counts: Sequence[int], shared: Sequence[str]
    ) -> MartDifference:
        listed = ", ".join(f"cast({quoted(column)} as varchar)" for column in shared) or "1"
        queries = [f"select {listed} from {side}" for side in sides]
        only_base, only_head = (
            self._rows(f"select count(*) from ({a} except all {b})")[0][0]
            for a, b in (queries, reversed(queries))
        )
        return MartDifference(
            name, *counts, only_base, only_head, 0, note="no common key: whole rows compared"
        )

    def _moves(self, mart: str) -> Iterator[KpiMove]:
        pair = self._pair(mart, {"kpi_code", PERIOD_OF[mart], *_PARTS})
        if pair is None:
            return  # the contract says so already
        before, after = pair
        period = PERIOD_OF[mart]
        differs = " or ".join(f"b.{part} is distinct from h.{part}" for part in _PARTS)
        for code, day, old, new, is_old, is_new in self._rows(
            f"select coalesce(b.kpi_code, h.kpi_code), coalesce(b.{period}, h.{period}),"
            " b.value, h.value, b.kpi_code is not null, h.kpi_code is not null"
            f" from {_table(BASE, before)} as b full join {_table(HEAD, after)} as h"
            f" on b.kpi_code = h.kpi_code and b.{period} = h.{period}"
            f" where {differs} or b.kpi_code is null or h.kpi_code is null order by 1, 2"
        ):
            kind: Kind = "moved" if is_old and is_new else "disappeared" if is_old else "appeared"
            yield KpiMove(code, mart, day, old, new, kind)

    def _flips(self, mart: str) -> Iterator[StatusFlip]:
        period = PERIOD_OF[mart]
        pair = self._pair(mart, {"kpi_code", period, *_PARTS, _STATUS, _IS_COMPLETE})
        if pair is None:
            return
        before, after = pair
        same = " and ".join(f"b.{part} is not distinct from h.{part}" for part in _PARTS)
        for code, old, new, count, first, last in self._rows(
            f"select b.kpi_code, b.{_STATUS}, h.{_STATUS}, count(*), min(b.{period}),"
            f" max(b.{period}) from {_table(BASE, before)} as b"
            f" inner join {_table(HEAD, after)} as h"
            f" on b.kpi_code = h.kpi_code and b.{period} = h.{period}"
            f" where b.{_IS_COMPLETE} and {same} and b.{_STATUS} not in {_NO_VERDICT}"
            f" and b.{_STATUS} is distinct from h.{_STATUS}"
            " group by all order by 1, 5, 2, 3"
        ):
            yield StatusFlip(code, mart, old, new, count, first, last)

    def _pair(self, mart: str, needed: set[str]) -> tuple[Node, Node] | None:
        """A mart in both versions, where the head rebuilt it and both have all these columns."""
        before, after = (marts_of(built.manifest).get(mart) for built in (self._base, self._head))
        if before is None or after is None or after["unique_id"] not in self._head.rebuilt:
            return None
        for side, node in ((BASE, before), (HEAD, after)):
            held = self._columns(side, node["schema"], node.get("alias") or mart)
            if needed - held.keys():
                return None
        return before, after

    def _columns(self, side: str, schema: str, table: str) -> dict[str, str]:
        rows = self._connection.execute(
            "select column_name, data_type from information_schema.columns"
            " where table_catalog = $1 and table_schema = $2 and table_name = $3"
            " order by ordinal_position",
            [side, schema, table],
        ).fetchall()
        return dict(rows)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()


@contextmanager
def side_by_side(base: Built, head: Built) -> Iterator[Comparison]:
    """Open both warehouses in one connection."""
    with duckdb.connect(config={"memory_limit": DEFAULT_MEMORY_LIMIT}) as connection:
        connection.execute("set enable_progress_bar = false")
        for name, built in ((BASE, base), (HEAD, head)):
            path = text_literal(str(built.warehouse))
            connection.execute(f"attach {path} as {name} (read_only)")
        yield Comparison(connection, base, head)


def _compared(built: Built) -> dict[str, Node]:
    """Marts and snapshots by name."""
    snapshots = {node["name"]: node for node in snapshots_of(built.manifest)}
    return marts_of(built.manifest) | snapshots


def moved_codes(moves: Iterable[KpiMove]) -> list[str]:
    """KPIs of which a value that the base has is another one, or gone."""
    return sorted({move.code for move in moves if move.kind != "appeared"})


def _table(side: str, node: Mapping[str, Any]) -> str:
    return f"{side}.{quoted(node['schema'])}.{quoted(node.get('alias') or node['name'])}"


def _side(alias: str, column: str, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """A column of one side; as text where the two sides have different types."""
    name = f"{alias}.{quoted(column)}"
    return name if old[column] == new[column] else f"cast({name} as varchar)"
