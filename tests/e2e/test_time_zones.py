"""A business in another time and place: New York in 2009, with only its settings changed."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import psycopg
import pytest

from finhouse.settings import PROJECT_ROOT
from tests.support.house import House
from tests.support.project_copy import copy_project
from tests.support.warehouse import ThrowAwayServer

pytestmark = pytest.mark.full

# The clocks of New York went forward on 8 March and back on 1 November.
SENT_AT = {
    "2009-03-08 04:59:59+00": date(2009, 3, 7),
    "2009-03-08 05:00:00+00": date(2009, 3, 8),
    "2009-03-09 03:59:59+00": date(2009, 3, 8),
    "2009-03-09 04:00:00+00": date(2009, 3, 9),
    "2009-11-01 03:59:59+00": date(2009, 10, 31),
    "2009-11-01 04:00:00+00": date(2009, 11, 1),
    "2009-11-02 04:59:59+00": date(2009, 11, 1),
    "2009-11-02 05:00:00+00": date(2009, 11, 2),
}
DOWN = [
    ("2009-03-08 05:00:00+00", "2009-03-09 04:00:00+00"),
    ("2009-11-01 04:00:00+00", "2009-11-01 16:30:00+00"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, oltp_server: ThrowAwayServer) -> House:
    """A wallet in New York, loaded from its own database and built."""
    folder = tmp_path_factory.mktemp("new-york")
    project = folder / "project"
    copy_project(project, "finhouse/", "dbt_project/", "superset/")
    settings = project / "dbt_project" / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    assert "time_zone: Africa/Johannesburg" in text
    settings.write_text(text.replace("Africa/Johannesburg", "America/New_York"), encoding="utf-8")
    url = oltp_server.create_database("new_york")
    with psycopg.connect(url, autocommit=True) as connection:
        _fill(connection)
    house = House(folder / "house", "wallet")
    built = subprocess.run(
        [sys.executable, "-m", "finhouse", "build"],
        cwd=project,
        env=house.environment | {"OLTP_URL": url, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    # History ends with its newest row, whenever it is loaded.
    assert "speaks for wallet: 2009-02-27 to 2009-11-02" in built.stdout
    return house


def _fill(connection: psycopg.Connection) -> None:
    schema = PROJECT_ROOT / "finhouse" / "oltp" / "schemas" / "wallet.sql"
    connection.execute(Path(schema).read_text(encoding="utf-8"))
    # The last hour of 27 February there.
    [(user,)] = connection.execute(
        "insert into wallet.users (phone_number_hash, blood_hash, device_public_key, created_at) "
        "values ('1', '1', '1', '2009-02-28 04:30:00+00') returning id"
    )
    for sent_at in SENT_AT:
        connection.execute(
            "insert into wallet.transactions (sender_id, recipient_id, amount, currency, status, "
            "physics_seal_hash, created_at) values (%s, %s, 10, 'ZAR', 'COMPLETED', %s, %s)",
            (user, user, sent_at, sent_at),
        )
    for started_at, resolved_at in DOWN:
        connection.execute(
            "insert into wallet.service_incidents (service, severity, started_at, resolved_at) "
            "values ('payments', 'critical', %s, %s)",
            (started_at, resolved_at),
        )


def test_each_transaction_counts_on_its_local_day(house: House):
    rows = house.published_rows(
        "select date, total_transactions from published.daily_metrics where total_transactions > 0"
    )
    days = list(SENT_AT.values())
    assert dict(rows) == {day: days.count(day) for day in days}


def test_days_on_which_clocks_change_have_23_and_25_hours(house: House):
    rows = house.published_rows(
        "select uptime_date, period_seconds, cast(downtime_seconds as integer) "
        "from published.service_uptime_daily "
        "where service = 'all_services' and (period_seconds <> 86400 or downtime_seconds <> 0)"
    )
    assert sorted(rows) == [
        (date(2009, 3, 8), 23 * 3600, 23 * 3600),
        (date(2009, 11, 1), 25 * 3600, 45_000),
    ]


def test_calendar_is_that_of_the_data(house: House):
    [(first, last)] = house.published_rows(
        "select min(date_day), max(date_day) from published.dim_date"
    )
    assert (first, last) == (date(2009, 1, 1), date(2014, 12, 31))


def test_what_nobody_recorded_is_no_success(house: House):
    """No fraud case, cost, spend or bank partner has ever been recorded."""
    rows = house.published_rows(
        "select kpi_code, missing_table, target_status, value from published.kpi_scorecard "
        "where missing_table is not null"
    )
    assert {row[0]: row[1] for row in rows} == {
        "burn_rate": "marketing_spend",
        "burn_total": "bank_partnerships",
        "cac": "marketing_spend",
        "fraud_rate": "fraud_cases",
        "fraud_suspected_rate": "fraud_cases",
        "fraud_value_rate": "fraud_cases",
        "gross_margin_rate": "operating_costs",
        "gross_margin_total": "bank_partnerships",
        "ltv_cac_observed": "marketing_spend",
        "ltv_cac_ratio": "marketing_spend",
        "ltv_observed": "operating_costs",
        "ltv_payback_months": "marketing_spend",
        "revenue_total": "bank_partnerships",
    }
    assert {row[2:] for row in rows} == {("no_data", None)}
