"""What is taken back: payments by their payers, goods by customers, and what both quarrel about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl import audit
from finhouse.demo.bnpl.receivable import standing
from finhouse.demo.bnpl.vocabulary import (
    CHARGEBACK,
    DISPUTE_REASONS,
    FOR_CUSTOMER,
    FOR_MERCHANT,
    OUTCOME_TEXTS,
    PARTIALLY_REFUNDED,
    REFUNDED,
)
from finhouse.demo.clock import HOUR, SECOND

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

REFUND_COLUMNS = {
    "order": "i4",
    "plan": "i4",
    "merchant": "i4",
    "turn": "i1",
    "cents": "i8",
    "returned": "i8",
    "at": "i8",
    "day": "i4",
}
DISPUTE_COLUMNS = {
    "order": "i4",
    "plan": "i4",
    "reason": "i1",
    "opened": "i4",
    "opened_at": "i8",
    "resolved": "i4",
    "resolved_at": "i8",
    "outcome": "i1",
    "cents": "i8",
    "when": "i4",
    "period": "i4",
    "updated": "i8",
    "changed": "i4",
}
_CHARGEBACK_TEXT = next(
    number for number, (_, outcome) in enumerate(OUTCOME_TEXTS) if outcome == CHARGEBACK
)


def take_back(company: Company, rng: np.random.Generator) -> None:
    """Charge-backs, disputes and refunds of the day, after its payments."""
    _charge_back(company)
    _quarrel(company, rng)
    _return(company, rng)


def refundable(company: Company, orders: np.ndarray) -> np.ndarray:
    """Shape (n,): whether each order's plan is not written off, and its payments are booked."""
    plans, payments = company.plans, company.payments
    of = company.orders["plan"][orders]
    unbooked = payments["plan"][payments["counts"] & (payments["period"] > company.periods)]
    return (plans["written_off"][of] < 0) & ~np.isin(of, unbooked)


def refund(company: Company, orders: np.ndarray, cents: np.ndarray, at: np.ndarray) -> None:
    """Customers are refunded: what is owed shrinks from its end, the rest goes back to them."""
    ledger, refunds = company.orders, company.refunds
    plans = ledger["plan"][orders]
    turn = np.array([(refunds["order"] == row).sum() for row in orders], dtype=np.int64)
    rows = refunds.append(
        order=orders,
        plan=plans,
        merchant=ledger["merchant"][orders],
        turn=turn,
        cents=cents,
        returned=0,
        at=at,
        day=company.periods,
    )
    owed = standing(company, plans, company.periods)
    returned = np.array([refunds["returned"][refunds["order"] == row].sum() for row in orders])
    refunds["returned"][rows] = np.minimum(owed.credit, owed.refunded - returned)
    ledger["refunded"][orders] += cents
    is_whole = ledger["refunded"][orders] >= ledger["cents"][orders]
    status = np.where(is_whole, REFUNDED, PARTIALLY_REFUNDED)
    for row, new, amount, moment in zip(orders, status, cents, at, strict=True):
        audit.note(
            company,
            audit.ORDER,
            row,
            int(new),
            int(moment),
            old=int(ledger["status"][row]),
            event="REFUNDED",
            cents=int(amount),
            actor=audit.MERCHANT,
        )
    ledger["status"][orders] = status
    ledger["updated"][orders] = at
    ledger["changed"][orders] = company.periods


def _charge_back(company: Company) -> None:
    payments, plans = company.payments, company.plans
    rows = np.flatnonzero((payments["fate"] == company.periods) & payments["counts"])
    of = payments["plan"][rows]
    # What was returned to the payer already cannot be charged back.
    fit = (plans["written_off"][of] < 0) & ~np.isin(of, company.refunds["plan"])
    fit &= plans["customer"][of] > 0
    rows = rows[fit]
    at = company.at(15) + rows % 40 * 60 * SECOND
    payments["text"][rows] = _CHARGEBACK_TEXT
    payments["back"][rows] = company.periods
    payments["back_at"][rows] = at
    payments["updated"][rows] = at
    payments["changed"][rows] = company.periods


def _quarrel(company: Company, rng: np.random.Generator) -> None:
    """Disputes are opened, and resolved for one of the two."""
    orders, disputes, today = company.orders, company.disputes, company.periods
    rows = np.flatnonzero((orders["dispute"] == today) & (orders["refunded"] == 0))
    rows = rows[company.plans["written_off"][orders["plan"][rows]] < 0]
    count = len(rows)
    at = np.full(count, company.at(13)) + rng.integers(0, 4 * HOUR, count)
    days = np.where(rng.random(count) < 0.06, 120, rng.integers(4, 32, count))
    opened = disputes.append(
        order=rows,
        plan=orders["plan"][rows],
        reason=rng.integers(0, len(DISPUTE_REASONS), count),
        opened=today,
        opened_at=at,
        resolved=-1,
        resolved_at=-1,
        outcome=np.where(rng.random(count) < 0.55, FOR_MERCHANT, FOR_CUSTOMER),
        cents=0,
        when=today + days,
        period=today,
        updated=at,
        changed=-1,
    )
    company.plans["dispute"][orders["plan"][rows]] = opened
    for row, moment in zip(opened, at, strict=True):
        audit.note(company, audit.DISPUTE, row, 0, int(moment), actor=audit.CUSTOMER)
    due = np.flatnonzero((disputes["when"] <= today) & (disputes["resolved"] < 0))
    due = due[refundable(company, disputes["order"][due])]
    at = np.full(len(due), company.at(17.5)) + rng.integers(0, HOUR, len(due))
    disputes["resolved"][due] = today
    disputes["resolved_at"][due] = at
    disputes["updated"][due] = at
    disputes["changed"][due] = today
    for row, moment in zip(due, at, strict=True):
        audit.note(company, audit.DISPUTE, row, 1, int(moment), old=0, actor=audit.AGENT)
    share = np.where(rng.random(len(due)) < 0.6, 1.0, rng.uniform(0.2, 0.7, len(due)))
    lost = disputes["outcome"][due] == FOR_CUSTOMER
    due, share, at = due[lost], share[lost], at[lost]
    cents = _part_of(company, disputes["order"][due], share)
    disputes["cents"][due] = cents
    refund(company, disputes["order"][due], cents, at)


def _return(company: Company, rng: np.random.Generator) -> None:
    """Customers return goods, all or some of them; some do so twice."""
    orders, today = company.orders, company.periods
    rows = np.flatnonzero(orders["return"] == today)
    count = len(rows)
    at = np.full(count, company.at(18.6)) + rng.integers(0, 2 * HOUR, count)
    share = np.where(rng.random(count) < 0.55, 1.0, rng.uniform(0.1, 0.7, count))
    again, days = rng.random(count) < 0.25, rng.integers(2, 20, count)
    fit = refundable(company, rows)
    rows, at, share, again, days = (values[fit] for values in (rows, at, share, again, days))
    cents = _part_of(company, rows, share)
    some = cents > 0
    refund(company, rows[some], cents[some], at[some])
    left = orders["refunded"][rows] < orders["cents"][rows]
    orders["return"][rows] = np.where(left & again, today + days, -1)


def _part_of(company: Company, orders: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Shape (n,): a share of what is left of each order, in whole birr."""
    left = company.orders["cents"][orders] - company.orders["refunded"][orders]
    part = np.floor(left * share / 100).astype(np.int64) * 100
    return np.where(share >= 1, left, part)
