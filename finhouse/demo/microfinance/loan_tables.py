"""Tables of loans: terms, schedules, repayments, collateral."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finhouse.demo.clock import DAY, HOUR, add_months
from finhouse.demo.declarations import Rows, Table
from finhouse.demo.microfinance.columns import branches, hour_of, numbers
from finhouse.demo.microfinance.company import Company
from finhouse.demo.microfinance.vocabulary import (
    ACTIVE,
    APPLIED,
    COLLATERAL_KINDS,
    LOAN_PRODUCTS,
    LOAN_STATUSES,
    REJECTED,
    RESTRUCTURED,
)
from finhouse.demo.tables import Columns, dates, labels, money, nullable

RATES = tuple(f"{product[2]:.4f}" for product in LOAN_PRODUCTS)
# One service pads statuses and writes them in lower case.
STATUSES = (*LOAN_STATUSES, *(f" {status.lower()}" for status in LOAN_STATUSES))


def _loan(rows: Rows) -> Columns:
    return {
        "user_id": rows.ids("customer", rows["customer"]),
        "loan_product_id": rows.ids("loan_product", rows["product"]),
        "branch_id": branches(rows),
        "account_id": rows.ids("account", rows["account"]),
        "loan_number": numbers("L", rows.number),
        "principal_amount": money(rows["asked"]),
        "interest_rate": labels(RATES, rows["product"]),
        "repayment_months": pa.array(rows["months"]),
        "application_date": dates(rows["applied"]),
        "date_created": hour_of(rows, rows["applied"], 9),
    }


def _loan_state(rows: Rows) -> Columns:
    company, status, contract = rows.company, rows["status"], rows["contract"]
    is_approved = ~np.isin(status, (APPLIED, REJECTED))
    is_disbursed = contract >= 0
    terms = company.contracts.take(np.maximum(contract, 0))
    interest = (terms["count"] - 1) * terms["interest"] + terms["last_interest"]
    is_open = np.isin(status, (ACTIVE, RESTRUCTURED))
    is_written_off = rows["written_off"] >= 0
    written_off = np.maximum(rows["written_off"], 0).astype("i8") * DAY + 21 * HOUR
    text = status + len(LOAN_STATUSES) * (rows.number % 41 == 3)
    return {
        "approved_amount": nullable(money(rows["amount"]), is_approved),
        "processing_fee": money(np.where(is_approved, rows["fee"], 0)),
        "repayment_amount": nullable(money(rows["amount"] + interest), is_disbursed),
        "status": labels(STATUSES, text),
        "approved_date": nullable(dates(rows["approved"]), is_approved),
        "disbursed_date": nullable(dates(rows["disbursed"]), is_disbursed),
        "due_date": nullable(dates(add_months(terms["effective"], terms["count"])), is_disbursed),
        "total_paid": money(_recorded(company)[rows.number]),
        "balance": money(np.where(is_open, rows["amount"] - rows["repaid"], 0)),
        "written_off_at": nullable(rows.times(written_off), is_written_off),
        "written_off_amount": nullable(money(rows["written_off_cents"]), is_written_off),
        "date_updated": rows.times(rows["updated"]),
    }


def _recorded(company: Company) -> np.ndarray:
    """What was repaid of each loan, as far as it is recorded."""
    repayments = company.repayments
    paid = np.zeros(company.loans.size, dtype=np.int64)
    amount = repayments["principal"] + repayments["interest"] + repayments["penalty"]
    visible = repayments["period"] < company.periods
    np.add.at(paid, repayments["loan"][visible], amount[visible])
    return paid


def _loan_changed(company: Company) -> np.ndarray:
    """The period a loan changed last in, or had a repayment recorded last."""
    repayments, changed = company.repayments, company.loans["changed"].copy()
    visible = repayments["period"] < company.periods
    np.maximum.at(changed, repayments["loan"][visible], repayments["period"][visible])
    return changed


def _installment(rows: Rows) -> Columns:
    contract = rows.company.contracts.take(rows["contract"])
    return {
        "loan_id": rows.ids("loan", rows["loan"]),
        "version": pa.array(contract["version"]),
        "effective_from": dates(contract["effective"]),
        "installment_number": pa.array(rows["number"]),
        "due_date": dates(rows["due"]),
        "principal_due": money(rows["principal"]),
        "interest_due": money(rows["interest"]),
        "date_created": hour_of(rows, rows["period"], 18),
    }


def _installment_state(rows: Rows) -> Columns:
    is_active = rows["superseded"] < 0
    period = np.where(is_active, rows["period"], rows["superseded"])
    return {"active": pa.array(is_active), "date_updated": hour_of(rows, period, 18)}


def _repayment(rows: Rows) -> Columns:
    created = rows.times(rows["created"])
    return {
        "loan_id": rows.ids("loan", rows["loan"]),
        "payment_id": rows.optional_ids("payment", rows["payment"]),
        "payment_date": dates(rows["day"]),
        "amount": money(rows["principal"] + rows["interest"] + rows["penalty"]),
        "principal_paid": money(rows["principal"]),
        "interest_paid": money(rows["interest"]),
        "penalty_paid": money(rows["penalty"]),
        "date_created": created,
        "date_updated": created,
    }


def _collateral(rows: Rows) -> Columns:
    return {
        "loan_id": rows.ids("loan", rows["loan"]),
        "kind": labels(COLLATERAL_KINDS, rows["kind"]),
        "estimated_value": money(rows["cents"]),
        "valued_on": dates(rows["valued"]),
        "date_created": hour_of(rows, rows["period"], 18),
    }


def _collateral_state(rows: Rows) -> Columns:
    released = rows["released"]
    is_released = released >= 0
    period = np.where(is_released, released, rows["period"])
    return {
        "released_on": nullable(dates(np.maximum(released, 0)), is_released),
        "date_updated": hour_of(rows, period, 20),
    }


LOAN_TABLE = Table(
    name="loans",
    entity="loan",
    ledger="loans",
    columns=_loan,
    state=_loan_state,
    born="applied",
    changed=_loan_changed,
)
SCHEDULE_TABLE = Table(
    name="loan_schedules",
    entity="installment",
    ledger="installments",
    columns=_installment,
    state=_installment_state,
    changed="superseded",
)
REPAYMENT_TABLE = Table(
    name="loan_repayments", entity="repayment", ledger="repayments", columns=_repayment
)
COLLATERAL_TABLE = Table(
    name="loan_collaterals",
    entity="collateral",
    ledger="collaterals",
    columns=_collateral,
    state=_collateral_state,
    changed="changed",
)
