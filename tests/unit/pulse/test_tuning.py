"""Tuning tries stricter limits, and proposes one that loses nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finhouse.pulse.tuning import Judged, tuning_of


def judged(true_ones: tuple[int, ...], false_ones: tuple[int, ...]) -> list[Judged]:
    return [
        *(Judged(Decimal(score), True) for score in true_ones),
        *(Judged(Decimal(score), False) for score in false_ones),
    ]


@pytest.mark.parametrize(
    ("comparison", "limit", "true_ones", "false_ones", "best"),
    [
        (">", 10, (30, 40), (11, 12, 20), 20),
        (">", 10, (12, 40), (11, 20), 11),
        ("<", 10, (1, 2), (9, 8), 8),
        # At a limit that a score reaches it still alerts: the next score is the limit.
        (">=", 10, (30,), (11, 12), 30),
        ("<=", 10, (3,), (9,), 3),
        # The false alarm is as far out as the true one.
        (">", 10, (20,), (20,), None),
        (">", 10, (20,), (), None),
        # Without a true one nothing says what may be lost.
        (">", 10, (), (20, 30), None),
    ],
)
def test_the_best_limit(
    comparison: str,
    limit: int,
    true_ones: tuple[int, ...],
    false_ones: tuple[int, ...],
    best: int | None,
):
    found = tuning_of(comparison, Decimal(limit), judged(true_ones, false_ones))
    assert (found.best.limit if found.best else None) == best


def test_what_each_limit_would_change():
    found = tuning_of(">", Decimal(10), judged((12, 40), (11, 20)))
    assert [
        (int(one.limit), one.false_alarms_gone, one.true_ones_lost, one.precision)
        for one in found.proposals
    ] == [(11, 1, 0, pytest.approx(2 / 3)), (12, 1, 1, 0.5), (20, 2, 1, 1.0), (40, 2, 2, None)]


def test_a_milder_limit_is_not_proposed():
    """An alert may have been raised while the limit was another one."""
    found = tuning_of(">", Decimal(10), judged((5, 20), (15,)))
    assert [int(one.limit) for one in found.proposals] == [15, 20]
