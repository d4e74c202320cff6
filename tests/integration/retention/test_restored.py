"""A restore of an older backup undoes a purge, and nothing is published until it is redone."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace

import psycopg
import pytest

from finhouse.errors import PublishError
from finhouse.safety.backup import back_up
from finhouse.safety.restore import kept_copies, restore_backup
from finhouse.settings import TARGETS
from tests.support.retention import POLICIES, ForgetfulShop, build_and_publish, by_table, read

pytestmark = pytest.mark.full

BOOKS = ("retention_purges", "retention_refusals", "retention_horizons")


def books(shop: ForgetfulShop) -> dict[str, list[tuple]]:
    """As they are, but for whether a purge was undone."""
    return {
        table: [
            row[:-1] if table == "retention_purges" else row
            for row in shop.rows(f"select * from raw_operations.{table} order by 1, 2, 3, 4")
        ]
        for table in BOOKS
    }


def restored(shop: ForgetfulShop, backup):
    found = restore_backup(shop.settings, backup)
    if not shop.settings.is_file and found.aside:
        drop(shop, found.aside.removeprefix("database "))
    return found


def drop(shop: ForgetfulShop, database: str) -> None:
    with psycopg.connect(shop.oltp_url, autocommit=True) as connection:
        connection.execute(f'drop database "{database}"')


def test_a_purge_that_a_restore_undoes_has_to_be_repeated(published_shop, monkeypatch):
    shop = published_shop
    backup = back_up(shop.settings).folder
    before = shop.raw()
    monkeypatch.setenv("LOGNAME", "somebody else")
    purged = shop.purge().apply()
    after, kept = shop.raw(), books(shop)
    user = pwd.getpwuid(os.getuid()).pw_name
    assert shop.rows("select distinct operator from raw_operations.retention_purges") == [(user,)]

    if shop.settings.is_file:
        # Readers have lost theirs, too, and are given that of the backup.
        shop.settings.published_path.unlink()
    found = restored(shop, backup)
    [(purge_id,)] = shop.rows("select distinct purge_id from raw_operations.retention_purges")
    assert found.undone == (purge_id,)
    assert "came after the backup" in " ".join(found.notes)
    assert (shop.raw(), books(shop)) == (before, kept)
    # Readers see nobody who was purged, and nobody else either until the next build.
    assert (read(shop, "buyers"), read(shop, "sales")) == (0, 1)
    with pytest.raises(PublishError, match="was undone by a restore"):
        build_and_publish(shop)
    shop.load()
    assert shop.raw() == before
    # A policy that has grown longer brings nothing back.
    shop.policies.write_text(POLICIES.replace(",12,", ",15,"))
    assert by_table(shop.purge().rehearse()) == by_table(purged)
    with pytest.raises(PublishError, match="was undone by a restore"):
        build_and_publish(shop)
    assert by_table(shop.purge().apply()) == by_table(purged)
    assert [len(rows) for rows in shop.raw().values()] == [len(rows) for rows in after.values()]
    # Those on hold.
    assert shop.rows(
        "select count(*) from raw_shop.orders where ordered_at < '2025-07-01'"
        " and cast(customer_id as text) not like '00000000-0000-8%'"
    ) == [(3,)]
    build_and_publish(shop)
    assert read(shop, "buyers") > 0
    assert restored(shop, back_up(shop.settings).folder).undone == ()


def test_a_restore_of_what_was_lost_says_that_purges_are_not_known(shop):
    backup = back_up(shop.settings).folder
    if shop.settings.is_file:
        shop.settings.duckdb_path.unlink()
        assert "run `finhouse purge --apply`" in " ".join(restored(shop, backup).notes)
    # With the warehouse they are known: there are none.
    found = restored(shop, backup)
    assert (found.undone, "purge" in " ".join(found.notes)) == ((), False)


def test_copies_that_a_purge_leaves_alone_are_named(shop):
    """The files of this target are none of them, unless a restore has set them aside."""
    settings = shop.settings
    backup = back_up(settings).folder
    others = [replace(settings, target=target) for target in TARGETS if target != settings.target]
    files = [
        path
        for other in others
        if other.is_file
        for path in (other.duckdb_path, other.published_path, other.masked_path("internal"))
    ]
    aside = settings.home / "warehouse.duckdb.before-restore-20260101"
    expected = {backup, settings.fetched_path, aside, *files}
    for path in expected - {backup}:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    lakes = {other.lake_home for other in others if other.is_bridged}
    for lake in lakes:
        lake.mkdir(parents=True, exist_ok=True)
    assert set(kept_copies(settings)) == expected | lakes
