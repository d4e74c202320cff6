"""The second computation on plans small enough to reckon by hand; then the marts against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.reference.financial_plan import (
    LEAST_COHORTS,
    PLANNED_MONTHS,
    STATUS_MONTHS,
    Assumptions,
    Book,
    Cohort,
    Fee,
    Month,
    Planned,
    apart,
    later,
    read_book,
    rounded,
    share_off,
    standing,
)
from tests.support.house import House

METHODS = ("compound", "cohort")
LAST = date(2025, 12, 1)
ZERO = Decimal(0)


def a_month(start: date, **values) -> Month:
    known = {
        "mau": 20,
        "new_users": 5,
        "transactions": 40,
        "volume": Decimal(200),
        "revenue": Decimal(24),
        "bank_fee": Decimal(20),
        "operating_cost": Decimal(30),
        "cogs": Decimal(10),
        "spend": Decimal(10),
        "burn": Decimal(16),
    }
    return Month(start, **(known | values))


FLAT = Assumptions(*[ZERO] * 7, Decimal(1), Decimal(1000), None)


def halving(**changes) -> Book:
    """Three cohorts of 8 users, of whom half are lost every month; four months are over."""
    starts = [later(LAST, -3), later(LAST, -2), later(LAST, -1), LAST]
    cohorts = [
        Cohort(start, 8, {month: 8 >> apart(start, month) for month in starts if month >= start})
        for start in starts
    ]
    book = Book([a_month(start) for start in starts], cohorts, {}, {"base": FLAT})
    for name, value in changes.items():
        setattr(book, name, value)
    return book


def test_an_age_that_few_cohorts_have_reached_is_not_measured():
    retention = halving().retention(LAST)
    # Two ages are measured; of the drop after the sign-up month nothing follows for later ones.
    assert [retention(age) for age in (0, 1, 2, 9)] == [1, Decimal("0.5"), *[Decimal("0.5")] * 2]
    assert halving().retention(later(LAST, -1)) is None, "sign-up months alone"


def test_the_tail_goes_on_as_the_last_measured_ages_did():
    starts = [later(LAST, -n) for n in range(6)]
    cohorts = [
        Cohort(start, 8, {later(start, n): 8 >> n for n in range(apart(start, LAST) + 1)})
        for start in starts
    ]
    retention = Book([], cohorts, {}).retention(LAST)
    assert [retention(age) for age in (3, 4, 6)] == [
        Decimal(1) / 8, Decimal(1) / 16, Decimal(1) / 64,
    ]  # fmt: skip


def test_compound_growth_by_hand():
    grown = replace(FLAT, user_growth=Decimal("0.5"), amount_growth=Decimal("0.1"))
    first, second = halving(scenarios={"base": grown}).plan(LAST, "base", "compound")[:2]
    assert (first.mau, first.transactions, first.volume) == (30, 60, Decimal("330.00"))
    assert (second.mau, second.transactions, second.volume) == (45, 90, Decimal("544.50"))
    # Fees stay; 20 of fixed costs and 10 of spend; R0.10 a transaction.
    assert (first.revenue, first.cost, first.burn) == (26, 30, 4)
    assert (first.cash, second.cash) == (996, 995)
    assert (first.runway, second.runway) == (249, 995)


def test_cohorts_by_hand():
    banks = [
        Fee(Decimal(10), Decimal(4), None),
        Fee(Decimal(5), Decimal(1), later(LAST, 1)),
        Fee(Decimal(0), Decimal(0), LAST),
    ]
    first, second = halving(fees={LAST: banks}).plan(LAST, "base", "cohort")[:2]
    # 32 users are at least a month old; a user costs 30 / 15, and 10 are spent.
    assert (first.new_users, first.mau) == (5, 21)
    # 16 of the old ones, 2.5 of the first new ones, 5 who have just come.
    assert (second.new_users, second.mau) == (5, 24)
    assert (first.volume, first.transactions) == (Decimal("210.00"), 42)
    assert first.bank_fee == rounded(15 + 5 * Decimal(210) / 200, 2)
    assert second.bank_fee == rounded(10 + 4 * Decimal(235) / 200, 2)


@pytest.mark.parametrize("what", [{"spend": None}, {"spend": ZERO}, {"new_users": 0}])
def test_without_a_price_of_users_there_are_no_cohorts(what: dict):
    book = halving()
    book.months = [replace(month, **what) for month in book.months]
    assert book.plan(LAST, "base", "cohort") == []
    assert len(book.plan(LAST, "base", "compound")) == PLANNED_MONTHS


def test_cash_of_the_past_is_what_was_burnt_since():
    dated = replace(FLAT, as_of=later(LAST, -1))
    book = halving(scenarios={"base": dated})
    cash = [book.cash("base", month.start) for month in book.months]
    assert cash == [1032, 1016, 1000, 984]


def test_the_band_holds_its_ends():
    assert [standing(Decimal(n), Decimal(5), Decimal(3)) for n in (2, 3, 5, 6)] == [
        "below_plan", "on_plan", "on_plan", "above_plan",
    ]  # fmt: skip
    assert standing(None, ZERO, ZERO) is None


Plans = dict[tuple[date, str, str], list[Planned]]


@pytest.fixture
def book(company: House, target: str) -> Book:
    return read_book(lambda sql: company.rows(sql, target))


@pytest.fixture
def plans(book: Book) -> Plans:
    """By origin, scenario and method."""
    return {
        (month.start, scenario, method): book.plan(month.start, scenario, method)
        for month in book.months
        for scenario in book.scenarios
        for method in METHODS
    }


def differing(found: dict, expected: dict) -> dict:
    """Rows that are not the same; keys must be."""
    assert found.keys() == expected.keys()
    return {key: (found[key], row) for key, row in expected.items() if found[key] != row}


def test_every_projected_month(company: House, book: Book, plans: Plans, target: str):
    found = {
        tuple(row[:3]): row[3:]
        for row in company.published_rows(
            "select scenario, method, month_number, month_start, projected_new_user_count, "
            "projected_mau, projected_transaction_count, volume_amount, bank_fee_amount, "
            "revenue_amount, cost_amount, burn_amount, closing_cash_amount, runway_months "
            "from published.financial_projection",
            target,
        )
    }
    expected = {
        (scenario, method, one.number): (
            one.start, one.new_users, one.mau, one.transactions, one.volume, one.bank_fee,
            one.revenue, one.cost, one.burn, one.cash, one.runway,
        )
        for (origin, scenario, method), months in plans.items()
        if origin == book.months[-1].start
        for one in months
    }  # fmt: skip
    assert len(expected) == len(book.scenarios) * len(METHODS) * PLANNED_MONTHS
    assert differing(found, expected) == {}


def test_every_month_of_the_backtest(company: House, book: Book, plans: Plans, target: str):
    measures = ("volume", "revenue", "cost", "burn", "closing_cash")
    columns = ", ".join(
        f"projected_{name}_amount, actual_{name}_amount, {name}_error_amount" for name in measures
    )
    found = {
        tuple(row[:4]): row[4:]
        for row in company.published_rows(
            "select origin_month, scenario, method, month_number, month_start, projected_mau, "
            f"actual_mau, {columns}, mau_absolute_percentage_error, "
            "volume_absolute_percentage_error, revenue_absolute_percentage_error, "
            "cost_absolute_percentage_error, volume_status, burn_status, closing_cash_status "
            "from published.projection_backtest",
            target,
        )
    }
    expected = backtest(book, plans)
    assert len({key[0] for key in expected if key[2] == "cohort"}) > LEAST_COHORTS
    statuses = {row[-3] for row in expected.values()}
    assert len(statuses) > 1, "a house in which every plan comes out alike proves nothing"
    assert differing(found, expected) == {}


def backtest(book: Book, plans: Plans) -> dict[tuple, tuple]:
    """Every past plan's months that are over, beside what came."""
    actual = {month.start: month for month in book.months}
    rows = {}
    for (origin, scenario, method), months in plans.items():
        for one in (one for one in months if one.start in actual):
            was = actual[one.start]
            cash = None if was.burn is None else book.cash(scenario, one.start)
            bear, bull = (plans[origin, name, method][one.number - 1] for name in ("bear", "bull"))
            pairs = [
                (one.volume, was.volume),
                (one.revenue, was.revenue),
                (one.cost, was.cost),
                (one.burn, was.burn),
                (one.cash, cash),
            ]
            amounts = [
                value
                for planned, came in pairs
                for value in (planned, came, None if came is None else planned - came)
            ]
            rows[origin, scenario, method, one.number] = (
                one.start, one.mau, was.mau, *amounts, share_off(one.mau, was.mau),
                *(share_off(planned, came) for planned, came in pairs[:3]),
                standing(was.volume, bear.volume, bull.volume),
                standing(was.burn, bear.burn, bull.burn),
                standing(cash, bear.cash, bull.cash),
            )  # fmt: skip
    return rows


def test_every_summary(company: House, book: Book, plans: Plans, target: str):
    found = {
        tuple(row[:2]): row[2:]
        for row in company.published_rows(
            "select scenario, method, origin_month, opening_cash_amount, runway_months, "
            "cash_out_month, break_even_month, volume_status, burn_status, closing_cash_status, "
            "compared_month_count, volume_on_plan_month_count, mau_mape, volume_mape, "
            "revenue_mape, cost_mape from published.projection_summary",
            target,
        )
    }
    last = book.months[-1].start
    tested = backtest(book, plans)
    expected = {}
    for (origin, scenario, method), months in plans.items():
        if origin != last:
            continue
        broke = next((one for one in months if one.cash < 0), None)
        even = next(
            (one for one in months if all(other.burn <= 0 for other in months[one.number - 1 :])),
            None,
        )
        stands = tested.get((later(last, -STATUS_MONTHS), scenario, method, STATUS_MONTHS))
        compared = [row for key, row in tested.items() if key[1:3] == (scenario, method)]
        expected[scenario, method] = (
            last, book.cash(scenario, last), broke and broke.number - 1, broke and broke.start,
            even and even.start, *(stands[-3:] if stands else [None] * 3), len(compared),
            sum(row[-3] == "on_plan" for row in compared),
            *(mean([row[place] for row in compared]) for place in range(-7, -3)),
        )  # fmt: skip
    assert differing(found, expected) == {}


def mean(errors: list[Decimal | None]) -> Decimal | None:
    known = [error for error in errors if error is not None]
    return rounded(sum(known, ZERO) / len(known), 8) if known else None
