"""What the two sets of credit share on their way into the schema bnpl: who owes, and the plan."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa

from finhouse.demo.tables import SCHEMAS, Tables
from finhouse.errors import SourceError

# Both files are read as of the end of this month. The months of the credit cards, April to
# September 2005, are those of this year: in one book with the loans they need no years between.
YEAR = 2018
LAST_DAY = date(YEAR, 10, 31)

Row = dict[str, str]


@dataclass(frozen=True)
class Installment:
    """One instalment of a version of a schedule, in the amounts of its file."""

    number: int
    due: date
    principal: Decimal
    interest: Decimal = Decimal(0)


@dataclass(frozen=True)
class Payment:
    """Money that arrived on a day, and perhaps went back on another."""

    day: date
    amount: Decimal
    charged_back: date | None = None


@dataclass(frozen=True)
class Plan:
    """One customer with one order and its plan.

    Attributes:
        region: what the file groups its customers by: this OLTP has no other place for it.
        limit: credit limit of the customer; None where the file has none of ours.
        versions: the schedule as it was signed and, from a day on, what it had become.
        late_fees: sum of the fees that were paid.
        written_off: the day, and the principal that was lost on it.
    """

    region: str
    plan_type: str
    signed: date
    principal: Decimal
    apr: Decimal
    term_months: int | None
    versions: dict[date, list[Installment]]
    payments: list[Payment] = field(default_factory=list)
    limit: Decimal | None = None
    late_fees: Decimal = Decimal(0)
    written_off: tuple[date, Decimal] | None = None


def read_rows(path: Path) -> list[Row]:
    """The rows of a CSV file, every cell as it is written.

    Raises:
        SourceError: the file is missing.
    """
    if not path.exists():
        raise SourceError(
            f"{path} is missing", "set FINHOUSE_REAL_DATA to the folder that holds lending/"
        )
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def load_plans(url: str, name: str, identity: int, plans: Sequence[Plan]) -> int:
    """Add the plans of one file to the schema bnpl; return the rows written.

    Args:
        url: the OLTP database; the schema is created if it is not there.
        name: of the file's owner, the one merchant of all orders.
        identity: seed of the identifiers.
    """
    with psycopg.connect(url) as connection:
        tables = Tables(connection, "bnpl", identity, timedelta(0))
        connection.execute("set time zone 'UTC'")
        if not connection.execute("select to_regnamespace('bnpl')").fetchone()[0]:
            connection.execute((SCHEMAS / "bnpl.sql").read_text())
        written = _load_people(tables, name, plans)
        written += _load_orders(tables, plans)
        written += _load_schedules(tables, plans)
        return written + _load_payments(tables, plans)


def _text(values: Sequence[object]) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _noon(days: Sequence[date | None]) -> pa.Array:
    return _text([day and f"{day} 12:00:00+00" for day in days])


def _recorded(days: Sequence[date]) -> dict[str, pa.Array]:
    return {"created_at": _noon(days), "updated_at": _noon(days)}


def _load_people(tables: Tables, name: str, plans: Sequence[Plan]) -> int:
    rows = np.arange(len(plans))
    signed = [plan.signed for plan in plans]
    ids = tables.ids("customer", rows)
    written = tables.copy(
        "customers",
        {
            "id": ids,
            "full_name": _text([""] * len(plans)),
            "phone": _text([f"{name} {row}" for row in rows]),
            "region": _text([plan.region for plan in plans]),
            **_recorded(signed),
        },
    )
    written += tables.copy(
        "kyc_verifications",
        {
            "id": tables.ids("verification", rows),
            "customer_id": ids,
            "level": pa.array([1] * len(plans)),
            "status": _text(["APPROVED"] * len(plans)),
            "submitted_at": _noon(signed),
            "decided_at": _noon(signed),
            **_recorded(signed),
        },
    )
    limited = [row for row in rows if plans[row].limit is not None]
    written += tables.copy(
        "credit_assessments",
        {
            "id": tables.ids("assessment", np.array(limited, dtype=np.int64)),
            "customer_id": ids.take(pa.array(limited, pa.int64())),
            "score": pa.array([600] * len(limited)),
            "requested_limit": _text([plans[row].limit for row in limited]),
            "approved_limit": _text([plans[row].limit for row in limited]),
            "decision": _text(["APPROVED"] * len(limited)),
            "model_version": _text([name] * len(limited)),
            "assessed_at": _noon([signed[row] for row in limited]),
            **_recorded([signed[row] for row in limited]),
        },
    )
    return written + tables.copy(
        "merchants",
        {
            "id": tables.ids("merchant", np.arange(1)),
            "name": _text([name]),
            "commission_rate": _text([0]),
            **_recorded([min(signed)]),
        },
    )


def _load_orders(tables: Tables, plans: Sequence[Plan]) -> int:
    rows = np.arange(len(plans))
    signed = [plan.signed for plan in plans]
    lost = [plan.written_off or (None, None) for plan in plans]
    written = tables.copy(
        "orders",
        {
            "id": tables.ids("order", rows),
            "customer_id": tables.ids("customer", rows),
            "merchant_id": tables.ids("merchant", np.zeros(len(plans), dtype=np.int64)),
            "amount": _text([plan.principal for plan in plans]),
            "channel": _text(["web"] * len(plans)),
            "status": _text(["CAPTURED"] * len(plans)),
            "captured_at": _noon(signed),
            **_recorded(signed),
        },
    )
    return written + tables.copy(
        "payment_plans",
        {
            "id": tables.ids("plan", rows),
            "order_id": tables.ids("order", rows),
            "customer_id": tables.ids("customer", rows),
            "plan_type": _text([plan.plan_type for plan in plans]),
            "principal": _text([plan.principal for plan in plans]),
            "contract_apr": _text([plan.apr for plan in plans]),
            "term_months": _text([plan.term_months for plan in plans]),
            "installment_count": pa.array([len(plan.versions[plan.signed]) for plan in plans]),
            "status": _text(["DEFAULTED" if plan.written_off else "ACTIVE" for plan in plans]),
            "activated_at": _noon(signed),
            "written_off_at": _noon([day for day, _ in lost]),
            "written_off_amount": _text([amount for _, amount in lost]),
            **_recorded(signed),
        },
    )


def _load_schedules(tables: Tables, plans: Sequence[Plan]) -> int:
    rows: list[tuple[int, int, date, date | None, Installment]] = []
    fees: list[tuple[int, int]] = []
    for place, plan in enumerate(plans):
        days = [*sorted(plan.versions), None]
        for version, (day, next_day) in enumerate(pairwise(days), start=1):
            if version == 1 and plan.late_fees:
                fees.append((place, len(rows)))
            rows += [(place, version, day, next_day, part) for part in plan.versions[day]]
    written = tables.copy(
        "installments",
        {
            "id": tables.ids("installment", np.arange(len(rows))),
            "plan_id": tables.ids("plan", np.array([place for place, *_ in rows])),
            "number": pa.array([part.number for *_, part in rows]),
            "due_date": _text([part.due for *_, part in rows]),
            "principal": _text([part.principal for *_, part in rows]),
            "interest": _text([part.interest for *_, part in rows]),
            "version": pa.array([version for _, version, *_ in rows]),
            "superseded_at": _noon([next_day for _, _, _, next_day, _ in rows]),
            **_recorded([day for _, _, day, *_ in rows]),
        },
    )
    of_fees = np.array([row for _, row in fees], dtype=np.int64)
    return written + tables.copy(
        "fee_assessments",
        {
            "id": tables.ids("fee", of_fees),
            "installment_id": tables.ids("installment", of_fees),
            "fee": _text([plans[place].late_fees for place, _ in fees]),
            "assessed_at": _noon([LAST_DAY] * len(fees)),
            **_recorded([LAST_DAY] * len(fees)),
        },
    )


def _load_payments(tables: Tables, plans: Sequence[Plan]) -> int:
    rows = [(place, payment) for place, plan in enumerate(plans) for payment in plan.payments]
    ids = tables.ids("payment", np.arange(len(rows)))
    payments = [payment for _, payment in rows]
    return tables.copy(
        "payments",
        {
            "id": ids,
            "plan_id": tables.ids("plan", np.array([place for place, _ in rows])),
            "amount": _text([payment.amount for payment in payments]),
            "method": _text(["CARD"] * len(rows)),
            "status": _text(
                ["CHARGEBACK" if payment.charged_back else "SUCCESS" for payment in payments]
            ),
            "idempotency_key": ids,
            "provider_reference": ids,
            "initiated_at": _noon([payment.day for payment in payments]),
            "settled_at": _noon([payment.day for payment in payments]),
            "charged_back_at": _noon([payment.charged_back for payment in payments]),
            **_recorded([payment.day for payment in payments]),
        },
    )
