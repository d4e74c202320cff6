"""The arithmetic of the demo company's loans."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from finhouse.demo.clock import LAUNCH, add_months
from finhouse.demo.microfinance.lending import (
    Contract,
    allocate,
    arrears_days,
    contract_of,
    covered,
)


def of_one(principal: int, interest: int, months: int, effective: int = 0) -> Contract:
    terms = contract_of(np.array([principal]), np.array([interest]), np.array([months]))
    return Contract(**terms.columns, effective=np.array([effective]))


def test_last_installment_takes_the_rest():
    contract = of_one(10_000, 1_000, 3)
    assert (contract.principal[0], contract.last_principal[0]) == (3_333, 3_334)
    assert (contract.interest[0], contract.last_interest[0]) == (333, 334)
    assert contract.total[0] == 11_000


@pytest.mark.parametrize(
    "paid, principal, interest, number",
    [
        (0, 0, 0, 0),
        (333, 0, 333, 0),
        (1_000, 667, 333, 0),
        (3_666, 3_333, 333, 1),
        (7_332, 6_666, 666, 2),
        (7_333, 6_666, 667, 2),
        (10_999, 9_999, 1_000, 2),
        (11_000, 10_000, 1_000, 3),
    ],
)
def test_oldest_installment_is_covered_first_and_its_interest_before_its_principal(
    paid: int, principal: int, interest: int, number: int
):
    contract, amount = of_one(10_000, 1_000, 3), np.array([paid])
    assert [part[0] for part in allocate(contract, amount)] == [principal, interest]
    assert covered(contract, amount)[0] == number


def test_arrears_count_from_the_oldest_installment_not_covered():
    contract = of_one(30_000, 0, 3)  # due 2025-02-01, 03-01, 04-01
    day = (date(2025, 3, 11) - LAUNCH).days
    assert arrears_days(contract, np.array([9_999]), day)[0] == 38
    assert arrears_days(contract, np.array([10_000]), day)[0] == 10
    assert arrears_days(contract, np.array([20_000]), day)[0] == 0
    assert arrears_days(contract, np.array([30_000]), day + 400)[0] == 0
    # On the due date itself nothing is overdue yet.
    assert arrears_days(contract, np.array([0]), (date(2025, 2, 1) - LAUNCH).days)[0] == 0


@pytest.mark.parametrize(
    "start, months, end",
    [
        ("2025-01-31", 1, "2025-02-28"),
        ("2027-12-31", 2, "2028-02-29"),
        ("2025-11-15", 3, "2026-02-15"),
        ("2028-02-29", 12, "2029-02-28"),
    ],
)
def test_add_months_clips_to_the_months_end(start: str, months: int, end: str):
    day = (date.fromisoformat(start) - LAUNCH).days
    assert LAUNCH.toordinal() + add_months(np.array([day]), months)[0] == (
        date.fromisoformat(end).toordinal()
    )
