"""The company's own account of itself: KPI values from its ledgers, never by SQL over the result.

State at the last complete day: rows after it are left out, statuses and amounts are as they stand
now, deleted rows are gone.
"""

from __future__ import annotations

import numpy as np

from finhouse.demo.clock import DAY, date_of, month_numbers, month_of
from finhouse.demo.tables import money_text
from finhouse.demo.wallet.company import Company
from finhouse.demo.wallet.vocabulary import BANKS, COMPLETED, COSTS, FAILED, TEXT_STATUS


def figures(company: Company) -> dict:
    """Counts, sums and KPI values by day, month, cohort and bank; money as decimal text."""
    return _Account(company).tell()


def union_by_day(started: np.ndarray, ended: np.ndarray, days: int) -> np.ndarray:
    """Milliseconds of each of ``days`` days covered by at least one interval.

    Args:
        started, ended: shape (n,), milliseconds; an interval may span days and overlap others.
    """
    covered = np.zeros(days, dtype=np.int64)
    reach = 0
    for row in np.lexsort((ended, started)):
        first, last = max(int(started[row]), reach), min(int(ended[row]), days * DAY)
        while first < last:
            day = first // DAY
            stop = min(last, (day + 1) * DAY)
            covered[day] += stop - first
            first = stop
        reach = max(reach, last)
    return covered


class _Account:
    def __init__(self, company: Company) -> None:
        self.company = company
        # Day number 0 is launch; the last complete one has number days - 1.
        self.days = company.periods
        self.month = month_numbers(self.days + 40)
        self.months = int(self.month[self.days - 1]) + 1
        transactions = company.transactions
        self.exists = (transactions["deleted"] < 0) & (transactions["visible"] < company.periods)
        rows = np.flatnonzero(self.exists & (transactions["created"] < self.days * DAY))
        self.rows = rows
        self.day = transactions["created"][rows] // DAY
        self.sender = transactions["sender"][rows].astype(np.int64)
        self.cents = transactions["cents"][rows]
        status = TEXT_STATUS[transactions["text"][rows]]
        self.completed, self.failed = status == COMPLETED, status == FAILED
        fraud = company.cases["is_confirmed"] & (company.cases["resolve_period"] < company.periods)
        self.fraud = np.isin(rows, company.cases["transaction"][fraud])
        delivered = transactions["terminal_due"][rows]
        self.processed = (delivered >= 0) & (delivered < company.periods)
        self.processing = transactions["processing"][rows].astype(np.int64)
        users = company.users
        self.users = np.flatnonzero((users["deleted"] < 0) & (users["created"] < self.days * DAY))
        self.signup = users["created"] // DAY
        activity = company.activity
        seen = (activity["deleted"] < 0) & (activity["user"] >= 0)
        seen &= activity["created"] < self.days * DAY
        self.seen_user = activity["user"][seen].astype(np.int64)
        self.seen_day = activity["created"][seen] // DAY
        # One row for each user and day with a sent transaction; sorted by user, then day.
        self.sending = np.unique(self.sender * self.days + self.day)

    def tell(self) -> dict:
        return {
            "daily": self._daily(),
            "monthly": self._monthly(),
            "retention": self._retention(),
            "cohorts": self._cohorts(),
            "activation": self._activation(),
            "referral": self._referral(),
            "banks": self._banks(),
            "users": {
                "count": len(self.users),
                "with_transactions": int(np.isin(self.users, self.sender).sum()),
            },
        }

    def _measures(self, group: np.ndarray, groups: int) -> list[dict]:
        """What a day and a month have in common, by group number."""

        def count(mask: np.ndarray) -> np.ndarray:
            return np.bincount(group[mask], minlength=groups)

        def total(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
            sums = np.zeros(groups, dtype=np.int64)
            np.add.at(sums, group[mask], values[mask])
            return sums

        everything = np.ones(len(group), dtype=bool)
        all_counts, completed, failed = count(everything), count(self.completed), count(self.failed)
        fraud, processed = count(self.fraud), count(self.processed)
        volume, amount = total(self.cents, self.completed), total(self.cents, everything)
        processing = total(self.processing, self.processed)
        return [
            {
                "total_transactions": int(all_counts[g]),
                "successful_transactions": int(completed[g]),
                "completed_transactions": int(completed[g]),
                "failed_transactions": int(failed[g]),
                "total_volume": money_text(volume[g]),
                "amount_all": money_text(amount[g]),
                "fraud_transactions": int(fraud[g]),
                "processing_time_ms_sum": int(processing[g]),
                "processing_time_ms_count": int(processed[g]),
            }
            for g in range(groups)
        ]

    def _distinct(self, users: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
        """Distinct users in each group."""
        pairs = np.unique(users * groups + group)
        return np.bincount(pairs % groups, minlength=groups)

    def _downtime(self) -> np.ndarray:
        incidents = self.company.incidents
        now = self.company.now
        ended = np.where(incidents["ended"] > now, self.days * DAY, incidents["ended"])
        return union_by_day(incidents["started"], ended, self.days)

    def _churned_by_day(self) -> np.ndarray:
        user, day = self.sending // self.days, self.sending % self.days
        silent_until = np.full(len(day), self.days + 100)
        same_user = user[1:] == user[:-1]
        silent_until[:-1][same_user] = day[1:][same_user]
        churned = (silent_until > day + 30) & (day + 30 < self.days)
        return np.bincount(day[churned] + 30, minlength=self.days)

    def _daily(self) -> dict[str, dict]:
        days = self.days
        senders = self._distinct(self.sender, self.day, days)
        seen = self._distinct(self.seen_user, self.seen_day, days)
        signups = np.bincount(self.signup[self.users], minlength=days)
        churned, downtime = self._churned_by_day(), self._downtime()
        return {
            date_of(day).isoformat(): measures
            | {
                "active_users": int(senders[day]),
                "new_users": int(signups[day]),
                "active_users_activity": int(seen[day]),
                "churned_users": int(churned[day]),
                "downtime_seconds": f"{downtime[day] / 1000:.3f}",
            }
            for day, measures in enumerate(self._measures(self.day, days))
        }

    def _sending_months(self) -> np.ndarray:
        """Sorted distinct user x months + month."""
        return np.unique(self.sender * self.months + self.month[self.day])

    def _monthly(self) -> dict[str, dict]:
        company, months, month = self.company, self.months, self.month
        of_transactions = month[self.day]
        senders = self._distinct(self.sender, of_transactions, months)
        signups = np.bincount(month[self.signup[self.users]], minlength=months)
        sending = self._sending_months()
        stayed = np.isin(sending + 1, sending) & (sending % months < months - 1)
        gone = np.bincount(sending[~stayed] % months + 1, minlength=months + 1)
        downtime = np.bincount(month[: self.days], weights=self._downtime(), minlength=months)
        is_past = company.spend["day"] < self.days
        spend = np.bincount(
            month[company.spend["day"][is_past]],
            weights=company.spend["cents"][is_past],
            minlength=months,
        )
        is_cogs = np.array([cost[1] for cost in COSTS])[company.costs["category"]]
        cost_month = month[company.costs["day"]]
        costs = np.bincount(cost_month, weights=company.costs["cents"], minlength=months)
        cogs = np.bincount(cost_month, weights=company.costs["cents"] * is_cogs, minlength=months)
        return {
            month_of(number): measures
            | {
                "mau": int(senders[number]),
                "new_users": int(signups[number]),
                "churned_users": int(gone[number]),
                "marketing_spend": money_text(spend[number]),
                "operating_costs": money_text(costs[number]),
                "cogs": money_text(cogs[number]),
                "downtime_seconds": f"{downtime[number] / 1000:.3f}",
                "median_transaction_amount": self._median(of_transactions == number),
            }
            for number, measures in enumerate(self._measures(of_transactions, months))
        }

    def _median(self, mask: np.ndarray) -> str:
        cents = np.sort(self.cents[mask])
        if not len(cents):
            return "0.00"
        twice = int(cents[(len(cents) - 1) // 2]) + int(cents[len(cents) // 2])
        # Half a cent is rounded up, away from zero.
        return money_text((twice + 1) // 2)

    def _retention(self) -> dict[str, dict]:
        active = np.unique(
            np.concatenate([self.sending, self.seen_user * self.days + self.seen_day])
        )
        signup = self.signup[self.users]
        cohort = np.bincount(signup, minlength=self.days)
        kept = {}
        for number in (1, 7, 30):
            due = signup + number
            is_complete = due < self.days
            came = np.zeros(len(due), dtype=bool)
            came[is_complete] = np.isin(
                self.users[is_complete] * self.days + due[is_complete], active
            )
            kept[number] = np.bincount(signup[came], minlength=self.days)
        return {
            date_of(day).isoformat(): {"cohort": int(cohort[day])}
            | {
                f"d{number}": int(kept[number][day]) if day + number < self.days else None
                for number in kept
            }
            for day in range(self.days)
        }

    def _cohorts(self) -> dict[str, list[int]]:
        cohort_of = np.full(self.company.users.size, -1)
        cohort_of[self.users] = self.month[self.signup[self.users]]
        sending = self._sending_months()
        cohort, month = cohort_of[sending // self.months], sending % self.months
        return {
            month_of(number): [
                int((cohort_of == number).sum()),
                *(
                    int(((cohort == number) & (month == later)).sum())
                    for later in range(number, self.months)
                ),
            ]
            for number in range(self.months)
        }

    def _activation(self) -> dict[str, dict]:
        created = self.company.users["created"]
        first = np.full(len(created), np.iinfo(np.int64).max)
        moments = self.company.transactions["created"][self.rows]
        np.minimum.at(first, self.sender[self.completed], moments[self.completed])
        deadline = created + 7 * DAY
        is_due = np.zeros(len(created), dtype=bool)
        is_due[self.users] = deadline[self.users] < self.days * DAY
        cohort = self.month[np.minimum(self.signup, self.days - 1)]
        return {
            month_of(number): {
                "eligible": int((is_due & (cohort == number)).sum()),
                "activated": int((is_due & (cohort == number) & (first < deadline)).sum()),
            }
            for number in range(self.months)
        }

    def _referral(self) -> dict[str, dict]:
        referred = self.users[self.company.users["referrer"][self.users] >= 0]
        counts = np.bincount(self.month[self.signup[referred]], minlength=self.months)
        return {
            month_of(number): {"referred_signups": int(counts[number])}
            for number in range(self.months)
        }

    def _banks(self) -> dict[str, dict]:
        bank = self.company.transactions["bank"][self.rows]
        of_transactions = self.month[self.day]
        return {
            code: {
                month_of(number): self._bank_month((bank == place) & (of_transactions == number))
                for number in range(self.months)
            }
            for place, (code, *_) in enumerate(BANKS)
        }

    def _bank_month(self, mask: np.ndarray) -> dict:
        completed = mask & self.completed
        return {
            "transactions": int(mask.sum()),
            "volume": money_text(self.cents[completed].sum()),
            "completed": int(completed.sum()),
        }
