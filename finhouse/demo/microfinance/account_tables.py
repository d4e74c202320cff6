"""Tables of customers, their accounts, and the money that moves through these."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finhouse.demo.clock import DAY, HOUR, period_of
from finhouse.demo.declarations import Rows, Table
from finhouse.demo.marks import as_it_is, digits, email, moment, name, within
from finhouse.demo.microfinance.columns import branches, numbers, outcome
from finhouse.demo.microfinance.vocabulary import (
    GRADES,
    METHODS,
    PURPOSES,
    SUCCESS,
    TEXT_OUTCOME,
)
from finhouse.demo.tables import Columns, dates, labels, money, nullable

FIRST_NAMES = ("Achieng", "Baraka", "Chebet", "Daudi", "Eshe", "Faraji", "Gathoni", "Hamisi")
LAST_NAMES = ("Kamau", "Otieno", "Wanjiru", "Mwangi", "Kiptoo", "Njoroge", "Omondi", "Auma")


def _customer(rows: Rows) -> Columns:
    number = rows.number
    return {
        "password": pc.binary_join_element_wise(
            "pbkdf2_sha256", rows.ids("hash", number + 3 * 10**10, twice=True), "$"
        ),
        "first_name": labels(FIRST_NAMES, number * 7 % len(FIRST_NAMES)),
        "last_name": labels(LAST_NAMES, number * 11 % len(LAST_NAMES)),
        "email": nullable(
            pa.array(np.char.mod("customer%d@example.com", number), pa.string()), number % 9 != 0
        ),
        "phone_number": numbers("+2547", number),
        "national_id": nullable(numbers("N", number), number % 23 != 0),
        "date_of_birth": dates(rows["birth"]),
        "gender": labels(("M", "F"), rows["is_female"]),
        "last_login": pa.nulls(len(rows), pa.timestamp("ms", "UTC")),
        "risk_grade": labels(GRADES, rows["grade"]),
        "branch_id": branches(rows),
        "date_created": rows.times(rows["created"]),
    }


def _customer_state(rows: Rows) -> Columns:
    return {
        "active": pa.array(rows["is_active"]),
        "date_updated": rows.times(rows["updated"]),
    }


def _account(rows: Rows) -> Columns:
    return {
        "user_id": rows.ids("customer", rows["customer"]),
        "account_type_id": rows.ids("account_type", rows["type"]),
        "branch_id": branches(rows),
        "account_number": numbers("", rows.number),
        "opened_on": dates(rows["created"] // DAY),
        "date_created": rows.times(rows["created"]),
    }


def _account_state(rows: Rows) -> Columns:
    # One service writes statuses in lower case.
    text = rows["is_dormant"] + 2 * (rows.number % 31 == 7)
    return {
        "balance": money(rows["balance"]),
        "status": labels(("ACTIVE", "DORMANT", "active ", "Dormant"), text),
        "date_updated": rows.times(rows["updated"]),
    }


def _entry(rows: Rows) -> Columns:
    return {
        "account_id": rows.ids("account", rows["account"]),
        "transaction_type_id": rows.ids("entry_type", rows["type"]),
        "amount": money(rows["cents"]),
        "reference": nullable(numbers("TX", rows.number), rows.number % 33 != 5),
        "transaction_date": rows.times(rows["at"]),
        "date_created": rows.times(rows["created"]),
    }


def _entry_state(rows: Rows) -> Columns:
    voided = rows["voided"]
    is_voided = voided >= 0
    moment = np.where(is_voided, voided.astype("i8") * DAY + 23 * HOUR, rows["created"])
    return {"active": pa.array(~is_voided), "date_updated": rows.times(moment)}


def _transfer(rows: Rows) -> Columns:
    return {
        "from_account_id": rows.ids("account", rows["source"]),
        "to_account_id": rows.ids("account", rows["target"]),
        "amount": money(rows["cents"]),
        "date_created": rows.times(rows["created"]),
    }


def _payment(rows: Rows) -> Columns:
    return {
        "user_id": nullable(rows.ids("customer", rows["customer"]), ~rows["is_anonymous"]),
        "account_id": rows.optional_ids("account", rows["account"]),
        "loan_id": rows.optional_ids("loan", rows["loan"]),
        "purpose": labels(PURPOSES, rows["loan"] >= 0),
        "method": labels(METHODS, rows["method"]),
        "amount": money(rows["cents"]),
        "provider_reference": numbers("PR", rows["reference"]),
        "date_created": rows.times(rows["created"]),
    }


def _payment_state(rows: Rows) -> Columns:
    succeeded = TEXT_OUTCOME[rows["text"]] == SUCCESS
    return {"completed_at": nullable(rows.times(rows["updated"]), succeeded), **outcome(rows)}


CUSTOMER_TABLE = Table(
    name="users_user",
    entity="customer",
    ledger="customers",
    columns=_customer,
    state=_customer_state,
    born=lambda company: period_of(company.customers["created"]),
    changed="changed",
    marks={
        "password": within(len("pbkdf2_sha256$")),
        "first_name": name(),
        "last_name": name(after="son"),
        "email": email,
        "phone_number": digits("+2547"),
        "national_id": digits("N"),
        "date_of_birth": as_it_is,
        "last_login": moment,
    },
)
ACCOUNT_TABLE = Table(
    name="accounts",
    entity="account",
    ledger="accounts",
    columns=_account,
    state=_account_state,
    born=lambda company: period_of(company.accounts["created"]),
    changed="changed",
    marks={"account_number": digits()},
    whose="customer",
)
ENTRY_TABLE = Table(
    name="transactions",
    entity="entry",
    ledger="entries",
    columns=_entry,
    state=_entry_state,
    changed="voided",
)
TRANSFER_TABLE = Table(
    name="transfers",
    entity="transfer",
    ledger="transfers",
    columns=_transfer,
    state=outcome,
    changed="changed",
)
PAYMENT_TABLE = Table(
    name="payments",
    entity="payment",
    ledger="payments",
    columns=_payment,
    state=_payment_state,
    changed="changed",
    deleted="deleted",
    after="loans",
)
