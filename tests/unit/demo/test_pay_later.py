"""The pay-later provider's schedules, and what is owed of a plan by its ledgers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from finhouse.demo.bnpl.company import Company
from finhouse.demo.bnpl.mishaps import held_plans
from finhouse.demo.bnpl.receivable import standing
from finhouse.demo.bnpl.schedules import annuity, half_up, schedule_of
from finhouse.demo.bnpl.vocabulary import PAY_IN_4, PAY_IN_30, PAY_IN_FULL, PAY_OVER_TIME
from finhouse.demo.clock import LAUNCH


def number_of_day(text: str) -> int:
    return (date.fromisoformat(text) - LAUNCH).days


def test_four_quarters_of_which_the_last_takes_the_rest():
    assert schedule_of(PAY_IN_4, 10, 100_003, 0.0, 0) == [
        (10, 25_000, 0),
        (24, 25_000, 0),
        (38, 25_000, 0),
        (52, 25_003, 0),
    ]


@pytest.mark.parametrize(("kind", "due"), [(PAY_IN_30, 40), (PAY_IN_FULL, 10)])
def test_one_instalment(kind: int, due: int):
    assert schedule_of(kind, 10, 99_999, 0.0, 0) == [(due, 99_999, 0)]


def test_annuity_of_six_months_at_18_per_cent():
    """1,000.00 at 1.5 % a month: 175.53 a month, as any loan calculator has it."""
    schedule = schedule_of(PAY_OVER_TIME, number_of_day("2026-01-31"), 100_000, 0.18, 6)
    assert [principal + interest for _, principal, interest in schedule[:-1]] == [17_553] * 5
    assert [interest for *_, interest in schedule] == [1_500, 1_259, 1_015, 767, 515, 259]
    assert sum(principal for _, principal, _ in schedule) == 100_000
    assert schedule[-1][1] + schedule[-1][2] == 17_550
    assert [due for due, *_ in schedule][:2] == [
        number_of_day("2026-02-28"),
        number_of_day("2026-03-31"),
    ]


def test_an_annuity_without_interest_is_equal_parts():
    assert [principal for _, principal, _ in annuity(0, 10_000, 0.0, 3)] == [3_333, 3_333, 3_334]


@pytest.mark.parametrize(("cents", "rounded"), [(0.4, 0), (0.5, 1), (1.5, 2), (2.5, 3)])
def test_halves_of_a_cent_are_rounded_up(cents: float, rounded: int):
    assert half_up(cents) == rounded


@pytest.fixture(scope="module")
def company() -> Company:
    company = Company(seed=11, scale=0.03)
    for _ in range(400):
        company.live()
    return company


def test_what_is_owed_adds_up_on_any_day(company: Company):
    plans = np.flatnonzero(company.plans["activated"] >= 0)
    assert (company.plans["version"] > 1).any() and company.refunds.size
    for day in range(0, company.periods, 31):
        owed = standing(company, plans, day)
        principal = company.plans["principal"][plans]
        known = np.isin(np.arange(len(plans)), owed.place)
        covered = np.bincount(
            owed.place, weights=owed.covered_principal, minlength=len(plans)
        ).astype(np.int64)
        assert (owed.outstanding + covered + owed.refunded == principal)[known].all()
        assert (owed.outstanding >= 0).all() and (owed.credit >= 0).all()
        assert ((owed.late > 0) <= (owed.overdue > 0)).all()
        # Nothing is owed of a plan beyond what will ever fall due.
        left = np.bincount(owed.place, weights=owed.left, minlength=len(plans)).astype(np.int64)
        assert (left == np.maximum(owed.total - owed.money, 0)).all()


def test_one_row_of_a_key_brings_the_money(company: Company):
    payments = company.payments
    counting = payments["key"][payments["counts"]]
    assert len(np.unique(counting)) == len(counting) > 0
    twice = payments["reference"] != np.arange(payments.size)
    assert twice.any() and not payments["counts"][twice].any()


def test_a_hold_reaches_all_plans_of_what_it_is_on():
    company = Company(seed=11, scale=0.03)
    for _ in range(60):
        company.live()
    plans, orders = company.plans, company.orders
    company.holds.drop(np.ones(company.holds.size, dtype=bool))
    parties = (
        plans["customer"],
        orders["merchant"][plans["order"]],
        plans["order"],
        np.arange(plans.size),
    )
    for subject, party in enumerate(parties):
        company.holds.append(
            subject=subject,
            row=party[-1],
            reason=0,
            authority=0,
            at=0,
            released=-1,
            when=10_000,
            period=0,
            changed=-1,
        )
        assert held_plans(company).tolist() == (party == party[-1]).tolist()
        company.holds["released"][:] = 0
        assert not held_plans(company).any()
        company.holds.drop(np.ones(1, dtype=bool))


def test_completed_plans_owe_nothing(company: Company):
    plans = np.flatnonzero(company.plans["completed"] >= 0)
    owed = standing(company, plans, company.periods - 1)
    assert len(plans) and not owed.outstanding.any()
    assert (owed.total <= owed.money).all()
