"""The demo company's wallet, living one period at a time.

Every draw of a period comes from one stream seeded by (seed, period), so the same company is the
same to the last row however its days are grouped into runs. ``live`` only computes; what must be
written is found by comparing with the row numbers written before (see ``writing``).

Dirt and disorder planted on purpose:
statuses in mixed case, padded, or SETTLED for COMPLETED; events delivered twice, hours to weeks
late; transactions that become visible a day after newer ones; amounts corrected months later, half
of them without touching updated_at; rows deleted; activity without a user; transactions without a
bank or with a bank nobody knows; incidents that overlap, cross midnight and month end, or are still
open when the day ends.
"""

from __future__ import annotations

import numpy as np

from finhouse.demo.clock import DAY, HOUR, SECOND, date_of, period_bounds
from finhouse.demo.ledger import Ledger

PENDING, COMPLETED, FAILED, REVERSED = range(4)
# Text as the runtime writes it, and the status it means.
STATUS_TEXTS = (
    ("PENDING", PENDING),
    ("Pending", PENDING),
    ("COMPLETED", COMPLETED),
    ("SETTLED", COMPLETED),
    ("completed", COMPLETED),
    (" COMPLETED", COMPLETED),
    ("Completed ", COMPLETED),
    ("FAILED", FAILED),
    ("failed", FAILED),
    ("REVERSED", REVERSED),
)
TEXT_STATUS = np.array([status for _, status in STATUS_TEXTS], dtype=np.int8)
TEXT_CODE = {text: code for code, (text, _) in enumerate(STATUS_TEXTS)}

SOURCES = ("organic", "referral", "bank_promotion")
SOURCE_SHARES = (0.50, 0.30, 0.20)
ERRORS = (
    "INSUFFICIENT_FUNDS",
    "BANK_TIMEOUT",
    "SEAL_MISMATCH",
    "LIMIT_EXCEEDED",
    "RECIPIENT_BLOCKED",
)
ERROR_SHARES = (0.45, 0.22, 0.13, 0.12, 0.08)
EVENT_TYPES = ("initiated", "physics_seal_captured", "submitted", "completed", "failed")
ACTIVITY_TYPES = ("login", "transaction", "qr_scan", "balance_check")
DEVICES = ("android", "ios", "feature_phone")
SERVICES = ("payments", "ledger", "sms_gateway", "authentication")
SEVERITIES = ("minor", "major", "critical")

# code, name, status, first day, last day (None: open end), monthly fee, fee rate, weight
BANKS = (
    ("ABSA", "Absa Bank", "active", 0, None, 95.00, 0.0002, 0.34),
    ("FNB", "First National Bank", "active", 31, 31 + 576, 80.00, 0.0003, 0.28),
    ("CAPITEC", "Capitec Bank", "active", 59, 1153, 70.00, 0.0002, 0.22),
    ("TYME", "TymeBank", "pilot", 273, 820, 0.00, 0.0001, 0.10),
    ("AFRICAN", "African Bank", "inactive", 14, 424, 60.00, 0.0004, 0.06),
)
NO_BANK, UNKNOWN_BANK = len(BANKS), len(BANKS) + 1
BANK_CODES = (*(bank[0] for bank in BANKS), None, "LEGACY")

HOURLY_RHYTHM = np.array(
    [1, 0.6, 0.4, 0.3, 0.4, 1, 2.5, 5, 6, 6, 6, 6.5, 7.5, 7, 6, 6, 6.5, 8, 8.5, 8, 6.5, 4.5, 3, 1.8]
)
WEEKLY_RHYTHM = (0.95, 0.95, 0.98, 1.02, 1.22, 1.12, 0.76)  # Monday to Sunday
SIGNUP_START, SIGNUP_GROWTH, GROWTH_DAYS = 10.0, 1.0043, 620
ACTION_COMPLETE, ACTION_FAIL, ACTION_REVERSE = range(3)

# Operating costs by month: category, whether cost of goods sold, base, growth a month, per user.
COSTS = (
    ("cloud_hosting", True, 30.0, 1.01, 0.008),
    ("sms_and_seal_fees", True, 10.0, 1.02, 0.012),
    ("salaries", False, 900.0, 1.03, 0.0),
    ("compliance", False, 160.0, 1.01, 0.0),
    ("office_and_tools", False, 90.0, 1.00, 0.0),
)


class Company:
    """State of the company after ``periods`` periods.

    Args:
        seed: the company's character; the same seed and scale live the same life.
        scale: size, 1 = about 20,000 users in 18 months.

    Attributes:
        periods: periods lived; the last complete day has number ``periods - 1``.
    """

    def __init__(self, seed: int, scale: float) -> None:
        self.seed, self.scale, self.periods = seed, scale, 0
        self.users = Ledger(
            created="i8",
            source="i1",
            referrer="i4",
            base="f4",
            floor="f4",
            decay="f4",
            last_active="i8",
            is_suspended="?",
            is_touched="?",
            deleted="i4",
            changed="i4",
        )
        self.transactions = Ledger(
            sender="i4",
            recipient="i4",
            created="i8",
            cents="i8",
            text="i1",
            bank="i1",
            channel="i1",
            device="i1",
            version="i1",
            error="i1",
            score="f4",
            processing="i4",
            completed="i8",
            updated="i8",
            terminal_due="i4",
            visible="i4",
            has_case="?",
            deleted="i4",
            changed="i4",
        )
        self.activity = Ledger(user="i4", created="i8", type="i1", device="i1", deleted="i4")
        self.events = Ledger(transaction="i4", type="i1", created="i8", cents="i8", due="i4")
        self.schedule = Ledger(due="i4", transaction="i4", action="i1")
        self.cases = Ledger(
            transaction="i4",
            reported="i8",
            resolved="i8",
            report_period="i4",
            resolve_period="i4",
            is_confirmed="?",
            loss_cents="i8",
        )
        self.incidents = Ledger(service="i1", severity="i1", started="i8", ended="i8", period="i4")
        self.spend = Ledger(day="i4", source="i1", cents="i8", period="i4")
        self.costs = Ledger(day="i4", category="i1", cents="i8", period="i4")
        self.surveys = Ledger(bank="i1", created="i8", score="i1", period="i4")

    @property
    def now(self) -> int:
        """The moment the company stands at, in milliseconds."""
        return period_bounds(self.periods - 1)[1] if self.periods else 0

    def live(self) -> None:
        """Live one period."""
        rng = np.random.default_rng([self.seed, self.periods])
        start, end = period_bounds(self.periods)
        self._run_services(rng, start)
        self._settle(rng, start)
        known_users = self._sign_up(rng)
        rates = self._sending_rates(known_users, start)
        rows = self._transact(rng, rates, start, end)
        self._be_active(rng, rates, rows, start)
        self._book(rng, start)
        self._correct(rng, start)
        self._delete(rng)
        self.periods += 1

    def forget_written(self) -> None:
        """Drop what is queued and has been written: for a company that lived without writing."""
        self.events.drop(self.events["due"] < self.periods)

    def _times(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Moments of this period that follow the rhythm of the day."""
        hours = rng.choice(24, size=count, p=HOURLY_RHYTHM / HOURLY_RHYTHM.sum())
        day = np.where(hours < 2, self.periods + 1, self.periods)
        return day * DAY + hours * HOUR + rng.integers(0, HOUR, count)

    def _sign_up(self, rng: np.random.Generator) -> int:
        """New users. Return how many can act all period: those known before, or the founders."""
        known = self.users.size
        founders = max(12, int(60 * self.scale)) if not self.periods else 0
        growth = SIGNUP_GROWTH ** min(self.periods, GROWTH_DAYS)
        promotion = 1.6 if self.periods % 90 in range(20, 27) else 1.0
        expected = self.scale * SIGNUP_START * growth * promotion
        count = founders + rng.poisson(expected * WEEKLY_RHYTHM[date_of(self.periods).weekday()])
        created = self._times(rng, count)
        created[:founders] = rng.integers(0, HOUR, founders)
        source = rng.choice(len(SOURCES), size=count, p=SOURCE_SHARES).astype(np.int8)
        base = rng.gamma(0.9, 0.085, count)
        base[rng.random(count) < 0.16] = 0.0
        base[:founders] = 0.2
        floor = np.where(rng.random(count) < 0.42, 0.55, 0.02)
        referrer = np.full(count, -1)
        inviting = np.flatnonzero((source == 1) & (known > 0))
        if known:
            chosen = rng.integers(0, known, len(inviting))
            # Somebody deleted cannot invite; a founder does it instead.
            referrer[inviting] = np.where(self.users["deleted"][chosen] >= 0, 0, chosen)
            self.users["is_touched"][referrer[inviting]] = True
        source[(source == 1) & (referrer < 0)] = 0
        self.users.append(
            created=created,
            source=source,
            referrer=referrer,
            base=base,
            floor=floor,
            decay=rng.gamma(4.0, 12.0, count) + 3.0,
            last_active=created,
            is_suspended=False,
            is_touched=np.arange(known, known + count) < founders,
            deleted=-1,
            changed=-1,
        )
        return known or founders

    def _sending_rates(self, known_users: int, start: int) -> np.ndarray:
        """Shape (known_users,): expected transactions of each user in this period."""
        users = self.users
        age = (start - users["created"][:known_users]) / DAY
        fading = users["floor"][:known_users]
        fading = fading + (1 - fading) * np.exp(-age / users["decay"][:known_users])
        today = date_of(self.periods)
        payday = 1.35 if today.day >= 25 or today.day <= 2 else 1.0
        season = 1.18 if today.month == 12 else 0.93 if today.month == 1 else 1.0
        novelty = 1 + 4 * np.exp(-age / 2)
        rhythm = WEEKLY_RHYTHM[today.weekday()] * payday * season
        return users["base"][:known_users] * fading * novelty * rhythm

    def _transact(
        self,
        rng: np.random.Generator,
        rates: np.ndarray,
        start: int,
        end: int,
    ) -> np.ndarray:
        """Transactions of the period, in order of time; return their row numbers."""
        new_users = np.arange(len(rates), self.users.size)
        cumulated = np.cumsum(rates)
        count = rng.poisson(cumulated[-1])
        senders = np.searchsorted(cumulated, rng.random(count) * cumulated[-1], side="right")
        created = self._times(rng, count)
        # Curiosity: some new users send within hours of signing up.
        curious = new_users[
            (rng.random(len(new_users)) < 0.34) & (self.users["base"][new_users] > 0)
        ]
        curious_at = self.users["created"][curious] + rng.exponential(2 * HOUR, len(curious))
        in_time = curious_at < end
        # One founder pays the other each night, so that every new day has a first transaction.
        night = (self.periods + 1) * DAY + rng.integers(10 * 60 * SECOND, 100 * 60 * SECOND)
        senders = np.concatenate([senders, curious[in_time], [0]])
        created = np.concatenate([created, curious_at[in_time].astype(np.int64), [night]])
        order = np.argsort(created, kind="stable")
        senders, created = senders[order], created[order]
        if not self.periods:
            created = np.maximum(created, start + 2 * HOUR)
        count = len(senders)

        recipients = (len(rates) * rng.random(count) ** 2.5).astype(np.int64)
        recipients[self.users["deleted"][recipients] >= 0] = 1
        recipients = np.where(recipients == senders, (senders == 0).astype(np.int64), recipients)
        cents = np.maximum(np.round(np.exp(rng.normal(6.15, 1.15, count)) * 100), 100)
        is_fraud = rng.random(count) < (0.016 if self.periods % 71 in (40, 41, 42) else 0.0005)
        outage = self._in_outage(created)
        outcome = rng.random(count)
        failed = outcome < np.where(outage, 0.6, 0.034)
        stuck = outcome > 0.997
        slow = (outcome > 0.978) & ~stuck & ~failed
        done = ~(failed | stuck | slow)
        processing = np.round(np.exp(rng.normal(6.7, 0.55, count)) * np.where(outage, 4, 1))
        processing = np.where(slow, processing * 60, processing).clip(40, 600_000).astype(np.int64)
        text = np.select(
            [failed, ~done],
            [
                np.where(rng.random(count) < 0.004, TEXT_CODE["failed"], TEXT_CODE["FAILED"]),
                np.where(rng.random(count) < 0.02, TEXT_CODE["Pending"], TEXT_CODE["PENDING"]),
            ],
            rng.choice([2, 3, 4, 5, 6], size=count, p=[0.965, 0.031, 0.002, 0.001, 0.001]),
        )
        late = rng.random(count) < 0.015
        late[created == night] = False
        visible = np.where(late, self.periods + 1, self.periods)
        version = np.minimum(self.periods // 60, 12)
        rows = self.transactions.append(
            sender=senders,
            recipient=recipients,
            created=created,
            cents=cents,
            text=text,
            bank=self._choose_banks(rng, count),
            channel=rng.random(count) < 0.12,
            device=rng.choice(3, size=count, p=[0.72, 0.2, 0.08]),
            version=np.maximum(version - rng.integers(0, 3, count), 0),
            error=np.where(outage, 1, rng.choice(len(ERRORS), size=count, p=ERROR_SHARES)),
            score=self._score(rng, is_fraud),
            processing=processing,
            completed=np.where(done, created + processing, -1),
            updated=np.where(done | failed, created + processing, created),
            terminal_due=-1,
            visible=visible,
            has_case=False,
            deleted=-1,
            changed=-1,
        )
        self.users["is_touched"][senders] = True
        self.users["is_touched"][recipients] = True
        self._see(senders, created)
        for kind, seconds in enumerate((0.0, 1.4, 2.2)):
            self._emit(rng, rows, kind, created + int(seconds * SECOND))
        finished = done | failed
        self._emit(
            rng,
            rows[finished],
            np.where(failed[finished], 4, 3),
            created[finished] + processing[finished],
        )
        self._schedule(rng, rows, slow, done)
        self._report_fraud(rng, rows, is_fraud)
        return rows

    def _choose_banks(self, rng: np.random.Generator, count: int) -> np.ndarray:
        weights = np.array(
            [
                weight if first <= self.periods and (last is None or self.periods <= last) else 0.0
                for _, _, _, first, last, _, _, weight in BANKS
            ]
        )
        banks = rng.choice(len(BANKS), size=count, p=weights / weights.sum())
        odd = rng.random(count)
        return np.select([odd < 0.008, odd < 0.011], [NO_BANK, UNKNOWN_BANK], banks)

    @staticmethod
    def _score(rng: np.random.Generator, is_fraud: np.ndarray) -> np.ndarray:
        """Sentinel scores: high for most fraud, with misses and false alarms."""
        count = len(is_fraud)
        ordinary = rng.beta(2, 8, count) * 840
        false_alarm = rng.random(count) < 0.0012
        ordinary = np.where(false_alarm, rng.uniform(851, 960, count), ordinary)
        caught = rng.random(count) < 0.84
        guilty = np.where(caught, 999 - rng.exponential(40, count), rng.uniform(300, 850, count))
        return np.round(np.where(is_fraud, guilty.clip(0, 999), ordinary), 2)

    def _emit(
        self,
        rng: np.random.Generator,
        rows: np.ndarray,
        kind: int | np.ndarray,
        created: np.ndarray,
    ) -> None:
        """Queue one event of each transaction row; some come late, some twice."""
        count = len(rows)
        luck = rng.random(count)
        delay = np.select(
            [luck < 0.005, luck < 0.03], [rng.integers(7, 31, count), rng.integers(1, 4, count)], 0
        )
        due = self.periods + delay
        kinds = np.broadcast_to(kind, count)
        cents = self.transactions["cents"][rows]
        self.events.append(transaction=rows, type=kinds, created=created, cents=cents, due=due)
        terminal = kinds >= 3
        self.transactions["terminal_due"][rows[terminal]] = due[terminal]
        twice = rng.random(count) < 0.012
        self.events.append(
            transaction=rows[twice],
            type=kinds[twice],
            created=created[twice],
            cents=cents[twice],
            due=due[twice] + rng.integers(0, 2, int(twice.sum())),
        )

    def _schedule(
        self, rng: np.random.Generator, rows: np.ndarray, slow: np.ndarray, done: np.ndarray
    ) -> None:
        resolving = rows[slow]
        self.schedule.append(
            due=self.periods + rng.integers(1, 4, len(resolving)),
            transaction=resolving,
            action=np.where(rng.random(len(resolving)) < 0.85, ACTION_COMPLETE, ACTION_FAIL),
        )
        reversing = rows[done & (rng.random(len(rows)) < 0.003)]
        self.schedule.append(
            due=self.periods + rng.integers(1, 11, len(reversing)),
            transaction=reversing,
            action=ACTION_REVERSE,
        )

    def _settle(self, rng: np.random.Generator, start: int) -> None:
        """What was scheduled for this period happens, and fraud cases are decided."""
        transactions = self.transactions
        is_due = self.schedule["due"] <= self.periods
        due = self.schedule.take(np.flatnonzero(is_due))
        self.schedule.drop(is_due)
        rows, action = due["transaction"], due["action"]
        alive = transactions["deleted"][rows] < 0
        rows, action = rows[alive], action[alive]
        at = start + rng.integers(0, 20 * HOUR, len(rows))
        for kind, text, event in (
            (ACTION_COMPLETE, "COMPLETED", 3),
            (ACTION_FAIL, "FAILED", 4),
            (ACTION_REVERSE, "REVERSED", None),
        ):
            chosen, when = rows[action == kind], at[action == kind]
            transactions["text"][chosen] = TEXT_CODE[text]
            transactions["updated"][chosen] = when
            transactions["changed"][chosen] = self.periods
            if kind == ACTION_COMPLETE:
                transactions["completed"][chosen] = when
            if event is not None:
                self._emit(rng, chosen, event, when)
        decided = (self.cases["resolve_period"] == self.periods) & self.cases["is_confirmed"]
        guilty = transactions["sender"][self.cases["transaction"][decided]]
        guilty = guilty[guilty > 1]
        self.users["is_suspended"][guilty] = True
        self.users["base"][guilty] = 0.0
        self.users["changed"][guilty] = self.periods

    def _report_fraud(
        self, rng: np.random.Generator, rows: np.ndarray, is_fraud: np.ndarray
    ) -> None:
        """Cases: most fraud is reported and confirmed, some of it twice; some alarms are false."""
        suspected = is_fraud | (rng.random(len(rows)) < 0.0005)
        twice = is_fraud & (rng.random(len(rows)) < 0.06)
        for chosen in (suspected, twice):
            cases, guilty = rows[chosen], is_fraud[chosen]
            count = len(cases)
            report = np.maximum(self.periods, self.transactions["visible"][cases])
            report = report + rng.integers(1, 6, count)
            resolve = report + rng.integers(3, 21, count)
            luck = rng.random(count)
            share = rng.uniform(0.2, 1.0, count)
            self.cases.append(
                transaction=cases,
                reported=report * DAY + rng.integers(8 * HOUR, 18 * HOUR, count),
                resolved=resolve * DAY + rng.integers(8 * HOUR, 18 * HOUR, count),
                report_period=report,
                resolve_period=resolve,
                is_confirmed=np.where(guilty, luck < 0.88, luck < 0.03),
                loss_cents=np.round(self.transactions["cents"][cases] * share),
            )
            self.transactions["has_case"][cases] = True

    def _be_active(
        self, rng: np.random.Generator, rates: np.ndarray, rows: np.ndarray, start: int
    ) -> None:
        """App activity: most transactions leave a trace, and people look without paying."""
        traced = rows[rng.random(len(rows)) < 0.6]
        sender, created = self.transactions["sender"], self.transactions["created"]
        self._do(rng, sender[traced], created[traced], 1)
        age = (start - self.users["created"][: len(rates)]) / DAY
        looking = np.cumsum(rates * 1.5 + 0.05 * np.exp(-age / 20) + 0.0004)
        count = rng.poisson(looking[-1])
        users = np.searchsorted(looking, rng.random(count) * looking[-1], side="right")
        users[self.users["deleted"][users] >= 0] = 0
        kinds = rng.choice([0, 2, 3], size=count, p=[0.6, 0.15, 0.25])
        self._do(rng, users, self._times(rng, count), kinds)

    def _do(
        self,
        rng: np.random.Generator,
        users: np.ndarray,
        created: np.ndarray,
        kind: int | np.ndarray,
    ) -> None:
        self._see(users, created)
        anonymous = rng.random(len(users)) < 0.002
        self.activity.append(
            user=np.where(anonymous, -1, users),
            created=created,
            type=kind,
            device=rng.choice(3, size=len(users), p=[0.72, 0.2, 0.08]),
            deleted=-1,
        )

    def _see(self, users: np.ndarray, created: np.ndarray) -> None:
        """The app overwrites last_active; that is why no past month can be recomputed from it."""
        np.maximum.at(self.users["last_active"], users, created)
        self.users["changed"][users] = self.periods

    def _in_outage(self, created: np.ndarray) -> np.ndarray:
        outage = np.zeros(len(created), dtype=bool)
        payments = np.flatnonzero(
            (self.incidents["service"] == 0) & (self.incidents["ended"] > created.min())
        )
        for row in payments:
            outage |= (created >= self.incidents["started"][row]) & (
                created < self.incidents["ended"][row]
            )
        return outage

    def _run_services(self, rng: np.random.Generator, start: int) -> None:
        """Incidents, some overlapping; every 91 days a long one that is open at period end."""
        starts, lengths = [], []
        if rng.random() < 0.07:
            starts.append(start + int(rng.integers(0, 21 * HOUR)))
            lengths.append(rng.lognormal(np.log(22 * 60), 0.9))
            if rng.random() < 0.4:
                starts.append(starts[0] + int(lengths[0] * SECOND * rng.random()))
                lengths.append(rng.lognormal(np.log(30 * 60), 0.8))
        if self.periods % 91 == 90:
            starts.append(self.periods * DAY + 20 * HOUR)
            lengths.append(9 * 3600)
        for started, seconds in zip(starts, lengths, strict=True):
            self.incidents.append(
                service=rng.choice(4, p=[0.5, 0.2, 0.2, 0.1]),
                severity=min(2, int(seconds // 2400)),
                started=started,
                ended=started + int(seconds) * SECOND,
                period=self.periods,
            )

    def _book(self, rng: np.random.Generator, start: int) -> None:
        """Marketing by day, costs by month, surveys in the middle of each month."""
        today = date_of(self.periods)
        growth = SIGNUP_GROWTH ** min(self.periods, GROWTH_DAYS)
        for source, per_signup in enumerate((0.9, 1.6, 3.2)):
            expected = self.scale * SIGNUP_START * growth * SOURCE_SHARES[source] * per_signup
            self.spend.append(
                day=self.periods,
                source=source,
                cents=int(expected * 100 * rng.uniform(0.7, 1.4)),
                period=self.periods,
            )
        if today.day == 1:
            months = (today.year - 2025) * 12 + today.month
            active = float((self.users["deleted"] < 0).sum())
            for category, (_, _, base, monthly_growth, per_user) in enumerate(COSTS):
                cost = self.scale * base * monthly_growth**months + active * per_user
                self.costs.append(
                    day=self.periods,
                    category=category,
                    cents=int(cost * 100 * rng.uniform(0.9, 1.15)),
                    period=self.periods,
                )
        if today.day == 15:
            for bank, (_, _, _, first, last, *_rest) in enumerate(BANKS):
                if first <= self.periods and (last is None or self.periods <= last):
                    count = int(rng.integers(1, 4))
                    self.surveys.append(
                        bank=bank,
                        created=start + rng.integers(8 * HOUR, 15 * HOUR, count),
                        score=np.round(rng.normal(7.6 - bank * 0.5, 1.2, count)).clip(1, 10),
                        period=self.periods,
                    )

    def _correct(self, rng: np.random.Generator, start: int) -> None:
        """A backdated correction of a transaction one to three months old."""
        happens, touches, reverses = rng.random(3) < (0.5, 0.5, 0.25)
        place, factor = rng.random(), rng.uniform(0.4, 1.9)
        if not happens or self.periods < 95:
            return
        oldest, newest = np.searchsorted(
            self.transactions["created"], [(self.periods - 90) * DAY, (self.periods - 30) * DAY]
        )
        if oldest >= newest:
            return
        row = int(oldest + place * (newest - oldest))
        transactions = self.transactions
        if transactions["deleted"][row] >= 0:
            return
        if reverses and TEXT_STATUS[transactions["text"][row]] == COMPLETED:
            transactions["text"][row] = TEXT_CODE["REVERSED"]
        transactions["cents"][row] = max(100, int(transactions["cents"][row] * factor))
        transactions["changed"][row] = self.periods
        if touches:
            transactions["updated"][row] = start + 12 * HOUR

    def _delete(self, rng: np.random.Generator) -> None:
        """Hard deletes: a failed or stuck transaction, some activity, a user who did nothing."""
        happens = rng.random(3) < (0.6, 0.8, 0.25)
        places = rng.random(4)
        if self.periods < 20:
            return
        transactions = self.transactions
        if happens[0]:
            first = np.searchsorted(transactions["created"], (self.periods - 20) * DAY)
            recent = np.arange(first, transactions.size)
            status = TEXT_STATUS[transactions["text"][recent]]
            candidates = recent[
                ((status == FAILED) | (status == PENDING))
                & ~transactions["has_case"][recent]
                # Founders' payments stay: each night's first one tells that a day is over.
                & (transactions["sender"][recent] > 0)
                & (transactions["deleted"][recent] < 0)
                & (transactions["visible"][recent] < self.periods)
                & ~np.isin(recent, self.schedule["transaction"])
            ]
            if len(candidates):
                row = candidates[int(places[0] * len(candidates))]
                transactions["deleted"][row] = self.periods
        if happens[1]:
            rows = (places[1:3] * self.activity.size).astype(int)
            rows = rows[self.activity["deleted"][rows] < 0]
            self.activity["deleted"][rows] = self.periods
        if happens[2]:
            idle = np.flatnonzero(
                ~self.users["is_touched"]
                & (self.users["base"] == 0)
                & (self.users["deleted"] < 0)
                & (self.users["created"] < (self.periods - 10) * DAY)
            )
            if len(idle):
                self.users["deleted"][idle[int(places[3] * len(idle))]] = self.periods
