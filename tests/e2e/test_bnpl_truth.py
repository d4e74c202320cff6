"""The bnpl marts against the provider's own account of itself, kept while it lived."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from tests.support.house import House

PLAN_TYPES = ("PAY_IN_4", "PAY_IN_30", "PAY_OVER_TIME", "PAY_IN_FULL")


def money(value: object) -> Decimal:
    return Decimal(str(value))


def test_as_of_date_is_the_last_complete_day(company: House, target: str):
    [(last_day,)] = company.published_rows(
        "select max(date_day) from published.receivables_daily", target
    )
    assert last_day.isoformat() == company.truth("bnpl")["as_of_date"]


# Figure of the truth file, and column of the mart.
RECEIVABLES = {
    "principal": "principal_amount",
    "repaid": "principal_repaid_amount",
    "refunded": "principal_refunded_amount",
    "written_off": "written_off_amount",
    "recovered": "recovered_amount",
    "outstanding": "outstanding_amount",
    "interest_outstanding": "interest_receivable_amount",
    "fees_outstanding": "fee_receivable_amount",
    "credit_balance": "credit_balance_amount",
    "receivable": "receivable_amount",
    "active_plans": "active_plan_count",
}


@pytest.mark.parametrize("figure", RECEIVABLES)
def test_receivables_of_each_plan_type_at_every_month_end(company: House, target: str, figure: str):
    truth = company.truth("bnpl")["receivables"]
    days = ", ".join(f"date '{day}'" for day in truth)
    marts = {
        (day.isoformat(), plan_type): money(value)
        for day, plan_type, value in company.published_rows(
            f"select date_day, plan_type, {RECEIVABLES[figure]} "
            f"from published.receivables_daily where date_day in ({days})",
            target,
        )
    }
    expected = {
        (day, plan_type): money(kinds[plan_type][figure]) if plan_type in kinds else Decimal(0)
        for day, kinds in truth.items()
        for plan_type in PLAN_TYPES
    }
    assert len(truth) >= 18 and any(expected.values()), "nothing to compare"
    assert {key: marts.get(key, Decimal(0)) for key in expected} == expected


def test_delinquency_by_bucket(company: House, target: str):
    truth = company.truth("bnpl")["receivables"]
    marts = {
        (day.isoformat(), plan_type, bucket): amount
        for day, plan_type, bucket, amount in company.published_rows(
            "select snapshot_date, plan_type, delinquency_bucket, outstanding_amount "
            "from published.installment_delinquency_monthly where outstanding_amount > 0",
            target,
        )
    }
    expected = {
        (day, plan_type, bucket): money(amount)
        for day, kinds in truth.items()
        for plan_type, figures in kinds.items()
        for bucket, amount in figures["buckets"].items()
    }
    assert {bucket for _, _, bucket in expected} == {
        "CURRENT",
        "1-3",
        "4-29",
        "30-59",
        "60-89",
        "90_AND_OVER",
    }
    assert marts == expected


def test_disputed_principal(company: House, target: str):
    truth = company.truth("bnpl")["receivables"]
    marts = {
        (day.isoformat(), plan_type): amount
        for day, plan_type, amount in company.published_rows(
            "select snapshot_date, plan_type, sum(disputed_amount) "
            "from published.installment_delinquency_monthly group by 1, 2",
            target,
        )
        if amount
    }
    expected = {
        (day, plan_type): money(figures["disputed"])
        for day, kinds in truth.items()
        for plan_type, figures in kinds.items()
        if money(figures["disputed"])
    }
    assert marts == expected and expected


@pytest.mark.parametrize("days", [30, 60, 90])
def test_delinquency_kpis_are_the_buckets(company: House, target: str, days: int):
    truth = company.truth("bnpl")["receivables"]
    marts = {
        f"{month:%Y-%m}": (numerator, denominator)
        for month, numerator, denominator in company.published_rows(
            "select month_start, numerator, denominator from published.kpi_monthly "
            f"where kpi_code = 'bnpl_delinquency_{days}_plus'",
            target,
        )
    }
    late = {30: ("30-59", "60-89", "90_AND_OVER"), 60: ("60-89", "90_AND_OVER")}
    buckets = late.get(days, ("90_AND_OVER",))
    assert len(marts) == len(truth)
    for day, kinds in truth.items():
        overdue = sum(
            money(figures["buckets"].get(bucket, 0))
            for figures in kinds.values()
            for bucket in buckets
        )
        outstanding = sum(money(figures["outstanding"]) for figures in kinds.values())
        assert marts[day[:7]] == (overdue, outstanding), day


SALES = "published.bnpl_sales_monthly group by month_start"
PLANS = "published.plan_performance_monthly group by month_start"
ATTEMPTS = "published.payment_methods_daily group by month_start"
MONTHLY = {
    "gmv": f"month_start, sum(gmv_amount) from {SALES}",
    "refunds": f"month_start, sum(refunded_amount) from {SALES}",
    "commission": f"month_start, sum(commission_amount) from {SALES}",
    "orders_captured": f"month_start, sum(captured_order_count) from {SALES}",
    "orders_placed": "cast(date_trunc('month', order_date) as date), count(*) "
    "from published.fct_orders group by 1",
    "new_customers": "cast(date_trunc('month', signup_date) as date), count(*) "
    "from published.dim_bnpl_customers group by 1",
    "financed": f"month_start, sum(activated_amount) from {PLANS}",
    "plans_activated": f"month_start, sum(activated_plan_count) from {PLANS}",
    "written_off": f"month_start, sum(written_off_amount) from {PLANS}",
    "recovered": f"month_start, sum(recovered_amount) from {PLANS}",
    "plans_written_off": "cast(date_trunc('month', written_off_date) as date), count(*) "
    "from published.fct_payment_plans where written_off_date is not null group by 1",
    "approved": "month_start, sum(approved_assessment_count) from published.credit_quality "
    "group by 1",
    "declined": "month_start, sum(declined_assessment_count) from published.credit_quality "
    "group by 1",
    "referred": "month_start, sum(referred_assessment_count) from published.credit_quality "
    "group by 1",
    "attempts_succeeded": f"month_start, sum(successful_attempt_count) from {ATTEMPTS}",
    "attempts_failed": f"month_start, sum(failed_attempt_count) from {ATTEMPTS}",
    "collected": "cast(date_trunc('month', settled_date) as date), sum(amount) "
    "from published.fct_bnpl_payments where settled_date is not null group by 1",
    "charged_back": "cast(date_trunc('month', charged_back_date) as date), sum(amount) "
    "from published.fct_bnpl_payments where charged_back_date is not null group by 1",
    "chargebacks": "cast(date_trunc('month', charged_back_date) as date), count(*) "
    "from published.fct_bnpl_payments where charged_back_date is not null group by 1",
    "disputes_opened": "month_start, sum(dispute_count) "
    "from published.merchant_performance_monthly group by 1",
}


@pytest.mark.parametrize("figure", MONTHLY)
def test_monthly_flows(company: House, target: str, figure: str):
    truth = company.truth("bnpl")["monthly"]
    marts = {
        f"{month:%Y-%m}": money(value)
        for month, value in company.published_rows(f"select {MONTHLY[figure]}", target)
    }
    expected = {month: money(figures[figure]) for month, figures in truth.items()}
    assert any(expected.values()), "nothing to compare"
    assert {month: marts.get(month, Decimal(0)) for month in expected} == expected
    assert sum(marts.values()) == sum(expected.values())


@pytest.mark.parametrize(
    ("code", "numerator", "denominator"),
    [
        ("bnpl_gmv", lambda month: month["gmv"], None),
        ("bnpl_net_gmv", lambda month: money(month["gmv"]) - money(month["refunds"]), None),
        ("bnpl_aov", lambda month: month["gmv"], lambda month: month["orders_captured"]),
        (
            "bnpl_approval_rate",
            lambda month: month["approved"],
            lambda month: month["approved"] + month["declined"],
        ),
        (
            "bnpl_payment_success_rate",
            lambda month: month["attempts_succeeded"],
            lambda month: month["attempts_succeeded"] + month["attempts_failed"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_kpis_of_the_month(company: House, target: str, code: str, numerator, denominator):
    truth = company.truth("bnpl")["monthly"]
    marts = {
        f"{month:%Y-%m}": values
        for month, *values in company.published_rows(
            "select month_start, numerator, denominator from published.kpi_monthly "
            f"where kpi_code = '{code}'",
            target,
        )
    }
    assert marts.keys() == truth.keys()
    for month, figures in truth.items():
        assert marts[month][0] == money(numerator(figures)), month
        if denominator is not None:
            assert marts[month][1] == money(denominator(figures)), month


def test_verification_by_level(company: House, target: str):
    truth = company.truth("bnpl")["verification"]
    decided: dict = defaultdict(dict)
    pending = {}
    for month, level, approved, rejected, still_open in company.published_rows(
        "select month_start, kyc_level, approved_count, rejected_count, pending_count "
        "from published.kyc_monthly order by month_start",
        target,
    ):
        if approved or rejected:
            decided[str(level)][f"{month:%Y-%m}"] = {"approved": approved, "rejected": rejected}
        pending[str(level)] = still_open
    assert decided == {level: told["months"] for level, told in truth.items()}
    assert pending == {level: told["pending"] for level, told in truth.items()}
    assert sum(pending.values()) > 0


# Mart and what narrows it to the end of the days lived, against the plans themselves.
CUSTOMERS = {
    "receivables_daily": "is_last_day",
    "plan_performance_monthly": (
        "month_start = (select max(month_start) from published.plan_performance_monthly)"
    ),
}


@pytest.mark.parametrize("mart", CUSTOMERS)
def test_customers_with_an_active_plan_by_plan_type(company: House, target: str, mart: str):
    counted = company.published_rows(
        f"select plan_type, customer_count, active_plan_count from published.{mart} "
        f"where {CUSTOMERS[mart]} order by plan_type",
        target,
    )
    expected = company.published_rows(
        "select plan_type, count(distinct case when is_active then customer_id end), "
        "sum(case when is_active then 1 else 0 end) from published.fct_payment_plans "
        "where activated_date is not null group by plan_type order by plan_type",
        target,
    )
    assert counted == expected
    assert any(plans > customers for _, customers, plans in counted)


def test_settlements(company: House, target: str):
    truth = company.truth("bnpl")["settlements"]
    [row] = company.published_rows(
        "select count(*), sum(gross_amount), sum(commission_amount), sum(refunded_amount), "
        "sum(net_amount), sum(case when not is_paid then 1 else 0 end), "
        "sum(case when not is_paid then net_amount else 0 end), "
        "sum(case when is_past_due then 1 else 0 end), "
        "sum(case when is_past_due then net_amount else 0 end) "
        "from published.merchant_settlements",
        target,
    )
    names = ("count", "gross", "commission", "refunds", "net", "unpaid", "unpaid_net")
    names += ("overdue", "overdue_net")
    assert [money(value) for value in row] == [money(truth[name]) for name in names]
    assert truth["overdue"] > 0


def test_rewards_at_every_month_end(company: House, target: str):
    truth = company.truth("bnpl")["rewards"]
    days = ", ".join(f"date '{day}'" for day in truth)
    until = "sum({}) over (order by date_day)"
    moved = ", ".join(
        until.format(f"{kind}_amount") for kind in ("earned", "redeemed", "expired", "reversed")
    )
    marts = {
        day.isoformat(): tuple(values)
        for day, *values in company.published_rows(
            f"select * from (select date_day, {moved}, liability_amount "
            f"from published.rewards_liability_daily) as r where date_day in ({days})",
            target,
        )
    }
    names = ("earned", "redeemed", "expired", "reversed", "liability")
    assert marts == {
        day: tuple(money(figures[name]) for name in names) for day, figures in truth.items()
    }
    assert min(money(figures["liability"]) for figures in truth.values()) >= 0


def test_totals(company: House, target: str):
    truth = company.truth("bnpl")["totals"]
    assert company.published_rows(
        "select sum(case when is_rescheduled then 1 else 0 end) from published.fct_payment_plans",
        target,
    ) == [(truth["rescheduled_plans"],)]
    assert company.published_rows(
        "select sum(review_count), sum(star_sum) from published.merchant_performance_monthly",
        target,
    ) == [(truth["reviews"], truth["stars"])]


def test_principal_is_accounted_for_on_every_day(company: House, target: str):
    assert company.published_rows(
        "select count(*) from published.receivables_daily where principal_amount <> "
        "principal_repaid_amount + outstanding_amount + written_off_amount "
        "+ principal_refunded_amount",
        target,
    ) == [(0,)]


def test_nothing_is_dated_after_the_as_of_day(company: House, target: str):
    as_of = date.fromisoformat(company.truth("bnpl")["as_of_date"])
    dated = {
        "fct_orders": ("order_date", "captured_date"),
        "fct_payment_plans": ("activated_date", "written_off_date"),
        "fct_bnpl_payments": ("initiated_date", "settled_date", "charged_back_date"),
        "merchant_settlements": ("paid_date", "period_end_date"),
    }
    for mart, columns in dated.items():
        for column in columns:
            [(last,)] = company.published_rows(
                f"select max({column}) from published.{mart}", target
            )
            assert last is not None and last <= as_of, (mart, column)
