"""One spelling of every value on the source and on both warehouses, and digests of rows over it.

The spelling is PostgreSQL's own; where DuckDB writes a value otherwise, its SQL here corrects that.
Floats are spelled by their bits: no two engines agree when to write an exponent. What the loader
carries as text is text already. Equal values have equal spellings, different values different ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from finhouse.extract_load.columns import SourceColumn
from finhouse.warehouse import Warehouse, quoted

Side = Literal["source", "duckdb", "postgres"]
"""Where an expression runs: the OLTP database, or raw on one of the two warehouses."""

# PostgreSQL passes at most 100 arguments to a function.
_ARGUMENTS = 60
_FLOATS = {"float4": 32, "float8": 64}
_TIMES = ("timestamp", "timestamptz")


@dataclass(frozen=True)
class ComputedColumn(SourceColumn):
    """A column that the source computes while it is read.

    Attributes:
        sql: its expression in the source's SQL.
    """

    sql: str = ""

    @property
    def source_sql(self) -> str:
        return f"{self.sql} as {quoted(self.name)}"


def side_of(warehouse: Warehouse) -> Side:
    """Where expressions on raw run."""
    return "duckdb" if warehouse.dialect == "duckdb" else "postgres"


def spelled(column: SourceColumn, side: Side) -> str:
    """SQL text of a column's value, spelled alike on every side; NULL where the value is."""
    name = quoted(column.name)
    if not column.is_plain:
        return f"{name}::text" if side == "source" else name
    if column.type_name in ("text", "varchar"):
        return name if side == "duckdb" else f"{name}::text"
    return _duckdb(column) if side == "duckdb" else _postgres(column)


def literal(column: SourceColumn, side: Side) -> str:
    """SQL text of a column's value that PostgreSQL reads back as the column's type."""
    if column.type_name in _FLOATS:
        return f"cast({quoted(column.name)} as text)"
    if column.type_name == "bytea":
        return rf"'\x' || {spelled(column, side)}"
    return spelled(column, side)


def row_text(columns: Sequence[SourceColumn], side: Side) -> str:
    """SQL text of several columns in one: never NULL, and two rows have it in common only if equal.

    NULL is nothing at all; texts come with their length, so that '' is not NULL and no separator
    inside a text shifts a value into the next column.
    """
    pieces: list[str] = []
    for position, column in enumerate(columns):
        text = spelled(column, side)
        if position:
            pieces.append("','")
        if not column.is_plain or column.type_name in ("text", "varchar"):
            pieces += [f"length({text})", "':'"]
        pieces.append(text)
    chunks = [
        f"concat({', '.join(pieces[start : start + _ARGUMENTS])})"
        for start in range(0, len(pieces), _ARGUMENTS)
    ]
    return chunks[0] if len(chunks) == 1 else f"concat({', '.join(chunks)})"


def digest(columns: Sequence[SourceColumn], side: Side) -> str:
    """SQL bigint of a row: the first 60 bits of the MD5 of its text, in UTF-8 on every side."""
    text = row_text(columns, side)
    if side == "duckdb":
        return f"cast('0x' || substr(md5({text}), 1, 15) as bigint)"
    return f"('x' || substr(md5(convert_to({text}, 'UTF8')), 1, 15))::bit(60)::bigint"


def _postgres(column: SourceColumn) -> str:
    name = quoted(column.name)
    if column.type_name in _FLOATS:
        bits, send = _FLOATS[column.type_name], f"{column.type_name}send"
        encoded = f"('x' || encode({send}({name}), 'hex'))::bit({bits})::text"
        return _float(name, encoded)
    if column.type_name == "bytea":
        return f"encode({name}, 'hex')"
    return f"{name}::text"


def _duckdb(column: SourceColumn) -> str:
    name = quoted(column.name)
    text = f"cast({name} as text)"
    if column.type_name in _FLOATS:
        return _float(name, f"cast(cast({name} as bit) as text)")
    if column.type_name == "bytea":
        return f"lower(hex({name}))"
    if column.type_name == "date":
        return _before_christ(text, "")
    if column.type_name in _TIMES:
        if column.type_name == "timestamp":
            return _before_christ(text, "")
        # By way of a naive timestamp: the zone's own formatting takes twice as long.
        utc = _before_christ(f"cast(make_timestamp(epoch_us({name})) as text)", "+00")
        return f"case when isfinite({name}) then {utc} else {text} end"
    if column.decimal and column.decimal[0] == column.decimal[1]:
        # DuckDB leaves out the zero before the point.
        return rf"regexp_replace({text}, '^(-?)[.]', '\10.')"
    return text


def _float(name: str, bits: str) -> str:
    # 0 and -0 are equal to the loader, and so are all bit patterns that are not a number.
    return f"case when {name} = 0 then '0' when {name} = 'NaN' then 'NaN' else {bits} end"


def _before_christ(text: str, zone: str) -> str:
    suffix = f" || '{zone}'" if zone else ""
    return (
        f"case when contains({text}, '(BC)') then replace({text}, ' (BC)', ''){suffix} || ' BC'"
        f" else {text}{suffix} end"
    )
