"""The arithmetic of a loan with equal instalments, whose last one takes the rest.

Money is in cents. Repayments go to the oldest instalment not covered, its interest first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from finhouse.demo.clock import add_months


@dataclass(frozen=True)
class Contract:
    """Schedules of loans, one an element: instalments due by month after ``effective``.

    Attributes:
        count: number of instalments.
        principal, interest: of each instalment but the last.
        last_principal, last_interest: of the last one.
        effective: day number the schedule runs from.
        version: 1, or 2 after the loan was restructured.
        loan: row of the loan.
    """

    count: np.ndarray
    principal: np.ndarray
    interest: np.ndarray
    last_principal: np.ndarray
    last_interest: np.ndarray
    effective: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    version: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    loan: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The terms, by the columns of a ledger."""
        return {
            "count": self.count,
            "principal": self.principal,
            "interest": self.interest,
            "last_principal": self.last_principal,
            "last_interest": self.last_interest,
        }

    @property
    def installment(self) -> np.ndarray:
        return self.principal + self.interest

    @property
    def total_principal(self) -> np.ndarray:
        return (self.count - 1) * self.principal + self.last_principal

    @property
    def total(self) -> np.ndarray:
        return (self.count - 1) * self.installment + self.last_principal + self.last_interest


def contract_of(principal: np.ndarray, interest: np.ndarray, months: np.ndarray) -> Contract:
    """Terms of loans of so much principal and interest in all, over so many months."""
    count = np.asarray(months, dtype=np.int64)
    each_principal, each_interest = principal // count, interest // count
    return Contract(
        count=count,
        principal=each_principal,
        interest=each_interest,
        last_principal=principal - (count - 1) * each_principal,
        last_interest=interest - (count - 1) * each_interest,
    )


def covered(contract: Contract, paid: np.ndarray) -> np.ndarray:
    """Instalments covered in full by what was paid since the schedule runs."""
    full = np.minimum(paid // contract.installment, contract.count - 1)
    return np.where(paid >= contract.total, contract.count, full)


def allocate(contract: Contract, paid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Principal and interest in what was paid since the schedule runs."""
    paid = np.minimum(paid, contract.total)
    full = np.minimum(paid // contract.installment, contract.count - 1)
    rest = paid - full * contract.installment
    is_last = full == contract.count - 1
    interest = full * contract.interest + np.minimum(
        rest, np.where(is_last, contract.last_interest, contract.interest)
    )
    return paid - interest, interest


def arrears_days(contract: Contract, paid: np.ndarray, day: int | np.ndarray) -> np.ndarray:
    """Days since the oldest instalment not covered fell due; 0 where nothing is overdue."""
    number = covered(contract, paid)
    due = add_months(contract.effective, np.minimum(number + 1, contract.count))
    return np.where(number < contract.count, np.maximum(day - due, 0), 0)
