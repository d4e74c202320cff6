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
    made = _by_dimension(reading, dialect) if reading.breakdown else _by_period(reading)
    return bound_sql(made, values, dialect)


def watched(reading: Reading, dialect: str) -> tuple[str, dict[str, Any]]:
    """SQL and condition of a monitor that watches what a question asks.

    Raises:
        ConfigurationError: the question names no number that values are to pass, or what a
            monitor does not watch: a period, or a comparison.
    """
    if reading.threshold is None:
        raise ConfigurationError(
            f"a monitor needs a limit, and {str(reading)!r} has none",
            "say which: finhouse pulse new NAME --ask 'fraud rate above 0.1 %'",
        )
    if reading.span or reading.comparison:
        dropped = "a period" if reading.span else "a comparison"
        raise ConfigurationError(
            f"a monitor watches the latest values against its limit; {str(reading)!r} names "
            f"{dropped}",
            "leave it out, or write the SQL and the condition",
        )
    number = reading.threshold.number
    condition = {
        "column": "value",
        "period": _PLACES[reading.grain][1],
        "op": reading.threshold.sign,
        "value": int(number) if number == number.to_integral_value() else float(number),
    }
    # Without the limit: a value within it is what ends an alert.
    watching = replace(reading, threshold=None, several=True)
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


def _by_dimension(reading: Reading, dialect: str) -> str:
    breakdown: Breakdown = reading.breakdown  # type: ignore[assignment]
    mart, period, column = breakdown.mart, breakdown.period, breakdown.column
    value = _value([f"sum({part})" for part in breakdown.parts], dialect)
    # Sums of two currencies are none.
    currency = ", currency_code" if reading.kpi.unit == "currency" else ""
    rules = _within(reading, period)
    if not reading.span:
        # The KPI's own: what became of a month's users or plans is known when it is long over.
        complete = "kpi_code = {kpi:kpi_code} and is_complete_period"
        rules.append(
            f"{period} in (select month_start from published.kpi_monthly where {complete} "
            f"order by month_start desc limit {_latest(reading)})"
        )
    return (
        f"select {period}, {column}, {value} as value{currency} from published.{mart} "
        f"where {' and '.join(rules)} group by {period}, {column}{currency} "
        f"order by {period} desc, {column} limit {ROW_LIMIT}"
    )


def _value(sums: list[str], dialect: str) -> str:
    """A value with the digits that the marts give it: see the macros `ratio` and `to_scale`."""
    if len(sums) == 1:
        return f"cast({sums[0]} as decimal(26, 8))"
    over, under = (f"cast({one} as double)" for one in sums)
    quotient = f"{over} / nullif({under}, 0)"
    if dialect == "postgres":
        quotient = f"cast({quotient} as text)"
    return f"cast(cast({quotient} as decimal(38, 12)) as decimal(26, 8))"


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
