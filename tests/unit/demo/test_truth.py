"""The arithmetic behind the demo company's truth."""

from __future__ import annotations

import numpy as np
import pytest

from finhouse.demo.clock import DAY, HOUR, month_of, period_bounds, period_of
from finhouse.demo.ledger import Ledger
from finhouse.demo.tables import money_text
from finhouse.demo.wallet.truth import union_by_day


@pytest.mark.parametrize(
    "intervals, hours",
    [
        ([], [0, 0]),
        ([(1, 2)], [1, 0]),
        ([(1, 3), (2, 4)], [3, 0]),
        ([(1, 5), (2, 3)], [4, 0]),
        ([(1, 2), (2, 3)], [2, 0]),
        ([(1, 2), (1, 2)], [1, 0]),
        ([(22, 26)], [2, 2]),
        ([(23, 30), (20, 25)], [4, 6]),
        ([(46, 60)], [0, 2]),
    ],
    ids=["none", "one", "overlap", "nested", "adjacent", "same", "midnight", "unsorted", "beyond"],
)
def test_union_by_day(intervals: list[tuple[int, int]], hours: list[int]):
    started = np.array([start for start, _ in intervals], dtype=np.int64) * HOUR
    ended = np.array([end for _, end in intervals], dtype=np.int64) * HOUR
    assert union_by_day(started, ended, days=2).tolist() == [hour * HOUR for hour in hours]
    assert DAY == 24 * HOUR


@pytest.mark.parametrize(
    "cents, text", [(0, "0.00"), (5, "0.05"), (12345, "123.45"), (-5, "-0.05")]
)
def test_money_text(cents: int, text: str):
    assert money_text(cents) == text


def test_month_of_crosses_years():
    assert [month_of(number) for number in (0, 11, 12, 17)] == [
        "2025-01",
        "2025-12",
        "2026-01",
        "2026-06",
    ]


@pytest.mark.parametrize("period", [0, 1, 545])
def test_period_of_a_moment(period: int):
    start, end = period_bounds(period)
    moments = np.array([start, start + HOUR, end - 1, end])
    assert period_of(moments).tolist() == [period, period, period, period + 1]


def test_ledger_keeps_row_numbers_while_it_grows():
    ledger = Ledger(a="i8", b="?")
    first = ledger.append(a=np.arange(3), b=True)
    second = ledger.append(a=np.arange(5_000), b=False)
    assert first.tolist() == [0, 1, 2]
    assert (second[0], second[-1], ledger.size) == (3, 5_002, 5_003)
    assert ledger["b"].sum() == 3
    assert len(ledger.append(a=np.array([], dtype=int), b=False)) == 0


def test_ledger_drops_from_a_queue():
    ledger = Ledger(a="i8")
    ledger.append(a=np.arange(6))
    ledger.drop(ledger["a"] % 2 == 0)
    assert ledger["a"].tolist() == [1, 3, 5]
