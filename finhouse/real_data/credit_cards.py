"""Put the credit cards of a bank in Taiwan, April to September 2005, into the OLTP of pay-later.

| UCI credit cards | OLTP of schema bnpl | how |
|---|---|---|
| customer | customers, orders, payment_plans | one plan each; region = PAY_0, September |
| LIMIT_BAL | credit_assessments | the limit that was approved |
| BILL_AMT2, BILL_AMT1 | payments | what is owed at the end of August, of September |
| PAY_2, PAY_0 | installments | a schedule for each of the two months, so many months past due |
| default next month | payment_plans | written off in October |

A balance that falls is paid, and one that rises was paid and is charged back. A card that is late
by months without owing anything has no place in a book of receivables: each plan owes one dollar
more than the file says, and the comparison takes it off again.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from finhouse.real_data.pay_later import (
    YEAR,
    Installment,
    Payment,
    Plan,
    Row,
    load_plans,
    read_rows,
)

FILE = "uci_credit_card_10000.csv"
KEPT = Decimal(1)  # what each plan owes beyond the file's balance
IDENTITY = 2005  # seed of the identifiers
OPENED, FIRST_DUE, PAID = date(YEAR, 4, 1), date(YEAR, 4, 2), date(YEAR, 9, 15)
END_OF_AUGUST, END_OF_SEPTEMBER = date(YEAR, 8, 31), date(YEAR, 9, 30)
NEW_SCHEDULE, LOST, LATER = date(YEAR, 9, 1), date(YEAR, 10, 15), date(YEAR, 12, 31)
# Days past due at a month's end, by months past due, well within a bucket; the last for more.
DAYS_LATE = {1: 40, 2: 70, 3: 100}


def load_credit_cards(url: str, folder: Path) -> int:
    """Add the customers of the file to the schema bnpl; return the rows written.

    Raises:
        SourceError: the file is missing.
    """
    plans = [_plan(row) for row in read_rows(folder / FILE)]
    return load_plans(url, "Credit cards", IDENTITY, plans)


def _plan(row: Row) -> Plan:
    in_august, in_september = (
        max(Decimal(row[name]), Decimal(0)) + KEPT for name in ("BILL_AMT2", "BILL_AMT1")
    )
    principal = max(in_august, in_september)
    paid_back = principal - in_september
    charged_back = principal - in_august
    payments = []
    if paid_back:
        payments.append(Payment(PAID, paid_back))
    if charged_back:
        payments.append(Payment(FIRST_DUE, charged_back, charged_back=PAID))
    return Plan(
        region=row["PAY_0"],
        plan_type="PAY_IN_30",
        signed=OPENED,
        principal=principal,
        apr=Decimal(0),
        term_months=None,
        versions={
            OPENED: _schedule(charged_back, in_august, END_OF_AUGUST, int(row["PAY_2"])),
            NEW_SCHEDULE: _schedule(paid_back, in_september, END_OF_SEPTEMBER, int(row["PAY_0"])),
        },
        payments=payments,
        limit=Decimal(row["LIMIT_BAL"]),
        written_off=(LOST, in_september) if row["default.payment.next.month"] == "1" else None,
    )


def _schedule(paid: Decimal, owed: Decimal, end: date, months_late: int) -> list[Installment]:
    """What is paid by the month's end comes first, and what is owed then is so many months late."""
    days = DAYS_LATE.get(min(months_late, max(DAYS_LATE)))
    due = end - timedelta(days) if days else LATER
    parts = [(FIRST_DUE, paid)] * bool(paid) + [(due, owed)]
    return [Installment(number, day, part) for number, (day, part) in enumerate(parts, start=1)]
