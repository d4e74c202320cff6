"""Monitors as they are kept: made, edited, switched off, and their versions with the way back.

What is kept has been tried: the SQL passed the guard and ran, and the condition fits what it
returned.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from finhouse.domains import declared_domains
from finhouse.errors import ConfigurationError
from finhouse.pulse.conditions import Observation, check_condition, judge
from finhouse.pulse.reading import Reader, Row
from finhouse.pulse.slots import FREQUENCIES
from finhouse.settings import TARGETS

SEVERITIES = ("low", "medium", "high", "critical")
# Engines of other houses: a monitor that comes from one must be written anew.
_FOREIGN_SOURCES = {
    "bigquery": "finhouse publishes to DuckDB and PostgreSQL: monitors read what is published there"
}
_LONGEST_NAME = 120
# Why alerts are resolved, where no value is the reason.
EDITED, DISABLED = "edited", "disabled"


@dataclass(frozen=True)
class Draft:
    """A monitor that is to be kept.

    Attributes:
        owner: whose it is.
        sql: one SELECT over what is published.
        condition: when it alerts.
        data_source: the engine whose publication it reads.
        question: the words that the SQL was made of, if it was.
        domain: whose time zone and as-of date count; None for the house.
        template_id, template_values: what it was made of, if it was.
    """

    owner: str
    name: str
    sql: str
    condition: Mapping[str, Any]
    data_source: str
    severity: str = "medium"
    frequency: str = "daily"
    description: str = ""
    question: str | None = None
    domain: str | None = None
    template_id: uuid.UUID | None = None
    template_values: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Trial:
    """What a dry run found.

    Attributes:
        columns: of the query.
        rows: how many there are.
        observations: what the condition says of them.
    """

    columns: tuple[str, ...]
    rows: int
    observations: list[Observation]


def create(connection: psycopg.Connection, reader: Reader, draft: Draft) -> Row:
    """Keep a monitor, due at once; return it.

    Raises:
        ConfigurationError: something of it is unfit, or the name is taken.
        QueryFailedError: the query does not run.
    """
    check_draft(draft)
    try_out(reader, draft.sql, draft.condition)
    now = datetime.now(UTC)
    try:
        with connection.transaction():
            [monitor] = connection.execute(
                "insert into pulse.pulse_monitors (user_id, name, description, "
                "natural_language_query, sql_query, data_source, alert_condition, severity, "
                "frequency, next_run, domain, time_zone, template_id, template_values) "
                "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning *",
                (
                    *(draft.owner, draft.name, draft.description, draft.question, draft.sql),
                    *(draft.data_source, Jsonb(dict(draft.condition)), draft.severity),
                    *(draft.frequency, now, draft.domain, _zone_of(draft.domain)),
                    draft.template_id,
                    None if draft.template_values is None else Jsonb(dict(draft.template_values)),
                ),
            ).fetchall()
            _keep_version(connection, monitor, "created", draft.owner)
            _count_usage(connection, draft.template_id)
    except psycopg.errors.UniqueViolation as error:
        raise ConfigurationError(
            f"there is a monitor {draft.name!r} already", "choose another name, or edit that one"
        ) from error
    return monitor


def check_draft(draft: Draft) -> None:
    """Refuse a draft by what can be seen without running it.

    Raises:
        ConfigurationError: names the member.
    """
    check_data_source(draft.data_source)
    if not draft.name.strip() or len(draft.name) > _LONGEST_NAME or not draft.name.isprintable():
        raise ConfigurationError(
            f"{draft.name!r} is no name for a monitor", f"use up to {_LONGEST_NAME} characters"
        )
    for member, value, known in (
        ("severity", draft.severity, SEVERITIES),
        ("frequency", draft.frequency, FREQUENCIES),
    ):
        if value not in known:
            raise ConfigurationError(
                f"{member} {value!r} is unknown", f"use one of {', '.join(known)}"
            )
    if draft.domain is not None and draft.domain not in declared_domains():
        raise ConfigurationError(
            f"there is no domain {draft.domain!r}", f"use one of {', '.join(declared_domains())}"
        )


def check_data_source(data_source: str) -> None:
    """Refuse an engine that this house does not know.

    Raises:
        ConfigurationError: with a sentence of its own for one that monitors elsewhere read.
    """
    if why := _FOREIGN_SOURCES.get(data_source):
        raise ConfigurationError(
            f"data source {data_source!r} is refused: {why}",
            f"write the query for one of {', '.join(TARGETS)}",
        )
    if data_source not in TARGETS:
        raise ConfigurationError(
            f"data source {data_source!r} is unknown", f"use one of {', '.join(TARGETS)}"
        )


def try_out(reader: Reader, sql: str, condition: Any) -> Trial:
    """Check a query and a condition, and run them once; nothing is kept.

    Raises:
        ConfigurationError: the SQL may not run, or the condition does not fit.
        QueryFailedError: the query does not run.
    """
    check_condition(condition)
    safe = reader.checked(sql)
    check_condition(condition, safe.columns)
    _, rows = reader.rows(safe)
    return Trial(safe.columns, len(rows), judge(condition, rows))


def find(connection: psycopg.Connection, name: str, *, lock: bool = False) -> Row:
    """The monitor of an id or a name.

    Args:
        lock: whether others that would change it wait until the transaction ends.

    Raises:
        ConfigurationError: there is none.
    """
    found = connection.execute(
        "select * from pulse.pulse_monitors where id::text = %s or name = %s"
        + (" for update" if lock else ""),
        (name, name),
    ).fetchone()
    if found is None:
        raise ConfigurationError(
            f"there is no monitor {name!r}", "`finhouse pulse list` lists those there are"
        )
    return found


def all_monitors(connection: psycopg.Connection) -> list[Row]:
    """All monitors, with how many of their alerts fire, by name."""
    return connection.execute(
        "select m.*, (select count(*) from pulse.pulse_alerts as a where a.monitor_id = m.id "
        "and a.status = 'firing') as firing_count from pulse.pulse_monitors as m order by m.name"
    ).fetchall()


def edit(
    connection: psycopg.Connection,
    reader: Reader,
    name: str,
    changes: Mapping[str, Any],
    *,
    reason: str,
    user: str,
) -> Row:
    """Change a monitor; another SQL or condition makes a version.

    Args:
        changes: any of sql, condition, severity, frequency, description.
        reason: why; kept with the version.

    Raises:
        ConfigurationError: a change is unfit, or nothing changes.
        QueryFailedError: the query does not run.
    """
    with connection.transaction():
        # Whoever edits the same monitor waits, and then sees what has become of it.
        monitor = find(connection, name, lock=True)
        return _edited(connection, reader, monitor, changes, reason=reason, user=user)


def _edited(
    connection: psycopg.Connection,
    reader: Reader,
    monitor: Row,
    changes: Mapping[str, Any],
    *,
    reason: str,
    user: str,
) -> Row:
    sql = changes.get("sql", monitor["sql_query"])
    condition = changes.get("condition", monitor["alert_condition"])
    wanted = Draft(
        owner=monitor["user_id"],
        name=monitor["name"],
        sql=sql,
        condition=condition,
        data_source=monitor["data_source"],
        severity=changes.get("severity", monitor["severity"]),
        frequency=changes.get("frequency", monitor["frequency"]),
        description=changes.get("description", monitor["description"]),
    )
    check_draft(wanted)
    is_new = (sql, condition) != (monitor["sql_query"], monitor["alert_condition"])
    before = (monitor["severity"], monitor["frequency"], monitor["description"])
    if not is_new and before == (wanted.severity, wanted.frequency, wanted.description):
        raise ConfigurationError(f"nothing of {monitor['name']} changes", "say what should")
    if is_new:
        try_out(reader, sql, condition)
    return _written(connection, monitor, wanted, is_new=is_new, reason=reason, user=user)


def versions(connection: psycopg.Connection, name: str) -> list[Row]:
    """The versions of a monitor, oldest first, with what their alerts were worth."""
    monitor = find(connection, name)
    return connection.execute(
        "select v.*, count(*) filter (where a.feedback = 'true_positive') as true_positives, "
        "count(*) filter (where a.feedback = 'false_positive') as false_positives, "
        "count(a.id) as alert_count from pulse.pulse_query_versions as v "
        "left join pulse.pulse_alerts as a "
        "on a.monitor_id = v.monitor_id and a.query_version = v.version "
        "where v.monitor_id = %s group by v.id order by v.version",
        (monitor["id"],),
    ).fetchall()


def roll_back(
    connection: psycopg.Connection, reader: Reader, name: str, version: int, *, user: str
) -> Row:
    """Make a new version with the text of an old one; history is never rewritten.

    Raises:
        ConfigurationError: there is no such version, it is the current one, or it does not fit
            what is published any more.
        QueryFailedError: its query does not run any more.
    """
    known = {row["version"]: row for row in versions(connection, name)}
    if version not in known:
        raise ConfigurationError(
            f"{name} has no version {version}", f"it has {', '.join(map(str, known))}"
        )
    old = known[version]
    return edit(
        connection,
        reader,
        name,
        {"sql": old["sql_query"], "condition": old["alert_condition"]},
        reason=f"back to version {version}",
        user=user,
    )


def switch(connection: psycopg.Connection, name: str, *, enabled: bool, reason: str = "") -> Row:
    """Enable a monitor, due at once and with its errors forgiven, or disable it.

    Nobody would see when an alert of a monitor that is off is over: it is resolved.
    """
    with connection.transaction():
        monitor = find(connection, name, lock=True)
        [changed] = connection.execute(
            "update pulse.pulse_monitors set enabled = %s, disabled_reason = %s, "
            "error_count = case when %s then 0 else error_count end, "
            "next_run = case when %s then now() else next_run end, updated_at = now() "
            "where id = %s returning *",
            (enabled, None if enabled else reason or "by hand", enabled, enabled, monitor["id"]),
        ).fetchall()
        if not enabled:
            resolve_firing(connection, monitor["id"], DISABLED)
    return changed


def resolve_firing(connection: psycopg.Connection, monitor_id: uuid.UUID, reason: str) -> None:
    """End the alerts of a monitor for another reason than its values; their data names it."""
    connection.execute(
        "update pulse.pulse_alerts set status = 'resolved', resolved_at = now(), "
        "data = data || %s, updated_at = now() where monitor_id = %s and status = 'firing'",
        (Jsonb({"resolved_reason": reason}), monitor_id),
    )


def precision(true_positives: int, false_positives: int) -> float | None:
    """Share of judged alerts that were right; None while none has been judged."""
    judged = true_positives + false_positives
    return true_positives / judged if judged else None


def _written(
    connection: psycopg.Connection,
    monitor: Row,
    wanted: Draft,
    *,
    is_new: bool,
    reason: str,
    user: str,
) -> Row:
    [changed] = connection.execute(
        "update pulse.pulse_monitors set sql_query = %s, alert_condition = %s, severity = %s, "
        "frequency = %s, description = %s, query_version = query_version + %s, "
        # Another text has not judged this publication yet.
        "last_publication_id = case when %s then null else last_publication_id end, "
        "next_run = case when %s or frequency <> %s then now() else next_run end, "
        "updated_at = now() where id = %s returning *",
        (
            *(wanted.sql, Jsonb(dict(wanted.condition)), wanted.severity, wanted.frequency),
            *(wanted.description, int(is_new), is_new, is_new),
            *(wanted.frequency, monitor["id"]),
        ),
    ).fetchall()
    if is_new:
        _keep_version(connection, changed, reason, user)
        # The new text has not raised them, and feedback on them is about the old one.
        resolve_firing(connection, monitor["id"], EDITED)
    return changed


def _keep_version(connection: psycopg.Connection, monitor: Row, reason: str, user: str) -> None:
    connection.execute(
        "insert into pulse.pulse_query_versions "
        "(monitor_id, version, sql_query, alert_condition, change_reason, created_by) "
        "values (%s, %s, %s, %s, %s, %s)",
        (
            *(monitor["id"], monitor["query_version"], monitor["sql_query"]),
            *(Jsonb(monitor["alert_condition"]), reason, user),
        ),
    )


def _count_usage(connection: psycopg.Connection, template_id: uuid.UUID | None) -> None:
    """Counted from the monitors that there are, so that it cannot drift."""
    if template_id:
        connection.execute(
            "update pulse.pulse_monitor_templates set usage_count = (select count(*) "
            "from pulse.pulse_monitors where template_id = %s), updated_at = now() where id = %s",
            (template_id, template_id),
        )


def _zone_of(domain: str | None) -> str:
    return str(declared_domains()[domain]["time_zone"]) if domain else "UTC"
