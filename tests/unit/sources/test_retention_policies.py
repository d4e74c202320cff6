"""Retention policies: what is declared, and how a mistake in one is explained."""

from __future__ import annotations

from datetime import date

import pytest

from finhouse.errors import ConfigurationError
from finhouse.sources import available_sources, read_source
from finhouse.sources.retention import POLICIES_FILE, read_policies

SHOP = """kind: postgres
name: shop
schema: shop
person: customer
legal_holds: holds
tables:
  - {name: customers, mode: full, key: [id], subjects: {id: customer},
     personal_data: {email: omit, born_on: pseudonymise}}
  - {name: orders, mode: full, key: [id], references: [customers], subjects: {buyer: customer}}
  - {name: rates, mode: full, key: [id]}
  - {name: holds, mode: full, key: [id]}
"""
FILES = """kind: csv_folder
name: deliveries
folder: deliveries
file_pattern: parcels_{date:%Y%m%d}.csv
table: parcels
columns: [parcel_id]
"""
HEADER = "source_name,table_name,date_column,keep_months,action,legal_basis,review_date"
GOOD = "shop,orders,ordered_at,12,anonymise,Law,2027-01-01"


@pytest.fixture
def read(tmp_path):
    (tmp_path / "shop.yml").write_text(SHOP)
    (tmp_path / "deliveries.yml").write_text(FILES)

    def of(*lines: str, header: str = HEADER):
        file = tmp_path / "retention_policies.csv"
        file.write_text("\n".join([header, *lines, ""]))
        return read_policies(file, tmp_path)

    return of


def test_shipped_policies_suit_the_shipped_sources():
    shown = {policy.shown for policy in read_policies()}
    assert {"bnpl.orders", "wallet.transactions", "microfinance.loans"} <= shown
    # Whoever is a person in a source has a policy.
    for source in map(read_source, available_sources()):
        person = getattr(source, "person", None)
        for table in getattr(source, "tables", ()) if person else ():
            named = [column for column in table.columns_of(person) if column not in table.omitted]
            assert not named or f"{source.name}.{table.name}" in shown, table.name


def test_policies_of_domains_that_are_not_selected_are_left_out(monkeypatch):
    monkeypatch.setenv("FINHOUSE_DOMAINS", "wallet")
    assert {policy.source_name for policy in read_policies(POLICIES_FILE)} == {
        "wallet", "pulse", "operations",
    }  # fmt: skip


def test_whole_months_are_kept(read):
    [policy] = read(GOOD)
    assert policy.first_day_kept(date(2026, 7, 1)) == date(2025, 7, 1)
    assert policy.first_day_kept(date(2026, 7, 31)) == date(2025, 7, 1)
    assert policy.first_day_kept(date(2026, 1, 15)) == date(2025, 1, 1)
    # What could have been purged last month and was not is overdue.
    assert policy.overdue_before(date(2026, 7, 31)) == date(2025, 6, 1)


MISTAKES = {
    "unknown source": (GOOD.replace("shop,", "shup,"), "unknown source 'shup'"),
    "unknown table": (GOOD.replace("orders", "order"), "source shop has no table order"),
    "no months": (GOOD.replace("12", "0"), "keep_months is '0'"),
    "half a month": (GOOD.replace("12", "1.5"), "keep_months is '1.5'"),
    "unknown action": (GOOD.replace("anonymise", "archive"), "action is 'archive'"),
    "no basis": (GOOD.replace("Law", " "), "has no legal_basis"),
    "no day": (GOOD.replace("2027-01-01", "2027"), "review_date is '2027'"),
    "a comma": (GOOD.replace("Law", "Law, 2"), "8 cells instead of 7"),
    "twice": (f"{GOOD}\n{GOOD}", "line 3: shop.orders has two policies"),
    "nobody": ("shop,rates,day,12,anonymise,Law,2027-01-01", "nothing in shop.rates can be"),
    "pointed to": ("shop,customers,day,12,delete,Law,2027-01-01", "orders refer to them"),
    "omitted": ("shop,customers,email,12,anonymise,Law,2027-01-01", "never leaves its source"),
    "a token": ("shop,customers,born_on,12,anonymise,Law,2027-01-01", "a token, which is no date"),
    "holds": ("shop,holds,day,12,delete,Law,2027-01-01", "holds the legal holds"),
    "files": ("deliveries,parcels,day,12,delete,Law,2027-01-01", "is loaded from files"),
    "our books": ("operations,load_log,loaded_at,12,delete,Law,2027-01-01", "not a table that is"),
    "our column": ("operations,repairs,day,12,delete,Law,2027-01-01", "has date_column day"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_line_and_remedy(read, mistake):
    lines, said = MISTAKES[mistake]
    with pytest.raises(ConfigurationError, match=r"retention_policies\.csv, line \d") as error:
        read(lines)
    assert said in str(error.value) and error.value.remedy


def test_another_header_is_refused(read):
    with pytest.raises(ConfigurationError, match="line 1: the columns are a, b"):
        read(header="a, b".replace(" ", ""))
