"""The demo company's microfinance institution, living one period at a time.

Every draw of a period comes from one stream seeded by (seed, period, STREAM), so the same
institution is the same to the last row however its days are grouped into runs, and the other
businesses live as if it were not there.

Its customers are risk-graded: the grade moves how often a loan goes bad, an instalment is late or
an application is refused. Money moves through accounts whose balances never fall below zero.

Dirt and disorder planted on purpose:
statuses in mixed case and padded; payment call-backs delivered twice; payments of nobody; customers
and loans without a branch; repayments and deposits recorded days to weeks after their date; entries
voided later; balances corrected without an entry; failed payments deleted.
"""

from __future__ import annotations

import numpy as np

from finhouse.demo.clock import DAY, HOUR, SECOND, add_months, date_of, period_bounds
from finhouse.demo.ledger import Ledger
from finhouse.demo.microfinance.lending import (
    Contract,
    allocate,
    arrears_days,
    contract_of,
)

STREAM = 2

# name, region, day it opened, weight
BRANCHES = (
    ("Nairobi Central", "Nairobi", 0, 0.26),
    ("Mombasa", "Coast", 0, 0.17),
    ("Kisumu", "Nyanza", 0, 0.15),
    ("Nakuru", "Rift Valley", 0, 0.14),
    ("Eldoret", "Rift Valley", 0, 0.11),
    ("Nyeri", "Central", 0, 0.09),
    ("Kakamega", "Western", 181, 0.08),
)
NO_BRANCH = len(BRANCHES)
GRADES, GRADE_SHARES = ("A", "B", "C", "D", "E"), (0.22, 0.30, 0.25, 0.15, 0.08)
REFUSED = np.array([0.03, 0.07, 0.16, 0.32, 0.55])
GOES_BAD = np.array([0.005, 0.012, 0.026, 0.05, 0.10])
PUNCTUAL = np.array([0.92, 0.87, 0.80, 0.70, 0.58])

SAVINGS, CURRENT = range(2)
# code, name, annual interest rate, monthly fee in cents
ACCOUNT_TYPES = (
    ("SAVINGS", "Savings account", 0.06, 0),
    ("CURRENT", "Current account", 0.0, 5_000),
)

# code, name, direction, whether the customer initiates it
ENTRY_TYPES = (
    ("DEPOSIT", "Deposit", "CREDIT", True),
    ("WITHDRAWAL", "Withdrawal", "DEBIT", True),
    ("TRANSFER_IN", "Transfer received", "CREDIT", False),
    ("TRANSFER_OUT", "Transfer sent", "DEBIT", True),
    ("LOAN_DISBURSEMENT", "Loan disbursed", "CREDIT", False),
    ("LOAN_FEE", "Loan processing fee", "DEBIT", False),
    ("LOAN_REPAYMENT", "Loan repaid from the account", "DEBIT", True),
    ("INTEREST", "Interest on the balance", "CREDIT", False),
    ("ACCOUNT_FEE", "Account fee", "DEBIT", False),
    ("INVESTMENT_PURCHASE", "Investment bought", "DEBIT", True),
    ("INVESTMENT_EARNING", "Investment earning paid", "CREDIT", False),
    ("INVESTMENT_RETURN", "Investment paid back", "CREDIT", False),
)
(
    DEPOSIT,
    WITHDRAWAL,
    TRANSFER_IN,
    TRANSFER_OUT,
    LOAN_DISBURSEMENT,
    LOAN_FEE,
    LOAN_REPAYMENT,
    INTEREST,
    ACCOUNT_FEE,
    INVESTMENT_PURCHASE,
    INVESTMENT_EARNING,
    INVESTMENT_RETURN,
) = range(len(ENTRY_TYPES))
ENTRY_SIGN = np.array([1 if direction == "CREDIT" else -1 for _, _, direction, _ in ENTRY_TYPES])
BY_CUSTOMER = np.array([by_customer for *_, by_customer in ENTRY_TYPES])

# code, name, annual flat rate, terms in months, median amount in cents, fee rate, secured, share
LOAN_PRODUCTS = (
    ("GROUP", "Group loan", 0.24, (4, 6), 1_500_000, 0.010, False, 0.34),
    ("BUSINESS", "Business loan", 0.20, (6, 9, 12), 6_000_000, 0.015, True, 0.30),
    ("EMERGENCY", "Emergency advance", 0.0, (2, 3), 600_000, 0.030, False, 0.16),
    ("ASSET", "Asset finance", 0.18, (12, 18), 15_000_000, 0.020, True, 0.10),
    ("SCHOOL", "School fees loan", 0.16, (3, 6), 2_500_000, 0.010, False, 0.10),
)
# code, name, annual rate, term in months, least amount in cents, share
INVESTMENT_PRODUCTS = (
    ("FD3", "Fixed deposit, 3 months", 0.09, 3, 500_000, 0.5),
    ("FD6", "Fixed deposit, 6 months", 0.105, 6, 1_000_000, 0.3),
    ("FD12", "Fixed deposit, 12 months", 0.12, 12, 1_000_000, 0.2),
)
COLLATERAL_KINDS = ("land_title", "vehicle_logbook", "household_goods", "business_stock")
# Operating costs by month: category, base in KES, growth a month.
COSTS = (
    ("salaries", 210_000.0, 1.03),
    ("rent", 46_000.0, 1.01),
    ("it_and_communication", 34_000.0, 1.02),
    ("field_travel", 24_000.0, 1.03),
    ("marketing", 20_000.0, 1.02),
)

PENDING, SUCCESS, FAILED = range(3)
# Text as the services write it, and the outcome it means.
OUTCOME_TEXTS = (
    ("PENDING", PENDING),
    ("pending", PENDING),
    ("SUCCESS", SUCCESS),
    ("Success", SUCCESS),
    (" SUCCESS", SUCCESS),
    ("FAILED", FAILED),
    ("failed ", FAILED),
)
TEXT_OUTCOME = np.array([outcome for _, outcome in OUTCOME_TEXTS], dtype=np.int8)
APPLIED, APPROVED, REJECTED, ACTIVE, RESTRUCTURED, COMPLETED, WRITTEN_OFF = range(7)
LOAN_STATUSES = (
    "PENDING",
    "APPROVED",
    "REJECTED",
    "ACTIVE",
    "RESTRUCTURED",
    "COMPLETED",
    "WRITTEN_OFF",
)
HELD, MATURED, WITHDRAWN = range(3)
INVESTMENT_STATUSES = ("ACTIVE", "MATURED", "WITHDRAWN")
PURPOSES = ("DEPOSIT", "LOAN_REPAYMENT")
METHODS = ("MPESA", "AIRTEL_MONEY", "BANK")
INSTALLMENT, PAYOFF, CURE = range(3)

WEEKLY_RHYTHM = (1.12, 1.04, 1.0, 1.02, 1.18, 0.9, 0.35)  # Monday to Sunday
GROWTH, GROWTH_DAYS = 1.0022, 620


class Company:
    """State of the institution after ``periods`` periods.

    Args:
        seed: the company's character; the same seed and scale live the same life.
        scale: size, 1 = about 3,200 customers in 18 months.

    Attributes:
        periods: periods lived; the last complete day has number ``periods - 1``.
    """

    def __init__(self, seed: int, scale: float) -> None:
        self.seed, self.scale, self.periods = seed, scale, 0
        self.customers = Ledger(
            created="i8",
            branch="i1",
            grade="i1",
            is_female="?",
            birth="i4",
            base="f4",
            floor="f4",
            decay="f4",
            loans="i4",
            has_open_loan="?",
            is_active="?",
            updated="i8",
            changed="i4",
        )
        self.accounts = Ledger(
            customer="i4",
            type="i1",
            branch="i1",
            created="i8",
            balance="i8",
            used="i8",
            is_dormant="?",
            updated="i8",
            changed="i4",
        )
        self.entries = Ledger(
            account="i4",
            type="i1",
            cents="i8",
            at="i8",
            created="i8",
            period="i4",
            voided="i4",
        )
        self.postings = Ledger(due="i4", account="i4", cents="i8", at="i8", payment="i4")
        self.transfers = Ledger(
            source="i4",
            target="i4",
            cents="i8",
            text="i1",
            created="i8",
            updated="i8",
            period="i4",
            changed="i4",
        )
        self.payments = Ledger(
            customer="i4",
            is_anonymous="?",
            account="i4",
            loan="i4",
            method="i1",
            cents="i8",
            text="i1",
            reference="i4",
            created="i8",
            updated="i8",
            period="i4",
            deleted="i4",
            changed="i4",
        )
        self.loans = Ledger(
            customer="i4",
            product="i1",
            branch="i1",
            account="i4",
            applied="i4",
            approved="i4",
            disbursed="i4",
            months="i4",
            asked="i8",
            amount="i8",
            fee="i8",
            status="i1",
            is_refused="?",
            is_bad="?",
            contract="i4",
            paid="i8",
            due="i8",
            repaid="i8",
            written_off="i4",
            written_off_cents="i8",
            recovered="i8",
            updated="i8",
            changed="i4",
        )
        self.contracts = Ledger(
            loan="i4",
            version="i4",
            effective="i4",
            count="i4",
            principal="i8",
            interest="i8",
            last_principal="i8",
            last_interest="i8",
        )
        self.installments = Ledger(
            loan="i4",
            contract="i4",
            number="i4",
            due="i4",
            principal="i8",
            interest="i8",
            period="i4",
            superseded="i4",
        )
        self.intentions = Ledger(
            due="i4", loan="i4", contract="i4", kind="i1", cents="i8", payment="i4"
        )
        self.repayments = Ledger(
            loan="i4",
            payment="i4",
            day="i4",
            principal="i8",
            interest="i8",
            penalty="i8",
            created="i8",
            period="i4",
        )
        self.collaterals = Ledger(
            loan="i4", kind="i1", cents="i8", valued="i4", released="i4", period="i4", changed="i4"
        )
        self.investments = Ledger(
            customer="i4",
            account="i4",
            product="i1",
            cents="i8",
            total="i8",
            start="i4",
            end="i4",
            earned="i4",
            closed="i4",
            status="i1",
            created="i8",
            updated="i8",
            period="i4",
            changed="i4",
        )
        self.earnings = Ledger(investment="i4", day="i4", cents="i8", period="i4")
        self.costs = Ledger(day="i4", category="i1", cents="i8", period="i4")

    @property
    def now(self) -> int:
        """The moment the institution stands at, in milliseconds."""
        return period_bounds(self.periods - 1)[1] if self.periods else 0

    def forget_written(self) -> None:
        """Nothing is queued for writing alone: rows carry the period they become visible in."""

    def live(self) -> None:
        """Live one period."""
        rng = np.random.default_rng([self.seed, self.periods, STREAM])
        self._join(rng)
        self._post(rng)
        self._bank(rng)
        self._transfer(rng)
        self._keep_books(rng)
        self._lend(rng)
        self._fall_due(rng)
        self._repay(rng)
        self._collect(rng)
        self._invest(rng)
        self._go_wrong(rng)
        self._begin_next_day(rng)
        self.periods += 1

    @property
    def _growth(self) -> float:
        return self.scale * GROWTH ** min(self.periods, GROWTH_DAYS)

    @property
    def _rhythm(self) -> float:
        return WEEKLY_RHYTHM[date_of(self.periods).weekday()]

    def _times(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Moments of this day within opening hours."""
        hours = 6 + 15 * rng.beta(2.2, 2.4, count)
        return self.periods * DAY + (hours * HOUR).astype(np.int64)

    # Customers and their accounts

    def _join(self, rng: np.random.Generator) -> None:
        founders = max(16, int(600 * self.scale)) if not self.periods else 0
        count = founders + rng.poisson(2.6 * self._growth * self._rhythm)
        weights = np.array(
            [weight if opened <= self.periods else 0.0 for _, _, opened, weight in BRANCHES]
        )
        created = self._times(rng, count)
        created[:founders] = np.sort(rng.integers(0, HOUR, founders))
        branch = rng.choice(len(BRANCHES), size=count, p=weights / weights.sum())
        base = rng.gamma(1.1, 0.042, count)
        base[rng.random(count) < 0.08] = 0.0
        rows = self.customers.append(
            created=created,
            branch=np.where(rng.random(count) < 0.015, NO_BRANCH, branch),
            grade=rng.choice(len(GRADES), size=count, p=GRADE_SHARES),
            is_female=rng.random(count) < 0.57,
            birth=-rng.integers(20 * 365, 64 * 365, count),
            base=base,
            floor=np.where(rng.random(count) < 0.6, 0.7, 0.0),
            decay=rng.gamma(3.0, 40.0, count) + 10.0,
            loans=0,
            has_open_loan=False,
            is_active=True,
            updated=created,
            changed=-1,
        )
        self._open(rows, SAVINGS, created)
        also = rng.random(count) < 0.32
        self._open(rows[also], CURRENT, created[also] + 20 * 60 * SECOND)

    def _open(self, customers: np.ndarray, kind: int, created: np.ndarray) -> None:
        self.accounts.append(
            customer=customers,
            type=kind,
            branch=self.customers["branch"][customers],
            created=created,
            balance=0,
            used=created,
            is_dormant=False,
            updated=created,
            changed=-1,
        )

    def _enter(
        self, accounts: np.ndarray, kind: int, cents: np.ndarray, at: np.ndarray, created=None
    ) -> None:
        """Enter money moves into the ledger of the accounts; balances follow."""
        created = at if created is None else created
        self.entries.append(
            account=accounts,
            type=kind,
            cents=cents,
            at=at,
            created=created,
            period=self.periods,
            voided=-1,
        )
        np.add.at(self.accounts["balance"], accounts, ENTRY_SIGN[kind] * cents)
        self._touch(accounts, created)
        if BY_CUSTOMER[kind]:
            np.maximum.at(self.accounts["used"], accounts, at)
            self.accounts["is_dormant"][accounts] = False

    def _touch(self, accounts: np.ndarray, at: np.ndarray | int) -> None:
        np.maximum.at(self.accounts["updated"], accounts, at)
        self.accounts["changed"][accounts] = self.periods

    def _post(self, rng: np.random.Generator) -> None:
        """Deposits recorded late, and those whose payment was pending, reach the ledger."""
        is_due = self.postings["due"] <= self.periods
        due = self.postings.take(np.flatnonzero(is_due))
        self.postings.drop(is_due)
        now = self._times(rng, len(due["account"]))
        self._enter(due["account"], DEPOSIT, due["cents"], due["at"], now)
        paid = due["payment"] >= 0
        self._settle(rng, due["payment"][paid], now[paid])

    def _bank(self, rng: np.random.Generator) -> None:
        """Deposits and withdrawals, more of them around payday."""
        accounts, today = self.accounts, date_of(self.periods)
        customers = accounts["customer"]
        age = (self.periods * DAY + 6 * HOUR - accounts["created"]) / DAY
        floor = self.customers["floor"][customers]
        fading = floor + (1 - floor) * np.exp(
            -np.maximum(age, 0) / self.customers["decay"][customers]
        )
        payday = 1.4 if today.day >= 26 or today.day <= 3 else 1.0
        # An account opened today is used from tomorrow on.
        willing = self.customers["base"][customers] * fading * (age > 0)
        rates = np.cumsum(willing * self._rhythm * payday)
        count = rng.poisson(rates[-1])
        chosen = np.searchsorted(rates, rng.random(count) * rates[-1], side="right")
        cents = np.maximum(np.round(np.exp(rng.normal(7.7, 0.9, count))), 50).astype(np.int64) * 100
        at = self._times(rng, count)
        by_phone = rng.random(count) < 0.5
        is_late = ~by_phone & (rng.random(count) < 0.03)
        at_once = ~by_phone & ~is_late
        self._enter(chosen[at_once], DEPOSIT, cents[at_once], at[at_once])
        self.postings.append(
            due=self.periods + rng.integers(1, 21, int(is_late.sum())),
            account=chosen[is_late],
            cents=cents[is_late],
            at=at[is_late],
            payment=-1,
        )
        phoning = chosen[by_phone]
        rows, outcome = self._pay(
            rng, customers[phoning], phoning, -1, cents[by_phone], at[by_phone]
        )
        done, pending = outcome == SUCCESS, outcome == PENDING
        self._enter(phoning[done], DEPOSIT, cents[by_phone][done], at[by_phone][done])
        self.postings.append(
            due=self.periods + 1,
            account=phoning[pending],
            cents=cents[by_phone][pending],
            at=at[by_phone][pending],
            payment=rows[pending],
        )
        count = rng.poisson(1.1 * rates[-1])
        chosen = np.unique(np.searchsorted(rates, rng.random(count) * rates[-1], side="right"))
        share = rng.uniform(0.05, 0.6, len(chosen))
        cents = (accounts["balance"][chosen] * share).astype(np.int64)
        able = cents >= 10_000
        # After the deposits of the day, whatever their hour.
        at = self.periods * DAY + 21 * HOUR + rng.integers(0, HOUR, len(chosen))
        self._enter(chosen[able], WITHDRAWAL, cents[able], at[able])

    def _transfer(self, rng: np.random.Generator) -> None:
        """Transfers between customers; some fail, some are decided the next day."""
        transfers, accounts = self.transfers, self.accounts
        open_rows = np.flatnonzero(TEXT_OUTCOME[transfers["text"]] == PENDING)
        cents = transfers["cents"][open_rows]
        source = transfers["source"][open_rows]
        # One of each account a day, so that its balance cannot be spent twice.
        first = np.zeros(len(source), dtype=bool)
        first[np.unique(source, return_index=True)[1]] = True
        able = first & (accounts["balance"][source] >= cents) & (rng.random(len(source)) < 0.7)
        when = self.periods * DAY + 22 * HOUR + rng.integers(0, HOUR // 2, len(source))
        transfers["text"][open_rows] = np.where(able, 2, 5)
        transfers["updated"][open_rows] = when
        transfers["changed"][open_rows] = self.periods
        self._move(open_rows[able], when[able])

        count = rng.poisson(0.006 * self._rhythm * accounts.size)
        source = np.unique(rng.integers(0, accounts.size, count))
        target = rng.integers(0, accounts.size, len(source))
        cents = (accounts["balance"][source] * rng.uniform(0.02, 0.25, len(source))).astype("i8")
        when = self.periods * DAY + 22 * HOUR + rng.integers(HOUR // 2, HOUR, len(source))
        text = rng.choice(
            7, size=len(source), p=[0.015, 0.005, 0.88, 0.02, 0.01, 0.06, 0.01]
        ).astype(np.int8)
        able = (cents >= 5_000) & (source != target)
        rows = transfers.append(
            source=source[able],
            target=target[able],
            cents=cents[able],
            text=text[able],
            created=when[able],
            updated=when[able],
            period=self.periods,
            changed=-1,
        )
        done = TEXT_OUTCOME[transfers["text"][rows]] == SUCCESS
        self._move(rows[done], when[able][done])

    def _move(self, rows: np.ndarray, when: np.ndarray) -> None:
        moved = self.transfers.take(rows)
        self._enter(moved["source"], TRANSFER_OUT, moved["cents"], when)
        self._enter(moved["target"], TRANSFER_IN, moved["cents"], when)

    def _pay(
        self,
        rng: np.random.Generator,
        customers: np.ndarray,
        accounts: np.ndarray | int,
        loans: np.ndarray | int,
        cents: np.ndarray,
        at: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Payments through a provider: their rows, and their outcomes for now."""
        count = len(customers)
        text = rng.choice(7, size=count, p=[0.02, 0.005, 0.865, 0.04, 0.02, 0.04, 0.01])
        values = {
            "customer": customers,
            "is_anonymous": rng.random(count) < 0.004,
            "account": np.broadcast_to(accounts, count),
            "loan": np.broadcast_to(loans, count),
            "method": rng.choice(3, size=count, p=[0.72, 0.2, 0.08]),
            "cents": cents,
            "text": text,
            "created": at,
            "updated": at,
        }
        size = self.payments.size
        rows = self.payments.append(
            **values,
            reference=np.arange(size, size + count),
            period=self.periods,
            deleted=-1,
            changed=-1,
        )
        outcome = TEXT_OUTCOME[text]
        # The provider calls back a second time.
        twice = (outcome == SUCCESS) & (rng.random(count) < 0.006)
        again = {name: value[twice] for name, value in values.items()}
        again["created"] = again["updated"] = again["created"] + 90 * SECOND
        self.payments.append(
            **again, reference=rows[twice], period=self.periods, deleted=-1, changed=-1
        )
        return rows, outcome

    def _settle(self, rng: np.random.Generator, payments: np.ndarray, when: np.ndarray) -> None:
        """Pending payments succeed."""
        self.payments["text"][payments] = rng.choice([2, 3], size=len(payments), p=[0.9, 0.1])
        self.payments["updated"][payments] = when
        self.payments["changed"][payments] = self.periods

    def _keep_books(self, rng: np.random.Generator) -> None:
        """On the first of a month: interest, fees, dormancy and the costs of the month."""
        today, accounts = date_of(self.periods), self.accounts
        if today.day != 1:
            return
        rows = np.arange(accounts.size)
        at = np.full(accounts.size, self.periods * DAY + 22 * HOUR + HOUR // 2)
        for kind, (_, _, rate, fee) in enumerate(ACCOUNT_TYPES):
            of_kind = accounts["type"] == kind
            interest = np.round(accounts["balance"] * rate / 12).astype(np.int64)
            credited = of_kind & (interest >= 100)
            self._enter(rows[credited], INTEREST, interest[credited], at[credited])
            charged = of_kind & (accounts["balance"] >= fee) & (fee > 0)
            self._enter(rows[charged], ACCOUNT_FEE, np.full(charged.sum(), fee), at[charged])
        dormant = ~accounts["is_dormant"] & (accounts["used"] < (self.periods - 120) * DAY)
        accounts["is_dormant"][dormant] = True
        self._touch(rows[dormant], at[dormant])
        months = (today.year - 2025) * 12 + today.month
        for category, (_, base, growth) in enumerate(COSTS):
            self.costs.append(
                day=self.periods,
                category=category,
                cents=int(self.scale * base * growth**months * 100 * rng.uniform(0.92, 1.1)),
                period=self.periods,
            )

    # Loans

    def _lend(self, rng: np.random.Generator) -> None:
        """Applications, decisions, disbursements."""
        customers, loans = self.customers, self.loans
        is_known = customers["created"] < (self.periods - 7) * DAY
        eligible = np.flatnonzero(is_known & ~customers["has_open_loan"] & customers["is_active"])
        count = min(rng.poisson(6.6 * self._growth * self._rhythm), len(eligible))
        chosen = rng.choice(eligible, size=count, replace=False)
        product = rng.choice(
            len(LOAN_PRODUCTS), size=count, p=[product[-1] for product in LOAN_PRODUCTS]
        )
        terms, luck = [np.array(product[3]) for product in LOAN_PRODUCTS], rng.random(count)
        months = np.array(
            [
                terms[kind][int(part * len(terms[kind]))]
                for kind, part in zip(product, luck, strict=True)
            ],
            dtype=np.int64,
        )
        median = np.array([product[4] for product in LOAN_PRODUCTS])[product]
        trust = 1 + 0.2 * np.minimum(customers["loans"][chosen], 5)
        asked = median * trust * np.exp(rng.normal(0, 0.45, count))
        asked = np.maximum(np.round(asked / 50_000), 4).astype(np.int64) * 50_000
        cut = np.where(rng.random(count) < 0.2, rng.uniform(0.7, 0.95, count), 1.0)
        amount = np.maximum(np.round(asked * cut / 50_000), 1).astype(np.int64) * 50_000
        fee_rate = np.array([product[5] for product in LOAN_PRODUCTS])[product]
        approved = self.periods + rng.integers(0, 5, count)
        grade = customers["grade"][chosen]
        no_branch = rng.random(count) < 0.01
        at = self._times(rng, count)
        loans.append(
            customer=chosen,
            product=product,
            branch=np.where(no_branch, NO_BRANCH, customers["branch"][chosen]),
            account=self._account_of(chosen),
            applied=self.periods,
            approved=approved,
            disbursed=approved + rng.integers(0, 4, count),
            months=months,
            asked=asked,
            amount=amount,
            fee=np.round(amount * fee_rate).astype(np.int64),
            status=APPLIED,
            is_refused=rng.random(count) < REFUSED[grade],
            is_bad=False,
            contract=-1,
            paid=0,
            due=0,
            repaid=0,
            written_off=-1,
            written_off_cents=0,
            recovered=0,
            updated=at,
            changed=-1,
        )
        customers["has_open_loan"][chosen] = True
        self._decide()
        self._disburse(rng)

    def _account_of(self, customers: np.ndarray) -> np.ndarray:
        """The savings account of each customer."""
        savings = np.flatnonzero(self.accounts["type"] == SAVINGS)
        return savings[np.searchsorted(self.accounts["customer"][savings], customers)]

    def _change(self, rows: np.ndarray, status: int | None, hour: int) -> None:
        """Loans change, at a given hour of today."""
        if status is not None:
            self.loans["status"][rows] = status
        self.loans["updated"][rows] = self.periods * DAY + hour * HOUR
        self.loans["changed"][rows] = self.periods

    def _decide(self) -> None:
        loans = self.loans
        due = np.flatnonzero((loans["status"] == APPLIED) & (loans["approved"] == self.periods))
        refused = due[loans["is_refused"][due]]
        self._change(refused, REJECTED, 17)
        self.customers["has_open_loan"][loans["customer"][refused]] = False
        self._change(due[~loans["is_refused"][due]], APPROVED, 17)

    def _disburse(self, rng: np.random.Generator) -> None:
        loans = self.loans
        rows = np.flatnonzero((loans["status"] == APPROVED) & (loans["disbursed"] == self.periods))
        self._change(rows, ACTIVE, 18)
        at = np.full(len(rows), self.periods * DAY + 18 * HOUR)
        self._enter(loans["account"][rows], LOAN_DISBURSEMENT, loans["amount"][rows], at)
        with_fee = loans["fee"][rows] > 0
        self._enter(
            loans["account"][rows][with_fee], LOAN_FEE, loans["fee"][rows][with_fee], at[with_fee]
        )
        self.customers["loans"][loans["customer"][rows]] += 1
        self._agree(rows, 1, loans["amount"][rows], loans["months"][rows])
        secured = np.array([product[6] for product in LOAN_PRODUCTS])[loans["product"][rows]]
        for share in (1.0, 0.3):
            pledged = rows[secured & (rng.random(len(rows)) < share)]
            value = loans["amount"][pledged] * rng.uniform(0.5, 1.8, len(pledged)) * share
            self.collaterals.append(
                loan=pledged,
                kind=rng.integers(0, len(COLLATERAL_KINDS), len(pledged)),
                cents=np.round(value / 100_000).astype(np.int64) * 100_000,
                valued=self.periods,
                released=-1,
                period=self.periods,
                changed=-1,
            )

    def _agree(
        self, rows: np.ndarray, version: int, principal: np.ndarray, months: np.ndarray
    ) -> None:
        """Give loans a schedule from today: equal instalments, the last one takes the rest."""
        loans = self.loans
        rate = np.array([product[2] for product in LOAN_PRODUCTS])[loans["product"][rows]]
        interest = np.round(principal * rate * months / 12).astype(np.int64)
        contract = contract_of(principal, interest, months)
        contracts = self.contracts.append(
            loan=rows, version=version, effective=self.periods, **contract.columns
        )
        loans["contract"][rows] = contracts
        loans["paid"][rows] = 0
        loans["due"][rows] = 0
        place = np.repeat(np.arange(len(rows)), months)
        number = np.arange(len(place)) - np.repeat(np.cumsum(months) - months, months) + 1
        is_last = number == months[place]
        self.installments.append(
            loan=rows[place],
            contract=contracts[place],
            number=number,
            due=add_months(np.full(len(place), self.periods), number),
            principal=np.where(is_last, contract.last_principal[place], contract.principal[place]),
            interest=np.where(is_last, contract.last_interest[place], contract.interest[place]),
            period=self.periods,
            superseded=-1,
        )

    def _contract(self, rows: np.ndarray) -> Contract:
        """The schedule in force of each loan."""
        return Contract(**self.contracts.take(self.loans["contract"][rows]))

    def _fall_due(self, rng: np.random.Generator) -> None:
        """Instalments fall due; customers mean to pay on time, late, in part or not at all."""
        loans, today = self.loans, self.periods
        column = self.installments.take(np.flatnonzero(self.installments["due"] == today))
        is_open = np.isin(loans["status"][column["loan"]], (ACTIVE, RESTRUCTURED))
        is_open &= loans["contract"][column["loan"]] == column["contract"]
        rows = column["loan"][is_open]
        cents = (column["principal"] + column["interest"])[is_open]
        loans["due"][rows] += cents
        unpaid = loans["due"][rows] > loans["paid"][rows]
        rows, cents = rows[unpaid], cents[unpaid]
        count = len(rows)
        grade = self.customers["grade"][loans["customer"][rows]]
        turns, luck, share = rng.random(count), rng.random(count), rng.uniform(0.3, 0.8, count)
        delay, rest = rng.geometric(0.13, count), rng.integers(3, 22, count)
        was_bad = loans["is_bad"][rows]
        is_bad = was_bad | (turns < GOES_BAD[grade])
        loans["is_bad"][rows] = is_bad
        # A customer who pays the next instalment with this one, or the whole loan.
        early, ahead = luck > 0.985, (luck > 0.955) & (luck <= 0.985)
        late = luck > np.minimum(PUNCTUAL[grade], 0.955) - 0.04
        partly = late & (luck <= np.minimum(PUNCTUAL[grade], 0.955))
        late &= ~partly & ~early & ~ahead
        self._mean(rows[~is_bad & early], PAYOFF, 0, today)
        self._mean(rows[~is_bad & ahead], INSTALLMENT, 2 * cents[~is_bad & ahead], today)
        on_time = ~is_bad & ~late & ~partly & ~early & ~ahead
        self._mean(rows[on_time], INSTALLMENT, cents[on_time], today)
        slow = ~is_bad & late
        self._mean(rows[slow], INSTALLMENT, cents[slow], today + delay[slow])
        part = np.round(cents * share).astype(np.int64)
        split = ~is_bad & partly
        self._mean(rows[split], INSTALLMENT, part[split], today)
        self._mean(rows[split], INSTALLMENT, (cents - part)[split], today + rest[split])
        little = was_bad & (luck < 0.18)
        self._mean(rows[little], INSTALLMENT, part[little], today + rest[little])
        cured = was_bad & (luck >= 0.18) & (luck < 0.28)
        self._mean(rows[cured], CURE, 0, today + rest[cured])
        loans["is_bad"][rows[cured]] = False

    def _mean(
        self,
        rows: np.ndarray,
        kind: int | np.ndarray,
        cents: np.ndarray | int,
        due: np.ndarray | int,
        payment: np.ndarray | int = -1,
    ) -> None:
        self.intentions.append(
            loan=rows,
            contract=self.loans["contract"][rows],
            kind=np.broadcast_to(kind, len(rows)),
            cents=np.broadcast_to(cents, len(rows)),
            due=np.broadcast_to(due, len(rows)),
            payment=np.broadcast_to(payment, len(rows)),
        )

    def _repay(self, rng: np.random.Generator) -> None:
        """What customers mean to pay today: from the account, in cash, or through a provider."""
        loans = self.loans
        is_due = self.intentions["due"] <= self.periods
        column = self.intentions.take(np.flatnonzero(is_due))
        self.intentions.drop(is_due)
        # One of each loan a day; a pending payment before others.
        order = np.lexsort((np.arange(len(column["loan"])), -column["payment"], column["loan"]))
        first = np.zeros(len(order), dtype=bool)
        first[order[np.unique(column["loan"][order], return_index=True)[1]]] = True
        later = {name: values[~first] for name, values in column.items()}
        self.intentions.append(**later | {"due": np.full(len(later["due"]), self.periods + 1)})
        valid = first & np.isin(loans["status"][column["loan"]], (ACTIVE, RESTRUCTURED))
        valid &= loans["contract"][column["loan"]] == column["contract"]
        column = {name: values[valid] for name, values in column.items()}
        rows, kind, payment = column["loan"], column["kind"], column["payment"]

        contract, paid = self._contract(rows), loans["paid"][rows]
        paid_principal, paid_interest = allocate(contract, paid)
        overdue = np.maximum(loans["due"][rows] - paid, 0)
        due_interest = np.maximum(allocate(contract, loans["due"][rows])[1] - paid_interest, 0)
        settles = kind == PAYOFF
        payoff = contract.total_principal - paid_principal + due_interest
        cents = np.select([settles, kind == CURE], [payoff, overdue], column["cents"])
        cents = np.minimum(cents, contract.total - paid)
        days_late = arrears_days(contract, paid, self.periods)
        is_punished = (days_late > 5) & (rng.random(len(rows)) < 0.6)
        penalty = np.where(is_punished, np.round(overdue * 0.02), 0).astype(np.int64)
        # A payment that was pending has its amount already.
        known = payment >= 0
        whole = np.where(known, self.payments["cents"][np.maximum(payment, 0)], cents + penalty)
        cents = np.minimum(cents, whole)
        penalty = whole - cents

        route = rng.random(len(rows))
        at = self.periods * DAY + 19 * HOUR + rng.integers(0, HOUR, len(rows))
        wanted = cents > 0
        funds = self.accounts["balance"][loans["account"][rows]]
        by_account = wanted & ~known & (route < 0.2) & (funds >= whole)
        by_cash = wanted & ~known & (route > 0.85)
        by_phone = wanted & ~known & ~by_account & ~by_cash
        accounts = loans["account"][rows]
        self._enter(accounts[by_account], LOAN_REPAYMENT, whole[by_account], at[by_account])
        phoning = rows[by_phone]
        payments, outcome = self._pay(
            rng, loans["customer"][phoning], -1, phoning, whole[by_phone], at[by_phone]
        )
        payment = payment.copy()
        payment[by_phone] = payments
        succeeded = by_account | by_cash | (known & wanted)
        succeeded[by_phone] = outcome == SUCCESS
        self._settle(rng, payment[known & wanted], at[known & wanted])
        failed, pending = by_phone.copy(), by_phone.copy()
        failed[by_phone], pending[by_phone] = outcome == FAILED, outcome == PENDING
        again = self.periods + rng.integers(1, 4, len(rows))
        self._mean(rows[failed], kind[failed], column["cents"][failed], again[failed])
        self._mean(rows[pending], kind[pending], cents[pending], self.periods + 1, payment[pending])

        # Cash taken in the field is sometimes recorded weeks later; never of a loan in arrears.
        is_final = settles | (paid + cents >= contract.total)
        lag = rng.integers(3, 26, len(rows))
        is_late = by_cash & ~is_final & (days_late <= 0) & (rng.random(len(rows)) < 0.15)
        new_principal, _ = allocate(contract, paid + cents)
        principal = np.where(
            settles, contract.total_principal - paid_principal, new_principal - paid_principal
        )
        principal = np.minimum(principal, cents)
        interest = cents - principal
        done = succeeded
        self.repayments.append(
            loan=rows[done],
            payment=payment[done],
            day=self.periods,
            principal=principal[done],
            interest=interest[done],
            penalty=penalty[done],
            created=(at + np.where(is_late, lag, 0) * DAY)[done],
            period=(self.periods + np.where(is_late, lag, 0))[done],
        )
        loans["paid"][rows[done]] += cents[done]
        loans["repaid"][rows[done]] += principal[done]
        self._change(rows[done], None, 20)
        self._complete(rows[done & is_final])

    def _complete(self, rows: np.ndarray) -> None:
        """Loans are repaid: collateral goes back, the customer may borrow again."""
        self._change(rows, COMPLETED, 20)
        self.customers["has_open_loan"][self.loans["customer"][rows]] = False
        collaterals = self.collaterals
        released = np.isin(collaterals["loan"], rows) & (collaterals["released"] < 0)
        collaterals["released"][released] = self.periods
        collaterals["changed"][released] = self.periods

    def _collect(self, rng: np.random.Generator) -> None:
        """Restructure loans in arrears, write off those long in arrears, recover some of these."""
        loans = self.loans
        rows = np.flatnonzero(np.isin(loans["status"], (ACTIVE, RESTRUCTURED)))
        contract = self._contract(rows)
        days_late = arrears_days(contract, loans["paid"][rows], self.periods)
        outstanding = loans["amount"][rows] - loans["repaid"][rows]
        luck = rng.random(len(rows))
        month_end = date_of(self.periods).day == 28
        lost = (days_late > 150) & (luck < 0.55) & month_end
        loans["written_off"][rows[lost]] = self.periods
        loans["written_off_cents"][rows[lost]] = outstanding[lost]
        self._change(rows[lost], WRITTEN_OFF, 21)

        eased = ~lost & (days_late > 30) & (days_late <= 150) & (contract.version == 1)
        eased &= (luck < 0.005) & (outstanding >= 100_000)
        chosen = rows[eased]
        self._supersede(chosen)
        months = np.maximum(contract.count[eased] // 2, 3) + 3
        self._agree(chosen, 2, outstanding[eased], months)
        loans["is_bad"][chosen] = rng.random(len(chosen)) < 0.35
        self._change(chosen, RESTRUCTURED, 21)

        gone = np.flatnonzero((loans["written_off"] >= 0) & (loans["written_off"] < self.periods))
        part = np.round(loans["written_off_cents"][gone] * rng.uniform(0.03, 0.12, len(gone)))
        part = part.astype(np.int64)
        paying = rng.random(len(gone)) < 0.03
        paying &= loans["recovered"][gone] + part <= 0.6 * loans["written_off_cents"][gone]
        paying &= part > 0
        chosen = gone[paying]
        self.repayments.append(
            loan=chosen,
            payment=-1,
            day=self.periods,
            principal=part[paying],
            interest=0,
            penalty=0,
            created=self.periods * DAY + 20 * HOUR,
            period=self.periods,
        )
        loans["recovered"][chosen] += part[paying]
        self._change(chosen, None, 20)

    def _supersede(self, rows: np.ndarray) -> None:
        installments = self.installments
        replaced = np.isin(installments["contract"], self.loans["contract"][rows])
        installments["superseded"][replaced] = self.periods

    # Investments

    def _invest(self, rng: np.random.Generator) -> None:
        """Investments are bought, earn by month, mature, and are broken now and then."""
        investments, accounts = self.investments, self.accounts
        product = int(rng.choice(3, p=[product[-1] for product in INVESTMENT_PRODUCTS]))
        _, _, rate, months, least, _ = INVESTMENT_PRODUCTS[product]
        able = np.flatnonzero(accounts["balance"] > 1.5 * least)
        count = min(rng.poisson(2.2 * self._growth * self._rhythm), len(able))
        chosen = rng.choice(able, size=count, replace=False)
        cents = accounts["balance"][chosen] * rng.uniform(0.3, 0.7, count)
        cents = np.maximum(cents // 10_000 * 10_000, least).astype(np.int64)
        start = np.full(count, self.periods)
        end = add_months(start, months)
        at = self.periods * DAY + 22 * HOUR + 40 * 60 * SECOND
        investments.append(
            customer=accounts["customer"][chosen],
            account=chosen,
            product=product,
            cents=cents,
            total=cents + np.round(cents * rate * (end - start) / 365).astype(np.int64),
            start=start,
            end=end,
            earned=0,
            closed=-1,
            status=HELD,
            created=at,
            updated=at,
            period=self.periods,
            changed=-1,
        )
        self._enter(chosen, INVESTMENT_PURCHASE, cents, np.full(count, at))

        is_older = investments["period"] < self.periods
        held = np.flatnonzero((investments["status"] == HELD) & is_older)
        column = investments.take(held)
        term = np.array([product[3] for product in INVESTMENT_PRODUCTS])[column["product"]]
        due = add_months(column["start"], column["earned"] + 1) == self.periods
        interest = column["total"] - column["cents"]
        is_last = column["earned"] + 1 == term
        share = np.where(is_last, interest - (term - 1) * (interest // term), interest // term)
        due &= share > 0
        at = np.full(len(held), self.periods * DAY + 22 * HOUR + 50 * 60 * SECOND)
        self.earnings.append(
            investment=held[due], day=self.periods, cents=share[due], period=self.periods
        )
        self._enter(column["account"][due], INVESTMENT_EARNING, share[due], at[due])
        investments["earned"][held[due]] += 1
        matured = column["end"] == self.periods
        self._pay_back(held[matured], MATURED)
        broken = ~matured & (rng.random(len(held)) < 0.0006)
        rows = held[broken]
        investments["total"][rows] = investments["cents"][rows] + (
            investments["earned"][rows] * (interest // term)[broken]
        )
        self._pay_back(rows, WITHDRAWN)

    def _pay_back(self, rows: np.ndarray, status: int) -> None:
        investments = self.investments
        at = np.full(len(rows), self.periods * DAY + 22 * HOUR + 50 * 60 * SECOND)
        self._enter(investments["account"][rows], INVESTMENT_RETURN, investments["cents"][rows], at)
        investments["status"][rows] = status
        investments["closed"][rows] = self.periods
        investments["updated"][rows] = at
        investments["changed"][rows] = self.periods

    # What goes wrong, and the proof that a day is over

    def _go_wrong(self, rng: np.random.Generator) -> None:
        """Entries voided, balances corrected by hand, payments deleted, customers who leave."""
        happens = rng.random(4) < (0.15, 0.012, min(0.5, 0.5 * self.scale), 0.1)
        place, part = rng.random(4), rng.uniform(-0.2, 0.2)
        accounts, entries, payments = self.accounts, self.entries, self.payments
        evening = self.periods * DAY + 23 * HOUR
        if self.periods < 30:
            return
        if happens[0]:
            first = np.searchsorted(entries["period"], self.periods - 30)
            recent = np.arange(first, np.searchsorted(entries["period"], self.periods - 3))
            candidates = recent[
                (entries["type"][recent] == DEPOSIT)
                & (entries["voided"][recent] < 0)
                & (entries["account"][recent] > 0)
                & (accounts["balance"][entries["account"][recent]] >= entries["cents"][recent])
            ]
            if len(candidates):
                row = candidates[int(place[0] * len(candidates))]
                entries["voided"][row] = self.periods
                accounts["balance"][entries["account"][row]] -= entries["cents"][row]
                self._touch(entries["account"][[row]], evening)
        if happens[1]:
            row = np.array([1 + int(place[1] * (accounts.size - 1))])
            change = np.maximum((accounts["balance"][row] * part).astype(np.int64), 100)
            accounts["balance"][row] += change
            self._touch(row, evening)
        if happens[2]:
            candidates = np.flatnonzero(
                (TEXT_OUTCOME[payments["text"]] == FAILED)
                & (payments["deleted"] < 0)
                & (payments["period"] < self.periods - 5)
            )
            if len(candidates):
                payments["deleted"][candidates[int(place[2] * len(candidates))]] = self.periods
        if happens[3]:
            row = 1 + int(place[3] * (self.customers.size - 1))
            if not self.customers["has_open_loan"][row]:
                self.customers["is_active"][row] = False
                self.customers["updated"][row] = evening
                self.customers["changed"][row] = self.periods

    def _begin_next_day(self, rng: np.random.Generator) -> None:
        """An agent deposits his takings after midnight: the first entry of each new day."""
        at = np.array([(self.periods + 1) * DAY + rng.integers(600, 6_000) * SECOND])
        self._enter(np.array([0]), DEPOSIT, np.array([100_000]), at)
