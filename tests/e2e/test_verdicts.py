"""KPIs that are judged, once more in plain SQL on the OLTP, month by month."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.support.house import House

# Half a unit of the eighth decimal, as values are rounded to it.
ROUNDING = Decimal("6e-9")
COMPLETED = "upper(trim(status)) in ('COMPLETED', 'SETTLED')"
MATURITY_DAYS = 30


def monthly(house: House, code: str, target: str) -> dict[date, tuple]:
    """Numerator, denominator, value and completeness of each month of a KPI."""
    return {
        month: tuple(values)
        for month, *values in house.published_rows(
            "select month_start, numerator, denominator, value, is_complete_period "
            f"from published.kpi_monthly where kpi_code = '{code}'",
            target,
        )
    }


def last_day_of(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def test_fraud_counts_when_its_cases_are_decided(company: House, target: str):
    as_of = date.fromisoformat(company.truth()["as_of_date"])
    confirmed = monthly(company, "fraud_rate", target)
    suspected = monthly(company, "fraud_suspected_rate", target)
    rows = company.oltp_rows(
        "with cases as (select transaction_id, bool_or(outcome = 'confirmed') as is_fraud, "
        "bool_or(outcome = 'suspected') as is_open from wallet.fraud_cases group by 1) "
        "select date_trunc('month', t.created_at)::date, count(*), "
        "count(*) filter (where is_fraud), count(*) filter (where is_fraud or is_open), "
        "count(*) filter (where is_open) "
        "from wallet.transactions as t left join cases as c on c.transaction_id = t.id "
        f"where t.created_at < date '{as_of}' + 1 group by 1"
    )
    assert len(rows) >= 18 and any(open_cases for *_, open_cases in rows)
    for month, count, frauds, suspects, open_cases in rows:
        assert confirmed[month][:2] == (frauds, count), month
        assert suspected[month][:2] == (suspects, count), month
        over = last_day_of(month)
        is_known = open_cases == 0 or over + timedelta(days=MATURITY_DAYS) <= as_of
        assert confirmed[month][3] == (over <= as_of and is_known), month
        assert suspected[month][3] == (over <= as_of), month


@pytest.fixture(scope="module")
def wallet_months(company: House) -> dict[date, dict[str, Decimal]]:
    """What the wallet earned and spent in its complete months, by the OLTP."""
    as_of = date.fromisoformat(company.truth()["as_of_date"])
    earned = company.oltp_rows(
        "select date_trunc('month', created_at)::date, "
        f"0.10 * count(*) filter (where {COMPLETED}), count(distinct sender_id) "
        f"from wallet.transactions where created_at < date '{as_of}' + 1 group by 1"
    )
    months = {
        month: {"revenue": revenue, "mau": Decimal(mau)}
        for month, revenue, mau in earned
        if last_day_of(month) <= as_of
    }
    fees = (
        "select m::date, coalesce(sum(round(b.monthly_fee + b.transaction_fee_percentage * "
        "coalesce((select sum(t.amount) from wallet.transactions as t where t.bank_id = "
        f"b.bank_code and {COMPLETED.replace('status', 't.status')} "
        "and date_trunc('month', t.created_at) = m), 0), 2)), 0) "
        "from generate_series(timestamp '2025-01-01', timestamp '2027-01-01', '1 month') as m "
        "left join wallet.bank_partnerships as b on b.contract_start_date < m + interval '1 month' "
        "and (b.contract_end_date is null or b.contract_end_date >= m) group by 1"
    )
    sums = {
        "fees": fees,
        "costs": "select cost_month, sum(amount) from wallet.operating_costs group by 1",
        "cogs": "select cost_month, sum(amount) from wallet.operating_costs where is_cogs "
        "group by 1",
        "spend": "select date_trunc('month', spend_date)::date, sum(amount) "
        "from wallet.marketing_spend group by 1",
        "new": "select date_trunc('month', created_at)::date, count(*) from wallet.users "
        "group by 1",
    }
    for name, query in sums.items():
        found = dict(company.oltp_rows(query))
        for month, values in months.items():
            values[name] = Decimal(found.get(month, 0))
    told = company.truth()["monthly"]
    for month, values in months.items():
        values["churned"] = Decimal(told[f"{month:%Y-%m}"]["churned_users"])
    return months


def gross_margin_total(now: dict, before: dict) -> Decimal | None:
    earned = now["revenue"] + now["fees"]
    return (earned - now["cogs"]) / earned if earned else None


def burn_total(now: dict, before: dict) -> Decimal | None:
    return now["costs"] + now["spend"] - now["revenue"] - now["fees"]


def ltv_cac_observed(now: dict, before: dict) -> Decimal | None:
    parts = (now["revenue"], now["mau"], now["churned"], now["new"], now["spend"])
    if not before or not all(parts):
        return None
    margin_per_user = (now["revenue"] - now["cogs"]) / now["mau"]
    churn = now["churned"] / before["mau"]
    return margin_per_user / churn / (now["spend"] / now["new"])


def ltv_payback_months(now: dict, before: dict) -> Decimal | None:
    profit = now["revenue"] - now["cogs"]
    if profit <= 0 or not now["new"]:
        return None
    return (now["spend"] / now["new"]) / (profit / now["mau"])


@pytest.mark.parametrize(
    "formula", [gross_margin_total, burn_total, ltv_cac_observed, ltv_payback_months]
)
def test_what_the_wallet_earns(
    company: House, wallet_months: dict[date, dict[str, Decimal]], target: str, formula
):
    marts = monthly(company, formula.__name__, target)
    told = 0
    for month, now in wallet_months.items():
        before = wallet_months.get((month - timedelta(days=1)).replace(day=1), {})
        expected, value = formula(now, before), marts[month][2]
        if expected is None:
            assert value is None, month
            continue
        told += 1
        # Relative where it is large: the parts are exact, the quotient is rounded once.
        assert abs(value - expected) <= ROUNDING * max(1, abs(expected)), month
    assert told > 6, "a formula without values proves nothing"


def test_costs_of_the_running_month_are_those_of_the_days_lived(company: House, target: str):
    as_of = date.fromisoformat(company.truth()["as_of_date"])
    rows = company.published_rows(
        "select month_start, operating_cost_amount, is_complete_period "
        "from published.wallet_monthly_metrics",
        target,
    )
    booked = dict(
        company.oltp_rows(
            "select cost_month, sum(amount) from wallet.operating_costs group by cost_month"
        )
    )
    for month, amount, is_complete in rows:
        share = Decimal(1)
        if not is_complete:
            share = Decimal((as_of - month).days + 1) / last_day_of(month).day
        assert abs(amount - booked.get(month, Decimal(0)) * share) <= Decimal("0.005"), month


def test_value_of_a_customer_is_net_of_what_was_lost(company: House, target: str):
    as_of = company.truth("microfinance")["as_of_date"]
    expected = dict(
        company.oltp_rows(
            "with lent as (select user_id, sum(processing_fee) - coalesce(sum(case when "
            "(written_off_at at time zone 'Africa/Nairobi')::date "
            f"<= date '{as_of}' then written_off_amount end), 0) as amount "
            "from microfinance.loans where active "
            f"and disbursed_date <= date '{as_of}' group by 1), "
            "paid as (select l.user_id, sum(r.interest_paid + r.penalty_paid + case when "
            "r.payment_date > (l.written_off_at at time zone 'Africa/Nairobi')::date "
            "then r.amount - r.penalty_paid - r.interest_paid else 0 end) as amount "
            "from microfinance.loan_repayments as r join microfinance.loans as l "
            "on l.id = r.loan_id and l.active "
            f"where r.active and r.payment_date <= date '{as_of}' group by 1), "
            "fees as (select a.user_id, sum(t.amount) as amount "
            "from microfinance.transactions as t "
            "join microfinance.transaction_types as y on y.id = t.transaction_type_id "
            "join microfinance.accounts as a on a.id = t.account_id "
            "where y.code = 'ACCOUNT_FEE' and t.active "
            "and (t.transaction_date at time zone 'Africa/Nairobi')::date "
            f"<= date '{as_of}' group by 1) "
            "select u.id::text, coalesce(lent.amount, 0) + coalesce(paid.amount, 0) "
            "+ coalesce(fees.amount, 0) from microfinance.users_user as u "
            "left join lent on lent.user_id = u.id left join paid on paid.user_id = u.id "
            "left join fees on fees.user_id = u.id"
        )
    )
    marts = dict(
        company.published_rows(
            "select customer_id, lifetime_value_amount from published.customer_lifetime_value",
            target,
        )
    )
    assert min(marts.values()) < 0, "nobody's loan was lost"
    assert marts == {customer: expected[customer] for customer in marts}


def test_nobody_in_default_is_above_engaged(company: House, target: str):
    lost = {
        customer
        for (customer,) in company.oltp_rows(
            "select distinct user_id::text from microfinance.loans "
            "where active and written_off_at is not null"
        )
    }
    segments = dict(
        company.published_rows(
            "select customer_id, segment from published.customer_segmentation", target
        )
    )
    non_performing = {
        customer
        for (customer,) in company.published_rows(
            "select distinct customer_id from published.dim_loans where arrears_days >= 90", target
        )
    }
    known = (lost | non_performing) & segments.keys()
    assert len(known) > 10
    assert {segments[customer] for customer in known} <= {"ENGAGED", "NEW", "DORMANT"}
