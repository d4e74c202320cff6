"""Plans: drafted with their schedule, activated, re-scheduled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl import audit
from finhouse.demo.bnpl.receivable import standing
from finhouse.demo.bnpl.schedules import Schedule, annuity, schedule_of
from finhouse.demo.bnpl.vocabulary import (
    ACTIVE,
    DRAFT,
    GOES_BAD,
    NOT_DUE,
    PAID,
    PAY_IN_4,
    PAY_IN_FULL,
    PAY_OVER_TIME,
    RATES,
    TERMS,
)
from finhouse.demo.clock import DAY

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

PLAN_COLUMNS = {
    "order": "i4",
    "customer": "i4",
    "kind": "i1",
    "principal": "i8",
    "rate": "f8",
    "months": "i4",
    "count": "i4",
    # Row of the first instalment.
    "first": "i4",
    "status": "i1",
    "created": "i8",
    "activated": "i8",
    "completed": "i8",
    "defaulted": "i8",
    "written_off": "i8",
    "lost": "i8",
    "outstanding": "i8",
    "version": "i1",
    "dispute": "i4",
    # Number of the instalment from which on it is not paid; 0 for never.
    "bad_from": "i4",
    "period": "i4",
    "updated": "i8",
    "changed": "i4",
}
INSTALLMENT_COLUMNS = {
    "plan": "i4",
    "number": "i4",
    "due": "i4",
    "principal": "i8",
    "interest": "i8",
    "version": "i1",
    "effective": "i4",
    "superseded": "i4",
    "status": "i1",
    "fee": "i8",
    "created": "i8",
    "period": "i4",
    "updated": "i8",
    "changed": "i4",
}
# One plan over time in so many bears a rate above the band; one in four in so many bears interest.
_TOO_DEAR_EVERY, _NOT_FREE_EVERY = 43, 127


def draft(company: Company, rng: np.random.Generator, orders: np.ndarray, at: np.ndarray) -> None:
    """Draft the plans of orders, with their first schedule."""
    plans, ledger, count = company.plans, company.orders, len(orders)
    kind = ledger["kind"][orders]
    over_time = kind == PAY_OVER_TIME
    rate = np.where(over_time, rng.choice(RATES, count), 0.0)
    rate = np.where(_each(company, kind, PAY_OVER_TIME, _TOO_DEAR_EVERY), 0.24, rate)
    rate = np.where(_each(company, kind, PAY_IN_4, _NOT_FREE_EVERY), 0.06, rate)
    months = np.where(over_time, rng.choice(TERMS, count, p=[0.38, 0.2, 0.26, 0.1, 0.06]), 0)
    schedules = [
        schedule_of(int(k), int(moment // DAY), int(cents), float(r), int(m))
        for k, moment, cents, r, m in zip(
            kind, at, ledger["cents"][orders], rate, months, strict=True
        )
    ]
    counts = np.array([len(schedule) for schedule in schedules], dtype=np.int64)
    grade = company.customers["grade"][ledger["customer"][orders]]
    luck, where = rng.random(count), rng.random(count)
    # Nobody goes bad at the checkout.
    begins = np.where(kind == PAY_IN_4, 2, 1)
    bad_from = begins + (where**1.5 * (counts - begins + 1)).astype(np.int64)
    is_bad = (luck < GOES_BAD[grade] * np.where(over_time, 1.6, 1)) & (kind != PAY_IN_FULL)
    rows = plans.append(
        order=orders,
        customer=ledger["customer"][orders],
        kind=kind,
        principal=ledger["cents"][orders],
        rate=rate,
        months=months,
        count=counts,
        first=company.installments.size + np.cumsum(counts) - counts,
        status=DRAFT,
        created=at,
        activated=-1,
        completed=-1,
        defaulted=-1,
        written_off=-1,
        lost=0,
        outstanding=0,
        version=1,
        dispute=-1,
        bad_from=np.where(is_bad, bad_from, 0),
        period=company.periods,
        updated=at,
        changed=-1,
    )
    ledger["plan"][orders] = rows
    for row, schedule, moment in zip(rows, schedules, at, strict=True):
        audit.note(company, audit.PLAN, row, DRAFT, int(moment))
        _write(company, int(row), 1, 1, schedule, int(moment), NOT_DUE)


def _each(company: Company, kinds: np.ndarray, kind: int, every: int) -> np.ndarray:
    """Shape (n,): whether each new plan is one in so many of its type."""
    is_kind = kinds == kind
    number = (company.plans["kind"] == kind).sum() + np.cumsum(is_kind)
    return is_kind & (number % every == every // 2)


def change_plans(company: Company, rows: np.ndarray, status: int, at: np.ndarray) -> None:
    """Plans get a new status, with an event of it."""
    plans = company.plans
    for row, moment in zip(rows, at, strict=True):
        old = int(plans["status"][row])
        event = "REOPENED" if status == ACTIVE and old != DRAFT else None
        audit.note(company, audit.PLAN, row, status, int(moment), old=old, event=event)
    plans["status"][rows] = status
    touch_plans(company, rows, at)


def touch_plans(company: Company, rows: np.ndarray, at: np.ndarray | int) -> None:
    """Plans change otherwise than in their status."""
    company.plans["updated"][rows] = at
    company.plans["changed"][rows] = company.periods


def activate(company: Company, rows: np.ndarray, at: np.ndarray) -> None:
    """Plans are owed from now on."""
    plans = company.plans
    plans["activated"][rows] = at
    plans["outstanding"][rows] = plans["principal"][rows]
    change_plans(company, rows, ACTIVE, at)


def reschedule(company: Company, rows: np.ndarray, more_months: np.ndarray, at: int) -> None:
    """Spread what is unpaid over the months to come; what is paid stays as it is.

    Fees that are not paid in full are waived first. Every instalment that is paid at least in part
    stays with what was paid of it, under its number and due date.
    """
    fees, plans, installments = company.fees, company.plans, company.installments
    waived = np.isin(fees["plan"], rows) & (fees["waived"] < 0)
    owed = standing(company, rows, company.periods)
    partly = owed.rows[owed.open_fee > 0]
    keys = set(
        zip(
            installments["plan"][partly].tolist(),
            installments["number"][partly].tolist(),
            strict=True,
        )
    )
    chosen = [
        row
        for row in np.flatnonzero(waived)
        if (int(fees["plan"][row]), int(fees["number"][row])) in keys
    ]
    fees["waived"][chosen] = company.periods
    fees["waived_at"][chosen] = at
    fees["changed"][chosen] = company.periods
    owed = standing(company, rows, company.periods)
    for place, row in enumerate(rows):
        mine = np.flatnonzero(owed.place == place)
        of = owed.rows[mine]
        paid = owed.covered_principal[mine] + owed.covered_interest[mine]
        stays = (paid > 0) | (owed.fee[mine] > 0)
        kept: Schedule = [
            (int(installments["due"][inst]), int(principal), int(interest))
            for inst, principal, interest in zip(
                of[stays],
                owed.covered_principal[mine][stays],
                owed.covered_interest[mine][stays],
                strict=True,
            )
        ]
        months = int((~stays).sum()) + int(more_months[place])
        spread = annuity(
            company.periods, int(owed.outstanding[place]), float(plans["rate"][row]), months
        )
        accrued = int(owed.interest[place])
        due, principal, interest = spread[0]
        spread[0] = (due, principal, interest + accrued)
        numbers = installments["number"][of[stays]]
        version = int(plans["version"][row]) + 1
        installments["superseded"][of] = company.periods
        installments["updated"][of] = at
        installments["changed"][of] = company.periods
        for number, part in zip(numbers, kept, strict=True):
            _write(company, int(row), version, int(number), [part], at, PAID)
        first = int(numbers.max(initial=0)) + 1
        _write(company, int(row), version, first, spread, at, NOT_DUE)
        plans["version"][row] = version
        status = int(plans["status"][row])
        audit.note(
            company,
            audit.PLAN,
            row,
            status,
            at,
            old=status,
            event="RESCHEDULED",
            actor=audit.AGENT,
        )
        touch_plans(company, np.array([row]), at)


def _write(
    company: Company,
    plan: int,
    version: int,
    first: int,
    schedule: Schedule,
    at: int,
    status: int,
) -> None:
    columns = np.array(schedule, dtype=np.int64).T
    company.installments.append(
        plan=np.full(len(schedule), plan),
        number=np.arange(first, first + len(schedule)),
        due=columns[0],
        principal=columns[1],
        interest=columns[2],
        version=version,
        effective=at // DAY,
        superseded=-1,
        status=status,
        fee=0,
        created=at,
        period=company.periods,
        updated=at,
        changed=-1,
    )
