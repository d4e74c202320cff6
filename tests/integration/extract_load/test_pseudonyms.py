"""Columns that leave their source as tokens: joins survive, values do not."""

from __future__ import annotations

import hashlib
import hmac
import stat
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from finhouse.cli import main
from finhouse.errors import ConfigurationError, SchemaDriftError
from finhouse.extract_load.capture.setup import enable_capture
from finhouse.pseudonyms import DEMO_KEY_FILE, KEY, KEY_FILE, PseudonymKey, write_key
from finhouse.sources import read_source
from tests.support.extract_load import (
    APPEND,
    BY_COLUMN,
    BY_SLOT,
    FULL,
    FULL_WITHOUT_KEY,
    INCREMENTAL,
    Shop,
)
from tests.support.marks import Search
from tests.support.reconciling import counts, reconcile, tamper

SECRET = "00112233445566778899aabbccddeeff" * 2
DDL = """
    create schema shop;
    create table shop.people (id int primary key, fayda_id varchar(20), phone bigint);
    insert into shop.people
    select i, 'kwanarix-' || i % 40, 251900000000 + i from generate_series(1, 50) i;
    create table shop.orders (
        id bigint primary key,
        buyer_fayda_id text,
        device uuid,
        amount numeric(15,2),
        updated_at timestamptz
    );
    insert into shop.orders
    select i, nullif('kwanarix-' || i % 30, 'kwanarix-0'), md5(i::text)::uuid, i * 1.01,
        timestamptz '2026-01-01' + i * interval '1 hour'
    from generate_series(1, 100) i;
    insert into shop.orders values (101, '', null, 1, now())
"""
TREATED = "    personal_data: {buyer_fayda_id: pseudonymise, device: pseudonymise}\n"
MODES = {
    "full": FULL,
    "full without a key": FULL_WITHOUT_KEY,
    "by row version": INCREMENTAL,
    "by column": BY_COLUMN,
    "by slot": BY_SLOT,
    "append": APPEND,
}


def shop_yaml(settings_text: str = INCREMENTAL + TREATED) -> str:
    return (
        "kind: postgres\nname: shop\nschema: shop\ntables:\n"
        "  - name: people\n    mode: full\n    key: [id]\n"
        "    personal_data: {fayda_id: pseudonymise, phone: pseudonymise}\n"
        f"  - name: orders\n{settings_text}"
    )


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> PseudonymKey:
    monkeypatch.setenv(KEY, SECRET)
    return PseudonymKey(bytes.fromhex(SECRET))


@pytest.fixture
def shop(oltp_url, settings, warehouse, declare) -> Shop:
    """A shop whose database is no embedded server's, so that no key is made for it."""
    elsewhere = replace(settings, oltp_url=oltp_url)
    made = Shop(oltp_url, elsewhere, warehouse, declare("shop", shop_yaml()))
    made.sql(DDL)
    return made


def expected(shop: Shop) -> list[tuple]:
    """The rows of the source, their tokens computed by the definition of HMAC-SHA256."""

    def token(text: str | None) -> str | None:
        if text is None:
            return None
        return hmac.new(bytes.fromhex(SECRET), text.encode(), hashlib.sha256).hexdigest()

    rows = shop.source_rows(columns="id, buyer_fayda_id, device::text, amount, updated_at")
    return [(one, token(fayda), token(device), *rest) for one, fayda, device, *rest in rows]


def loaded(shop: Shop) -> list[tuple]:
    return shop.raw_rows(columns="id, buyer_fayda_id, device, amount, updated_at")


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_values_become_tokens_in_every_mode(shop, declare, mode):
    declare("shop", shop_yaml(mode + TREATED))
    if mode == BY_SLOT:
        enable_capture(shop.oltp_url, "shop", "orders", shop.warehouse.identity, shop.definitions)
    shop.load()
    assert loaded(shop) == expected(shop)
    # NULL stays NULL, and an empty text is none.
    nothing, empty = loaded(shop)[29], loaded(shop)[100]
    assert nothing[1] is None and len(empty[1]) == 64 and empty[2] is None
    assert not shop.load().changed
    before = loaded(shop)
    shop.sql(
        "update shop.orders set buyer_fayda_id = 'kwanarix-99', updated_at = now() where id = 7"
    )
    shop.sql("insert into shop.orders values (102, 'kwanarix-99', null, 2, now())")
    shop.load()
    if mode == APPEND:
        assert loaded(shop) == [*before, expected(shop)[-1]]
    else:
        assert loaded(shop) == expected(shop)
    assert not shop.load().changed
    assert reconcile(shop).status == "equal"


def test_tokens_join_across_tables_as_the_values_do(shop):
    shop.load()
    joined = "count(*) from {0}.people inner join {0}.orders on fayda_id = buyer_fayda_id"
    [(ours,)] = shop.warehouse.execute(f"select {joined.format('raw_shop')}")
    with psycopg.connect(shop.oltp_url) as connection:
        [(theirs,)] = connection.execute(f"select {joined.format('shop')}").fetchall()
    assert ours == theirs > 100


def test_no_value_is_in_the_warehouse_and_all_tokens_are_alike(shop):
    shop.load()
    search = Search(("kwanarix", "251900000001", SECRET))
    assert search.in_warehouse(shop.warehouse) == []
    columns = shop.warehouse.columns("raw_shop", "people")
    assert {columns["fayda_id"].lower(), columns["phone"].lower()} <= {"text", "varchar"}
    [(shortest, longest)] = shop.warehouse.execute(
        "select min(length(phone)), max(length(phone)) from raw_shop.people"
    )
    assert (shortest, longest) == (64, 64)


def test_reconciliation_compares_the_other_columns_and_heals_with_tokens(shop):
    shop.load()
    tamper(
        shop,
        "delete from raw_shop.orders where id = 15",
        "update raw_shop.orders set amount = 0 where id = 16",
    )
    assert counts(reconcile(shop)) == (1, 0, 0, 1)
    assert reconcile(shop, heal=True).is_healed
    assert loaded(shop) == expected(shop)


@pytest.mark.parametrize("mode", [FULL, INCREMENTAL, APPEND])
@pytest.mark.parametrize("before, after", [("", TREATED), (TREATED, "")])
def test_another_treatment_must_be_reviewed(shop, declare, mode, before, after):
    declare("shop", shop_yaml(mode + before))
    shop.load()
    held = loaded(shop)
    declare("shop", shop_yaml(mode + after))
    with pytest.raises(SchemaDriftError, match=r"'buyer_fayda_id' was .* and is now") as caught:
        shop.load()
    assert "pseudonym of text" in caught.value.message and "--full-refresh" in caught.value.remedy
    assert loaded(shop) == held
    shop.load(full_refresh=True)
    assert (loaded(shop) == expected(shop)) == bool(after)


def test_a_longer_text_is_no_drift(shop):
    shop.load()
    shop.sql("alter table shop.people alter fayda_id type varchar(60)")
    shop.sql("alter table shop.orders alter buyer_fayda_id type varchar(60)")
    assert not shop.load().changed


def test_without_a_key_nothing_is_read(shop, monkeypatch):
    monkeypatch.delenv(KEY)
    with pytest.raises(ConfigurationError, match="there is no key") as refused:
        shop.load()
    assert "finhouse pseudonym-key" in str(refused.value)
    assert not shop.warehouse.table_exists("raw_shop", "orders")


def test_a_source_without_pseudonyms_needs_no_key(shop, declare, monkeypatch):
    declare("shop", "kind: postgres\nname: shop\nschema: shop\ntables:\n  - name: orders\n" + FULL)
    monkeypatch.setenv(KEY, "nonsense")
    assert shop.load().counts.inserted == 101


def test_another_key_is_refused_until_every_table_is_loaded_anew(shop, monkeypatch):
    shop.load()
    held = loaded(shop)
    monkeypatch.setenv(KEY, SECRET[::-1])
    with pytest.raises(ConfigurationError, match="another one than before") as refused:
        shop.load()
    assert "--full-refresh" in str(refused.value) and loaded(shop) == held
    assert "tokens of shop.people" in shop.load(full_refresh=True, tables=["orders"]).note
    with pytest.raises(ConfigurationError, match=r"tokens of shop\.people"):
        shop.load(tables=["people"])
    assert shop.load(full_refresh=True).note == ""
    assert not shop.load().changed


def test_a_new_table_is_refused_where_its_tokens_would_not_join(shop, monkeypatch):
    shop.load(tables=["people"])
    monkeypatch.setenv(KEY, SECRET[::-1])
    with pytest.raises(ConfigurationError, match=r"tokens of shop\.people were made"):
        shop.load(tables=["orders"])
    assert not shop.warehouse.table_exists("raw_shop", "orders")


def test_the_demo_company_has_a_key_of_its_own(shop, settings, monkeypatch):
    """A house of the embedded server makes its key once, and keeps it."""
    monkeypatch.delenv(KEY)
    shop.settings = settings
    shop.load()
    file = settings.home / DEMO_KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not shop.load().changed
    text = file.read_text()
    monkeypatch.setenv(KEY_FILE, str(file))
    assert (
        PseudonymKey.from_environment().token("kwanarix-1") in {row[1] for row in loaded(shop)}
        and file.read_text() == text
    )


def test_the_source_is_not_told_the_key(shop, oltp_server):
    """Every statement that it is sent, by its own log."""
    shop.sql("alter database oltp_under_test set log_statement = 'all'")
    begin = oltp_server.log_file.stat().st_size
    shop.load()
    log = oltp_server.log_file.read_bytes()[begin:]
    assert b"buyer_fayda_id" in log
    assert Search((SECRET,)).found_in(log) == set()


REFUSED = {
    "a key": (INCREMENTAL + "    personal_data: {id: pseudonymise}\n", "is key, cursor or event"),
    "a cursor": (BY_COLUMN + "    personal_data: {updated_at: pseudonymise}\n", "is key, cursor"),
    "a subject": (
        FULL + TREATED + "    subjects: {buyer_fayda_id: person}\n",
        "buyer_fayda_id says whom a row is about and cannot be pseudonymised",
    ),
    "a secret": (
        FULL + TREATED + "    classes: {1a secret: [buyer_fayda_id], 3 technical: rest}\n",
        "a secret never leaves the source",
    ),
}


@pytest.mark.parametrize("settings_text, message", REFUSED.values(), ids=REFUSED)
def test_what_the_loader_or_a_hold_looks_for_is_no_token(declare, settings_text, message):
    folder = declare("shop", shop_yaml(settings_text))
    with pytest.raises(ConfigurationError, match=message):
        read_source("shop", folder)


def test_a_table_of_nothing_but_tokens_is_refused(shop, declare):
    columns = ("id", "buyer_fayda_id", "device", "amount", "updated_at")
    listed = ", ".join(f"{name}: pseudonymise" for name in columns)
    declare("shop", shop_yaml(f"{FULL_WITHOUT_KEY}    personal_data: {{{listed}}}\n"))
    with pytest.raises(ConfigurationError, match="omitted or pseudonymised"):
        shop.load()


@pytest.mark.parametrize("text", ["", "nonsense", SECRET[:-2], f"{SECRET}\n{SECRET}", "g" * 64])
def test_what_is_no_key_is_refused_and_not_shown(text: str):
    with pytest.raises(ConfigurationError) as refused:
        PseudonymKey.parse(text, KEY)
    assert KEY in str(refused.value) and (not text or text not in str(refused.value))


def test_a_key_is_made_once_and_not_shown(tmp_path: Path):
    file = tmp_path / "pseudonym.key"
    made = CliRunner().invoke(main, ["pseudonym-key", str(file)], catch_exceptions=False)
    assert made.exit_code == 0 and stat.S_IMODE(file.stat().st_mode) == 0o600
    read = PseudonymKey.from_environment({KEY_FILE: str(file)})
    assert read and read.fingerprint in made.output
    assert read.secret.hex() not in made.output + repr(read)
    again = CliRunner().invoke(main, ["pseudonym-key", str(file)], catch_exceptions=False)
    assert again.exit_code == 2
    with pytest.raises(ConfigurationError, match="both"):
        PseudonymKey.from_environment({KEY_FILE: str(file), KEY: SECRET})
    assert PseudonymKey.from_environment({}) is None
    with pytest.raises(ConfigurationError, match="is there already"):
        write_key(file)
