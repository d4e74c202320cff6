"""What is owed of plans at the end of a day, poured out of the ledgers over their instalments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company


@dataclass(frozen=True)
class Standing:
    """Plans at the end of a day; amounts in cents.

    Attributes:
        plans: shape (n,), their rows.
        money: paid, less what was charged back or returned.
        refunded: principal cancelled by refunds.
        outstanding: principal that is neither paid nor refunded.
        interest: accrued and unpaid.
        fees: due and unpaid.
        due: all that fell due by the day, paid or not, and all fees.
        total: all that will ever fall due, paid or not, and all fees.
        late: days past due.
        receivable: principal, accrued interest and fees, less the money.
        rows: shape (m,), rows of the instalments in force, by plan and due date.
        place: shape (m,), the place of their plan in ``plans``.
        left: shape (m,), what is unpaid of each.
        covered_principal, covered_interest: shape (m,), what is paid of each.
        cut: shape (m,), principal cancelled by refunds.
        fee: shape (m,), fees due.
        open_fee: shape (m,), fees due and unpaid.
    """

    plans: np.ndarray
    money: np.ndarray
    refunded: np.ndarray
    outstanding: np.ndarray
    interest: np.ndarray
    fees: np.ndarray
    due: np.ndarray
    total: np.ndarray
    late: np.ndarray
    receivable: np.ndarray
    rows: np.ndarray
    place: np.ndarray
    left: np.ndarray
    covered_principal: np.ndarray
    covered_interest: np.ndarray
    cut: np.ndarray
    fee: np.ndarray
    open_fee: np.ndarray

    @property
    def overdue(self) -> np.ndarray:
        """Shape (n,): due and unpaid."""
        return np.maximum(self.due - self.money, 0)

    @property
    def credit(self) -> np.ndarray:
        """Shape (n,): paid beyond all that will ever fall due."""
        return np.maximum(self.money - self.total, 0)


def standing(
    company: Company, plans: np.ndarray, at: np.ndarray | int, recorded: bool = False
) -> Standing:
    """What is owed of each plan at the end of a day.

    Args:
        plans: rows, each once.
        at: the day, one for all or one for each.
        recorded: leave out payments that happened but are not in the books yet.
    """
    count = len(plans)
    at = np.broadcast_to(at, count).astype(np.int64)
    # One place more, for the plans that nobody asks for: it is dropped.
    place_of = np.full(company.plans.size, count)
    place_of[plans] = np.arange(count)
    days = np.append(at, -1)

    def total(places: np.ndarray, cents: np.ndarray) -> np.ndarray:
        return np.bincount(places, weights=cents, minlength=count + 1)[:count].astype(np.int64)

    money = _money(company, place_of, days, total, recorded)
    refunds = company.refunds
    of = place_of[refunds["plan"]]
    refunded = total(of, np.where(refunds["day"] <= days[of], refunds["cents"], 0))

    rows, place = _in_force(company, place_of, days)
    column = company.installments.take(rows)
    number, due = column["number"], column["due"]
    principal, interest = column["principal"], column["interest"]
    after = _sums_of_plan(principal[::-1], place[::-1])[::-1] - principal
    cut = np.clip(refunded[place] - after, 0, principal)
    wiped = _day_wiped(company, place_of, days, place, principal, after)
    interest = np.where((wiped >= 0) & (wiped < due), 0, interest)
    fee = _fees(company, place_of, days, place, number)

    owed = fee + interest + principal - cut
    before = _sums_of_plan(owed, place) - owed
    covered = np.clip(money[place] - before, 0, owed)
    open_fee = fee - np.minimum(covered, fee)
    covered_interest = np.clip(covered - fee, 0, interest)
    covered_principal = np.maximum(covered - fee - interest, 0)
    is_due = due <= at[place]
    outstanding = total(place, principal - cut - covered_principal)
    accrued = total(place, np.where(is_due, interest, 0))
    fees = total(place, fee)
    unpaid = (covered < owed) & (due < at[place])
    oldest = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(oldest, place[unpaid], due[unpaid])
    clock = _clock(company, plans, at)
    return Standing(
        plans=plans,
        money=money,
        refunded=refunded,
        outstanding=outstanding,
        interest=total(place, np.where(is_due, interest - covered_interest, 0)),
        fees=total(place, open_fee),
        due=total(place, np.where(is_due, owed, fee)),
        total=total(place, owed),
        late=np.where(oldest < clock, clock - np.minimum(oldest, clock), 0),
        receivable=total(place, principal - cut) + accrued + fees - money,
        rows=rows,
        place=place,
        left=owed - covered,
        covered_principal=covered_principal,
        covered_interest=covered_interest,
        cut=cut,
        fee=fee,
        open_fee=open_fee,
    )


def _money(company: Company, place_of, days, total, recorded: bool) -> np.ndarray:
    payments, refunds = company.payments, company.refunds
    rows = payments["counts"].copy()
    if recorded:
        rows &= payments["period"] < company.periods
    column = payments.take(np.flatnonzero(rows))
    of = place_of[column["plan"]]
    arrived = column["day"] <= days[of]
    gone = (column["back"] >= 0) & (column["back"] <= days[of])
    money = total(of, np.where(arrived & ~gone, column["cents"], 0))
    of = place_of[refunds["plan"]]
    return money - total(of, np.where(refunds["day"] <= days[of], refunds["returned"], 0))


def _in_force(company: Company, place_of, days) -> tuple[np.ndarray, np.ndarray]:
    """Instalments in force, by plan, due date and number; and the places of their plans."""
    installments = company.installments
    place = place_of[installments["plan"]]
    day, superseded = days[place], installments["superseded"]
    in_force = (installments["effective"] <= day) & ((superseded < 0) | (superseded > day))
    rows = np.flatnonzero(in_force)
    order = np.lexsort((installments["number"][rows], installments["due"][rows], place[rows]))
    return rows[order], place[rows[order]]


def _sums_of_plan(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Running sums within each plan, whose rows stand together."""
    running = np.cumsum(values)
    is_first = np.ones(len(place), dtype=bool)
    is_first[1:] = place[1:] != place[:-1]
    firsts = np.flatnonzero(is_first)
    before = np.repeat((running - values)[firsts], np.diff(np.append(firsts, len(place))))
    return running - before


def _day_wiped(company: Company, place_of, days, place, principal, after) -> np.ndarray:
    """Day on which refunds reached the whole of each instalment's principal; -1 for none."""
    refunds, wiped = company.refunds, np.full(len(place), -1)
    of = place_of[refunds["plan"]]
    known = np.flatnonzero(refunds["day"] <= days[of])
    so_far = np.zeros(len(days), dtype=np.int64)
    # In the order in which they were made: a plan has very few.
    for turn in range(int(refunds["turn"][known].max(initial=-1)) + 1):
        chosen = known[refunds["turn"][known] == turn]
        day = np.full(len(days), -1)
        so_far[of[chosen]] += refunds["cents"][chosen]
        day[of[chosen]] = refunds["day"][chosen]
        reached = (day[place] >= 0) & (wiped < 0) & (principal > 0)
        reached &= so_far[place] >= after + principal
        wiped[reached] = day[place[reached]]
    return wiped


def _fees(company: Company, place_of, days, place, number) -> np.ndarray:
    """Fees due of each instalment in force: those of its number, whatever version they are of."""
    fees = company.fees
    of = place_of[fees["plan"]]
    is_due = (fees["day"] <= days[of]) & ((fees["waived"] < 0) | (fees["waived"] > days[of]))
    chosen = np.flatnonzero(is_due)
    keys, wanted = place * 1_000 + number, of[chosen] * 1_000 + fees["number"][chosen]
    order = np.argsort(keys)
    found = order[np.searchsorted(keys[order], wanted)] if len(chosen) else chosen
    sums = np.bincount(found, weights=fees["cents"][chosen], minlength=len(place))
    return sums.astype(np.int64)


def _clock(company: Company, plans: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The day up to which days past due count: an open dispute stops the clock."""
    dispute = company.plans["dispute"][plans]
    disputes = company.disputes.take(np.maximum(dispute, 0)) if company.disputes.size else None
    if disputes is None:
        return at
    is_open = (dispute >= 0) & (disputes["opened"] <= at)
    is_open &= (disputes["resolved"] < 0) | (disputes["resolved"] > at)
    return np.where(is_open, np.minimum(disputes["opened"], at), at)
