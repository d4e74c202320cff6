"""The marts against the demo company's own account of itself, kept while it lived."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.support.house import House


def by_key(rows: list[tuple]) -> dict:
    return {row[0]: row[1:] for row in rows}


def test_as_of_date_is_the_last_complete_day(company: House, target: str):
    [(last_day,)] = company.published_rows("select max(date) from published.daily_metrics", target)
    assert last_day.isoformat() == company.truth()["as_of_date"]


DAILY = {
    "total_transactions": "total_transactions",
    "successful_transactions": "successful_transactions",
    "failed_transactions": "failed_transactions",
    "total_volume": "total_volume",
    "amount_all": "total_amount_all_statuses",
    "active_users": "active_users",
    "new_users": "new_users",
    "active_users_activity": "active_users_activity",
    "churned_users": "churned_users",
    "fraud_transactions": "fraud_transactions",
    "processing_time_ms_count": "processed_transactions",
    "downtime_seconds": "downtime_seconds",
}


@pytest.mark.parametrize("measure", DAILY)
def test_daily_metrics(company: House, target: str, measure: str):
    marts = by_key(
        company.published_rows(
            f"select date, {DAILY[measure]} from published.daily_metrics", target
        )
    )
    truth = company.truth()["daily"]
    assert len(marts) == len(truth) > 500
    wrong = {
        day: (str(marts[date.fromisoformat(day)][0]), expected[measure])
        for day, expected in truth.items()
        if Decimal(marts[date.fromisoformat(day)][0]) != Decimal(str(expected[measure]))
    }
    assert not wrong


MONTHLY = {
    "mau": "mau",
    "new_users": "new_user_count",
    "churned_users": "churned_user_count",
    "total_transactions": "transaction_count",
    "completed_transactions": "completed_transaction_count",
    "total_volume": "monthly_transaction_volume",
    "amount_all": "transaction_amount",
    "marketing_spend": "marketing_spend_amount",
    "operating_costs": "operating_cost_amount",
    "cogs": "cogs_amount",
    "fraud_transactions": "fraud_transaction_count",
    "median_transaction_amount": "median_transaction_amount",
}


@pytest.mark.parametrize("measure", MONTHLY)
def test_monthly_metrics(company: House, target: str, measure: str):
    marts = by_key(
        company.published_rows(
            f"select month_start, {MONTHLY[measure]} from published.wallet_monthly_metrics "
            "where is_complete_period",
            target,
        )
    )
    truth = company.truth()["monthly"]
    assert len(marts) >= 17
    wrong = {
        month: (str(values[0]), truth[f"{month:%Y-%m}"][measure])
        for month, values in marts.items()
        if Decimal(values[0]) != Decimal(str(truth[f"{month:%Y-%m}"][measure]))
    }
    assert not wrong


def test_retention_by_signup_day(company: House, target: str):
    truth = company.truth()["retention"]
    rows = company.published_rows(
        "select signup_date, new_user_count, d1_retained_count, d7_retained_count, "
        "d30_retained_count, d1_eligible_count, d7_eligible_count, d30_eligible_count "
        "from published.retention_daily where new_user_count > 0",
        target,
    )
    as_of = date.fromisoformat(company.truth()["as_of_date"])
    for day, cohort, *counts in rows:
        expected = truth[day.isoformat()]
        assert cohort == expected["cohort"]
        for number, retained, eligible in zip((1, 7, 30), counts[:3], counts[3:], strict=True):
            assert retained == expected[f"d{number}"], (day, number)
            # Not one user of the day counts before the whole of day +N has passed.
            assert eligible == (cohort if day + timedelta(days=number) <= as_of else None)
    assert {day.isoformat() for day, *_ in rows} == {
        day for day, expected in truth.items() if expected["cohort"]
    }


def test_cohort_retention(company: House, target: str):
    marts: dict[str, list[int]] = {}
    for month, size, active in company.published_rows(
        "select cohort_month, cohort_user_count, active_user_count "
        "from published.cohort_retention_monthly order by cohort_month, month_number",
        target,
    ):
        marts.setdefault(f"{month:%Y-%m}", [size]).append(active)
    assert marts == company.truth()["cohorts"]


def test_activation(company: House, target: str):
    marts = {
        f"{month:%Y-%m}": {"eligible": eligible, "activated": activated}
        for month, eligible, activated in company.published_rows(
            "select month_start, activation_due_user_count, activated_user_count "
            "from published.wallet_monthly_metrics",
            target,
        )
    }
    assert marts == company.truth()["activation"]


def test_referrals(company: House, target: str):
    marts = {
        f"{month:%Y-%m}": {"referred_signups": count}
        for month, count in company.published_rows(
            "select month_start, referred_signup_count from published.referral_monthly", target
        )
    }
    assert marts == company.truth()["referral"]


def test_banks(company: House, target: str):
    marts: dict[str, dict] = {}
    for bank, month, transactions, completed, volume in company.published_rows(
        "select bank_code, month_start, transaction_count, completed_transaction_count, "
        "volume_amount from published.bank_performance_monthly "
        "where transaction_count > 0 and bank_code <> 'UNASSIGNED'",
        target,
    ):
        marts.setdefault(bank, {})[f"{month:%Y-%m}"] = {
            "transactions": transactions,
            "volume": str(volume),
            "completed": completed,
        }
    truth = {
        bank: {month: values for month, values in months.items() if values["transactions"]}
        for bank, months in company.truth()["banks"].items()
    }
    known = {bank: months for bank, months in truth.items() if bank in marts}
    assert marts == known
    assert len(marts) >= 4


def test_users(company: House, target: str):
    [(users, with_transactions)] = company.published_rows(
        "select count(*), sum(case when sent_transaction_count > 0 then 1 else 0 end) "
        "from published.dim_users",
        target,
    )
    truth = company.truth()["users"]
    assert (users, with_transactions) == (truth["count"], truth["with_transactions"])
