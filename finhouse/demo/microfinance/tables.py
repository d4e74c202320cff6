"""The institution's tables in the OLTP database."""

from __future__ import annotations

import numpy as np

from finhouse.demo.declarations import Rows, Table
from finhouse.demo.microfinance.account_tables import (
    ACCOUNT_TABLE,
    CUSTOMER_TABLE,
    ENTRY_TABLE,
    PAYMENT_TABLE,
    TRANSFER_TABLE,
)
from finhouse.demo.microfinance.catalogues import (
    ACCOUNT_TYPE_TABLE,
    BRANCH_TABLE,
    ENTRY_TYPE_TABLE,
    INVESTMENT_PRODUCT_TABLE,
    LOAN_PRODUCT_TABLE,
)
from finhouse.demo.microfinance.columns import booked
from finhouse.demo.microfinance.loan_tables import (
    COLLATERAL_TABLE,
    LOAN_TABLE,
    REPAYMENT_TABLE,
    SCHEDULE_TABLE,
)
from finhouse.demo.microfinance.vocabulary import COSTS, INVESTMENT_STATUSES
from finhouse.demo.tables import Columns, dates, labels, money, nullable

# One service pads the statuses of investments, in mixed case.
STATUSES = (*INVESTMENT_STATUSES, *(f"{status.title()} " for status in INVESTMENT_STATUSES))


def _investment(rows: Rows) -> Columns:
    return {
        "user_id": rows.ids("customer", rows["customer"]),
        "account_id": rows.ids("account", rows["account"]),
        "investment_product_id": rows.ids("investment_product", rows["product"]),
        "amount": money(rows["cents"]),
        "start_date": dates(rows["start"]),
        "end_date": dates(rows["end"]),
        "date_created": rows.times(rows["created"]),
    }


def _investment_state(rows: Rows) -> Columns:
    closed = rows["closed"]
    text = rows["status"] + len(INVESTMENT_STATUSES) * (rows.number % 29 == 3)
    return {
        "total_return": money(rows["total"]),
        "closed_on": nullable(dates(np.maximum(closed, 0)), closed >= 0),
        "status": labels(STATUSES, text),
        "date_updated": rows.times(rows["updated"]),
    }


def _earning(rows: Rows) -> Columns:
    return {
        "investment_id": rows.ids("investment", rows["investment"]),
        "paid_on": dates(rows["day"]),
        "amount": money(rows["cents"]),
        **booked(rows),
    }


def _cost(rows: Rows) -> Columns:
    return {
        "cost_month": dates(rows["day"]),
        "category": labels(tuple(cost[0] for cost in COSTS), rows["category"]),
        "amount": money(rows["cents"]),
        **booked(rows),
    }


TABLES = (
    BRANCH_TABLE,
    CUSTOMER_TABLE,
    ACCOUNT_TYPE_TABLE,
    ACCOUNT_TABLE,
    ENTRY_TYPE_TABLE,
    ENTRY_TABLE,
    TRANSFER_TABLE,
    PAYMENT_TABLE,
    LOAN_PRODUCT_TABLE,
    LOAN_TABLE,
    SCHEDULE_TABLE,
    REPAYMENT_TABLE,
    COLLATERAL_TABLE,
    INVESTMENT_PRODUCT_TABLE,
    Table(
        name="investments",
        entity="investment",
        ledger="investments",
        columns=_investment,
        state=_investment_state,
        changed="changed",
    ),
    Table(name="investment_earnings", entity="earning", ledger="earnings", columns=_earning),
    Table(name="operating_costs", entity="lender_cost", ledger="costs", columns=_cost),
)
