"""Activity in the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY
from finhouse.demo.wallet.users import see

if TYPE_CHECKING:
    from finhouse.demo.wallet.company import Company

ACTIVITY_COLUMNS = {
    "user": "i4",
    "created": "i8",
    "type": "i1",
    "device": "i1",
    "deleted": "i4",
}


def be_active(
    company: Company, rng: np.random.Generator, rates: np.ndarray, rows: np.ndarray, start: int
) -> None:
    """App activity: most transactions leave a trace, and people look without paying."""
    traced = rows[rng.random(len(rows)) < 0.6]
    sender, created = company.transactions["sender"], company.transactions["created"]
    _act(company, rng, sender[traced], created[traced], 1)
    age = (start - company.users["created"][: len(rates)]) / DAY
    looking = np.cumsum(rates * 1.5 + 0.05 * np.exp(-age / 20) + 0.0004)
    count = rng.poisson(looking[-1])
    users = np.searchsorted(looking, rng.random(count) * looking[-1], side="right")
    users[company.users["deleted"][users] >= 0] = 0
    kinds = rng.choice([0, 2, 3], size=count, p=[0.6, 0.15, 0.25])
    _act(company, rng, users, company.times(rng, count), kinds)


def _act(
    company: Company,
    rng: np.random.Generator,
    users: np.ndarray,
    created: np.ndarray,
    kind: int | np.ndarray,
) -> None:
    see(company, users, created)
    anonymous = rng.random(len(users)) < 0.002
    company.activity.append(
        user=np.where(anonymous, -1, users),
        created=created,
        type=kind,
        device=rng.choice(3, size=len(users), p=[0.72, 0.2, 0.08]),
        deleted=-1,
    )
