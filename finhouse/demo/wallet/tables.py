"""The wallet's tables in the OLTP database."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finhouse.demo.clock import date_of, period_bounds, period_of
from finhouse.demo.declarations import Catalogue, Rows, Table
from finhouse.demo.marks import within
from finhouse.demo.tables import Columns, dates, labels, money, nullable
from finhouse.demo.wallet.vocabulary import (
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
)

CHANNELS = ("online", "offline_sms")
VERSIONS = tuple(f"{1 + number // 6}.{number % 6}.0" for number in range(13))
CAMPAIGNS = ("brand", "invite_bonus", "bank_branch")
STATUSES = tuple(text for text, _ in STATUS_TEXTS)
EVENTS_A_TRANSACTION = len(EVENT_TYPES)


def _bank(rows: Rows) -> Columns:
    opened = rows.times(np.zeros(len(rows), dtype=np.int64))
    return {
        "bank_name": pa.array([bank[1] for bank in BANKS]),
        "bank_code": pa.array([bank[0] for bank in BANKS]),
        "status": pa.array([bank[2] for bank in BANKS]),
        "contract_start_date": pa.array([date_of(bank[3]) for bank in BANKS]),
        "contract_end_date": pa.array(
            [None if bank[4] is None else date_of(bank[4]) for bank in BANKS], pa.date32()
        ),
        "monthly_fee": pa.array([f"{bank[5]:.2f}" for bank in BANKS]),
        "transaction_fee_percentage": pa.array([f"{bank[6]:.4f}" for bank in BANKS]),
        "api_endpoint": pa.array([f"https://{bank[0].lower()}.example/api" for bank in BANKS]),
        "api_key_hash": rows.ids("hash", rows.number + 10**9),
        "created_at": opened,
        "updated_at": opened,
    }


def _user(rows: Rows) -> Columns:
    return {
        "phone_number_hash": rows.ids("hash", rows.number, twice=True),
        "blood_hash": pc.utf8_slice_codeunits(rows.ids("hash", rows.number), 0, 16),
        "device_public_key": pc.binary_join_element_wise(
            "pk", rows.ids("hash", rows.number + 5 * 10**9), "-"
        ),
        "created_at": rows.times(rows["created"]),
        "signup_source": labels(SOURCES, rows["source"]),
        "referrer_user_id": rows.optional_ids("user", rows["referrer"]),
    }


def _user_state(rows: Rows) -> Columns:
    seen = rows.times(rows["last_active"])
    status = labels(("active", "suspended"), rows["is_suspended"])
    return {"last_active": seen, "status": status, "updated_at": seen}


def _transaction(rows: Rows) -> Columns:
    return {
        "sender_id": rows.ids("user", rows["sender"]),
        "recipient_id": rows.ids("user", rows["recipient"]),
        "physics_seal_hash": rows.ids("hash", rows.number + 10**10, twice=True),
        "bank_id": labels(BANK_CODES, rows["bank"]),
        "bank_reference": pc.utf8_slice_codeunits(rows.ids("transaction", rows.number), 0, 12),
        "created_at": rows.times(rows["created"]),
        "channel": labels(CHANNELS, rows["channel"]),
        "device_type": labels(DEVICES, rows["device"]),
        "app_version": labels(VERSIONS, rows["version"]),
    }


def _transaction_state(rows: Rows) -> Columns:
    completed = rows["completed"]
    return {
        "amount": money(rows["cents"]),
        "status": labels(STATUSES, rows["text"]),
        "completed_at": nullable(rows.times(completed), completed >= 0),
        "updated_at": rows.times(rows["updated"]),
    }


def _event_number(rows: Rows) -> np.ndarray:
    """An event that is delivered twice has the same identifier both times."""
    return rows["transaction"].astype(np.int64) * EVENTS_A_TRANSACTION + rows["type"]


def _event(rows: Rows) -> Columns:
    transaction, kind = rows["transaction"], rows["type"]
    of = rows.company.transactions.take(transaction)
    return {
        "transaction_id": rows.ids("transaction", transaction),
        "user_id": rows.ids("user", of["sender"]),
        "event_type": labels(EVENT_TYPES, kind),
        "timestamp": rows.times(rows["created"]),
        "amount": money(rows["cents"]),
        "currency": pa.array(np.full(len(rows), "ZAR")),
        "bank_id": labels(BANK_CODES, of["bank"]),
        "device_type": labels(DEVICES, of["device"]),
        "channel": labels(CHANNELS, of["channel"]),
        "processing_time_ms": nullable(pa.array(of["processing"]), kind >= 3),
        "sentinel_score": nullable(pa.array(of["score"].astype("f8").round(2)), kind >= 2),
        "error_code": nullable(labels(ERRORS, of["error"]), kind == 4),
    }


def _activity(rows: Rows) -> Columns:
    return {
        "user_id": rows.optional_ids("user", rows["user"]),
        "activity_type": labels(ACTIVITY_TYPES, rows["type"]),
        "timestamp": rows.times(rows["created"]),
        "device_type": labels(DEVICES, rows["device"]),
        "location_hash": rows.ids("hash", rows.number + 2 * 10**10),
    }


def _survey(rows: Rows) -> Columns:
    return {
        "bank_id": labels(BANK_CODES, rows["bank"]),
        "surveyed_at": rows.times(rows["created"]),
        "score": pa.array(rows["score"]),
        **_booked(rows),
    }


def _case(rows: Rows) -> Columns:
    reported = rows.times(rows["reported"])
    return {
        "transaction_id": rows.ids("transaction", rows["transaction"]),
        "reported_at": reported,
        "created_at": reported,
    }


def _case_state(rows: Rows) -> Columns:
    is_resolved = rows["resolve_period"] < rows.company.periods
    is_confirmed = rows["is_confirmed"] & is_resolved
    outcome = np.select([is_confirmed, is_resolved], [1, 2], 0)
    return {
        "resolved_at": nullable(rows.times(rows["resolved"]), is_resolved),
        "outcome": labels(("suspected", "confirmed", "cleared"), outcome),
        "loss_amount": money(np.where(is_confirmed, rows["loss_cents"], 0)),
        "updated_at": rows.times(np.where(is_resolved, rows["resolved"], rows["reported"])),
    }


def _spend(rows: Rows) -> Columns:
    return {
        "spend_date": dates(rows["day"]),
        "signup_source": labels(SOURCES, rows["source"]),
        "campaign": labels(CAMPAIGNS, rows["source"]),
        "amount": money(rows["cents"]),
        **_booked(rows),
    }


def _cost(rows: Rows) -> Columns:
    category = rows["category"]
    return {
        "cost_month": dates(rows["day"]),
        "category": labels(tuple(cost[0] for cost in COSTS), category),
        "is_cogs": pa.array(np.array([cost[1] for cost in COSTS])[category]),
        "amount": money(rows["cents"]),
        **_booked(rows),
    }


def _incident(rows: Rows) -> Columns:
    started = rows.times(rows["started"])
    return {
        "service": labels(SERVICES, rows["service"]),
        "severity": labels(SEVERITIES, rows["severity"]),
        "started_at": started,
        "created_at": started,
    }


def _incident_state(rows: Rows) -> Columns:
    is_over = rows["ended"] <= rows.company.now
    return {
        "resolved_at": nullable(rows.times(rows["ended"]), is_over),
        "updated_at": rows.times(np.where(is_over, rows["ended"], rows["started"])),
    }


def _booked(rows: Rows) -> Columns:
    """When rows known by their period alone were written: as it began."""
    booked = rows.times(
        np.array([period_bounds(int(period))[0] for period in rows["period"]], dtype="i8")
    )
    return {"created_at": booked, "updated_at": booked}


TABLES = (
    Table(
        name="users",
        entity="user",
        ledger="users",
        columns=_user,
        state=_user_state,
        born=lambda company: period_of(company.users["created"]),
        changed="changed",
        deleted="deleted",
        marks={"phone_number_hash": within(), "device_public_key": within(len("pk-"))},
    ),
    Table(
        name="transactions",
        entity="transaction",
        ledger="transactions",
        columns=_transaction,
        state=_transaction_state,
        born="visible",
        changed="changed",
        deleted="deleted",
    ),
    Table(
        name="transaction_events",
        entity="event",
        ledger="events",
        columns=_event,
        born="due",
        key="event_id",
        number=_event_number,
        is_queue=True,
    ),
    Table(
        name="user_activity",
        entity="activity",
        ledger="activity",
        columns=_activity,
        born=lambda company: period_of(company.activity["created"]),
        deleted="deleted",
        key="activity_id",
        marks={"location_hash": within()},
        whose="user",
    ),
    Catalogue(
        name="bank_partnerships",
        entity="bank",
        size=len(BANKS),
        columns=_bank,
        marks={"api_key_hash": within()},
    ),
    Table(name="bank_surveys", entity="survey", ledger="surveys", columns=_survey),
    Table(
        name="fraud_cases",
        entity="case",
        ledger="cases",
        columns=_case,
        state=_case_state,
        born="report_period",
        changed="resolve_period",
    ),
    Table(name="marketing_spend", entity="spend", ledger="spend", columns=_spend),
    Table(name="operating_costs", entity="cost", ledger="costs", columns=_cost),
    Table(
        name="service_incidents",
        entity="incident",
        ledger="incidents",
        columns=_incident,
        state=_incident_state,
        # One that ends as a period does is over in it.
        changed=lambda company: period_of(company.incidents["ended"] - 1),
    ),
)
