"""Write what the wallet lived to its OLTP schema: new rows, changes, deletions."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from finhouse.demo.clock import date_of, period_bounds
from finhouse.demo.tables import Columns, Lived, Tables, dates, labels, money, nullable
from finhouse.demo.wallet.company import (
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

SCHEMA = "wallet"
UTC_OFFSET = timedelta(hours=2)  # Africa/Johannesburg
CHANNELS = ("online", "offline_sms")
VERSIONS = tuple(f"{1 + number // 6}.{number % 6}.0" for number in range(13))
CAMPAIGNS = ("brand", "invite_bonus", "bank_branch")
EVENTS_A_TRANSACTION = len(EVENT_TYPES)


def create_schema(connection: psycopg.Connection, company: Company) -> None:
    """Create schema ``wallet`` and the banks."""
    tables = _tables(connection, company)
    tables.create()
    rows = np.arange(len(BANKS))
    opened = np.zeros(len(BANKS), dtype=np.int64)
    tables.copy(
        "bank_partnerships",
        {
            "id": tables.ids("bank", rows),
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
            "api_key_hash": tables.ids("hash", rows + 10**9),
            "created_at": tables.times(opened),
            "updated_at": tables.times(opened),
        },
    )


def write_periods(connection: psycopg.Connection, company: Company, since: int) -> int:
    """Write what the periods from ``since`` to now left behind; return the rows touched.

    The caller owns the transaction: rows and the company's marker become visible together.
    """
    tables, lived = _tables(connection, company), Lived(company.periods, since)
    written = _write_users(tables, company, lived)
    written += _write_transactions(tables, company, lived)
    written += _write_events(tables, company)
    written += _write_activity(tables, company, lived)
    written += _write_cases(tables, company, lived)
    written += _write_services(tables, company, lived)
    written += _write_books(tables, company, lived)
    return written


def _tables(connection: psycopg.Connection, company: Company) -> Tables:
    return Tables(connection, SCHEMA, company.seed, UTC_OFFSET)


def _write_users(tables: Tables, company: Company, lived: Lived) -> int:
    users = company.users
    alive = users["deleted"] < 0
    is_new = users["created"] >= lived.start
    rows = np.flatnonzero(is_new & alive)
    referrer = users["referrer"][rows]
    state = _user_state(tables, company, rows)
    written = tables.copy(
        "users",
        {
            "id": tables.ids("user", rows),
            "phone_number_hash": tables.ids("hash", rows, twice=True),
            "blood_hash": pc.utf8_slice_codeunits(tables.ids("hash", rows), 0, 16),
            "device_public_key": pc.binary_join_element_wise(
                "pk", tables.ids("hash", rows + 5 * 10**9), "-"
            ),
            "created_at": tables.times(users["created"][rows]),
            "signup_source": labels(SOURCES, users["source"][rows]),
            "referrer_user_id": nullable(
                tables.ids("user", np.maximum(referrer, 0)), referrer >= 0
            ),
            **state,
        },
    )
    changed = np.flatnonzero(~is_new & alive & (users["changed"] >= lived.since))
    written += tables.update(
        "users",
        {"id": tables.ids("user", changed), **_user_state(tables, company, changed)},
    )
    gone = np.flatnonzero(~is_new & lived.has(users["deleted"]))
    return written + tables.delete("users", "id", tables.ids("user", gone))


def _user_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    seen = tables.times(company.users["last_active"][rows])
    status = labels(("active", "suspended"), company.users["is_suspended"][rows])
    return {"last_active": seen, "status": status, "updated_at": seen}


def _write_transactions(tables: Tables, company: Company, lived: Lived) -> int:
    transactions = company.transactions
    alive = transactions["deleted"] < 0
    rows = np.flatnonzero(lived.has(transactions["visible"]) & alive)
    column = transactions.take(rows)
    ids = tables.ids("transaction", rows)
    written = tables.copy(
        "transactions",
        {
            "id": ids,
            "sender_id": tables.ids("user", column["sender"]),
            "recipient_id": tables.ids("user", column["recipient"]),
            "physics_seal_hash": tables.ids("hash", rows + 10**10, twice=True),
            "bank_id": labels(BANK_CODES, column["bank"]),
            "bank_reference": pc.utf8_slice_codeunits(ids, 0, 12),
            "created_at": tables.times(column["created"]),
            "channel": labels(CHANNELS, column["channel"]),
            "device_type": labels(DEVICES, column["device"]),
            "app_version": labels(VERSIONS, column["version"]),
            **_transaction_state(tables, company, rows),
        },
    )
    before = transactions["visible"] < lived.since
    changed = np.flatnonzero(before & alive & (transactions["changed"] >= lived.since))
    written += tables.update(
        "transactions",
        {"id": tables.ids("transaction", changed), **_transaction_state(tables, company, changed)},
    )
    gone = np.flatnonzero(before & lived.has(transactions["deleted"]))
    return written + tables.delete("transactions", "id", tables.ids("transaction", gone))


def _transaction_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.transactions.take(rows)
    return {
        "amount": money(column["cents"]),
        "status": labels(tuple(text for text, _ in STATUS_TEXTS), column["text"]),
        "completed_at": nullable(tables.times(column["completed"]), column["completed"] >= 0),
        "updated_at": tables.times(column["updated"]),
    }


def _write_events(tables: Tables, company: Company) -> int:
    events = company.events
    is_due = events["due"] < company.periods
    column = events.take(np.flatnonzero(is_due))
    events.drop(is_due)
    rows, kind = column["transaction"], column["type"]
    of = company.transactions.take(rows)
    is_terminal = kind >= 3
    return tables.copy(
        "transaction_events",
        {
            "event_id": tables.ids("event", rows.astype(np.int64) * EVENTS_A_TRANSACTION + kind),
            "transaction_id": tables.ids("transaction", rows),
            "user_id": tables.ids("user", of["sender"]),
            "event_type": labels(EVENT_TYPES, kind),
            "timestamp": tables.times(column["created"]),
            "amount": money(column["cents"]),
            "currency": pa.array(np.full(len(rows), "ZAR")),
            "bank_id": labels(BANK_CODES, of["bank"]),
            "device_type": labels(DEVICES, of["device"]),
            "channel": labels(CHANNELS, of["channel"]),
            "processing_time_ms": nullable(pa.array(of["processing"]), is_terminal),
            "sentinel_score": nullable(pa.array(of["score"].astype("f8").round(2)), kind >= 2),
            "error_code": nullable(labels(ERRORS, of["error"]), kind == 4),
        },
    )


def _write_activity(tables: Tables, company: Company, lived: Lived) -> int:
    activity = company.activity
    is_new = activity["created"] >= lived.start
    rows = np.flatnonzero(is_new & (activity["deleted"] < 0))
    column = activity.take(rows)
    user = column["user"]
    written = tables.copy(
        "user_activity",
        {
            "activity_id": tables.ids("activity", rows),
            "user_id": nullable(tables.ids("user", np.maximum(user, 0)), user >= 0),
            "activity_type": labels(ACTIVITY_TYPES, column["type"]),
            "timestamp": tables.times(column["created"]),
            "device_type": labels(DEVICES, column["device"]),
            "location_hash": tables.ids("hash", rows + 2 * 10**10),
        },
    )
    gone = np.flatnonzero(~is_new & lived.has(activity["deleted"]))
    return written + tables.delete("user_activity", "activity_id", tables.ids("activity", gone))


def _write_cases(tables: Tables, company: Company, lived: Lived) -> int:
    cases = company.cases
    rows = np.flatnonzero(lived.has(cases["report_period"]))
    column = cases.take(rows)
    written = tables.copy(
        "fraud_cases",
        {
            "id": tables.ids("case", rows),
            "transaction_id": tables.ids("transaction", column["transaction"]),
            "reported_at": tables.times(column["reported"]),
            "created_at": tables.times(column["reported"]),
            **_case_state(tables, company, rows),
        },
    )
    decided = np.flatnonzero(
        (cases["report_period"] < lived.since) & lived.has(cases["resolve_period"])
    )
    return written + tables.update(
        "fraud_cases",
        {"id": tables.ids("case", decided), **_case_state(tables, company, decided)},
    )


def _case_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.cases.take(rows)
    is_resolved = column["resolve_period"] < company.periods
    is_confirmed = column["is_confirmed"] & is_resolved
    outcome = np.select([is_confirmed, is_resolved], [1, 2], 0)
    return {
        "resolved_at": nullable(tables.times(column["resolved"]), is_resolved),
        "outcome": labels(("suspected", "confirmed", "cleared"), outcome),
        "loss_amount": money(np.where(is_confirmed, column["loss_cents"], 0)),
        "updated_at": tables.times(np.where(is_resolved, column["resolved"], column["reported"])),
    }


def _write_services(tables: Tables, company: Company, lived: Lived) -> int:
    incidents = company.incidents
    rows = np.flatnonzero(incidents["period"] >= lived.since)
    column = incidents.take(rows)
    written = tables.copy(
        "service_incidents",
        {
            "id": tables.ids("incident", rows),
            "service": labels(SERVICES, column["service"]),
            "severity": labels(SEVERITIES, column["severity"]),
            "started_at": tables.times(column["started"]),
            "created_at": tables.times(column["started"]),
            **_incident_state(tables, company, rows),
        },
    )
    still_open = (incidents["period"] < lived.since) & (incidents["ended"] > lived.start)
    ended = np.flatnonzero(still_open & (incidents["ended"] <= lived.now))
    return written + tables.update(
        "service_incidents",
        {"id": tables.ids("incident", ended), **_incident_state(tables, company, ended)},
    )


def _incident_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.incidents.take(rows)
    is_over = column["ended"] <= company.now
    return {
        "resolved_at": nullable(tables.times(column["ended"]), is_over),
        "updated_at": tables.times(np.where(is_over, column["ended"], column["started"])),
    }


def _write_books(tables: Tables, company: Company, lived: Lived) -> int:
    spend_rows = np.flatnonzero(company.spend["period"] >= lived.since)
    spend = company.spend.take(spend_rows)
    written = tables.copy(
        "marketing_spend",
        {
            "id": tables.ids("spend", spend_rows),
            "spend_date": dates(spend["day"]),
            "signup_source": labels(SOURCES, spend["source"]),
            "campaign": labels(CAMPAIGNS, spend["source"]),
            "amount": money(spend["cents"]),
        }
        | _booked(tables, spend["period"]),
    )
    cost_rows = np.flatnonzero(company.costs["period"] >= lived.since)
    costs = company.costs.take(cost_rows)
    written += tables.copy(
        "operating_costs",
        {
            "id": tables.ids("cost", cost_rows),
            "cost_month": dates(costs["day"]),
            "category": labels(tuple(cost[0] for cost in COSTS), costs["category"]),
            "is_cogs": pa.array(np.array([cost[1] for cost in COSTS])[costs["category"]]),
            "amount": money(costs["cents"]),
        }
        | _booked(tables, costs["period"]),
    )
    survey_rows = np.flatnonzero(company.surveys["period"] >= lived.since)
    surveys = company.surveys.take(survey_rows)
    return written + tables.copy(
        "bank_surveys",
        {
            "id": tables.ids("survey", survey_rows),
            "bank_id": labels(BANK_CODES, surveys["bank"]),
            "surveyed_at": tables.times(surveys["created"]),
            "score": pa.array(surveys["score"]),
        }
        | _booked(tables, surveys["period"]),
    )


def _booked(tables: Tables, periods: np.ndarray) -> Columns:
    booked = tables.times(
        np.array([period_bounds(int(period))[0] for period in periods], dtype="i8")
    )
    return {"created_at": booked, "updated_at": booked}
