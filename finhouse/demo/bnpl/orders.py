"""Orders: placed, assessed, and turned into the draft of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl import audit
from finhouse.demo.bnpl.credit import assess
from finhouse.demo.bnpl.customers import IS_ACTIVE
from finhouse.demo.bnpl.plans import draft
from finhouse.demo.bnpl.vocabulary import (
    APP,
    BULK_ORDERS,
    CANCELLED,
    CAPTURED,
    CATEGORY_PRICES,
    CHANNEL_SHARES,
    LEAST_OVER_TIME,
    NO,
    PAY_IN_4,
    PAY_IN_FULL,
    PAY_OVER_TIME,
    PLACED,
    PLAN_SHARES,
    QR,
    REFERRED,
    WEB,
    YES,
)
from finhouse.demo.clock import DAY, SECOND

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

ORDER_COLUMNS = {
    "customer": "i4",
    "merchant": "i4",
    "product": "i4",
    "kind": "i1",
    "cents": "i8",
    "channel": "i1",
    "status": "i1",
    "created": "i8",
    "captured": "i8",
    "refunded": "i8",
    "plan": "i4",
    # Day on which a person decides, on which goods go back, and on which it is disputed.
    "decide": "i4",
    "return": "i4",
    "dispute": "i4",
    "period": "i4",
    "updated": "i8",
    "changed": "i4",
}
_CARRIES = np.array([0b0001, 0b0010, 0b0100, 0b1000])


def shop(company: Company, rng: np.random.Generator) -> None:
    """The orders of the day; what was referred yesterday or before is decided."""
    _decide(company, rng)
    customers, merchants = company.customers, company.merchants
    appetite = customers["appetite"] * (customers["status"] == IS_ACTIVE) * (customers["level"] > 0)
    pull = merchants["size"] * (merchants["status"] == IS_ACTIVE)
    appetite[0] = 0
    count = rng.poisson(18.0 * company.growth * company.rhythm)
    if not appetite.any() or not count:
        return
    chosen = rng.choice(customers.size, size=count, p=appetite / appetite.sum())
    merchant = rng.choice(merchants.size, size=count, p=pull / pull.sum())
    channel = rng.choice(len(CHANNEL_SHARES), size=count, p=CHANNEL_SHARES)
    product = _product_of(company, rng, merchant)
    quantity = 1 + (rng.random(count) < 0.12)
    free = CATEGORY_PRICES[merchants["category"][merchant]] * np.exp(rng.normal(0, 0.7, count))
    free = np.maximum(np.round(free / 100), 50).astype(np.int64) * 100
    is_listed = np.isin(channel, (APP, WEB)) & (product >= 0)
    products = company.products
    cents = np.where(is_listed, products["cents"][product] * quantity, free)
    allowed = np.where(is_listed, products["plans"][product], 0b1111)
    place(
        company,
        rng,
        customer=chosen,
        merchant=merchant,
        product=np.where(is_listed, product, -1),
        kind=_kind_of(rng, allowed, cents),
        cents=cents,
        channel=channel,
        at=np.sort(company.times(rng, count)),
    )


def buy_in_bulk(company: Company, rng: np.random.Generator) -> None:
    """On a few days the second customer pays a large sum at once."""
    if company.periods in BULK_ORDERS:
        place(
            company,
            rng,
            customer=np.array([1]),
            merchant=np.array([0]),
            product=np.array([-1]),
            kind=np.array([PAY_IN_FULL]),
            cents=np.array([BULK_ORDERS[company.periods]]),
            channel=np.array([QR]),
            at=np.array([company.at(21.5)]),
        )


def place(
    company: Company,
    rng: np.random.Generator,
    *,
    customer: np.ndarray,
    merchant: np.ndarray,
    product: np.ndarray,
    kind: np.ndarray,
    cents: np.ndarray,
    channel: np.ndarray,
    at: np.ndarray,
) -> np.ndarray:
    """Customers order; on credit they are assessed first. Returns the rows of the orders."""
    orders, count = company.orders, len(customer)
    rows = orders.append(
        customer=customer,
        merchant=merchant,
        product=product,
        kind=kind,
        cents=cents,
        channel=channel,
        status=PLACED,
        created=at,
        captured=-1,
        refunded=0,
        plan=-1,
        decide=-1,
        **{"return": -1, "dispute": -1},
        period=company.periods,
        updated=at,
        changed=-1,
    )
    for row in rows:
        audit.note(company, audit.ORDER, row, PLACED, at[row - rows[0]], actor=audit.CUSTOMER)
    decision = np.full(count, YES)
    on_credit = np.flatnonzero(kind != PAY_IN_FULL)
    decision[on_credit] = assess(
        company,
        rng,
        customer[on_credit],
        rows[on_credit],
        cents[on_credit],
        at[on_credit] + 20 * SECOND,
    )
    orders["decide"][rows[decision == REFERRED]] = company.periods + 1
    cancel(company, rows[decision == NO], at[decision == NO] + 30 * SECOND)
    draft(company, rng, rows[decision == YES], at[decision == YES] + 40 * SECOND)
    return rows


def change_orders(company: Company, rows: np.ndarray, status: int, at: np.ndarray) -> None:
    """Orders get a new status, and an event of it unless nothing changes."""
    orders = company.orders
    for row, moment in zip(rows, at, strict=True):
        old = int(orders["status"][row])
        if old != status:
            audit.note(company, audit.ORDER, row, status, moment, old=old)
    orders["status"][rows] = status
    orders["updated"][rows] = at
    orders["changed"][rows] = company.periods


def cancel(company: Company, rows: np.ndarray, at: np.ndarray) -> None:
    """Orders come to nothing."""
    change_orders(company, rows, CANCELLED, at)


def capture(company: Company, rng: np.random.Generator, rows: np.ndarray, at: np.ndarray) -> None:
    """Orders are owed to their merchants; what will be returned or disputed is drawn."""
    orders, count = company.orders, len(rows)
    orders["captured"][rows] = at
    change_orders(company, rows, CAPTURED, at)
    luck, day = rng.random(count), at // DAY
    back, dispute = rng.integers(3, 40, count), rng.integers(2, 45, count)
    # The night shop takes nothing back.
    is_open = orders["customer"][rows] > 0
    orders["return"][rows] = np.where(is_open & (luck < 0.06), day + back, -1)
    is_disputed = is_open & (luck >= 0.06) & (luck < 0.10)
    orders["dispute"][rows] = np.where(is_disputed, day + dispute, -1)


def _decide(company: Company, rng: np.random.Generator) -> None:
    orders = company.orders
    rows = np.flatnonzero((orders["decide"] == company.periods) & (orders["status"] == PLACED))
    at = np.full(len(rows), company.at(9)) + rng.integers(0, 3 * 3_600 * SECOND, len(rows))
    decision = assess(
        company, rng, orders["customer"][rows], rows, orders["cents"][rows], at, by_hand=True
    )
    cancel(company, rows[decision == NO], at[decision == NO] + 30 * SECOND)
    draft(company, rng, rows[decision == YES], at[decision == YES] + 30 * SECOND)


def _product_of(company: Company, rng: np.random.Generator, merchants: np.ndarray) -> np.ndarray:
    """Shape (n,): a product of each merchant; -1 where it lists none."""
    of = company.products["merchant"]
    first, last = np.searchsorted(of, merchants), np.searchsorted(of, merchants, side="right")
    chosen = first + (rng.random(len(merchants)) * (last - first)).astype(np.int64)
    return np.where(last > first, np.minimum(chosen, max(len(of) - 1, 0)), -1)


def _kind_of(rng: np.random.Generator, allowed: np.ndarray, cents: np.ndarray) -> np.ndarray:
    """Shape (n,): the type of plan each order is paid on, among those allowed."""
    weights = PLAN_SHARES * ((allowed[:, None] & _CARRIES) > 0)
    weights[cents < LEAST_OVER_TIME, PAY_OVER_TIME] = 0
    # Who buys something large rarely pays for it at once.
    weights[cents >= 4 * LEAST_OVER_TIME, PAY_IN_4] *= 0.3
    bounds = np.cumsum(weights, axis=1)
    luck = rng.random(len(cents)) * bounds[:, -1]
    return (luck[:, None] >= bounds).sum(axis=1)
