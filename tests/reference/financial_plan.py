"""A second computation of the financial plan, in plain Python, month by month.

Written from the rules in docs/decisions/financial-plan.md, not from the models: one plan at a time
walks through its months, ages its cohorts and asks each bank for its fee; nothing is joined, and no
power is taken but of the tail of retention. It reads what months, cohorts and banks were, which
other tests prove, and knows nothing of what was projected. Slow, and easy to check by reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

ZERO, ONE = Decimal(0), Decimal(1)
PLANNED_MONTHS = 24
CAC_MONTHS = 3
LEAST_COHORTS = 3
TAIL_MONTHS = 3
STATUS_MONTHS = 3
REVENUE_PER_TRANSACTION = Decimal("0.10")


@dataclass(frozen=True)
class Month:
    """A complete month as it was; amounts that no source has ever told are None."""

    start: date
    mau: int
    new_users: int
    transactions: int
    volume: Decimal
    revenue: Decimal | None
    bank_fee: Decimal | None
    operating_cost: Decimal | None
    cogs: Decimal | None
    spend: Decimal | None
    burn: Decimal | None

    @property
    def cost(self) -> Decimal | None:
        if self.operating_cost is None or self.spend is None:
            return None
        return self.operating_cost + self.spend


@dataclass(frozen=True)
class Cohort:
    """Users who signed up in a month, and how many of them sent in which month."""

    start: date
    size: int
    active: dict[date, int]


@dataclass(frozen=True)
class Fee:
    """What a bank in contract owed for a month, and when its contract ends."""

    fixed: Decimal
    of_volume: Decimal
    ends: date | None


@dataclass(frozen=True)
class Assumptions:
    """A scenario."""

    user_growth: Decimal
    transactions_per_user_growth: Decimal
    amount_growth: Decimal
    variable_cost: Decimal
    fixed_cost_growth: Decimal
    spend_growth: Decimal
    cac_growth: Decimal
    retention_factor: Decimal
    opening_cash: Decimal
    as_of: date | None


@dataclass(frozen=True)
class Planned:
    """A month of a plan, as it is published."""

    number: int
    start: date
    new_users: int | None
    mau: int
    transactions: int
    volume: Decimal
    bank_fee: Decimal
    revenue: Decimal
    cost: Decimal
    burn: Decimal
    cash: Decimal

    @property
    def runway(self) -> Decimal | None:
        return rounded(max(self.cash, ZERO) / self.burn, 8) if self.burn > 0 else None


@dataclass
class Book:
    """All that the plan is made of.

    Attributes:
        months: complete months in order.
        cohorts: of all sign-up months.
        fees: those of each month, by its first day.
        scenarios: by name.
    """

    months: list[Month]
    cohorts: list[Cohort]
    fees: dict[date, list[Fee]]
    scenarios: dict[str, Assumptions] = field(default_factory=dict)

    def cash(self, scenario: str, at: date) -> Decimal:
        """What was left at the end of a complete month."""
        of = self.scenarios[scenario]
        dated = of.as_of or self.months[-1].start
        cash = of.opening_cash
        for month in self.months:
            if dated < month.start <= at:
                cash -= month.burn or ZERO
            if at < month.start <= dated:
                cash += month.burn or ZERO
        return cash

    def retention(self, origin: date) -> Callable[[int], Decimal] | None:
        """Share of a cohort that is active at an age, as known at the end of a month."""
        rates: list[Decimal] = []
        while True:
            reached = [
                (cohort.size, cohort.active[month])
                for cohort in self.cohorts
                if (month := later(cohort.start, len(rates))) <= origin
            ]
            if len(reached) < LEAST_COHORTS:
                break
            size, active = (sum(part) for part in zip(*reached, strict=True))
            rates.append(rounded(Decimal(active) / size, 8))
        last = len(rates) - 1
        if last < 1:
            return None
        length = min(TAIL_MONTHS, last - 1)
        survival = ONE
        if length and ZERO < rates[last - length] > rates[last]:
            lost = rates[last] / rates[last - length]
            survival = rounded(lost ** (ONE / length), 8) if lost else ZERO

        def at(age: int) -> Decimal:
            rate = rates[min(age, last)]
            for _ in range(age - last):
                rate *= survival
            return rate

        return at

    def plan(self, origin: date, scenario: str, method: str) -> list[Planned]:
        """The plan that somebody would have made at the end of a month; empty where none can be."""
        with localcontext() as context:
            context.prec = 60
            return list(self._walk(origin, scenario, method))

    def _walk(self, origin: date, scenario: str, method: str) -> Iterator[Planned]:
        of = self.scenarios[scenario]
        place = next(n for n, month in enumerate(self.months) if month.start == origin)
        base = self.months[place]
        retention = self.retention(origin)
        window = self.months[max(place - CAC_MONTHS + 1, 0) : place + 1]
        came = sum(month.new_users for month in window)
        spent = None if base.spend is None else sum((month.spend for month in window), ZERO)
        if method == "cohort" and (retention is None or not came or not spent):
            return
        users = Decimal(base.mau)
        per_user = Decimal(base.transactions) / base.mau if base.mau else ZERO
        volume_per_user = base.volume / base.mau if base.mau else ZERO
        fixed = ZERO if base.operating_cost is None else base.operating_cost - base.cogs
        spend, cash = base.spend or ZERO, self.cash(scenario, origin)
        cac = spent / came if method == "cohort" else ONE
        sizes = {one.start: Decimal(one.size) for one in self.cohorts if one.start <= origin}
        for number in range(1, PLANNED_MONTHS + 1):
            start = later(origin, number)
            fixed *= 1 + of.fixed_cost_growth
            spend *= 1 + of.spend_growth
            per_user *= 1 + of.transactions_per_user_growth
            volume_per_user *= (1 + of.transactions_per_user_growth) * (1 + of.amount_growth)
            new_users = None
            if method == "compound":
                users *= 1 + of.user_growth
            else:
                cac *= 1 + of.cac_growth
                new_users = sizes[start] = spend / cac
                users = sum(
                    (
                        size * min(ONE, of.retention_factor * retention(apart(came_in, start)))
                        for came_in, size in sizes.items()
                    ),
                    ZERO,
                )
            transactions, volume = users * per_user, users * volume_per_user
            fee = base.bank_fee or ZERO
            if method == "cohort":
                grown = volume / base.volume if base.volume else ZERO
                fee = sum(
                    (
                        bank.fixed + bank.of_volume * grown
                        for bank in self.fees.get(origin, [])
                        if bank.ends is None or bank.ends >= start
                    ),
                    ZERO,
                )
            revenue = rounded(transactions * REVENUE_PER_TRANSACTION + fee, 2)
            cost = rounded(fixed + spend + transactions * of.variable_cost, 2)
            cash -= cost - revenue
            yield Planned(
                number=number,
                start=start,
                new_users=None if new_users is None else int(rounded(new_users, 0)),
                mau=int(rounded(users, 0)),
                transactions=int(rounded(transactions, 0)),
                volume=rounded(volume, 2),
                bank_fee=rounded(fee, 2),
                revenue=revenue,
                cost=cost,
                burn=cost - revenue,
                cash=cash,
            )


def rounded(value: Decimal, places: int) -> Decimal:
    """Half away from zero, by way of four places more, as the marts round."""
    for digits in (places + 4, places):
        value = value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return value


def later(month: date, months: int) -> date:
    """The first day of the month so many months after another's."""
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def apart(first: date, second: date) -> int:
    """Calendar months from one month to another."""
    return (second.year - first.year) * 12 + second.month - first.month


def share_off(planned: Decimal, actual: Decimal | None) -> Decimal | None:
    """Absolute percentage error."""
    return rounded(abs(Decimal(planned) - actual) / actual, 8) if actual else None


def standing(actual: Decimal | None, bear: Decimal, bull: Decimal) -> str | None:
    """Where what came lies to the band of a plan."""
    if actual is None:
        return None
    if actual < min(bear, bull):
        return "below_plan"
    return "above_plan" if actual > max(bear, bull) else "on_plan"


def read_book(rows: Callable[[str], list[tuple]]) -> Book:
    """The book of a built house.

    Args:
        rows: runs a query on its warehouse.
    """
    months = [
        Month(*row)
        for row in rows(
            "select month_start, mau, new_user_count, completed_transaction_count, "
            "monthly_transaction_volume, revenue_total, bank_fee_amount, operating_cost_amount, "
            "cogs_amount, marketing_spend_amount, burn_total from marts.wallet_monthly_metrics "
            "where is_complete_period order by month_start"
        )
    ]
    cohorts: dict[date, Cohort] = {}
    for start, size, month, active in rows(
        "select cohort_month, cohort_user_count, activity_month, active_user_count "
        "from marts.cohort_retention_monthly where is_complete_period"
    ):
        cohorts.setdefault(start, Cohort(start, size, {})).active[month] = active
    fees: dict[date, list[Fee]] = {}
    for month, fixed, fee, ends in rows(
        "select statement.month_start, statement.monthly_fee_amount, statement.fee_amount, "
        "bank.contract_end_date from marts.bank_statement_monthly as statement "
        "join marts.dim_bank_partnerships as bank on bank.bank_code = statement.bank_code "
        "where statement.is_in_contract"
    ):
        fees.setdefault(month, []).append(Fee(fixed, fee - fixed, ends))
    scenarios = {
        name: Assumptions(*values)
        for name, *values in rows(
            "select scenario, monthly_user_growth_rate, transactions_per_user_growth_rate, "
            "average_amount_growth_rate, variable_cost_per_transaction, fixed_cost_growth_rate, "
            "marketing_spend_growth_rate, cac_growth_rate, retention_factor, opening_cash_amount, "
            "as_of_month from raw_seeds.projection_assumptions"
        )
    }
    return Book(months, list(cohorts.values()), fees, scenarios)
