"""PAR 30, NPL, vintages and investment returns: the marts against a second implementation."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from tests.reference.loan_book import (
    Loan,
    investment_returns,
    month_ends,
    portfolio,
    vintages,
)
from tests.support.house import House

# KPI and the part of the portfolio that it is the share of.
PARTS = {
    "par_30": "par_30",
    "par_30_with_restructured": "par_30_with_restructured",
    "restructured_share": "restructured",
    "npl_ratio": "npl",
}


@pytest.fixture(scope="module")
def as_of(company: House) -> date:
    return date.fromisoformat(company.truth("microfinance")["as_of_date"])


@pytest.fixture(scope="module")
def loans(company: House, as_of: date) -> list[Loan]:
    """The loans of the OLTP, disbursed by the as-of day, with what belongs to them."""
    book = {
        loan_id: Loan(amount, disbursed, written_off, lost or Decimal(0))
        for loan_id, amount, disbursed, written_off, lost in company.oltp_rows(
            "select id, approved_amount, disbursed_date, "
            "(written_off_at at time zone 'Africa/Nairobi')::date, written_off_amount "
            f"from microfinance.loans where active and disbursed_date <= date '{as_of}'"
        )
    }
    schedules: dict = defaultdict(lambda: defaultdict(list))
    for loan_id, version, effective, due, amount in company.oltp_rows(
        "select loan_id, version, effective_from, due_date, principal_due + interest_due "
        "from microfinance.loan_schedules"
    ):
        schedules[loan_id][version, effective].append((due, amount))
    for loan_id, versions in schedules.items():
        if loan_id in book:
            book[loan_id].schedules = {
                version: (effective, installments)
                for (version, effective), installments in versions.items()
            }
    for loan_id, *repayment in company.oltp_rows(
        "select loan_id, payment_date, principal_paid, interest_paid "
        "from microfinance.loan_repayments where active order by payment_date, id"
    ):
        if loan_id in book and repayment[0] <= as_of:
            book[loan_id].repayments.append(tuple(repayment))
    return list(book.values())


def test_portfolio_at_risk_and_npl(company: House, loans: list[Loan], as_of: date, target: str):
    rows = company.published_rows(
        "select kpi_code, month_start, numerator, denominator, value from published.kpi_monthly "
        "where kpi_code in ('par_30', 'par_30_with_restructured', 'restructured_share', "
        "'npl_ratio')",
        target,
    )
    marts = {(code, f"{month:%Y-%m}"): values for code, month, *values in rows}
    at_risk = restructured = 0
    for day in month_ends(date(2025, 1, 1), as_of):
        sums = portfolio(loans, day)
        at_risk += sums["par_30"] > 0
        restructured += sums["restructured"] > 0
        for code, part in PARTS.items():
            numerator, denominator, value = marts[code, f"{day:%Y-%m}"]
            assert (numerator, denominator) == (sums[part], sums["gross"]), (code, day)
            if sums["gross"]:
                # Half a unit of the eighth decimal.
                assert abs(value - sums[part] / sums["gross"]) <= Decimal("5e-9"), (code, day)
            else:
                assert value is None
    assert at_risk > 10, "a book in which nobody is late proves nothing"
    assert restructured > 3, "nor does one in which no restructured loan has to prove itself"


def test_collection_rate_of_what_fell_due(
    company: House, loans: list[Loan], as_of: date, target: str
):
    marts = {
        f"{month:%Y-%m}": (collected, due)
        for month, collected, due in company.published_rows(
            "select month_start, numerator, denominator from published.kpi_monthly "
            "where kpi_code = 'collection_rate_current_due' and is_complete_period",
            target,
        )
    }
    last_days = [day for day in month_ends(date(2025, 1, 1), as_of) if f"{day:%Y-%m}" in marts]
    assert len(last_days) == len(marts) > 12
    for day in last_days:
        parts = [loan.fell_due(day) for loan in loans if loan.disbursed <= day]
        due, collected = (sum(values) for values in zip(*parts, strict=True))
        assert marts[f"{day:%Y-%m}"] == (collected, due), day


def test_vintages(company: House, loans: list[Loan], as_of: date, target: str):
    marts = {
        (f"{month:%Y-%m}", age): (disbursed, late)
        for month, age, disbursed, late in company.published_rows(
            "select disbursed_month, months_on_book, disbursed_amount, ever_par_30_amount "
            "from published.loan_vintages",
            target,
        )
    }
    expected = vintages(loans, month_ends(date(2025, 1, 1), as_of))
    assert sum(late > 0 for _, late in expected.values()) > 20
    assert marts == expected


def test_investment_returns(company: House, as_of: date, target: str):
    investments = company.oltp_rows(
        "select p.code, i.amount, i.total_return, i.start_date, i.end_date, i.closed_on "
        "from microfinance.investments as i "
        "join microfinance.investment_products as p on p.id = i.investment_product_id "
        "where i.active"
    )
    expected = investment_returns(investments, as_of)
    marts = {
        product: (amount, roi, yearly)
        for product, amount, roi, yearly in company.published_rows(
            "select investment_product, aum_amount, roi, annualised_roi "
            f"from published.investment_portfolio_summary where snapshot_date = date '{as_of}' "
            "and held_count > 0",
            target,
        )
    }
    assert marts.keys() == expected.keys() and len(marts) == 3
    for product, (amount, roi, yearly) in expected.items():
        assert marts[product][0] == amount
        assert abs(float(marts[product][1]) - roi) <= 6e-9
        # Each investment's annual return is rounded to eight decimals before it is weighted.
        assert abs(float(marts[product][2]) - yearly) <= 2e-8
