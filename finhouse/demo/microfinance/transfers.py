"""Transfers between customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR
from finhouse.demo.microfinance.accounts import enter
from finhouse.demo.microfinance.vocabulary import (
    PENDING,
    SUCCESS,
    TEXT_OUTCOME,
    TRANSFER_IN,
    TRANSFER_OUT,
)

if TYPE_CHECKING:
    from finhouse.demo.microfinance.company import Company

TRANSFER_COLUMNS = {
    "source": "i4",
    "target": "i4",
    "cents": "i8",
    "text": "i1",
    "created": "i8",
    "updated": "i8",
    "period": "i4",
    "changed": "i4",
}


def transfer(company: Company, rng: np.random.Generator) -> None:
    """Transfers between customers; some fail, some are decided the next day."""
    transfers, accounts = company.transfers, company.accounts
    open_rows = np.flatnonzero(TEXT_OUTCOME[transfers["text"]] == PENDING)
    cents = transfers["cents"][open_rows]
    source = transfers["source"][open_rows]
    # One of each account a day, so that its balance cannot be spent twice.
    first = np.zeros(len(source), dtype=bool)
    first[np.unique(source, return_index=True)[1]] = True
    able = first & (accounts["balance"][source] >= cents) & (rng.random(len(source)) < 0.7)
    when = company.periods * DAY + 22 * HOUR + rng.integers(0, HOUR // 2, len(source))
    transfers["text"][open_rows] = np.where(able, 2, 5)
    transfers["updated"][open_rows] = when
    transfers["changed"][open_rows] = company.periods
    _move(company, open_rows[able], when[able])

    count = rng.poisson(0.006 * company.rhythm * accounts.size)
    source = np.unique(rng.integers(0, accounts.size, count))
    target = rng.integers(0, accounts.size, len(source))
    cents = (accounts["balance"][source] * rng.uniform(0.02, 0.25, len(source))).astype("i8")
    when = company.periods * DAY + 22 * HOUR + rng.integers(HOUR // 2, HOUR, len(source))
    text = rng.choice(7, size=len(source), p=[0.015, 0.005, 0.88, 0.02, 0.01, 0.06, 0.01]).astype(
        np.int8
    )
    able = (cents >= 5_000) & (source != target)
    rows = transfers.append(
        source=source[able],
        target=target[able],
        cents=cents[able],
        text=text[able],
        created=when[able],
        updated=when[able],
        period=company.periods,
        changed=-1,
    )
    done = TEXT_OUTCOME[transfers["text"][rows]] == SUCCESS
    _move(company, rows[done], when[able][done])


def _move(company: Company, rows: np.ndarray, when: np.ndarray) -> None:
    moved = company.transfers.take(rows)
    enter(company, moved["source"], TRANSFER_OUT, moved["cents"], when)
    enter(company, moved["target"], TRANSFER_IN, moved["cents"], when)
