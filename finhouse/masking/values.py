"""What a value becomes in a masked copy: DuckDB's SQL of a column, of the same type."""

from __future__ import annotations

from finhouse.warehouse import quoted

TOKEN = "_fh_token"
_NUMBERS = ("DECIMAL", "DOUBLE", "FLOAT", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_TEXTS = ("VARCHAR", "UUID")
_DAYS = ("DATE", "TIMESTAMP")
# The rest of a number's digits is forgotten.
_DIGITS = 2


def is_number(kind: str) -> bool:
    """Whether a type of DuckDB is that of numbers."""
    return kind.startswith(_NUMBERS)


def is_text(kind: str) -> bool:
    """Whether values of the type can be tokens."""
    return kind in _TEXTS


def is_day(kind: str) -> bool:
    """Whether values of the type have a day."""
    return kind.startswith(_DAYS)


def token(value: str, kind: str) -> str:
    """The token of a text or UUID; a UUID is the first half of it."""
    made = f"{TOKEN}(cast({value} as varchar))"
    return f"cast(left({made}, 32) as uuid)" if kind == "UUID" else made


def hidden(column: str, kind: str) -> str:
    """A column that identifies: a token, the first day of its year, a rounded number, or NULL."""
    name = quoted(column)
    if is_text(kind):
        return token(f"s.{name}", kind)
    if is_day(kind):
        return f"cast(date_trunc('year', s.{name}) as {kind})"
    return bucket(column, kind) if is_number(kind) else f"cast(null as {kind})"


def bucket(column: str, kind: str) -> str:
    """The middle of all numbers that begin with the same two digits: 1,234.50 is 1,250.00.

    Of equal numbers the same, of a larger one never a smaller; the sign stays, and so do 0 and
    numbers that have no more digits.
    """
    name = f"s.{quoted(column)}"
    scale = int(kind.rstrip(")").split(",")[1]) if kind.startswith("DECIMAL") else 0
    size = f"abs(cast({name} as double))"
    step = f"power(10, floor(log10({size})) - {_DIGITS - 1})"
    least = 0 if kind in ("DOUBLE", "FLOAT") else 10.0**-scale
    middle = f"sign({name}) * (floor({size} / {step}) + 0.5) * {step}"
    return (
        f"case when {name} = 0 or not isfinite(cast({name} as double)) then {name}"
        f" when {step} <= {least} then {name} else cast({middle} as {kind}) end"
    )


def shifted(column: str, kind: str, days: str) -> str:
    """A date or time, moved by a number of days; without one it stays."""
    name = f"s.{quoted(column)}"
    moved = f"{name} + {days}" if kind == "DATE" else f"{name} + to_days({days})"
    return f"case when {days} is null or not isfinite({name}) then {name} else {moved} end"
