"""The SQL of a question that was understood: of templates alone, whose values are bound."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from finhouse.errors import ConfigurationError
from finhouse.pulse.guard import ROW_LIMIT
from finhouse.pulse.questions.grammar import SEVERAL, Breakdown, Reading
from finhouse.pulse.templates import bound_sql

_PLACES = {"month": ("kpi_monthly", "month_start"), "day": ("kpi_daily", "date_day")}
_COMPARED = {
    "": "",
    "target": ", target",
    "before": ", previous_value",
    "year before": ", value_last_year",
}


def sql_of(reading: Reading, dialect: str) -> str:
    """One SELECT that answers it, the latest period first."""
    values: dict[str, Any] = {"kpi": reading.kpi.code}
    if reading.span:
        values |= {"first": str(reading.span.first), "last": str(reading.span.last)}
    if reading.threshold:
        values["limit"] = Decimal(reading.threshold.number)
    made = _by_dimension if reading.breakdown else _by_period
    return bound_sql(made(reading), values, dialect)


def watched(reading: Reading, dialect: str) -> tuple[str, dict[str, Any]]:
    """SQL and condition of a monitor that watches what a question asks.

    Raises:
        ConfigurationError: the question names no number that values are to pass.
    """
    if reading.threshold is None:
        raise ConfigurationError(
            f"a monitor needs a limit, and {str(reading)!r} has none",
            "say which: finhouse pulse new NAME --ask 'fraud rate above 0.1 %'",
        )
    number = reading.threshold.number
    condition = {
        "column": "value",
        "period": _PLACES[reading.grain][1],
        "op": reading.threshold.sign,
        "value": int(number) if number == number.to_integral_value() else float(number),
    }
    # Without the limit: a value within it is what ends an alert.
    watching = replace(reading, threshold=None, span=None, several=True)
    return sql_of(watching, dialect), condition


def _by_period(reading: Reading) -> str:
    mart, period = _PLACES[reading.grain]
    kept = ["kpi_code = {kpi:kpi_code}"]
    rules = _within(reading, period)
    if not reading.span:
        # Counted before the limit is looked at: of the latest periods, those that pass it.
        kept.append("is_complete_period")
        rules.append(f"recency <= {_latest(reading)}")
    if reading.threshold:
        rules.append(f"value {reading.threshold.sign} {{limit:number}}")
    return (
        f"select {period}, value{_COMPARED[reading.comparison]}, currency_code, "
        f"is_complete_period from (select *, row_number() over (order by {period} desc) as "
        f"recency, lag(value) over (order by {period}) as previous_value from published.{mart} "
        f"where {' and '.join(kept)}) as periods "
        f"where {' and '.join(rules)} order by {period} desc limit {ROW_LIMIT}"
    )


def _by_dimension(reading: Reading) -> str:
    breakdown: Breakdown = reading.breakdown  # type: ignore[assignment]
    mart, period, column = breakdown.mart, breakdown.period, breakdown.column
    value = " / nullif(".join(f"sum({part})" for part in breakdown.parts)
    value += ", 0)" if len(breakdown.parts) > 1 else ""
    months = f"select {period} from published.{mart} where is_complete_period"
    rules = _within(reading, period)
    if not reading.span:
        rules.append(
            f"{period} in (select {period} from ({months} group by {period} "
            f"order by {period} desc limit {_latest(reading)}) as latest)"
        )
    return (
        f"select {period}, {column}, {value} as value from published.{mart} "
        f"where {' and '.join(rules)} group by {period}, {column} "
        f"order by {period} desc, {column} limit {ROW_LIMIT}"
    )


def _within(reading: Reading, period: str) -> list[str]:
    if not reading.span:
        return []
    return [
        f"{period} >= cast({{first:day}} as date)",
        f"{period} <= cast({{last:day}} as date)",
    ]


def _latest(reading: Reading) -> int:
    """How many of the latest periods it asks for."""
    return SEVERAL if reading.several else 1
