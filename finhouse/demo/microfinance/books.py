"""What is booked on the first of a month: interest, fees, dormancy, operating costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, date_of
from finhouse.demo.microfinance.accounts import enter, touch
from finhouse.demo.microfinance.vocabulary import ACCOUNT_FEE, ACCOUNT_TYPES, COSTS, INTEREST

if TYPE_CHECKING:
    from finhouse.demo.microfinance.company import Company

COST_COLUMNS = {
    "day": "i4",
    "category": "i1",
    "cents": "i8",
    "period": "i4",
}


def keep_books(company: Company, rng: np.random.Generator) -> None:
    """On the first of a month: interest, fees, dormancy and the costs of the month."""
    today, accounts = date_of(company.periods), company.accounts
    if today.day != 1:
        return
    rows = np.arange(accounts.size)
    at = np.full(accounts.size, company.periods * DAY + 22 * HOUR + HOUR // 2)
    for kind, (_, _, rate, fee) in enumerate(ACCOUNT_TYPES):
        of_kind = accounts["type"] == kind
        interest = np.round(accounts["balance"] * rate / 12).astype(np.int64)
        credited = of_kind & (interest >= 100)
        enter(company, rows[credited], INTEREST, interest[credited], at[credited])
        charged = of_kind & (accounts["balance"] >= fee) & (fee > 0)
        enter(company, rows[charged], ACCOUNT_FEE, np.full(charged.sum(), fee), at[charged])
    dormant = ~accounts["is_dormant"] & (accounts["used"] < (company.periods - 120) * DAY)
    accounts["is_dormant"][dormant] = True
    touch(company, rows[dormant], at[dormant])
    months = (today.year - 2025) * 12 + today.month
    for category, (_, base, growth) in enumerate(COSTS):
        company.costs.append(
            day=company.periods,
            category=category,
            cents=int(company.scale * base * growth**months * 100 * rng.uniform(0.92, 1.1)),
            period=company.periods,
        )
