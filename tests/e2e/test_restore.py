"""A warehouse that is lost comes back from its backup, and the next build is as if nothing was."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest

from finhouse.safety.backup import backups_folder, backups_in
from tests.support.house import WITHOUT_DATA_TESTS, House

pytestmark = pytest.mark.full

RAW = ["raw_wallet", "raw_microfinance", "raw_merchant_activity"]
KPIS = (
    "select kpi_code, month_start, numerator, denominator, value"
    " from published.kpi_monthly order by 1, 2"
)
REPORTED = (
    "select kpi_code, period_grain, period_start, value"
    " from raw_operations.reported_kpis where publication_id <= '{}'"
    " order by 1, 2, 3, publication_id"
)


def lose(house: House, target: str) -> None:
    settings = house.settings(target)
    if target == "duckdb":
        settings.duckdb_path.unlink()
        settings.published_path.unlink()
        return
    url = house.server.url("postgres")
    with closing(psycopg.connect(url, autocommit=True)) as server:
        server.execute("drop database warehouse with (force)")


def test_a_lost_warehouse_comes_back_and_builds_on(company_copy: House, target: str):
    house = company_copy
    house.succeed("--target", target, "backup")
    [backup] = backups_in(backups_folder(house.settings(target)))
    last = backup.manifest.last_publication
    reported = house.rows(REPORTED.format(last), target)
    house.succeed("--target", target, "day", env=WITHOUT_DATA_TESTS)
    counts = {name: rows[0] for name, rows in house.fingerprints(RAW, target).items()}
    kpis = house.published_rows(KPIS, target)

    lose(house, target)
    house.succeed("--target", target, "restore", backup.folder.name)
    assert house.rows(REPORTED.format(last), target) == reported
    house.succeed("--target", target, "build", env=WITHOUT_DATA_TESTS)
    house.succeed("--target", target, "reconcile")
    house.succeed("--target", target, "doctor")
    assert {n: rows[0] for n, rows in house.fingerprints(RAW, target).items()} == counts
    assert house.published_rows(KPIS, target) == kpis
    again = house.succeed("--target", target, "build", env=WITHOUT_DATA_TESTS)
    assert "; 0 KPI values newly reported" in again
