"""The institution's own account of itself: figures from its ledgers, never by SQL over the result.

State at each month's end and at the last complete day, as far as it is recorded by now: repayments
taken but not recorded yet are left out. Arrears follow from the terms of a loan in closed form, not
from its schedule's rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finhouse.demo.clock import DAY, date_of, month_numbers, month_of
from finhouse.demo.microfinance.company import Company
from finhouse.demo.microfinance.lending import Contract, arrears_days, covered
from finhouse.demo.microfinance.vocabulary import (
    ACCOUNT_FEE,
    BY_CUSTOMER,
    ENTRY_SIGN,
    INTEREST,
    SUCCESS,
    TEXT_OUTCOME,
)
from finhouse.demo.tables import money_text

PAR_DAYS = (1, 7, 30, 60, 90)
# Upper bounds of the ageing buckets of loans in arrears.
BUCKETS = (("CURRENT", 0), ("1-30", 30), ("31-60", 60), ("61-90", 90), ("91-180", 180))
LAST_BUCKET = "OVER_180"
# Instalments of its new schedule by which a restructured loan is rehabilitated.
REHABILITATION_INSTALLMENTS = 3


def figures(company: Company) -> dict:
    """Portfolio, flows, deposits, investments and customers; money as decimal text."""
    return _Account(company).tell()


@dataclass(frozen=True)
class _Standing:
    """Loans disbursed by a day, one an element.

    Attributes:
        rows: of the loans.
        outstanding: principal, in cents.
        late: days past due by the schedule in force.
        arrears: days by which they are classed: no less than when they were restructured.
        awaiting: restructured, and not rehabilitated yet.
    """

    rows: np.ndarray
    outstanding: np.ndarray
    late: np.ndarray
    arrears: np.ndarray
    awaiting: np.ndarray


class _Account:
    def __init__(self, company: Company) -> None:
        self.company = company
        self.days = company.periods
        self.month = month_numbers(self.days + 1)
        self.months = int(self.month[self.days - 1]) + 1
        self.disbursed = np.flatnonzero(
            (company.loans["contract"] >= 0) & (company.loans["disbursed"] < self.days)
        )
        repayments = company.repayments
        seen = (repayments["period"] < self.days) & (repayments["day"] < self.days)
        self.repayments = repayments.take(np.flatnonzero(seen))
        written_off = company.loans["written_off"][self.repayments["loan"]]
        self.is_recovery = (written_off >= 0) & (self.repayments["day"] > written_off)
        # The last day of each month, the last complete day for the running one.
        last = np.flatnonzero(self.month[1:] != self.month[:-1])
        self.ends = np.unique(np.append(last[last < self.days], self.days - 1))

    def tell(self) -> dict:
        return {
            "portfolio": {
                date_of(int(day)).isoformat(): self._portfolio(int(day)) for day in self.ends
            },
            "roll": self._roll(),
            "monthly": self._monthly(),
            "investments": self._investments(),
            "ledger": self._ledger(),
            "customers": self._customers(),
            "totals": self._totals(),
        }

    def _standing(self, day: int) -> _Standing:
        company = self.company
        loans = company.loans
        rows = self.disbursed[loans["disbursed"][self.disbursed] <= day]
        until = (self.repayments["day"] <= day) & ~self.is_recovery
        repaid = np.zeros(loans.size, dtype=np.int64)
        np.add.at(repaid, self.repayments["loan"][until], self.repayments["principal"][until])
        lost = (loans["written_off"][rows] >= 0) & (loans["written_off"][rows] <= day)
        outstanding = loans["amount"][rows] - repaid[rows]
        outstanding = outstanding - np.where(lost, loans["written_off_cents"][rows], 0)
        contract, paid = self._paid_under(rows, day)
        late = np.where(outstanding > 0, arrears_days(contract, paid, day), 0)
        needed = np.minimum(REHABILITATION_INSTALLMENTS, contract.count)
        awaiting = (contract.version > 1) & (outstanding > 0) & (covered(contract, paid) < needed)
        arrears = late.copy()
        arrears[awaiting] = np.maximum(late[awaiting], self._late_when_restructured(rows[awaiting]))
        return _Standing(rows, outstanding, late, arrears, awaiting)

    def _paid_under(
        self, rows: np.ndarray, day: int, version: int | None = None
    ) -> tuple[Contract, np.ndarray]:
        """Schedules of loans, in force on a day or of a version, and what was paid under them."""
        contracts, column = self.company.contracts, self.repayments
        started = contracts["effective"] <= day
        if version is not None:
            started &= contracts["version"] == version
        of_loan = np.full(self.company.loans.size, -1)
        # The last one that runs by that day.
        of_loan[contracts["loan"][started]] = np.flatnonzero(started)
        effective = contracts["effective"][of_loan[column["loan"]]]
        is_first = contracts["version"][of_loan[column["loan"]]] == 1
        counts = (column["day"] <= day) & ~self.is_recovery
        counts &= is_first | (column["day"] > effective)
        paid = np.zeros(self.company.loans.size, dtype=np.int64)
        np.add.at(paid, column["loan"][counts], (column["principal"] + column["interest"])[counts])
        return Contract(**contracts.take(of_loan[rows])), paid[rows]

    def _late_when_restructured(self, rows: np.ndarray) -> np.ndarray:
        """Days past due under the first schedule on the day the second one took effect."""
        contracts = self.company.contracts
        second = contracts["version"] == 2
        restructured = np.full(self.company.loans.size, -1)
        restructured[contracts["loan"][second]] = contracts["effective"][second]
        days = np.zeros(rows.size, dtype=np.int64)
        for day in np.unique(restructured[rows]):
            chosen = restructured[rows] == day
            contract, paid = self._paid_under(rows[chosen], int(day), version=1)
            days[chosen] = arrears_days(contract, paid, int(day))
        return days

    def _bucket(self, late: np.ndarray) -> np.ndarray:
        return np.searchsorted([bound for _, bound in BUCKETS], late)

    def _portfolio(self, day: int) -> dict:
        standing = self._standing(day)
        outstanding, late = standing.outstanding, standing.late
        names = [*(name for name, _ in BUCKETS), LAST_BUCKET]
        sums = np.zeros(len(names), dtype=np.int64)
        np.add.at(sums, self._bucket(standing.arrears), outstanding)
        return {
            "active_loans": int((outstanding > 0).sum()),
            "gross_portfolio": money_text(outstanding.sum()),
            "par": {str(days): money_text(outstanding[late > days].sum()) for days in PAR_DAYS},
            "par_30_with_restructured": money_text(
                outstanding[(late > 30) | standing.awaiting].sum()
            ),
            "restructured": money_text(outstanding[standing.awaiting].sum()),
            "npl": money_text(outstanding[standing.arrears >= 90].sum()),
            "buckets": {
                name: money_text(total) for name, total in zip(names, sums, strict=True) if total
            },
        }

    def _roll(self) -> dict:
        """What became of each bucket's balance from one month's end to the next."""
        names = np.array([*(name for name, _ in BUCKETS), LAST_BUCKET])
        written_off, result = self.company.loans["written_off"], {}
        for before, after in zip(self.ends[:-1], self.ends[1:], strict=True):
            first, later = self._standing(int(before)), self._standing(int(after))
            known = np.isin(later.rows, first.rows)
            became = names[self._bucket(later.arrears[known])].astype(object)
            became[later.outstanding[known] == 0] = "PAID_OFF"
            lost = written_off[first.rows]
            became[(lost >= 0) & (lost <= after)] = "WRITTEN_OFF"
            matrix: dict[str, int] = {}
            for place in np.flatnonzero(first.outstanding > 0):
                key = f"{names[self._bucket(first.arrears[place])]} -> {became[place]}"
                matrix[key] = matrix.get(key, 0) + int(first.outstanding[place])
            result[date_of(int(after)).isoformat()] = {
                key: money_text(cents) for key, cents in sorted(matrix.items())
            }
        return result

    def _monthly(self) -> dict[str, dict]:
        company, loans = self.company, self.company.loans
        column, recovery = self.repayments, self.is_recovery

        def total(days: np.ndarray, cents: np.ndarray) -> np.ndarray:
            past = days < self.days
            sums = np.zeros(self.months, dtype=np.int64)
            np.add.at(sums, self.month[days[past]], cents[past])
            return sums

        def count(days: np.ndarray) -> np.ndarray:
            return total(days, np.ones(len(days), dtype=np.int64))

        paid, started = ~recovery, self.disbursed
        lost = loans["written_off"] >= 0
        entries = company.entries
        entry_day = entries["at"] // DAY
        kept = entries["voided"] < 0
        signed = ENTRY_SIGN[entries["type"]] * entries["cents"]
        deposits = np.cumsum(total(entry_day[kept], signed[kept]))
        payments = company.payments
        # A call-back that comes again counts once.
        once = (payments["deleted"] < 0) & (payments["reference"] == np.arange(payments.size))
        paid_out = TEXT_OUTCOME[payments["text"]] == SUCCESS
        payment_day = payments["created"] // DAY
        by_customer = kept & BY_CUSTOMER[entries["type"]] & (entry_day < self.days)
        pairs = np.unique(
            entries["account"][by_customer].astype(np.int64) * self.months
            + self.month[entry_day[by_customer]]
        )
        active_accounts = np.bincount(pairs % self.months, minlength=self.months)
        of_type = {}
        for name, kind in (("deposit_interest", INTEREST), ("account_fees", ACCOUNT_FEE)):
            chosen = kept & (entries["type"] == kind)
            of_type[name] = total(entry_day[chosen], entries["cents"][chosen])
        sums = {
            "disbursed": total(loans["disbursed"][started], loans["amount"][started]),
            "processing_fees": total(loans["disbursed"][started], loans["fee"][started]),
            "principal_repaid": total(column["day"][paid], column["principal"][paid]),
            "interest": total(column["day"][paid], column["interest"][paid]),
            "penalties": total(column["day"], column["penalty"]),
            "recovered": total(column["day"][recovery], column["principal"][recovery]),
            "written_off": total(loans["written_off"][lost], loans["written_off_cents"][lost]),
            "deposits": deposits,
            "earnings": total(company.earnings["day"], company.earnings["cents"]),
            "operating_costs": total(company.costs["day"], company.costs["cents"]),
            **of_type,
        }
        counts = {
            "disbursed_loans": count(loans["disbursed"][started]),
            "new_customers": count(company.customers["created"] // DAY),
            "new_accounts": count(company.accounts["created"] // DAY),
            "active_accounts": active_accounts,
            "payments": count(payment_day[once]),
            "successful_payments": count(payment_day[once & paid_out]),
        }
        return {
            month_of(number): {
                **{name: money_text(values[number]) for name, values in sums.items()},
                **{name: int(values[number]) for name, values in counts.items()},
            }
            for number in range(self.months)
        }

    def _investments(self) -> dict[str, dict]:
        investments = self.company.investments
        result = {}
        for day in self.ends:
            held = (investments["start"] <= day) & (
                (investments["closed"] < 0) | (investments["closed"] > day)
            )
            cents, total = investments["cents"][held], investments["total"][held]
            result[date_of(int(day)).isoformat()] = {
                "count": int(held.sum()),
                "aum": money_text(cents.sum()),
                "return": money_text((total - cents).sum()),
            }
        return result

    def _ledger(self) -> dict:
        company = self.company
        kept = company.entries["voided"] < 0
        signed = ENTRY_SIGN[company.entries["type"]] * company.entries["cents"]
        sums = np.zeros(company.accounts.size, dtype=np.int64)
        np.add.at(sums, company.entries["account"][kept], signed[kept])
        return {
            "signed_sum": money_text(sums.sum()),
            "balance_sum": money_text(company.accounts["balance"].sum()),
            "differences": int((sums != company.accounts["balance"]).sum()),
        }

    def _customers(self) -> dict[str, int]:
        company = self.company
        known = company.customers["created"] < self.days * DAY
        borrowers = np.unique(company.loans["customer"][self.disbursed])
        investments = company.investments
        return {
            "count": int(known.sum()),
            "borrowers": len(borrowers),
            "investors": len(np.unique(investments["customer"])),
        }

    def _totals(self) -> dict:
        loans, column = self.company.loans, self.repayments
        outstanding = self._standing(self.days - 1).outstanding
        return {
            "disbursed": money_text(loans["amount"][self.disbursed].sum()),
            "principal_repaid": money_text(column["principal"][~self.is_recovery].sum()),
            "outstanding": money_text(outstanding.sum()),
            "written_off": money_text(loans["written_off_cents"].sum()),
            "recovered": money_text(column["principal"][self.is_recovery].sum()),
            "restructured_loans": int((self.company.contracts["version"] == 2).sum()),
        }
