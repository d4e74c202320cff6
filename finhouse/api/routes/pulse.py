"""Questions in plain words, and the alerts of the monitors: what people say of them is written."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal
from uuid import UUID

import psycopg
from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response

from finhouse.api.answers import PUBLICATION_HEADER
from finhouse.api.catalogue import InProject
from finhouse.api.guard import caller, may_write_pulse
from finhouse.api.observing import LOGGER
from finhouse.api.problems import ProblemError, responses
from finhouse.api.project import Project
from finhouse.api.publications import Published, Row
from finhouse.api.shapes import (
    Alert,
    AlertData,
    AlertList,
    AskedValue,
    Feedback,
    QuestionAnswer,
)
from finhouse.pulse import alerts
from finhouse.pulse.questions.asking import Answer, ask, record
from finhouse.pulse.questions.grammar import LONGEST_QUESTION, Reading

KEPT_HEADER = "X-Question-Kept"
router = APIRouter(tags=["pulse"])
_logger = logging.getLogger(LOGGER)

AlertId = Annotated[UUID, Path(description="Identifier of the alert.")]
_WRITING: dict[str, Any] = {
    "response_model": Alert,
    "responses": responses(400, 404),
    "dependencies": [Depends(may_write_pulse)],
}
_COMPARED = ("target", "previous_value", "value_last_year")
_KNOWN = ("month_start", "date_day", "value", "currency_code", "is_complete_period")


@router.get("/ask", operation_id="ask", response_model=QuestionAnswer)
def ask_in_words(
    request: Request,
    response: Response,
    project: InProject,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=LONGEST_QUESTION,
            description="KPI, dimension, period, comparison, limit: `fraud rate by month in 2026`.",
        ),
    ],
) -> QuestionAnswer:
    """Answer a question in plain words, by a grammar over the catalogue: no language model.

    It is answered, or has candidates to choose from, or was not understood: never a guess. Every
    question is kept; `X-Question-Kept: no` says that this one could not be.
    """

    def answered(published: Published) -> tuple[str, Answer]:
        return published.id, ask(q, published.rows, project.dialect, project.domains)

    publication, answer = request.app.state.answers.publications.read(answered)
    try:
        with request.app.state.monitors.connection() as connection:
            record(connection, answer, caller(request), project.settings.target)
    except (ProblemError, psycopg.Error):
        # What is published was read all the same.
        _logger.exception("a question was answered and not kept")
        response.headers[KEPT_HEADER] = "no"
    response.headers[PUBLICATION_HEADER] = publication
    response.headers["Cache-Control"] = "no-store"
    return QuestionAnswer(
        publication_id=publication,
        question=q,
        outcome=answer.outcome,
        reading=answer.reading or None,
        kpi_code=answer.understood.kpi.code if answer.understood else None,
        unit=answer.understood.kpi.unit if answer.understood else None,
        values=[_value(answer.understood, row) for row in answer.rows if answer.understood],
        sql=answer.sql or None,
        why=answer.why or None,
        candidates=list(answer.candidates),
        unknown_words=list(answer.unknown_words),
        nearest=list(answer.nearest),
    )


@router.get("/pulse/alerts", operation_id="alerts", response_model=AlertList)
def list_alerts(
    request: Request,
    project: InProject,
    response: Response,
    status: Annotated[
        Literal["firing", "all"], Query(description="all: resolved ones, too.")
    ] = "firing",
) -> AlertList:
    """Alerts of the monitors as they are at this moment, the most severe first; 1,000 at most."""
    with request.app.state.monitors.connection() as connection:
        found = alerts.alerts_of(
            connection, only_firing=status == "firing", domains=project.domains
        )
    response.headers["Cache-Control"] = "no-store"
    return AlertList(items=[_alert(row) for row in found])


@router.post("/pulse/alerts/{alert_id}/acknowledge", operation_id="acknowledge_alert", **_WRITING)
def acknowledge_alert(request: Request, project: InProject, alert_id: AlertId) -> Alert:
    """Say that somebody knows of an alert; who said so first stays."""
    with request.app.state.monitors.connection() as connection:
        _known(connection, project, alert_id)
        return _alert(alerts.acknowledge(connection, str(alert_id), caller(request)))


@router.post("/pulse/alerts/{alert_id}/feedback", operation_id="judge_alert", **_WRITING)
def judge_alert(
    request: Request,
    project: InProject,
    alert_id: AlertId,
    feedback: Annotated[Feedback, Body(description="Whether it was right.")],
) -> Alert:
    """Say whether an alert was right; the last word counts, however often it is said."""
    with request.app.state.monitors.connection() as connection:
        _known(connection, project, alert_id)
        said = feedback.feedback
        return _alert(alerts.give_feedback(connection, str(alert_id), said, caller(request)))


def _known(connection: Any, project: Project, alert_id: UUID) -> None:
    """Refuse an alert that there is not, or that is of a domain of which this API says nothing."""
    found = alerts.existing(connection, str(alert_id))
    if found is None or not _is_of(project, found):
        raise ProblemError(
            404, "unknown-alert", f"There is no alert {alert_id}: /pulse/alerts lists them."
        )


def _is_of(project: Project, alert: Row) -> bool:
    return alert["domain"] is None or alert["domain"] in project.domains


def _alert(row: Row) -> Alert:
    data = row["data"]
    return Alert(
        id=row["id"],
        monitor=row["monitor_name"],
        domain=row["domain"],
        severity=row["severity"],
        status=row["status"],
        message=row["message"],
        data=AlertData(**{name: data[name] for name in AlertData.model_fields}),
        occurrence_count=row["occurrence_count"],
        detected_at=row["detected_at"],
        last_seen_at=row["last_seen_at"],
        resolved_at=row["resolved_at"],
        acknowledged=row["acknowledged"],
        acknowledged_at=row["acknowledged_at"],
        snoozed_until=row["snoozed_until"],
        feedback=row["feedback"],
        as_of_date=row["as_of_date"],
        publication_id=row["publication_id"],
    )


def _value(reading: Reading, row: Row) -> AskedValue:
    start = row.get("month_start") or row["date_day"]
    compared = next((row[name] for name in _COMPARED if name in row), None)
    group = next((row[name] for name in row if name not in (*_KNOWN, *_COMPARED)), None)
    return AskedValue(
        period=f"{start:{'%Y-%m' if reading.grain == 'month' else '%Y-%m-%d'}}",
        period_start=start,
        group=None if group is None else str(group),
        value=None if row["value"] is None else str(row["value"]),
        compared_value=compared,
        currency=row.get("currency_code"),
        is_complete_period=row.get("is_complete_period"),
    )
