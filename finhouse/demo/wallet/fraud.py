"""Fraud: the scores of transactions, and cases from report to decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR

if TYPE_CHECKING:
    from finhouse.demo.wallet.company import Company

CASE_COLUMNS = {
    "transaction": "i4",
    "reported": "i8",
    "resolved": "i8",
    "report_period": "i4",
    "resolve_period": "i4",
    "is_confirmed": "?",
    "loss_cents": "i8",
}


def score(rng: np.random.Generator, is_fraud: np.ndarray) -> np.ndarray:
    """Sentinel scores: high for most fraud, with misses and false alarms."""
    count = len(is_fraud)
    ordinary = rng.beta(2, 8, count) * 840
    false_alarm = rng.random(count) < 0.0012
    ordinary = np.where(false_alarm, rng.uniform(851, 960, count), ordinary)
    caught = rng.random(count) < 0.84
    guilty = np.where(caught, 999 - rng.exponential(40, count), rng.uniform(300, 850, count))
    return np.round(np.where(is_fraud, guilty.clip(0, 999), ordinary), 2)


def report_fraud(
    company: Company, rng: np.random.Generator, rows: np.ndarray, is_fraud: np.ndarray
) -> None:
    """Cases: most fraud is reported and confirmed, some of it twice; some alarms are false."""
    suspected = is_fraud | (rng.random(len(rows)) < 0.0005)
    twice = is_fraud & (rng.random(len(rows)) < 0.06)
    for chosen in (suspected, twice):
        cases, guilty = rows[chosen], is_fraud[chosen]
        count = len(cases)
        report = np.maximum(company.periods, company.transactions["visible"][cases])
        report = report + rng.integers(1, 6, count)
        resolve = report + rng.integers(3, 21, count)
        luck = rng.random(count)
        share = rng.uniform(0.2, 1.0, count)
        company.cases.append(
            transaction=cases,
            reported=report * DAY + rng.integers(8 * HOUR, 18 * HOUR, count),
            resolved=resolve * DAY + rng.integers(8 * HOUR, 18 * HOUR, count),
            report_period=report,
            resolve_period=resolve,
            is_confirmed=np.where(guilty, luck < 0.88, luck < 0.03),
            loss_cents=np.round(company.transactions["cents"][cases] * share),
        )
        company.transactions["has_case"][cases] = True


def decide(company: Company) -> None:
    """Cases are decided today; who is guilty is suspended."""
    transactions = company.transactions
    decided = (company.cases["resolve_period"] == company.periods) & company.cases["is_confirmed"]
    guilty = transactions["sender"][company.cases["transaction"][decided]]
    guilty = guilty[guilty > 1]
    company.users["is_suspended"][guilty] = True
    company.users["base"][guilty] = 0.0
    company.users["changed"][guilty] = company.periods
