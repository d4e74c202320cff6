"""A business in another time and place: 2009, in New York and in UTC, by its settings alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
import pytest

from finhouse.settings import PROJECT_ROOT
from tests.support.domains import OF_ALL_DOMAINS, domains_in, marts_for
from tests.support.house import WITHOUT_DATA_TESTS, House, marts
from tests.support.project_copy import copy_project
from tests.support.warehouse import ThrowAwayServer

pytestmark = pytest.mark.full


@dataclass(frozen=True)
class Place:
    """Where a wallet is, and what happens there on 8 March and 1 November.

    Attributes:
        signed_up_at: the last hour of 27 February, there.
        sent_at: moments just before and after a midnight, with the day they belong to.
        down: outages, begin and end: the whole of 8 March, and half of 1 November.
        uptime: seconds of these two days, and of their outages.
    """

    signed_up_at: str
    sent_at: dict[str, date]
    down: list[tuple[str, str]]
    uptime: list[tuple[date, int, int]]


PLACES = {
    # Clocks go forward on 8 March and back on 1 November.
    "America/New_York": Place(
        signed_up_at="2009-02-28 04:30:00+00",
        sent_at={
            "2009-03-08 04:59:59+00": date(2009, 3, 7),
            "2009-03-08 05:00:00+00": date(2009, 3, 8),
            "2009-03-09 03:59:59+00": date(2009, 3, 8),
            "2009-03-09 04:00:00+00": date(2009, 3, 9),
            "2009-11-01 03:59:59+00": date(2009, 10, 31),
            "2009-11-01 04:00:00+00": date(2009, 11, 1),
            "2009-11-02 04:59:59+00": date(2009, 11, 1),
            "2009-11-02 05:00:00+00": date(2009, 11, 2),
        },
        down=[
            ("2009-03-08 05:00:00+00", "2009-03-09 04:00:00+00"),
            ("2009-11-01 04:00:00+00", "2009-11-01 16:30:00+00"),
        ],
        uptime=[
            (date(2009, 3, 8), 23 * 3600, 23 * 3600),
            (date(2009, 11, 1), 25 * 3600, 45_000),
        ],
    ),
    "UTC": Place(
        signed_up_at="2009-02-27 23:30:00+00",
        sent_at={
            "2009-03-07 23:59:59+00": date(2009, 3, 7),
            "2009-03-08 00:00:00+00": date(2009, 3, 8),
            "2009-03-08 23:59:59+00": date(2009, 3, 8),
            "2009-03-09 00:00:00+00": date(2009, 3, 9),
            "2009-10-31 23:59:59+00": date(2009, 10, 31),
            "2009-11-01 00:00:00+00": date(2009, 11, 1),
            "2009-11-01 23:59:59+00": date(2009, 11, 1),
            "2009-11-02 00:00:00+00": date(2009, 11, 2),
        },
        down=[
            ("2009-03-08 00:00:00+00", "2009-03-09 00:00:00+00"),
            ("2009-11-01 00:00:00+00", "2009-11-01 12:30:00+00"),
        ],
        uptime=[
            (date(2009, 3, 8), 24 * 3600, 24 * 3600),
            (date(2009, 11, 1), 24 * 3600, 45_000),
        ],
    ),
}


# The place whose days are not all as long as each other.
DATA_TESTED = "America/New_York"


@pytest.fixture(scope="module", params=PLACES)
def time_zone(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def house(
    time_zone: str, tmp_path_factory: pytest.TempPathFactory, oltp_server: ThrowAwayServer
) -> House:
    """A wallet in another place, loaded from its own database and built."""
    folder = tmp_path_factory.mktemp("elsewhere")
    project = folder / "project"
    copy_project(project)
    settings = project / "dbt_project" / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    assert "time_zone: Africa/Johannesburg" in text
    settings.write_text(text.replace("Africa/Johannesburg", time_zone), encoding="utf-8")
    url = oltp_server.create_database("elsewhere")
    with psycopg.connect(url, autocommit=True) as connection:
        _fill(connection, PLACES[time_zone])
    house = House(folder / "house", "wallet")
    built = subprocess.run(
        [sys.executable, "-m", "finhouse", "build"],
        cwd=project,
        env=house.environment
        | {"OLTP_URL": url, "PULSE_URL": url, "PYTHONPATH": str(project)}
        | ({} if time_zone == DATA_TESTED else WITHOUT_DATA_TESTS),
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    # History ends with its newest row, whenever it is loaded.
    assert "speaks for wallet: 2009-02-27 to 2009-11-02" in built.stdout
    return house


def _fill(connection: psycopg.Connection, place: Place) -> None:
    schema = PROJECT_ROOT / "finhouse" / "oltp" / "schemas" / "wallet.sql"
    connection.execute(Path(schema).read_text(encoding="utf-8"))
    [(user,)] = connection.execute(
        "insert into wallet.users (phone_number_hash, blood_hash, device_public_key, created_at) "
        "values ('1', '1', '1', %s) returning id",
        (place.signed_up_at,),
    )
    for sent_at in place.sent_at:
        connection.execute(
            "insert into wallet.transactions (sender_id, recipient_id, amount, currency, status, "
            "physics_seal_hash, created_at) values (%s, %s, 10, 'ZAR', 'COMPLETED', %s, %s)",
            (user, user, sent_at, sent_at),
        )
    for started_at, resolved_at in place.down:
        connection.execute(
            "insert into wallet.service_incidents (service, severity, started_at, resolved_at) "
            "values ('payments', 'critical', %s, %s)",
            (started_at, resolved_at),
        )


def test_each_transaction_counts_on_its_local_day(house: House, time_zone: str):
    rows = house.published_rows(
        "select date, total_transactions from published.daily_metrics where total_transactions > 0"
    )
    days = list(PLACES[time_zone].sent_at.values())
    assert dict(rows) == {day: days.count(day) for day in days}


def test_days_are_as_long_as_clocks_make_them(house: House, time_zone: str):
    rows = house.published_rows(
        "select uptime_date, period_seconds, cast(downtime_seconds as integer) "
        "from published.service_uptime_daily "
        "where service = 'all_services' and (period_seconds <> 86400 or downtime_seconds <> 0)"
    )
    assert sorted(rows) == PLACES[time_zone].uptime


def test_nothing_of_another_business_is_there(house: House):
    assert marts(house) == marts_for("wallet")
    for mart in OF_ALL_DOMAINS:
        assert domains_in(house, mart) == {"wallet"}, mart


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
