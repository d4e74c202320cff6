"""Personal data of marked people is looked for in every byte that a house keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from finhouse.engines.snowflake_account import snowflake_emulator
from finhouse.extract_load import load_source
from finhouse.safety.backup import backups_folder
from finhouse.sources.definitions import SOURCES_FOLDER
from finhouse.warehouse import open_warehouse
from tests.support.house import House
from tests.support.marks import OMITTED, SOURCES, Search, masked_columns, masked_marks

# What holds raw tables, with the columns that are loaded and shown by no mart.
RAW = ("warehouse.duckdb", "spark", "snowflake", "backups")


def marked(house: House) -> int:
    """Texts that are marked in the sources: what a search could find."""
    return sum(
        len(values)
        for domain in ("wallet", "microfinance", "commerce", "bnpl")
        for columns in house.truth(domain)["marked"].values()
        for values in columns.values()
    )


def test_the_sources_hold_what_is_looked_for(company: House):
    assert marked(company) > 500
    [(people,)] = company.oltp_rows(
        "select (select count(*) from wallet.users where phone_number_hash like '9073184625%')"
        " + (select count(*) from microfinance.users_user where email like 'kwanarix%')"
        " + (select count(*) from commerce.customers where email like 'kwanarix%')"
        " + (select count(*) from bnpl.customers where email like 'kwanarix%')"
    )
    assert people >= 40


def test_what_is_omitted_is_nowhere_in_the_house(company: House):
    """Warehouse, publication, dbt's target and logs, the stages of engines: every file."""
    # Where a test of engines has left it: it keeps its database to itself while it runs.
    snowflake_emulator(company.settings()).stop()
    assert Search().in_folder(company.home, but=SOURCES) == []


def test_what_is_omitted_is_nowhere_in_a_postgres_warehouse(company: House):
    """By its rows, and by the bytes of its files."""
    settings, url = company.settings("postgres"), company.server.url("warehouse")
    with open_warehouse(settings, url=url) as warehouse:
        assert Search().in_warehouse(warehouse) == []
        [(folder,)] = warehouse.execute(
            "select current_setting('data_directory') || '/base/' || oid from pg_database"
            " where datname = current_database()"
        )
        warehouse.execute("checkpoint")
    assert Search().in_folder(Path(folder)) == []


@pytest.mark.parametrize("target", ["duckdb", pytest.param("postgres", marks=pytest.mark.full)])
def test_what_is_masked_is_in_the_raw_tables_alone(company: House, target: str):
    search, columns = Search(masked_marks(company)), masked_columns()
    url = company.server.url("warehouse") if target == "postgres" else None
    with open_warehouse(company.settings(target), url=url) as warehouse:
        assert search.in_warehouse(warehouse, but=columns) == []
        found = {hit.partition(":")[0] for hit in search.in_warehouse(warehouse)}
    # A search that finds them there would find them elsewhere.
    assert found == {column.rpartition(".")[0] for column in columns}


def test_what_is_masked_is_in_no_other_file(company: House):
    search = Search(masked_marks(company))
    assert search.in_folder(company.home, but=(*SOURCES, *RAW)) == []


@pytest.mark.domains("wallet")
def test_what_monitors_keep_and_say_names_nobody(company_copy: House):
    search = Search((*OMITTED, *masked_marks(company_copy)))
    said = [company_copy.succeed("pulse", "new", "--template", "fraud_rate_high")]
    said += [company_copy.succeed("pulse", *words) for words in (("run",), ("ask", "MAU in June"))]
    tables = company_copy.oltp_rows("select tablename from pg_tables where schemaname = 'pulse'")
    rows = {
        table: company_copy.oltp_rows(f"select t::text from pulse.{table} as t")
        for (table,) in tables
    }
    assert rows["pulse_execution_log"] and rows["pulse_query_history"]
    assert {
        table: search.in_rows(found) for table, found in rows.items() if search.in_rows(found)
    } == {}
    assert search.in_rows([(text,) for text in said]) == []


@pytest.mark.full
@pytest.mark.domains("bnpl", "commerce")
def test_a_column_that_is_let_out_is_found(company_copy: House, tmp_path: Path):
    """The search can fail: `omit` turned to `mask`, and a mart that shows what is masked."""
    house = company_copy
    text = (SOURCES_FOLDER / "bnpl.yml").read_text()
    for column in ("phone", "full_name"):
        assert f"{column}: omit" in text
        text = text.replace(f"{column}: omit", f"{column}: mask")
    (tmp_path / "bnpl.yml").write_text(text)
    settings = house.settings()
    with open_warehouse(settings) as warehouse:
        load_source(
            settings,
            "bnpl",
            oltp_url=house.server.url("oltp"),
            warehouse=warehouse,
            definitions=tmp_path,
        )
        assert {*Search().in_warehouse(warehouse)} == {
            "raw_bnpl.customers: kwanarix",
            "raw_bnpl.customers: 9073184625",
        }
        warehouse.execute(
            "create table marts.leak as select upper(customer_name) as remark"
            " from raw_commerce.customers"
        )
        leaks = Search(masked_marks(house)).in_warehouse(warehouse, but=masked_columns())
        assert leaks == ["marts.leak: kwamaskix"]
    in_files = Search().in_folder(house.home, but=SOURCES)
    assert {hit.partition(",")[0].partition(":")[0] for hit in in_files} == {
        str(settings.duckdb_path)
    }
    house.succeed("backup", "--unencrypted")
    [kept] = backups_folder(settings).iterdir()
    assert [hit for hit in Search().in_folder(kept) if "customers" in hit]
