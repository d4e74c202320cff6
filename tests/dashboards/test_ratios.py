"""Each ratio is written once: in the registry of its domain, and nowhere else."""

from __future__ import annotations

import re
from typing import Any

from finhouse.dashboards.loading import DBT_PROJECT
from finhouse.dbt.data_classes import meta_of
from finhouse.dbt.kpis import registry_entries
from finhouse.dbt.manifest import models_of

# Two quoted expressions: the SQL of a model that divides by itself.
_RATIO = re.compile(r"\bratio\(\s*'([^']+)',\s*'([^']+)'\s*\)")


def plain(expression: str) -> str:
    """An expression without brackets, spaces and the relations its columns are of."""
    return re.sub(r"\w+\.|[()\s]", "", expression)


def registered(manifest: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    """KPI codes by numerator and denominator."""
    found: dict[tuple[str, str], set[str]] = {}
    for _, _, entry in registry_entries(manifest):
        if "denominator" in entry:
            pair = (plain(entry["numerator"]), plain(entry["denominator"]))
            found.setdefault(pair, set()).add(entry["code"])
    return found


def test_no_two_kpis_are_the_same_ratio(manifest: dict[str, Any]):
    assert not {pair: codes for pair, codes in registered(manifest).items() if len(codes) > 1}


def test_no_model_repeats_the_ratio_of_a_kpi(manifest: dict[str, Any]):
    of_kpis = registered(manifest)
    assert len(of_kpis) > 40
    repeated = []
    for model in models_of(manifest):
        for parts in _RATIO.findall(model["raw_code"]):
            if codes := of_kpis.get((plain(parts[0]), plain(parts[1]))):
                repeated.append(f"{model['name']}: kpi_ratio has {codes}")
        metrics = {name: meta_of(column).get("metric") for name, column in model["columns"].items()}
        for name, metric in (metrics | dict(meta_of(model).get("metrics", {}))).items():
            if metric and of_kpis.get(tuple(metric.get("ratio", ()))):
                repeated.append(f"{model['name']}.{name}: its metric is a KPI's, {metric['ratio']}")
    assert not repeated


def test_portfolio_at_risk_has_its_days_in_one_place():
    said = [
        path.name
        for path in sorted(DBT_PROJECT.glob("m*/**/*.sql"))
        if re.search(r"\[1, 7, 30, 60, 90\]", path.read_text())
    ]
    assert said == ["par_thresholds.sql"]
