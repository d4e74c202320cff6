"""The end of the day: late fees, new schedules, defaults, write-offs, and what is completed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl import audit
from finhouse.demo.bnpl.collecting import intend, is_disputed
from finhouse.demo.bnpl.plans import change_plans, reschedule, touch_plans
from finhouse.demo.bnpl.receivable import Standing, standing
from finhouse.demo.bnpl.vocabulary import (
    ACTIVE,
    ALL_DUE,
    COMPLETED,
    DEFAULT_DAYS,
    DEFAULTED,
    DUE,
    GRACE_DAYS,
    LATE_FEE,
    NOT_DUE,
    OVERDUE,
    PAID,
    RECOVERY,
    SKIPPED,
    WRITE_OFF_DAYS,
    WRITTEN_OFF,
)

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

FEE_COLUMNS = {
    "plan": "i4",
    "number": "i4",
    "installment": "i4",
    "cents": "i8",
    "day": "i4",
    "at": "i8",
    "waive_on": "i4",
    "waived": "i4",
    "waived_at": "i8",
    "period": "i4",
    "changed": "i4",
}
# Days past due on which an agent calls, and how often the call helps.
_CALLS = {8: 0.3, 15: 0.25, 35: 0.18, 50: 0.12, 75: 0.08, 110: 0.04, 150: 0.03}
_RESCHEDULED_AT = 20


def dun(company: Company, rng: np.random.Generator) -> None:
    """See what is owed tonight, and act on it."""
    plans, payments, today = company.plans, company.payments, company.periods
    is_open = np.isin(plans["status"], (ACTIVE, DEFAULTED)) & (plans["written_off"] < 0)
    taken_back = payments["plan"][payments["back"] == today]
    refunded = company.refunds["plan"][company.refunds["day"] == today]
    is_open[taken_back] = True
    is_open[refunded] = True
    rows = np.flatnonzero(is_open)
    # What was returned today was reckoned from what is owed: nothing changes it any more.
    is_left_alone = np.isin(rows, refunded) | is_disputed(company, rows)
    owed = standing(company, rows, today)
    _charge(company, rng, owed, is_left_alone)
    _waive(company, refunded)
    _call(company, rng, owed, is_left_alone)
    _reschedule(company, rng, owed, is_left_alone)
    owed = standing(company, rows, today)
    _close(company, rng, owed, is_left_alone)


def _charge(
    company: Company, rng: np.random.Generator, owed: Standing, is_left_alone: np.ndarray
) -> None:
    """A late fee for each instalment on the day after its days of grace."""
    installments, today = company.installments, company.periods
    late = (installments["due"][owed.rows] == today - GRACE_DAYS - 1) & (owed.left > 2_000)
    late &= (owed.fee == 0) & ~is_left_alone[owed.place]
    rows = owed.rows[late]
    count = len(rows)
    forgiven, days = rng.random(count) < 0.09, rng.integers(1, 20, count)
    company.fees.append(
        plan=installments["plan"][rows],
        number=installments["number"][rows],
        installment=rows,
        cents=LATE_FEE,
        day=today,
        at=np.full(count, company.at(22)) + np.arange(count),
        waive_on=np.where(forgiven, today + days, -1),
        waived=-1,
        waived_at=-1,
        period=today,
        changed=-1,
    )


def _waive(company: Company, refunded: np.ndarray) -> None:
    fees, today = company.fees, company.periods
    is_due = (fees["waive_on"] == today) & (fees["waived"] < 0)
    # What was paid already frees money for the rest of the plan: there must be a rest.
    is_due &= np.isin(company.plans["status"][fees["plan"]], (ACTIVE, DEFAULTED))
    is_due &= (company.plans["written_off"][fees["plan"]] < 0) & ~np.isin(fees["plan"], refunded)
    fees["waived"][is_due] = today
    fees["waived_at"][is_due] = company.at(22.2)
    fees["changed"][is_due] = today


def _call(
    company: Company, rng: np.random.Generator, owed: Standing, is_left_alone: np.ndarray
) -> None:
    """An agent calls those who are late; some pay within the week, and a few go on paying."""
    luck, days = rng.random(len(owed.plans)), rng.integers(1, 8, len(owed.plans))
    chance = np.zeros(len(owed.plans))
    for late, helps in _CALLS.items():
        chance[owed.late == late] = helps
    helped = (luck < chance) & ~is_left_alone
    intend(company, owed.plans[helped], ALL_DUE, company.periods + days[helped])
    company.plans["bad_from"][owed.plans[helped & (luck < 0.6 * chance)]] = 0


def _reschedule(
    company: Company, rng: np.random.Generator, owed: Standing, is_left_alone: np.ndarray
) -> None:
    plans = company.plans
    luck, more = rng.random(len(owed.plans)), rng.integers(1, 4, len(owed.plans))
    chosen = (owed.late == _RESCHEDULED_AT) & (luck < 0.7) & ~is_left_alone
    chosen &= (plans["version"][owed.plans] == 1) & (owed.outstanding >= 50_000)
    chosen &= ~np.isin(owed.plans, company.refunds["plan"])
    payments = company.payments
    unbooked = payments["plan"][payments["counts"] & (payments["period"] > company.periods)]
    chosen &= ~np.isin(owed.plans, unbooked)
    rows = owed.plans[chosen]
    if len(rows):
        reschedule(company, rows, more[chosen], company.at(22.5))
        cured = rows[rng.random(len(rows)) < 0.6]
        plans["bad_from"][cured] = 0


def _close(
    company: Company, rng: np.random.Generator, owed: Standing, is_left_alone: np.ndarray
) -> None:
    """Write off, default, complete and re-open plans; and bring instalments up to date."""
    plans, rows = company.plans, owed.plans
    night = company.at(23)
    status, still_owed = plans["status"][rows], owed.outstanding > 0
    unpaid = (owed.total > owed.money) | still_owed
    lost = (owed.late >= WRITE_OFF_DAYS) & still_owed & ~is_left_alone
    gone = rows[lost]
    plans["written_off"][gone] = night
    plans["lost"][gone] = owed.outstanding[lost]
    for row, old in zip(gone, plans["status"][gone], strict=True):
        audit.note(
            company,
            audit.PLAN,
            row,
            int(old),
            night,
            old=int(old),
            event="WRITTEN_OFF",
            cents=int(plans["lost"][row]),
        )
    touch_plans(company, gone, night)
    _expect_recoveries(company, rng, gone)
    plans["outstanding"][rows] = np.where(lost, 0, owed.outstanding)

    def change(chosen: np.ndarray, new: int, column: str | None) -> None:
        if column:
            plans[column][rows[chosen]] = night
        change_plans(company, rows[chosen], new, np.full(int(chosen.sum()), night))

    change((owed.late >= DEFAULT_DAYS) & (status == ACTIVE) & still_owed, DEFAULTED, "defaulted")
    change(~unpaid & (status != COMPLETED), COMPLETED, "completed")
    reopened = unpaid & (status == COMPLETED)
    plans["completed"][rows[reopened]] = -1
    change(reopened, ACTIVE, None)
    _bring_up_to_date(company, owed, lost)


def _expect_recoveries(company: Company, rng: np.random.Generator, rows: np.ndarray) -> None:
    """Of some plans that are written off a part comes back in the months after."""
    plans = company.plans
    for _ in range(2):
        pays, share = rng.random(len(rows)) < 0.35, rng.uniform(0.05, 0.4, len(rows))
        days = rng.integers(5, 90, len(rows))
        part = np.maximum(np.round(plans["lost"][rows] * share), 100).astype(np.int64)
        intend(company, rows[pays], RECOVERY, company.periods + days[pays], part[pays])


def _bring_up_to_date(company: Company, owed: Standing, lost: np.ndarray) -> None:
    """Status and fee of each instalment, as the app shows them."""
    installments, today = company.installments, company.periods
    rows = owed.rows
    due = installments["due"][rows]
    is_cut = (owed.cut > 0) & (owed.cut == installments["principal"][rows])
    status = np.select(
        [lost[owed.place] & (owed.left > 0), is_cut, owed.left == 0, due < today, due == today],
        [WRITTEN_OFF, SKIPPED, PAID, OVERDUE, DUE],
        NOT_DUE,
    )
    changed = (status != installments["status"][rows]) | (owed.fee != installments["fee"][rows])
    installments["status"][rows[changed]] = status[changed]
    installments["fee"][rows[changed]] = owed.fee[changed]
    installments["updated"][rows[changed]] = company.at(23)
    installments["changed"][rows[changed]] = today
