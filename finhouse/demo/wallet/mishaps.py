"""What goes wrong: amounts corrected months later, rows deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR
from finhouse.demo.wallet.vocabulary import (
    COMPLETED,
    FAILED,
    PENDING,
    TEXT_CODE,
    TEXT_STATUS,
)

if TYPE_CHECKING:
    from finhouse.demo.wallet.company import Company


def correct(company: Company, rng: np.random.Generator, start: int) -> None:
    """A backdated correction of a transaction one to three months old."""
    happens, touches, reverses = rng.random(3) < (0.5, 0.5, 0.25)
    place, factor = rng.random(), rng.uniform(0.4, 1.9)
    if not happens or company.periods < 95:
        return
    oldest, newest = np.searchsorted(
        company.transactions["created"],
        [(company.periods - 90) * DAY, (company.periods - 30) * DAY],
    )
    if oldest >= newest:
        return
    row = int(oldest + place * (newest - oldest))
    transactions = company.transactions
    if transactions["deleted"][row] >= 0:
        return
    if reverses and TEXT_STATUS[transactions["text"][row]] == COMPLETED:
        transactions["text"][row] = TEXT_CODE["REVERSED"]
    transactions["cents"][row] = max(100, int(transactions["cents"][row] * factor))
    transactions["changed"][row] = company.periods
    if touches:
        transactions["updated"][row] = start + 12 * HOUR


def delete(company: Company, rng: np.random.Generator) -> None:
    """Hard deletes: a failed or stuck transaction, some activity, a user who did nothing."""
    happens = rng.random(3) < (0.6, 0.8, 0.25)
    places = rng.random(4)
    if company.periods < 20:
        return
    transactions = company.transactions
    if happens[0]:
        first = np.searchsorted(transactions["created"], (company.periods - 20) * DAY)
        recent = np.arange(first, transactions.size)
        status = TEXT_STATUS[transactions["text"][recent]]
        candidates = recent[
            ((status == FAILED) | (status == PENDING))
            & ~transactions["has_case"][recent]
            # Founders' payments stay: each night's first one tells that a day is over.
            & (transactions["sender"][recent] > 0)
            & (transactions["deleted"][recent] < 0)
            & (transactions["visible"][recent] < company.periods)
            & ~np.isin(recent, company.schedule["transaction"])
        ]
        if len(candidates):
            row = candidates[int(places[0] * len(candidates))]
            transactions["deleted"][row] = company.periods
    if happens[1]:
        rows = (places[1:3] * company.activity.size).astype(int)
        rows = rows[company.activity["deleted"][rows] < 0]
        company.activity["deleted"][rows] = company.periods
    if happens[2]:
        idle = np.flatnonzero(
            ~company.users["is_touched"]
            & (company.users["base"] == 0)
            & (company.users["deleted"] < 0)
            & (company.users["created"] < (company.periods - 10) * DAY)
        )
        if len(idle):
            company.users["deleted"][idle[int(places[3] * len(idle))]] = company.periods
