"""Source columns and their types: what leaves PostgreSQL natively, what leaves as text.

The rule: a few plain types keep their type on every warehouse; everything else (arrays, json,
ranges, enums, domains, intervals, timetz, money, unbounded numerics ...) is read as ``::text``,
because drivers alter such values silently. Both warehouses get equivalent types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from finhouse.sources.definitions import LOADER_COLUMNS
from finhouse.warehouse import quoted, text_literal

TIME_TYPES = ("date", "timestamp", "timestamptz")
INTEGER_TYPES = ("int2", "int4", "int8")
CHARACTER_TYPES = ("text", "varchar", "bpchar")
LOADER_TYPES = dict(zip(LOADER_COLUMNS, ("timestamp", "text"), strict=True))
"""Type of each of the loader's own columns, on every warehouse."""

# PostgreSQL type name -> type on (duckdb, postgres). char(n) is not here: padding differs.
_PLAIN = {
    "bool": ("boolean", "boolean"),
    "int2": ("smallint", "smallint"),
    "int4": ("integer", "integer"),
    "int8": ("bigint", "bigint"),
    "float4": ("real", "real"),
    "float8": ("double", "double precision"),
    "text": ("text", "text"),
    "varchar": ("text", "text"),
    "date": ("date", "date"),
    "time": ("time", "time"),
    "timestamp": ("timestamp", "timestamp"),
    "timestamptz": ("timestamptz", "timestamptz"),
    "bytea": ("blob", "bytea"),
    "uuid": ("uuid", "uuid"),
}
_NUMERIC = re.compile(r"^numeric\((\d+),(\d+)\)$")
_DUCKDB_DIGITS = 38

# PostgreSQL stores +-infinity as the largest and smallest integer; the Arrow driver adds the
# distance between the epochs 2000 and 1970 and wraps around. The results lie before
# PostgreSQL's first day (24 November 4714 BC), so no finite value can be mistaken for them.
_DAYS_2000 = 10_957
_MICROSECONDS_2000 = 946_684_800_000_000
_FIRST_DAY = -2_440_588
_FIRST_MICROSECOND = -210_866_803_200_000_000
_PLUS_INFINITY_DAY = -(2**31) + _DAYS_2000 - 1
_MINUS_INFINITY_DAY = -(2**31) + _DAYS_2000
_PLUS_INFINITY_MICROSECOND = -(2**63) + _MICROSECONDS_2000 - 1
_MINUS_INFINITY_MICROSECOND = -(2**63) + _MICROSECONDS_2000

OUT_OF_RANGE = "finhouse: value out of range in column "
# What the type of a column begins with that leaves the source as a token.
_PSEUDONYM_OF = "pseudonym of "


@dataclass(frozen=True)
class SourceColumn:
    """One column of a source table.

    Attributes:
        name: as in the source.
        source_type: as PostgreSQL writes it, e.g. ``numeric(15,2)``.
        type_name: its catalog name, e.g. ``numeric``; empty unless a built-in base type.
        nullable: whether the source allows NULL.
    """

    name: str
    source_type: str
    type_name: str
    nullable: bool

    @property
    def decimal(self) -> tuple[int, int] | None:
        """(precision, scale) of a numeric both warehouses hold exactly, else None."""
        match = _NUMERIC.match(self.source_type) if self.type_name == "numeric" else None
        if not match:
            return None
        precision, scale = int(match.group(1)), int(match.group(2))
        return (precision, scale) if scale <= precision <= _DUCKDB_DIGITS else None

    @property
    def pseudonymised(self) -> SourceColumn:
        """The column as it leaves the source where its values become tokens: a text."""
        # A longer text is the same text, and has the same token.
        of = "text" if self.type_name in CHARACTER_TYPES else self.source_type
        return SourceColumn(self.name, f"{_PSEUDONYM_OF}{of}", "", self.nullable)

    @property
    def is_pseudonym(self) -> bool:
        """Whether raw has tokens in place of its values."""
        return self.source_type.startswith(_PSEUDONYM_OF)

    @property
    def is_plain(self) -> bool:
        """Whether the column keeps its type instead of becoming text."""
        return self.type_name in _PLAIN or self.decimal is not None

    def raw_type(self, dialect: str) -> str:
        """Type of the column in raw on ``duckdb`` or ``postgres``."""
        if self.decimal:
            return "numeric({}, {})".format(*self.decimal)
        duckdb, postgres = _PLAIN.get(self.type_name, ("text", "text"))
        return duckdb if dialect == "duckdb" else postgres

    @property
    def source_sql(self) -> str:
        """The column in a select on the source, under its own name."""
        name = quoted(self.name)
        return name if self.is_plain else f"{name}::text as {name}"

    @property
    def arrow_to_duckdb_sql(self) -> str:
        """The column of the Arrow stream as DuckDB is to store it: exact decimals, infinities."""
        name = quoted(self.name)
        if self.decimal:
            return f"cast({name} as {self.raw_type('duckdb')})"
        if self.type_name == "date":
            epoch = "(date '1970-01-01' + ({}))"
            first, plus, minus = _FIRST_DAY, _PLUS_INFINITY_DAY, _MINUS_INFINITY_DAY
        elif self.type_name in ("timestamp", "timestamptz"):
            epoch = f"cast(make_timestamp({{}}) as {self.type_name})"
            first, plus, minus = (
                _FIRST_MICROSECOND,
                _PLUS_INFINITY_MICROSECOND,
                _MINUS_INFINITY_MICROSECOND,
            )
        else:
            return name
        message = text_literal(OUT_OF_RANGE + self.name)
        return (
            f"case when {name} < {epoch.format(first)} then case {name}"
            f" when {epoch.format(plus)} then cast('infinity' as {self.type_name})"
            f" when {epoch.format(minus)} then cast('-infinity' as {self.type_name})"
            f" else error({message}) end else {name} end"
        )


@dataclass(frozen=True)
class Stamp:
    """One of the loader's own columns, and its value in all rows of a load.

    Attributes:
        value: as text.
    """

    name: str
    type_name: str
    value: str

    @property
    def sql(self) -> str:
        """The value, on the source and on every warehouse."""
        return f"cast({text_literal(self.value)} as {self.type_name})"
