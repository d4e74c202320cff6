"""The provider's own account of itself: figures from its ledgers, never by SQL over the result.

State at each month's end and at the last complete day, as far as it is recorded by now: payments
that arrived but are not booked yet are left out.
"""

from __future__ import annotations

import numpy as np

from finhouse.demo.bnpl.collecting import TEXT_OUTCOME
from finhouse.demo.bnpl.company import Company
from finhouse.demo.bnpl.receivable import Standing, standing
from finhouse.demo.bnpl.vocabulary import (
    APPROVED,
    CASHBACK_KINDS,
    CHARGEBACK,
    EARNED,
    FAILED,
    NO,
    PLAN_TYPES,
    REFERRED,
    REJECTED,
    SUBMITTED,
    SUCCESS,
    YES,
)
from finhouse.demo.clock import DAY, date_of, month_numbers, month_of
from finhouse.demo.tables import money_text

# First day past due of each bucket.
BUCKETS = (
    ("CURRENT", 0),
    ("1-3", 1),
    ("4-29", 4),
    ("30-59", 30),
    ("60-89", 60),
    ("90_AND_OVER", 90),
)


def figures(company: Company) -> dict:
    """Receivables, orders, credit, verification, settlements, rewards; money as decimal text."""
    return _Account(company).tell()


class _Account:
    def __init__(self, company: Company) -> None:
        self.company = company
        self.days = company.periods
        self.month = month_numbers(self.days + 1)
        self.months = int(self.month[self.days - 1]) + 1
        # The last day of each month, the last complete day for the running one.
        last = np.flatnonzero(self.month[1:] != self.month[:-1])
        self.ends = np.unique(np.append(last[last < self.days], self.days - 1))
        plans = company.plans
        self.activated = np.where(plans["activated"] >= 0, plans["activated"] // DAY, -1)
        self.written_off = np.where(plans["written_off"] >= 0, plans["written_off"] // DAY, -1)
        payments = company.payments
        self.money = payments.take(
            np.flatnonzero(payments["counts"] & (payments["period"] < self.days))
        )
        lost = self.written_off[self.money["plan"]]
        self.is_recovery = (lost >= 0) & (self.money["day"] > lost)

    def tell(self) -> dict:
        return {
            "receivables": {
                date_of(int(day)).isoformat(): self._receivables(int(day)) for day in self.ends
            },
            "monthly": self._monthly(),
            "verification": self._verification(),
            "settlements": self._settlements(),
            "rewards": self._rewards(),
            "totals": self._totals(),
        }

    def _standing(self, day: int) -> Standing:
        """Plans that were activated by a day, as they stood then or when they were written off."""
        rows = np.flatnonzero((self.activated >= 0) & (self.activated <= day))
        lost = self.written_off[rows]
        at = np.where((lost >= 0) & (lost < day), lost, day)
        return standing(self.company, rows, at, recorded=True)

    def _receivables(self, day: int) -> dict[str, dict]:
        owed, plans = self._standing(day), self.company.plans
        lost = self.written_off[owed.plans]
        is_lost = (lost >= 0) & (lost <= day)
        recovered = self._recovered(day)[owed.plans]
        kept = np.where(is_lost, 0, owed.outstanding)
        active = kept > 0
        bucket = np.searchsorted([first for _, first in BUCKETS], owed.late, side="right") - 1
        disputed = self._disputed(day)[owed.plans]
        result = {}
        for kind, name in enumerate(PLAN_TYPES):
            mine = plans["kind"][owed.plans] == kind
            if not mine.any():
                continue
            held = mine & ~is_lost
            sums = np.zeros(len(BUCKETS), dtype=np.int64)
            np.add.at(sums, bucket[mine & active], kept[mine & active])
            principal = plans["principal"][owed.plans]
            amounts = {
                "principal": principal[mine].sum(),
                "outstanding": kept[mine].sum(),
                "interest_outstanding": owed.interest[held].sum(),
                "fees_outstanding": owed.fees[held].sum(),
                "receivable": owed.receivable[held].sum(),
                "credit_balance": owed.credit[held].sum(),
                "refunded": owed.refunded[mine].sum(),
                "written_off": np.where(is_lost, owed.outstanding, 0)[mine].sum(),
                "repaid": (principal - owed.refunded - owed.outstanding)[mine].sum(),
                "recovered": recovered[mine].sum(),
                "disputed": kept[mine & disputed].sum(),
            }
            result[name] = {
                "plans": int(mine.sum()),
                "active_plans": int((mine & active).sum()),
                **{key: money_text(cents) for key, cents in amounts.items()},
                "buckets": {
                    label: money_text(cents)
                    for (label, _), cents in zip(BUCKETS, sums, strict=True)
                    if cents
                },
            }
        return result

    def _recovered(self, day: int) -> np.ndarray:
        """Shape (plans,): paid after the write-off, less what of any payment went back after it."""
        money, lost = self.money, self.written_off[self.money["plan"]]
        sums = np.zeros(self.company.plans.size, dtype=np.int64)
        paid = self.is_recovery & (money["day"] <= day)
        back = (lost >= 0) & (money["back"] > lost) & (money["back"] <= day)
        np.add.at(sums, money["plan"][paid], money["cents"][paid])
        np.subtract.at(sums, money["plan"][back], money["cents"][back])
        return sums

    def _disputed(self, day: int) -> np.ndarray:
        """Shape (plans,): whether a dispute was open at the end of a day."""
        disputes = self.company.disputes
        is_open = (disputes["opened"] <= day) & (
            (disputes["resolved"] < 0) | (disputes["resolved"] > day)
        )
        found = np.zeros(self.company.plans.size, dtype=bool)
        found[disputes["plan"][is_open]] = True
        return found

    def _total(self, days: np.ndarray, cents: np.ndarray) -> np.ndarray:
        """Shape (months,): amounts of days lived, by month."""
        past = (days >= 0) & (days < self.days)
        sums = np.zeros(self.months, dtype=np.int64)
        np.add.at(sums, self.month[days[past]], cents[past])
        return sums

    def _count(self, days: np.ndarray) -> np.ndarray:
        return self._total(days, np.ones(len(days), dtype=np.int64))

    def _monthly(self) -> dict[str, dict]:
        company, money = self.company, self.money
        orders, plans, fees = company.orders, company.plans, company.fees
        captured = np.where(orders["captured"] >= 0, orders["captured"] // DAY, -1)
        rate = company.merchants["rate"][orders["merchant"]]
        commission = (orders["cents"] * rate + 5_000) // 10_000
        refunds, disputes = company.refunds, company.disputes
        recovered = np.diff([self._recovered(int(day)).sum() for day in self.ends], prepend=0)
        assessed = company.assessments["at"] // DAY
        decision = company.assessments["decision"]
        attempts = self._attempts()
        initiated, outcome = attempts["initiated"] // DAY, TEXT_OUTCOME[attempts["text"]]
        back = money["back"]
        sums = {
            "gmv": self._total(captured, orders["cents"]),
            "refunds": self._total(refunds["day"], refunds["cents"]),
            "commission": self._total(captured, commission),
            "financed": self._total(self.activated, plans["principal"]),
            "charged_back": self._total(back, money["cents"]),
            "collected": self._total(money["day"], money["cents"]),
            "fees_assessed": self._total(fees["day"], fees["cents"]),
            "fees_waived": self._total(fees["waived"], fees["cents"]),
            "written_off": self._total(self.written_off, plans["lost"]),
            "recovered": recovered,
        }
        counts = {
            "new_customers": self._count(company.customers["created"] // DAY),
            "orders_placed": self._count(orders["created"] // DAY),
            "orders_captured": self._count(captured),
            "plans_activated": self._count(self.activated),
            "approved": self._count(assessed[decision == YES]),
            "declined": self._count(assessed[decision == NO]),
            "referred": self._count(assessed[decision == REFERRED]),
            "attempts_succeeded": self._count(
                initiated[(outcome == SUCCESS) | (outcome == CHARGEBACK)]
            ),
            "attempts_failed": self._count(initiated[outcome == FAILED]),
            "chargebacks": self._count(back),
            "disputes_opened": self._count(disputes["opened"]),
            "disputes_resolved": self._count(disputes["resolved"]),
            "plans_written_off": self._count(self.written_off),
        }
        return {
            month_of(number): {
                **{name: money_text(values[number]) for name, values in sums.items()},
                **{name: int(values[number]) for name, values in counts.items()},
            }
            for number in range(self.months)
        }

    def _attempts(self) -> dict[str, np.ndarray]:
        """Attempts that are recorded and kept, each once however often it was delivered."""
        payments = self.company.payments
        rows = np.flatnonzero((payments["period"] < self.days) & (payments["deleted"] < 0))
        pairs = payments["key"][rows].astype(np.int64) * 100 + payments["attempt"][rows]
        # Rows stand in the order of delivery.
        return payments.take(rows[np.unique(pairs, return_index=True)[1]])

    def _verification(self) -> dict[str, dict]:
        """By level and month of the decision; those still open today."""
        column, result = self.company.verifications, {}
        decided = np.where(column["decided"] >= 0, column["decided"] // DAY, -1)
        for level in (1, 2, 3):
            mine = column["level"] == level
            approved = self._count(decided[mine & (column["status"] == APPROVED)])
            rejected = self._count(decided[mine & (column["status"] == REJECTED)])
            handed_in = mine & (column["submitted"] // DAY < self.days)
            result[str(level)] = {
                "months": {
                    month_of(number): {
                        "approved": int(approved[number]),
                        "rejected": int(rejected[number]),
                    }
                    for number in range(self.months)
                    if approved[number] or rejected[number]
                },
                "pending": int((handed_in & (column["status"] == SUBMITTED)).sum()),
            }
        return result

    def _settlements(self) -> dict:
        column = self.company.settlements
        net = column["gross"] - column["commission"] - column["refunds"]
        unpaid = column["paid_at"] < 0
        overdue = unpaid & (column["due"] < self.days - 1)
        return {
            "count": column.size,
            "gross": money_text(column["gross"].sum()),
            "commission": money_text(column["commission"].sum()),
            "refunds": money_text(column["refunds"].sum()),
            "net": money_text(net.sum()),
            "unpaid": int(unpaid.sum()),
            "unpaid_net": money_text(net[unpaid].sum()),
            "overdue": int(overdue.sum()),
            "overdue_net": money_text(net[overdue].sum()),
        }

    def _rewards(self) -> dict[str, dict]:
        """Movements to date and what is owed, at each month's end."""
        column, result = self.company.cashback, {}
        day = column["at"] // DAY
        for end in self.ends:
            known = day <= end
            sums = np.bincount(
                column["kind"][known],
                weights=column["cents"][known],
                minlength=len(CASHBACK_KINDS),
            ).astype(np.int64)
            told = {
                name.lower(): money_text(cents)
                for name, cents in zip(CASHBACK_KINDS, sums, strict=True)
            }
            liability = 2 * sums[EARNED] - sums.sum()
            result[date_of(int(end)).isoformat()] = {**told, "liability": money_text(liability)}
        return result

    def _totals(self) -> dict:
        company = self.company
        reviews = company.reviews["stars"][company.reviews["deleted"] < 0]
        known = company.plans["version"] > 1
        return {
            "rescheduled_plans": int(known.sum()),
            "reviews": len(reviews),
            "stars": int(reviews.sum()),
            "audit_events": company.events.size,
            "legal_holds_open": int((company.holds["released"] < 0).sum()),
            "subscriptions": company.subscriptions.size,
        }
