"""Transactions: sent, settled later, reversed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, SECOND
from finhouse.demo.wallet.events import emit
from finhouse.demo.wallet.fraud import report_fraud, score
from finhouse.demo.wallet.services import in_outage
from finhouse.demo.wallet.users import see
from finhouse.demo.wallet.vocabulary import (
    ACTION_COMPLETE,
    ACTION_FAIL,
    ACTION_REVERSE,
    BANKS,
    ERROR_SHARES,
    ERRORS,
    NO_BANK,
    TEXT_CODE,
    UNKNOWN_BANK,
)

if TYPE_CHECKING:
    from finhouse.demo.wallet.company import Company

TRANSACTION_COLUMNS = {
    "sender": "i4",
    "recipient": "i4",
    "created": "i8",
    "cents": "i8",
    "text": "i1",
    "bank": "i1",
    "channel": "i1",
    "device": "i1",
    "version": "i1",
    "error": "i1",
    "score": "f4",
    "processing": "i4",
    "completed": "i8",
    "updated": "i8",
    "terminal_due": "i4",
    "visible": "i4",
    "has_case": "?",
    "deleted": "i4",
    "changed": "i4",
}
SCHEDULE_COLUMNS = {
    "due": "i4",
    "transaction": "i4",
    "action": "i1",
}


def transact(
    company: Company,
    rng: np.random.Generator,
    rates: np.ndarray,
    start: int,
    end: int,
) -> np.ndarray:
    """Transactions of the period, in order of time; return their row numbers."""
    new_users = np.arange(len(rates), company.users.size)
    cumulated = np.cumsum(rates)
    count = rng.poisson(cumulated[-1])
    senders = np.searchsorted(cumulated, rng.random(count) * cumulated[-1], side="right")
    created = company.times(rng, count)
    # Curiosity: some new users send within hours of signing up.
    curious = new_users[
        (rng.random(len(new_users)) < 0.34) & (company.users["base"][new_users] > 0)
    ]
    curious_at = company.users["created"][curious] + rng.exponential(2 * HOUR, len(curious))
    in_time = curious_at < end
    # One founder pays the other each night, so that every new day has a first transaction.
    night = (company.periods + 1) * DAY + rng.integers(10 * 60 * SECOND, 100 * 60 * SECOND)
    senders = np.concatenate([senders, curious[in_time], [0]])
    created = np.concatenate([created, curious_at[in_time].astype(np.int64), [night]])
    order = np.argsort(created, kind="stable")
    senders, created = senders[order], created[order]
    if not company.periods:
        created = np.maximum(created, start + 2 * HOUR)
    count = len(senders)

    recipients = (len(rates) * rng.random(count) ** 2.5).astype(np.int64)
    recipients[company.users["deleted"][recipients] >= 0] = 1
    recipients = np.where(recipients == senders, (senders == 0).astype(np.int64), recipients)
    cents = np.maximum(np.round(np.exp(rng.normal(6.15, 1.15, count)) * 100), 100)
    is_fraud = rng.random(count) < (0.016 if company.periods % 71 in (40, 41, 42) else 0.0005)
    outage = in_outage(company, created)
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
    visible = np.where(late, company.periods + 1, company.periods)
    version = np.minimum(company.periods // 60, 12)
    rows = company.transactions.append(
        sender=senders,
        recipient=recipients,
        created=created,
        cents=cents,
        text=text,
        bank=_choose_banks(company, rng, count),
        channel=rng.random(count) < 0.12,
        device=rng.choice(3, size=count, p=[0.72, 0.2, 0.08]),
        version=np.maximum(version - rng.integers(0, 3, count), 0),
        error=np.where(outage, 1, rng.choice(len(ERRORS), size=count, p=ERROR_SHARES)),
        score=score(rng, is_fraud),
        processing=processing,
        completed=np.where(done, created + processing, -1),
        updated=np.where(done | failed, created + processing, created),
        terminal_due=-1,
        visible=visible,
        has_case=False,
        deleted=-1,
        changed=-1,
    )
    company.users["is_touched"][senders] = True
    company.users["is_touched"][recipients] = True
    see(company, senders, created)
    for kind, seconds in enumerate((0.0, 1.4, 2.2)):
        emit(company, rng, rows, kind, created + int(seconds * SECOND))
    finished = done | failed
    emit(
        company,
        rng,
        rows[finished],
        np.where(failed[finished], 4, 3),
        created[finished] + processing[finished],
    )
    _schedule(company, rng, rows, slow, done)
    report_fraud(company, rng, rows, is_fraud)
    return rows


def _choose_banks(company: Company, rng: np.random.Generator, count: int) -> np.ndarray:
    weights = np.array(
        [
            weight
            if first <= company.periods and (last is None or company.periods <= last)
            else 0.0
            for _, _, _, first, last, _, _, weight in BANKS
        ]
    )
    banks = rng.choice(len(BANKS), size=count, p=weights / weights.sum())
    odd = rng.random(count)
    return np.select([odd < 0.008, odd < 0.011], [NO_BANK, UNKNOWN_BANK], banks)


def _schedule(
    company: Company, rng: np.random.Generator, rows: np.ndarray, slow: np.ndarray, done: np.ndarray
) -> None:
    resolving = rows[slow]
    company.schedule.append(
        due=company.periods + rng.integers(1, 4, len(resolving)),
        transaction=resolving,
        action=np.where(rng.random(len(resolving)) < 0.85, ACTION_COMPLETE, ACTION_FAIL),
    )
    reversing = rows[done & (rng.random(len(rows)) < 0.003)]
    company.schedule.append(
        due=company.periods + rng.integers(1, 11, len(reversing)),
        transaction=reversing,
        action=ACTION_REVERSE,
    )


def settle(company: Company, rng: np.random.Generator, start: int) -> None:
    """What was scheduled for this period happens."""
    transactions = company.transactions
    is_due = company.schedule["due"] <= company.periods
    due = company.schedule.take(np.flatnonzero(is_due))
    company.schedule.drop(is_due)
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
        transactions["changed"][chosen] = company.periods
        if kind == ACTION_COMPLETE:
            transactions["completed"][chosen] = when
        if event is not None:
            emit(company, rng, chosen, event, when)
