"""A figure, or a table of figures, beside its reference: equal as the reference writes it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path


@dataclass(frozen=True)
class Comparison:
    """One figure or table of the reference beside what the marts say."""

    name: str
    expected: str
    got: str

    @property
    def is_equal(self) -> bool:
        return self.expected == self.got


def read_reference(reference: Path, name: str) -> list[dict[str, str]]:
    """Rows of a reference file, as text."""
    with (reference / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def compare(name: str, expected: str, got: object) -> Comparison:
    """One value beside its reference."""
    return Comparison(name, expected, _as_written(expected, got))


def _as_written(expected: str, got: object) -> str:
    """A value as the reference writes its own, with as many decimals."""
    if got is None or isinstance(got, str):
        return got or "nothing"
    decimals = len(expected.partition(".")[2])
    rounded = Decimal(str(got)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    # A fraction's trailing zeros are cut in the reference, and with them its decimals.
    return expected if rounded == Decimal(expected) else f"{Decimal(str(got)).normalize():f}"


def compare_table(
    name: str, expected: list[dict[str, str]], keys: int, rows: list[tuple]
) -> Comparison:
    """All cells of a reference table, by key; columns beyond those asked for are not compared."""
    width = len(rows[0]) if rows else 0
    got = {tuple(map(str, row[:keys])): row[keys:] for row in rows}
    differences = []
    for line in expected:
        cells = list(line.values())[:width]
        key, values = tuple(cells[:keys]), cells[keys:]
        found = got.pop(key, ("no row",) * len(values))
        for text, value in zip(values, found, strict=True):
            if _as_written(text, value) != text:
                differences.append(f"{'/'.join(key)}: {value} for {text}")
    differences += [f"{'/'.join(key)}: not in the reference" for key in got]
    whole = f"{len(expected)} rows"
    return Comparison(f"{name} ({width} columns)", whole, "; ".join(differences[:2]) or whole)
