"""Conditions are data: refused when unfit, and judged without taking no data for a breach."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from finhouse.errors import ConfigurationError
from finhouse.pulse.conditions import (
    Observation,
    check_condition,
    in_words,
    judge,
    limit_of,
    message,
    scores_alike,
    with_limit,
)

FIRST = date(2026, 6, 1)
BELOW = {"column": "value", "op": "<", "value": 3}
DROP = {
    "change": "drop",
    "column": "value",
    "period": "day",
    "by": 0.2,
    "against": "trailing_mean",
    "periods": 28,
    "min_points": 4,
}
OUTLIER = {"outlier": "robust_z", "column": "value", "period": "day", "k": 3.5, "min_points": 4}


def days(*values: Any, step: int = 1) -> list[dict[str, Any]]:
    """Rows of days in a row, or of every ``step``-th one."""
    return [
        {"day": FIRST + timedelta(days=step * number), "value": value}
        for number, value in enumerate(values)
    ]


def last(condition: dict[str, Any], *values: Any, step: int = 1) -> Observation:
    [found] = judge(condition, days(*values, step=step))
    return found


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ([], "no JSON object"),
        ({}, "'column' is a required property"),
        ({"column": "value", "op": "~", "value": 1}, "op: '~' is not one of"),
        ({"column": "value", "op": "<", "value": "3"}, "value: '3' is not of type 'number'"),
        ({"column": "value; drop", "op": "<", "value": 3}, "column: "),
        ({**BELOW, "limit": 3}, "Additional properties"),
        ({**BELOW, "for": 0}, "for: 0 is less than"),
        ({**BELOW, "no_data": "maybe"}, "no_data: "),
        ({**DROP, "by": 0}, "by: 0 is less than or equal"),
        ({**DROP, "against": "yesterday"}, "against: "),
        ({**OUTLIER, "outlier": "z"}, "outlier: "),
        ({"rows": "count", "op": ">"}, "'value' is a required property"),
    ],
)
def test_what_is_no_condition_is_refused(condition: Any, told: str):
    with pytest.raises(ConfigurationError) as refused:
        check_condition(condition)
    assert told in refused.value.message


@pytest.mark.parametrize(
    "condition", [BELOW, DROP, OUTLIER, {"rows": "count", "op": ">", "value": 0}]
)
def test_each_kind_is_taken(condition: dict[str, Any]):
    check_condition(condition, ("day", "value"))


def test_a_column_that_the_query_does_not_return_is_named():
    with pytest.raises(ConfigurationError, match="no column bank: it returns value"):
        check_condition({**BELOW, "key": ["bank"]}, ("value",))


@pytest.mark.parametrize(
    ("value", "breach"), [(Decimal("2.99"), True), (3, False), (Decimal("3.00"), False), (4, False)]
)
def test_a_threshold_is_exact(value: Any, breach: bool):
    assert [found.is_breach for found in judge(BELOW, [{"value": value}])] == [breach]


def test_tenths_are_tenths():
    """0.1 as a double is a little more than a tenth: compared so, a tenth would not reach it."""
    at_least = {"column": "value", "op": ">=", "value": 0.1}
    assert judge(at_least, [{"value": Decimal("0.1")}])[0].is_breach


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf")])
def test_no_data_is_no_breach(nothing: Any):
    for condition in (BELOW, {**BELOW, "op": "!="}):
        [found] = judge(condition, [{"value": nothing}])
        assert (found.is_breach, found.has_data) == (False, False)


def test_no_rows_are_no_data():
    [found] = judge(BELOW, [])
    assert (found.is_breach, found.has_data) == (False, False)


def test_rows_are_counted_also_when_there_are_none():
    some = {"rows": "count", "op": ">", "value": 0}
    assert [judge(some, rows)[0].is_breach for rows in ([], [{"a": 1}])] == [False, True]


def test_of_each_key_the_latest_period_is_judged():
    keyed = {**BELOW, "key": ["bank"], "period": "day"}
    rows = [{**row, "bank": bank} for bank in ("A", "B") for row in days(1, 5)]
    rows[1]["value"], rows[3]["value"] = 2, 4
    assert {found.key["bank"]: found.is_breach for found in judge(keyed, rows[::-1])} == {
        "A": True,
        "B": False,
    }


def test_two_rows_of_one_key_are_refused():
    with pytest.raises(ConfigurationError, match="tell them apart"):
        judge(BELOW, [{"value": 1}, {"value": 2}])


def test_text_is_no_number():
    with pytest.raises(ConfigurationError, match="holds 'many', which is no number"):
        judge(BELOW, [{"value": "many"}])


def test_a_drop_is_measured_against_the_mean_of_what_was_before():
    found = last(DROP, 10, 10, 10, 10, 8)
    assert (found.reference, found.score, found.is_breach) == (10, Decimal("0.2"), True)
    assert not last(DROP, 10, 10, 10, 10, Decimal("8.01")).is_breach
    assert not last(DROP, 10, 10, 10, 10, 20).is_breach, "a rise is no drop"


def test_too_few_points_say_nothing():
    assert not last(DROP, 10, 10, 10, 1).has_data
    assert not last(DROP, 10, None, 10, 10, 1).has_data, "of four one holds no value"
    assert last(DROP, 10, None, 10, 10, 10, 1).is_breach


def test_only_so_many_periods_count():
    found = last({**DROP, "periods": 4}, 1000, 10, 10, 10, 10, 9)
    assert found.reference == 10


def test_a_change_of_nothing_has_no_share_but_points():
    rise = {**DROP, "change": "rise", "by": 0.01}
    assert not last(rise, 0, 0, 0, 0, 1).has_data
    assert last({**rise, "measure": "points"}, 0, 0, 0, 0, Decimal("0.01")).is_breach


def test_points_against_the_period_before():
    jump = {
        "change": "rise",
        "column": "value",
        "period": "day",
        "by": 0.01,
        "measure": "points",
        "against": "previous",
    }
    assert last(jump, Decimal("0.042"), Decimal("0.052")).is_breach
    assert not last(jump, Decimal("0.042"), Decimal("0.0519")).is_breach
    assert not last(jump, None, Decimal("0.5")).has_data
    assert not last(jump, Decimal("0.5")).has_data


def test_an_outlier_is_not_hidden_by_another_one():
    """A mean and standard deviation would be pulled along; the median is not."""
    assert last(OUTLIER, 10, 11, 9, 10, 500, 10, 11, 40).is_breach
    assert not last(OUTLIER, 10, 11, 9, 10, 500, 10, 11, 12).is_breach


def test_an_outlier_has_a_direction():
    down = {**OUTLIER, "direction": "down"}
    assert not last(down, 10, 11, 9, 10, 11, 40).is_breach
    assert last(down, 10, 11, 9, 10, 11, -40).is_breach


def test_what_never_moved_and_does_is_an_outlier():
    assert last(OUTLIER, 5, 5, 5, 5, 6).is_breach
    assert not last(OUTLIER, 5, 5, 5, 5, 5).is_breach


def test_a_season_compares_mondays_with_mondays():
    seasonal = {**OUTLIER, "season": "day_of_week"}
    quiet_mondays = [10 if number % 7 == 0 else 100 + number % 3 for number in range(35)]
    assert not last(seasonal, *quiet_mondays, 10).is_breach
    assert last({**OUTLIER, "periods": 28}, *quiet_mondays, 10).is_breach
    assert last(seasonal, *quiet_mondays, 60).is_breach


def test_a_season_needs_dates():
    rows = [{"day": "2026-06-01", "value": 1}]
    with pytest.raises(ConfigurationError, match="period that is a date"):
        judge({**OUTLIER, "season": "day_of_week"}, rows)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (BELOW, "value < 3"),
        ({**BELOW, "for": 2}, "value < 3, 2 times in a row"),
        ({"rows": "count", "op": ">", "value": 0}, "rows > 0"),
        (DROP, "value: drop by 0.2 of it against trailing mean"),
        (OUTLIER, "value: outlier (both), robust z beyond 3.5"),
    ],
)
def test_a_condition_can_be_said(condition: dict[str, Any], said: str):
    assert in_words(condition) == said


def test_a_breach_is_told_with_its_key_period_and_value():
    keyed = {**BELOW, "key": ["bank"], "period": "day"}
    [found] = judge(keyed, [{**row, "bank": "A"} for row in days(Decimal("2.50"))])
    assert message("Low", keyed, found) == "Low (bank A; 2026-06-01): 2.5; condition: value < 3"


def test_what_a_breach_is_compared_with_has_no_more_places_than_a_kpi():
    found = last(DROP, *map(Decimal, (1, 1, 2, 2, 1, 1, 0)))
    assert ": 0 against 1.33333333;" in message("Drop", DROP, found)


def test_another_limit_leaves_the_rest_as_it_is():
    assert with_limit(DROP, Decimal("0.3")) == {**DROP, "by": 0.3}
    assert limit_of(with_limit(BELOW, Decimal("2"))) == 2


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    "condition",
    [
        {"column": "value", "op": ">"},
        {"rows": "count", "op": ">"},
    ],
)
def test_a_limit_is_a_finite_number(condition: dict[str, Any], number: float):
    with pytest.raises(ConfigurationError, match="value"):
        check_condition({**condition, "value": number})


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ({"column": "value", "op": ">=", "value": 9, "for": 3}, True),
        ({"column": "share", "op": ">", "value": 5}, False),
        ({"rows": "count", "op": ">", "value": 5}, False),
    ],
)
def test_scores_that_may_be_compared(other: dict[str, Any], alike: bool):
    assert scores_alike({"column": "value", "op": ">", "value": 5}, other) is alike
