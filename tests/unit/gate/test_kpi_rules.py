"""The house's own rules of KPIs: one definition, one name, and the domain in a new code."""

from __future__ import annotations

from typing import Any

import pytest

from finhouse.gate.rules import house_findings

CATALOGUE = [
    {"kpi_code": "par_30", "kpi_name": "PAR 30", "domain": "microfinance"},
    {"kpi_code": "bnpl_par_30", "kpi_name": "PAR 30", "domain": "bnpl"},
]
BEFORE = {"par_30"}


def manifest(**kpis: list[str]) -> dict[str, Any]:
    """A manifest of KPI models, each with the codes of its registry's entries."""
    return {
        "macros": {},
        "nodes": {
            f"model.finhouse.{name}": {
                "resource_type": "model",
                "unique_id": f"model.finhouse.{name}",
                "name": name,
                "fqn": ["finhouse", "intermediate", name],
                "original_file_path": f"models/{name}.sql",
                "config": {"meta": {"kpis": [{"code": code} for code in codes]}},
            }
            for name, codes in kpis.items()
        },
    }


def problems(catalogue: list[dict[str, str]], **kpis: list[str]) -> list[str]:
    return [
        finding.problem
        for finding in house_findings(manifest(**kpis), catalogue, BEFORE, {}, set())
    ]


def test_kpis_with_one_definition_and_a_name_of_their_domain_pass():
    assert not problems(
        CATALOGUE,
        int_microfinance_kpis_monthly=["par_30"],
        int_bnpl_kpis_monthly=["bnpl_par_30"],
        int_bnpl_kpis_daily=["bnpl_par_30"],
    )


def test_a_variant_bears_the_name_of_its_kpi_in_the_same_domain():
    variant = {"kpi_code": "par_30_with_restructured", "kpi_name": "PAR 30+"}
    assert not problems([*CATALOGUE, variant | {"domain": "microfinance"}])
    [refused] = problems([*CATALOGUE, variant | {"domain": "bnpl"}])
    assert "does not bear its domain, bnpl" in refused


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            {"kpi_code": "npl_ratio", "kpi_name": "NPL", "domain": "bnpl"},
            "the new KPI npl_ratio does not bear its domain, bnpl",
        ),
        (
            {"kpi_code": "bnpl_par_30_new", "kpi_name": "PAR 30", "domain": "bnpl"},
            "2 KPIs of bnpl are called 'PAR 30'",
        ),
        (CATALOGUE[0], "par_30 stands 2 times in the catalogue"),
    ],
)
def test_catalogue_row_is_refused(row: dict[str, str], problem: str):
    assert problem in problems([*CATALOGUE, row])


def test_registry_entry_is_refused_when_it_is_a_second_one_or_not_in_the_catalogue():
    found = problems(
        CATALOGUE,
        int_microfinance_kpis_monthly=["par_30", "par_5"],
        int_bnpl_kpis_monthly=["par_30"],
    )
    assert "par_5 is not in the catalogue" in found
    assert any("par_30 is defined 2 times for monthly values" in problem for problem in found)
