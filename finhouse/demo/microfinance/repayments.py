"""Instalments fall due, and customers repay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR
from finhouse.demo.microfinance.accounts import enter
from finhouse.demo.microfinance.lending import allocate, arrears_days
from finhouse.demo.microfinance.loans import change_loans, contract_in_force
from finhouse.demo.microfinance.payments import pay, settle
from finhouse.demo.microfinance.vocabulary import (
    ACTIVE,
    COMPLETED,
    CURE,
    FAILED,
    GOES_BAD,
    INSTALLMENT,
    LOAN_REPAYMENT,
    PAYOFF,
    PENDING,
    PUNCTUAL,
    RESTRUCTURED,
    SUCCESS,
)

if TYPE_CHECKING:
    from finhouse.demo.microfinance.company import Company

INTENTION_COLUMNS = {
    "due": "i4",
    "loan": "i4",
    "contract": "i4",
    "kind": "i1",
    "cents": "i8",
    "payment": "i4",
}
REPAYMENT_COLUMNS = {
    "loan": "i4",
    "payment": "i4",
    "day": "i4",
    "principal": "i8",
    "interest": "i8",
    "penalty": "i8",
    "created": "i8",
    "period": "i4",
}


def fall_due(company: Company, rng: np.random.Generator) -> None:
    """Instalments fall due; customers mean to pay on time, late, in part or not at all."""
    loans, today = company.loans, company.periods
    column = company.installments.take(np.flatnonzero(company.installments["due"] == today))
    is_open = np.isin(loans["status"][column["loan"]], (ACTIVE, RESTRUCTURED))
    is_open &= loans["contract"][column["loan"]] == column["contract"]
    rows = column["loan"][is_open]
    cents = (column["principal"] + column["interest"])[is_open]
    loans["due"][rows] += cents
    unpaid = loans["due"][rows] > loans["paid"][rows]
    rows, cents = rows[unpaid], cents[unpaid]
    count = len(rows)
    grade = company.customers["grade"][loans["customer"][rows]]
    turns, luck, share = rng.random(count), rng.random(count), rng.uniform(0.3, 0.8, count)
    delay, rest = rng.geometric(0.13, count), rng.integers(3, 22, count)
    was_bad = loans["is_bad"][rows]
    is_bad = was_bad | (turns < GOES_BAD[grade])
    loans["is_bad"][rows] = is_bad
    # A customer who pays the next instalment with this one, or the whole loan.
    early, ahead = luck > 0.985, (luck > 0.955) & (luck <= 0.985)
    late = luck > np.minimum(PUNCTUAL[grade], 0.955) - 0.04
    partly = late & (luck <= np.minimum(PUNCTUAL[grade], 0.955))
    late &= ~partly & ~early & ~ahead
    _intend(company, rows[~is_bad & early], PAYOFF, 0, today)
    _intend(company, rows[~is_bad & ahead], INSTALLMENT, 2 * cents[~is_bad & ahead], today)
    on_time = ~is_bad & ~late & ~partly & ~early & ~ahead
    _intend(company, rows[on_time], INSTALLMENT, cents[on_time], today)
    slow = ~is_bad & late
    _intend(company, rows[slow], INSTALLMENT, cents[slow], today + delay[slow])
    part = np.round(cents * share).astype(np.int64)
    split = ~is_bad & partly
    _intend(company, rows[split], INSTALLMENT, part[split], today)
    _intend(company, rows[split], INSTALLMENT, (cents - part)[split], today + rest[split])
    little = was_bad & (luck < 0.18)
    _intend(company, rows[little], INSTALLMENT, part[little], today + rest[little])
    cured = was_bad & (luck >= 0.18) & (luck < 0.28)
    _intend(company, rows[cured], CURE, 0, today + rest[cured])
    loans["is_bad"][rows[cured]] = False


def _intend(
    company: Company,
    rows: np.ndarray,
    kind: int | np.ndarray,
    cents: np.ndarray | int,
    due: np.ndarray | int,
    payment: np.ndarray | int = -1,
) -> None:
    company.intentions.append(
        loan=rows,
        contract=company.loans["contract"][rows],
        kind=np.broadcast_to(kind, len(rows)),
        cents=np.broadcast_to(cents, len(rows)),
        due=np.broadcast_to(due, len(rows)),
        payment=np.broadcast_to(payment, len(rows)),
    )


def repay(company: Company, rng: np.random.Generator) -> None:
    """What customers mean to pay today: from the account, in cash, or through a provider."""
    loans = company.loans
    is_due = company.intentions["due"] <= company.periods
    column = company.intentions.take(np.flatnonzero(is_due))
    company.intentions.drop(is_due)
    # One of each loan a day; a pending payment before others.
    order = np.lexsort((np.arange(len(column["loan"])), -column["payment"], column["loan"]))
    first = np.zeros(len(order), dtype=bool)
    first[order[np.unique(column["loan"][order], return_index=True)[1]]] = True
    later = {name: values[~first] for name, values in column.items()}
    company.intentions.append(**later | {"due": np.full(len(later["due"]), company.periods + 1)})
    valid = first & np.isin(loans["status"][column["loan"]], (ACTIVE, RESTRUCTURED))
    valid &= loans["contract"][column["loan"]] == column["contract"]
    column = {name: values[valid] for name, values in column.items()}
    rows, kind, payment = column["loan"], column["kind"], column["payment"]

    contract, paid = contract_in_force(company, rows), loans["paid"][rows]
    paid_principal, paid_interest = allocate(contract, paid)
    overdue = np.maximum(loans["due"][rows] - paid, 0)
    due_interest = np.maximum(allocate(contract, loans["due"][rows])[1] - paid_interest, 0)
    settles = kind == PAYOFF
    payoff = contract.total_principal - paid_principal + due_interest
    cents = np.select([settles, kind == CURE], [payoff, overdue], column["cents"])
    cents = np.minimum(cents, contract.total - paid)
    days_late = arrears_days(contract, paid, company.periods)
    is_punished = (days_late > 5) & (rng.random(len(rows)) < 0.6)
    penalty = np.where(is_punished, np.round(overdue * 0.02), 0).astype(np.int64)
    # A payment that was pending has its amount already.
    known = payment >= 0
    whole = np.where(known, company.payments["cents"][np.maximum(payment, 0)], cents + penalty)
    cents = np.minimum(cents, whole)
    penalty = whole - cents

    route = rng.random(len(rows))
    at = company.periods * DAY + 19 * HOUR + rng.integers(0, HOUR, len(rows))
    wanted = cents > 0
    funds = company.accounts["balance"][loans["account"][rows]]
    by_account = wanted & ~known & (route < 0.2) & (funds >= whole)
    by_cash = wanted & ~known & (route > 0.85)
    by_phone = wanted & ~known & ~by_account & ~by_cash
    accounts = loans["account"][rows]
    enter(company, accounts[by_account], LOAN_REPAYMENT, whole[by_account], at[by_account])
    phoning = rows[by_phone]
    payments, outcome = pay(
        company, rng, loans["customer"][phoning], -1, phoning, whole[by_phone], at[by_phone]
    )
    payment = payment.copy()
    payment[by_phone] = payments
    succeeded = by_account | by_cash | (known & wanted)
    succeeded[by_phone] = outcome == SUCCESS
    settle(company, rng, payment[known & wanted], at[known & wanted])
    failed, pending = by_phone.copy(), by_phone.copy()
    failed[by_phone], pending[by_phone] = outcome == FAILED, outcome == PENDING
    again = company.periods + rng.integers(1, 4, len(rows))
    _intend(company, rows[failed], kind[failed], column["cents"][failed], again[failed])
    _intend(
        company, rows[pending], kind[pending], cents[pending], company.periods + 1, payment[pending]
    )

    # Cash taken in the field is sometimes recorded weeks later; never of a loan in arrears.
    is_final = settles | (paid + cents >= contract.total)
    lag = rng.integers(3, 26, len(rows))
    is_late = by_cash & ~is_final & (days_late <= 0) & (rng.random(len(rows)) < 0.15)
    new_principal, _ = allocate(contract, paid + cents)
    principal = np.where(
        settles, contract.total_principal - paid_principal, new_principal - paid_principal
    )
    principal = np.minimum(principal, cents)
    interest = cents - principal
    done = succeeded
    company.repayments.append(
        loan=rows[done],
        payment=payment[done],
        day=company.periods,
        principal=principal[done],
        interest=interest[done],
        penalty=penalty[done],
        created=(at + np.where(is_late, lag, 0) * DAY)[done],
        period=(company.periods + np.where(is_late, lag, 0))[done],
    )
    loans["paid"][rows[done]] += cents[done]
    loans["repaid"][rows[done]] += principal[done]
    change_loans(company, rows[done], None, 20)
    _complete(company, rows[done & is_final])


def _complete(company: Company, rows: np.ndarray) -> None:
    """Loans are repaid: collateral goes back, the customer may borrow again."""
    change_loans(company, rows, COMPLETED, 20)
    company.customers["has_open_loan"][company.loans["customer"][rows]] = False
    collaterals = company.collaterals
    released = np.isin(collaterals["loan"], rows) & (collaterals["released"] < 0)
    collaterals["released"][released] = company.periods
    collaterals["changed"][released] = company.periods
