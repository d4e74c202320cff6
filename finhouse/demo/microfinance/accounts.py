"""Customers, their accounts and the entries of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import HOUR, SECOND
from finhouse.demo.microfinance.vocabulary import (
    BRANCHES,
    BY_CUSTOMER,
    CURRENT,
    ENTRY_SIGN,
    GRADE_SHARES,
    GRADES,
    NO_BRANCH,
    SAVINGS,
)

if TYPE_CHECKING:
    from finhouse.demo.microfinance.company import Company

CUSTOMER_COLUMNS = {
    "created": "i8",
    "branch": "i1",
    "grade": "i1",
    "is_female": "?",
    "birth": "i4",
    "base": "f4",
    "floor": "f4",
    "decay": "f4",
    "loans": "i4",
    "has_open_loan": "?",
    "is_active": "?",
    "updated": "i8",
    "changed": "i4",
}
ACCOUNT_COLUMNS = {
    "customer": "i4",
    "type": "i1",
    "branch": "i1",
    "created": "i8",
    "balance": "i8",
    "used": "i8",
    "is_dormant": "?",
    "updated": "i8",
    "changed": "i4",
}
ENTRY_COLUMNS = {
    "account": "i4",
    "type": "i1",
    "cents": "i8",
    "at": "i8",
    "created": "i8",
    "period": "i4",
    "voided": "i4",
}


def join(company: Company, rng: np.random.Generator) -> None:
    """New customers, each with a savings account, some with a current account as well."""
    founders = max(16, int(600 * company.scale)) if not company.periods else 0
    count = founders + rng.poisson(2.6 * company.growth * company.rhythm)
    weights = np.array(
        [weight if opened <= company.periods else 0.0 for _, _, opened, weight in BRANCHES]
    )
    created = company.times(rng, count)
    created[:founders] = np.sort(rng.integers(0, HOUR, founders))
    branch = rng.choice(len(BRANCHES), size=count, p=weights / weights.sum())
    base = rng.gamma(1.1, 0.042, count)
    base[rng.random(count) < 0.08] = 0.0
    rows = company.customers.append(
        created=created,
        branch=np.where(rng.random(count) < 0.015, NO_BRANCH, branch),
        grade=rng.choice(len(GRADES), size=count, p=GRADE_SHARES),
        is_female=rng.random(count) < 0.57,
        birth=-rng.integers(20 * 365, 64 * 365, count),
        base=base,
        floor=np.where(rng.random(count) < 0.6, 0.7, 0.0),
        decay=rng.gamma(3.0, 40.0, count) + 10.0,
        loans=0,
        has_open_loan=False,
        is_active=True,
        updated=created,
        changed=-1,
    )
    _open_accounts(company, rows, SAVINGS, created)
    also = rng.random(count) < 0.32
    _open_accounts(company, rows[also], CURRENT, created[also] + 20 * 60 * SECOND)


def _open_accounts(company: Company, customers: np.ndarray, kind: int, created: np.ndarray) -> None:
    company.accounts.append(
        customer=customers,
        type=kind,
        branch=company.customers["branch"][customers],
        created=created,
        balance=0,
        used=created,
        is_dormant=False,
        updated=created,
        changed=-1,
    )


def enter(
    company: Company,
    accounts: np.ndarray,
    kind: int,
    cents: np.ndarray,
    at: np.ndarray,
    created: np.ndarray | None = None,
) -> None:
    """Enter money moves into the ledger of the accounts; balances follow.

    Args:
        company: the institution.
        accounts: shape (n,), rows of accounts, each as often as its money moves.
        kind: one of the entry types, for all of them.
        cents: shape (n,), amounts above 0; the entry type says which way they move.
        at: shape (n,), when the money moved, in local milliseconds.
        created: shape (n,), when that was entered; None for the same moments.
    """
    created = at if created is None else created
    company.entries.append(
        account=accounts,
        type=kind,
        cents=cents,
        at=at,
        created=created,
        period=company.periods,
        voided=-1,
    )
    np.add.at(company.accounts["balance"], accounts, ENTRY_SIGN[kind] * cents)
    touch(company, accounts, created)
    if BY_CUSTOMER[kind]:
        np.maximum.at(company.accounts["used"], accounts, at)
        company.accounts["is_dormant"][accounts] = False


def touch(company: Company, accounts: np.ndarray, at: np.ndarray | int) -> None:
    """Accounts change today, at the given moments in local milliseconds."""
    np.maximum.at(company.accounts["updated"], accounts, at)
    company.accounts["changed"][accounts] = company.periods


def savings_account_of(company: Company, customers: np.ndarray) -> np.ndarray:
    """The savings account of each customer."""
    savings = np.flatnonzero(company.accounts["type"] == SAVINGS)
    return savings[np.searchsorted(company.accounts["customer"][savings], customers)]
