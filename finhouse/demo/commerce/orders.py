"""Orders: who orders what, and how much of it the warehouse can ship."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR
from finhouse.demo.commerce.materials import wanted
from finhouse.demo.commerce.reversals import plan_reversals
from finhouse.demo.commerce.stock import ship
from finhouse.demo.commerce.vocabulary import (
    BAD_DEBT,
    CANCELLATION,
    DISCOUNTS,
    INTERNAL,
    OFFICE_SHARES,
    OFFICES,
    OPENED,
    POSTAGE,
    SALE,
    TEXT_TYPE,
    texts,
)

if TYPE_CHECKING:
    from finhouse.demo.commerce.company import Company

# Cases are whole, money is in cents; customer and reverses are -1 for none.
LINE_COLUMNS = {
    "order": "i4",
    "number": "i2",
    "text": "i1",
    "reverses": "i4",
    "customer": "i4",
    "material": "i4",
    "office": "i1",
    "posted": "i4",
    "ordered": "i4",
    "shipped": "i4",
    "sales": "i8",
    "cogs": "i8",
    "created": "i8",
    "updated": "i8",
    "is_mistake": "?",
    "is_taken_back": "?",
    "visible": "i4",
    "changed": "i4",
    "deleted": "i4",
}
COUNTER = -1
"""The customer of a sale over the counter."""


def sell(company: Company, rng: np.random.Generator) -> None:
    """The orders of the day, in order of time."""
    customers, offices = _who_orders(company, rng)
    orders = company.orders + np.arange(len(customers))
    company.orders += len(customers)
    day = company.periods
    created = day * DAY + 8 * HOUR + np.sort(rng.integers(0, 9 * HOUR, len(customers)))
    # Posted days later by mistake: the line counts on a day that has been reported already.
    is_late = rng.random(len(customers)) < 0.012
    posted = np.maximum(day - np.where(is_late, rng.integers(1, 26, len(customers)), 0), 0)
    is_slow = (rng.random(len(customers)) < 0.006) & (customers != COUNTER)

    counts = np.where(customers == COUNTER, 1, 1 + rng.poisson(3.2, len(customers)))
    of = np.repeat(np.arange(len(customers)), counts)
    number = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    material = _what(company, rng, offices[of])
    size = np.where(customers == COUNTER, 0.5, company.customers["size"][customers])[of]
    ordered = np.maximum(np.round(3 * size * np.exp(rng.normal(0, 0.7, len(of)))), 1)
    is_mistake = _mistakes(rng, len(of)) & (customers[of] != COUNTER)
    ordered = np.where(is_mistake, 300 + 10 * ordered, ordered).astype(np.int64)
    shipped = ship(company, material, offices[of], ordered, is_mistake)

    group = np.where(customers == COUNTER, 0, company.customers["group"][customers])
    cost = company.materials["cost"][material]
    price = company.materials["price"][material]
    # What the company's own shops take is moved at cost.
    price = np.where(group[of] == INTERNAL, cost, np.round(price * (1 - DISCOUNTS[group[of]])))
    sales = (shipped * price).astype(np.int64)

    # Small parcels are posted.
    total = np.bincount(of, sales, len(customers))
    is_posted = (total > 0) & (total < 1_500_00) & (rng.random(len(customers)) < 0.4)
    is_posted &= (customers != COUNTER) & (group != INTERNAL)
    parcels = np.flatnonzero(is_posted)
    charges = len(parcels)
    of = np.concatenate([of, parcels])
    rows = company.lines.append(
        order=orders[of],
        number=np.concatenate([number, counts[parcels] + 1]),
        text=texts(rng, np.full(len(of), SALE)),
        reverses=-1,
        customer=customers[of],
        material=np.concatenate([material, np.full(charges, POSTAGE)]),
        office=offices[of],
        posted=posted[of],
        ordered=np.concatenate([ordered, np.ones(charges, np.int64)]),
        shipped=np.concatenate([shipped, np.ones(charges, np.int64)]),
        sales=np.concatenate([sales, np.full(charges, company.materials["price"][POSTAGE])]),
        cogs=np.concatenate([shipped * cost, np.full(charges, company.materials["cost"][POSTAGE])]),
        created=created[of],
        updated=created[of],
        is_mistake=np.concatenate([is_mistake, np.zeros(charges, bool)]),
        is_taken_back=False,
        visible=day + is_slow[of],
        changed=-1,
        deleted=-1,
    )
    company.customers["is_touched"][customers[customers != COUNTER]] = True
    plan_reversals(company, rng, rows[: len(material)])
    _write_off_bad_debt(company, rng)


def _who_orders(company: Company, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(customers, offices) of today's orders; the counters sell something every day."""
    ledger = company.customers
    rate = ledger["rate"] * company.rhythm * company.season
    ordering = np.flatnonzero(
        (rng.random(ledger.size) < rate)
        & (ledger["leaves"] > company.periods)
        & (ledger["deleted"] < 0)
    )
    elsewhere = rng.random(len(ordering)) < 0.05
    open_shares = OFFICE_SHARES * (company.periods >= OPENED)
    open_shares = open_shares / open_shares.sum()
    other = rng.choice(len(OFFICES), size=len(ordering), p=open_shares)
    counters = 1 + rng.poisson(4 * company.scale)
    customers = np.concatenate([ordering, np.full(counters, COUNTER)])
    offices = np.concatenate(
        [
            np.where(elsewhere, other, ledger["office"][ordering]),
            rng.choice(len(OFFICES), size=counters, p=open_shares),
        ]
    )
    shuffled = rng.permutation(len(customers))
    return customers[shuffled], offices[shuffled]


def _what(company: Company, rng: np.random.Generator, offices: np.ndarray) -> np.ndarray:
    """Shape (lines,): the material of each line, of those its office carries."""
    luck = rng.random(len(offices))
    weights = wanted(company)
    material = np.zeros(len(offices), dtype=np.int64)
    for office in range(len(OFFICES)):
        cumulated = np.cumsum(weights * (company.pairs[:, office] >= 0))
        here = offices == office
        material[here] = np.searchsorted(cumulated, luck[here] * cumulated[-1], side="right")
    return material


def _mistakes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Shape (count,): once a month or so somebody types a quantity with zeros too many."""
    happens, place = rng.random(2)
    found = np.zeros(count, dtype=bool)
    if happens < 0.04:
        found[int(place * count)] = True
    return found


def _write_off_bad_debt(company: Company, rng: np.random.Generator) -> None:
    """At the end of a month an office takes back what customers will not pay."""
    cents = -int(rng.integers(200_00, 4_000_00) * max(company.scale, 0.05) * 10)
    office = int(rng.choice(3))
    if not company.is_month_end:
        return
    at = company.periods * DAY + 17 * HOUR
    company.lines.append(
        **dict.fromkeys(LINE_COLUMNS, 0)
        | {"order": company.orders, "number": 1, "reverses": -1, "customer": COUNTER}
        | {"text": TEXT_TYPE.tolist().index(CANCELLATION), "ordered": -1, "shipped": -1}
        | {"material": BAD_DEBT, "office": office, "sales": cents, "posted": company.periods}
        | {"created": at, "updated": at, "is_taken_back": True}
        | {"visible": company.periods, "changed": -1, "deleted": -1}
    )
    company.orders += 1
