"""What goes wrong, and the proof that a day is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl.collecting import TEXT_OUTCOME, check_out
from finhouse.demo.bnpl.customers import IS_ACTIVE, IS_SUSPENDED
from finhouse.demo.bnpl.orders import place
from finhouse.demo.bnpl.vocabulary import (
    AUTHORITIES,
    FAILED,
    HOLD_REASONS,
    PAY_IN_FULL,
    PLAN_CANCELLED,
    QR,
    SUBJECTS,
)
from finhouse.demo.clock import DAY, SECOND

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

HOLD_COLUMNS = {
    "subject": "i1",
    "row": "i4",
    "reason": "i1",
    "authority": "i1",
    "at": "i8",
    "released": "i8",
    "when": "i4",
    "period": "i4",
    "changed": "i4",
}
# Failed attempts of plans that came to nothing are kept so many days.
_KEPT_DAYS = 45


def go_wrong(company: Company, rng: np.random.Generator) -> None:
    """Customers suspended, data put on hold by an authority, failed attempts purged."""
    happens = rng.random(2) < (min(0.5, 0.3 * company.scale), 0.02)
    place_of, days = rng.random(4), rng.integers(30, 200)
    if company.periods < 20:
        return
    customers, today = company.customers, company.periods
    if happens[0]:
        row = 1 + int(place_of[0] * (customers.size - 1))
        if customers["status"][row] == IS_ACTIVE:
            customers["status"][row] = IS_SUSPENDED
            customers["updated"][row] = company.at(21)
            customers["changed"][row] = today
    if happens[1] or today == 60:
        subject = int(place_of[1] * len(SUBJECTS))
        sizes = [ledger.size for ledger in _subjects(company)]
        company.holds.append(
            subject=subject,
            row=int(place_of[2] * sizes[subject]),
            reason=int(place_of[3] * len(HOLD_REASONS)),
            authority=int(place_of[3] * len(AUTHORITIES)),
            at=company.at(11),
            released=-1,
            when=today + days,
            period=today,
            changed=-1,
        )
    due = (company.holds["when"] == today) & (company.holds["released"] < 0)
    company.holds["released"][due] = company.at(12)
    company.holds["changed"][due] = today
    payments, plans = company.payments, company.plans
    old = (payments["period"] == today - _KEPT_DAYS) & (payments["deleted"] < 0)
    old &= TEXT_OUTCOME[payments["text"]] == FAILED
    old &= plans["status"][payments["plan"]] == PLAN_CANCELLED
    old &= ~held_plans(company)[payments["plan"]]
    payments["deleted"][old] = today


def held_plans(company: Company) -> np.ndarray:
    """Shape (plans,): whether an authority wants each plan, its order or a party to it kept."""
    plans, orders, holds = company.plans, company.orders, company.holds
    is_open, held = holds["released"] < 0, np.zeros(company.plans.size, dtype=bool)
    parties = (
        plans["customer"],
        orders["merchant"][plans["order"]],
        plans["order"],
        np.arange(plans.size),
    )
    for subject, party in enumerate(parties):
        held |= np.isin(party, holds["row"][is_open & (holds["subject"] == subject)])
    return held


def begin_next_day(company: Company, rng: np.random.Generator) -> None:
    """A night shop sells something after midnight: the first order of each new day."""
    at = np.array([(company.periods + 1) * DAY + rng.integers(600, 6_000) * SECOND])
    place(
        company,
        rng,
        customer=np.array([0]),
        merchant=np.array([0]),
        product=np.array([-1]),
        kind=np.array([PAY_IN_FULL]),
        cents=np.array([12_000]),
        channel=np.array([QR]),
        at=at,
    )
    check_out(company, rng)


def _subjects(company: Company) -> tuple:
    return company.customers, company.merchants, company.orders, company.plans
