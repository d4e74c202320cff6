"""The provider's tables in the OLTP database."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finhouse.demo.bnpl import audit
from finhouse.demo.bnpl.columns import (
    numbers,
    optional_times,
    rates,
    stamped,
    untidy,
)
from finhouse.demo.bnpl.customer_tables import (
    ASSESSMENT_TABLE,
    CUSTOMER_TABLE,
    HOLD_TABLE,
    REWARDS_TABLES,
    VERIFICATION_TABLE,
    one_of,
)
from finhouse.demo.bnpl.vocabulary import (
    CATEGORIES,
    CHANNELS,
    DISPUTE_REASONS,
    FOR_CUSTOMER,
    INSTALLMENT_STATUSES,
    MEMBER_STATUSES,
    METHODS,
    ORDER_STATUSES,
    OUTCOME_TEXTS,
    OUTCOMES,
    PAY_IN_4,
    PAY_IN_30,
    PAY_IN_FULL,
    PAY_OVER_TIME,
    PLAN_STATUSES,
    PLAN_TYPES,
)
from finhouse.demo.clock import DAY, HOUR
from finhouse.demo.declarations import Catalogue, Rows, Table
from finhouse.demo.tables import Columns, dates, labels, money, nullable

_OUTCOME_WORDS = tuple(text for text, _ in OUTCOME_TEXTS)
_RESCHEDULED_HOUR = 22 * HOUR + HOUR // 2


def _category(rows: Rows) -> Columns:
    parent = np.array([parent for _, parent in CATEGORIES])
    return {
        "name": pa.array([name for name, _ in CATEGORIES]),
        "parent_id": rows.optional_ids("bnpl_category", parent),
        **stamped(rows, np.zeros(len(rows), dtype=np.int64)),
    }


def _merchant(rows: Rows) -> Columns:
    return {
        "name": numbers("Merchant ", rows.number),
        "category_id": rows.ids("bnpl_category", rows["category"]),
        "commission_rate": rates(rows["rate"]),
        "settlement_days": pa.array(rows["days"]),
        "created_at": rows.times(rows["created"]),
    }


def _merchant_state(rows: Rows) -> Columns:
    return {
        "status": labels(MEMBER_STATUSES, rows["status"]),
        "updated_at": rows.times(rows["updated"]),
    }


def _product(rows: Rows) -> Columns:
    kinds = (PAY_IN_4, PAY_IN_30, PAY_OVER_TIME, PAY_IN_FULL)
    eligible = tuple(
        "{" + ",".join(PLAN_TYPES[kind] for kind in kinds if bits >> kind & 1) + "}"
        for bits in range(16)
    )
    return {
        "merchant_id": rows.ids("bnpl_merchant", rows["merchant"]),
        "category_id": rows.optional_ids("bnpl_category", rows["category"]),
        "eligible_plans": labels(eligible, rows["plans"]),
        "created_at": rows.times(rows["created"]),
    }


def _product_state(rows: Rows) -> Columns:
    return {"price": money(rows["cents"]), "updated_at": rows.times(rows["updated"])}


def _order(rows: Rows) -> Columns:
    return {
        "customer_id": rows.ids("bnpl_customer", rows["customer"]),
        "merchant_id": rows.ids("bnpl_merchant", rows["merchant"]),
        "product_id": rows.optional_ids("bnpl_product", rows["product"]),
        "amount": money(rows["cents"]),
        "channel": labels((*CHANNELS, "APP"), rows["channel"] + 4 * _shouts(rows)),
        "created_at": rows.times(rows["created"]),
    }


def _shouts(rows: Rows) -> np.ndarray:
    """Orders of the app, channel 0, that one of its versions writes in capitals."""
    return (rows["channel"] == 0) & (rows.number % 53 == 7)


def _order_state(rows: Rows) -> Columns:
    return {
        "status": untidy(ORDER_STATUSES, rows["status"], rows.number, 37),
        "captured_at": optional_times(rows, rows["captured"]),
        "refunded_amount": money(rows["refunded"]),
        "updated_at": rows.times(rows["updated"]),
    }


def _plan(rows: Rows) -> Columns:
    months = rows["months"]
    return {
        "order_id": rows.ids("bnpl_order", rows["order"]),
        "customer_id": rows.ids("bnpl_customer", rows["customer"]),
        "plan_type": untidy(PLAN_TYPES, rows["kind"], rows.number, 61),
        "principal": money(rows["principal"]),
        "contract_apr": rates(np.round(rows["rate"] * 10_000)),
        "term_months": nullable(pa.array(months), months > 0),
        "installment_count": pa.array(rows["count"]),
        "created_at": rows.times(rows["created"]),
    }


def _plan_state(rows: Rows) -> Columns:
    written_off = rows["written_off"]
    return {
        "status": untidy(PLAN_STATUSES, rows["status"], rows.number, 41),
        "activated_at": optional_times(rows, rows["activated"]),
        "completed_at": optional_times(rows, rows["completed"]),
        "defaulted_at": optional_times(rows, rows["defaulted"]),
        "written_off_at": optional_times(rows, written_off),
        "written_off_amount": nullable(money(rows["lost"]), written_off >= 0),
        "updated_at": rows.times(rows["updated"]),
    }


def _installment(rows: Rows) -> Columns:
    return {
        "plan_id": rows.ids("bnpl_plan", rows["plan"]),
        "number": pa.array(rows["number"]),
        "due_date": dates(rows["due"]),
        "principal": money(rows["principal"]),
        "interest": money(rows["interest"]),
        "version": pa.array(rows["version"]),
        "created_at": rows.times(rows["created"]),
    }


def _installment_state(rows: Rows) -> Columns:
    superseded = rows["superseded"].astype(np.int64)
    moment = np.where(superseded >= 0, superseded * DAY + _RESCHEDULED_HOUR, -1)
    return {
        "status": untidy(INSTALLMENT_STATUSES, rows["status"], rows.number, 47),
        "fee": money(rows["fee"]),
        "superseded_at": optional_times(rows, moment),
        "updated_at": rows.times(rows["updated"]),
    }


def _payment(rows: Rows) -> Columns:
    return {
        "plan_id": rows.ids("bnpl_plan", rows["plan"]),
        "installment_id": rows.optional_ids("bnpl_installment", rows["installment"]),
        "amount": money(rows["cents"]),
        "method": untidy(METHODS, rows["method"], rows.number, 59),
        "idempotency_key": rows.ids("bnpl_collection", rows["key"]),
        "attempt": pa.array(rows["attempt"]),
        "provider_reference": numbers("BP", rows["reference"]),
        "initiated_at": rows.times(rows["initiated"]),
        "created_at": rows.times(rows["created"]),
    }


def _payment_state(rows: Rows) -> Columns:
    return {
        "status": labels(_OUTCOME_WORDS, rows["text"]),
        "settled_at": optional_times(rows, rows["settled"]),
        "charged_back_at": optional_times(rows, rows["back_at"]),
        "updated_at": rows.times(rows["updated"]),
    }


def _fee(rows: Rows) -> Columns:
    return {
        "installment_id": rows.ids("bnpl_installment", rows["installment"]),
        "fee": money(rows["cents"]),
        "assessed_at": rows.times(rows["at"]),
        "created_at": rows.times(rows["at"]),
    }


def _fee_state(rows: Rows) -> Columns:
    return {
        "waived_at": optional_times(rows, rows["waived_at"]),
        "updated_at": rows.times(np.maximum(rows["waived_at"], rows["at"])),
    }


def _settlement(rows: Rows) -> Columns:
    return {
        "merchant_id": rows.ids("bnpl_merchant", rows["merchant"]),
        "period_start": dates(rows["start"]),
        "period_end": dates(rows["end"]),
        "gross": money(rows["gross"]),
        "commission": money(rows["commission"]),
        "refunds": money(rows["refunds"]),
        "net": money(rows["gross"] - rows["commission"] - rows["refunds"]),
        "due_on": dates(rows["due"]),
        "created_at": rows.times(rows["created"]),
    }


def _settlement_state(rows: Rows) -> Columns:
    return {
        "paid_at": optional_times(rows, rows["paid_at"]),
        "updated_at": rows.times(rows["updated"]),
    }


def _line(rows: Rows) -> Columns:
    return {
        "settlement_id": rows.ids("bnpl_settlement", rows["settlement"]),
        "order_id": rows.ids("bnpl_order", rows["order"]),
        "gross": money(rows["gross"]),
        "commission": money(rows["commission"]),
        **stamped(rows, rows["period"].astype(np.int64) * DAY + 5 * HOUR),
    }


def _dispute(rows: Rows) -> Columns:
    return {
        "order_id": rows.ids("bnpl_order", rows["order"]),
        "reason": labels(DISPUTE_REASONS, rows["reason"]),
        "opened_at": rows.times(rows["opened_at"]),
        "created_at": rows.times(rows["opened_at"]),
    }


def _dispute_state(rows: Rows) -> Columns:
    is_resolved = rows["resolved"] >= 0
    for_customer = is_resolved & (rows["outcome"] == FOR_CUSTOMER)
    return {
        "resolved_at": optional_times(rows, rows["resolved_at"]),
        "outcome": nullable(labels(OUTCOMES, rows["outcome"]), is_resolved),
        "refunded_amount": nullable(money(rows["cents"]), for_customer),
        "updated_at": rows.times(rows["updated"]),
    }


def _review(rows: Rows) -> Columns:
    return {
        "order_id": rows.ids("bnpl_order", rows["order"]),
        "stars": pa.array(rows["stars"]),
        **stamped(rows, rows["at"]),
    }


def _event(rows: Rows) -> Columns:
    entity, old, new, cents = rows["entity"], rows["old"], rows["new"], rows["cents"]
    previous = rows["previous"]
    hashes = rows.company.events["hash"]
    before = [hashes[row].decode() if row >= 0 else None for row in previous.tolist()]
    return {
        "sequence": pa.array(rows["sequence"]),
        "entity": labels(audit.AUDITED, entity),
        "entity_id": one_of(rows, audit.ENTITIES, entity, rows["row"]),
        "event": labels(audit.EVENTS, rows["event"]),
        "old_status": _statuses(entity, old),
        "new_status": _statuses(entity, new),
        "amount": nullable(money(cents), cents >= 0),
        "actor": labels(audit.ACTORS, rows["actor"]),
        "occurred_at": rows.times(rows["at"]),
        "prev_hash": pa.array(before, pa.string()),
        "hash": pa.array([text.decode() for text in rows["hash"].tolist()], pa.string()),
        "created_at": rows.times(rows["at"]),
    }


def _statuses(entity: np.ndarray, status: np.ndarray) -> pa.Array:
    return pa.array(
        [
            audit.STATUSES[table][code] if code != audit.NO_STATUS else None
            for table, code in zip(entity.tolist(), status.tolist(), strict=True)
        ],
        pa.string(),
    )


TABLES = (
    CUSTOMER_TABLE,
    VERIFICATION_TABLE,
    Catalogue(name="categories", entity="bnpl_category", size=len(CATEGORIES), columns=_category),
    Table(
        name="merchants",
        entity="bnpl_merchant",
        ledger="merchants",
        columns=_merchant,
        state=_merchant_state,
        changed="changed",
    ),
    Table(
        name="products",
        entity="bnpl_product",
        ledger="products",
        columns=_product,
        state=_product_state,
        changed="changed",
    ),
    Table(
        name="orders",
        entity="bnpl_order",
        ledger="orders",
        columns=_order,
        state=_order_state,
        changed="changed",
    ),
    ASSESSMENT_TABLE,
    Table(
        name="payment_plans",
        entity="bnpl_plan",
        ledger="plans",
        columns=_plan,
        state=_plan_state,
        changed="changed",
    ),
    Table(
        name="installments",
        entity="bnpl_installment",
        ledger="installments",
        columns=_installment,
        state=_installment_state,
        changed="changed",
    ),
    Table(
        name="payments",
        entity="bnpl_payment",
        ledger="payments",
        columns=_payment,
        state=_payment_state,
        changed="changed",
        deleted="deleted",
    ),
    Table(
        name="fee_assessments",
        entity="bnpl_fee",
        ledger="fees",
        columns=_fee,
        state=_fee_state,
        changed="changed",
    ),
    Table(
        name="settlements",
        entity="bnpl_settlement",
        ledger="settlements",
        columns=_settlement,
        state=_settlement_state,
        changed="changed",
    ),
    Table(name="settlement_lines", entity="bnpl_settlement_line", ledger="lines", columns=_line),
    Table(
        name="disputes",
        entity="bnpl_dispute",
        ledger="disputes",
        columns=_dispute,
        state=_dispute_state,
        changed="changed",
    ),
    Table(
        name="reviews",
        entity="bnpl_review",
        ledger="reviews",
        columns=_review,
        deleted="deleted",
    ),
    *REWARDS_TABLES,
    Table(name="audit_log", entity="bnpl_event", ledger="events", columns=_event),
    HOLD_TABLE,
)
