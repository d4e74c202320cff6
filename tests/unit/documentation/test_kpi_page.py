"""docs/reference/kpis.md has every KPI and every term, as they are written where they belong."""

from __future__ import annotations

import re
import shutil

import pytest

from finhouse.dbt.kpis import CATALOGUE, read_kpi_catalogue
from finhouse.documentation.kpi_page import kpi_page_path, render_kpi_page
from finhouse.errors import ConfigurationError
from finhouse.settings import PROJECT_ROOT

DBT_PROJECT = PROJECT_ROOT / "dbt_project"


def test_the_committed_page_is_what_the_command_writes():
    committed = kpi_page_path(PROJECT_ROOT).read_text(encoding="utf-8")
    assert committed == render_kpi_page(PROJECT_ROOT), "run `finhouse kpis` and commit the page"


def test_every_kpi_and_every_term_is_on_the_page():
    page = render_kpi_page(PROJECT_ROOT)
    codes = {row["kpi_code"] for row in read_kpi_catalogue(DBT_PROJECT)}
    terms = {
        name
        for path in (DBT_PROJECT / "models" / "docs").glob("*.md")
        for name in re.findall(r"docs (\w+) %}", path.read_text(encoding="utf-8"))
    }
    assert codes and terms
    assert {name for name in codes | terms if f"| `{name}` |" not in page} == set()


def test_a_kpi_reads_with_unit_target_and_owner():
    page = render_kpi_page(PROJECT_ROOT)
    assert re.search(
        r"^\| PAR 30 with restructured .* share \| lower \| below 5 % \| Credit \|$",
        page,
        re.MULTILINE,
    )
    assert "| ZAR | lower | 0 ZAR or less from month 18 | Finance |" in page


def test_a_kpi_of_an_unknown_domain_is_named(tmp_path):
    shutil.copytree(DBT_PROJECT / "seeds" / "kpi", tmp_path / "dbt_project" / "seeds" / "kpi")
    shutil.copy(DBT_PROJECT / "dbt_project.yml", tmp_path / "dbt_project")
    catalogue = tmp_path / "dbt_project" / CATALOGUE
    text = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(text.replace("mau,Monthly active users,wallet", "mau,MAU,lottery"))
    with pytest.raises(ConfigurationError, match=r"mau is of domain 'lottery'"):
        render_kpi_page(tmp_path)
