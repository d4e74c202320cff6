"""Fixed deposits: bought, earning, paid back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, SECOND, add_months
from finhouse.demo.microfinance.accounts import enter
from finhouse.demo.microfinance.vocabulary import (
    HELD,
    INVESTMENT_EARNING,
    INVESTMENT_PRODUCTS,
    INVESTMENT_PURCHASE,
    INVESTMENT_RETURN,
    MATURED,
    WITHDRAWN,
)

if TYPE_CHECKING:
    from finhouse.demo.microfinance.company import Company

INVESTMENT_COLUMNS = {
    "customer": "i4",
    "account": "i4",
    "product": "i1",
    "cents": "i8",
    "total": "i8",
    "start": "i4",
    "end": "i4",
    "earned": "i4",
    "closed": "i4",
    "status": "i1",
    "created": "i8",
    "updated": "i8",
    "period": "i4",
    "changed": "i4",
}
EARNING_COLUMNS = {
    "investment": "i4",
    "day": "i4",
    "cents": "i8",
    "period": "i4",
}


def invest(company: Company, rng: np.random.Generator) -> None:
    """Investments are bought, earn by month, mature, and are broken now and then."""
    investments, accounts = company.investments, company.accounts
    product = int(rng.choice(3, p=[product[-1] for product in INVESTMENT_PRODUCTS]))
    _, _, rate, months, least, _ = INVESTMENT_PRODUCTS[product]
    able = np.flatnonzero(accounts["balance"] > 1.5 * least)
    count = min(rng.poisson(2.2 * company.growth * company.rhythm), len(able))
    chosen = rng.choice(able, size=count, replace=False)
    cents = accounts["balance"][chosen] * rng.uniform(0.3, 0.7, count)
    cents = np.maximum(cents // 10_000 * 10_000, least).astype(np.int64)
    start = np.full(count, company.periods)
    end = add_months(start, months)
    at = company.periods * DAY + 22 * HOUR + 40 * 60 * SECOND
    investments.append(
        customer=accounts["customer"][chosen],
        account=chosen,
        product=product,
        cents=cents,
        total=cents + np.round(cents * rate * (end - start) / 365).astype(np.int64),
        start=start,
        end=end,
        earned=0,
        closed=-1,
        status=HELD,
        created=at,
        updated=at,
        period=company.periods,
        changed=-1,
    )
    enter(company, chosen, INVESTMENT_PURCHASE, cents, np.full(count, at))

    is_older = investments["period"] < company.periods
    held = np.flatnonzero((investments["status"] == HELD) & is_older)
    column = investments.take(held)
    term = np.array([product[3] for product in INVESTMENT_PRODUCTS])[column["product"]]
    due = add_months(column["start"], column["earned"] + 1) == company.periods
    interest = column["total"] - column["cents"]
    is_last = column["earned"] + 1 == term
    share = np.where(is_last, interest - (term - 1) * (interest // term), interest // term)
    due &= share > 0
    at = np.full(len(held), company.periods * DAY + 22 * HOUR + 50 * 60 * SECOND)
    company.earnings.append(
        investment=held[due], day=company.periods, cents=share[due], period=company.periods
    )
    enter(company, column["account"][due], INVESTMENT_EARNING, share[due], at[due])
    investments["earned"][held[due]] += 1
    matured = column["end"] == company.periods
    _pay_back(company, held[matured], MATURED)
    broken = ~matured & (rng.random(len(held)) < 0.0006)
    rows = held[broken]
    investments["total"][rows] = investments["cents"][rows] + (
        investments["earned"][rows] * (interest // term)[broken]
    )
    _pay_back(company, rows, WITHDRAWN)


def _pay_back(company: Company, rows: np.ndarray, status: int) -> None:
    investments = company.investments
    at = np.full(len(rows), company.periods * DAY + 22 * HOUR + 50 * 60 * SECOND)
    enter(company, investments["account"][rows], INVESTMENT_RETURN, investments["cents"][rows], at)
    investments["status"][rows] = status
    investments["closed"][rows] = company.periods
    investments["updated"][rows] = at
    investments["changed"][rows] = company.periods
