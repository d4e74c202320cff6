"""Other limits, tried on what a monitor has judged: a proposal, which a person decides upon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import psycopg

from finhouse.errors import ConfigurationError
from finhouse.pulse.conditions import OPERATORS, limit_of, passes
from finhouse.pulse.monitors import find
from finhouse.pulse.reading import Row

# Limits that are shown.
_MOST = 12
_RISING, _FALLING = (">", ">="), ("<", "<=")


@dataclass(frozen=True)
class Judged:
    """An alert that somebody has judged, as far out as it ever was.

    Attributes:
        score: the one furthest beyond the limit while it fired.
        is_true: whether it was right.
    """

    score: Decimal
    is_true: bool


@dataclass(frozen=True)
class Proposal:
    """What another limit would have made of the alerts that were judged.

    Attributes:
        limit: it.
        false_alarms_gone: of the false ones, those that it spares.
        true_ones_lost: of the true ones, those that it misses.
        precision: of what is left; None where nothing is.
    """

    limit: Decimal
    false_alarms_gone: int
    true_ones_lost: int
    precision: float | None


@dataclass(frozen=True)
class Tuning:
    """What can be said of a monitor's limit.

    Attributes:
        limit: today's.
        judged: how many alerts of the current version have feedback; true ones, false ones.
        proposals: other limits, from the mildest to the strictest.
        best: the one that loses no true alert and spares most false ones; None where none does.
    """

    limit: Decimal
    true_ones: int
    false_ones: int
    proposals: list[Proposal]
    best: Proposal | None


def tune(connection: psycopg.Connection, name: str) -> Tuning:
    """Replay the stored scores of a monitor's judged alerts under stricter limits.

    Raises:
        ConfigurationError: there is no such monitor, no feedback, or its condition has no stricter
            limit, as one of equality.
    """
    monitor = find(connection, name)
    condition = monitor["alert_condition"]
    comparison = condition.get("op", ">=")
    if comparison not in (*_RISING, *_FALLING):
        raise ConfigurationError(
            f"the condition of {monitor['name']} is {comparison}, which has no stricter limit",
            "only <, <=, > and >= can be tuned",
        )
    judged = _judged(connection, monitor, rising=comparison in _RISING)
    if not judged:
        raise ConfigurationError(
            f"no alert of version {monitor['query_version']} of {monitor['name']} has feedback "
            "and a stored score",
            "say of some whether they were right: `finhouse pulse feedback ALERT true_positive`",
        )
    return tuning_of(comparison, limit_of(condition), judged)


def tuning_of(comparison: str, limit: Decimal, judged: Sequence[Judged]) -> Tuning:
    """What limits that lie between the scores of judged alerts would change.

    Args:
        comparison: ``<``, ``<=``, ``>`` or ``>=``.
        limit: today's.
    """
    condition = {"column": "value", "op": comparison, "value": limit}
    stricter = sorted(
        {one.score for one in judged if one.score != limit}, reverse=comparison in _FALLING
    )
    proposals = [
        _proposal(candidate, judged, condition)
        for candidate in stricter
        # What today's limit would not let through is not stricter.
        if OPERATORS[comparison](candidate, limit)
    ]
    # Where no alert was right, the strictest limit loses nothing, and says nothing.
    useful = [
        one
        for one in proposals
        if one.false_alarms_gone and not one.true_ones_lost and one.precision
    ]
    return Tuning(
        limit,
        sum(one.is_true for one in judged),
        sum(not one.is_true for one in judged),
        proposals[:_MOST],
        max(useful, key=lambda one: one.false_alarms_gone, default=None),
    )


def _proposal(limit: Decimal, judged: Sequence[Judged], condition: dict) -> Proposal:
    kept = [one for one in judged if passes(condition, one.score, limit)]
    true_left = sum(one.is_true for one in kept)
    gone = [one for one in judged if one not in kept]
    return Proposal(
        limit,
        sum(not one.is_true for one in gone),
        sum(one.is_true for one in gone),
        true_left / len(kept) if kept else None,
    )


def _judged(connection: psycopg.Connection, monitor: Row, *, rising: bool) -> list[Judged]:
    """Judged alerts of the current version with their furthest score, from the log of its runs."""
    rows = connection.execute(
        "select a.id, a.feedback, (one ->> 'score')::numeric as score "
        "from pulse.pulse_alerts as a "
        "inner join pulse.pulse_execution_log as l on l.monitor_id = a.monitor_id "
        "and l.executed_at between a.first_seen_at and a.last_seen_at "
        "cross join lateral jsonb_array_elements(l.measured) as one "
        "where a.monitor_id = %s and a.query_version = %s and a.feedback is not null "
        "and one ->> 'fingerprint' = a.fingerprint and one ->> 'score' is not null",
        (monitor["id"], monitor["query_version"]),
    ).fetchall()
    furthest: dict[object, Judged] = {}
    choose = max if rising else min
    for row in rows:
        before = furthest.get(row["id"])
        score = choose(row["score"], before.score) if before else row["score"]
        furthest[row["id"]] = Judged(score, row["feedback"] == "true_positive")
    return list(furthest.values())
