"""When a monitor alerts: conditions as data, checked by a schema and judged row by row.

Every condition makes a score of an observation and compares it with a limit, so that other limits
can be tried on stored scores. What has no value is no data, and never a breach.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from statistics import fmean, median
from typing import Any

from jsonschema import Draft202012Validator

from finhouse.errors import ConfigurationError

Row = Mapping[str, Any]
Condition = Mapping[str, Any]

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
# Of normally distributed values the median absolute deviation is 0.6745 standard deviations, and
# the mean absolute deviation 0.7979 of them (Iglewicz and Hoaglin, 1993).
_MEDIAN_DEVIATION, _MEAN_DEVIATION = 0.6745, 0.7979
_NAME = {"type": "string", "pattern": "^[a-z_][a-z0-9_]*$", "maxLength": 63}
_COMMON: dict[str, Any] = {
    "key": {"type": "array", "items": _NAME, "uniqueItems": True, "maxItems": 8},
    "for": {"type": "integer", "minimum": 1, "maximum": 30},
    "no_data": {"enum": ["ignore", "alert"]},
    "no_rows": {"enum": ["unknown", "recovered"]},
}
_COUNT = {"type": "integer", "minimum": 1, "maximum": 1000}


def _kind(required: Sequence[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties | _COMMON,
        "required": list(required),
        "additionalProperties": False,
    }


# By the member that names the kind of a condition.
_KINDS: dict[str, dict[str, Any]] = {
    "rows": _kind(
        ("rows", "op", "value"),
        rows={"const": "count"},
        op={"enum": list(OPERATORS)},
        value={"type": "number"},
    ),
    "change": _kind(
        ("change", "column", "period", "by", "against"),
        change={"enum": ["drop", "rise", "either"]},
        column=_NAME,
        period=_NAME,
        by={"type": "number", "exclusiveMinimum": 0},
        # A share of the reference, or points of the value itself.
        measure={"enum": ["share", "points"]},
        against={"enum": ["previous", "trailing_mean"]},
        periods=_COUNT,
        min_points=_COUNT,
    ),
    "outlier": _kind(
        ("outlier", "column", "period", "k"),
        outlier={"const": "robust_z"},
        column=_NAME,
        period=_NAME,
        k={"type": "number", "exclusiveMinimum": 0},
        season={"enum": ["none", "day_of_week"]},
        direction={"enum": ["up", "down", "both"]},
        periods=_COUNT,
        min_points=_COUNT,
    ),
    "threshold": _kind(
        ("column", "op", "value"),
        column=_NAME,
        op={"enum": list(OPERATORS)},
        value={"type": "number"},
        period=_NAME,
    ),
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Condition of a monitor",
    "oneOf": list(_KINDS.values()),
}
# Member that holds the limit, by kind.
_LIMITS = {"rows": "value", "threshold": "value", "change": "by", "outlier": "k"}
_POINTS = 28
_LEAST_POINTS = 8
# A score that JSON and every engine can hold.
_FARTHEST = 1e6


@dataclass(frozen=True)
class Observation:
    """What one thing that is watched was found to be.

    Attributes:
        key: the columns that tell it from others.
        period: of the value, as text; empty where the condition has none.
        value: what was found; None for no data.
        reference: what it is compared with, where that is not the limit itself.
        score: what is compared with the limit; None where nothing can be said.
        is_breach: whether the limit is passed; never where nothing can be said.
    """

    key: Mapping[str, str]
    period: str
    value: Decimal | None
    reference: Decimal | None
    score: Decimal | None
    is_breach: bool

    @property
    def has_data(self) -> bool:
        """Whether anything can be said."""
        return self.score is not None


def kind_of(condition: Condition) -> str:
    """Kind of a condition: ``rows``, ``change``, ``outlier`` or ``threshold``."""
    return next((kind for kind in ("rows", "change", "outlier") if kind in condition), "threshold")


def check_condition(condition: Any, columns: Sequence[str] | None = None) -> None:
    """Refuse what is no condition.

    Args:
        columns: those of the query; without them names are not checked.

    Raises:
        ConfigurationError: names the member and what is wrong with it.
    """
    if not isinstance(condition, Mapping):
        raise _unfit("it is no JSON object")
    schema = _KINDS[kind_of(condition)]
    errors = sorted(Draft202012Validator(schema).iter_errors(condition), key=lambda e: list(e.path))
    if errors:
        where = ".".join(str(part) for part in errors[0].path)
        raise _unfit(f"{where}: {errors[0].message}" if where else errors[0].message)
    for member, given in condition.items():
        if isinstance(given, float) and not isfinite(given):
            raise _unfit(f"{member}: {given} is no number that anything can be compared with")
    if columns is None:
        return
    named = [*condition.get("key", ()), *filter(None, map(condition.get, ("column", "period")))]
    if missing := [name for name in named if name not in columns]:
        raise _unfit(
            f"the query has no column {missing[0]}: it returns {', '.join(columns)}",
        )


def judge(condition: Condition, rows: Sequence[Row]) -> list[Observation]:
    """Judge the rows of a query; of a condition with periods the latest of each key.

    Raises:
        ConfigurationError: a value is no number, or two rows have one key and period.
    """
    kind = kind_of(condition)
    if kind == "rows":
        return [_observed(condition, {}, "", Decimal(len(rows)), None, Decimal(len(rows)))]
    series = _series(condition, rows)
    if not series:
        return [Observation({}, "", None, None, None, False)]
    score = {"threshold": _as_it_is, "change": _change, "outlier": _outlier}[kind]
    found = []
    for key, points in series.items():
        period, value = points[-1]
        reference, scored = score(condition, points)
        found.append(_observed(condition, dict(key), _text(period), value, reference, scored))
    return found


def means_recovered(condition: Condition, rows: int) -> bool:
    """Whether a query returned nothing, and that says that nothing is amiss any more."""
    return not rows and condition.get("no_rows") == "recovered"


def scores_alike(one: Condition, other: Condition) -> bool:
    """Whether two conditions make the same score of the same rows, and differ in limits at most."""

    def scored(condition: Condition) -> dict[str, Any]:
        unscored = {"op", "for", "no_data", "no_rows", _LIMITS[kind_of(condition)]}
        return {name: part for name, part in condition.items() if name not in unscored}

    return kind_of(one) == kind_of(other) and scored(one) == scored(other)


def limit_of(condition: Condition) -> Decimal:
    """What scores are compared with."""
    return _decimal(condition[_LIMITS[kind_of(condition)]])


def with_limit(condition: Condition, limit: Decimal) -> dict[str, Any]:
    """The condition with another limit."""
    number = int(limit) if limit == limit.to_integral_value() else float(limit)
    return {**condition, _LIMITS[kind_of(condition)]: number}


def passes(condition: Condition, score: Decimal, limit: Decimal | None = None) -> bool:
    """Whether a score passes the limit of a condition, or another one."""
    compared = OPERATORS[condition.get("op", ">=")]
    return compared(score, limit_of(condition) if limit is None else limit)


def in_words(condition: Condition) -> str:
    """A condition as a person would say it."""
    kind, limit = kind_of(condition), _plain(limit_of(condition))
    if kind == "rows":
        said = f"rows {condition['op']} {limit}"
    elif kind == "threshold":
        said = f"{condition['column']} {condition['op']} {limit}"
    elif kind == "change":
        unit = "points" if condition.get("measure") == "points" else "of it"
        against = condition["against"].replace("_", " ")
        said = f"{condition['column']}: {condition['change']} by {limit} {unit} against {against}"
    else:
        way = condition.get("direction", "both")
        said = f"{condition['column']}: outlier ({way}), robust z beyond {limit}"
    return said + (f", {condition['for']} times in a row" if condition.get("for", 1) > 1 else "")


def message(name: str, condition: Condition, found: Observation) -> str:
    """What is said of a breach."""
    thing = ", ".join(f"{column} {value}" for column, value in found.key.items())
    place = "; ".join(filter(None, (thing, found.period)))
    where = f" ({place})" if place else ""
    if not found.has_data:
        return f"{name}{where}: no data"
    # A mean has as many places as Decimal keeps; values of KPIs have eight.
    reference = found.reference if found.reference is None else round(found.reference, 8)
    compared = "" if reference is None else f" against {_plain(reference)}"
    return f"{name}{where}: {_plain(found.value)}{compared}; condition: {in_words(condition)}"


def _observed(
    condition: Condition,
    key: Mapping[str, str],
    period: str,
    value: Decimal | None,
    reference: Decimal | None,
    score: Decimal | None,
) -> Observation:
    is_breach = score is not None and passes(condition, score)
    return Observation(key, period, value, reference, score, is_breach)


Points = list[tuple[Any, Decimal | None]]


def _series(condition: Condition, rows: Sequence[Row]) -> dict[tuple[tuple[str, str], ...], Points]:
    """Values in the order of their periods, by key."""
    period = condition.get("period")
    found: dict[tuple[tuple[str, str], ...], Points] = {}
    for row in rows:
        key = tuple((name, _text(row[name])) for name in condition.get("key", ()))
        when = row[period] if period else None
        # A row without its period cannot be put in order: it says nothing.
        if period is None or when is not None:
            found.setdefault(key, []).append((when, _number(condition["column"], row)))
    for key, points in found.items():
        if len({when for when, _ in points}) < len(points):
            place = ", ".join(value for _, value in key) or "the query"
            raise _unfit(
                f"two rows of {place} {'have one period' if period else 'have one key'}: "
                "name in `key` the columns that tell them apart"
            )
        points.sort(key=lambda point: point[0])
    return found


def _as_it_is(_: Condition, points: Points) -> tuple[None, Decimal | None]:
    return None, points[-1][1]


def _change(condition: Condition, points: Points) -> tuple[Decimal | None, Decimal | None]:
    """Reference and change: against the period before, or the mean of those before."""
    *history, (_, value) = points
    before = [past for _, past in history]
    if condition["against"] == "previous":
        reference = before[-1] if before else None
    else:
        known = [past for past in before[-condition.get("periods", _POINTS) :] if past is not None]
        enough = len(known) >= condition.get("min_points", _LEAST_POINTS)
        reference = sum(known, Decimal()) / len(known) if enough else None
    if value is None or reference is None:
        return reference, None
    moved = value - reference
    if condition.get("measure", "share") == "share":
        if not reference:
            return reference, None
        moved /= abs(reference)
    directed = {"rise": moved, "drop": -moved, "either": abs(moved)}
    return reference, directed[condition["change"]]


def _outlier(condition: Condition, points: Points) -> tuple[Decimal | None, Decimal | None]:
    """Median of the past and robust z-score of the last value, in the direction asked for."""
    *history, (when, value) = points
    if condition.get("season") == "day_of_week":
        today = _weekday(when)
        history = [point for point in history if _weekday(point[0]) == today]
    recent = history[-condition.get("periods", _POINTS) :]
    known = [float(past) for _, past in recent if past is not None]
    if value is None or len(known) < condition.get("min_points", _LEAST_POINTS):
        return None, None
    middle = median(known)
    scale = median(abs(past - middle) for past in known) / _MEDIAN_DEVIATION
    if not scale:
        scale = fmean(abs(past - middle) for past in known) / _MEAN_DEVIATION
    away = float(value) - middle
    # What has never moved, and does, is as far out as can be.
    score = away / scale if scale else away * _FARTHEST
    directed = {"up": score, "down": -score, "both": abs(score)}
    scored = directed[condition.get("direction", "both")]
    return _decimal(middle), _decimal(round(max(-_FARTHEST, min(_FARTHEST, scored)), 6))


def _weekday(when: Any) -> int:
    if isinstance(when, date | datetime):
        return when.weekday()
    raise _unfit("the season day_of_week needs a period that is a date")


def _number(column: str, row: Row) -> Decimal | None:
    """A value as an exact number; None for none, and for what is not finite."""
    value = row[column]
    if value is None:
        return None
    if isinstance(value, bool):
        return Decimal(value)
    try:
        number = _decimal(value)
    except InvalidOperation as error:
        raise _unfit(f"{column} holds {value!r}, which is no number") from error
    return number if number.is_finite() else None


def _decimal(value: Any) -> Decimal:
    # By the shortest text of a float: 0.1 is one tenth.
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _plain(number: Decimal | None) -> str:
    if number is None:
        return "none"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _unfit(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the condition does not fit: {why}",
        "docs/how-to/pulse.md shows a condition of each kind",
    )
