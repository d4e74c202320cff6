"""Source files: what is declared, and how a mistake in one is explained."""

from __future__ import annotations

from datetime import date

import pytest

from finhouse.errors import ConfigurationError
from finhouse.extract_load.columns import SourceColumn
from finhouse.sources import available_sources, read_source
from finhouse.sources.file_pattern import FilePattern

GOOD = """kind: postgres
name: shop
schema: shop
tables:
  - name: orders
    mode: incremental
    key: [id]
    cursor: xmin
"""


def test_all_shipped_sources_are_valid():
    assert {"wallet", "merchant_activity", "microfinance"} <= set(available_sources())
    for name in available_sources():
        assert read_source(name).name == name


def test_a_table_wins_over_its_source_and_rest_is_what_was_known(tmp_path):
    text = GOOD.replace("tables:", "classes: {3 technical: [id, at]}\ntables:")
    (tmp_path / "shop.yml").write_text(text + "    classes: {2 identity: [id], 3 business: rest}\n")
    shop = read_source("shop", tmp_path)
    found = {name: shop.class_of("orders", name, ["a"]) for name in ("id", "at", "a", "b")}
    assert {name: found[name] and str(found[name]) for name in found} == {
        "id": "2 identity", "at": "3 technical", "a": "3 business", "b": None,
    }  # fmt: skip


def test_wallet_is_declared_as_its_brief_asks():
    tables = {table.name: table for table in read_source("wallet").tables}
    assert set(tables) == {
        "users", "transactions", "transaction_events", "user_activity", "bank_partnerships",
        "bank_surveys", "fraud_cases", "marketing_spend", "operating_costs", "service_incidents",
    }  # fmt: skip
    assert tables["users"].omitted == {"phone_number_hash", "device_public_key"}
    assert tables["bank_partnerships"].omitted == {"api_key_hash"}
    assert tables["user_activity"].omitted == {"location_hash"}
    assert tables["transaction_events"].mode == "append"
    assert tables["user_activity"].key == ("activity_id",)
    for name in ("users", "transactions", "user_activity", "fraud_cases"):
        assert (tables[name].cursor, tables[name].reconcile_deletes) == ("xmin", True)


def test_microfinance_is_declared_as_its_brief_asks():
    tables = {table.name: table for table in read_source("microfinance").tables}
    assert len(tables) == 17
    assert {table.group for table in tables.values()} == {
        "accounts", "investments", "loans", "payments", "transactions", "users",
    }  # fmt: skip
    assert tables["users_user"].omitted >= {"password", "email", "phone_number", "national_id"}
    for table in tables.values():
        if table.mode == "incremental":
            assert (table.cursor, table.reconcile_deletes) == ("xmin", True)


MISTAKES = {
    "unknown key": (GOOD + "    kee: [id]\n", r"line 9: table orders: kee = \['id'\]", "write key"),
    "missing key": (GOOD.replace("schema: shop\n", ""), "schema is missing", "add schema:"),
    "missing kind": (GOOD.replace("kind: postgres\n", ""), "kind = None", "kind: postgres"),
    "wrong kind": (GOOD.replace("postgres", "mysql"), "line 1: kind = 'mysql'", "csv_folder"),
    "wrong mode": (GOOD.replace("incremental", "upsert"), r"line 6: .*mode = 'upsert'", ""),
    "not YAML": (GOOD + "  - name: [\n", r"line 10: not YAML", "indentation"),
    "a list": ("- a\n", "line 1: expected keys and values", "kind"),
    "empty": ("", "expected keys and values", "kind"),
    "a key twice": (GOOD + "    key: [no]\n", "line 9: 'key' is given twice", "one of the two"),
    "a table twice": (GOOD + GOOD[GOOD.index("  - name") :], "orders is declared twice", ""),
    "another name": (GOOD.replace("name: shop", "name: store"), "line 2: name is 'store'", "shop"),
    "no key": (GOOD.replace("    key: [id]\n", ""), "line 5: .*needs a key", ""),
    "no cursor": (GOOD.replace("    cursor: xmin\n", ""), "needs a cursor", ""),
    "no lookback": (GOOD.replace("xmin", "updated_at"), "needs a lookback", ""),
    "odd lookback": (GOOD + "    lookback: soon\n", "xmin loses nothing", ""),
    "bad lookback": (
        GOOD.replace("xmin", "updated_at") + "    lookback: soon\n",
        "lookback 'soon' is not like",
        "",
    ),
    "cursor in mode full": (GOOD.replace("incremental", "full"), "no meaning in mode full", ""),
    "append that deletes": (
        GOOD.replace("incremental", "append") + "    reconcile_deletes: true\n",
        "never deletes",
        "",
    ),
    "immutable rows that are replaced": (
        GOOD + "    immutable: true\n",
        "immutable is for mode append, not incremental",
        "",
    ),
    "event time of full": (
        "kind: postgres\nname: shop\nschema: shop\ntables:\n  - name: orders\n    mode: full\n"
        "    event_time: at\n",
        "event_time has no meaning in mode full",
        "",
    ),
    "omitted event time": (
        GOOD + "    event_time: at\n    personal_data: {at: omit}\n",
        "cannot be omitted",
        "",
    ),
    "omitted key": (GOOD + "    personal_data: {id: omit}\n", "cannot be omitted", ""),
    "unknown reference": (
        GOOD + "    references: [customers]\n",
        "references customers, which no table is called",
        "",
    ),
    "references in a circle": (
        GOOD
        + "    references: [lines]\n"
        + "  - {name: lines, mode: full, group: core, references: [orders]}\n",
        "references go in a circle",
        "",
    ),
    "groups in a circle": (
        GOOD
        + "    group: core\n"
        + "    references: [lines]\n"
        + "  - {name: lines, mode: full, group: other, references: [products]}\n"
        + "  - {name: products, mode: full, group: core}\n",
        "groups refer to each other",
        "",
    ),
    "no such time zone": (
        GOOD.replace("schema: shop\n", "schema: shop\ntime_zone: Mars/Olympus\n"),
        "'Mars/Olympus' is no time zone",
        "",
    ),
    "odd schedule": (
        GOOD.replace("schema: shop\n", "schema: shop\nschedule: at night\n"),
        "schedule = 'at night'",
        "",
    ),
    "micro-batches of nothing": (
        GOOD.replace("schema: shop\n", "schema: shop\nnear_real_time: '*/5 * * * *'\n"),
        "near_real_time needs a table of mode append",
        "",
    ),
    "odd class": (
        GOOD + "    classes: {1c money: [id]}\n",
        "line 9: table orders: classes: '1c money' is no class: write a level .* and a category",
        "",
    ),
    "identifying and of no person": (
        GOOD + "    classes: {1a business: [id]}\n",
        "what is of level 1a is about a person",
        "",
    ),
    "rest of a person": (
        GOOD + "    classes: {2 identity: rest}\n",
        "what is about a person is named column by column",
        "",
    ),
    "two classes of a column": (
        GOOD + "    classes: {2 identity: [a], 3 technical: [a]}\n",
        "a is in 2 identity and in 3 technical: keep one",
        "",
    ),
    "identifying and untreated": (
        GOOD + "    classes: {1a contact: [phone]}\n",
        "orders.phone is of class 1a contact: .* write phone: omit, pseudonymise or mask",
        "",
    ),
    "identifying and kept": (
        GOOD + "    classes: {1a contact: [phone]}\n    personal_data: {phone: keep}\n",
        "orders.phone is of class 1a contact",
        "",
    ),
    "a secret that leaves": (
        GOOD + "    classes: {1a secret: [pin]}\n    personal_data: {pin: mask}\n",
        "a secret never leaves the source",
        "",
    ),
    "rest of a source": (
        GOOD.replace("tables:", "classes: {3 technical: rest}\ntables:"),
        "rest is for a table",
        "",
    ),
    "odd rule": (GOOD + "    personal_data: {x: hide}\n", r"line 9: .*= 'hide'", ""),
}

FILES = """kind: csv_folder
name: shop
folder: shop
file_pattern: sales_{date:%Y%m%d}.csv
table: sales
columns: [id]
"""
MISTAKES |= {
    "unknown key of files": (FILES + "holidys: []\n", r"line 7: holidys = \[\]", "write holidays"),
    "odd promise": (
        FILES + "expected: hourly\n",
        "line 7: expected = 'hourly': Input should be 'daily'",
        "merchant_activity.yml",
    ),
    "odd day off": (
        FILES + "expected: daily\ndays_off: [sunday, sat]\n",
        "line 8: days_off.1 = 'sat': Input should be 'monday'",
        "merchant_activity.yml",
    ),
    "odd holiday": (
        FILES + "expected: daily\nholidays:\n  - 2026-12-25\n  - 26.12.2026\n",
        "line 10: holidays.1: '26.12.2026' is no day: write it like 2026-12-25",
        "merchant_activity.yml",
    ),
    "holiday of no calendar": (
        FILES + "expected: daily\nholidays: [2026-02-30]\n",
        "line 8: holidays.0: '2026-02-30' is no day",
        "merchant_activity.yml",
    ),
    "holiday that is a number": (
        FILES + "expected: daily\nholidays: [20261225]\n",
        "line 8: holidays.0: 20261225 is no day",
        "merchant_activity.yml",
    ),
    "holiday twice": (
        FILES + "expected: daily\nholidays: [2026-12-25, 2026-12-25]\n",
        "holidays: 2026-12-25 is given twice",
        "merchant_activity.yml",
    ),
    "holiday of nothing": (
        FILES + "holidays: 2026-12-25\n",
        "holidays has no meaning where no file is expected: add expected: daily",
        "merchant_activity.yml",
    ),
    "no day left": (
        FILES
        + "expected: daily\n"
        + "days_off: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]\n",
        "days_off leaves no day for a file",
        "merchant_activity.yml",
    ),
}


@pytest.mark.parametrize("text, message, remedy", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_file_line_and_remedy(tmp_path, text, message, remedy):
    (tmp_path / "shop.yml").write_text(text)
    with pytest.raises(ConfigurationError, match=message) as caught:
        read_source("shop", tmp_path)
    assert "shop.yml" in caught.value.message
    assert remedy in caught.value.remedy
    assert caught.value.remedy


def test_a_file_pattern_has_one_whole_date():
    pattern = FilePattern("a.{date:%d-%m-%Y}.csv")
    assert pattern.date_of("a.31-12-2024.csv") == date(2024, 12, 31)
    assert pattern.date_of("ab31-12-2024.csv") is None
    assert pattern.name_of(date(2024, 12, 31)) == "a.31-12-2024.csv"
    assert pattern.name_of(date(987, 6, 5)) == "a.05-06-0987.csv"
    assert pattern.date_of("a.31-12-2024.csv.part") is None
    with pytest.raises(ValueError):
        pattern.date_of("a.31-02-2024.csv")
    for wrong in ("a.csv", "{date:%Y%m}.csv", "{date:%Y%m%d}{date:%Y%m%d}", "{date:%Y%m%d%H}"):
        with pytest.raises(ValueError, match="needs one date"):
            FilePattern(wrong)


@pytest.mark.parametrize(
    "kind, duckdb, postgres",
    [
        ("numeric(15,2)", "numeric(15, 2)", "numeric(15, 2)"),
        ("numeric(38,0)", "numeric(38, 0)", "numeric(38, 0)"),
        ("numeric(39,2)", "text", "text"),
        ("numeric(5,-2)", "text", "text"),
        ("numeric(3,5)", "text", "text"),
        ("numeric", "text", "text"),
    ],
)
def test_numerics_stay_exact_or_become_text(kind, duckdb, postgres):
    column = SourceColumn("x", kind, "numeric", True)
    assert (column.raw_type("duckdb"), column.raw_type("postgres")) == (duckdb, postgres)
    assert column.source_sql == ('"x"' if column.is_plain else '"x"::text as "x"')
