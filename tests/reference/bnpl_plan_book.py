"""A second implementation of what payment plans owe, in plain Python, from the rows of the OLTP.

Written from the rules in docs/decisions/bnpl.md, not from the models: refunds cut a list of
instalments from its end, and money is poured into what is left, one component after the other;
nothing is cumulated, joined or looked up. Slow, and easy to check by reading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)
ZONE = "Africa/Addis_Ababa"
WATERFALL = ("fee", "interest", "principal")
BUCKETS = (
    ("90_AND_OVER", 90),
    ("60-89", 60),
    ("30-59", 30),
    ("4-29", 4),
    ("1-3", 1),
    ("CURRENT", 0),
)


@dataclass(frozen=True)
class Installment:
    """One row of a schedule, in force from its effective day until it is superseded."""

    number: int
    due: date
    principal: Decimal
    interest: Decimal
    effective: date
    superseded: date | None = None


@dataclass(frozen=True)
class Fee:
    """A late fee of the instalment with a number."""

    number: int
    amount: Decimal
    assessed: date
    waived: date | None = None


@dataclass(frozen=True)
class Attempt:
    """A row of the payments; ``order`` tells which of two deliveries came first."""

    key: str
    attempt: int
    status: str
    amount: Decimal
    order: tuple
    settled: date | None = None
    charged_back: date | None = None


@dataclass
class Line:
    """What one instalment asks for on a day, and what of it is paid."""

    number: int
    due: date
    owed: dict[str, Decimal]
    paid: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(WATERFALL, ZERO))

    @property
    def left(self) -> Decimal:
        return sum(self.owed.values(), ZERO) - sum(self.paid.values(), ZERO)


@dataclass(frozen=True)
class State:
    """A plan at the end of a day."""

    principal: Decimal
    outstanding_principal: Decimal
    outstanding_interest: Decimal
    outstanding_fee: Decimal
    accrued_interest: Decimal
    prepaid_interest: Decimal
    covered: Decimal
    receivable: Decimal
    credit_balance: Decimal
    repaid_principal: Decimal
    refunded: Decimal
    written_off: Decimal
    recovered: Decimal
    days_past_due: int
    is_disputed: bool

    @property
    def bucket(self) -> str:
        return next(name for name, first in BUCKETS if self.days_past_due >= first)

    @property
    def is_active(self) -> bool:
        """Principal is owed: the plan is in the denominator of delinquency."""
        return self.outstanding_principal > 0


@dataclass
class Plan:
    """An activated plan with all that happened to it."""

    plan_type: str
    principal: Decimal
    activated: date
    written_off: date | None = None
    installments: list[Installment] = field(default_factory=list)
    fees: list[Fee] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    # (day, amount), in the order in which they were made
    refunds: list[tuple[date, Decimal]] = field(default_factory=list)
    # (opened, resolved)
    disputes: list[tuple[date, date | None]] = field(default_factory=list)

    def state(self, day: date) -> State:
        """What the plan is at the end of a day, from its activation on."""
        lost = self.written_off is not None and self.written_off <= day
        at = self.written_off if lost else day
        refunds = [refund for refund in self.refunds if refund[0] <= at]
        lines = self._lines(at, refunds)
        money = self._money(at) - self._returned(refunds)
        rest = pour(money, lines)

        def total(part: str, lines: list[Line], of: str) -> Decimal:
            return sum((getattr(line, of)[part] for line in lines), ZERO)

        due = [line for line in lines if line.due <= at]
        ahead = [line for line in lines if line.due > at]
        owed = total("principal", lines, "owed")
        repaid = total("principal", lines, "paid")
        fees = total("fee", lines, "owed")
        accrued = total("interest", due, "owed")
        outstanding = owed - repaid
        refunded = sum((amount for _, amount in refunds), ZERO)
        assert self.principal == repaid + outstanding + refunded
        opened = [
            opened
            for opened, resolved in self.disputes
            if opened <= at and (resolved is None or resolved > at)
        ]
        is_active = outstanding > 0 and not lost
        interest_left = accrued - total("interest", due, "paid")
        fees_left = fees - total("fee", lines, "paid")
        return State(
            principal=self.principal,
            outstanding_principal=ZERO if lost else outstanding,
            outstanding_interest=ZERO if lost else interest_left,
            outstanding_fee=ZERO if lost else fees_left,
            accrued_interest=accrued,
            prepaid_interest=total("interest", ahead, "paid"),
            covered=sum((sum(line.paid.values(), ZERO) for line in lines), ZERO),
            receivable=ZERO if lost else owed + accrued + fees - money,
            credit_balance=ZERO if lost else max(rest, ZERO),
            repaid_principal=repaid,
            refunded=refunded,
            written_off=outstanding if lost else ZERO,
            recovered=self._recovered(day),
            days_past_due=days_past_due(lines, at, opened) if is_active else 0,
            is_disputed=bool(opened) and is_active,
        )

    def payments(self) -> list[Attempt]:
        """The attempt of each idempotency key that counts."""
        by_key: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in self.attempts:
            by_key[attempt.key].append(attempt)
        return [counting(attempts) for attempts in by_key.values()]

    def _money(self, day: date) -> Decimal:
        """Paid by a day, less what was charged back by it."""
        money = ZERO
        for payment in self.payments():
            if payment.settled is not None and payment.settled <= day:
                money += payment.amount
            if payment.charged_back is not None and payment.charged_back <= day:
                money -= payment.amount
        return money

    def _returned(self, refunds: list[tuple[date, Decimal]]) -> Decimal:
        """Given back to the customer on days of refunds; never more than all refunds so far."""
        returned = allowed = ZERO
        for count, (day, amount) in enumerate(refunds, start=1):
            allowed += amount
            asked = sum(
                (sum(line.owed.values()) for line in self._lines(day, refunds[:count])), ZERO
            )
            returned += min(allowed - returned, max(self._money(day) - returned - asked, ZERO))
        return returned

    def _recovered(self, day: date) -> Decimal:
        """Paid after the write-off by a day, less what was taken back after it."""
        recovered, lost = ZERO, self.written_off
        for payment in self.payments() if lost is not None else ():
            if payment.settled is not None and lost < payment.settled <= day:
                recovered += payment.amount
            if payment.charged_back is not None and lost < payment.charged_back <= day:
                recovered -= payment.amount
        return recovered

    def _lines(self, day: date, refunds: list[tuple[date, Decimal]]) -> list[Line]:
        """The instalments in force on a day, cut by refunds, in order of their due dates."""
        in_force = [
            installment
            for installment in self.installments
            if installment.effective <= day
            and (installment.superseded is None or installment.superseded > day)
        ]
        lines = []
        for installment in sorted(in_force, key=lambda one: (one.due, one.number)):
            fee = sum(
                (
                    fee.amount
                    for fee in self.fees
                    if fee.number == installment.number
                    and fee.assessed <= day
                    and (fee.waived is None or fee.waived > day)
                ),
                ZERO,
            )
            owed = {
                "fee": fee,
                "interest": installment.interest,
                "principal": installment.principal,
            }
            lines.append(Line(installment.number, installment.due, owed))
        for refunded_on, amount in refunds:
            for line in reversed(lines):
                cut = min(amount, line.owed["principal"])
                line.owed["principal"] -= cut
                amount -= cut
                if cut and not line.owed["principal"] and line.due > refunded_on:
                    line.owed["interest"] = ZERO
        return lines


def counting(attempts: list[Attempt]) -> Attempt:
    """Of the attempts of one key: the lowest that succeeded, else the highest; first delivery."""
    succeeded = [one for one in attempts if one.status in ("SUCCESS", "CHARGEBACK")]
    if succeeded:
        return min(succeeded, key=lambda one: (one.attempt, one.order))
    highest = max(one.attempt for one in attempts)
    return min((one for one in attempts if one.attempt == highest), key=lambda one: one.order)


def pour(money: Decimal, lines: list[Line]) -> Decimal:
    """Pay lines from the first on, component by component; return what is left over."""
    for line in lines:
        for part in WATERFALL:
            used = max(min(money, line.owed[part]), ZERO)
            line.paid[part] = used
            money -= used
    return money


def days_past_due(lines: list[Line], day: date, disputes_opened: list[date]) -> int:
    """Days since the oldest unpaid instalment was due; an open dispute stops the clock."""
    overdue = [line.due for line in lines if line.left > 0 and line.due < day]
    if not overdue:
        return 0
    return max((min([day, *disputes_opened]) - min(overdue)).days, 0)


def read_plans(rows: Callable[[str], list[tuple]], as_of: date) -> dict[str, Plan]:
    """The plans of the OLTP that were activated by a day, by identifier.

    Args:
        rows: runs a query on the OLTP.
    """

    def day(column: str) -> str:
        return f"({column} at time zone '{ZONE}')::date"

    plans, orders, installment_of = {}, {}, {}
    for plan, order, kind, principal, activated, lost in rows(
        "select id::text, order_id::text, upper(trim(plan_type)), principal, "
        f"{day('activated_at')}, {day('written_off_at')} from bnpl.payment_plans "
        "where activated_at is not null"
    ):
        if activated <= as_of:
            plans[plan] = Plan(kind, principal, activated, lost)
            orders[order] = plans[plan]
    for identifier, plan, number, *amounts in rows(
        f"select id::text, plan_id::text, number, due_date, principal, interest, "
        f"{day('created_at')}, {day('superseded_at')} from bnpl.installments"
    ):
        if plan in plans:
            installment_of[identifier] = (plans[plan], number)
            plans[plan].installments.append(Installment(number, *amounts))
    for identifier, *fee in rows(
        f"select installment_id::text, fee, {day('assessed_at')}, {day('waived_at')} "
        "from bnpl.fee_assessments"
    ):
        if identifier in installment_of:
            plan_book, number = installment_of[identifier]
            plan_book.fees.append(Fee(number, *fee))
    for plan, key, attempt, status, amount, initiated, identifier, *days in rows(
        "select plan_id::text, idempotency_key, attempt, upper(trim(status)), amount, "
        f"initiated_at, id::text, {day('settled_at')}, {day('charged_back_at')} from bnpl.payments"
    ):
        if plan in plans:
            plans[plan].attempts.append(
                Attempt(key, attempt, status, amount, (initiated, identifier), *days)
            )
    for order, refunded_on, amount in rows(
        f"select entity_id::text, {day('occurred_at')}, amount from bnpl.audit_log "
        "where entity = 'orders' and event = 'REFUNDED' order by entity_id, sequence"
    ):
        if order in orders:
            orders[order].refunds.append((refunded_on, amount))
    for order, *dispute in rows(
        f"select order_id::text, {day('opened_at')}, {day('resolved_at')} from bnpl.disputes"
    ):
        if order in orders:
            orders[order].disputes.append(tuple(dispute))
    return plans
