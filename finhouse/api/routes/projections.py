"""The financial projection, as JSON or as CSV."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from finhouse.api.answers import CSV, JSON, Answering
from finhouse.api.problems import ProblemError, responses
from finhouse.api.publications import Published
from finhouse.api.shapes import ProjectedMonth, Projection

DOMAIN = "wallet"

router = APIRouter(tags=["projections"])


@router.get(
    "/projections/{scenario}",
    operation_id="projection",
    response_model=Projection,
    responses={
        200: {
            "description": "The coming months.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
        **responses(404),
    },
)
async def projection(
    request: Request,
    scenario: Annotated[
        str, Path(pattern=r"^[a-z][a-z0-9_]*$", max_length=60, description="base, bear or bull.")
    ],
    answer: Answering,
    method: Annotated[
        Literal["compound", "cohort"],
        Query(description="compound: growth rates; cohort: users won, and kept by age."),
    ] = "compound",
    format: Annotated[
        Literal["json", "csv"] | None,
        Query(description="Default: csv if `Accept` begins with text/csv, else json."),
    ] = None,
) -> Response:
    """Volume, revenue, cost, cash and runway of the coming months in one scenario."""

    def made(published: Published) -> Projection:
        found = published.rows(
            f"select currency_code, {', '.join(ProjectedMonth.model_fields)} "
            "from published.financial_projection where scenario = $1 and method = $2 "
            "order by month_number",
            (scenario, method),
        )
        if not found:
            raise ProblemError(
                404, "no-data", f"There is no projection of scenario {scenario} by method {method}."
            )
        return Projection(
            publication_id=published.id,
            scenario=scenario,
            method=method,
            currency=found[0]["currency_code"],
            months=[ProjectedMonth(**row) for row in found],
        )

    accepted = request.headers.get("accept", "")
    if format == "csv" or (format is None and accepted.startswith("text/csv")):
        return await answer.of(lambda published: as_csv(made(published)), CSV)
    return await answer.of(made, JSON)


def as_csv(projected: Projection) -> str:
    """A line a month, with scenario, method, currency and publication in each."""
    common = projected.model_dump(mode="json", exclude={"months"})
    text = io.StringIO()
    writer = csv.DictWriter(text, [*common, *ProjectedMonth.model_fields])
    writer.writeheader()
    for month in projected.months:
        writer.writerow(common | month.model_dump(mode="json"))
    return text.getvalue()
