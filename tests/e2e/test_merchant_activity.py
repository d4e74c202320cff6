"""Merchant files: what is printed of them, and days without a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from finhouse.demo.merchant_activity import write_activity_files
from tests.support.domains import OF_ALL_DOMAINS, domains_in, marts_for
from tests.support.house import WITHOUT_DATA_TESTS, House, marts

pytestmark = pytest.mark.full


@dataclass(frozen=True)
class Deliveries:
    """A house of merchants, its landing folder, and where late files are kept until they come.

    Attributes:
        printed: by the build.
    """

    house: House
    landing: Path
    late: Path
    printed: str

    @property
    def delivered(self) -> set[date]:
        """Days of the files on the disk, by their names alone."""
        return {
            datetime.strptime(path.name, "activities_%Y%m%d.csv").date()
            for path in self.landing.glob("activities_*.csv")
        }

    @property
    def missing(self) -> set[date]:
        """Days without a file, from the first one's to yesterday."""
        first = min(self.delivered)
        days = (datetime.now(ZoneInfo("Africa/Lagos")).date() - first).days
        return {first + timedelta(days=number) for number in range(days)} - self.delivered

    def months(self) -> dict[date, bool]:
        """Month -> whether it is over and each of its days has a file; from the first file on."""
        found: dict[date, bool] = {}
        lacking = {day.replace(day=1) for day in self.missing}
        for day in self.delivered:
            month = day.replace(day=1)
            next_month = (month + timedelta(days=31)).replace(day=1)
            is_over = next_month - timedelta(days=1) <= max(self.delivered)
            found[month] = is_over and month not in lacking
        return found


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory):
    """Files of some months up to the day before yesterday, built.

    Four days of the month before last, which is over, have none. The engines agree elsewhere.
    """
    house = House(tmp_path_factory.mktemp("deliveries"), "merchant_activity")
    landing = house.settings().landing / "merchant_activity"
    today = datetime.now(ZoneInfo("Africa/Lagos")).date()
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    gappy_month = (last_month - timedelta(days=1)).replace(day=1)
    first = (gappy_month - timedelta(days=1)).replace(day=1)
    write_activity_files(
        landing, days=(today - first).days - 1, rows_per_day=40, seed=5, start=first
    )
    late = house.home / "late"
    late.mkdir()
    for day in (9, 10, 11, 24):
        name = f"activities_{gappy_month.replace(day=day):%Y%m%d}.csv"
        (landing / name).rename(late / name)
    yield Deliveries(house, landing, late, house.succeed("build"))
    house.server.stop()


def agrees_with_the_disk(deliveries: Deliveries) -> None:
    """Gaps, months of charts and months of KPIs are what the names of the files say."""
    rows = deliveries.house.published_rows
    gaps = rows("select expected_date, file_name, days_late from published.file_gaps")
    today = datetime.now(ZoneInfo("Africa/Lagos")).date()
    assert set(gaps) == {
        (day, f"activities_{day:%Y%m%d}.csv", (today - day).days) for day in deliveries.missing
    }
    months = deliveries.months()
    charts = "select month_start, is_complete_period from published.monthly_active_merchants"
    assert dict(rows(charts)) == months
    kpis = rows(
        "select kpi_code, month_start, is_complete_period, missing_file_count"
        " from published.kpi_monthly"
    )
    assert {month: is_complete for _, month, is_complete, _ in kpis} == months
    assert len({(month, is_complete) for _, month, is_complete, _ in kpis}) == len(months)
    for _, month, _, count in kpis:
        assert count == sum(day.replace(day=1) == month for day in deliveries.missing)
    spoken_for = max(month for month, is_complete in months.items() if is_complete)
    cards = rows(
        "select period_start, missing_file_count from published.kpi_scorecard"
        " where period_grain = 'month'"
    )
    assert set(cards) == {(spoken_for, sum(day >= spoken_for for day in deliveries.missing))}


def test_the_build_prints_the_headline(deliveries: Deliveries):
    rows = deliveries.house.published_rows
    [(merchant, amount)] = rows(
        "select merchant_id, total_amount from published.top_merchant where merchant_rank = 1"
    )
    assert f"Top merchant: {merchant} with {amount:,.2f} NGN" in deliveries.printed
    month = max(month for month, is_complete in deliveries.months().items() if is_complete)
    [(merchants,)] = rows(
        "select active_merchant_count from published.monthly_active_merchants "
        f"where month_start = date '{month}'"
    )
    assert f"Monthly active merchants {month:%Y-%m}: {merchants:,}" in deliveries.printed


def test_nothing_of_another_business_is_there(deliveries: Deliveries):
    assert marts(deliveries.house) == marts_for("merchant_activity")
    for mart in OF_ALL_DOMAINS:
        assert domains_in(deliveries.house, mart) == {"merchant_activity"}, mart


def test_days_without_a_file_leave_their_month_incomplete(deliveries: Deliveries):
    assert len(deliveries.missing) == 5, "four days, and yesterday"
    gappy_month = min(deliveries.missing).replace(day=1)
    assert not deliveries.months()[gappy_month]
    agrees_with_the_disk(deliveries)
    printed = deliveries.house.succeed("scorecard")
    assert f"5 expected files are missing, the first of {min(deliveries.missing)}" in printed


def test_a_file_that_came_late_is_missing_no_more(deliveries: Deliveries):
    """With the four files the month is complete."""
    gappy_month = min(deliveries.missing).replace(day=1)
    for path in deliveries.late.iterdir():
        path.rename(deliveries.landing / path.name)
    assert len(deliveries.missing) == 1
    assert deliveries.months()[gappy_month]
    deliveries.house.succeed("build", env=WITHOUT_DATA_TESTS)
    agrees_with_the_disk(deliveries)
