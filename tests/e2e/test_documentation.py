"""The documentation of a built project, as `make docs` writes it."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from finhouse.documentation.lineage_page import foreign_hosts
from finhouse.documentation.site import PAGES, write_site
from finhouse.errors import TransformError
from finhouse.settings import load_settings
from tests.support.house import House
from tests.support.marks import OMITTED, Search, masked_marks

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def site(company: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    covered = write_site(company.settings(), folder)
    assert {entry.layer for entry in covered} == {"staging", "intermediate", "marts"}
    return folder


def test_the_index_links_every_page(site: Path):
    index = (site / "index.html").read_text(encoding="utf-8")
    for name, _, _ in PAGES:
        assert f'href="{name}"' in index
        assert (site / name).stat().st_size > 1000


def test_the_lineage_page_holds_every_column_and_asks_no_other_host(site: Path):
    html = (site / "lineage.html").read_text(encoding="utf-8")
    assert foreign_hosts(html) == set()
    assert "Content-Security-Policy" in html
    [data] = re.findall(r'window\.colibriData = JSON\.parse\(atob\("([^"]+)"\)\)', html)
    edges = json.loads(base64.b64decode(data))["lineage"]["edges"]
    assert {
        "source": "model.finhouse.int_wallet_metrics_monthly",
        "target": "model.finhouse.wallet_monthly_metrics",
        "sourceColumn": "churn_rate",
        "targetColumn": "churn_rate",
    }.items() <= next(
        edge
        for edge in edges
        if edge["target"] == "model.finhouse.wallet_monthly_metrics"
        and edge["targetColumn"] == "churn_rate"
    ).items()


def test_marts_are_covered_in_full(site: Path):
    page = (site / "coverage.html").read_text(encoding="utf-8")
    assert 'class="gap"' not in page
    assert re.search(r"<td>marts</td><td>\d+</td><td>100 %</td>", page)


def test_no_marked_person_is_on_the_site(site: Path, company: House):
    assert Search((*OMITTED, *masked_marks(company))).in_folder(site) == []


def test_without_a_build_the_remedy_is_named(tmp_path: Path):
    settings = load_settings({"FINHOUSE_HOME": str(tmp_path)}, target="duckdb")
    with pytest.raises(TransformError, match="make build"):
        write_site(settings, tmp_path / "site")
