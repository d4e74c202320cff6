"""Deposits and withdrawals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, date_of
from finhouse.demo.microfinance.accounts import enter
from finhouse.demo.microfinance.payments import pay, settle
from finhouse.demo.microfinance.vocabulary import DEPOSIT, PENDING, SUCCESS, WITHDRAWAL

if TYPE_CHECKING:
    from finhouse.demo.microfinance.company import Company

POSTING_COLUMNS = {
    "due": "i4",
    "account": "i4",
    "cents": "i8",
    "at": "i8",
    "payment": "i4",
}


def post(company: Company, rng: np.random.Generator) -> None:
    """Deposits recorded late, and those whose payment was pending, reach the ledger."""
    is_due = company.postings["due"] <= company.periods
    due = company.postings.take(np.flatnonzero(is_due))
    company.postings.drop(is_due)
    now = company.times(rng, len(due["account"]))
    enter(company, due["account"], DEPOSIT, due["cents"], due["at"], now)
    paid = due["payment"] >= 0
    settle(company, rng, due["payment"][paid], now[paid])


def bank(company: Company, rng: np.random.Generator) -> None:
    """Deposits and withdrawals, more of them around payday."""
    accounts, today = company.accounts, date_of(company.periods)
    customers = accounts["customer"]
    age = (company.periods * DAY + 6 * HOUR - accounts["created"]) / DAY
    floor = company.customers["floor"][customers]
    fading = floor + (1 - floor) * np.exp(
        -np.maximum(age, 0) / company.customers["decay"][customers]
    )
    payday = 1.4 if today.day >= 26 or today.day <= 3 else 1.0
    # An account opened today is used from tomorrow on.
    willing = company.customers["base"][customers] * fading * (age > 0)
    rates = np.cumsum(willing * company.rhythm * payday)
    count = rng.poisson(rates[-1])
    chosen = np.searchsorted(rates, rng.random(count) * rates[-1], side="right")
    cents = np.maximum(np.round(np.exp(rng.normal(7.7, 0.9, count))), 50).astype(np.int64) * 100
    at = company.times(rng, count)
    by_phone = rng.random(count) < 0.5
    is_late = ~by_phone & (rng.random(count) < 0.03)
    at_once = ~by_phone & ~is_late
    enter(company, chosen[at_once], DEPOSIT, cents[at_once], at[at_once])
    company.postings.append(
        due=company.periods + rng.integers(1, 21, int(is_late.sum())),
        account=chosen[is_late],
        cents=cents[is_late],
        at=at[is_late],
        payment=-1,
    )
    phoning = chosen[by_phone]
    rows, outcome = pay(
        company, rng, customers[phoning], phoning, -1, cents[by_phone], at[by_phone]
    )
    done, pending = outcome == SUCCESS, outcome == PENDING
    enter(company, phoning[done], DEPOSIT, cents[by_phone][done], at[by_phone][done])
    company.postings.append(
        due=company.periods + 1,
        account=phoning[pending],
        cents=cents[by_phone][pending],
        at=at[by_phone][pending],
        payment=rows[pending],
    )
    count = rng.poisson(1.1 * rates[-1])
    chosen = np.unique(np.searchsorted(rates, rng.random(count) * rates[-1], side="right"))
    share = rng.uniform(0.05, 0.6, len(chosen))
    cents = (accounts["balance"][chosen] * share).astype(np.int64)
    able = cents >= 10_000
    # After the deposits of the day, whatever their hour.
    at = company.periods * DAY + 21 * HOUR + rng.integers(0, HOUR, len(chosen))
    enter(company, chosen[able], WITHDRAWAL, cents[able], at[able])
