"""What is due when, by the terms of a plan."""

from __future__ import annotations

import numpy as np

from finhouse.demo.bnpl.vocabulary import PAY_IN_4, PAY_IN_30, PAY_OVER_TIME
from finhouse.demo.clock import add_months

# Day due after the first one, principal and interest in cents, of each instalment.
Schedule = list[tuple[int, int, int]]

_FORTNIGHT, _MONTH_DAYS = 14, 30


def schedule_of(kind: int, day: int, principal: int, rate: float, months: int) -> Schedule:
    """The schedule of a plan signed on a day: due day, principal and interest of each instalment.

    Args:
        rate: nominal, a year; interest-free types that bear one all the same are a violation.
    """
    if kind == PAY_OVER_TIME:
        return annuity(day, principal, rate, months)
    if kind == PAY_IN_4:
        quarter = principal // 4
        parts = [quarter] * 3 + [principal - 3 * quarter]
        days = [day + _FORTNIGHT * number for number in range(4)]
    else:
        parts, days = [principal], [day + _MONTH_DAYS if kind == PAY_IN_30 else day]
    return [(due, part, half_up(part * rate / 12)) for due, part in zip(days, parts, strict=True)]


def annuity(day: int, principal: int, rate: float, months: int) -> Schedule:
    """Equal instalments by month; interest on the balance, and the last one takes the rest."""
    monthly = rate / 12
    payment = half_up(
        principal * monthly / (1 - (1 + monthly) ** -months) if monthly else principal / months
    )
    dues = add_months(np.full(months, day), np.arange(1, months + 1))
    schedule, balance = [], principal
    for number, due in enumerate(dues, start=1):
        interest = half_up(balance * monthly)
        part = balance if number == months else min(balance, payment - interest)
        schedule.append((int(due), part, interest))
        balance -= part
    return schedule


def half_up(cents: float) -> int:
    """The nearest cent; halves away from zero, as numeric columns round."""
    return int(cents + 0.5 + 1e-9)
