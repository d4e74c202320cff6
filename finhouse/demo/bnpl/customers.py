"""Customers: sign-up, referral, verification, and the end of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl.vocabulary import (
    APPROVED,
    EXPIRED,
    GRADE_SHARES,
    METHOD_SHARES,
    NEVER,
    NO_REGION,
    REGION_SHARES,
    REGIONS,
    REJECT_REASONS,
    REJECTED,
    SCORE_MEANS,
    SUBMITTED,
)
from finhouse.demo.clock import DAY, HOUR

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

CUSTOMER_COLUMNS = {
    "created": "i8",
    "region": "i1",
    "birth": "i4",
    "referrer": "i4",
    "grade": "i1",
    "score": "f8",
    "appetite": "f8",
    "method": "i1",
    "leaves": "i4",
    "status": "i1",
    "level": "i1",
    "limit": "i8",
    "rewards": "i4",
    "updated": "i8",
    "changed": "i4",
}
KYC_COLUMNS = {
    "customer": "i4",
    "level": "i1",
    "status": "i1",
    "submitted": "i8",
    "decided": "i8",
    "reason": "i1",
    "outcome": "i1",
    "when": "i8",
    "period": "i4",
    "updated": "i8",
    "changed": "i4",
}
IS_ACTIVE, IS_SUSPENDED, IS_CLOSED = range(3)
# Chance of each outcome by level: approved, rejected, never completed.
_OUTCOMES = np.array([(0.90, 0.06, 0.04), (0.80, 0.13, 0.07), (0.66, 0.22, 0.12)])
_EXPIRES_AFTER = 30 * DAY


def join(company: Company, rng: np.random.Generator) -> None:
    """The sign-ups of the day, some of them referred; some customers leave."""
    customers = company.customers
    founders = max(24, int(260 * company.scale)) if not company.periods else 0
    count = founders + rng.poisson(5.0 * company.growth * company.rhythm)
    created = company.times(rng, count)
    created[:founders] = np.sort(rng.integers(0, HOUR, founders))
    grade = rng.choice(len(GRADE_SHARES), size=count, p=GRADE_SHARES)
    known = customers.size
    is_referred = (rng.random(count) < 0.22) & (known > 0)
    stays = rng.random(count) < 0.5
    no_region = rng.random(count) < 0.02
    rows = customers.append(
        created=created,
        region=np.where(
            no_region, NO_REGION, rng.choice(len(REGIONS), size=count, p=REGION_SHARES)
        ),
        birth=-rng.integers(18 * 365 + 5, 66 * 365, count),
        referrer=np.where(is_referred, rng.integers(0, max(known, 1), count), -1),
        grade=grade,
        score=np.clip(SCORE_MEANS[grade] + rng.normal(0, 35, count), 320, 840),
        appetite=np.where(rng.random(count) < 0.12, 0, np.exp(rng.normal(0, 0.8, count))),
        method=rng.choice(len(METHOD_SHARES), size=count, p=METHOD_SHARES),
        leaves=np.where(stays, NEVER, company.periods + 30 + rng.exponential(260, count)),
        status=IS_ACTIVE,
        level=0,
        limit=-1,
        rewards=-1,
        updated=created,
        changed=-1,
    )
    _ask(company, rng, rows, np.ones(count, dtype=np.int64), created + 15 * 60_000)
    gone = np.flatnonzero((customers["leaves"] <= company.periods) & (customers["status"] == 0))
    gone = gone[gone > 0]
    customers["status"][gone] = IS_CLOSED
    customers["updated"][gone] = company.at(20)
    customers["changed"][gone] = company.periods


def verify(company: Company, rng: np.random.Generator) -> None:
    """Decisions of the day; customers who buy much ask for the next level, the rejected again."""
    customers, column = company.customers, company.verifications
    due = np.flatnonzero(
        (column["status"] == SUBMITTED) & (column["when"] < company.at(24)) & (column["when"] >= 0)
    )
    outcome = column["outcome"][due]
    column["status"][due] = outcome
    column["updated"][due] = column["when"][due]
    column["changed"][due] = company.periods
    decided = due[outcome != EXPIRED]
    column["decided"][decided] = column["when"][decided]
    passed = due[outcome == APPROVED]
    np.maximum.at(customers["level"], column["customer"][passed], column["level"][passed])
    again = due[(outcome != APPROVED) & (rng.random(len(due)) < 0.6)]
    _ask(
        company,
        rng,
        column["customer"][again],
        column["level"][again],
        column["when"][again] + rng.integers(HOUR, 3 * HOUR, len(again)),
    )
    active = (customers["status"] == IS_ACTIVE) & (customers["level"] > 0)
    active &= customers["level"] < 3
    wanting = np.flatnonzero(active & (rng.random(customers.size) < 0.0035))
    is_open = np.isin(wanting, column["customer"][np.flatnonzero(column["status"] == SUBMITTED)])
    wanting = wanting[~is_open]
    _ask(company, rng, wanting, customers["level"][wanting] + 1, company.times(rng, len(wanting)))


def _ask(
    company: Company,
    rng: np.random.Generator,
    customers: np.ndarray,
    level: np.ndarray,
    at: np.ndarray,
) -> None:
    """Customers hand in documents; what will become of them is drawn, and shown when it does."""
    count = len(customers)
    luck = rng.random(count)
    chances = np.cumsum(_OUTCOMES[level - 1], axis=1)
    outcome = np.array([APPROVED, REJECTED, EXPIRED])[(luck[:, None] > chances[:, :2]).sum(axis=1)]
    # Level 1 asks the register; a person looks at the others.
    hours = np.where(level == 1, rng.exponential(0.3, count), rng.gamma(2.0, 16.0, count))
    slow = rng.random(count) < 0.05
    wait = ((hours + slow * 72) * HOUR).astype(np.int64) + 60_000
    company.verifications.append(
        customer=customers,
        level=level,
        status=SUBMITTED,
        submitted=at,
        decided=-1,
        reason=rng.integers(0, len(REJECT_REASONS), count),
        outcome=outcome,
        when=at + np.where(outcome == EXPIRED, _EXPIRES_AFTER, wait),
        period=company.periods,
        updated=at,
        changed=-1,
    )
