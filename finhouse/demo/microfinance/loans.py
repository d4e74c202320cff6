"""Loans from application to disbursement, their schedules and collateral."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, add_months
from finhouse.demo.microfinance.accounts import enter, savings_account_of
from finhouse.demo.microfinance.lending import Contract, contract_of
from finhouse.demo.microfinance.vocabulary import (
    ACTIVE,
    APPLIED,
    APPROVED,
    COLLATERAL_KINDS,
    LOAN_DISBURSEMENT,
    LOAN_FEE,
    LOAN_PRODUCTS,
    NO_BRANCH,
    REFUSED,
    REJECTED,
)

if TYPE_CHECKING:
    from finhouse.demo.microfinance.company import Company

LOAN_COLUMNS = {
    "customer": "i4",
    "product": "i1",
    "branch": "i1",
    "account": "i4",
    "applied": "i4",
    "approved": "i4",
    "disbursed": "i4",
    "months": "i4",
    "asked": "i8",
    "amount": "i8",
    "fee": "i8",
    "status": "i1",
    "is_refused": "?",
    "is_bad": "?",
    "contract": "i4",
    "paid": "i8",
    "due": "i8",
    "repaid": "i8",
    "written_off": "i4",
    "written_off_cents": "i8",
    "recovered": "i8",
    "updated": "i8",
    "changed": "i4",
}
CONTRACT_COLUMNS = {
    "loan": "i4",
    "version": "i4",
    "effective": "i4",
    "count": "i4",
    "principal": "i8",
    "interest": "i8",
    "last_principal": "i8",
    "last_interest": "i8",
}
INSTALLMENT_COLUMNS = {
    "loan": "i4",
    "contract": "i4",
    "number": "i4",
    "due": "i4",
    "principal": "i8",
    "interest": "i8",
    "period": "i4",
    "superseded": "i4",
}
COLLATERAL_COLUMNS = {
    "loan": "i4",
    "kind": "i1",
    "cents": "i8",
    "valued": "i4",
    "released": "i4",
    "period": "i4",
    "changed": "i4",
}


def lend(company: Company, rng: np.random.Generator) -> None:
    """Applications, decisions, disbursements."""
    customers, loans = company.customers, company.loans
    is_known = customers["created"] < (company.periods - 7) * DAY
    eligible = np.flatnonzero(is_known & ~customers["has_open_loan"] & customers["is_active"])
    count = min(rng.poisson(6.6 * company.growth * company.rhythm), len(eligible))
    chosen = rng.choice(eligible, size=count, replace=False)
    product = rng.choice(
        len(LOAN_PRODUCTS), size=count, p=[product[-1] for product in LOAN_PRODUCTS]
    )
    terms, luck = [np.array(product[3]) for product in LOAN_PRODUCTS], rng.random(count)
    months = np.array(
        [
            terms[kind][int(part * len(terms[kind]))]
            for kind, part in zip(product, luck, strict=True)
        ],
        dtype=np.int64,
    )
    median = np.array([product[4] for product in LOAN_PRODUCTS])[product]
    trust = 1 + 0.2 * np.minimum(customers["loans"][chosen], 5)
    asked = median * trust * np.exp(rng.normal(0, 0.45, count))
    asked = np.maximum(np.round(asked / 50_000), 4).astype(np.int64) * 50_000
    cut = np.where(rng.random(count) < 0.2, rng.uniform(0.7, 0.95, count), 1.0)
    amount = np.maximum(np.round(asked * cut / 50_000), 1).astype(np.int64) * 50_000
    fee_rate = np.array([product[5] for product in LOAN_PRODUCTS])[product]
    approved = company.periods + rng.integers(0, 5, count)
    grade = customers["grade"][chosen]
    no_branch = rng.random(count) < 0.01
    at = company.times(rng, count)
    loans.append(
        customer=chosen,
        product=product,
        branch=np.where(no_branch, NO_BRANCH, customers["branch"][chosen]),
        account=savings_account_of(company, chosen),
        applied=company.periods,
        approved=approved,
        disbursed=approved + rng.integers(0, 4, count),
        months=months,
        asked=asked,
        amount=amount,
        fee=np.round(amount * fee_rate).astype(np.int64),
        status=APPLIED,
        is_refused=rng.random(count) < REFUSED[grade],
        is_bad=False,
        contract=-1,
        paid=0,
        due=0,
        repaid=0,
        written_off=-1,
        written_off_cents=0,
        recovered=0,
        updated=at,
        changed=-1,
    )
    customers["has_open_loan"][chosen] = True
    _decide(company)
    _disburse(company, rng)


def change_loans(company: Company, rows: np.ndarray, status: int | None, hour: int) -> None:
    """Loans change, at a given hour of today."""
    if status is not None:
        company.loans["status"][rows] = status
    company.loans["updated"][rows] = company.periods * DAY + hour * HOUR
    company.loans["changed"][rows] = company.periods


def _decide(company: Company) -> None:
    loans = company.loans
    due = np.flatnonzero((loans["status"] == APPLIED) & (loans["approved"] == company.periods))
    refused = due[loans["is_refused"][due]]
    change_loans(company, refused, REJECTED, 17)
    company.customers["has_open_loan"][loans["customer"][refused]] = False
    change_loans(company, due[~loans["is_refused"][due]], APPROVED, 17)


def _disburse(company: Company, rng: np.random.Generator) -> None:
    loans = company.loans
    rows = np.flatnonzero((loans["status"] == APPROVED) & (loans["disbursed"] == company.periods))
    change_loans(company, rows, ACTIVE, 18)
    at = np.full(len(rows), company.periods * DAY + 18 * HOUR)
    enter(company, loans["account"][rows], LOAN_DISBURSEMENT, loans["amount"][rows], at)
    with_fee = loans["fee"][rows] > 0
    enter(
        company,
        loans["account"][rows][with_fee],
        LOAN_FEE,
        loans["fee"][rows][with_fee],
        at[with_fee],
    )
    company.customers["loans"][loans["customer"][rows]] += 1
    agree(company, rows, 1, loans["amount"][rows], loans["months"][rows])
    secured = np.array([product[6] for product in LOAN_PRODUCTS])[loans["product"][rows]]
    for share in (1.0, 0.3):
        pledged = rows[secured & (rng.random(len(rows)) < share)]
        value = loans["amount"][pledged] * rng.uniform(0.5, 1.8, len(pledged)) * share
        company.collaterals.append(
            loan=pledged,
            kind=rng.integers(0, len(COLLATERAL_KINDS), len(pledged)),
            cents=np.round(value / 100_000).astype(np.int64) * 100_000,
            valued=company.periods,
            released=-1,
            period=company.periods,
            changed=-1,
        )


def agree(
    company: Company, rows: np.ndarray, version: int, principal: np.ndarray, months: np.ndarray
) -> None:
    """Give loans a schedule from today: equal instalments, the last one takes the rest."""
    loans = company.loans
    rate = np.array([product[2] for product in LOAN_PRODUCTS])[loans["product"][rows]]
    interest = np.round(principal * rate * months / 12).astype(np.int64)
    contract = contract_of(principal, interest, months)
    contracts = company.contracts.append(
        loan=rows, version=version, effective=company.periods, **contract.columns
    )
    loans["contract"][rows] = contracts
    loans["paid"][rows] = 0
    loans["due"][rows] = 0
    place = np.repeat(np.arange(len(rows)), months)
    number = np.arange(len(place)) - np.repeat(np.cumsum(months) - months, months) + 1
    is_last = number == months[place]
    company.installments.append(
        loan=rows[place],
        contract=contracts[place],
        number=number,
        due=add_months(np.full(len(place), company.periods), number),
        principal=np.where(is_last, contract.last_principal[place], contract.principal[place]),
        interest=np.where(is_last, contract.last_interest[place], contract.interest[place]),
        period=company.periods,
        superseded=-1,
    )


def contract_in_force(company: Company, rows: np.ndarray) -> Contract:
    """The schedule in force of each loan."""
    return Contract(**company.contracts.take(company.loans["contract"][rows]))


def supersede(company: Company, rows: np.ndarray) -> None:
    """The schedules in force of these loans are replaced today."""
    installments = company.installments
    replaced = np.isin(installments["contract"], company.loans["contract"][rows])
    installments["superseded"][replaced] = company.periods
