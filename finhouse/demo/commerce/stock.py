"""The warehouses: goods come, go and are counted; what runs low is ordered again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR
from finhouse.demo.commerce.vocabulary import NEVER, OFFICES, OPENED

if TYPE_CHECKING:
    from finhouse.demo.commerce.company import Company

# A pair is a material in the warehouse of an office.
PAIR_COLUMNS = {
    "material": "i4",
    "office": "i1",
    "since": "i4",
    "on_hand": "i8",
    "on_order": "i8",
    "pace": "f8",
}
PURCHASE_COLUMNS = {
    "pair": "i4",
    "ordered": "i4",
    "due": "i4",
    "received": "i4",
    "quantity": "i8",
    "cost": "i8",
    "created": "i8",
    "updated": "i8",
}
LEVEL_COLUMNS = {
    "pair": "i4",
    "day": "i4",
    "on_hand": "i8",
    "created": "i8",
    "updated": "i8",
    "visible": "i4",
    "changed": "i4",
}
COUNT_COLUMNS = {
    "pair": "i4",
    "period": "i4",
    "counted": "i8",
    "system": "i8",
    "created": "i8",
}
# Share of a day's demand in the pace at which a pair is expected to sell.
_NEWS = 0.03


def carry(company: Company, rng: np.random.Generator) -> None:
    """Decide on the first day which office carries what; the first one carries everything."""
    materials = company.materials
    luck = rng.random((materials.size, len(OFFICES)))
    if company.periods:
        return
    popular = materials["weight"] / materials["weight"].max()
    carried = luck < (0.1 + 0.9 * popular**0.6)[:, None]
    carried[:, 0] = True
    carried &= materials["is_goods"][:, None]
    material, office = np.nonzero(carried)
    # About what the first customers order, in proportion; the pace follows what they really do.
    share = materials["weight"][material] / materials["weight"].sum()
    company.pairs = np.full(carried.shape, -1)
    company.pairs[material, office] = company.stock.append(
        material=material,
        office=office,
        since=np.maximum(materials["launched"][material], OPENED[office]),
        on_hand=0,
        on_order=0,
        pace=(160 * company.scale + 22) * share / 3,
    )


def receive(company: Company) -> None:
    """What suppliers deliver today is there before the first order, as is the first stock."""
    stock, purchases = company.stock, company.purchases
    rows = np.flatnonzero(purchases["due"] == company.periods)
    pairs, quantity = purchases["pair"][rows], purchases["quantity"][rows]
    np.add.at(stock["on_hand"], pairs, quantity)
    np.subtract.at(stock["on_order"], pairs, quantity)
    purchases["received"][rows] = company.periods
    purchases["updated"][rows] = company.periods * DAY + 7 * HOUR
    first = np.flatnonzero(stock["since"] == company.periods)
    stock["on_hand"][first] = np.ceil(stock["pace"][first] * 45) + 6


def ship(
    company: Company,
    material: np.ndarray,
    office: np.ndarray,
    ordered: np.ndarray,
    is_mistake: np.ndarray,
) -> np.ndarray:
    """Shape (lines,): cases that leave the warehouse, first come first served.

    A quantity typed wrong is invoiced before anybody looks at the shelf.
    """
    stock = company.stock
    pairs = company.pairs[material, office]
    asked = np.where(is_mistake, 0, ordered)
    order = np.argsort(pairs, kind="stable")
    cumulated = np.cumsum(asked[order])
    starts = np.flatnonzero(np.diff(pairs[order], prepend=-1))
    lengths = np.diff(np.append(starts, len(order)))
    before_pair = np.repeat((cumulated - asked[order])[starts], lengths)
    before = cumulated - asked[order] - before_pair
    shipped = np.zeros(len(ordered), dtype=np.int64)
    left = np.maximum(stock["on_hand"][pairs[order]] - before, 0)
    shipped[order] = np.minimum(left, asked[order])
    np.subtract.at(stock["on_hand"], pairs, shipped)
    demand = np.bincount(pairs, asked, stock.size)
    stock["pace"][:] += _NEWS * (demand - stock["pace"]) * (stock["since"] <= company.periods)
    return np.where(is_mistake, ordered, shipped)


def put_back(company: Company, material: np.ndarray, office: np.ndarray, cases: np.ndarray) -> None:
    """Goods that come back are on the shelf again."""
    pairs = company.pairs[material, office]
    np.add.at(company.stock["on_hand"], pairs[pairs >= 0], cases[pairs >= 0])


def reorder(company: Company, rng: np.random.Generator) -> None:
    """Order what runs low; suppliers deliver sooner or later than agreed."""
    stock = company.stock
    materials = company.materials.take(stock["material"])
    lead = materials["lead"]
    delay = lead * (1 + materials["lead_spread"] * rng.normal(0, 1, stock.size))
    price = rng.uniform(0.97, 1.05, stock.size)
    pace = stock["pace"]
    # Lines of several cases make demand rougher than a count of cases would be.
    point = pace * (lead + materials["review"]) + 3.2 * np.sqrt(pace * lead) + 1
    is_low = stock["on_hand"] + stock["on_order"] < point
    review = np.maximum(materials["review"], 1)
    is_looked_at = (company.periods + stock["material"]) % review == 0
    is_sold = (stock["since"] <= company.periods) & (materials["ends"] > company.periods)
    rows = np.flatnonzero(is_low & is_looked_at & is_sold)
    # The last order of what comes to an end is a large one, at a good price.
    is_last = materials["ends"] - company.periods < 60
    quantity = np.where(is_last, 120, 28) * pace + 1
    quantity = np.maximum(np.ceil(quantity), materials["minimum"])[rows].astype(np.int64)
    at = company.periods * DAY + 16 * HOUR
    company.purchases.append(
        pair=rows,
        ordered=company.periods,
        due=company.periods + np.maximum(np.round(delay[rows]), 1),
        received=NEVER,
        quantity=quantity,
        cost=np.round(materials["cost"] * price)[rows],
        created=at,
        updated=at,
    )
    stock["on_order"][rows] += quantity


def take_stock(company: Company, rng: np.random.Generator) -> None:
    """Count some shelves, then note what is in stock at the end of the day.

    Now and then the warehouse system of an office misses a day, or tells of it days later.
    """
    stock, day = company.stock, company.periods
    is_there = stock["since"] <= day
    luck = rng.random(stock.size)
    error = np.round(rng.normal(0, 1, stock.size) * (1 + 0.04 * stock["on_hand"]))
    counted = np.flatnonzero(is_there & (luck < 1 / 90))
    system = stock["on_hand"][counted]
    is_wrong = luck[counted] < 0.3 / 90
    found = np.maximum(system + np.where(is_wrong, error[counted], 0), 0).astype(np.int64)
    company.counts.append(
        pair=counted,
        period=day,
        counted=found,
        system=system,
        created=day * DAY + 18 * HOUR,
    )
    stock["on_hand"][counted] = found
    is_missed = rng.random(len(OFFICES)) < 0.006
    delay = np.where(rng.random(len(OFFICES)) < 0.5, rng.integers(2, 6, len(OFFICES)), NEVER)
    delay = np.where(is_missed, delay, 0)[stock["office"]]
    rows = np.flatnonzero(is_there & (delay < NEVER))
    visible = day + delay[rows]
    company.levels.append(
        pair=rows,
        day=day,
        on_hand=stock["on_hand"][rows],
        created=visible * DAY + 23 * HOUR,
        updated=visible * DAY + 23 * HOUR,
        visible=visible,
        changed=-1,
    )
