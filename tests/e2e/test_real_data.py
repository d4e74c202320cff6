"""`make verify-real`: the unchanged pipeline on data nobody here wrote."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from tests.support.api_server import serving
from tests.support.house import House

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def verified(real_data: Path, tmp_path_factory):
    """What the command printed, and the house it left behind; engines are compared elsewhere."""
    house = House(tmp_path_factory.mktemp("real"))
    printed = house.succeed("verify-real", env={"FINHOUSE_REAL_DATA": str(real_data)})
    return printed, house


def test_every_figure_equals_its_reference(verified):
    printed, _ = verified
    lines = [line for line in printed.splitlines() if line.rstrip().endswith("equal")]
    assert "DIFFERENT" not in printed
    assert len(lines) == 104
    assert "104 of 104 figures equal their reference." in printed
    assert any("MRC-009405" in line and line.count("23068866.75") == 2 for line in lines)
    assert any("monthly_active_merchants" in line and line.count(" 6446 ") == 2 for line in lines)
    assert any("loans balance" in line and line.count("21178003.04") == 2 for line in lines)


def test_it_stays_in_a_house_of_its_own(verified):
    _, house = verified
    assert [path.name for path in house.home.iterdir()] == ["verify-real"]
    assert not house.server.is_running()


def test_real_credit_breaks_the_rules_it_breaks(verified):
    """Loans over three and five years at 5 to 31 % are not what pay-later may offer."""
    _, house = verified
    left = House(house.home / "verify-real")
    found = dict(
        left.published_rows("select rule, count(*) from published.compliance_findings group by 1")
    )
    assert found["TERM_OUT_OF_RANGE"] == 1500
    [(allowed,)] = left.published_rows(
        "select count(*) from published.effective_apr "
        "where plan_type = 'PAY_OVER_TIME' and is_apr_allowed"
    )
    assert found["RATE_OUT_OF_BAND"] == 1500 - allowed
    assert "SCHEDULE_DIFFERS_FROM_CONTRACT" not in found


def test_real_days_lack_no_file(verified):
    """They were first read long after their time: nothing is expected after the last."""
    _, house = verified
    left = House(house.home / "verify-real")
    assert left.published_rows("select count(*) from published.fct_activities") != [(0,)]
    assert left.published_rows("select * from published.file_gaps") == []


def test_the_api_answers_what_the_reference_says(verified, real_data: Path):
    """The five results of the three files, and how many of their rows and values are told."""
    _, house = verified
    known: dict[str, dict[str, Decimal]] = {}
    with (real_data / "reference" / "merchant_activity_3days.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            known.setdefault(row["kpi"], {})[row["key"]] = Decimal(row["value"])
    merchant, volume = max(known["top_merchant"].items(), key=lambda one: one[1])
    adoption = sorted(known["product_adoption"].items(), key=lambda one: -one[1])
    rates = sorted(known["failure_rate_pct"].items(), key=lambda one: -one[1])
    with serving(House(house.home / "verify-real"), "duckdb") as api:
        assert api.get("/analytics/top-merchant") == {
            "merchant_id": merchant,
            "total_volume": float(volume),
        }
        assert api.get("/analytics/monthly-active-merchants") == known["monthly_active_merchants"]
        assert list(api.get("/analytics/product-adoption").items()) == adoption
        assert api.get("/analytics/kyc-funnel") == {
            "documents_submitted": known["kyc_funnel"]["DOCUMENT_SUBMITTED"],
            "verifications_completed": known["kyc_funnel"]["VERIFICATION_COMPLETED"],
            "tier_upgrades": known["kyc_funnel"]["TIER_UPGRADE"],
        }
        assert api.get("/analytics/failure-rates") == [
            {
                "product": product,
                "failure_rate": float(rate.quantize(Decimal("0.1"), ROUND_HALF_UP)),
            }
            for product, rate in rates
        ]
        imported = api.get("/imports/merchant_activity")
    told = {one["reason"]: one["values"] for one in imported["rejections"]}
    told["rows"] = imported["rows"]
    assert {name: told[name] for name in known["rows"]} == known["rows"]
    assert (imported["files"], imported["missing_files"]) == (3, 0)


def test_missing_data_is_a_clear_error(tmp_path: Path):
    result = House(tmp_path / "home").run(
        "verify-real", env={"FINHOUSE_REAL_DATA": str(tmp_path / "nowhere")}
    )
    assert result.returncode == 2
    assert "nowhere" in result.stdout and "FINHOUSE_REAL_DATA" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
