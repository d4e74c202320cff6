"""Accounts: opened, used with very different vigour, given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR
from finhouse.demo.commerce.vocabulary import (
    GROUP_SHARES,
    INTERNAL,
    NEVER,
    OFFICE_SHARES,
    OPENED,
    SIZES,
)

if TYPE_CHECKING:
    from finhouse.demo.commerce.company import Company

CUSTOMER_COLUMNS = {
    "created": "i8",
    "office": "i1",
    "group": "i1",
    "rate": "f4",
    "size": "f4",
    "leaves": "i4",
    "is_touched": "?",
    "deleted": "i4",
}
# One account in so many is one of the company's own.
_INTERNAL_EVERY = 60


def open_accounts(company: Company, rng: np.random.Generator) -> None:
    """The accounts of the day; most of those who leave do so within the year."""
    known = company.customers.size
    founders = max(20, int(150 * company.scale)) if not company.periods else 0
    expected = company.scale * (2.6 + 0.009 * company.periods) * company.rhythm
    count = founders + rng.poisson(expected)
    group = rng.choice(len(GROUP_SHARES), size=count, p=GROUP_SHARES)
    rows = np.arange(known, known + count)
    group[rows % _INTERNAL_EVERY == 7] = INTERNAL
    open_shares = OFFICE_SHARES * (company.periods >= OPENED)
    stays = rng.random(count) < 0.35
    company.customers.append(
        created=company.periods * DAY + 7 * HOUR + rng.integers(0, HOUR, count),
        office=rng.choice(len(OFFICE_SHARES), size=count, p=open_shares / open_shares.sum()),
        group=group,
        # Some never order.
        rate=np.where(rng.random(count) < 0.07, 0, np.exp(rng.normal(-3.1, 0.8, count))),
        size=SIZES[group] * np.exp(rng.normal(0, 0.5, count)),
        leaves=np.where(stays, NEVER, company.periods + 1 + rng.exponential(170, count)),
        is_touched=False,
        deleted=-1,
    )
