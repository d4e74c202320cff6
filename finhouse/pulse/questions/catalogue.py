"""What questions may name: the KPIs that are published, their synonyms, and their breakdowns."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from finhouse.domains import declared_domains
from finhouse.pulse.questions.words import tokens
from finhouse.yaml_text import parse_yaml

SYNONYMS = Path(__file__).parent / "synonyms.csv"
BREAKDOWNS = Path(__file__).parent / "breakdowns.yml"
COLUMNS_SQL = (
    "select kpi_code, kpi_name, domain, unit, has_monthly_values, has_daily_values "
    "from published.kpi_catalogue order by display_order, kpi_code"
)
# What the name of a KPI may end with and people leave out.
_UNSAID = re.compile(r" per (month|year)$|,? in the period$|\s*\(.*?\)")


@dataclass(frozen=True)
class Kpi:
    """A KPI as questions see it."""

    code: str
    name: str
    domain: str
    unit: str
    grains: tuple[str, ...]


@dataclass(frozen=True)
class Breakdown:
    """Where a KPI is kept by a dimension.

    Attributes:
        column: of the dimension.
        parts: the column of the value, or those of its numerator and denominator.
    """

    dimension: str
    mart: str
    period: str
    column: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """The KPIs of the selected domains, by every name they have."""

    kpis: Mapping[str, Kpi]
    domain_names: Mapping[str, str]
    names: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        names: dict[str, list[str]] = {}
        for kpi in self.kpis.values():
            for name in (kpi.name, _UNSAID.sub("", kpi.name), kpi.code.replace("_", " ")):
                names.setdefault(" ".join(tokens(name)), []).append(kpi.code)
        for synonym, code in synonyms():
            if code in self.kpis:
                names.setdefault(synonym, []).append(code)
        unique = {name: tuple(dict.fromkeys(codes)) for name, codes in names.items() if name}
        object.__setattr__(self, "names", unique)

    @property
    def words(self) -> set[str]:
        """Every word of a name."""
        found = {word for name in self.names for word in name.split()}
        return found | {word for name in self.domain_names for word in name.split()}

    def breakdowns(self, code: str) -> dict[str, Breakdown]:
        """Dimensions that a KPI is kept by."""
        return {one.dimension: one for one in declared_breakdowns().get(code, ())}

    def nearest(self, words: Collection[str], most: int = 3) -> list[str]:
        """Names of the KPIs that are most like some words, by the words that they share."""
        asked = set(words)
        close = {
            word: difflib.get_close_matches(word, self.words, n=3, cutoff=0.75) for word in asked
        }
        near = {other for found in close.values() for other in found}

        def likeness(name: str) -> float:
            own = set(name.split())
            return len(own & near) / len(own | asked)

        ranked = sorted(self.names, key=lambda name: (-likeness(name), len(name), name))
        codes = [code for name in ranked if likeness(name) for code in self.names[name]]
        return [self.kpis[code].name for code in dict.fromkeys(codes)][:most]


def catalogue_of(rows: Iterable[Mapping[str, Any]], domains: Collection[str]) -> Catalogue:
    """The catalogue of what is published of some domains.

    Args:
        rows: of ``COLUMNS_SQL``.
    """
    kpis = {
        row["kpi_code"]: Kpi(
            row["kpi_code"],
            row["kpi_name"],
            row["domain"],
            row["unit"],
            tuple(
                grain
                for grain, has in (
                    ("month", row["has_monthly_values"]),
                    ("day", row["has_daily_values"]),
                )
                if has
            ),
        )
        for row in rows
        if row["domain"] in domains
    }
    named = {}
    for domain, settings in declared_domains().items():
        for name in (domain.replace("_", " "), settings["label"]):
            named[" ".join(tokens(name))] = domain
    return Catalogue(kpis, named)


@cache
def synonyms() -> tuple[tuple[str, str], ...]:
    """Synonyms as questions have them, each with a code."""
    with SYNONYMS.open(encoding="utf-8", newline="") as file:
        return tuple((" ".join(tokens(r["synonym"])), r["kpi_code"]) for r in csv.DictReader(file))


@cache
def declared_breakdowns() -> dict[str, tuple[Breakdown, ...]]:
    """Breakdowns by KPI."""
    found: dict[str, list[Breakdown]] = {}
    for place in parse_yaml(BREAKDOWNS.read_text(encoding="utf-8")):
        for code, parts in place["kpis"].items():
            found.setdefault(code, []).extend(
                Breakdown(
                    " ".join(tokens(dimension)),
                    place["mart"],
                    place["period"],
                    column,
                    tuple(parts),
                )
                for dimension, column in place["dimensions"].items()
            )
    return {code: tuple(breakdowns) for code, breakdowns in found.items()}
