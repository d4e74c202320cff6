"""The life of an alert: it fires once, repeats quietly, is told again for a reason, and resolves.

An alert is known by its fingerprint: the monitor, and the key columns of what is watched.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from finhouse.errors import ConfigurationError
from finhouse.pulse.conditions import Observation, means_recovered, message
from finhouse.pulse.monitors import SEVERITIES
from finhouse.pulse.reading import Publication, Row

REMIND_AFTER = timedelta(hours=24)
FEEDBACK = ("true_positive", "false_positive")
NO_DATA = "no_data"
# So many characters of an id are enough where they are of one alert only.
SHORT_ID = 8
_NAMED = (
    "select a.*, m.name as monitor_name, m.domain from pulse.pulse_alerts as a "
    "inner join pulse.pulse_monitors as m on a.monitor_id = m.id"
)


@dataclass(frozen=True)
class Seen:
    """What one run says of one fingerprint.

    Attributes:
        observation: what was judged.
        fingerprint: of what is watched.
        is_breach: whether it is to alert.
        is_known: whether anything can be said; else an alert stays as it is.
        score: what was compared with the limit; None where nothing was, as in an absence of data.
    """

    observation: Observation
    fingerprint: str
    is_breach: bool
    is_known: bool
    score: Decimal | None = None


@dataclass(frozen=True)
class Told:
    """What is to be said once it is kept: of an alert, or of a monitor as a whole."""

    alert_id: uuid.UUID | None
    text: str


def fingerprint(monitor_id: Any, key: Mapping[str, str]) -> str:
    """What tells an alert of a monitor from its others."""
    text = json.dumps([str(monitor_id), sorted(key.items())], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def seen_in(monitor: Row, observations: Sequence[Observation]) -> list[Seen]:
    """What a run says of each fingerprint; where no data is to alert, of its absence, too."""
    found = []
    for observation in observations:
        own = fingerprint(monitor["id"], observation.key)
        score, is_breach = observation.score, observation.is_breach
        found.append(Seen(observation, own, is_breach, observation.has_data, score))
        if monitor["alert_condition"].get(NO_DATA) == "alert":
            missing = fingerprint(monitor["id"], {**observation.key, NO_DATA: "yes"})
            found.append(Seen(observation, missing, not observation.has_data, True))
    return found


def keep(
    connection: psycopg.Connection,
    monitor: Row,
    seen: Sequence[Seen],
    publication: Publication,
    now: datetime,
    rows: int,
) -> list[Told]:
    """Write what a run has seen; return what somebody must be told.

    What was returned before and is not any more has recovered. Where nothing at all was returned
    nothing is known, unless the condition says that it means recovery.

    Args:
        rows: how many the query returned.
    """
    firing = {
        alert["fingerprint"]: alert
        for alert in connection.execute(
            "select * from pulse.pulse_alerts where monitor_id = %s and status = 'firing' "
            "for update",
            (monitor["id"],),
        ).fetchall()
    }
    told = []
    for one in seen:
        if one.is_breach:
            alert = firing.get(one.fingerprint)
            told += _fire(connection, monitor, one, publication, now, alert)
    by_fingerprint = {one.fingerprint: one for one in seen}
    says_something = any(one.observation.has_data for one in seen)
    for own, alert in firing.items():
        now_seen = by_fingerprint.get(own)
        if means_recovered(monitor["alert_condition"], rows):
            is_over = not (now_seen and now_seen.is_breach)
        else:
            is_over = now_seen.is_known and not now_seen.is_breach if now_seen else says_something
        if is_over:
            connection.execute(
                "update pulse.pulse_alerts set status = 'resolved', resolved_at = %s, "
                "updated_at = now() where id = %s",
                (now, alert["id"]),
            )
    return told


def is_to_be_told(alert: Row, severity: str, now: datetime) -> bool:
    """Whether an alert that goes on is told again: more severe, after a snooze, or after a day.

    A higher severity is news to whoever has snoozed or acknowledged it; nothing else is.
    """
    notified = alert["notified_at"]
    if notified and SEVERITIES.index(severity) > SEVERITIES.index(alert["notified_severity"]):
        return True
    if alert["snoozed_until"] and alert["snoozed_until"] > now:
        return False
    # Nobody could be reached when it was seen before.
    if notified is None:
        return True
    if alert["acknowledged"]:
        return False
    if alert["snoozed_until"] and notified < alert["snoozed_until"]:
        return True
    return now - notified >= REMIND_AFTER


def mark_told(connection: psycopg.Connection, alert_id: uuid.UUID, now: datetime) -> None:
    """Note that somebody has been told of an alert, as severe as it is."""
    connection.execute(
        "update pulse.pulse_alerts set notified_at = %s, notified_severity = severity, "
        "updated_at = now() where id = %s",
        (now, alert_id),
    )


def acknowledge(connection: psycopg.Connection, alert_id: str, user: str) -> Row:
    """Say that somebody knows; who did so first stays.

    Raises:
        ConfigurationError: there is no such alert.
    """
    alert = find(connection, alert_id)
    connection.execute(
        "update pulse.pulse_alerts set acknowledged = true, acknowledged_at = now(), "
        "acknowledged_by = %s, updated_at = now() where id = %s and not acknowledged",
        (user, alert["id"]),
    )
    return find(connection, str(alert["id"]))


def snooze(connection: psycopg.Connection, alert_id: str, hours: float) -> Row:
    """Say nothing of an alert for some hours.

    Raises:
        ConfigurationError: there is no such alert, or it does not fire.
    """
    alert = find(connection, alert_id)
    if alert["status"] != "firing":
        raise ConfigurationError(
            f"alert {alert_id} has been resolved", "only what fires can be snoozed"
        )
    until = datetime.now(UTC) + timedelta(hours=hours)
    connection.execute(
        "update pulse.pulse_alerts set snoozed_until = %s, updated_at = now() where id = %s",
        (until, alert["id"]),
    )
    return find(connection, str(alert["id"]))


def give_feedback(connection: psycopg.Connection, alert_id: str, feedback: str, user: str) -> Row:
    """Say whether an alert was right; the last word counts, however often it is said.

    The monitor's counts are computed from its alerts, so that they cannot drift.

    Raises:
        ConfigurationError: there is no such alert, or no such feedback.
    """
    if feedback not in FEEDBACK:
        raise ConfigurationError(
            f"{feedback!r} is no feedback", f"say one of {', '.join(FEEDBACK)}"
        )
    alert = find(connection, alert_id)
    with connection.transaction():
        connection.execute(
            "select 1 from pulse.pulse_monitors where id = %s for update", (alert["monitor_id"],)
        )
        connection.execute(
            "update pulse.pulse_alerts set feedback = %s, feedback_at = now(), feedback_by = %s, "
            "updated_at = now() where id = %s and feedback is distinct from %s",
            (feedback, user, alert["id"], feedback),
        )
        connection.execute(
            "update pulse.pulse_monitors set (true_positives, false_positives) = ("
            "select count(*) filter (where feedback = 'true_positive'), "
            "count(*) filter (where feedback = 'false_positive') "
            "from pulse.pulse_alerts where monitor_id = %s), updated_at = now() where id = %s",
            (alert["monitor_id"], alert["monitor_id"]),
        )
    return find(connection, str(alert["id"]))


def find(connection: psycopg.Connection, alert_id: str) -> Row:
    """The alert of an id, or of the beginning of one.

    Raises:
        ConfigurationError: there is none, or there are several.
    """
    found = connection.execute(
        f"{_NAMED} where starts_with(a.id::text, lower(%s)) limit 2", (alert_id,)
    ).fetchall()
    if len(found) != 1 or len(alert_id) < SHORT_ID:
        many = "several alerts begin" if len(found) > 1 else "no alert begins"
        raise ConfigurationError(
            f"{many} with {alert_id}", "`finhouse pulse alerts --all` lists those there are"
        )
    return found[0]


def existing(connection: psycopg.Connection, alert_id: str) -> Row | None:
    """The alert of a whole id, if there is one."""
    return connection.execute(f"{_NAMED} where a.id = %s::uuid", (alert_id,)).fetchone()


def alerts_of(
    connection: psycopg.Connection,
    *,
    only_firing: bool = True,
    domains: Collection[str] | None = None,
) -> list[Row]:
    """Alerts with the names of their monitors: the most severe first, then the latest.

    Args:
        domains: of their monitors, beside those of no domain; None for all.
    """
    return connection.execute(
        f"{_NAMED} where (a.status = 'firing' or not %(only_firing)s) "
        "and (%(domains)s::text[] is null or m.domain is null or m.domain = any(%(domains)s)) "
        "order by array_position(%(severities)s, a.severity) desc, a.detected_at desc, a.id "
        "limit 1000",
        {
            "only_firing": only_firing,
            "domains": None if domains is None else list(domains),
            "severities": list(SEVERITIES),
        },
    ).fetchall()


def _fire(
    connection: psycopg.Connection,
    monitor: Row,
    one: Seen,
    publication: Publication,
    now: datetime,
    alert: Row | None,
) -> list[Told]:
    observation = one.observation
    text = message(monitor["name"], monitor["alert_condition"], observation)
    values = {
        "message": text,
        "severity": monitor["severity"],
        "data": Jsonb(_data(observation)),
        "query_version": monitor["query_version"],
        "publication_id": publication.id,
        "as_of_date": publication.as_of_date(monitor["domain"]),
        "now": now,
    }
    if alert is None:
        [alert] = connection.execute(
            "insert into pulse.pulse_alerts (monitor_id, fingerprint, query_version, detected_at, "
            "severity, message, data, status, first_seen_at, last_seen_at, publication_id, "
            "as_of_date) values (%(monitor)s, %(fingerprint)s, %(query_version)s, %(now)s, "
            "%(severity)s, %(message)s, %(data)s, 'firing', %(now)s, %(now)s, %(publication_id)s, "
            "%(as_of_date)s) returning *",
            values | {"monitor": monitor["id"], "fingerprint": one.fingerprint},
        ).fetchall()
        is_news = True
    else:
        is_news = is_to_be_told(alert, monitor["severity"], now)
        # The version stays that of the text which raised it: feedback is about that one.
        connection.execute(
            "update pulse.pulse_alerts set occurrence_count = occurrence_count + 1, "
            "last_seen_at = %(now)s, message = %(message)s, data = %(data)s, "
            "severity = %(severity)s, publication_id = %(publication_id)s, "
            "as_of_date = %(as_of_date)s, updated_at = now() where id = %(id)s",
            values | {"id": alert["id"]},
        )
    return [Told(alert["id"], f"[{monitor['severity']}] {text}")] if is_news else []


def _data(observation: Observation) -> dict[str, Any]:
    """What the alert was made of; numbers as text, exact."""
    return {
        "key": dict(observation.key),
        "period": observation.period or None,
        "value": _number(observation.value),
        "reference": _number(observation.reference),
        "score": _number(observation.score),
    }


def _number(value: Any) -> str | None:
    return None if value is None else f"{value:f}"
