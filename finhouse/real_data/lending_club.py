"""Put loans of LendingClub, issued in the first quarter of 2018, into the OLTP of pay-later.

| LendingClub | OLTP of schema bnpl | how |
|---|---|---|
| loan | customers, orders, payment_plans | PAY_OVER_TIME; region = state |
| installment | installments, version 1 | as signed: equal payments, interest on the balance |
| paid_principal, paid_interest | installments, version 2 | what was paid, then what is owed |
| paid_total | payments | one payment, late fees among it |
| loan_status | installments, version 2 | how late that is; charged off: written off |

The file says what each loan has paid of principal and interest, and not when: the second version,
of the last day, is what the schedule had become by then.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from finhouse.real_data.pay_later import (
    LAST_DAY,
    Installment,
    Payment,
    Plan,
    Row,
    load_plans,
    read_rows,
)

FILE = "lendingclub_1500.csv"
IDENTITY = 2018  # seed of the identifiers
CENT = Decimal("0.01")
# Days past due on the last day, well within what the status says.
DAYS_LATE = {"In Grace Period": 10, "Late (16-30 days)": 25, "Late (31-120 days)": 60}


def load_lending_club(url: str, folder: Path) -> int:
    """Add the loans of the file to the schema bnpl; return the rows written.

    Raises:
        SourceError: the file is missing.
    """
    plans = [_plan(row) for row in read_rows(folder / FILE)]
    return load_plans(url, "LendingClub", IDENTITY, plans)


def _plan(row: Row) -> Plan:
    signed = datetime.strptime(row["issue_month"], "%b-%Y").date()
    amount, apr = Decimal(row["loan_amount"]), Decimal(row["interest_rate"]) / 100
    term = int(row["term"])
    principal, interest, fees = (
        Decimal(row[name]).quantize(CENT, ROUND_HALF_UP)
        for name in ("paid_principal", "paid_interest", "paid_late_fees")
    )
    owed = amount - principal
    due = LAST_DAY - timedelta(DAYS_LATE.get(row["loan_status"], -30))
    parts = [(signed, principal, interest), (due, owed, Decimal(0))]
    paid = principal + interest + fees
    return Plan(
        region=row["state"],
        plan_type="PAY_OVER_TIME",
        signed=signed,
        principal=amount,
        apr=apr,
        term_months=term,
        versions={
            signed: _annuity(signed, amount, apr, Decimal(row["installment"]), term),
            LAST_DAY: [
                Installment(number, *part)
                for number, part in enumerate(parts, start=1)
                if part[1] or part[2]
            ],
        },
        payments=[Payment(LAST_DAY, paid)] if paid else [],
        late_fees=fees,
        written_off=(LAST_DAY, owed) if row["loan_status"] == "Charged Off" else None,
    )


def _annuity(
    signed: date, amount: Decimal, apr: Decimal, installment: Decimal, term: int
) -> list[Installment]:
    """Equal payments a month apart; interest is on the balance, the last one takes the rest."""
    schedule, balance = [], amount
    for number in range(1, term + 1):
        interest = (balance * apr / 12).quantize(CENT, ROUND_HALF_UP)
        principal = balance if number == term else installment - interest
        months = signed.year * 12 + signed.month - 1 + number
        due = date(months // 12, months % 12 + 1, 1)
        schedule.append(Installment(number, due, principal, interest))
        balance -= principal
    return schedule
