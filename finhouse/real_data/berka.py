"""Put the Berka tables, a real Czech bank from 1993 to 1998, into the microfinance OLTP.

| Berka | OLTP | how |
|---|---|---|
| district | branches | name A2, region A3 |
| client, disp | users_user | since the first account the client has a part in; branch = district |
| account | accounts | of its OWNER; type = frequency; balance = closing balance of its last day |
| trans | transactions | types by direction, operation, purpose; the last day is not whole, so out |
| loan | loans | one product a duration; amount = duration x payments, so the interest is 0 |
| loan | loan_schedules | ``duration`` instalments of ``payments``, a month apart |
| loan.status | loan_repayments | derived, see below |

Berka has no repayments by loan, only a status at the end of 1998: A finished, B finished and not
repaid, C running, D running and in debt. Instalments of A and C are taken as paid on their due
dates; of B and D all but the last four that fell due. Status itself is then left to the pipeline to
find out. Cards and permanent orders have no place in this OLTP.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from finhouse.demo.clock import LAUNCH, add_months
from finhouse.demo.tables import SCHEMAS, Columns, Tables, dates, labels
from finhouse.errors import SourceError

LAST_DAY = date(1998, 12, 31)
LAST_WHOLE_TRANSACTION_DAY = "1994-03-30"
UNPAID_INSTALLMENTS = 4
IDENTITY = 1993  # seed of the identifiers
FILES = ("account", "client", "disp", "district", "loan", "trans_1993-01_1994-03")
NOON = "12:00:00+00"
FREQUENCIES = {
    "POPLATEK MESICNE": "monthly statement",
    "POPLATEK TYDNE": "weekly statement",
    "POPLATEK PO OBRATU": "statement after each transaction",
}
# operation and purpose of the bank -> code, name, whether the customer initiates it
CREDIT_TYPES = {
    ("VKLAD", None): ("DEPOSIT", "Cash deposit", True),
    ("PREVOD Z UCTU", None): ("TRANSFER_IN", "Transfer from another bank", True),
    (None, "UROK"): ("INTEREST", "Interest on the balance", False),
}
DEBIT_TYPES = {
    ("VYBER", None): ("WITHDRAWAL", "Cash withdrawal", True),
    ("VYBER KARTOU", None): ("CARD_WITHDRAWAL", "Withdrawal by card", True),
    ("PREVOD NA UCET", None): ("TRANSFER_OUT", "Transfer to another bank", True),
    ("VYBER", "SLUZBY"): ("ACCOUNT_FEE", "Fee for the statement", False),
    ("VYBER", "SANKC. UROK"): ("OVERDRAFT_INTEREST", "Interest on a negative balance", False),
}
TYPES = [
    *((code, name, "CREDIT", by) for code, name, by in CREDIT_TYPES.values()),
    *((code, name, "DEBIT", by) for code, name, by in DEBIT_TYPES.values()),
]
TYPE_ROWS = {code: row for row, (code, *_) in enumerate(TYPES)}
DURATIONS = (12, 24, 36, 48, 60)


def load_berka(url: str, folder: Path) -> int:
    """Fill an empty OLTP with the Berka tables; return the rows written.

    Args:
        url: the OLTP database; the schemas of all sources are created in it.
        folder: the CSV files, with header, dates as yyyy-mm-dd.

    Raises:
        SourceError: a file is missing.
    """
    for name in FILES:
        if not (folder / f"{name}.csv").exists():
            raise SourceError(
                f"{folder / name}.csv is missing",
                "set FINHOUSE_REAL_DATA to the folder that holds berka/",
            )
    files = {name.split("_")[0]: _read(folder / f"{name}.csv") for name in FILES}
    with psycopg.connect(url) as connection:
        for schema in sorted(SCHEMAS.glob("*.sql")):
            Tables(connection, schema.stem, IDENTITY, timedelta(0)).create()
        tables = Tables(connection, "microfinance", IDENTITY, timedelta(0))
        written = _load_branches(tables, files)
        written += _load_customers(tables, files)
        written += _load_accounts(tables, files)
        written += _load_transactions(tables, files)
        return written + _load_loans(tables, files)


def _read(path: Path) -> pa.Table:
    """Every column as text: amounts stay as they are written."""
    header = path.open(encoding="utf-8").readline().strip().split(",")
    options = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
    )
    return pa.csv.read_csv(path, convert_options=options)


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    return pc.cast(pc.cast(column, pa.float64()), pa.int64()).to_numpy()


def _days(column: pa.ChunkedArray) -> np.ndarray:
    """Dates as day numbers of the demo's clock."""
    return (column.to_numpy(zero_copy_only=False).astype("M8[D]") - np.datetime64(LAUNCH)).astype(
        np.int64
    )


def _recorded(days: pa.Array | pa.ChunkedArray) -> Columns:
    """Recorded at noon of the day."""
    moment = pc.binary_join_element_wise(pc.cast(days, pa.string()), NOON, " ")
    return {"date_created": moment, "date_updated": moment}


def _load_branches(tables: Tables, files: dict[str, pa.Table]) -> int:
    district = files["district"]
    first_day = pa.array(["1993-01-01"] * district.num_rows)
    return tables.copy(
        "branches",
        {
            "id": tables.ids("branch", _numbers(district["A1"])),
            "name": district["A2"],
            "region": district["A3"],
            "opened_on": first_day,
            **_recorded(first_day),
        },
    )


def _load_customers(tables: Tables, files: dict[str, pa.Table]) -> int:
    client, disp, account = files["client"], files["disp"], files["account"]
    opened = dict(zip(account["account_id"].to_pylist(), account["date"].to_pylist(), strict=True))
    since: dict[str, str] = {}
    for person, its_account in zip(
        disp["client_id"].to_pylist(), disp["account_id"].to_pylist(), strict=True
    ):
        since[person] = min(opened[its_account], since.get(person, opened[its_account]))
    joined = pa.array([since[person] for person in client["client_id"].to_pylist()])
    nothing = pa.array([""] * client.num_rows)
    return tables.copy(
        "users_user",
        {
            "id": tables.ids("customer", _numbers(client["client_id"])),
            "password": nothing,
            "first_name": nothing,
            "last_name": nothing,
            "phone_number": client["client_id"],
            "date_of_birth": client["birth_date"],
            "gender": client["gender"],
            "branch_id": tables.ids("branch", _numbers(client["district_id"])),
            **_recorded(joined),
        },
    )


def _load_accounts(tables: Tables, files: dict[str, pa.Table]) -> int:
    account, disp = files["account"], files["disp"]
    owners = disp.filter(pc.equal(disp["type"], "OWNER"))
    owner_of = dict(
        zip(_numbers(owners["account_id"]).tolist(), _numbers(owners["client_id"]), strict=True)
    )
    numbers = _numbers(account["account_id"])
    closing = _closing_balances(_whole_days(files["trans"]))
    kinds = list(FREQUENCIES)
    kind_rows = np.arange(len(kinds))
    tables.copy(
        "account_types",
        {
            "id": tables.ids("account_type", kind_rows),
            "code": pa.array([f"STATEMENT_{row}" for row in kind_rows]),
            "name": pa.array([FREQUENCIES[kind] for kind in kinds]),
        },
    )
    kind = np.array([kinds.index(text) for text in account["frequency"].to_pylist()])
    return tables.copy(
        "accounts",
        {
            "id": tables.ids("account", numbers),
            "user_id": tables.ids("customer", np.array([owner_of[n] for n in numbers.tolist()])),
            "account_type_id": tables.ids("account_type", kind),
            "branch_id": tables.ids("branch", _numbers(account["district_id"])),
            "account_number": account["account_id"],
            "balance": pa.array([closing.get(n, "0") for n in account["account_id"].to_pylist()]),
            "opened_on": account["date"],
            **_recorded(account["date"]),
        },
    )


def _whole_days(trans: pa.Table) -> pa.Table:
    return trans.filter(pc.less_equal(trans["date"], LAST_WHOLE_TRANSACTION_DAY))


def _closing_balances(trans: pa.Table) -> dict[str, str]:
    """Balance of each account at the end of its last day, as the bank states it.

    Rows of one day come in no order: of the balances of the last day, the closing one is that
    nearest to the sum of all rows (amounts are rounded to 0.10, so the two may differ).
    """
    sums: dict[str, int] = {}
    last: dict[str, tuple[str, list[str]]] = {}
    columns = (
        trans[name].to_pylist() for name in ("account_id", "date", "type", "amount", "balance")
    )
    for account, day, kind, amount, balance in zip(*columns, strict=True):
        tenths = round(float(amount) * 10)
        sums[account] = sums.get(account, 0) + (tenths if kind == "PRIJEM" else -tenths)
        if account not in last or day > last[account][0]:
            last[account] = (day, [])
        if day == last[account][0]:
            last[account][1].append(balance)
    return {
        account: min(balances, key=lambda text: abs(float(text) * 10 - sums[account]))
        for account, (_, balances) in last.items()
    }


def _type_code(kind: str, operation: str, purpose: str) -> str:
    types = CREDIT_TYPES if kind == "PRIJEM" else DEBIT_TYPES
    exact = types.get((operation or None, purpose.strip() or None))
    return (exact or types[operation or None, None])[0]


def _load_transactions(tables: Tables, files: dict[str, pa.Table]) -> int:
    trans = _whole_days(files["trans"])
    tables.copy(
        "transaction_types",
        {
            "id": tables.ids("entry_type", np.arange(len(TYPES))),
            "code": pa.array([code for code, *_ in TYPES]),
            "name": pa.array([name for _, name, *_ in TYPES]),
            "direction": pa.array([direction for *_, direction, _ in TYPES]),
            "is_customer_initiated": pa.array([by_customer for *_, by_customer in TYPES]),
        },
    )
    columns = (trans[name].to_pylist() for name in ("type", "operation", "k_symbol"))
    kind = np.array([TYPE_ROWS[_type_code(*row)] for row in zip(*columns, strict=True)])
    moment = _recorded(trans["date"])
    return tables.copy(
        "transactions",
        {
            "id": tables.ids("entry", _numbers(trans["trans_id"])),
            "account_id": tables.ids("account", _numbers(trans["account_id"])),
            "transaction_type_id": tables.ids("entry_type", kind),
            "amount": trans["amount"],
            "transaction_date": moment["date_created"],
            **moment,
        },
    )


def _load_loans(tables: Tables, files: dict[str, pa.Table]) -> int:
    loan, disp, account = files["loan"], files["disp"], files["account"]
    owners = disp.filter(pc.equal(disp["type"], "OWNER"))
    owner_of = dict(
        zip(owners["account_id"].to_pylist(), _numbers(owners["client_id"]), strict=True)
    )
    district_of = dict(
        zip(account["account_id"].to_pylist(), _numbers(account["district_id"]), strict=True)
    )
    its_account = loan["account_id"].to_pylist()
    numbers, months = _numbers(loan["loan_id"]), _numbers(loan["duration"])
    start = _days(loan["date"])
    tables.copy(
        "loan_products",
        {
            "id": tables.ids("loan_product", np.array(DURATIONS)),
            "code": pa.array([f"TERM_{duration}" for duration in DURATIONS]),
            "name": pa.array([f"Loan over {duration} months" for duration in DURATIONS]),
            "interest_rate": pa.array(["0"] * len(DURATIONS)),
            "is_secured": pa.array([False] * len(DURATIONS)),
        },
    )
    finished = np.array(loan["status"].to_pylist()) == "A"
    written = tables.copy(
        "loans",
        {
            "id": tables.ids("loan", numbers),
            "user_id": tables.ids("customer", np.array([owner_of[a] for a in its_account])),
            "loan_product_id": tables.ids("loan_product", months),
            "branch_id": tables.ids("branch", np.array([district_of[a] for a in its_account])),
            "account_id": tables.ids("account", _numbers(loan["account_id"])),
            "loan_number": loan["loan_id"],
            "principal_amount": loan["amount"],
            "approved_amount": loan["amount"],
            "interest_rate": pa.array(["0"] * loan.num_rows),
            "repayment_amount": loan["amount"],
            "repayment_months": loan["duration"],
            "status": labels(("ACTIVE", "COMPLETED"), finished),
            "application_date": loan["date"],
            "approved_date": loan["date"],
            "disbursed_date": loan["date"],
            "due_date": dates(add_months(start, months)),
            **_recorded(loan["date"]),
        },
    )
    place = np.repeat(np.arange(loan.num_rows), months)
    number = np.arange(len(place)) - np.repeat(np.cumsum(months) - months, months) + 1
    due = add_months(start[place], number)
    amount = loan["payments"].take(pa.array(place))
    written += tables.copy(
        "loan_schedules",
        {
            "id": tables.ids("installment", np.arange(len(place))),
            "loan_id": tables.ids("loan", numbers[place]),
            "effective_from": loan["date"].take(pa.array(place)),
            "installment_number": pa.array(number),
            "due_date": dates(due),
            "principal_due": amount,
            "interest_due": pa.array(["0"] * len(place)),
            **_recorded(loan["date"].take(pa.array(place))),
        },
    )
    has_fallen_due = due <= (LAST_DAY - LAUNCH).days
    fallen_due = np.bincount(place[has_fallen_due], minlength=loan.num_rows)
    in_debt = np.isin(loan["status"].to_pylist(), ("B", "D"))
    paid = np.where(in_debt, fallen_due - UNPAID_INSTALLMENTS, fallen_due)
    rows = np.flatnonzero(number <= paid[place])
    # Booked the morning after: on 1999-01-01 the bank closes its year, and the data set ends.
    booked = _recorded(dates(due[rows] + 1))
    return written + tables.copy(
        "loan_repayments",
        {
            "id": tables.ids("repayment", rows),
            "loan_id": tables.ids("loan", numbers[place[rows]]),
            "payment_date": dates(due[rows]),
            "amount": amount.take(pa.array(rows)),
            "principal_paid": amount.take(pa.array(rows)),
            **booked,
        },
    )
