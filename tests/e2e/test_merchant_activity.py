"""Merchant files: three real days to the last digit of the reference, and days without a file."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from finhouse.demo.merchant_activity import write_activity_files
from tests.support.api_server import serving
from tests.support.house import TARGETS, House

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def real_merchants(real_data: Path, tmp_path_factory: pytest.TempPathFactory):
    """A house whose landing folder holds the three real files, built on both targets."""
    house = House(tmp_path_factory.mktemp("merchants"), "merchant_activity")
    landing = house.settings().landing / "merchant_activity"
    landing.mkdir(parents=True)
    for file in sorted((real_data / "merchant_activity").glob("*.csv")):
        shutil.copy(file, landing)
    printed = {target: house.succeed("--target", target, "build") for target in TARGETS}
    yield house, printed
    house.server.stop()


@pytest.fixture(scope="module")
def reference(real_data: Path) -> dict[tuple[str, str], Decimal]:
    with (real_data / "reference" / "merchant_activity_3days.csv").open(newline="") as file:
        return {(row["kpi"], row["key"]): Decimal(row["value"]) for row in csv.DictReader(file)}


RESULTS = {
    "top_merchant": "select merchant_id, total_amount from published.top_merchant "
    "where merchant_rank <= 3",
    "product_adoption": "select product, merchant_count from published.product_adoption",
    "kyc_funnel": "select stage, merchant_count from published.kyc_funnel",
    "failed_count": "select product, failed_count from published.failure_rates",
    "success_count": "select product, success_count from published.failure_rates",
    "failure_rate_pct": "select product, round(failure_rate * 100, 4) from published.failure_rates",
}


@pytest.mark.parametrize("kpi", RESULTS)
def test_result_equals_reference(real_merchants, reference, target: str, kpi: str):
    house, _ = real_merchants
    got = {key: Decimal(value) for key, value in house.published_rows(RESULTS[kpi], target)}
    assert got == {key: value for (name, key), value in reference.items() if name == kpi}


def test_monthly_active_merchants(real_merchants, reference, target: str):
    house, _ = real_merchants
    [(merchants,)] = house.published_rows(
        "select active_merchant_count from published.monthly_active_merchants "
        "where month_start = date '2024-01-01'",
        target,
    )
    assert merchants == reference["monthly_active_merchants", "2024-01"]


def test_every_row_is_kept_and_rejections_are_counted(real_merchants, reference, target: str):
    house, _ = real_merchants
    [(rows,)] = house.published_rows("select count(*) from published.fct_activities", target)
    assert rows == reference["rows", "rows"]
    got = dict(
        house.published_rows(
            "select reason, sum(rejection_count) from published.activity_rejections group by 1",
            target,
        )
    )
    for reason in (
        "empty_merchant_id",
        "amount_not_a_number",
        "empty_timestamp",
        "timestamp_not_a_date",
    ):
        assert got[reason] == reference["rows", reason]


def test_build_prints_the_headline(real_merchants, target: str):
    _, printed = real_merchants
    assert "Top merchant: MRC-009405 with 23,068,866.75 NGN" in printed[target]
    assert "Monthly active merchants 2024-01: 6,446" in printed[target]


def test_the_api_answers_what_the_reference_says(real_merchants, reference, target: str):
    house, _ = real_merchants
    known: dict[str, dict[str, Decimal]] = {}
    for (kpi, key), value in reference.items():
        known.setdefault(kpi, {})[key] = value
    percents = known["failure_rate_pct"]
    with serving(house, target) as api:
        merchant, volume = max(known["top_merchant"].items(), key=lambda one: one[1])
        assert api.get("/analytics/top-merchant") == {
            "merchant_id": merchant,
            "total_volume": float(volume),
        }
        assert api.get("/analytics/monthly-active-merchants") == known["monthly_active_merchants"]
        assert list(api.get("/analytics/product-adoption").items()) == sorted(
            known["product_adoption"].items(), key=lambda one: -one[1]
        )
        assert api.get("/analytics/kyc-funnel") == {
            "documents_submitted": known["kyc_funnel"]["DOCUMENT_SUBMITTED"],
            "verifications_completed": known["kyc_funnel"]["VERIFICATION_COMPLETED"],
            "tier_upgrades": known["kyc_funnel"]["TIER_UPGRADE"],
        }
        assert api.get("/analytics/failure-rates") == [
            {
                "product": product,
                "failure_rate": float(percents[product].quantize(Decimal("0.1"), ROUND_HALF_UP)),
            }
            for product in sorted(percents, key=lambda name: -percents[name])
        ]
        imported = api.get("/imports/merchant_activity")
        assert (imported["files"], imported["missing_files"]) == (3, 0)
        assert imported["rows"] == known["rows"]["rows"]
        rejections = {one["reason"]: one["values"] for one in imported["rejections"]}
        wanted = {key: value for key, value in known["rows"].items() if key != "rows"}
        assert wanted == {reason: rejections[reason] for reason in wanted}
        # A second load of the same files adds nothing.
        house.succeed("--target", target, "load")
        house.succeed("--target", target, "publish")
        again = api.get("/imports/merchant_activity")
        assert again.pop("publication_id") > imported.pop("publication_id")
        assert again == imported


def test_real_days_lack_no_file(real_merchants, target: str):
    """They were first read long after their time: nothing is expected after the last."""
    house, printed = real_merchants
    assert house.published_rows("select * from published.file_gaps", target) == []
    assert "missing" not in printed[target]


@dataclass(frozen=True)
class Deliveries:
    """A house of merchants, its landing folder, and where late files are kept until they come."""

    house: House
    landing: Path
    late: Path

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
    """Files of some months up to the day before yesterday, built on both targets.

    Four days of the month before last, which is over, have none.
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
    for target in TARGETS:
        house.succeed("--target", target, "build")
    yield Deliveries(house, landing, late)
    house.server.stop()


def agrees_with_the_disk(deliveries: Deliveries, target: str) -> None:
    """Gaps, months of charts and months of KPIs are what the names of the files say."""
    rows = deliveries.house.published_rows
    gaps = rows("select expected_date, file_name, days_late from published.file_gaps", target)
    today = datetime.now(ZoneInfo("Africa/Lagos")).date()
    assert set(gaps) == {
        (day, f"activities_{day:%Y%m%d}.csv", (today - day).days) for day in deliveries.missing
    }
    months = deliveries.months()
    charts = "select month_start, is_complete_period from published.monthly_active_merchants"
    assert dict(rows(charts, target)) == months
    kpis = rows(
        "select kpi_code, month_start, is_complete_period, missing_file_count"
        " from published.kpi_monthly",
        target,
    )
    assert {month: is_complete for _, month, is_complete, _ in kpis} == months
    assert len({(month, is_complete) for _, month, is_complete, _ in kpis}) == len(months)
    for _, month, _, count in kpis:
        assert count == sum(day.replace(day=1) == month for day in deliveries.missing)
    spoken_for = max(month for month, is_complete in months.items() if is_complete)
    cards = rows(
        "select period_start, missing_file_count from published.kpi_scorecard"
        " where period_grain = 'month'",
        target,
    )
    assert set(cards) == {(spoken_for, sum(day >= spoken_for for day in deliveries.missing))}


def test_days_without_a_file_leave_their_month_incomplete(deliveries, target: str):
    assert len(deliveries.missing) == 5, "four days, and yesterday"
    gappy_month = min(deliveries.missing).replace(day=1)
    assert not deliveries.months()[gappy_month]
    agrees_with_the_disk(deliveries, target)
    printed = deliveries.house.succeed("--target", target, "scorecard")
    assert f"5 expected files are missing, the first of {min(deliveries.missing)}" in printed


def test_a_file_that_came_late_is_missing_no_more(deliveries):
    """With the four files the month is complete."""
    gappy_month = min(deliveries.missing).replace(day=1)
    for path in deliveries.late.iterdir():
        path.rename(deliveries.landing / path.name)
    assert len(deliveries.missing) == 1
    assert deliveries.months()[gappy_month]
    for target in TARGETS:
        deliveries.house.succeed("--target", target, "build")
        agrees_with_the_disk(deliveries, target)
