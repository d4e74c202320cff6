"""Tables of customers: who they are, how they were verified and assessed, what they earn."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finhouse.demo.bnpl.columns import (
    hour_of,
    numbers,
    optional_dates,
    optional_times,
    rates,
    stamped,
    untidy,
)
from finhouse.demo.bnpl.company import Company
from finhouse.demo.bnpl.vocabulary import (
    AUTHORITIES,
    CASHBACK_KINDS,
    DECISIONS,
    EARNED,
    HOLD_REASONS,
    KYC_STATUSES,
    MEMBER_STATUSES,
    NEVER,
    NO_REGION,
    REASONS,
    REDEEMED,
    REGIONS,
    REJECT_REASONS,
    REJECTED,
    SUBJECTS,
    TIERS,
    YES,
)
from finhouse.demo.clock import period_of
from finhouse.demo.declarations import Rows, Table
from finhouse.demo.marks import as_it_is, digits, email, name
from finhouse.demo.tables import Columns, dates, labels, money, nullable

FIRST_NAMES = ("Abebe", "Almaz", "Bekele", "Chaltu", "Dawit", "Eyerusalem", "Fikru", "Genet")
FATHER_NAMES = ("Tesfaye", "Girma", "Haile", "Mulugeta", "Kebede", "Worku", "Assefa", "Demissie")
MODEL_VERSIONS = ("2.3.0", "3.0.1")
# Day from which the second version of the scoring model is in use.
_SECOND_MODEL = 300


def _customer(rows: Rows) -> Columns:
    number, region = rows.number, rows["region"]
    names = pa.array(
        [f"{FIRST_NAMES[row * 7 % 8]} {FATHER_NAMES[row * 11 % 8]}" for row in number.tolist()],
        pa.string(),
    )
    return {
        "full_name": names,
        "fayda_id": nullable(numbers("FY", number), number % 19 != 0),
        "phone": numbers("+251", number),
        "email": nullable(
            pa.array(np.char.mod("customer%d@example.com", number), pa.string()), number % 3 != 0
        ),
        "date_of_birth": nullable(dates(rows["birth"]), number % 37 != 5),
        "region": nullable(
            labels(tuple(name for name, _ in REGIONS), region % NO_REGION), region != NO_REGION
        ),
        "referred_by_customer_id": rows.optional_ids("bnpl_customer", rows["referrer"]),
        "created_at": rows.times(rows["created"]),
    }


def _customer_state(rows: Rows) -> Columns:
    return {
        "status": untidy(MEMBER_STATUSES, rows["status"], rows.number, 23),
        "updated_at": rows.times(rows["updated"]),
    }


def _verification(rows: Rows) -> Columns:
    return {
        "customer_id": rows.ids("bnpl_customer", rows["customer"]),
        "level": pa.array(rows["level"]),
        "submitted_at": rows.times(rows["submitted"]),
        "created_at": rows.times(rows["submitted"]),
    }


def _verification_state(rows: Rows) -> Columns:
    status = rows["status"]
    return {
        "status": untidy(KYC_STATUSES, status, rows.number, 31),
        "decided_at": optional_times(rows, rows["decided"]),
        "reject_reason": nullable(labels(REJECT_REASONS, rows["reason"]), status == REJECTED),
        "updated_at": rows.times(rows["updated"]),
    }


def _assessment(rows: Rows) -> Columns:
    decision = rows["decision"]
    return {
        "customer_id": rows.ids("bnpl_customer", rows["customer"]),
        "order_id": rows.optional_ids("bnpl_order", rows["order"]),
        "score": pa.array(rows["score"]),
        "requested_limit": money(rows["asked"]),
        "approved_limit": nullable(money(np.maximum(rows["limit"], 0)), decision == YES),
        "decision": untidy(DECISIONS, decision, rows.number, 29),
        "reason_code": labels(REASONS, rows["reason"]),
        "model_version": labels(MODEL_VERSIONS, rows["period"] >= _SECOND_MODEL),
        "assessed_at": rows.times(rows["at"]),
        **stamped(rows, rows["at"]),
    }


def _account(rows: Rows) -> Columns:
    return {
        "customer_id": rows.ids("bnpl_customer", rows["customer"]),
        "created_at": rows.times(rows["created"]),
    }


def _account_state(rows: Rows) -> Columns:
    return {"tier": labels(TIERS, rows["tier"]), "updated_at": rows.times(rows["updated"])}


def _cashback(rows: Rows) -> Columns:
    kind = rows["kind"]
    return {
        "account_id": rows.ids("bnpl_rewards_account", rows["account"]),
        "kind": untidy(CASHBACK_KINDS, kind, rows.number, 43),
        "amount": money(rows["cents"]),
        "order_id": rows.optional_ids("bnpl_order", rows["order"]),
        "occurred_at": rows.times(rows["at"]),
        "expires_on": optional_dates(rows["expires"], kind == EARNED),
        **stamped(rows, rows["at"]),
    }


def _program(rows: Rows) -> Columns:
    return {
        "merchant_id": rows.optional_ids("bnpl_merchant", rows["merchant"]),
        "rate": rates(rows["rate"]),
        "valid_from": dates(rows["from"]),
        "valid_to": optional_dates(rows["to"], rows["to"] != NEVER),
        "created_at": hour_of(rows, rows["period"], 7),
        "updated_at": hour_of(rows, rows["period"], 7),
    }


def _redeemed(company: Company) -> np.ndarray:
    """Period in which each movement is a redemption; never for the others."""
    cashback = company.cashback
    return np.where(cashback["kind"] == REDEEMED, cashback["period"], NEVER)


def _redemption(rows: Rows) -> Columns:
    return {
        "cashback_transaction_id": rows.ids("bnpl_cashback", rows.number),
        "order_id": rows.ids("bnpl_order", rows["order"]),
        **stamped(rows, rows["at"]),
    }


def _subscription(rows: Rows) -> Columns:
    return {
        "customer_id": rows.ids("bnpl_customer", rows["customer"]),
        "fee": money(rows["fee"]),
        "valid_from": dates(rows["from"]),
        "created_at": hour_of(rows, rows["period"], 12),
    }


def _subscription_state(rows: Rows) -> Columns:
    ended = rows["to"] != NEVER
    return {
        "valid_to": optional_dates(rows["to"], ended),
        "updated_at": hour_of(rows, np.where(ended, rows["to"], rows["period"]), 12),
    }


def _hold(rows: Rows) -> Columns:
    entities = ("bnpl_customer", "bnpl_merchant", "bnpl_order", "bnpl_plan")
    return {
        "subject_type": labels(SUBJECTS, rows["subject"]),
        "subject_id": one_of(rows, entities, rows["subject"], rows["row"]),
        "reason": labels(HOLD_REASONS, rows["reason"]),
        "authority": labels(AUTHORITIES, rows["authority"]),
        "placed_at": rows.times(rows["at"]),
        "created_at": rows.times(rows["at"]),
    }


def _hold_state(rows: Rows) -> Columns:
    return {
        "released_at": optional_times(rows, rows["released"]),
        "updated_at": rows.times(np.maximum(rows["released"], rows["at"])),
    }


def one_of(rows: Rows, entities: tuple[str, ...], kind: np.ndarray, number: np.ndarray) -> pa.Array:
    """Identifiers of rows of several entities."""
    choices = [rows.ids(entity, number) for entity in entities]
    return pa.array(
        [choices[which][place].as_py() for place, which in enumerate(kind.tolist())], pa.string()
    )


CUSTOMER_TABLE = Table(
    name="customers",
    entity="bnpl_customer",
    ledger="customers",
    columns=_customer,
    state=_customer_state,
    born=lambda company: period_of(company.customers["created"]),
    changed="changed",
    marks={
        "full_name": name(),
        "fayda_id": digits("FY"),
        "phone": digits("+251"),
        "email": email,
        "date_of_birth": as_it_is,
    },
)
VERIFICATION_TABLE = Table(
    name="kyc_verifications",
    entity="bnpl_verification",
    ledger="verifications",
    columns=_verification,
    state=_verification_state,
    changed="changed",
)
ASSESSMENT_TABLE = Table(
    name="credit_assessments",
    entity="bnpl_assessment",
    ledger="assessments",
    columns=_assessment,
)
REWARDS_TABLES = (
    Table(
        name="rewards_accounts",
        entity="bnpl_rewards_account",
        ledger="rewards",
        columns=_account,
        state=_account_state,
        changed="changed",
    ),
    Table(
        name="cashback_transactions",
        entity="bnpl_cashback",
        ledger="cashback",
        columns=_cashback,
    ),
    Table(name="loyalty_programs", entity="bnpl_program", ledger="programs", columns=_program),
    Table(
        name="redemptions",
        entity="bnpl_redemption",
        ledger="cashback",
        columns=_redemption,
        born=_redeemed,
    ),
    Table(
        name="premium_subscriptions",
        entity="bnpl_subscription",
        ledger="subscriptions",
        columns=_subscription,
        state=_subscription_state,
        changed="changed",
    ),
)
HOLD_TABLE = Table(
    name="legal_holds",
    entity="bnpl_hold",
    ledger="holds",
    columns=_hold,
    state=_hold_state,
    changed="changed",
)
