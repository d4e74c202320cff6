"""Queries that several addresses have in common: a KPI by its code, its values, its changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Path, Request

from finhouse.api.problems import ProblemError
from finhouse.api.project import Project
from finhouse.api.publications import Published, Row
from finhouse.api.shapes import Grain
from finhouse.scorecard import parse_period

CATALOGUE_COLUMNS = (
    "kpi_code, kpi_name, domain, formula, unit, value_kind, additivity, direction, owner, "
    "target_operator, final_target, target_source, target_note, has_monthly_values, "
    "has_daily_values"
)
RESTATEMENT_COLUMNS = (
    "kpi_code, domain, period_grain as grain, period_start, change_number, old_value, "
    "old_numerator, old_denominator, new_value, new_numerator, new_denominator, value_change, "
    "reported_at, restated_at, cause_kind, cause_batches"
)

KpiCode = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9_]*$", max_length=100, description="As in the catalogue.")
]


@dataclass(frozen=True)
class GrainMart:
    """Where values of one grain are published."""

    mart: str
    column: str
    period_format: str


GRAINS: dict[Grain, GrainMart] = {
    "month": GrainMart("kpi_monthly", "month_start", "%Y-%m"),
    "day": GrainMart("kpi_daily", "date_day", "%Y-%m-%d"),
}


def _project(request: Request) -> Project:
    return request.app.state.project


InProject = Annotated[Project, Depends(_project)]


def kpi(published: Published, project: Project, code: str) -> Row:
    """The KPI's row of the catalogue.

    Raises:
        ProblemError: there is no such KPI in the domains of this API.
    """
    found = published.rows(
        f"select {CATALOGUE_COLUMNS} from published.kpi_catalogue "
        f"where kpi_code = $1 and {project.only()}",
        (code,),
    )
    if not found:
        raise ProblemError(
            404, "unknown-kpi", f"There is no KPI {code}: /kpis lists those there are."
        )
    return found[0]


def values(published: Published, grain: Grain, condition: str, *params: Any) -> list[Row]:
    """Values of a grain, with their periods in words.

    Args:
        condition: SQL on ``kpi_code`` and ``period_start``, what follows ``where``.
    """
    place = GRAINS[grain]
    found = published.rows(
        "select period_start, value, numerator, denominator, currency_code as currency, "
        "reporting_value, target, target_status, is_complete_period, missing_file_count "
        f"from (select *, {place.column} as period_start from published.{place.mart}) as by_period "
        f"where {condition}",
        params,
    )
    return [{**row, "period": f"{row['period_start']:{place.period_format}}"} for row in found]


def restatements(published: Published, condition: str, *params: Any) -> list[Row]:
    """Restatements; ``condition`` is what follows ``where``."""
    found = published.rows(
        f"select {RESTATEMENT_COLUMNS} from published.kpi_restatements where {condition}", params
    )
    return [{**row, "cause_batches": json.loads(row["cause_batches"])} for row in found]


def period_of(text: str) -> tuple[Grain, date]:
    """Grain and first day of ``2026-06`` or ``2026-06-30``.

    Raises:
        ProblemError: it is neither.
    """
    try:
        return parse_period(text)
    except ValueError as error:
        raise ProblemError(
            404, "unknown-period", f"{text} is no period: write 2026-06 or 2026-06-30."
        ) from error
