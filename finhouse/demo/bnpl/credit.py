"""Assessments of credit: of orders, and of limits once in a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl.customers import IS_ACTIVE
from finhouse.demo.bnpl.vocabulary import NO, NO_REASON, REFERRED, YES

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

ASSESSMENT_COLUMNS = {
    "customer": "i4",
    "order": "i4",
    "score": "i4",
    "asked": "i8",
    "limit": "i8",
    "decision": "i1",
    "reason": "i1",
    "at": "i8",
    "period": "i4",
}
_LOW_SCORE, _OVER_LIMIT, _THIN_FILE, _BY_HAND = range(4)
_REFUSED_BELOW, _REFERRED_BELOW = 520, 550


def assess(
    company: Company,
    rng: np.random.Generator,
    customers: np.ndarray,
    orders: np.ndarray,
    cents: np.ndarray,
    at: np.ndarray,
    by_hand: bool = False,
) -> np.ndarray:
    """Shape (n,): a decision on each customer, whose score has drifted since the last one.

    Args:
        orders: rows of the orders that ask, -1 for none.
        cents: amounts of the orders.
        by_hand: a person decides; nobody is referred again.
    """
    ledger, count = company.customers, len(customers)
    drift = rng.normal(0, 9, count)
    score = np.clip(ledger["score"][customers] + drift, 300, 850)
    ledger["score"][customers] = score
    seen = np.clip(np.round(score + rng.normal(0, 12, count)), 300, 850).astype(np.int64)
    limit = np.maximum((seen - 480) // 10, 0) * 120_000 * np.maximum(ledger["level"][customers], 1)
    luck = rng.random(count)
    decision = np.where(seen < _REFUSED_BELOW, NO, np.where(seen < _REFERRED_BELOW, REFERRED, YES))
    if by_hand:
        decision = np.where((seen < _REFUSED_BELOW - 10) | (luck < 0.45), NO, YES)
        limit = np.maximum(limit, cents)
    owed = exposure(company, customers)
    over = (decision == YES) & (orders >= 0) & (owed + cents > limit) & (not by_hand)
    decision = np.where(over, NO, decision)
    reason = np.select(
        [over, decision == NO, decision == REFERRED],
        [_OVER_LIMIT, _LOW_SCORE, _THIN_FILE],
        np.where(by_hand, _BY_HAND, NO_REASON),
    )
    company.assessments.append(
        customer=customers,
        order=orders,
        score=seen,
        asked=np.maximum(np.ceil((owed + cents) / 100_000).astype(np.int64), 1) * 100_000,
        limit=np.where(decision == YES, limit, -1),
        decision=decision,
        reason=reason,
        at=at,
        period=company.periods,
    )
    approved = decision == YES
    ledger["limit"][customers[approved]] = limit[approved]
    return decision


def exposure(company: Company, customers: np.ndarray) -> np.ndarray:
    """Shape (n,): principal outstanding of each customer as of last night."""
    plans = company.plans
    owed = np.bincount(
        plans["customer"], weights=plans["outstanding"], minlength=company.customers.size
    )
    return owed[customers].astype(np.int64)


def review_limits(company: Company, rng: np.random.Generator) -> None:
    """Limits that nobody asked about are looked at, about twice a year."""
    ledger = company.customers
    chosen = np.flatnonzero(
        (rng.random(ledger.size) < 1 / 180)
        & (ledger["status"] == IS_ACTIVE)
        & (ledger["level"] > 0)
    )
    none = np.full(len(chosen), -1)
    at = np.full(len(chosen), company.at(5)) + np.arange(len(chosen)) * 1_000
    assess(company, rng, chosen, none, np.full(len(chosen), 100_000), at)
