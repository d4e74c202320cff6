"""Users: they sign up, send less with time, and leave traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, date_of
from finhouse.demo.wallet.vocabulary import (
    GROWTH_DAYS,
    SIGNUP_GROWTH,
    SIGNUP_START,
    SOURCE_SHARES,
    SOURCES,
    WEEKLY_RHYTHM,
)

if TYPE_CHECKING:
    from finhouse.demo.wallet.company import Company

USER_COLUMNS = {
    "created": "i8",
    "source": "i1",
    "referrer": "i4",
    "base": "f4",
    "floor": "f4",
    "decay": "f4",
    "last_active": "i8",
    "is_suspended": "?",
    "is_touched": "?",
    "deleted": "i4",
    "changed": "i4",
}


def sign_up(company: Company, rng: np.random.Generator) -> int:
    """New users. Return how many can act all period: those known before, or the founders."""
    known = company.users.size
    founders = max(12, int(60 * company.scale)) if not company.periods else 0
    growth = SIGNUP_GROWTH ** min(company.periods, GROWTH_DAYS)
    promotion = 1.6 if company.periods % 90 in range(20, 27) else 1.0
    expected = company.scale * SIGNUP_START * growth * promotion
    count = founders + rng.poisson(expected * WEEKLY_RHYTHM[date_of(company.periods).weekday()])
    created = company.times(rng, count)
    created[:founders] = rng.integers(0, HOUR, founders)
    source = rng.choice(len(SOURCES), size=count, p=SOURCE_SHARES).astype(np.int8)
    base = rng.gamma(0.9, 0.085, count)
    base[rng.random(count) < 0.16] = 0.0
    base[:founders] = 0.2
    floor = np.where(rng.random(count) < 0.42, 0.55, 0.02)
    referrer = np.full(count, -1)
    inviting = np.flatnonzero((source == 1) & (known > 0))
    if known:
        chosen = rng.integers(0, known, len(inviting))
        # Somebody deleted cannot invite; a founder does it instead.
        referrer[inviting] = np.where(company.users["deleted"][chosen] >= 0, 0, chosen)
        company.users["is_touched"][referrer[inviting]] = True
    source[(source == 1) & (referrer < 0)] = 0
    company.users.append(
        created=created,
        source=source,
        referrer=referrer,
        base=base,
        floor=floor,
        decay=rng.gamma(4.0, 12.0, count) + 3.0,
        last_active=created,
        is_suspended=False,
        is_touched=np.arange(known, known + count) < founders,
        deleted=-1,
        changed=-1,
    )
    return known or founders


def sending_rates(company: Company, known_users: int, start: int) -> np.ndarray:
    """Shape (known_users,): expected transactions of each user in this period."""
    users = company.users
    age = (start - users["created"][:known_users]) / DAY
    fading = users["floor"][:known_users]
    fading = fading + (1 - fading) * np.exp(-age / users["decay"][:known_users])
    today = date_of(company.periods)
    payday = 1.35 if today.day >= 25 or today.day <= 2 else 1.0
    season = 1.18 if today.month == 12 else 0.93 if today.month == 1 else 1.0
    novelty = 1 + 4 * np.exp(-age / 2)
    rhythm = WEEKLY_RHYTHM[today.weekday()] * payday * season
    return users["base"][:known_users] * fading * novelty * rhythm


def see(company: Company, users: np.ndarray, created: np.ndarray) -> None:
    """The app overwrites last_active; that is why no past month can be recomputed from it."""
    np.maximum.at(company.users["last_active"], users, created)
    company.users["changed"][users] = company.periods
