"""Cutting a table into ranges of its key that mean the same on the source and in raw."""

from __future__ import annotations

from collections.abc import Sequence

from finhouse.extract_load.canonical import Side, row_text, spelled
from finhouse.extract_load.columns import SourceColumn
from finhouse.warehouse import quoted, text_literal

_NATIVE = {"int2": "bigint", "int4": "bigint", "int8": "bigint", "uuid": "uuid"}
_TEXTS = ("text", "varchar")


class KeyOrder:
    """An order of keys that all engines share.

    Integers and uuids are ordered by themselves, so that the source's index serves; texts, and
    keys of several columns or of another type as one text, by their bytes.
    """

    def __init__(self, key: Sequence[SourceColumn]) -> None:
        self._key = key
        self._native = _NATIVE.get(key[0].type_name) if len(key) == 1 else None

    def sql(self, side: Side) -> str:
        """The expression that is ordered."""
        if self._native:
            return quoted(self._key[0].name)
        if len(self._key) == 1 and self._key[0].type_name in _TEXTS:
            text = spelled(self._key[0], side)
        else:
            text = row_text(self._key, side)
        return text if side == "duckdb" else f'({text}) collate "C"'

    def literal(self, bound: str) -> str:
        """A value of the expression, from its text."""
        return f"cast({text_literal(bound)} as {self.type_name})"

    @property
    def type_name(self) -> str:
        return self._native or "text"


class KeyRanges:
    """Ranges 0 ... n of a key, cut at n bounds; each bound is the first key of its range.

    A key that is NULL, which no source has, counts to range 0.
    """

    def __init__(self, order: KeyOrder, bounds: Sequence[str]) -> None:
        """Take the bounds in ascending order, as text."""
        self._order = order
        self._bounds = [order.literal(bound) for bound in bounds]

    def __len__(self) -> int:
        return len(self._bounds) + 1

    def number(self, side: Side) -> str:
        """SQL number of the range a row lies in, found by bisection."""
        if not self._bounds:
            return "0"
        key = self._order.sql(side)
        if side == "duckdb":
            return f"case when {key} is null then 0 else {self._bisect(key, 0, len(self))} end"
        if self._order.type_name == "bigint":
            key = f"{key}::bigint"
        bounds = f"array[{', '.join(self._bounds)}]::{self._order.type_name}[]"
        return f"coalesce(width_bucket({key}, {bounds}), 0)"

    def condition(self, numbers: Sequence[int], side: Side) -> str:
        """SQL condition of the rows in some of the ranges."""
        if len(set(numbers)) == len(self):
            return "true"
        key, first, last = self._order.sql(side), min(numbers), max(numbers)
        # The outer bounds let an index serve.
        parts = []
        if first > 0:
            parts.append(f"{key} >= {self._bounds[first - 1]}")
        if last < len(self._bounds):
            upper = f"{key} < {self._bounds[last]}"
            parts.append(upper if first or side == "source" else f"({upper} or {key} is null)")
        listed = sorted(set(numbers))
        if listed != list(range(first, last + 1)):
            parts.append(f"{self.number(side)} in ({', '.join(map(str, listed))})")
        return " and ".join(parts)

    def _bisect(self, key: str, low: int, high: int) -> str:
        """The number of the range, when it is known to be in ``low`` ... ``high - 1``."""
        if high - low == 1:
            return str(low)
        middle = (low + high) // 2
        return (
            f"case when {key} < {self._bounds[middle - 1]} then {self._bisect(key, low, middle)}"
            f" else {self._bisect(key, middle, high)} end"
        )
