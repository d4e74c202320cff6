"""What goes wrong, and the proof that a day is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, SECOND
from finhouse.demo.microfinance.accounts import enter, touch
from finhouse.demo.microfinance.vocabulary import DEPOSIT, FAILED, TEXT_OUTCOME

if TYPE_CHECKING:
    from finhouse.demo.microfinance.company import Company


def go_wrong(company: Company, rng: np.random.Generator) -> None:
    """Entries voided, balances corrected by hand, payments deleted, customers who leave."""
    happens = rng.random(4) < (0.15, 0.012, min(0.5, 0.5 * company.scale), 0.1)
    place, part = rng.random(4), rng.uniform(-0.2, 0.2)
    accounts, entries, payments = company.accounts, company.entries, company.payments
    evening = company.periods * DAY + 23 * HOUR
    if company.periods < 30:
        return
    if happens[0]:
        first = np.searchsorted(entries["period"], company.periods - 30)
        recent = np.arange(first, np.searchsorted(entries["period"], company.periods - 3))
        candidates = recent[
            (entries["type"][recent] == DEPOSIT)
            & (entries["voided"][recent] < 0)
            & (entries["account"][recent] > 0)
            & (accounts["balance"][entries["account"][recent]] >= entries["cents"][recent])
        ]
        if len(candidates):
            row = candidates[int(place[0] * len(candidates))]
            entries["voided"][row] = company.periods
            accounts["balance"][entries["account"][row]] -= entries["cents"][row]
            touch(company, entries["account"][[row]], evening)
    if happens[1]:
        row = np.array([1 + int(place[1] * (accounts.size - 1))])
        change = np.maximum((accounts["balance"][row] * part).astype(np.int64), 100)
        accounts["balance"][row] += change
        touch(company, row, evening)
    if happens[2]:
        candidates = np.flatnonzero(
            (TEXT_OUTCOME[payments["text"]] == FAILED)
            & (payments["deleted"] < 0)
            & (payments["period"] < company.periods - 5)
        )
        if len(candidates):
            payments["deleted"][candidates[int(place[2] * len(candidates))]] = company.periods
    if happens[3]:
        row = 1 + int(place[3] * (company.customers.size - 1))
        if not company.customers["has_open_loan"][row]:
            company.customers["is_active"][row] = False
            company.customers["updated"][row] = evening
            company.customers["changed"][row] = company.periods


def begin_next_day(company: Company, rng: np.random.Generator) -> None:
    """An agent deposits his takings after midnight: the first entry of each new day."""
    at = np.array([(company.periods + 1) * DAY + rng.integers(600, 6_000) * SECOND])
    enter(company, np.array([0]), DEPOSIT, np.array([100_000]), at)
