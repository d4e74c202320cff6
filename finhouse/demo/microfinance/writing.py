"""Write what the institution lived to its OLTP schema: new rows, changes, deletions."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from finhouse.demo.clock import DAY, HOUR, add_months
from finhouse.demo.microfinance.company import (
    ACCOUNT_TYPES,
    ACTIVE,
    APPLIED,
    BRANCHES,
    COLLATERAL_KINDS,
    COSTS,
    ENTRY_TYPES,
    FAILED,
    GRADES,
    INVESTMENT_PRODUCTS,
    INVESTMENT_STATUSES,
    LOAN_PRODUCTS,
    LOAN_STATUSES,
    METHODS,
    NO_BRANCH,
    OUTCOME_TEXTS,
    PURPOSES,
    REJECTED,
    RESTRUCTURED,
    SUCCESS,
    TEXT_OUTCOME,
    Company,
)
from finhouse.demo.tables import Columns, Lived, Tables, dates, labels, money, nullable

SCHEMA = "microfinance"
UTC_OFFSET = timedelta(hours=3)  # Africa/Nairobi
OUTCOMES = tuple(text for text, _ in OUTCOME_TEXTS)
FAILURE_REASONS = ("insufficient_funds", "provider_timeout", "wrong_pin", "limit_exceeded")
FIRST_NAMES = ("Achieng", "Baraka", "Chebet", "Daudi", "Eshe", "Faraji", "Gathoni", "Hamisi")
LAST_NAMES = ("Kamau", "Otieno", "Wanjiru", "Mwangi", "Kiptoo", "Njoroge", "Omondi", "Auma")


def create_schema(connection: psycopg.Connection, company: Company) -> None:
    """Create schema ``microfinance``, its branches, products and types."""
    tables = _tables(connection, company)
    tables.create()
    opened = np.array([branch[2] for branch in BRANCHES])
    tables.copy(
        "branches",
        {
            "id": tables.ids("branch", np.arange(len(BRANCHES))),
            "name": pa.array([branch[0] for branch in BRANCHES]),
            "region": pa.array([branch[1] for branch in BRANCHES]),
            "opened_on": dates(opened),
            **_founded(tables, len(BRANCHES)),
        },
    )
    tables.copy(
        "account_types",
        {
            **_catalogue(tables, "account_type", ACCOUNT_TYPES),
            "interest_rate": _rates(ACCOUNT_TYPES, 2),
            "monthly_fee": money(np.array([kind[3] for kind in ACCOUNT_TYPES])),
        },
    )
    tables.copy(
        "transaction_types",
        {
            **_catalogue(tables, "entry_type", ENTRY_TYPES),
            "direction": pa.array([kind[2] for kind in ENTRY_TYPES]),
            "is_customer_initiated": pa.array([kind[3] for kind in ENTRY_TYPES]),
        },
    )
    tables.copy(
        "loan_products",
        {
            **_catalogue(tables, "loan_product", LOAN_PRODUCTS),
            "interest_rate": _rates(LOAN_PRODUCTS, 2),
            "processing_fee_rate": _rates(LOAN_PRODUCTS, 5),
            "is_secured": pa.array([product[6] for product in LOAN_PRODUCTS]),
        },
    )
    tables.copy(
        "investment_products",
        {
            **_catalogue(tables, "investment_product", INVESTMENT_PRODUCTS),
            "annual_rate": _rates(INVESTMENT_PRODUCTS, 2),
            "term_months": pa.array([product[3] for product in INVESTMENT_PRODUCTS]),
            "minimum_amount": money(np.array([product[4] for product in INVESTMENT_PRODUCTS])),
        },
    )


def write_periods(connection: psycopg.Connection, company: Company, since: int) -> int:
    """Write what the periods from ``since`` to now left behind; return the rows touched.

    The caller owns the transaction: rows and the company's marker become visible together.
    """
    tables, lived = _tables(connection, company), Lived(company.periods, since)
    written = _write_customers(tables, company, lived)
    written += _write_accounts(tables, company, lived)
    written += _write_entries(tables, company, lived)
    written += _write_transfers(tables, company, lived)
    written += _write_loans(tables, company, lived)
    written += _write_installments(tables, company, lived)
    written += _write_payments(tables, company, lived)
    written += _write_repayments(tables, company, lived)
    written += _write_collaterals(tables, company, lived)
    written += _write_investments(tables, company, lived)
    return written + _write_costs(tables, company, lived)


def _tables(connection: psycopg.Connection, company: Company) -> Tables:
    return Tables(connection, SCHEMA, company.seed, UTC_OFFSET)


def _founded(tables: Tables, count: int) -> Columns:
    moment = tables.times(np.zeros(count, dtype=np.int64))
    return {"date_created": moment, "date_updated": moment}


def _catalogue(tables: Tables, entity: str, entries: tuple[tuple, ...]) -> Columns:
    """Id, code and name of the entries of a catalogue."""
    return {
        "id": tables.ids(entity, np.arange(len(entries))),
        "code": pa.array([entry[0] for entry in entries]),
        "name": pa.array([entry[1] for entry in entries]),
        **_founded(tables, len(entries)),
    }


def _rates(entries: tuple[tuple, ...], place: int) -> pa.Array:
    return pa.array([f"{entry[place]:.4f}" for entry in entries])


def _branches(tables: Tables, rows: np.ndarray) -> pa.Array:
    return nullable(tables.ids("branch", rows % NO_BRANCH), rows != NO_BRANCH)


def _optional(tables: Tables, entity: str, rows: np.ndarray) -> pa.Array:
    """Identifiers, null where the row is -1."""
    return nullable(tables.ids(entity, np.maximum(rows, 0)), rows >= 0)


def _number(prefix: str, rows: np.ndarray) -> pa.Array:
    return pa.array(np.char.mod(f"{prefix}%08d", rows), pa.string())


def _booked(tables: Tables, periods: np.ndarray, hour: int = 23) -> Columns:
    """When rows known by their period alone were written: at an hour of its day."""
    moment = tables.times(periods.astype(np.int64) * DAY + hour * HOUR)
    return {"date_created": moment, "date_updated": moment}


def _write_customers(tables: Tables, company: Company, lived: Lived) -> int:
    customers = company.customers
    is_new = customers["created"] >= lived.start
    rows = np.flatnonzero(is_new)
    column = customers.take(rows)
    first, last = rows * 7 % len(FIRST_NAMES), rows * 11 % len(LAST_NAMES)
    written = tables.copy(
        "users_user",
        {
            "id": tables.ids("customer", rows),
            "password": pc.binary_join_element_wise(
                "pbkdf2_sha256", tables.ids("hash", rows + 3 * 10**10, twice=True), "$"
            ),
            "first_name": labels(FIRST_NAMES, first),
            "last_name": labels(LAST_NAMES, last),
            "email": nullable(
                pa.array(np.char.mod("customer%d@example.com", rows), pa.string()),
                rows % 9 != 0,
            ),
            "phone_number": _number("+2547", rows),
            "national_id": nullable(_number("N", rows), rows % 23 != 0),
            "date_of_birth": dates(column["birth"]),
            "gender": labels(("M", "F"), column["is_female"]),
            "risk_grade": labels(GRADES, column["grade"]),
            "branch_id": _branches(tables, column["branch"]),
            "date_created": tables.times(column["created"]),
            **_customer_state(tables, company, rows),
        },
    )
    changed = np.flatnonzero(~is_new & (customers["changed"] >= lived.since))
    return written + tables.update(
        "users_user",
        {"id": tables.ids("customer", changed), **_customer_state(tables, company, changed)},
    )


def _customer_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.customers.take(rows)
    return {
        "active": pa.array(column["is_active"]),
        "date_updated": tables.times(column["updated"]),
    }


def _write_accounts(tables: Tables, company: Company, lived: Lived) -> int:
    accounts = company.accounts
    is_new = accounts["created"] >= lived.start
    rows = np.flatnonzero(is_new)
    column = accounts.take(rows)
    written = tables.copy(
        "accounts",
        {
            "id": tables.ids("account", rows),
            "user_id": tables.ids("customer", column["customer"]),
            "account_type_id": tables.ids("account_type", column["type"]),
            "branch_id": _branches(tables, column["branch"]),
            "account_number": _number("", rows),
            "opened_on": dates(column["created"] // DAY),
            "date_created": tables.times(column["created"]),
            **_account_state(tables, company, rows),
        },
    )
    changed = np.flatnonzero(~is_new & (accounts["changed"] >= lived.since))
    return written + tables.update(
        "accounts",
        {"id": tables.ids("account", changed), **_account_state(tables, company, changed)},
    )


def _account_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.accounts.take(rows)
    # One service writes statuses in lower case.
    text = column["is_dormant"] + 2 * (rows % 31 == 7)
    return {
        "balance": money(column["balance"]),
        "status": labels(("ACTIVE", "DORMANT", "active ", "Dormant"), text),
        "date_updated": tables.times(column["updated"]),
    }


def _write_entries(tables: Tables, company: Company, lived: Lived) -> int:
    entries = company.entries
    rows = np.flatnonzero(lived.has(entries["period"]))
    column = entries.take(rows)
    written = tables.copy(
        "transactions",
        {
            "id": tables.ids("entry", rows),
            "account_id": tables.ids("account", column["account"]),
            "transaction_type_id": tables.ids("entry_type", column["type"]),
            "amount": money(column["cents"]),
            "reference": nullable(_number("TX", rows), rows % 33 != 5),
            "transaction_date": tables.times(column["at"]),
            "date_created": tables.times(column["created"]),
            **_entry_state(tables, company, rows),
        },
    )
    voided = np.flatnonzero((entries["period"] < lived.since) & lived.has(entries["voided"]))
    return written + tables.update(
        "transactions",
        {"id": tables.ids("entry", voided), **_entry_state(tables, company, voided)},
    )


def _entry_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.entries.take(rows)
    is_voided = column["voided"] >= 0
    moment = np.where(is_voided, column["voided"].astype("i8") * DAY + 23 * HOUR, column["created"])
    return {"active": pa.array(~is_voided), "date_updated": tables.times(moment)}


def _write_transfers(tables: Tables, company: Company, lived: Lived) -> int:
    transfers = company.transfers
    is_new = lived.has(transfers["period"])
    rows = np.flatnonzero(is_new)
    column = transfers.take(rows)
    written = tables.copy(
        "transfers",
        {
            "id": tables.ids("transfer", rows),
            "from_account_id": tables.ids("account", column["source"]),
            "to_account_id": tables.ids("account", column["target"]),
            "amount": money(column["cents"]),
            "date_created": tables.times(column["created"]),
            **_outcome(tables, transfers.take(rows), rows),
        },
    )
    changed = np.flatnonzero(~is_new & (transfers["changed"] >= lived.since))
    return written + tables.update(
        "transfers",
        {
            "id": tables.ids("transfer", changed),
            **_outcome(tables, transfers.take(changed), changed),
        },
    )


def _outcome(tables: Tables, column: dict[str, np.ndarray], rows: np.ndarray) -> Columns:
    """Status, reason of failure and time of change of transfers or payments."""
    failed = TEXT_OUTCOME[column["text"]] == FAILED
    return {
        "status": labels(OUTCOMES, column["text"]),
        "failure_reason": nullable(labels(FAILURE_REASONS, rows % len(FAILURE_REASONS)), failed),
        "date_updated": tables.times(column["updated"]),
    }


def _write_payments(tables: Tables, company: Company, lived: Lived) -> int:
    payments = company.payments
    is_new, alive = lived.has(payments["period"]), payments["deleted"] < 0
    rows = np.flatnonzero(is_new & alive)
    column = payments.take(rows)
    written = tables.copy(
        "payments",
        {
            "id": tables.ids("payment", rows),
            "user_id": nullable(
                tables.ids("customer", column["customer"]), ~column["is_anonymous"]
            ),
            "account_id": _optional(tables, "account", column["account"]),
            "loan_id": _optional(tables, "loan", column["loan"]),
            "purpose": labels(PURPOSES, column["loan"] >= 0),
            "method": labels(METHODS, column["method"]),
            "amount": money(column["cents"]),
            "provider_reference": _number("PR", column["reference"]),
            "date_created": tables.times(column["created"]),
            **_payment_state(tables, company, rows),
        },
    )
    before = payments["period"] < lived.since
    changed = np.flatnonzero(before & alive & (payments["changed"] >= lived.since))
    written += tables.update(
        "payments",
        {"id": tables.ids("payment", changed), **_payment_state(tables, company, changed)},
    )
    gone = np.flatnonzero(before & lived.has(payments["deleted"]))
    return written + tables.delete("payments", "id", tables.ids("payment", gone))


def _payment_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.payments.take(rows)
    succeeded = TEXT_OUTCOME[column["text"]] == SUCCESS
    return {
        "completed_at": nullable(tables.times(column["updated"]), succeeded),
        **_outcome(tables, column, rows),
    }


def _write_loans(tables: Tables, company: Company, lived: Lived) -> int:
    loans = company.loans
    is_new = lived.has(loans["applied"])
    rows = np.flatnonzero(is_new)
    column = loans.take(rows)
    applied = tables.times(column["applied"].astype("i8") * DAY + 9 * HOUR)
    written = tables.copy(
        "loans",
        {
            "id": tables.ids("loan", rows),
            "user_id": tables.ids("customer", column["customer"]),
            "loan_product_id": tables.ids("loan_product", column["product"]),
            "branch_id": _branches(tables, column["branch"]),
            "account_id": tables.ids("account", column["account"]),
            "loan_number": _number("L", rows),
            "principal_amount": money(column["asked"]),
            "interest_rate": labels(
                tuple(f"{product[2]:.4f}" for product in LOAN_PRODUCTS), column["product"]
            ),
            "repayment_months": pa.array(column["months"]),
            "application_date": dates(column["applied"]),
            "date_created": applied,
            **_loan_state(tables, company, rows),
        },
    )
    repayments = company.repayments
    recorded = np.zeros(loans.size, dtype=bool)
    recorded[repayments["loan"][lived.has(repayments["period"])]] = True
    changed = np.flatnonzero(~is_new & ((loans["changed"] >= lived.since) | recorded))
    return written + tables.update(
        "loans",
        {"id": tables.ids("loan", changed), **_loan_state(tables, company, changed)},
    )


def _loan_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.loans.take(rows)
    is_approved = ~np.isin(column["status"], (APPLIED, REJECTED))
    is_disbursed = column["contract"] >= 0
    terms = company.contracts.take(np.maximum(column["contract"], 0))
    interest = (terms["count"] - 1) * terms["interest"] + terms["last_interest"]
    is_open = np.isin(column["status"], (ACTIVE, RESTRUCTURED))
    is_written_off = column["written_off"] >= 0
    written_off = np.maximum(column["written_off"], 0).astype("i8") * DAY + 21 * HOUR
    text = column["status"] + len(LOAN_STATUSES) * (rows % 41 == 3)
    return {
        "approved_amount": nullable(money(column["amount"]), is_approved),
        "processing_fee": money(np.where(is_approved, column["fee"], 0)),
        "repayment_amount": nullable(money(column["amount"] + interest), is_disbursed),
        "status": labels(
            (*LOAN_STATUSES, *(f" {status.lower()}" for status in LOAN_STATUSES)), text
        ),
        "approved_date": nullable(dates(column["approved"]), is_approved),
        "disbursed_date": nullable(dates(column["disbursed"]), is_disbursed),
        "due_date": nullable(dates(add_months(terms["effective"], terms["count"])), is_disbursed),
        "total_paid": money(_recorded(company)[rows]),
        "balance": money(np.where(is_open, column["amount"] - column["repaid"], 0)),
        "written_off_at": nullable(tables.times(written_off), is_written_off),
        "written_off_amount": nullable(money(column["written_off_cents"]), is_written_off),
        "date_updated": tables.times(column["updated"]),
    }


def _recorded(company: Company) -> np.ndarray:
    """What was repaid of each loan, as far as it is recorded."""
    repayments = company.repayments
    paid = np.zeros(company.loans.size, dtype=np.int64)
    amount = repayments["principal"] + repayments["interest"] + repayments["penalty"]
    visible = repayments["period"] < company.periods
    np.add.at(paid, repayments["loan"][visible], amount[visible])
    return paid


def _write_installments(tables: Tables, company: Company, lived: Lived) -> int:
    installments = company.installments
    is_new = lived.has(installments["period"])
    rows = np.flatnonzero(is_new)
    column = installments.take(rows)
    contract = company.contracts.take(column["contract"])
    written = tables.copy(
        "loan_schedules",
        {
            "id": tables.ids("installment", rows),
            "loan_id": tables.ids("loan", column["loan"]),
            "version": pa.array(contract["version"]),
            "effective_from": dates(contract["effective"]),
            "installment_number": pa.array(column["number"]),
            "due_date": dates(column["due"]),
            "principal_due": money(column["principal"]),
            "interest_due": money(column["interest"]),
            "date_created": _booked(tables, column["period"], 18)["date_created"],
            **_installment_state(tables, company, rows),
        },
    )
    changed = np.flatnonzero(~is_new & lived.has(installments["superseded"]))
    return written + tables.update(
        "loan_schedules",
        {"id": tables.ids("installment", changed), **_installment_state(tables, company, changed)},
    )


def _installment_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.installments.take(rows)
    is_active = column["superseded"] < 0
    period = np.where(is_active, column["period"], column["superseded"])
    return {
        "active": pa.array(is_active),
        "date_updated": _booked(tables, period, 18)["date_updated"],
    }


def _write_repayments(tables: Tables, company: Company, lived: Lived) -> int:
    repayments = company.repayments
    rows = np.flatnonzero(lived.has(repayments["period"]))
    column = repayments.take(rows)
    created = tables.times(column["created"])
    return tables.copy(
        "loan_repayments",
        {
            "id": tables.ids("repayment", rows),
            "loan_id": tables.ids("loan", column["loan"]),
            "payment_id": _optional(tables, "payment", column["payment"]),
            "payment_date": dates(column["day"]),
            "amount": money(column["principal"] + column["interest"] + column["penalty"]),
            "principal_paid": money(column["principal"]),
            "interest_paid": money(column["interest"]),
            "penalty_paid": money(column["penalty"]),
            "date_created": created,
            "date_updated": created,
        },
    )


def _write_collaterals(tables: Tables, company: Company, lived: Lived) -> int:
    collaterals = company.collaterals
    is_new = lived.has(collaterals["period"])
    rows = np.flatnonzero(is_new)
    column = collaterals.take(rows)
    written = tables.copy(
        "loan_collaterals",
        {
            "id": tables.ids("collateral", rows),
            "loan_id": tables.ids("loan", column["loan"]),
            "kind": labels(COLLATERAL_KINDS, column["kind"]),
            "estimated_value": money(column["cents"]),
            "valued_on": dates(column["valued"]),
            "date_created": _booked(tables, column["period"], 18)["date_created"],
            **_collateral_state(tables, company, rows),
        },
    )
    changed = np.flatnonzero(~is_new & (collaterals["changed"] >= lived.since))
    return written + tables.update(
        "loan_collaterals",
        {"id": tables.ids("collateral", changed), **_collateral_state(tables, company, changed)},
    )


def _collateral_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.collaterals.take(rows)
    is_released = column["released"] >= 0
    period = np.where(is_released, column["released"], column["period"])
    return {
        "released_on": nullable(dates(np.maximum(column["released"], 0)), is_released),
        "date_updated": _booked(tables, period, 20)["date_updated"],
    }


def _write_investments(tables: Tables, company: Company, lived: Lived) -> int:
    investments, earnings = company.investments, company.earnings
    is_new = lived.has(investments["period"])
    rows = np.flatnonzero(is_new)
    column = investments.take(rows)
    written = tables.copy(
        "investments",
        {
            "id": tables.ids("investment", rows),
            "user_id": tables.ids("customer", column["customer"]),
            "account_id": tables.ids("account", column["account"]),
            "investment_product_id": tables.ids("investment_product", column["product"]),
            "amount": money(column["cents"]),
            "start_date": dates(column["start"]),
            "end_date": dates(column["end"]),
            "date_created": tables.times(column["created"]),
            **_investment_state(tables, company, rows),
        },
    )
    changed = np.flatnonzero(~is_new & (investments["changed"] >= lived.since))
    written += tables.update(
        "investments",
        {"id": tables.ids("investment", changed), **_investment_state(tables, company, changed)},
    )
    rows = np.flatnonzero(lived.has(earnings["period"]))
    column = earnings.take(rows)
    return written + tables.copy(
        "investment_earnings",
        {
            "id": tables.ids("earning", rows),
            "investment_id": tables.ids("investment", column["investment"]),
            "paid_on": dates(column["day"]),
            "amount": money(column["cents"]),
            **_booked(tables, column["period"]),
        },
    )


def _investment_state(tables: Tables, company: Company, rows: np.ndarray) -> Columns:
    column = company.investments.take(rows)
    text = column["status"] + len(INVESTMENT_STATUSES) * (rows % 29 == 3)
    return {
        "total_return": money(column["total"]),
        "closed_on": nullable(dates(np.maximum(column["closed"], 0)), column["closed"] >= 0),
        "status": labels(
            (*INVESTMENT_STATUSES, *(f"{status.title()} " for status in INVESTMENT_STATUSES)), text
        ),
        "date_updated": tables.times(column["updated"]),
    }


def _write_costs(tables: Tables, company: Company, lived: Lived) -> int:
    rows = np.flatnonzero(lived.has(company.costs["period"]))
    column = company.costs.take(rows)
    return tables.copy(
        "operating_costs",
        {
            "id": tables.ids("lender_cost", rows),
            "cost_month": dates(column["day"]),
            "category": labels(tuple(cost[0] for cost in COSTS), column["category"]),
            "amount": money(column["cents"]),
            **_booked(tables, column["period"]),
        },
    )
