"""Payments through a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import SECOND
from finhouse.demo.microfinance.vocabulary import SUCCESS, TEXT_OUTCOME

if TYPE_CHECKING:
    from finhouse.demo.microfinance.company import Company

PAYMENT_COLUMNS = {
    "customer": "i4",
    "is_anonymous": "?",
    "account": "i4",
    "loan": "i4",
    "method": "i1",
    "cents": "i8",
    "text": "i1",
    "reference": "i4",
    "created": "i8",
    "updated": "i8",
    "period": "i4",
    "deleted": "i4",
    "changed": "i4",
}


def pay(
    company: Company,
    rng: np.random.Generator,
    customers: np.ndarray,
    accounts: np.ndarray | int,
    loans: np.ndarray | int,
    cents: np.ndarray,
    at: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Payments through a provider: their rows, and their outcomes for now."""
    count = len(customers)
    text = rng.choice(7, size=count, p=[0.02, 0.005, 0.865, 0.04, 0.02, 0.04, 0.01])
    values = {
        "customer": customers,
        "is_anonymous": rng.random(count) < 0.004,
        "account": np.broadcast_to(accounts, count),
        "loan": np.broadcast_to(loans, count),
        "method": rng.choice(3, size=count, p=[0.72, 0.2, 0.08]),
        "cents": cents,
        "text": text,
        "created": at,
        "updated": at,
    }
    size = company.payments.size
    rows = company.payments.append(
        **values,
        reference=np.arange(size, size + count),
        period=company.periods,
        deleted=-1,
        changed=-1,
    )
    outcome = TEXT_OUTCOME[text]
    # The provider calls back a second time.
    twice = (outcome == SUCCESS) & (rng.random(count) < 0.006)
    again = {name: value[twice] for name, value in values.items()}
    again["created"] = again["updated"] = again["created"] + 90 * SECOND
    company.payments.append(
        **again, reference=rows[twice], period=company.periods, deleted=-1, changed=-1
    )
    return rows, outcome


def settle(
    company: Company, rng: np.random.Generator, payments: np.ndarray, when: np.ndarray
) -> None:
    """Pending payments succeed."""
    company.payments["text"][payments] = rng.choice([2, 3], size=len(payments), p=[0.9, 0.1])
    company.payments["updated"][payments] = when
    company.payments["changed"][payments] = company.periods
