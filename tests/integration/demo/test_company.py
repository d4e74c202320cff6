"""The demo company: deterministic, resumable, dirty on purpose, and honest about itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from finhouse import demo
from finhouse.demo.merchant_activity import write_activity_files
from finhouse.errors import ConfigurationError
from finhouse.settings import PROJECT_ROOT
from tests.support.warehouse import ThrowAwayServer

SCALE, SEED = 0.05, 7
# Domains of the businesses that keep tables, and the tables of each.
TABLES = {
    domain: {table.name for table in business.database.tables}
    for domain, business in demo.businesses().items()
    if business.database
}


@pytest.fixture
def database(oltp_server: ThrowAwayServer) -> str:
    """URL of an empty database."""
    return oltp_server.create_database("demo_under_test")


@pytest.fixture(scope="module")
def grown(oltp_server: ThrowAwayServer, tmp_path_factory: pytest.TempPathFactory):
    """A company that has lived three days beyond its first 18 months: URL and truth by business."""
    home = tmp_path_factory.mktemp("grown")
    url = oltp_server.create_database("grown")
    demo.create(url, scale=SCALE, seed=SEED, home=home)
    demo.advance(url, 3, home=home)
    return url, truths_of(home)


def truths_of(home: Path) -> dict[str, dict]:
    return {name: json.loads(demo.truth_file(home, name).read_text()) for name in TABLES}


def query(url: str, sql: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        connection.execute("set time zone 'Africa/Johannesburg'")
        return connection.execute(sql).fetchall()


def tables_of(url: str) -> set[str]:
    """Names of all tables, as schema.table."""
    found = query(
        url,
        "select schemaname || '.' || tablename from pg_tables "
        "where schemaname not in ('pg_catalog', 'information_schema', 'demo')",
    )
    return {table for (table,) in found}


def checksums(url: str, domains: tuple[str, ...] = tuple(TABLES)) -> dict[str, tuple]:
    """Of each table of the domains its number of rows, and a sum over all of them."""
    return {
        table: query(
            url, f"select count(*), sum(hashtextextended(t::text, 0)::numeric) from {table} as t"
        )[0]
        for table in (f"{domain}.{name}" for domain in domains for name in TABLES[domain])
    }


def test_every_table_of_the_schemas_is_declared(grown):
    assert tables_of(grown[0]) == {
        f"{domain}.{name}" for domain, names in TABLES.items() for name in names
    }
    assert {table: rows for table, (rows, _) in checksums(grown[0]).items() if not rows} == {}


@pytest.mark.parametrize("domain", TABLES)
def test_same_rows_whatever_other_businesses_there_are(
    grown, database: str, tmp_path: Path, domain: str
):
    url, truths = grown
    demo.create(database, scale=SCALE, seed=SEED, home=tmp_path, domains=[domain])
    demo.advance(database, 3, home=tmp_path)
    assert tables_of(database) == {f"{domain}.{name}" for name in TABLES[domain]}
    assert checksums(database, (domain,)) == checksums(url, (domain,))
    assert json.loads(demo.truth_file(tmp_path, domain).read_text()) == truths[domain]
    assert [path.name for path in tmp_path.glob("truth_*")] == [f"truth_{domain}.json"]
    assert demo.status(database).domains == {domain}


@pytest.mark.full
def test_a_business_is_added_later(grown, database: str, tmp_path: Path):
    """It lives up to the day of those that are there, and they all live on together."""
    url, truths = grown
    first = "microfinance"
    others = TABLES.keys() - {first}
    demo.create(database, scale=SCALE, seed=SEED, home=tmp_path, domains=[first])
    # As a company looks that was created before businesses could be chosen.
    with psycopg.connect(database) as connection:
        connection.execute("drop table demo.businesses")
    demo.advance(database, 1, home=tmp_path)
    demo.create(database, scale=None, seed=SEED, home=tmp_path, domains=others)
    assert demo.status(database).domains == set(TABLES)
    # Those that are there stay, selected or not.
    assert demo.create(database, scale=None, seed=SEED, home=tmp_path, domains=[]).rows_written == 0
    demo.advance(database, 2, home=tmp_path)
    assert checksums(database) == checksums(url)
    assert truths_of(tmp_path) == truths


def test_a_business_of_another_version_is_refused(database: str, tmp_path: Path):
    demo.create(database, scale=0.001, seed=SEED, home=tmp_path, domains=["wallet"])
    with psycopg.connect(database) as connection:
        connection.execute("insert into demo.businesses values ('bakery')")
    with pytest.raises(ConfigurationError, match="a business 'bakery', which this version"):
        demo.advance(database, 1, home=tmp_path)


@pytest.mark.full
def test_same_life_however_its_days_are_grouped(grown, database: str, tmp_path: Path):
    url, truths = grown
    demo.create(database, scale=SCALE, seed=SEED, home=tmp_path)
    for number in range(3):
        if number == 1:
            # Without its state file the company recalls its life from its seed.
            (tmp_path / demo.STATE_FILE).unlink()
        demo.advance(database, 1, home=tmp_path)
    assert checksums(database) == checksums(url)
    assert truths_of(tmp_path) == truths


@pytest.mark.full
def test_killed_while_being_created_then_resumed(grown, database: str, tmp_path: Path):
    script = (
        "from pathlib import Path; from finhouse import demo; "
        f"demo.create({database!r}, scale={SCALE}, seed={SEED}, home=Path({str(tmp_path)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT_ROOT)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if 0 < query(database, "select periods from demo.company")[0][0] < 500:
                break
        except psycopg.Error:
            pass
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    half = demo.status(database)
    assert half is not None and 0 < half.periods < demo.FIRST_LIFE_DAYS, "killed too late to tell"
    demo.create(database, scale=SCALE, seed=SEED, home=tmp_path)
    demo.advance(database, 3, home=tmp_path)
    assert checksums(database) == checksums(grown[0])


@pytest.mark.full
def test_two_processes_live_one_company(grown, database: str, tmp_path: Path):
    """As builds on two targets, started together, do."""
    with ThreadPoolExecutor() as pool:
        reports = pool.map(
            lambda _: demo.create(database, scale=SCALE, seed=SEED, home=tmp_path), range(2)
        )
        written = sorted(report.rows_written for report in reports)
        days = pool.map(lambda days: demo.advance(database, days, home=tmp_path), (1, 2))
        assert all(report.rows_written for report in days)
    assert written[0] == 0 < written[1]
    assert checksums(database) == checksums(grown[0])


def test_creating_again_does_nothing(grown, tmp_path: Path):
    before = checksums(grown[0])
    report = demo.create(grown[0], scale=SCALE, seed=SEED, home=tmp_path)
    assert report.rows_written == 0
    assert checksums(grown[0]) == before


def test_another_scale_is_refused(grown, tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"scale 0\.05, not 2"):
        demo.create(grown[0], scale=2, seed=SEED, home=tmp_path)


@pytest.mark.parametrize("schema", TABLES)
def test_foreign_schema_is_refused(database: str, tmp_path: Path, schema: str):
    with psycopg.connect(database) as connection:
        connection.execute(f"create schema {schema}; create table {schema}.users (id int)")
    with pytest.raises(ConfigurationError, match="not the demo company"):
        demo.create(database, scale=SCALE, seed=SEED, home=tmp_path)
    assert query(database, f"select count(*) from {schema}.users") == [(0,)]


def test_foreign_schema_of_a_business_not_chosen_is_left_alone(database: str, tmp_path: Path):
    chosen, foreign = list(TABLES)[:2]
    with psycopg.connect(database) as connection:
        connection.execute(f"create schema {foreign}; create table {foreign}.users (id int)")
    demo.create(database, scale=0.001, seed=SEED, home=tmp_path, domains=[chosen])
    demo.advance(database, 1, home=tmp_path)
    assert demo.status(database).domains == {chosen}
    with pytest.raises(ConfigurationError, match=f"schema {foreign} .* not the demo company"):
        demo.create(database, scale=None, seed=SEED, home=tmp_path, domains=[foreign])
    assert query(database, f"select count(*) from {foreign}.users") == [(0,)]


def test_unknown_business_is_refused(database: str, tmp_path: Path):
    with pytest.raises(ConfigurationError, match="no business 'bakery'"):
        demo.create(database, scale=SCALE, seed=SEED, home=tmp_path, domains=["wallet", "bakery"])
    assert tables_of(database) == set()


def test_advance_without_a_company_is_refused(database: str, tmp_path: Path):
    with pytest.raises(ConfigurationError, match="no complete demo company"):
        demo.advance(database, 1, home=tmp_path)


def test_it_stands_two_hours_into_the_next_day(grown):
    url, truth = grown[0], grown[1]["wallet"]
    [(newest,)] = query(url, "select max(created_at) from wallet.transactions")
    as_of = date.fromisoformat(truth["as_of_date"])
    assert as_of == date(2026, 7, 3)
    assert newest.date() == as_of + timedelta(days=1)
    assert newest.hour < 2
    # Every day has a first transaction in its first two hours: that is how the pipeline knows.
    [(days,)] = query(
        url,
        "select count(distinct created_at::date) from wallet.transactions "
        "where extract(hour from created_at) < 2",
    )
    assert days == (as_of - date(2025, 1, 1)).days + 1


COMPLETED = "upper(trim(status)) in ('COMPLETED', 'SETTLED')"


def test_truth_agrees_with_plain_sql_by_day(grown):
    url, truth = grown[0], grown[1]["wallet"]
    rows = query(
        url,
        "select created_at::date::text, count(*), count(*) filter (where "
        f"{COMPLETED}), coalesce(sum(amount) filter (where {COMPLETED}), 0)::text, "
        "count(distinct sender_id) from wallet.transactions "
        f"where created_at < date '{truth['as_of_date']}' + 1 group by 1",
    )
    for day, count, completed, volume, senders in rows:
        told = truth["daily"][day]
        assert (count, completed, senders) == (
            told["total_transactions"],
            told["successful_transactions"],
            told["active_users"],
        )
        assert float(volume) == float(told["total_volume"])
    assert len(rows) == len(truth["daily"])


def test_truth_agrees_with_plain_sql_in_rows(grown):
    url, truths = grown
    for schema, truth in truths.items():
        for table, count in truth["source_rows"].items():
            assert query(url, f"select count(*) from {schema}.{table}") == [(count,)], table


def test_loan_book_ties_out_in_the_source(grown):
    """Disbursed = repaid + outstanding + written off, and the balances the app keeps agree."""
    url, truths = grown
    totals = truths["microfinance"]["totals"]
    [(disbursed, balance, written_off)] = query(
        url,
        "select sum(approved_amount) filter (where disbursed_date is not null), sum(balance), "
        "sum(written_off_amount) from microfinance.loans "
        f"where disbursed_date <= date '{truths['microfinance']['as_of_date']}'",
    )
    assert (str(disbursed), str(written_off)) == (totals["disbursed"], totals["written_off"])
    [(repaid, recovered)] = query(
        url,
        "select sum(principal_paid) filter (where not is_recovery), "
        "sum(principal_paid) filter (where is_recovery) from (select r.*, coalesce("
        "r.payment_date > (l.written_off_at at time zone 'Africa/Nairobi')::date, false) "
        "as is_recovery from microfinance.loan_repayments as r "
        "join microfinance.loans as l on l.id = r.loan_id) as r",
    )
    assert (str(repaid), str(recovered)) == (totals["principal_repaid"], totals["recovered"])
    assert disbursed - repaid - written_off == Decimal(totals["outstanding"])
    # The app knows of repayments taken in the field before they are recorded.
    assert 0 <= Decimal(totals["outstanding"]) - balance < disbursed / 100


def test_ledger_of_the_source_differs_only_where_it_was_planted(grown):
    url, truths = grown
    differences = query(
        url,
        "select a.id from microfinance.accounts as a left join microfinance.transactions as t "
        "on t.account_id = a.id and t.active left join microfinance.transaction_types as y "
        "on y.id = t.transaction_type_id group by a.id, a.balance having a.balance <> "
        "coalesce(sum(case y.direction when 'CREDIT' then t.amount else -t.amount end), 0)",
    )
    assert len(differences) == truths["microfinance"]["ledger"]["differences"] > 0
    assert query(url, "select count(*) from microfinance.accounts where balance < 0") == [(0,)]


def test_it_looks_alive_and_dirty(grown):
    url, _ = grown
    loans = "select count(*) from microfinance.loans where upper(trim(status)) = "
    facts = {
        "loans by status": "select count(distinct upper(trim(status))) - 6 from microfinance.loans",
        "restructured": loans + "'RESTRUCTURED'",
        "written off": loans + "'WRITTEN_OFF'",
        "refused": loans + "'REJECTED'",
        "loan statuses in mixed case": "select count(*) from microfinance.loans "
        "where status <> upper(trim(status))",
        "loans without a branch": "select count(*) from microfinance.loans where branch_id is null",
        "recoveries": "select count(*) from microfinance.loan_repayments as r "
        "join microfinance.loans as l on l.id = r.loan_id where r.payment_date > l.written_off_at",
        "repayments recorded late": "select count(*) from microfinance.loan_repayments "
        "where date_created::date > payment_date + 2",
        "penalties": "select count(*) from microfinance.loan_repayments where penalty_paid > 0",
        "interest-free loans": "select count(*) from microfinance.loans where interest_rate = 0",
        "paid back early": "select count(*) from microfinance.loans as l "
        "where upper(trim(status)) = 'COMPLETED' and l.due_date > (select max(payment_date) + 40 "
        "from microfinance.loan_repayments where loan_id = l.id)",
        "replaced instalments": "select count(*) from microfinance.loan_schedules "
        "where not active and version = 1",
        "calls back twice": "select count(*) - count(distinct provider_reference) "
        "from microfinance.payments",
        "payments of nobody": "select count(*) from microfinance.payments where user_id is null",
        "payments that failed": "select count(*) from microfinance.payments "
        "where upper(trim(status)) = 'FAILED'",
        "transfers that failed": "select count(*) from microfinance.transfers "
        "where upper(trim(status)) = 'FAILED'",
        "voided entries": "select count(*) from microfinance.transactions where not active",
        "entries posted late": "select count(*) from microfinance.transactions "
        "where date_created > transaction_date + interval '1 day'",
        "dormant accounts": "select count(*) from microfinance.accounts "
        "where upper(trim(status)) = 'DORMANT'",
        "matured investments": "select count(*) from microfinance.investments "
        "where upper(trim(status)) = 'MATURED'",
        "earnings": "select count(*) from microfinance.investment_earnings",
        "released collateral": "select count(*) from microfinance.loan_collaterals "
        "where released_on is not null",
        "returns": "select count(*) from commerce.sales_order_lines "
        "where upper(trim(line_type)) = 'RETURN'",
        "partial cancellations": "select count(*) from commerce.sales_order_lines as c "
        "join commerce.sales_order_lines as s on s.id = c.reverses_line "
        "where upper(trim(c.line_type)) = 'CANCELLATION' and -c.ordered_cases < s.ordered_cases",
        "exact cancellations": "select count(*) from commerce.sales_order_lines as c "
        "join commerce.sales_order_lines as s on s.id = c.reverses_line "
        "where upper(trim(c.line_type)) = 'CANCELLATION' and -c.ordered_cases = s.ordered_cases",
        "cancellations of nobody knows what": "select count(*) from commerce.sales_order_lines "
        "where upper(trim(line_type)) = 'CANCELLATION' and reverses_line is null",
        "line types as nobody should write them": "select count(*) "
        "from commerce.sales_order_lines where line_type <> upper(trim(line_type))",
        "lines posted late": "select count(*) from commerce.sales_order_lines "
        "where created_at::date > posting_date",
        "postage": "select count(*) from commerce.sales_order_lines "
        "where material_number = 'POSTAGE'",
        "bad debt": "select count(*) from commerce.sales_order_lines "
        "where material_number = 'BAD-DEBT' and net_sales < 0",
        "sales over the counter": "select count(*) from commerce.sales_order_lines "
        "where customer is null",
        "own shops": "select count(*) from commerce.sales_order_lines as l "
        "join commerce.customers as c on c.customer_number = l.customer where c.is_internal",
        "orders that found an empty shelf": "select count(*) from commerce.sales_order_lines "
        "where inv_quantity_cases = 0 and ordered_cases > 0",
        "days of empty shelves": "select count(*) from commerce.stock_levels "
        "where on_hand_units = 0",
        "orders on their way": "select count(*) from commerce.purchase_orders "
        "where received_on is null",
        "suppliers sooner and later than agreed": "select least(count(*) filter (where "
        "p.received_on - p.ordered_on < m.lead_time_days), count(*) filter (where "
        "p.received_on - p.ordered_on > m.lead_time_days)) from commerce.purchase_orders as p "
        "join commerce.materials as m using (material_number)",
        "counts that differ": "select count(*) from commerce.stock_counts "
        "where counted_units <> system_units",
        "stock that nobody wants": "select count(*) from commerce.stock_levels as s "
        "where day = (select max(day) from commerce.stock_levels) and on_hand_units > 0 "
        "and not exists (select from commerce.sales_order_lines as l where "
        "l.material_number = s.material_number and l.posting_date > s.day - 120)",
        "days the warehouse system missed": "select max(day) - min(day) + 1 - count(*) "
        "from commerce.stock_levels group by material_number, sales_office_name "
        "order by 1 desc limit 1",
        "duplicate events": "select count(*) - count(distinct event_id) "
        "from wallet.transaction_events",
        "settled": "select count(*) from wallet.transactions where status = 'SETTLED'",
        "mixed case": "select count(*) from wallet.transactions where status <> upper(status)",
        "padded": "select count(*) from wallet.transactions where status <> trim(status)",
        "no bank": "select count(*) from wallet.transactions where bank_id is null",
        "unknown bank": "select count(*) from wallet.transactions as t where bank_id is not null "
        "and not exists (select from wallet.bank_partnerships where bank_code = t.bank_id)",
        "nobody's activity": "select count(*) from wallet.user_activity where user_id is null",
        "forever pending": "select count(*) from wallet.transactions "
        "where upper(status) = 'PENDING' and created_at < '2026-06-01'",
        "reversed": "select count(*) from wallet.transactions where status = 'REVERSED'",
        "overlapping incidents": "select count(*) from wallet.service_incidents as a "
        "join wallet.service_incidents as b on a.id < b.id "
        "and a.started_at < b.resolved_at and b.started_at < a.resolved_at",
        "across midnight": "select count(*) from wallet.service_incidents "
        "where started_at::date < resolved_at::date",
        "confirmed fraud": "select count(*) from wallet.fraud_cases where outcome = 'confirmed'",
        "undecided or cleared": "select count(*) from wallet.fraud_cases "
        "where outcome <> 'confirmed'",
        "users who never sent": "select count(*) from wallet.users as u where not exists "
        "(select from wallet.transactions where sender_id = u.id)",
        "events of deleted transactions": "select count(*) from wallet.transaction_events as e "
        "where not exists (select from wallet.transactions where id = e.transaction_id)",
    }
    missing = [name for name, sql in facts.items() if query(url, sql)[0][0] <= 0]
    assert missing == []


def test_merchant_files_are_deterministic_and_dirty(tmp_path: Path):
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        write_activity_files(folder, days=2, rows_per_day=30_000, seed=5, start=date(2024, 2, 28))
    names = sorted(path.name for path in first.iterdir())
    assert names == ["activities_20240228.csv", "activities_20240229.csv"]
    text = (first / names[0]).read_text()
    assert text == (second / names[0]).read_text()
    assert text.splitlines()[0].startswith("event_id,merchant_id,event_timestamp,product")
    assert len(text.splitlines()) == 30_001
    for planted in ("INVALID", "NOT-A-DATE", ",,2024-02-28", "2024-02-27T10:00:00"):
        assert planted in text, planted


def test_files_are_dropped_into_an_empty_folder_and_withdrawn_once_others_lie_there(tmp_path: Path):
    landing, home = tmp_path / "landing", tmp_path / "home"
    folder = landing / "merchant_activity"
    withdrawn = []

    def ensure(domains: list[str] | None = None) -> list[str]:
        demo.ensure_files(
            landing,
            seed=SEED,
            scale=0.02,
            home=home,
            withdraw=lambda source, file: withdrawn.append((source, file)),
            domains=domains,
        )
        return sorted(path.name for path in folder.glob("*"))

    assert ensure(["wallet"]) == []
    ours = [f"activities_202606{day}.csv" for day in (28, 29, 30)]
    assert ensure() == ours
    before = [(folder / name).read_bytes() for name in ours]
    assert ensure() == ours
    assert [(folder / name).read_bytes() for name in ours] == before
    (folder / "activities_20260701.csv").write_text("event_id\n")
    assert ensure() == ["activities_20260701.csv"]
    assert withdrawn == [("merchant_activity", name) for name in ours]
    assert ensure() == ["activities_20260701.csv"]
