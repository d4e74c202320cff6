"""A second implementation of the loan book, in plain Python, from the rows of the OLTP.

Written from the rules, not from the models: payments are poured instalment by instalment, day by
day, into a queue; nothing is cumulated, joined or looked up. Slow, and easy to check by reading.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

ZERO = Decimal(0)


@dataclass
class Loan:
    """A disbursed loan with its schedules by version and its repayments."""

    amount: Decimal
    disbursed: date
    written_off: date | None
    written_off_amount: Decimal
    # version -> (effective date, [(due date, amount due)])
    schedules: dict[int, tuple[date, list[tuple[date, Decimal]]]] = field(default_factory=dict)
    # (date, principal, interest), in order of date
    repayments: list[tuple[date, Decimal, Decimal]] = field(default_factory=list)

    def outstanding(self, day: date) -> Decimal:
        """Principal owed at the end of a day."""
        owed = self.amount
        for paid_on, principal, _ in self.repayments:
            is_recovery = self.written_off is not None and paid_on > self.written_off
            if paid_on <= day and not is_recovery:
                owed -= principal
        if self.written_off is not None and self.written_off <= day:
            owed -= self.written_off_amount
        return owed

    def days_past_due(self, day: date) -> int:
        """Days since the oldest instalment not fully covered fell due; 0 where none has."""
        in_force = self.schedules_by(day)
        return self._days_past_due(in_force[-1], day) if in_force else 0

    def schedules_by(self, day: date) -> list[int]:
        """Versions of the schedule that had taken effect by a day, in order."""
        return sorted(v for v, (effective, _) in self.schedules.items() if effective <= day)

    def arrears(self, day: date) -> tuple[int, bool]:
        """Days by which the loan is classed, and whether it awaits rehabilitation."""
        days, awaiting = self.days_past_due(day), False
        # From the newest new schedule back, until one was kept for three instalments.
        in_force = self.schedules_by(day)
        for before, version in reversed(list(pairwise(in_force))):
            queue = [entry for entry in self._unpaid(version, day) if entry[2] > 0]
            if all(left <= 0 for _, left, _ in queue[:3]):
                break
            awaiting = True
            days = max(days, self._days_past_due(before, self.schedules[version][0]))
        return days, awaiting

    def fell_due(self, month_end: date) -> tuple[Decimal, Decimal]:
        """What fell due in the month that ends on a day, and what of it was paid by then."""
        due_amount = paid = ZERO
        for version in self.schedules_by(month_end):
            last = min(self._replaced(version), self.closed())
            for due, left, amount in self._unpaid(version, month_end):
                if (due.year, due.month) == (month_end.year, month_end.month) and due <= last:
                    due_amount += amount
                    paid += amount - left
        return due_amount, paid

    def closed(self) -> date:
        """Day on which the loan was repaid or written off; the last of all days before."""
        owed, last = self.amount, self.written_off or date.max
        for paid_on, principal, _ in self.repayments:
            owed -= principal
            if owed <= 0 and paid_on <= last:
                return paid_on
        return last

    def _replaced(self, version: int) -> date:
        """Day on which a later schedule took effect; the last of all days where none has."""
        return min(
            (start for v, (start, _) in self.schedules.items() if v > version), default=date.max
        )

    def _days_past_due(self, version: int, day: date) -> int:
        late = [due for due, left, _ in self._unpaid(version, day) if left > 0 and due < day]
        return (day - min(late)).days if late else 0

    def _unpaid(self, version: int, day: date) -> list[tuple[date, Decimal, Decimal]]:
        """Due date, what is left and what was due of each instalment of a schedule, on a day."""
        effective, installments = self.schedules[version]
        due_all = sorted(installments)
        queue = [[due, amount] for due, amount in due_all]
        for paid_on, principal, interest in self.repayments:
            if self.written_off is not None and paid_on > self.written_off:
                continue
            if paid_on > min(day, self._replaced(version)):
                continue
            if version > min(self.schedules) and paid_on <= effective:
                continue
            money = principal + interest
            for entry in queue:
                used = min(money, entry[1])
                entry[1] -= used
                money -= used
        return [(*left, amount) for left, (_, amount) in zip(queue, due_all, strict=True)]


def month_ends(first: date, as_of: date) -> list[date]:
    """The last day of each month from the first one on; the as-of day for the running month."""
    days, month = [], first.replace(day=1)
    while month <= as_of:
        last = month.replace(day=monthrange(month.year, month.month)[1])
        days.append(min(last, as_of))
        month = last + timedelta(days=1)
    return days


def portfolio(loans: list[Loan], day: date) -> dict[str, Decimal]:
    """Gross portfolio, what of it is at risk, restructured, non-performing at the end of a day."""
    parts = ("gross", "par_30", "par_30_with_restructured", "restructured", "npl")
    sums = dict.fromkeys(parts, ZERO)
    for loan in loans:
        if loan.disbursed > day or (loan.written_off is not None and loan.written_off <= day):
            continue
        owed = loan.outstanding(day)
        if owed <= 0:
            continue
        late, (arrears, awaiting) = loan.days_past_due(day), loan.arrears(day)
        sums["gross"] += owed
        sums["par_30"] += owed if late > 30 else ZERO
        sums["par_30_with_restructured"] += owed if late > 30 or awaiting else ZERO
        sums["restructured"] += owed if awaiting else ZERO
        sums["npl"] += owed if arrears >= 90 else ZERO
    return sums


def vintages(loans: list[Loan], days: list[date]) -> dict[tuple[str, int], tuple]:
    """(month of disbursement, months on book) -> (disbursed, ever more than 30 days late)."""
    result: dict[tuple[str, int], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for loan in loans:
        ever_late = False
        for day in days:
            if day < loan.disbursed:
                continue
            is_gone = loan.written_off is not None and loan.written_off <= day
            if not is_gone and loan.outstanding(day) > 0 and loan.days_past_due(day) > 30:
                ever_late = True
            age = (day.year - loan.disbursed.year) * 12 + day.month - loan.disbursed.month
            cell = result[f"{loan.disbursed:%Y-%m}", age]
            cell[0] += loan.amount
            cell[1] += loan.amount if ever_late else ZERO
    return {key: tuple(values) for key, values in result.items()}


def investment_returns(
    investments: list[tuple[str, Decimal, Decimal, date, date, date | None]], day: date
) -> dict[str, tuple[Decimal, float, float]]:
    """By product, of what is held at the end of a day: amount, ROI, amount-weighted annual ROI.

    Args:
        investments: product, amount, total return, start, end, day it was paid back.
    """
    held: dict[str, list[tuple[Decimal, Decimal, int]]] = defaultdict(list)
    for product, amount, total, start, end, closed in investments:
        if start <= day and (closed is None or closed > day):
            held[product].append((amount, total, (end - start).days))
    result = {}
    for product, rows in held.items():
        amount = sum((row[0] for row in rows), ZERO)
        gain = sum((row[1] - row[0] for row in rows), ZERO)
        yearly = sum(
            float(invested) * (float(total / invested) ** (365 / days) - 1)
            for invested, total, days in rows
        )
        result[product] = (amount, float(gain / amount), yearly / float(amount))
    return result
