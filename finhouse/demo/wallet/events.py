"""Events of transactions: some late, some twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from finhouse.demo.wallet.company import Company

EVENT_COLUMNS = {
    "transaction": "i4",
    "type": "i1",
    "created": "i8",
    "cents": "i8",
    "due": "i4",
}


def emit(
    company: Company,
    rng: np.random.Generator,
    rows: np.ndarray,
    kind: int | np.ndarray,
    created: np.ndarray,
) -> None:
    """Queue one event of each transaction row; some come late, some twice."""
    count = len(rows)
    luck = rng.random(count)
    delay = np.select(
        [luck < 0.005, luck < 0.03], [rng.integers(7, 31, count), rng.integers(1, 4, count)], 0
    )
    due = company.periods + delay
    kinds = np.broadcast_to(kind, count)
    cents = company.transactions["cents"][rows]
    company.events.append(transaction=rows, type=kinds, created=created, cents=cents, due=due)
    terminal = kinds >= 3
    company.transactions["terminal_due"][rows[terminal]] = due[terminal]
    twice = rng.random(count) < 0.012
    company.events.append(
        transaction=rows[twice],
        type=kinds[twice],
        created=created[twice],
        cents=cents[twice],
        due=due[twice] + rng.integers(0, 2, int(twice.sum())),
    )
