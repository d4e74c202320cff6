"""The microfinance marts against the institution's own account of itself, kept while it lived."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.support.house import House


def money(value: object) -> Decimal:
    return Decimal(str(value))


def test_as_of_date_is_the_last_complete_day(company: House, target: str):
    [(last_day,)] = company.published_rows(
        "select max(snapshot_date) from published.financial_health_monthly", target
    )
    assert last_day.isoformat() == company.truth("microfinance")["as_of_date"]


def test_portfolio_at_every_month_end(company: House, target: str):
    truth = company.truth("microfinance")["portfolio"]
    rows = company.published_rows(
        "select snapshot_date, active_loan_count, gross_portfolio_amount, npl_amount "
        "from published.financial_health_monthly",
        target,
    )
    marts = {day.isoformat(): (count, amount, npl) for day, count, amount, npl in rows}
    assert len(truth) >= 18
    assert marts == {
        day: (told["active_loans"], money(told["gross_portfolio"]), money(told["npl"]))
        for day, told in truth.items()
    }


def test_portfolio_at_risk(company: House, target: str):
    truth = company.truth("microfinance")["portfolio"]
    columns = ", ".join(f"sum(par_{days}_amount)" for days in (1, 7, 30, 60, 90))
    columns += ", sum(par_30_with_restructured_amount), sum(restructured_amount)"
    rows = company.published_rows(
        f"select snapshot_date, {columns} from published.portfolio_at_risk group by 1", target
    )
    marts = {day.isoformat(): amounts for day, *amounts in rows}
    assert sum(amounts[2] > 0 for amounts in marts.values()) > 10, "nobody was ever late"
    assert any(restructured > 0 for *_, restructured in marts.values()), "nobody was restructured"
    assert marts == {
        day: [money(amount) for amount in told["par"].values()]
        + [money(told["par_30_with_restructured"]), money(told["restructured"])]
        for day, told in truth.items()
        if told["active_loans"]
    }


def test_ageing_buckets(company: House, target: str):
    truth = company.truth("microfinance")["portfolio"]
    marts: dict[str, dict] = {}
    for day, bucket, amount in company.published_rows(
        "select snapshot_date, ageing_bucket, sum(outstanding_amount) "
        "from published.portfolio_at_risk group by 1, 2",
        target,
    ):
        marts.setdefault(day.isoformat(), {})[bucket] = amount
    assert marts == {
        day: {bucket: money(amount) for bucket, amount in told["buckets"].items()}
        for day, told in truth.items()
        if told["buckets"]
    }


def test_roll_rates(company: House, target: str):
    truth = company.truth("microfinance")["roll"]
    marts: dict[str, dict] = {}
    for month, before, after, amount in company.published_rows(
        "select month_start, from_bucket, to_bucket, rolled_amount from published.loan_roll_rates "
        "where loan_count > 0",
        target,
    ):
        marts.setdefault(f"{month:%Y-%m}", {})[f"{before} -> {after}"] = amount
    assert marts == {
        day[:7]: {move: money(amount) for move, amount in matrix.items()}
        for day, matrix in truth.items()
        if matrix
    }


MONTHLY = {
    "disbursed": "sum(disbursed_amount) from published.dim_loans group by disbursed_month",
    "disbursed_loans": "count(*) from published.dim_loans group by disbursed_month",
    "processing_fees": "processing_fee_amount from published.financial_health_monthly",
    "principal_repaid": "principal_collected_amount from published.collections_monthly",
    "interest": "interest_collected_amount from published.collections_monthly",
    "penalties": "penalty_collected_amount from published.collections_monthly",
    "recovered": "recovered_amount from published.collections_monthly",
    "written_off": "written_off_amount from published.collections_monthly",
    "deposits": "deposit_amount from published.financial_health_monthly",
    "deposit_interest": "deposit_interest_amount from published.financial_health_monthly",
    "account_fees": "account_fee_amount from published.financial_health_monthly",
    "earnings": "investment_earnings_amount from published.financial_health_monthly",
    "operating_costs": "operating_cost_amount from published.financial_health_monthly",
    "new_customers": "new_customer_count from published.financial_health_monthly",
    "new_accounts": "opened_account_count from published.financial_health_monthly",
    "active_accounts": "customer_active_account_count from published.financial_health_monthly",
    "payments": "payment_count from published.financial_health_monthly",
    "successful_payments": "successful_payment_count from published.financial_health_monthly",
}


@pytest.mark.parametrize("measure", MONTHLY)
def test_monthly_flows(company: House, target: str, measure: str):
    truth = company.truth("microfinance")["monthly"]
    month = "disbursed_month" if "dim_loans" in MONTHLY[measure] else "month_start"
    marts = {
        f"{start:%Y-%m}": money(value)
        for start, value in company.published_rows(f"select {month}, {MONTHLY[measure]}", target)
    }
    expected = {name: money(told[measure]) for name, told in truth.items()}
    assert any(expected.values())
    assert {name: marts.get(name, Decimal(0)) for name in expected} == expected


def test_investments(company: House, target: str):
    truth = company.truth("microfinance")["investments"]
    marts = {
        day.isoformat(): (int(count), aum, expected)
        for day, count, aum, expected in company.published_rows(
            "select snapshot_date, sum(held_count), sum(aum_amount), sum(expected_return_amount) "
            "from published.investment_portfolio_summary group by 1",
            target,
        )
    }
    as_of = company.truth("microfinance")["as_of_date"]
    # An investment broken later has its total return overwritten: past days know it as it is now.
    assert marts[as_of][2] == money(truth[as_of]["return"])
    assert {day: values[:2] for day, values in marts.items()} == {
        day: (told["count"], money(told["aum"])) for day, told in truth.items()
    }


def test_ledger(company: House, target: str):
    truth = company.truth("microfinance")["ledger"]
    [(count, difference)] = company.published_rows(
        "select count(*), sum(difference_amount) from published.ledger_differences", target
    )
    assert count == truth["differences"] > 0
    assert difference == money(truth["balance_sum"]) - money(truth["signed_sum"])


def test_customers(company: House, target: str):
    truth = company.truth("microfinance")["customers"]
    [(count, borrowers, investors)] = company.published_rows(
        "select count(*), sum(case when is_borrower then 1 else 0 end), "
        "sum(case when is_investor then 1 else 0 end) from published.dim_customers",
        target,
    )
    assert (count, borrowers, investors) == (
        truth["count"],
        truth["borrowers"],
        truth["investors"],
    )


def test_loan_book_ties_out(company: House, target: str):
    truth = company.truth("microfinance")["totals"]
    [row] = company.published_rows(
        "select sum(disbursed_amount), sum(principal_repaid_amount), sum(outstanding_amount), "
        "sum(written_off_amount), sum(recovered_amount), "
        "sum(case when is_restructured then 1 else 0 end) from published.dim_loans",
        target,
    )
    assert [money(value) for value in row] == [
        money(truth[name])
        for name in (
            "disbursed",
            "principal_repaid",
            "outstanding",
            "written_off",
            "recovered",
            "restructured_loans",
        )
    ]
    assert row[0] == row[1] + row[2] + row[3]


def test_financial_health_speaks_of_complete_months_only(company: House, target: str):
    as_of = date.fromisoformat(company.truth("microfinance")["as_of_date"])
    assert company.published_rows(
        "select count(*) from published.financial_health_monthly "
        f"where snapshot_date > date '{as_of}' or not is_complete_period and "
        "(portfolio_yield is not null or net_interest_margin is not null "
        "or operational_self_sufficiency is not null)",
        target,
    ) == [(0,)]
