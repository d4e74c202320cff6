"""What is sold: a few materials make most of the business; some hardly move, some end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, date_of
from finhouse.demo.commerce.vocabulary import CHARGES, NEVER

if TYPE_CHECKING:
    from finhouse.demo.commerce.company import Company

# Money in cents, fractions in ten-thousandths.
MATERIAL_COLUMNS = {
    "is_goods": "?",
    "cost": "i8",
    "price": "i8",
    "weight": "f8",
    "amplitude": "f4",
    "peak": "i4",
    "launched": "i4",
    "ends": "i4",
    "lead": "i4",
    "lead_spread": "f4",
    "review": "i4",
    "ordering": "i8",
    "storage": "i4",
    "service": "i4",
    "minimum": "i4",
    "shortage": "i8",
    "obsolete": "i4",
    "updated": "i8",
    "changed": "i4",
}
# First of July 2025 and of January 2026.
_PRICE_RISES = (181, 365)


def list_materials(company: Company, rng: np.random.Generator) -> None:
    """The catalogue, on the first day; part of it is launched, or comes to an end, later."""
    if company.periods:
        return
    for _, _, cost, price in CHARGES:
        company.materials.append(
            **dict.fromkeys(MATERIAL_COLUMNS, 0)
            | {"cost": cost, "price": price, "ends": NEVER, "obsolete": 180, "changed": -1}
        )
    count = max(24, round(160 * company.scale**0.7))
    weight = 1 / (rng.permutation(count) + 2.0) ** 0.8
    is_slow = rng.random(count) < 0.25
    cost = np.round(np.exp(rng.normal(4.6, 0.7, count)) * 100).astype(np.int64)
    lead = rng.integers(4, 29, count)
    company.materials.append(
        is_goods=True,
        cost=cost,
        price=np.round(cost * rng.uniform(1.15, 1.7, count)).astype(np.int64),
        weight=np.where(is_slow, weight * 0.06, weight),
        amplitude=np.where(rng.random(count) < 0.5, rng.uniform(0.2, 0.8, count), 0.0),
        peak=rng.integers(0, 365, count),
        launched=np.where(rng.random(count) < 0.78, 0, rng.integers(30, 430, count)),
        # The second half of what ends is still in stock when nobody wants it any more.
        ends=np.where(rng.random(count) < 0.08, rng.integers(240, 420, count), NEVER),
        lead=lead,
        lead_spread=rng.uniform(0.1, 0.5, count),
        review=np.where(rng.random(count) < 0.6, 0, 7),
        ordering=rng.integers(150, 900, count) * 100,
        # Of goods in consignment the supplier pays for the storage.
        storage=np.where(rng.random(count) < 0.05, 0, rng.integers(12, 31, count) * 100),
        service=rng.choice([9_000, 9_500, 9_800, 9_900], size=count, p=[0.2, 0.5, 0.2, 0.1]),
        minimum=rng.choice([1, 12, 48, 240], size=count, p=[0.3, 0.4, 0.2, 0.1]),
        shortage=np.maximum(cost // 5, 100),
        obsolete=rng.choice([90, 120, 180], size=count),
        updated=0,
        changed=-1,
    )
    launched = company.materials["launched"]
    company.materials["updated"][:] = launched * DAY


def raise_prices(company: Company, rng: np.random.Generator) -> None:
    """Twice, all that is sold becomes dearer; lines keep the price they were sold at."""
    materials = company.materials
    factors = rng.uniform(1.02, 1.08, (2, materials.size))
    if company.periods not in _PRICE_RISES:
        return
    rows = np.flatnonzero(materials["is_goods"] & (materials["launched"] < company.periods))
    for column, factor in zip(("cost", "price"), factors, strict=True):
        materials[column][rows] = np.round(materials[column][rows] * factor[rows])
    materials["updated"][rows] = company.periods * DAY + 6 * HOUR
    materials["changed"][rows] = company.periods


def wanted(company: Company) -> np.ndarray:
    """Shape (materials,): how much each material is asked for today, in proportion."""
    materials = company.materials
    day = date_of(company.periods).timetuple().tm_yday
    season = 1 + materials["amplitude"] * np.cos(2 * np.pi * (day - materials["peak"]) / 365)
    is_sold = materials["is_goods"] & (materials["launched"] <= company.periods)
    return materials["weight"] * season * (is_sold & (materials["ends"] > company.periods))
