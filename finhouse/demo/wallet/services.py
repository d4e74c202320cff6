"""Services and their incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, SECOND

if TYPE_CHECKING:
    from finhouse.demo.wallet.company import Company

INCIDENT_COLUMNS = {
    "service": "i1",
    "severity": "i1",
    "started": "i8",
    "ended": "i8",
    "period": "i4",
}


def run_services(company: Company, rng: np.random.Generator, start: int) -> None:
    """Incidents, some overlapping; every 91 days a long one that is open at period end."""
    starts, lengths = [], []
    if rng.random() < 0.07:
        starts.append(start + int(rng.integers(0, 21 * HOUR)))
        lengths.append(rng.lognormal(np.log(22 * 60), 0.9))
        if rng.random() < 0.4:
            starts.append(starts[0] + int(lengths[0] * SECOND * rng.random()))
            lengths.append(rng.lognormal(np.log(30 * 60), 0.8))
    if company.periods % 91 == 90:
        starts.append(company.periods * DAY + 20 * HOUR)
        lengths.append(9 * 3600)
    for started, seconds in zip(starts, lengths, strict=True):
        company.incidents.append(
            service=rng.choice(4, p=[0.5, 0.2, 0.2, 0.1]),
            severity=min(2, int(seconds // 2400)),
            started=started,
            ended=started + int(seconds) * SECOND,
            period=company.periods,
        )


def in_outage(company: Company, created: np.ndarray) -> np.ndarray:
    """Shape (n,): whether the payments service is down at each moment."""
    outage = np.zeros(len(created), dtype=bool)
    payments = np.flatnonzero(
        (company.incidents["service"] == 0) & (company.incidents["ended"] > created.min())
    )
    for row in payments:
        outage |= (created >= company.incidents["started"][row]) & (
            created < company.incidents["ended"][row]
        )
    return outage
