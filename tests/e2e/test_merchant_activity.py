"""The five merchant results on three real days, to the last digit of the reference."""

from __future__ import annotations

import csv
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

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
