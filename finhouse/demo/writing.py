"""Write what the company lived to its OLTP database: new rows, changes, deletions."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from finhouse.demo.clock import date_of, period_bounds, to_epoch
from finhouse.demo.company import (
    ACTIVITY_TYPES,
    BANK_CODES,
    BANKS,
    COSTS,
    DEVICES,
    ERRORS,
    EVENT_TYPES,
    SERVICES,
    SEVERITIES,
    SOURCES,
    STATUS_TEXTS,
    Company,
)
from finhouse.demo.ledger import identifier_bytes

SCHEMA_FILE = Path(__file__).parent.parent / "oltp" / "schemas" / "wallet.sql"
HEX = np.array([list(f"{byte:02x}".encode()) for byte in range(256)], dtype=np.uint8)
CHANNELS = ("online", "offline_sms")
VERSIONS = tuple(f"{1 + number // 6}.{number % 6}.0" for number in range(13))
CAMPAIGNS = ("brand", "invite_bonus", "bank_branch")
EVENTS_A_TRANSACTION = len(EVENT_TYPES)

Columns = dict[str, pa.Array]


def create_schema(connection: psycopg.Connection, company: Company) -> None:
    """Create schema ``wallet`` and the banks, and schema ``demo`` with the company's marker."""
    connection.execute(SCHEMA_FILE.read_text())
    connection.execute("create schema demo")
    connection.execute(
        "create table demo.company (seed integer, scale double precision, periods integer)"
    )
    connection.execute("insert into demo.company values (%s, %s, 0)", (company.seed, company.scale))
    rows = np.arange(len(BANKS))
    opened = np.zeros(len(BANKS), dtype=np.int64)
    _copy(
        connection,
        "bank_partnerships",
        {
            "id": _hex(company, "bank", rows),
            "bank_name": pa.array([bank[1] for bank in BANKS]),
            "bank_code": pa.array([bank[0] for bank in BANKS]),
            "status": pa.array([bank[2] for bank in BANKS]),
            "contract_start_date": pa.array([date_of(bank[3]) for bank in BANKS]),
            "contract_end_date": pa.array(
                [None if bank[4] is None else date_of(bank[4]) for bank in BANKS], pa.date32()
            ),
            "monthly_fee": pa.array([f"{bank[5]:.2f}" for bank in BANKS]),
            "transaction_fee_percentage": pa.array([f"{bank[6]:.4f}" for bank in BANKS]),
            "api_endpoint": pa.array([f"https://{b[0].lower()}.example/api" for b in BANKS]),
            "api_key_hash": _hex(company, "hash", rows + 10**9),
            "created_at": _times(opened),
            "updated_at": _times(opened),
        },
    )


def write_periods(connection: psycopg.Connection, company: Company, since: int) -> int:
    """Write what the periods from ``since`` to now left behind; return the rows touched.

    The caller owns the transaction: rows and the company's marker become visible together.
    """
    lived = _Lived(company, since)
    written = _write_users(connection, company, lived)
    written += _write_transactions(connection, company, lived)
    written += _write_events(connection, company)
    written += _write_activity(connection, company, lived)
    written += _write_cases(connection, company, lived)
    written += _write_services(connection, company, lived)
    written += _write_books(connection, company, lived)
    connection.execute("update demo.company set periods = %s", (company.periods,))
    return written


class _Lived:
    """The span of periods being written, in the words the tables need."""

    def __init__(self, company: Company, since: int) -> None:
        self.since, self.until = since, company.periods
        self.start, self.now = period_bounds(since)[0], company.now

    def has(self, periods: np.ndarray) -> np.ndarray:
        return (periods >= self.since) & (periods < self.until)


def _write_users(connection: psycopg.Connection, company: Company, lived: _Lived) -> int:
    users = company.users
    alive = users["deleted"] < 0
    is_new = users["created"] >= lived.start
    rows = np.flatnonzero(is_new & alive)
    referrer = users["referrer"][rows]
    state = _user_state(company, rows)
    written = _copy(
        connection,
        "users",
        {
            "id": _hex(company, "user", rows),
            "phone_number_hash": _hex(company, "hash", rows, twice=True),
            "blood_hash": pc.utf8_slice_codeunits(_hex(company, "hash", rows), 0, 16),
            "device_public_key": pc.binary_join_element_wise(
                "pk", _hex(company, "hash", rows + 5 * 10**9), "-"
            ),
            "created_at": _times(users["created"][rows]),
            "signup_source": _labels(SOURCES, users["source"][rows]),
            "referrer_user_id": _nullable(
                _hex(company, "user", np.maximum(referrer, 0)), referrer >= 0
            ),
            **state,
        },
    )
    changed = np.flatnonzero(~is_new & alive & (users["changed"] >= lived.since))
    written += _update(
        connection,
        "users",
        {"id": _hex(company, "user", changed), **_user_state(company, changed)},
    )
    gone = np.flatnonzero(~is_new & lived.has(users["deleted"]))
    return written + _delete(connection, "users", "id", _hex(company, "user", gone))


def _user_state(company: Company, rows: np.ndarray) -> Columns:
    seen = _times(company.users["last_active"][rows])
    status = _labels(("active", "suspended"), company.users["is_suspended"][rows])
    return {"last_active": seen, "status": status, "updated_at": seen}


def _write_transactions(connection: psycopg.Connection, company: Company, lived: _Lived) -> int:
    transactions = company.transactions
    alive = transactions["deleted"] < 0
    rows = np.flatnonzero(lived.has(transactions["visible"]) & alive)
    column = transactions.take(rows)
    ids = _hex(company, "transaction", rows)
    written = _copy(
        connection,
        "transactions",
        {
            "id": ids,
            "sender_id": _hex(company, "user", column["sender"]),
            "recipient_id": _hex(company, "user", column["recipient"]),
            "physics_seal_hash": _hex(company, "hash", rows + 10**10, twice=True),
            "bank_id": _labels(BANK_CODES, column["bank"]),
            "bank_reference": pc.utf8_slice_codeunits(ids, 0, 12),
            "created_at": _times(column["created"]),
            "channel": _labels(CHANNELS, column["channel"]),
            "device_type": _labels(DEVICES, column["device"]),
            "app_version": _labels(VERSIONS, column["version"]),
            **_transaction_state(company, rows),
        },
    )
    before = transactions["visible"] < lived.since
    changed = np.flatnonzero(before & alive & (transactions["changed"] >= lived.since))
    written += _update(
        connection,
        "transactions",
        {"id": _hex(company, "transaction", changed), **_transaction_state(company, changed)},
    )
    gone = np.flatnonzero(before & lived.has(transactions["deleted"]))
    return written + _delete(connection, "transactions", "id", _hex(company, "transaction", gone))


def _transaction_state(company: Company, rows: np.ndarray) -> Columns:
    column = company.transactions.take(rows)
    return {
        "amount": _money(column["cents"]),
        "status": _labels(tuple(text for text, _ in STATUS_TEXTS), column["text"]),
        "completed_at": _nullable(_times(column["completed"]), column["completed"] >= 0),
        "updated_at": _times(column["updated"]),
    }


def _write_events(connection: psycopg.Connection, company: Company) -> int:
    events = company.events
    is_due = events["due"] < company.periods
    column = events.take(np.flatnonzero(is_due))
    events.drop(is_due)
    rows, kind = column["transaction"], column["type"]
    of = company.transactions.take(rows)
    is_terminal = kind >= 3
    return _copy(
        connection,
        "transaction_events",
        {
            "event_id": _hex(company, "event", rows.astype(np.int64) * EVENTS_A_TRANSACTION + kind),
            "transaction_id": _hex(company, "transaction", rows),
            "user_id": _hex(company, "user", of["sender"]),
            "event_type": _labels(EVENT_TYPES, kind),
            "timestamp": _times(column["created"]),
            "amount": _money(column["cents"]),
            "currency": pa.array(np.full(len(rows), "ZAR")),
            "bank_id": _labels(BANK_CODES, of["bank"]),
            "device_type": _labels(DEVICES, of["device"]),
            "channel": _labels(CHANNELS, of["channel"]),
            "processing_time_ms": _nullable(pa.array(of["processing"]), is_terminal),
            "sentinel_score": _nullable(pa.array(of["score"].astype("f8").round(2)), kind >= 2),
            "error_code": _nullable(_labels(ERRORS, of["error"]), kind == 4),
        },
    )


def _write_activity(connection: psycopg.Connection, company: Company, lived: _Lived) -> int:
    activity = company.activity
    is_new = activity["created"] >= lived.start
    rows = np.flatnonzero(is_new & (activity["deleted"] < 0))
    column = activity.take(rows)
    user = column["user"]
    written = _copy(
        connection,
        "user_activity",
        {
            "activity_id": _hex(company, "activity", rows),
            "user_id": _nullable(_hex(company, "user", np.maximum(user, 0)), user >= 0),
            "activity_type": _labels(ACTIVITY_TYPES, column["type"]),
            "timestamp": _times(column["created"]),
            "device_type": _labels(DEVICES, column["device"]),
            "location_hash": _hex(company, "hash", rows + 2 * 10**10),
        },
    )
    gone = np.flatnonzero(~is_new & lived.has(activity["deleted"]))
    return written + _delete(
        connection, "user_activity", "activity_id", _hex(company, "activity", gone)
    )


def _write_cases(connection: psycopg.Connection, company: Company, lived: _Lived) -> int:
    cases = company.cases
    rows = np.flatnonzero(lived.has(cases["report_period"]))
    column = cases.take(rows)
    written = _copy(
        connection,
        "fraud_cases",
        {
            "id": _hex(company, "case", rows),
            "transaction_id": _hex(company, "transaction", column["transaction"]),
            "reported_at": _times(column["reported"]),
            "created_at": _times(column["reported"]),
            **_case_state(company, rows),
        },
    )
    decided = np.flatnonzero(
        (cases["report_period"] < lived.since) & lived.has(cases["resolve_period"])
    )
    return written + _update(
        connection,
        "fraud_cases",
        {"id": _hex(company, "case", decided), **_case_state(company, decided)},
    )


def _case_state(company: Company, rows: np.ndarray) -> Columns:
    column = company.cases.take(rows)
    is_resolved = column["resolve_period"] < company.periods
    is_confirmed = column["is_confirmed"] & is_resolved
    outcome = np.select([is_confirmed, is_resolved], [1, 2], 0)
    return {
        "resolved_at": _nullable(_times(column["resolved"]), is_resolved),
        "outcome": _labels(("suspected", "confirmed", "cleared"), outcome),
        "loss_amount": _money(np.where(is_confirmed, column["loss_cents"], 0)),
        "updated_at": _times(np.where(is_resolved, column["resolved"], column["reported"])),
    }


def _write_services(connection: psycopg.Connection, company: Company, lived: _Lived) -> int:
    incidents = company.incidents
    rows = np.flatnonzero(incidents["period"] >= lived.since)
    column = incidents.take(rows)
    written = _copy(
        connection,
        "service_incidents",
        {
            "id": _hex(company, "incident", rows),
            "service": _labels(SERVICES, column["service"]),
            "severity": _labels(SEVERITIES, column["severity"]),
            "started_at": _times(column["started"]),
            "created_at": _times(column["started"]),
            **_incident_state(company, rows),
        },
    )
    still_open = (incidents["period"] < lived.since) & (incidents["ended"] > lived.start)
    ended = np.flatnonzero(still_open & (incidents["ended"] <= lived.now))
    return written + _update(
        connection,
        "service_incidents",
        {"id": _hex(company, "incident", ended), **_incident_state(company, ended)},
    )


def _incident_state(company: Company, rows: np.ndarray) -> Columns:
    column = company.incidents.take(rows)
    is_over = column["ended"] <= company.now
    return {
        "resolved_at": _nullable(_times(column["ended"]), is_over),
        "updated_at": _times(np.where(is_over, column["ended"], column["started"])),
    }


def _write_books(connection: psycopg.Connection, company: Company, lived: _Lived) -> int:
    spend_rows = np.flatnonzero(company.spend["period"] >= lived.since)
    spend = company.spend.take(spend_rows)
    written = _copy(
        connection,
        "marketing_spend",
        {
            "id": _hex(company, "spend", spend_rows),
            "spend_date": _dates(spend["day"]),
            "signup_source": _labels(SOURCES, spend["source"]),
            "campaign": _labels(CAMPAIGNS, spend["source"]),
            "amount": _money(spend["cents"]),
        }
        | _booked(spend["period"]),
    )
    cost_rows = np.flatnonzero(company.costs["period"] >= lived.since)
    costs = company.costs.take(cost_rows)
    written += _copy(
        connection,
        "operating_costs",
        {
            "id": _hex(company, "cost", cost_rows),
            "cost_month": _dates(costs["day"]),
            "category": _labels(tuple(cost[0] for cost in COSTS), costs["category"]),
            "is_cogs": pa.array(np.array([cost[1] for cost in COSTS])[costs["category"]]),
            "amount": _money(costs["cents"]),
        }
        | _booked(costs["period"]),
    )
    survey_rows = np.flatnonzero(company.surveys["period"] >= lived.since)
    surveys = company.surveys.take(survey_rows)
    return written + _copy(
        connection,
        "bank_surveys",
        {
            "id": _hex(company, "survey", survey_rows),
            "bank_id": _labels(BANK_CODES, surveys["bank"]),
            "surveyed_at": _times(surveys["created"]),
            "score": pa.array(surveys["score"]),
        }
        | _booked(surveys["period"]),
    )


def _booked(periods: np.ndarray) -> Columns:
    booked = _times(np.array([period_bounds(int(period))[0] for period in periods], dtype="i8"))
    return {"created_at": booked, "updated_at": booked}


def _hex(company: Company, entity: str, rows: np.ndarray, twice: bool = False) -> pa.Array:
    """Identifiers as hexadecimal text: 32 characters, which PostgreSQL reads as a uuid, or 64."""
    parts = [HEX[identifier_bytes(company.seed, entity, rows)].reshape(len(rows), 32)]
    if twice:
        parts.append(parts[0][:, ::-1])
    text = np.ascontiguousarray(np.concatenate(parts, axis=1))
    width = text.shape[1]
    offsets = np.arange(0, (len(rows) + 1) * width, width, dtype=np.int64)
    return pa.LargeStringArray.from_buffers(
        len(rows), pa.py_buffer(offsets), pa.py_buffer(text)
    ).cast(pa.string())


def _labels(labels: tuple[str | None, ...], codes: np.ndarray) -> pa.Array:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(labels, pa.string())
    ).cast(pa.string())


def _nullable(values: pa.Array, is_valid: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(is_valid), values, None)


def _times(times: np.ndarray) -> pa.Array:
    return pa.array(to_epoch(times), pa.timestamp("ms", "UTC"))


def _dates(days: np.ndarray) -> pa.Array:
    return pa.array([date_of(int(day)) for day in days], pa.date32())


def _money(cents: np.ndarray) -> pa.Array:
    # Cents as a 128-bit integer with the point moved: exact, without a pass over Python objects.
    low = cents.astype("<i8")
    words = np.ascontiguousarray(np.stack([low, low >> 63], axis=1))
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words)])


def _copy(connection: psycopg.Connection, table: str, columns: Columns) -> int:
    names = ", ".join(f'"{name}"' for name in columns)
    return _copy_into(connection, f"wallet.{table} ({names})", columns)


def _copy_into(connection: psycopg.Connection, destination: str, columns: Columns) -> int:
    batch = pa.table(columns)
    if not batch.num_rows:
        return 0
    buffer = io.BytesIO()
    pa.csv.write_csv(batch, buffer, pa.csv.WriteOptions(include_header=False))
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy {destination} from stdin (format csv)") as copy,
    ):
        copy.write(buffer.getbuffer())
    return batch.num_rows


def _update(connection: psycopg.Connection, table: str, columns: Columns) -> int:
    """Set columns of rows that are already there, by id."""
    names = list(columns)
    listed = ", ".join(names)
    connection.execute(
        f"create temp table changes on commit drop as select {listed} from wallet.{table} limit 0"
    )
    count = _copy_into(connection, f"changes ({listed})", columns)
    assignments = ", ".join(f"{name} = changes.{name}" for name in names if name != "id")
    connection.execute(
        f"update wallet.{table} as t set {assignments} from changes where t.id = changes.id"
    )
    connection.execute("drop table changes")
    return count


def _delete(connection: psycopg.Connection, table: str, key: str, ids: pa.Array) -> int:
    connection.execute(
        f"delete from wallet.{table} where {key} = any(%s::uuid[])", (ids.to_pylist(),)
    )
    return len(ids)
