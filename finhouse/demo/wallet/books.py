"""Marketing spend, operating costs and surveys of banks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import HOUR, date_of
from finhouse.demo.wallet.vocabulary import (
    BANKS,
    COSTS,
    GROWTH_DAYS,
    SIGNUP_GROWTH,
    SIGNUP_START,
    SOURCE_SHARES,
)

if TYPE_CHECKING:
    from finhouse.demo.wallet.company import Company

SPEND_COLUMNS = {
    "day": "i4",
    "source": "i1",
    "cents": "i8",
    "period": "i4",
}
COST_COLUMNS = {
    "day": "i4",
    "category": "i1",
    "cents": "i8",
    "period": "i4",
}
SURVEY_COLUMNS = {
    "bank": "i1",
    "created": "i8",
    "score": "i1",
    "period": "i4",
}


def book(company: Company, rng: np.random.Generator, start: int) -> None:
    """Marketing by day, costs by month, surveys in the middle of each month."""
    today = date_of(company.periods)
    growth = SIGNUP_GROWTH ** min(company.periods, GROWTH_DAYS)
    for source, per_signup in enumerate((0.9, 1.6, 3.2)):
        expected = company.scale * SIGNUP_START * growth * SOURCE_SHARES[source] * per_signup
        company.spend.append(
            day=company.periods,
            source=source,
            cents=int(expected * 100 * rng.uniform(0.7, 1.4)),
            period=company.periods,
        )
    if today.day == 1:
        months = (today.year - 2025) * 12 + today.month
        active = float((company.users["deleted"] < 0).sum())
        for category, (_, _, base, monthly_growth, per_user) in enumerate(COSTS):
            cost = company.scale * base * monthly_growth**months + active * per_user
            company.costs.append(
                day=company.periods,
                category=category,
                cents=int(cost * 100 * rng.uniform(0.9, 1.15)),
                period=company.periods,
            )
    if today.day == 15:
        for bank, (_, _, _, first, last, *_rest) in enumerate(BANKS):
            if first <= company.periods and (last is None or company.periods <= last):
                count = int(rng.integers(1, 4))
                company.surveys.append(
                    bank=bank,
                    created=start + rng.integers(8 * HOUR, 15 * HOUR, count),
                    score=np.round(rng.normal(7.6 - bank * 0.5, 1.2, count)).clip(1, 10),
                    period=company.periods,
                )
