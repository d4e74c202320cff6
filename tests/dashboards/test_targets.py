"""A target is said once, in the catalogue: change it there, and all that shows it follows."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from finhouse.dashboards.bundle import build_assets
from finhouse.dashboards.catalog import Dataset
from finhouse.dashboards.definitions import DEFINITIONS, Definitions
from finhouse.dashboards.loading import DBT_PROJECT, load_definitions
from finhouse.dbt.kpis import CATALOGUE, TARGET_STEPS, read_kpis
from tests.support.house import WITHOUT_DATA_TESTS, House
from tests.support.project_copy import copy_project

Project = tuple[Definitions, dict[str, Dataset]]


@pytest.fixture
def dbt_project(tmp_path: Path) -> Path:
    """The catalogue alone, to be changed."""
    folder = tmp_path / "dbt_project"
    (folder / CATALOGUE).parent.mkdir(parents=True)
    for name in (Path("dbt_project.yml"), CATALOGUE, TARGET_STEPS):
        shutil.copyfile(DBT_PROJECT / name, folder / name)
    return folder


def retarget(dbt_project: Path, old: str, new: str) -> None:
    path = dbt_project / TARGET_STEPS
    text = path.read_text()
    assert f"\n{old}\n" in text
    path.write_text(text.replace(f"\n{old}\n", f"\n{new}\n"))


def chart_asset(definitions: Definitions, catalog: dict[str, Dataset], path: str) -> dict:
    return yaml.safe_load(build_assets(definitions, catalog, "duckdb://")[f"charts/{path}.yaml"])


def test_tile_shows_another_target(dbt_project: Path, project: Project):
    before = chart_asset(*project, "operations/uptime")
    retarget(dbt_project, "uptime_rate,1,0.999", "uptime_rate,1,0.995")
    now = chart_asset(load_definitions(dbt_project=dbt_project), project[1], "operations/uptime")
    assert before["params"]["subtitle"] == "Target above 99.9 %"
    assert now["params"]["subtitle"] == "Target above 99.5 %"
    assert now["description"].endswith("period. Target above 99.5 %.")
    # The query's form is what Superset's server has of the chart.
    assert json.loads(now["query_context"])["form_data"]["subtitle"] == "Target above 99.5 %"


def test_colours_and_notes_follow_a_target(dbt_project: Path, project: Project):
    retarget(dbt_project, "par_30_with_restructured,1,0.05", "par_30_with_restructured,1,0.035")
    now = load_definitions(dbt_project=dbt_project)
    [rule] = chart_asset(now, project[1], "loan-performance/branches-compared")["params"][
        "conditional_formatting"
    ]
    # The target is below: who is at it misses it.
    assert rule["column"] == "par_30_with_restructured"
    assert (rule["operator"], rule["targetValue"]) == ("≥", 0.035)
    assert "below 3.5 %" in now.charts["loan-performance", "Branches compared"].note
    headline = chart_asset(now, project[1], "loan-performance/par-30-with-restructured")
    assert headline["params"]["subtitle"] == "Target below 3.5 %"
    assert "Target below 3.5 %." in headline["description"]


@pytest.mark.full
def test_scorecard_follows_a_target(company_copy: House, tmp_path: Path):
    query = "select target, target_status from marts.kpi_scorecard where kpi_code = 'uptime_rate'"
    [(before, _)] = company_copy.rows(query)
    assert before == Decimal("0.999")
    copy_project(tmp_path / "project")
    retarget(tmp_path / "project/dbt_project", "uptime_rate,1,0.999", "uptime_rate,1,0.500")
    house = replace(company_copy, project=tmp_path / "project")
    house.succeed(
        *("dbt", "build", "--quiet", "--select", "kpi_target_steps+"), env=WITHOUT_DATA_TESTS
    )
    assert company_copy.rows(query) == [(Decimal("0.5"), "met")]


def test_target_that_rises_is_told_step_by_step():
    kpis = read_kpis(DBT_PROJECT)
    volume = kpis["monthly_transaction_volume"]
    assert volume.target is None
    assert volume.target_text.startswith("10,000,000 ZAR or more from month 12, ")
    assert kpis["burn_rate"].target_text == "0 ZAR or less from month 18"
    assert kpis["mau"].target_text == ""


def test_no_definition_repeats_a_target():
    """Neither a note nor a colour rule has a number that the catalogue has."""
    kpis = read_kpis(DBT_PROJECT)
    with_target = {code for code, kpi in kpis.items() if kpi.steps}
    # A name may hold a number, such as that of PAR 30.
    no_target = re.compile(
        "|".join([r"\{target[^}]*\}", *(re.escape(k.name) for k in kpis.values())])
    )
    said = []
    for path in sorted(DEFINITIONS.glob("**/*.yaml")):
        content = yaml.safe_load(path.read_text())
        for key in ("title", "note", "subtitle", "description"):
            text = no_target.sub("", content.get(key, ""))
            if re.search(r"target\D{0,20}\d", text, re.IGNORECASE):
                said.append(f"{path.name}: {text}")
        for rule in content.get("colours", []):
            bound = rule.keys() & {"above", "below", "at_least", "at_most"}
            if rule["column"] in with_target and bound:
                said.append(f"{path.name}: {rule}")
    assert not said
