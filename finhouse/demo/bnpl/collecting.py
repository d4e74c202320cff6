"""Money: what customers mean to pay, the attempts to collect it, and what becomes of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl.orders import cancel, capture
from finhouse.demo.bnpl.plans import activate, change_plans
from finhouse.demo.bnpl.receivable import Standing, standing
from finhouse.demo.bnpl.vocabulary import (
    ACTIVE,
    AHEAD,
    ALL_DUE,
    CARD,
    DEFAULTED,
    DRAFT,
    FAILED,
    LATE_METHOD,
    METHOD_FAILS,
    METHOD_SHARES,
    OUTCOME_TEXTS,
    PART,
    PAY_IN_4,
    PAY_IN_FULL,
    PAYOFF,
    PENDING,
    PLAN_CANCELLED,
    PUNCTUAL,
    RECOVERY,
    SUCCESS,
    TOO_MUCH,
)
from finhouse.demo.clock import DAY, HOUR, SECOND, period_of

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

PAYMENT_COLUMNS = {
    "plan": "i4",
    "installment": "i4",
    "cents": "i8",
    "method": "i1",
    "text": "i1",
    "key": "i4",
    "attempt": "i1",
    # Row of the first delivery of the attempt.
    "reference": "i4",
    "initiated": "i8",
    "settled": "i8",
    "day": "i4",
    "back_at": "i8",
    "back": "i4",
    # Day on which the payer will take it back.
    "fate": "i4",
    # Whether it is the row of its key that brought the money.
    "counts": "?",
    "created": "i8",
    "period": "i4",
    "updated": "i8",
    "changed": "i4",
    "deleted": "i4",
}
INTENTION_COLUMNS = {
    "due": "i4",
    "plan": "i4",
    "kind": "i1",
    "cents": "i8",
    "key": "i4",
    "attempt": "i1",
}
TEXT_OUTCOME = np.array([outcome for _, outcome in OUTCOME_TEXTS], dtype=np.int8)
_TEXTS_OF = [np.flatnonzero(outcome == TEXT_OUTCOME) for outcome in (PENDING, SUCCESS, FAILED)]
_LAST_ATTEMPT = 4
_PENDING_SHARE = 0.02


def check_out(company: Company, rng: np.random.Generator) -> None:
    """The new drafts: what is due at checkout is paid, and the order captured."""
    plans = company.plans
    rows = np.arange(company.checked_out, plans.size)
    company.checked_out = plans.size
    pays_now = np.isin(plans["kind"][rows], (PAY_IN_4, PAY_IN_FULL))
    at = plans["created"][rows] + 20 * SECOND
    _hand_over(company, rng, rows[~pays_now], at[~pays_now])
    rows, at = rows[pays_now], at[pays_now]
    keys = _new_keys(company, len(rows))
    first = plans["first"][rows]
    for attempt in (1, 2, 3):
        outcome, settled = _attempt(
            company,
            rng,
            rows,
            first,
            company.installments["principal"][first] + company.installments["interest"][first],
            at,
            keys,
            np.full(len(rows), attempt),
        )
        paid = outcome == SUCCESS
        _hand_over(company, rng, rows[paid], settled[paid])
        failed = outcome == FAILED
        gives_up = failed & ((rng.random(len(rows)) < 0.25) | (attempt == 3))
        _give_up(company, rows[gives_up], at[gives_up] + 5 * 60 * SECOND)
        again = failed & ~gives_up
        rows, first, keys, at = rows[again], first[again], keys[again], at[again]
        at = at + 3 * 60 * SECOND


def collect(company: Company, rng: np.random.Generator) -> None:
    """Pending attempts come to an end, instalments fall due, and customers pay."""
    _resolve(company, rng)
    _fall_due(company, rng)
    _pay(company, rng)


def intend(
    company: Company,
    plans: np.ndarray,
    kind: int | np.ndarray,
    due: int | np.ndarray,
    cents: int | np.ndarray = 0,
    key: int | np.ndarray = -1,
    attempt: int | np.ndarray = 1,
) -> None:
    """Customers mean to pay on a day."""
    company.intentions.append(
        plan=plans,
        kind=np.broadcast_to(kind, len(plans)),
        due=np.broadcast_to(due, len(plans)),
        cents=np.broadcast_to(cents, len(plans)),
        key=np.broadcast_to(key, len(plans)),
        attempt=np.broadcast_to(attempt, len(plans)),
    )


def is_disputed(company: Company, plans: np.ndarray) -> np.ndarray:
    """Shape (n,): whether a dispute of each plan is open."""
    dispute = company.plans["dispute"][plans]
    if not company.disputes.size:
        return np.zeros(len(plans), dtype=bool)
    return (dispute >= 0) & (company.disputes["resolved"][np.maximum(dispute, 0)] < 0)


def _hand_over(company: Company, rng, plans: np.ndarray, at: np.ndarray) -> None:
    """Plans become active, and their orders are captured."""
    activate(company, plans, at)
    capture(company, rng, company.plans["order"][plans], at)


def _give_up(company: Company, plans: np.ndarray, at: np.ndarray) -> None:
    change_plans(company, plans, PLAN_CANCELLED, at)
    cancel(company, company.plans["order"][plans], at)


def _new_keys(company: Company, count: int) -> np.ndarray:
    first = company.keys
    company.keys += count
    return np.arange(first, first + count)


def _attempt(
    company: Company,
    rng: np.random.Generator,
    plans: np.ndarray,
    installments: np.ndarray,
    cents: np.ndarray,
    at: np.ndarray,
    keys: np.ndarray,
    attempts: np.ndarray,
    may_be_late: np.ndarray | bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Try to collect; return what became of each attempt, and when the money arrived."""
    payments, count = company.payments, len(plans)
    if not count:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    usual = company.customers["method"][company.plans["customer"][plans]]
    other = rng.choice(len(METHOD_SHARES), size=count, p=METHOD_SHARES)
    method = np.where(rng.random(count) < 0.15, other, usual)
    luck = rng.random(count)
    fails = METHOD_FAILS[method] * np.where(attempts > 1, 3, 1)
    outcome = np.where(luck < fails, FAILED, np.where(luck > 1 - _PENDING_SHARE, PENDING, SUCCESS))
    settled = at + rng.integers(3, 90, count) * SECOND
    turns, backs = rng.random(count), rng.integers(28, 75, count)
    goes_back = turns < np.where(method == CARD, 0.035, 0.004)
    lag = rng.integers(3, 22, count)
    is_late = may_be_late & (method == LATE_METHOD) & (outcome == SUCCESS) & (turns > 0.9)
    moved = np.where(is_late, lag, 0)
    paid = outcome == SUCCESS
    rows = payments.append(
        plan=plans,
        installment=installments,
        cents=cents,
        method=method,
        text=_text(rng, outcome),
        key=keys,
        attempt=attempts,
        reference=np.arange(payments.size, payments.size + count),
        initiated=at,
        settled=np.where(paid, settled, -1),
        day=np.where(paid, settled // DAY, -1),
        back_at=-1,
        back=-1,
        fate=np.where(paid & goes_back, settled // DAY + backs, -1),
        counts=paid,
        created=at + moved * DAY,
        period=company.periods + moved,
        updated=np.where(paid, settled, at) + moved * DAY,
        changed=-1,
        deleted=-1,
    )
    _deliver_again(company, rng, rows[paid & ~is_late & (rng.random(count) < 0.016)])
    return outcome, settled


def _deliver_again(company: Company, rng: np.random.Generator, rows: np.ndarray) -> None:
    """The provider calls back a second time: as the same attempt, or as the next one."""
    payments, count = company.payments, len(rows)
    later = rng.integers(60, 30 * 3_600, count) * SECOND
    column = payments.take(rows)
    at = column["initiated"] + later
    payments.append(
        **column
        | {
            "attempt": column["attempt"] + (rng.random(count) < 0.5),
            "initiated": at,
            "settled": column["settled"] + later,
            "day": (column["settled"] + later) // DAY,
            "fate": np.full(count, -1),
            "counts": np.zeros(count, dtype=bool),
            "created": at,
            "period": np.maximum(period_of(at), company.periods),
            "updated": column["settled"] + later,
        }
    )


def _text(rng: np.random.Generator, outcome: np.ndarray) -> np.ndarray:
    """How the services write each outcome."""
    text, luck = np.empty(len(outcome), dtype=np.int8), rng.random(len(outcome)) ** 4
    for kind, texts in enumerate(_TEXTS_OF):
        mine = outcome == kind
        text[mine] = texts[(luck[mine] * len(texts)).astype(np.int64)]
    return text


def _resolve(company: Company, rng: np.random.Generator) -> None:
    """What was pending yesterday succeeded or failed; a few stay pending for days."""
    payments, plans = company.payments, company.plans
    rows = np.flatnonzero(
        (TEXT_OUTCOME[payments["text"]] == PENDING) & (payments["period"] < company.periods)
    )
    rows = rows[rng.random(len(rows)) > 0.15]
    paid = rng.random(len(rows)) < 0.7
    at = np.full(len(rows), company.at(8)) + rng.integers(0, HOUR, len(rows))
    payments["text"][rows] = _text(rng, np.where(paid, SUCCESS, FAILED))
    payments["updated"][rows] = at
    payments["changed"][rows] = company.periods
    payments["settled"][rows[paid]] = at[paid]
    payments["day"][rows[paid]] = company.periods
    payments["counts"][rows[paid]] = True
    of = payments["plan"][rows]
    is_draft = plans["status"][of] == DRAFT
    _hand_over(company, rng, of[paid & is_draft], at[paid & is_draft])
    _give_up(company, of[~paid & is_draft], at[~paid & is_draft])
    again = ~paid & ~is_draft
    intend(
        company,
        of[again],
        ALL_DUE,
        company.periods + 1,
        key=payments["key"][rows[again]],
        attempt=payments["attempt"][rows[again]] + 1,
    )


def _fall_due(company: Company, rng: np.random.Generator) -> None:
    """Instalments fall due: customers pay early, on time, late, in part or not at all."""
    plans, today = company.plans, company.periods
    installments = company.installments
    rows = np.flatnonzero((installments["due"] == today) & (installments["superseded"] < 0))
    of = installments["plan"][rows]
    fit = np.isin(plans["status"][of], (ACTIVE, DEFAULTED)) & (plans["written_off"][of] < 0)
    fit &= (plans["created"][of] // DAY < today) & ~is_disputed(company, of)
    rows, of = rows[fit], of[fit]
    # A plan has one instalment a day at most, but for those that a new schedule kept.
    of, first = np.unique(of, return_index=True)
    number = installments["number"][rows[first]]
    count = len(of)
    grade = company.customers["grade"][plans["customer"][of]]
    luck, share = rng.random(count), rng.uniform(0.3, 0.8, count)
    delay, rest = rng.geometric(0.16, count), rng.integers(2, 25, count)
    bad = (plans["bad_from"][of] > 0) & (number >= plans["bad_from"][of])
    little, cured = bad & (luck < 0.10), bad & (luck >= 0.10) & (luck < 0.17)
    plans["bad_from"][of[cured]] = 0
    intend(company, of[cured], ALL_DUE, today + rest[cured])
    intend(company, of[little], PART, today + rest[little], (share[little] * 1e6).astype("i8"))
    punctual = np.minimum(PUNCTUAL[grade], 0.945)
    on_time = ~bad & (luck < punctual - 0.04)
    partly = ~bad & ~on_time & (luck < punctual)
    payoff, ahead = ~bad & (luck > 0.985), ~bad & (luck > 0.955) & (luck <= 0.985)
    too_much = payoff & (luck > 0.9975)
    late = ~bad & ~on_time & ~partly & ~payoff & ~ahead
    intend(company, of[on_time], ALL_DUE, today)
    intend(company, of[ahead], AHEAD, today)
    intend(company, of[payoff], np.where(too_much, TOO_MUCH, PAYOFF)[payoff], today)
    intend(company, of[late], ALL_DUE, today + delay[late])
    intend(company, of[partly], PART, today, (share[partly] * 1e6).astype("i8"))
    intend(company, of[partly], ALL_DUE, today + rest[partly])


def _pay(company: Company, rng: np.random.Generator) -> None:
    """What customers mean to pay today, one payment of a plan a day."""
    intentions, plans, today = company.intentions, company.plans, company.periods
    is_due = intentions["due"] <= today
    column = intentions.take(np.flatnonzero(is_due))
    intentions.drop(is_due)
    payments = company.payments
    waiting = payments["plan"][TEXT_OUTCOME[payments["text"]] == PENDING]
    order = np.lexsort((np.arange(len(column["plan"])), column["plan"]))
    first = np.zeros(len(order), dtype=bool)
    first[order[np.unique(column["plan"][order], return_index=True)[1]]] = True
    first &= ~np.isin(column["plan"], waiting)
    later = {name: values[~first] for name, values in column.items()}
    intentions.append(**later | {"due": np.full(len(later["due"]), today + 1)})
    of = column["plan"]
    is_lost = plans["written_off"][of] >= 0
    fit = first & np.isin(plans["status"][of], (ACTIVE, DEFAULTED)) & ~is_disputed(company, of)
    fit &= is_lost == (column["kind"] == RECOVERY)
    column = {name: values[fit] for name, values in column.items()}
    of, kind = column["plan"], column["kind"]

    owed = standing(company, of, today)
    cents = _amounts(company, owed, kind, column["cents"])
    wanted = cents > 0
    column = {name: values[wanted] for name, values in column.items()}
    of, kind, cents = of[wanted], kind[wanted], cents[wanted]
    oldest = _oldest_unpaid(owed, len(wanted))[wanted]
    count = len(of)
    own_accord = (rng.random(count) < 0.06) | (kind == RECOVERY)
    keys, is_new = column["key"].astype(np.int64), column["key"] < 0
    keys[is_new] = _new_keys(company, int(is_new.sum()))
    at = np.full(count, company.at(10)) + rng.integers(0, 9 * HOUR, count)
    leaves_rest = cents < (owed.total - owed.money)[wanted]
    outcome, _ = _attempt(
        company,
        rng,
        of,
        np.where(own_accord, -1, oldest),
        cents,
        at,
        keys,
        column["attempt"].astype(np.int64),
        leaves_rest & (kind == ALL_DUE) & (owed.late[wanted] == 0),
    )
    failed = outcome == FAILED
    again = failed & (column["attempt"] < _LAST_ATTEMPT)
    intend(
        company,
        of[again],
        kind[again],
        today + 1,
        column["cents"][again],
        keys[again],
        column["attempt"][again] + 1,
    )
    # Who failed too often is called, and pays otherwise some days later.
    called = failed & ~again & (rng.random(count) < 0.7)
    intend(company, of[called], ALL_DUE, today + rng.integers(3, 12, count)[called])


def _amounts(company: Company, owed: Standing, kind: np.ndarray, agreed: np.ndarray) -> np.ndarray:
    """Shape (n,): what each customer pays, by what is meant; never below 0."""
    overdue, whole = owed.overdue, np.maximum(owed.total - owed.money, 0)
    count = len(kind)
    is_later = company.installments["due"][owed.rows] > company.periods
    is_later &= owed.left > 0
    following = np.zeros(count, dtype=np.int64)
    place, rows = owed.place[is_later], owed.left[is_later]
    firsts = np.unique(place, return_index=True)
    following[firsts[0]] = rows[firsts[1]]
    part = np.round(overdue * (agreed / 1e6)).astype(np.int64)
    amounts = np.select(
        [kind == PART, kind == AHEAD, kind == PAYOFF, kind == TOO_MUCH],
        [part, overdue + following, whole, np.where(whole > 0, whole + 10_000, 0)],
        overdue,
    )
    is_bounded = ~np.isin(kind, (TOO_MUCH, RECOVERY))
    amounts = np.where(is_bounded, np.minimum(amounts, whole), amounts)
    lost = company.plans["lost"][owed.plans]
    return np.where(kind == RECOVERY, np.minimum(agreed, lost), amounts)


def _oldest_unpaid(owed: Standing, count: int) -> np.ndarray:
    """Shape (n,): row of the first instalment of each plan that is not paid; -1 for none."""
    oldest = np.full(count, -1)
    unpaid = owed.left > 0
    places, firsts = np.unique(owed.place[unpaid], return_index=True)
    oldest[places] = owed.rows[unpaid][firsts]
    return oldest
