"""The runner: whatever is due is judged once a publication, and every execution is logged."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from finhouse.errors import ConfigurationError, FinhouseError
from finhouse.pulse.alerts import Seen, Told, keep, mark_told, seen_in
from finhouse.pulse.conditions import (
    Observation,
    check_condition,
    judge,
    means_recovered,
    passes,
    scores_alike,
)
from finhouse.pulse.monitors import DISABLED, find, resolve_firing
from finhouse.pulse.reading import Publication, Reader, Row
from finhouse.pulse.slots import next_slot
from finhouse.telling import tell

# Errors in a row after which a monitor is switched off.
ERRORS_ALLOWED = 3
_RUNBOOK = "docs/how-to/pulse.md"


@dataclass(frozen=True)
class Execution:
    """How one run of a monitor ended.

    Attributes:
        outcome: quiet, breached, no_data, unchanged or error.
        rows: of the query; None where it was not run.
        alerting: fingerprints that alert.
        told: how many alerts somebody was told of.
        error: what went wrong; empty where nothing did.
    """

    monitor: str
    outcome: str
    rows: int | None = None
    alerting: int = 0
    told: int = 0
    error: str = ""


@dataclass(frozen=True)
class _Judged:
    publication: Publication
    rows: int
    observations: list[Observation]
    # As judged, and those of them that have lasted long enough to alert.
    seen: list[Seen]
    alerting: list[Seen]


def run_due(connection: psycopg.Connection, reader: Reader, target: str) -> list[Execution]:
    """Run the enabled monitors of a target whose time has come; two runners share them.

    Args:
        target: monitors of other engines are left to houses of theirs.
    """
    return list(_due(connection, reader, target))


def _due(connection: psycopg.Connection, reader: Reader, target: str) -> Iterator[Execution]:
    began = datetime.now(UTC)
    while True:
        told: list[Told] = []
        with connection.transaction():
            monitor = connection.execute(
                "select * from pulse.pulse_monitors where enabled and next_run <= %s "
                "and data_source = %s order by next_run, id limit 1 for update skip locked",
                (began, target),
            ).fetchone()
            if monitor is None:
                return
            execution = _execute(connection, reader, monitor, told)
        yield _after(connection, execution, told)


def run_one(connection: psycopg.Connection, reader: Reader, name: str, target: str) -> Execution:
    """Run one monitor now, whether or not it is due or has judged this publication.

    Raises:
        ConfigurationError: there is none, it reads another engine, or it is running.
    """
    found = find(connection, name)
    if found["data_source"] != target:
        raise ConfigurationError(
            f"{found['name']} reads what {found['data_source']} publishes, not {target}",
            f"run it with --target {found['data_source']}",
        )
    told: list[Told] = []
    with connection.transaction():
        monitor = connection.execute(
            "select * from pulse.pulse_monitors where id = %s for update skip locked",
            (found["id"],),
        ).fetchone()
        if monitor is None:
            raise ConfigurationError(f"{found['name']} is being run", "look at its log")
        execution = _execute(connection, reader, monitor, told, always=True)
    return _after(connection, execution, told)


def replay(
    connection: psycopg.Connection, name: str, first: date, last: date
) -> list[tuple[Row, list[dict[str, Any]]]]:
    """What a monitor has judged on some days, and what its condition of today says of each.

    Nothing is written, and no query is run: what was judged is in the log.

    Returns:
        Row of the log, and its observations with ``is_breach`` by the condition of today.
    """
    monitor = find(connection, name)
    logged = connection.execute(
        "select l.*, v.alert_condition from pulse.pulse_execution_log as l "
        "inner join pulse.pulse_query_versions as v "
        "on l.monitor_id = v.monitor_id and l.query_version = v.version "
        "where l.monitor_id = %s and l.executed_at >= %s "
        "and l.executed_at < %s + interval '1 day' "
        "and l.outcome in ('quiet', 'breached', 'no_data') order by l.executed_at, l.id",
        (monitor["id"], first, last),
    ).fetchall()
    today = monitor["alert_condition"]
    return [(row, rejudged(today, row["alert_condition"], row["measured"])) for row in logged]


def rejudged(
    condition: Any, judged_by: Any, measured: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Stored observations, judged by a condition where their scores are such as it makes.

    Others stay as they were judged, and so does an absence of data.

    Args:
        judged_by: the condition that the scores are of.
    """
    if not scores_alike(condition, judged_by):
        return list(measured)
    return [
        one
        if one["score"] is None
        else one | {"is_breach": passes(condition, Decimal(one["score"]))}
        for one in measured
    ]


def _execute(
    connection: psycopg.Connection,
    reader: Reader,
    monitor: Row,
    told: list[Told],
    *,
    always: bool = False,
) -> Execution:
    """Run a locked monitor and write its log; ``told`` collects what is to be said afterwards."""
    now, began = datetime.now(UTC), time.monotonic()
    publication = None
    try:
        publication = reader.publication()
        if not always and publication.id == monitor["last_publication_id"]:
            execution = Execution(monitor["name"], "unchanged")
            _log(connection, monitor, execution, now, began, publication)
            _plan(connection, monitor, now, publication, errors=monitor["error_count"])
            return execution
        # Alerts and log are kept together, or neither is.
        with connection.transaction():
            judged = _judge(connection, reader, monitor)
            publication = judged.publication
            said = keep(connection, monitor, judged.alerting, publication, now, judged.rows)
            execution = Execution(
                monitor["name"],
                _outcome(monitor["alert_condition"], judged),
                judged.rows,
                sum(one.is_breach for one in judged.alerting),
            )
            _log(connection, monitor, execution, now, began, publication, _measured(judged))
            _plan(connection, monitor, now, publication, errors=0)
        told += said
        return execution
    except Exception as error:
        # Whatever it is, the log says so, and the next monitor has its turn.
        return _failed(connection, monitor, error, now, began, publication, told)


def _judge(connection: psycopg.Connection, reader: Reader, monitor: Row) -> _Judged:
    condition = monitor["alert_condition"]
    safe = reader.checked(monitor["sql_query"])
    check_condition(condition, safe.columns)
    publication, rows = reader.rows(safe)
    observations = judge(condition, rows)
    seen = alerting = seen_in(monitor, observations)
    if condition.get("for", 1) > 1:
        lasting = _lasting(connection, monitor, publication, condition["for"] - 1)
        # What has not lasted yet neither fires nor ends what fires.
        alerting = [
            one
            if not one.is_breach or one.fingerprint in lasting
            else replace(one, is_breach=False, is_known=False)
            for one in seen
        ]
    return _Judged(publication, len(rows), observations, seen, alerting)


def _lasting(
    connection: psycopg.Connection, monitor: Row, publication: Publication, runs: int
) -> set[str]:
    """Fingerprints that breached in each of the last so many other publications with data.

    Only what this version of the monitor has judged counts.
    """
    rows = connection.execute(
        "select measured from (select distinct on (publication_id) id, measured "
        "from pulse.pulse_execution_log where monitor_id = %s and query_version = %s "
        "and publication_id <> %s and outcome in ('quiet', 'breached') "
        "order by publication_id, id desc) as judged order by id desc limit %s",
        (monitor["id"], monitor["query_version"], publication.id, runs),
    ).fetchall()
    if len(rows) < runs:
        return set()
    breached = [{one["fingerprint"] for one in row["measured"] if one["is_breach"]} for row in rows]
    return set.intersection(*breached)


def _outcome(condition: Any, judged: _Judged) -> str:
    if any(one.is_breach for one in judged.observations):
        return "breached"
    says_something = any(one.has_data for one in judged.observations)
    is_quiet = says_something or means_recovered(condition, judged.rows)
    return "quiet" if is_quiet else "no_data"


def _measured(judged: _Judged) -> list[dict[str, Any]]:
    """Each fingerprint as it was judged, before it had to last; numbers as text, exact."""

    def number(value: Any) -> str | None:
        return None if value is None else f"{value:f}"

    return [
        {
            "fingerprint": one.fingerprint,
            "key": dict(one.observation.key),
            "period": one.observation.period,
            "value": number(one.observation.value),
            "reference": number(one.observation.reference),
            "score": number(one.score),
            "is_breach": one.is_breach,
        }
        for one in judged.seen
    ]


def _failed(
    connection: psycopg.Connection,
    monitor: Row,
    error: Exception,
    now: datetime,
    began: float,
    publication: Publication | None,
    told: list[Told],
) -> Execution:
    """Log an error; the third in a row switches the monitor off and tells its owner."""
    why = error.message if isinstance(error, FinhouseError) else f"{type(error).__name__}: {error}"
    errors = monitor["error_count"] + 1
    execution = Execution(monitor["name"], "error", error=why)
    _log(connection, monitor, execution, now, began, publication)
    _plan(connection, monitor, now, None, errors=errors)
    if errors >= ERRORS_ALLOWED and monitor["enabled"]:
        connection.execute(
            "update pulse.pulse_monitors set enabled = false, disabled_reason = %s where id = %s",
            (f"{errors} errors in a row, the last: {why}", monitor["id"]),
        )
        resolve_firing(connection, monitor["id"], DISABLED)
        text = (
            f"Monitor {monitor['name']} of {monitor['user_id']} has been switched off after "
            f"{errors} errors in a row: {why}\nRunbook: {_RUNBOOK}"
        )
        told.append(Told(None, text))
    return execution


def _log(
    connection: psycopg.Connection,
    monitor: Row,
    execution: Execution,
    now: datetime,
    began: float,
    publication: Publication | None,
    measured: Sequence[dict[str, Any]] = (),
) -> None:
    connection.execute(
        "insert into pulse.pulse_execution_log (monitor_id, query_version, executed_at, "
        "execution_duration_ms, rows_returned, alert_triggered, error_message, outcome, "
        "publication_id, as_of_date, measured) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(monitor["id"], monitor["query_version"], now),
            *(round((time.monotonic() - began) * 1000), execution.rows, execution.alerting > 0),
            *(execution.error or None, execution.outcome),
            *(
                (publication.id, publication.as_of_date(monitor["domain"]))
                if publication
                else (None, None)
            ),
            Jsonb(list(measured)),
        ),
    )


def _plan(
    connection: psycopg.Connection,
    monitor: Row,
    now: datetime,
    publication: Publication | None,
    *,
    errors: int,
) -> None:
    """The next slot; what ended with an error has not judged the publication."""
    connection.execute(
        "update pulse.pulse_monitors set last_run = %s, next_run = %s, error_count = %s, "
        "last_publication_id = coalesce(%s, last_publication_id), updated_at = now() "
        "where id = %s",
        (
            *(now, next_slot(monitor["frequency"], monitor["time_zone"], now), errors),
            *(publication.id if publication else None, monitor["id"]),
        ),
    )


def _after(connection: psycopg.Connection, execution: Execution, told: list[Told]) -> Execution:
    """Tell of what has been kept; an alert that nobody could be told of is told another time."""
    reached = 0
    for one in told:
        if tell(one.text) and one.alert_id:
            mark_told(connection, one.alert_id, datetime.now(UTC))
            reached += 1
    return replace(execution, told=reached)
