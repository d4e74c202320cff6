"""A warehouse that is lost comes back from its backup, and the next build is as if nothing was."""

from __future__ import annotations

import pytest

from finhouse.domains import declared_domains
from finhouse.safety.backup import backups_folder, backups_in
from finhouse.safety.cipher import KEY_FILE
from tests.support.house import WITHOUT_DATA_TESTS, House

pytestmark = pytest.mark.full

RAW = [f"raw_{domain}" for domain in declared_domains()]
KPIS = (
    "select kpi_code, month_start, numerator, denominator, value"
    " from published.kpi_monthly order by 1, 2"
)
REPORTED = (
    "select kpi_code, period_grain, period_start, value"
    " from raw_operations.reported_kpis where publication_id <= '{}'"
    " order by 1, 2, 3, publication_id"
)


@pytest.mark.domains("wallet")
def test_a_lost_warehouse_comes_back_and_builds_on(company_copy: House):
    """On DuckDB; the engines' own ways are tried in tests/integration/safety."""
    house, settings = company_copy, company_copy.settings()
    house.succeed("backup-key", str(house.home / "backup.key"))
    key = {KEY_FILE: str(house.home / "backup.key")}
    house.succeed("backup", env=key)
    house.succeed("restore-test", env=key)
    [backup] = backups_in(backups_folder(settings))
    last = backup.manifest.last_publication
    reported = house.rows(REPORTED.format(last))
    house.succeed("day", env=WITHOUT_DATA_TESTS)
    counts = {name: rows[0] for name, rows in house.fingerprints(RAW).items()}
    kpis = house.published_rows(KPIS)

    settings.duckdb_path.unlink()
    settings.published_path.unlink()
    house.succeed("restore", backup.folder.name, env=key)
    assert house.rows(REPORTED.format(last)) == reported
    house.succeed("build", env=WITHOUT_DATA_TESTS)
    house.succeed("reconcile")
    house.succeed("doctor")
    assert {n: rows[0] for n, rows in house.fingerprints(RAW).items()} == counts
    assert house.published_rows(KPIS) == kpis
