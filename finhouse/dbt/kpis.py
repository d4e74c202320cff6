"""KPIs as data: the catalogue's seeds, and the registries that dbt's manifest carries.

The catalogue (``seeds/kpi``) says in words what a KPI is, and its targets. What it is made of is in
the registry of its domain, the macro ``<domain>_kpis``; the models ``int_<domain>_kpis_<grain>``
carry its entries as ``config.meta.kpis``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from finhouse.dbt.data_classes import meta_of
from finhouse.dbt.manifest import Manifest, Node, models_of
from finhouse.errors import ConfigurationError
from finhouse.yaml_text import parse_yaml

GRAINS = ("monthly", "daily")
CATALOGUE = Path("seeds") / "kpi" / "kpi_catalogue_entries.csv"
TARGET_STEPS = Path("seeds") / "kpi" / "kpi_target_steps.csv"

_KPI_MODEL = re.compile(rf"int_\w+_kpis_({'|'.join(GRAINS)})")


_IN_WORDS = {">": "above {}", ">=": "{} or more", "<": "below {}", "<=": "{} or less"}


@dataclass(frozen=True)
class TargetStep:
    """A target in the KPI's unit, and the month since the domain's launch it holds from."""

    from_month: int
    target: Decimal


@dataclass(frozen=True)
class Kpi:
    """A row of the catalogue with its targets.

    Attributes:
        code, name, formula: as in the catalogue.
        unit: currency, count, rate, number or ms.
        currency: code of the domain's currency.
        target_operator: how a value is held against its target; empty without one.
        steps: the targets, in the order they come into force.
    """

    code: str
    name: str
    formula: str
    unit: str
    currency: str
    target_operator: str
    steps: tuple[TargetStep, ...]

    @property
    def target(self) -> Decimal | None:
        """The one target that holds from launch; None without a target, or where it has steps."""
        if len(self.steps) == 1 and self.steps[0].from_month == 1:
            return self.steps[0].target
        return None

    @property
    def target_text(self) -> str:
        """All targets in words: ``below 5 %``; ``0 ZAR or less from month 18``; empty for none."""
        told = []
        for step in self.steps:
            words = _IN_WORDS[self.target_operator].format(self.shown(step.target))
            told.append(words + (f" from month {step.from_month}" if step.from_month > 1 else ""))
        return ", ".join(told)

    def shown(self, value: Decimal) -> str:
        """A value with its unit, without idle zeros: ``99.9 %``, ``10,000,000 ZAR``, ``3``."""
        number = f"{(value * 100 if self.unit == 'rate' else value).normalize():,f}"
        unit = {"rate": " %", "currency": f" {self.currency}", "ms": " ms"}.get(self.unit, "")
        return number + unit


def read_kpis(dbt_project: Path) -> dict[str, Kpi]:
    """The KPI catalogue with its targets, by code.

    Raises:
        ConfigurationError: a KPI's domain is none of the project's, or it has a target without an
            operator.
    """
    project = parse_yaml((dbt_project / "dbt_project.yml").read_text(encoding="utf-8"))
    domains = project["vars"]["domains"]
    steps: dict[str, list[TargetStep]] = {}
    with (dbt_project / TARGET_STEPS).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            step = TargetStep(int(row["from_month_since_launch"]), Decimal(row["target"]))
            steps.setdefault(row["kpi_code"], []).append(step)
    found = {}
    for row in read_kpi_catalogue(dbt_project):
        code, domain, operator = row["kpi_code"], row["domain"], row["target_operator"]
        if domain not in domains:
            raise ConfigurationError(
                f"KPI {code} is of domain {domain!r}, which dbt_project.yml does not have",
                f"correct its row in {CATALOGUE}",
            )
        if code in steps and operator not in _IN_WORDS:
            raise ConfigurationError(
                f"KPI {code} has a target and the target_operator {operator!r}",
                f"give it one of {', '.join(_IN_WORDS)} in {CATALOGUE}",
            )
        found[code] = Kpi(
            code=code,
            name=row["kpi_name"],
            formula=row["formula"],
            unit=row["unit"],
            currency=domains[domain]["currency"],
            target_operator=operator,
            steps=tuple(sorted(steps.get(code, []), key=lambda step: step.from_month)),
        )
    return found


def read_kpi_catalogue(dbt_project: Path) -> list[dict[str, str]]:
    """Rows of the KPI catalogue's seed."""
    return parse_kpi_catalogue((dbt_project / CATALOGUE).read_text(encoding="utf-8"))


def parse_kpi_catalogue(text: str) -> list[dict[str, str]]:
    """Rows of the KPI catalogue's seed, from its text."""
    return list(csv.DictReader(text.splitlines()))


def registry_entries(manifest: Manifest) -> Iterator[tuple[str, Node, Mapping[str, Any]]]:
    """Each entry of the KPI registries as (grain, model that computes it, entry).

    An entry has ``code``, ``grains`` and either ``numerator``, ``numerator`` and ``denominator``,
    or ``value``; see the macro ``kpi_rows``.
    """
    for model in models_of(manifest, "intermediate"):
        named = _KPI_MODEL.fullmatch(model["name"])
        if named:
            for entry in meta_of(model).get("kpis", []):
                yield named[1], model, entry
