"""The plan book on plans small enough to be reckoned by hand; then the marts against it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.reference.bnpl_plan_book import (
    BUCKETS,
    WATERFALL,
    Attempt,
    Fee,
    Installment,
    Plan,
    State,
    counting,
    read_plans,
)
from tests.reference.loan_book import month_ends
from tests.support.house import House

START = date(2026, 3, 1)


def money(text: str) -> Decimal:
    return Decimal(text)


def quarters(**changes) -> Plan:
    """1,000.00 in four on 1, 15 and 29 March and 12 April."""
    dues = (date(2026, 3, 1), date(2026, 3, 15), date(2026, 3, 29), date(2026, 4, 12))
    plan = Plan("PAY_IN_4", money("1000.00"), START)
    plan.installments = [
        Installment(number, due, money("250.00"), money("0"), START)
        for number, due in enumerate(dues, start=1)
    ]
    for name, value in changes.items():
        setattr(plan, name, value)
    return plan


def over_time(**changes) -> Plan:
    """300.00 in three months, 10.00 of interest with each instalment."""
    plan = Plan("PAY_OVER_TIME", money("300.00"), START)
    plan.installments = [
        Installment(number, date(2026, 3 + number, 1), money("100.00"), money("10.00"), START)
        for number in (1, 2, 3)
    ]
    for name, value in changes.items():
        setattr(plan, name, value)
    return plan


def paid(amount: str, day: date, back: date | None = None, key: str = "") -> Attempt:
    status = "CHARGEBACK" if back else "SUCCESS"
    return Attempt(key or f"{day}-{amount}", 1, status, money(amount), (day,), day, back)


def test_days_past_due_begin_on_the_day_after_and_grace_moves_nothing():
    plan = quarters(attempts=[paid("250.00", START)])
    states = {day: plan.state(date(2026, 3, day)) for day in (1, 15, 16, 18, 19)}
    assert {day: state.days_past_due for day, state in states.items()} == {
        1: 0,
        15: 0,
        16: 1,
        18: 3,
        19: 4,
    }
    assert [states[day].bucket for day in (15, 18, 19)] == ["CURRENT", "1-3", "4-29"]
    assert states[19].outstanding_principal == money("750.00")


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(29, "4-29"), (30, "30-59"), (60, "60-89"), (89, "60-89"), (90, "90_AND_OVER")],
)
def test_buckets_begin_at_their_threshold(days: int, bucket: str):
    plan = quarters(attempts=[paid("250.00", START)])
    state = plan.state(date.fromordinal(date(2026, 3, 15).toordinal() + days))
    assert (state.days_past_due, state.bucket) == (days, bucket)


def test_a_part_payment_carries_over_and_interest_comes_before_principal():
    plan = over_time(attempts=[paid("60.00", date(2026, 4, 1)), paid("70.00", date(2026, 4, 20))])
    april = plan.state(date(2026, 4, 2))
    assert april.outstanding_interest == 0
    assert april.outstanding_principal == money("250.00")
    assert april.days_past_due == 1
    later = plan.state(date(2026, 4, 20))
    # 110 covers the first instalment; 10 of the other 20 are interest that accrues in May.
    assert later.outstanding_principal == money("190.00")
    assert later.prepaid_interest == money("10.00")
    assert later.days_past_due == 0
    assert later.receivable == money("300.00") + money("10.00") - money("130.00")


def test_a_fee_is_covered_first_and_a_waived_one_gives_its_money_back():
    fees = [Fee(1, money("50.00"), date(2026, 4, 5), date(2026, 4, 25))]
    plan = over_time(fees=fees, attempts=[paid("110.00", date(2026, 4, 10))])
    charged = plan.state(date(2026, 4, 10))
    assert (charged.outstanding_fee, charged.outstanding_principal) == (0, money("250.00"))
    assert charged.days_past_due == 9
    waived = plan.state(date(2026, 4, 25))
    assert (waived.outstanding_principal, waived.days_past_due) == (money("200.00"), 0)
    assert plan.state(date(2026, 4, 4)).outstanding_fee == 0


def test_interest_accrues_on_the_due_date():
    plan = over_time()
    assert plan.state(date(2026, 3, 31)).receivable == money("300.00")
    assert plan.state(date(2026, 4, 1)).receivable == money("310.00")
    assert plan.state(date(2026, 4, 1)).days_past_due == 0


def test_a_charge_back_reopens_from_its_own_day():
    plan = quarters(attempts=[paid("250.00", START, back=date(2026, 3, 20))])
    assert plan.state(date(2026, 3, 10)).outstanding_principal == money("750.00")
    # Covered until the 19th; on the 20th the first instalment is open since the 1st.
    assert plan.state(date(2026, 3, 19)).days_past_due == 4
    assert plan.state(date(2026, 3, 20)).days_past_due == 19
    assert plan.state(date(2026, 3, 20)).outstanding_principal == money("1000.00")


def test_paid_beyond_the_last_instalment_is_a_credit_balance():
    state = quarters(attempts=[paid("1010.00", START)]).state(START)
    assert state.credit_balance == money("10.00")
    assert state.receivable == money("-10.00")
    assert not state.is_active


def test_a_refund_cuts_from_the_end():
    plan = quarters(attempts=[paid("250.00", START)], refunds=[(date(2026, 3, 5), money("300.00"))])
    state = plan.state(date(2026, 3, 29))
    # 250 + 250 + 200 are left of the plan, 250 of it are paid.
    assert state.outstanding_principal == money("450.00")
    assert state.days_past_due == 14
    assert plan.state(date(2026, 3, 4)).outstanding_principal == money("750.00")


def test_a_full_refund_returns_what_was_paid_and_ends_the_plan():
    plan = quarters(
        attempts=[paid("250.00", START), paid("250.00", date(2026, 3, 15))],
        refunds=[(date(2026, 3, 20), money("1000.00"))],
    )
    state = plan.state(date(2026, 3, 20))
    assert (state.outstanding_principal, state.receivable) == (0, 0)
    assert (state.credit_balance, state.repaid_principal) == (0, 0)
    assert state.refunded == money("1000.00")
    assert not state.is_active


def test_a_refund_takes_along_the_interest_that_has_not_accrued():
    plan = over_time(
        attempts=[paid("110.00", date(2026, 4, 1))],
        refunds=[(date(2026, 4, 10), money("250.00"))],
    )
    state = plan.state(date(2026, 4, 10))
    # 50 of the first instalment and its interest are left; 50 of the 110 go back.
    assert (state.outstanding_principal, state.outstanding_interest) == (0, 0)
    assert state.repaid_principal == money("50.00")
    assert (state.receivable, state.credit_balance) == (0, 0)
    on_due_date = over_time(refunds=[(date(2026, 4, 1), money("300.00"))]).state(date(2026, 6, 2))
    assert on_due_date.outstanding_interest == money("10.00")
    # Interest that stays is owed, but no principal is late.
    assert (on_due_date.days_past_due, on_due_date.is_active) == (0, False)


def test_an_earlier_credit_is_returned_with_a_refund_but_no_more_than_the_refund():
    plan = quarters(attempts=[paid("1100.00", START)], refunds=[(date(2026, 3, 5), money("60.00"))])
    assert plan.state(date(2026, 3, 4)).credit_balance == money("100.00")
    assert plan.state(date(2026, 3, 5)).credit_balance == money("100.00")


def test_interest_paid_ahead_comes_back_with_a_later_refund():
    paid_off = [paid("230.00", date(2026, 3, 15))]
    first, second = (date(2026, 3, 10), money("100.00")), (date(2026, 3, 20), money("200.00"))
    plan = over_time(attempts=paid_off, refunds=[first])
    # 200 and 20 of interest were left: 10 too much, and no refund that day to return it with.
    assert plan.state(date(2026, 3, 20)).credit_balance == money("10.00")
    plan = over_time(attempts=paid_off, refunds=[first, second])
    state = plan.state(date(2026, 3, 20))
    # All 230 go back, more than the second refund: the first one returned nothing.
    assert (state.credit_balance, state.receivable, state.repaid_principal) == (0, 0, 0)


def test_an_open_dispute_stops_the_clock_and_the_merchant_wins_it_all_back():
    plan = quarters(
        attempts=[paid("250.00", START)],
        disputes=[(date(2026, 3, 20), date(2026, 4, 20))],
    )
    opened, open_long, resolved = (
        plan.state(day) for day in (date(2026, 3, 20), date(2026, 4, 19), date(2026, 4, 20))
    )
    assert (opened.days_past_due, opened.is_disputed) == (5, True)
    assert (open_long.days_past_due, open_long.is_disputed) == (5, True)
    assert (resolved.days_past_due, resolved.is_disputed) == (36, False)


def test_what_falls_due_during_a_dispute_is_not_late():
    plan = quarters(attempts=[paid("250.00", START)], disputes=[(date(2026, 3, 10), None)])
    assert plan.state(date(2026, 3, 30)).days_past_due == 0


def test_a_new_schedule_keeps_what_was_paid():
    day = date(2026, 4, 20)
    plan = over_time(attempts=[paid("60.00", date(2026, 4, 2), back=date(2026, 5, 10))])
    plan.fees = [Fee(1, money("50.00"), date(2026, 4, 5), day)]
    plan.installments = [
        Installment(one.number, one.due, one.principal, one.interest, START, day)
        for one in plan.installments
    ] + [
        Installment(1, date(2026, 4, 1), money("50.00"), money("10.00"), day),
        Installment(2, date(2026, 5, 20), money("125.00"), money("12.00"), day),
        Installment(3, date(2026, 6, 20), money("125.00"), money("6.00"), day),
    ]
    before, after = plan.state(date(2026, 4, 19)), plan.state(day)
    assert (before.days_past_due, after.days_past_due) == (18, 0)
    assert before.outstanding_fee == 0 and before.outstanding_principal == money("300.00")
    assert after.outstanding_principal == money("250.00")
    # The charge-back re-opens what the payment had covered, with its first due date.
    back = plan.state(date(2026, 5, 10))
    assert (back.outstanding_principal, back.days_past_due) == (money("300.00"), 39)


def test_a_fee_follows_its_number_to_the_new_schedule():
    day = date(2026, 4, 20)
    plan = quarters(fees=[Fee(2, money("50.00"), date(2026, 3, 19))])
    plan.installments = [
        Installment(one.number, one.due, one.principal, one.interest, START, day)
        for one in plan.installments
    ] + [Installment(2, date(2026, 5, 1), money("1000.00"), money("0"), day)]
    assert plan.state(day).outstanding_fee == money("50.00")


def test_a_write_off_freezes_the_plan_and_what_comes_later_is_recovered():
    lost = date(2026, 9, 30)
    plan = quarters(
        written_off=lost,
        attempts=[
            paid("250.00", START),
            paid("100.00", lost),
            paid("40.00", date(2026, 10, 1)),
            paid("30.00", date(2026, 10, 2), back=date(2026, 11, 1)),
        ],
    )
    before, after = plan.state(date(2026, 9, 29)), plan.state(lost)
    assert before.outstanding_principal == money("750.00") and before.written_off == 0
    assert (after.outstanding_principal, after.written_off) == (0, money("650.00"))
    assert (after.receivable, after.days_past_due) == (0, 0)
    assert plan.state(date(2026, 10, 31)).recovered == money("70.00")
    late = plan.state(date(2026, 11, 1))
    assert (late.recovered, late.written_off) == (money("40.00"), money("650.00"))
    assert late.principal == late.repaid_principal + late.written_off + late.refunded


def attempt(number: int, status: str, order: int) -> Attempt:
    settled = START if status in ("SUCCESS", "CHARGEBACK") else None
    return Attempt("key", number, status, money("10.00"), (order,), settled)


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([attempt(1, "FAILED", 1), attempt(2, "SUCCESS", 2), attempt(3, "SUCCESS", 3)], 2),
        ([attempt(1, "SUCCESS", 2), attempt(1, "SUCCESS", 1)], 1),
        ([attempt(1, "FAILED", 1), attempt(2, "FAILED", 2)], 2),
        ([attempt(1, "FAILED", 1), attempt(2, "PENDING", 2)], 2),
        ([attempt(1, "CHARGEBACK", 1), attempt(2, "SUCCESS", 2)], 1),
    ],
)
def test_one_attempt_of_a_key_counts(attempts: list[Attempt], expected: int):
    assert counting(attempts).order == (expected,)


def test_pending_and_failed_attempts_bring_no_money():
    plan = quarters(attempts=[attempt(1, "PENDING", 1)])
    assert plan.state(date(2026, 3, 10)).outstanding_principal == money("1000.00")


@pytest.fixture(scope="module")
def as_of(company: House) -> date:
    return date.fromisoformat(company.truth("bnpl")["as_of_date"])


@pytest.fixture(scope="module")
def plans(company: House, as_of: date) -> dict[str, Plan]:
    """The plans of the OLTP that were activated by the as-of day."""
    return read_plans(company.oltp_rows, as_of)


# Column of int_bnpl_plan_status_by_month_end, and what the book says.
STATES = {
    "principal_amount": lambda state: state.principal,
    "principal_repaid_amount": lambda state: state.repaid_principal,
    "principal_refunded_amount": lambda state: state.refunded,
    "written_off_amount": lambda state: state.written_off,
    "recovered_amount": lambda state: state.recovered,
    "outstanding_amount": lambda state: state.outstanding_principal,
    "interest_receivable_amount": lambda state: state.outstanding_interest,
    "fee_receivable_amount": lambda state: state.outstanding_fee,
    "credit_balance_amount": lambda state: state.credit_balance,
    "receivable_amount": lambda state: state.receivable,
    "days_past_due": lambda state: state.days_past_due,
    "is_active": lambda state: state.is_active,
    "is_disputed": lambda state: state.is_disputed,
}


def test_every_plan_at_every_month_end(
    company: House, plans: dict[str, Plan], as_of: date, target: str
):
    rows = {
        (plan, day): tuple(values)
        for plan, day, *values in company.rows(
            f"select plan_id, snapshot_date, {', '.join(STATES)} "
            "from intermediate.int_bnpl_plan_status_by_month_end",
            target,
        )
    }
    expected = {}
    for plan, book in plans.items():
        for day in month_ends(date(2025, 1, 1), as_of):
            if book.activated <= day:
                state = book.state(day)
                expected[plan, day] = tuple(says(state) for says in STATES.values())
    columns = list(STATES)
    places = {column: columns.index(column) for column in columns}

    def some(column: str) -> int:
        return sum(bool(values[places[column]]) for values in expected.values())

    for column in columns:
        assert some(column) > 0, f"a book in which {column} is never anything proves nothing"
    assert rows.keys() == expected.keys()
    wrong = {key: (rows[key], values) for key, values in expected.items() if rows[key] != values}
    assert wrong == {}


def test_every_plan_on_the_as_of_day(
    company: House, plans: dict[str, Plan], as_of: date, target: str
):
    """What a reader sees of each plan today, buckets and interest paid ahead included."""
    columns = {name: says for name, says in STATES.items() if name != "principal_amount"} | {
        "interest_ahead_amount": lambda state: state.prepaid_interest,
        "delinquency_bucket": lambda state: state.bucket,
    }
    rows = {
        plan: values
        for plan, *values in company.published_rows(
            f"select plan_id, {', '.join(columns)} from published.fct_payment_plans "
            "where activated_date is not null",
            target,
        )
    }
    assert rows.keys() == plans.keys()
    wrong = {}
    for plan, book in plans.items():
        state: State = book.state(as_of)
        for (column, says), value in zip(columns.items(), rows[plan], strict=True):
            # A plan that owes nothing is in no bucket.
            if column == "delinquency_bucket" and not state.is_active:
                continue
            if value != says(state):
                wrong[plan, column] = (value, says(state))
    assert wrong == {}


def test_the_book_and_the_seeds_say_the_same(company: House, target: str):
    """The order of the waterfall and the buckets are data; the book was written from the page."""
    assert (
        tuple(
            component
            for (component,) in company.rows(
                "select component from raw_seeds.payment_allocation order by allocation_order",
                target,
            )
        )
        == WATERFALL
    )
    assert (
        tuple(
            company.rows(
                "select delinquency_bucket, from_days_past_due from raw_seeds.delinquency_buckets "
                "order by from_days_past_due desc",
                target,
            )
        )
        == BUCKETS
    )
