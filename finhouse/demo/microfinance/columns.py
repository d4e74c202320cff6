"""Columns that tables of the institution have in common."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finhouse.demo.clock import DAY, HOUR
from finhouse.demo.declarations import Rows
from finhouse.demo.microfinance.vocabulary import FAILED, NO_BRANCH, OUTCOME_TEXTS, TEXT_OUTCOME
from finhouse.demo.tables import Columns, labels, nullable

OUTCOMES = tuple(text for text, _ in OUTCOME_TEXTS)
FAILURE_REASONS = ("insufficient_funds", "provider_timeout", "wrong_pin", "limit_exceeded")


def branches(rows: Rows) -> pa.Array:
    """The branch of each row, null where it has none."""
    branch = rows["branch"]
    return nullable(rows.ids("branch", branch % NO_BRANCH), branch != NO_BRANCH)


def numbers(prefix: str, rows: np.ndarray) -> pa.Array:
    """Row numbers as the services write them: 'L00000012'."""
    return pa.array(np.char.mod(f"{prefix}%08d", rows), pa.string())


def hour_of(rows: Rows, periods: np.ndarray, hour: int) -> pa.Array:
    """An hour of the day of each period, for rows known by their period alone."""
    return rows.times(periods.astype(np.int64) * DAY + hour * HOUR)


def booked(rows: Rows) -> Columns:
    """When rows that never change were written: at 23:00 of the day of their period."""
    moment = hour_of(rows, rows["period"], 23)
    return {"date_created": moment, "date_updated": moment}


def outcome(rows: Rows) -> Columns:
    """Status, reason of failure and time of change of transfers or payments."""
    text = rows["text"]
    reasons = labels(FAILURE_REASONS, rows.number % len(FAILURE_REASONS))
    return {
        "status": labels(OUTCOMES, text),
        "failure_reason": nullable(reasons, TEXT_OUTCOME[text] == FAILED),
        "date_updated": rows.times(rows["updated"]),
    }
