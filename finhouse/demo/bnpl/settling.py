"""Merchants are paid for the orders of a week, less commission and refunds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl import audit
from finhouse.demo.bnpl.vocabulary import HOLIDAYS
from finhouse.demo.clock import DAY, HOUR, LAUNCH, date_of

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

SETTLEMENT_COLUMNS = {
    "merchant": "i4",
    "start": "i4",
    "end": "i4",
    "gross": "i8",
    "commission": "i8",
    "refunds": "i8",
    "due": "i4",
    "pay": "i4",
    "paid_at": "i8",
    "created": "i8",
    "period": "i4",
    "updated": "i8",
    "changed": "i4",
}
LINE_COLUMNS = {
    "settlement": "i4",
    "order": "i4",
    "gross": "i8",
    "commission": "i8",
    "period": "i4",
}
_WEEK = 7


def settle(company: Company, rng: np.random.Generator) -> None:
    """On Mondays the week before is settled; on working days settlements are paid."""
    today = date_of(company.periods)
    if today.weekday() == 0:
        _settle_week(company, rng)
    _pay(company, rng)


def working_day(day: date) -> bool:
    """Whether banks are open."""
    return day.weekday() < 5 and day not in HOLIDAYS


def working_days_after(day: int, count: int) -> int:
    """The day number so many working days after another."""
    current = date_of(day)
    while count:
        current += timedelta(days=1)
        count -= working_day(current)
    return (current - LAUNCH).days


def _settle_week(company: Company, rng: np.random.Generator) -> None:
    orders, merchants, end = company.orders, company.merchants, company.periods - 1
    start = max(end - _WEEK + 1, 0)
    captured = orders["captured"] // DAY
    rows = np.flatnonzero((orders["captured"] >= 0) & (captured >= start) & (captured <= end))
    cents, of = orders["cents"][rows], orders["merchant"][rows]
    commission = (cents * merchants["rate"][of] + 5_000) // 10_000
    refunds = company.refunds
    back = (refunds["day"] >= start) & (refunds["day"] <= end)

    def total(places: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.bincount(places, weights=values, minlength=merchants.size).astype(np.int64)

    gross, fees = total(of, cents), total(of, commission)
    returned = total(refunds["merchant"][back], refunds["cents"][back])
    chosen = np.flatnonzero((gross > 0) | (returned > 0))
    count = len(chosen)
    at = np.full(count, company.at(5)) + np.arange(count) * 1_000
    luck = rng.random(count)
    late = np.select(
        [luck < 0.75, luck < 0.93, luck < 0.991],
        [0, rng.integers(1, 6, count), rng.integers(6, 40, count)],
        10_000,  # Never.
    )
    due = np.array(
        [working_days_after(end, int(days)) for days in merchants["days"][chosen]], dtype=np.int64
    )
    settlements = company.settlements.append(
        merchant=chosen,
        start=start,
        end=end,
        gross=gross[chosen],
        commission=fees[chosen],
        refunds=returned[chosen],
        due=due,
        pay=due + late,
        paid_at=-1,
        created=at,
        period=company.periods,
        updated=at,
        changed=-1,
    )
    of_merchant = np.full(merchants.size, -1)
    of_merchant[chosen] = settlements
    company.lines.append(
        settlement=of_merchant[of],
        order=rows,
        gross=cents,
        commission=commission,
        period=company.periods,
    )
    for row, moment in zip(settlements, at, strict=True):
        audit.note(company, audit.SETTLEMENT, row, 0, int(moment), cents=_net_or_none(company, row))


def _pay(company: Company, rng: np.random.Generator) -> None:
    settlements = company.settlements
    if not working_day(date_of(company.periods)):
        return
    due = np.flatnonzero((settlements["pay"] <= company.periods) & (settlements["paid_at"] < 0))
    at = np.full(len(due), company.at(14)) + rng.integers(0, 2 * HOUR, len(due))
    settlements["paid_at"][due] = at
    settlements["updated"][due] = at
    settlements["changed"][due] = company.periods
    for row, moment in zip(due, at, strict=True):
        audit.note(
            company,
            audit.SETTLEMENT,
            row,
            1,
            int(moment),
            old=0,
            cents=_net_or_none(company, row),
        )


def _net_or_none(company: Company, row: int) -> int:
    """What a merchant is paid; below 0, which is no amount of an event, where it owes."""
    column = company.settlements
    return int(column["gross"][row] - column["commission"][row] - column["refunds"][row])
