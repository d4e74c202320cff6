"""KPIs: the catalogue, values, what has become of a value, and where it comes from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from finhouse.api.answers import Answering
from finhouse.api.catalogue import (
    CATALOGUE_COLUMNS,
    InProject,
    KpiCode,
    kpi,
    period_of,
    restatements,
    values,
)
from finhouse.api.pages import Page, asked_page, number_part, text_part
from finhouse.api.problems import ProblemError, responses
from finhouse.api.project import Project
from finhouse.api.publications import Published, Row
from finhouse.api.shapes import (
    CardEntry,
    Grain,
    Kpi,
    KpiDetail,
    KpiPage,
    KpiValue,
    Lineage,
    LineageStep,
    Restatement,
    RestatementPage,
    Scorecard,
    ValueHistory,
    ValuePage,
)
from finhouse.dbt.kpi_lineage import Origin
from finhouse.errors import TransformError

router = APIRouter(tags=["KPIs"])

AskedPage = Annotated[Page, Depends(asked_page)]
Domain = Annotated[
    str | None,
    Query(pattern=r"^[a-z][a-z0-9_]*$", max_length=60, description="Only this domain."),
]


@router.get("/kpis", operation_id="kpis", response_model=KpiPage, responses=responses(400, 409))
async def kpis(
    answer: Answering,
    project: InProject,
    page: AskedPage,
    domain: Domain = None,
    q: Annotated[
        str | None,
        Query(
            pattern=r"^[^\x00-\x1f]+$",
            max_length=100,
            description="Text that code, name or formula contains.",
        ),
    ] = None,
) -> Response:
    """The catalogue, in the order of the scorecard."""

    def made(published: Published) -> KpiPage:
        after = page.start(published, number_part, text_part) or (
            -1,
            "",
        )
        words = (q or "").lower()
        found = published.rows(
            f"select {CATALOGUE_COLUMNS}, display_order from published.kpi_catalogue "
            f"where {project.only(domain)} "
            "and (display_order > $1 or (display_order = $1 and kpi_code > $2)) "
            "and ($3 = '' or strpos(lower(kpi_code), $3) > 0 or strpos(lower(kpi_name), $3) > 0 "
            "or strpos(lower(formula), $3) > 0) "
            "order by display_order, kpi_code limit $4",
            (*after, words, page.limit + 1),
        )
        rows, cursor = page.cut(published, found, ("display_order", "kpi_code"))
        return KpiPage(
            publication_id=published.id, items=[Kpi(**row) for row in rows], next_cursor=cursor
        )

    return await answer.of(made)


@router.get("/kpis/{code}", operation_id="kpi", response_model=KpiDetail, responses=responses(404))
async def one_kpi(code: KpiCode, answer: Answering, project: InProject) -> Response:
    """One KPI of the catalogue."""

    def made(published: Published) -> KpiDetail:
        return KpiDetail(publication_id=published.id, **kpi(published, project, code))

    return await answer.of(made)


@router.get(
    "/kpis/{code}/values",
    operation_id="kpi_values",
    response_model=ValuePage,
    responses=responses(400, 404, 409),
)
async def kpi_values(
    code: KpiCode,
    answer: Answering,
    project: InProject,
    page: AskedPage,
    grain: Annotated[
        Grain | None, Query(description="Default: month if the KPI has monthly values, else day.")
    ] = None,
    first: Annotated[
        date | None, Query(alias="from", description="Periods that begin on this day or later.")
    ] = None,
    last: Annotated[
        date | None, Query(alias="to", description="Periods that begin on this day or earlier.")
    ] = None,
) -> Response:
    """Values by period, each with its numerator, denominator, target and status."""

    def made(published: Published) -> ValuePage:
        of = kpi(published, project, code)
        chosen: Grain = grain or ("month" if of["has_monthly_values"] else "day")
        after = page.start(published, date.fromisoformat) or (None,)
        found = values(
            published,
            chosen,
            "kpi_code = $1 and period_start >= $2 and period_start <= $3 and period_start > $4 "
            "order by period_start limit $5",
            code,
            first or date.min,
            last or date.max,
            after[0] or date.min,
            page.limit + 1,
        )
        rows, cursor = page.cut(published, found, ("period_start",))
        return ValuePage(
            publication_id=published.id,
            kpi_code=code,
            grain=chosen,
            unit=of["unit"],
            reporting_currency=project.reporting_currency,
            items=[KpiValue(**row) for row in rows],
            next_cursor=cursor,
        )

    return await answer.of(made)


@router.get(
    "/kpis/{code}/values/{period}/history",
    operation_id="kpi_value_history",
    response_model=ValueHistory,
    responses=responses(404),
)
async def kpi_value_history(
    code: KpiCode,
    period: Annotated[
        str,
        Path(pattern=r"^\d{4}-\d{2}(-\d{2})?$", description="2026-06, or 2026-06-30 for a day."),
    ],
    answer: Answering,
    project: InProject,
) -> Response:
    """A value as it is now, and each change since it was first reported, with its cause."""
    grain, start = period_of(period)

    def made(published: Published) -> ValueHistory:
        of = kpi(published, project, code)
        current = values(published, grain, "kpi_code = $1 and period_start = $2", code, start)
        if not current:
            raise ProblemError(404, "no-data", f"{code} has no value of {period}.")
        changes = restatements(
            published,
            "kpi_code = $1 and period_grain = $2 and period_start = $3 order by change_number",
            code,
            grain,
            start,
        )
        return ValueHistory(
            publication_id=published.id,
            kpi_code=code,
            grain=grain,
            unit=of["unit"],
            current=KpiValue(**current[0]),
            changes=[Restatement(**row) for row in changes],
        )

    return await answer.of(made)


@router.get(
    "/kpis/{code}/lineage",
    operation_id="kpi_lineage",
    response_model=Lineage,
    responses=responses(404),
)
async def kpi_lineage(code: KpiCode, answer: Answering, project: InProject) -> Response:
    """The models that compute a KPI, back to the columns of its sources."""

    def made(published: Published) -> Lineage:
        of = kpi(published, project, code)
        lineages = project.lineages()
        try:
            found = lineages.of(code)
        except TransformError as error:
            raise ProblemError(503, "not-ready", str(error)) from error
        if found is None:
            raise ProblemError(
                404, "no-data", f"The project that was last built does not compute {code}."
            )
        return Lineage(
            publication_id=published.id,
            kpi_code=code,
            formula=of["formula"],
            compiled_at=datetime.fromisoformat(lineages.compiled_at),
            computed_by=list(found.computed_by),
            models=[_step(origin) for origin in found.models],
            sources=[_step(origin) for origin in found.origins],
        )

    return await answer.of(made, variant=project.lineage_stamp)


@router.get("/scorecard", operation_id="scorecard", response_model=Scorecard)
async def scorecard(answer: Answering, project: InProject, domain: Domain = None) -> Response:
    """Every KPI's latest complete period, the one before, and whether its target is met."""

    def made(published: Published) -> Scorecard:
        found = published.rows(
            "select kpi_code, kpi_name, domain, owner, unit, direction, period_grain as grain, "
            "period_start, is_complete_period, value, numerator, denominator, previous_value, "
            "change_rate, currency_code as currency, reporting_value, target_operator, target, "
            "target_status, missing_table, missing_file_count from published.kpi_scorecard "
            f"where {project.only(domain)} order by display_order, kpi_code"
        )
        return Scorecard(
            publication_id=published.id,
            reporting_currency=project.reporting_currency,
            items=[CardEntry(**row) for row in found],
        )

    return await answer.of(made)


@router.get(
    "/restatements",
    operation_id="restatements",
    response_model=RestatementPage,
    responses=responses(400, 409),
)
async def all_restatements(
    answer: Answering, project: InProject, page: AskedPage, domain: Domain = None
) -> Response:
    """Changes of values that had been reported, latest first."""

    def made(published: Published) -> RestatementPage:
        rows, cursor = page.cut(
            published, _restated(published, project, page, domain), _RESTATEMENT_KEY
        )
        return RestatementPage(
            publication_id=published.id,
            items=[Restatement(**row) for row in rows],
            next_cursor=cursor,
        )

    return await answer.of(made)


_RESTATEMENT_KEY = ("restated_at", "kpi_code", "grain", "period_start", "change_number")


def _restated(published: Published, project: Project, page: Page, domain: str | None) -> list[Row]:
    after = page.start(
        published, datetime.fromisoformat, text_part, text_part, date.fromisoformat, number_part
    ) or (datetime.max, "", "", date.min, 0)
    return restatements(
        published,
        f"{project.only(domain)} and (restated_at < $1 or (restated_at = $1 and "
        "(kpi_code, period_grain, period_start, change_number) > ($2, $3, $4, $5))) "
        "order by restated_at desc, kpi_code, period_grain, period_start, change_number limit $6",
        *after,
        page.limit + 1,
    )


def _step(origin: Origin) -> LineageStep:
    table = origin.name.rpartition(".")[2]
    return LineageStep(
        kind=origin.kind,
        name=origin.name,
        relation=f"{origin.schema}.{table}",
        columns=list(origin.columns),
    )
