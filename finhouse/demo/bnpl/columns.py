"""Columns that tables of the provider have in common."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finhouse.demo.clock import DAY, HOUR
from finhouse.demo.declarations import Rows
from finhouse.demo.tables import Columns, dates, labels, nullable


def untidy(texts: tuple[str, ...], codes: np.ndarray, number: np.ndarray, every: int) -> pa.Array:
    """Words of a service that writes some of them in lower case, and padded."""
    words = (*texts, *(f" {text.lower()}" for text in texts))
    return labels(words, codes + len(texts) * (number % every == 3))


def optional_times(rows: Rows, times: np.ndarray) -> pa.Array:
    """Moments, null where below 0."""
    return nullable(rows.times(np.maximum(times, 0)), times >= 0)


def optional_dates(days: np.ndarray, is_known: np.ndarray) -> pa.Array:
    """Days, null where they are not known."""
    return nullable(dates(np.where(is_known, days, 0)), is_known)


def hour_of(rows: Rows, periods: np.ndarray, hour: int) -> pa.Array:
    """An hour of the day of each period, for rows known by their period alone."""
    return rows.times(periods.astype(np.int64) * DAY + hour * HOUR)


def numbers(prefix: str, rows: np.ndarray) -> pa.Array:
    """Row numbers as the services write them: 'BP0000000012'."""
    return pa.array(np.char.mod(f"{prefix}%010d", rows), pa.string())


def stamped(rows: Rows, times: np.ndarray) -> Columns:
    """When rows that never change were written."""
    moment = rows.times(times)
    return {"created_at": moment, "updated_at": moment}


def rates(basis_points: np.ndarray) -> pa.Array:
    """Hundredths of a per cent as a fraction: 325 -> '0.0325'."""
    return pa.array([f"{int(points) / 10_000:.4f}" for points in basis_points], pa.string())
