"""Merchants: they join, list products, and some of them leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl.customers import IS_ACTIVE, IS_CLOSED
from finhouse.demo.bnpl.vocabulary import CATEGORIES, CATEGORY_PRICES, LEAST_OVER_TIME, NEVER
from finhouse.demo.clock import HOUR

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

MERCHANT_COLUMNS = {
    "category": "i1",
    "rate": "i4",
    "days": "i4",
    "size": "f8",
    "leaves": "i4",
    "status": "i1",
    "created": "i8",
    "period": "i4",
    "updated": "i8",
    "changed": "i4",
}
PRODUCT_COLUMNS = {
    "merchant": "i4",
    "category": "i1",
    "cents": "i8",
    "plans": "i1",
    "created": "i8",
    "period": "i4",
    "updated": "i8",
    "changed": "i4",
}
# Plan types as bits, in the order of PLAN_TYPES.
_ALL_PLANS, _SMALL_PLANS, _FULL_AND_FOUR = 0b1111, 0b1011, 0b1001


def trade(company: Company, rng: np.random.Generator) -> None:
    """Merchants join and leave, and change prices."""
    merchants = company.merchants
    founders = max(6, int(40 * company.scale)) if not company.periods else 0
    count = founders + rng.poisson(0.14 * min(company.scale, 1) + 0.01)
    at = np.full(count, company.at(6)) + rng.integers(0, HOUR, count)
    at[:founders] = 0
    stays = rng.random(count) < 0.75
    rows = merchants.append(
        category=rng.integers(0, len(CATEGORIES), count),
        # In hundredths of a per cent.
        rate=rng.choice([250, 325, 400, 475, 550], size=count),
        days=rng.choice([1, 2, 3, 5], size=count, p=[0.2, 0.5, 0.2, 0.1]),
        size=np.exp(rng.normal(0, 0.9, count)),
        leaves=np.where(stays, NEVER, company.periods + 40 + rng.exponential(200, count)),
        status=IS_ACTIVE,
        created=at,
        period=company.periods,
        updated=at,
        changed=-1,
    )
    gone = np.flatnonzero((merchants["leaves"] <= company.periods) & (merchants["status"] == 0))
    # The first merchant serves the night shop, and stays.
    gone = gone[gone > 0]
    merchants["status"][gone] = IS_CLOSED
    merchants["updated"][gone] = company.at(19)
    merchants["changed"][gone] = company.periods
    _list(company, rng, rows)
    products = company.products
    dearer = np.flatnonzero(rng.random(products.size) < 0.001)
    products["cents"][dearer] = (
        np.maximum(np.round(products["cents"][dearer] * 1.04 / 500), 1).astype(np.int64) * 500
    )
    products["updated"][dearer] = company.at(6.5)
    products["changed"][dearer] = company.periods


def _list(company: Company, rng: np.random.Generator, merchants: np.ndarray) -> None:
    merchants = np.repeat(merchants, rng.integers(4, 12, len(merchants)))
    count = len(merchants)
    category = company.merchants["category"][merchants]
    price = CATEGORY_PRICES[category] * np.exp(rng.normal(0, 0.6, count))
    cents = np.maximum(np.round(price / 500), 4).astype(np.int64) * 500
    small = cents < LEAST_OVER_TIME
    plans = np.where(small, _SMALL_PLANS, _ALL_PLANS)
    plans[rng.random(count) < 0.08] = _FULL_AND_FOUR
    created = company.merchants["created"][merchants]
    company.products.append(
        merchant=merchants,
        category=np.where(rng.random(count) < 0.03, -1, category),
        cents=cents,
        plans=plans,
        created=created,
        period=company.periods,
        updated=created,
        changed=-1,
    )
