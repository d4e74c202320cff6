"""What goes wrong: amounts corrected weeks later, rows deleted, a stock level put right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR
from finhouse.demo.commerce.orders import COUNTER

if TYPE_CHECKING:
    from finhouse.demo.commerce.company import Company


def go_wrong(company: Company, rng: np.random.Generator) -> None:
    """At most one of each a day."""
    happens = rng.random(4) < (0.35, 0.3, 0.3, 0.1)
    places, touches, factor = rng.random(4), rng.random() < 0.5, rng.uniform(0.9, 1.1)
    day, lines = company.periods, company.lines
    # Nothing refers to these: what was taken back, or will be, stays as it is.
    free = np.flatnonzero(
        ~lines["is_taken_back"]
        & (lines["deleted"] < 0)
        & (lines["visible"] < day)
        & (lines["customer"] != COUNTER)
    )
    age = day - lines["posted"][free]
    if happens[0] and (row := _one_of(free[(age > 20) & (age < 120)], places[0])) is not None:
        lines["sales"][row] = np.round(lines["sales"][row] * factor)
        lines["changed"][row] = day
        if touches:
            lines["updated"][row] = day * DAY + 12 * HOUR
    if happens[1] and (row := _one_of(free[age < 60], places[1])) is not None:
        lines["deleted"][row] = day
    customers = company.customers
    idle = ~customers["is_touched"] & (customers["deleted"] < 0)
    idle = np.flatnonzero(idle & (customers["created"] < (day - 60) * DAY))
    if happens[2] and (row := _one_of(idle, places[2])) is not None:
        customers["deleted"][row] = day
    levels = company.levels
    recent = np.flatnonzero((levels["day"] < day - 1) & (levels["day"] > day - 15))
    recent = recent[levels["visible"][recent] < day]
    if happens[3] and (row := _one_of(recent, places[3])) is not None:
        levels["on_hand"][row] += 1
        levels["changed"][row] = day
        levels["updated"][row] = day * DAY + 12 * HOUR


def _one_of(rows: np.ndarray, place: float) -> int | None:
    """The row at a place from 0 to 1; None where there is none."""
    return int(rows[int(place * len(rows))]) if len(rows) else None
