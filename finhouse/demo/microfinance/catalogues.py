"""What the institution offers and where: tables that never change."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finhouse.demo.declarations import Catalogue, Rows
from finhouse.demo.microfinance.vocabulary import (
    ACCOUNT_TYPES,
    BRANCHES,
    ENTRY_TYPES,
    INVESTMENT_PRODUCTS,
    LOAN_PRODUCTS,
)
from finhouse.demo.tables import Columns, dates, money


def _branch(rows: Rows) -> Columns:
    return {
        "name": pa.array([branch[0] for branch in BRANCHES]),
        "region": pa.array([branch[1] for branch in BRANCHES]),
        "opened_on": dates(np.array([branch[2] for branch in BRANCHES])),
        **_founded(rows),
    }


def _account_type(rows: Rows) -> Columns:
    return {
        **_named(rows, ACCOUNT_TYPES),
        "interest_rate": _rates(ACCOUNT_TYPES, 2),
        "monthly_fee": money(np.array([kind[3] for kind in ACCOUNT_TYPES])),
    }


def _entry_type(rows: Rows) -> Columns:
    return {
        **_named(rows, ENTRY_TYPES),
        "direction": pa.array([kind[2] for kind in ENTRY_TYPES]),
        "is_customer_initiated": pa.array([kind[3] for kind in ENTRY_TYPES]),
    }


def _loan_product(rows: Rows) -> Columns:
    return {
        **_named(rows, LOAN_PRODUCTS),
        "interest_rate": _rates(LOAN_PRODUCTS, 2),
        "processing_fee_rate": _rates(LOAN_PRODUCTS, 5),
        "is_secured": pa.array([product[6] for product in LOAN_PRODUCTS]),
    }


def _investment_product(rows: Rows) -> Columns:
    return {
        **_named(rows, INVESTMENT_PRODUCTS),
        "annual_rate": _rates(INVESTMENT_PRODUCTS, 2),
        "term_months": pa.array([product[3] for product in INVESTMENT_PRODUCTS]),
        "minimum_amount": money(np.array([product[4] for product in INVESTMENT_PRODUCTS])),
    }


def _named(rows: Rows, entries: tuple[tuple, ...]) -> Columns:
    """Code and name of the entries of a catalogue."""
    return {
        "code": pa.array([entry[0] for entry in entries]),
        "name": pa.array([entry[1] for entry in entries]),
        **_founded(rows),
    }


def _founded(rows: Rows) -> Columns:
    moment = rows.times(np.zeros(len(rows), dtype=np.int64))
    return {"date_created": moment, "date_updated": moment}


def _rates(entries: tuple[tuple, ...], place: int) -> pa.Array:
    return pa.array([f"{entry[place]:.4f}" for entry in entries])


BRANCH_TABLE = Catalogue(name="branches", entity="branch", size=len(BRANCHES), columns=_branch)
ACCOUNT_TYPE_TABLE = Catalogue(
    name="account_types", entity="account_type", size=len(ACCOUNT_TYPES), columns=_account_type
)
ENTRY_TYPE_TABLE = Catalogue(
    name="transaction_types", entity="entry_type", size=len(ENTRY_TYPES), columns=_entry_type
)
LOAN_PRODUCT_TABLE = Catalogue(
    name="loan_products", entity="loan_product", size=len(LOAN_PRODUCTS), columns=_loan_product
)
INVESTMENT_PRODUCT_TABLE = Catalogue(
    name="investment_products",
    entity="investment_product",
    size=len(INVESTMENT_PRODUCTS),
    columns=_investment_product,
)
