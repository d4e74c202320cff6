"""Backups that a key opens, and no other; and restores that are only tried."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from finhouse.cli import main
from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.pulse_tables import connect_pulse
from finhouse.safety.backup import back_up, backups_in
from finhouse.safety.beside import BESIDE, SECRET_FILE
from finhouse.safety.cipher import KEY, KEY_FILE, BackupKey, write_key
from finhouse.safety.doctor import examine
from finhouse.safety.drill import try_restore
from finhouse.safety.manifest import MANIFEST_FILE, WAREHOUSE_FILES, read_manifest
from finhouse.safety.restore import restore_backup
from finhouse.settings import Settings
from tests.support.marks import Search
from tests.support.safety import KeptHouse
from tests.support.warehouse import ThrowAwayServer

MARK = "kwanarix"
ASKED = (
    "insert into pulse.pulse_query_history (user_id, query_text, executed_at, data_source, outcome)"
    " values ('ada', '{}', now(), 'published', 'answered')"
)


@pytest.fixture
def key(tmp_path: Path) -> BackupKey:
    return write_key(tmp_path / "backup.key")


@pytest.fixture
def other_key(tmp_path: Path) -> BackupKey:
    return write_key(tmp_path / "other.key")


@pytest.fixture
def marked(house: KeptHouse) -> KeptHouse:
    """A house with rows that are easy to find."""
    house.sql(f"update shop.orders set status = '{MARK}'")
    house.load()
    return house


@pytest.fixture
def beside(
    house: KeptHouse, settings: Settings, oltp_server: ThrowAwayServer
) -> Iterator[Settings]:
    """Monitors and Superset's metadata beside the warehouse, with a row of each."""
    url = oltp_server.create_database("pulse_under_test")
    with_pulse = replace(settings, source_urls={"PULSE_URL": url})
    house.settings = with_pulse
    with connect_pulse(with_pulse) as connection:
        connection.execute(ASKED.format("what is the fraud rate"))
    home = settings.superset_home
    home.mkdir(parents=True)
    (home / "secret_key").write_text("a key of Superset's")
    with closing(sqlite3.connect(home / "superset.db")) as metadata, metadata:
        metadata.execute("create table slices (id integer primary key, slice_name text)")
        metadata.execute("insert into slices (slice_name) values (?)", (f"{MARK} by hand",))
    yield with_pulse


def asked(settings: Settings) -> list[str]:
    with connect_pulse(settings) as connection:
        rows = connection.execute("select query_text from pulse.pulse_query_history order by 1")
        return [row["query_text"] for row in rows.fetchall()]


def charts(settings: Settings) -> list[str]:
    with closing(sqlite3.connect(settings.superset_home / "superset.db")) as metadata:
        return [name for (name,) in metadata.execute("select slice_name from slices order by 1")]


def databases(server: ThrowAwayServer) -> set[str]:
    with psycopg.connect(server.url("postgres")) as connection:
        return {name for (name,) in connection.execute("select datname from pg_database")}


def test_an_encrypted_backup_shows_nothing_and_comes_back(marked, settings, key):
    assert Search([MARK]).in_folder(back_up(settings).folder), "in plain it would be found"
    made = back_up(settings, key=key)
    assert {path.suffix for path in made.folder.iterdir()} == {".age", ".json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.folder.iterdir()} == {0o600}
    assert Search([MARK]).in_folder(made.folder) == []
    before = marked.books()
    marked.lose_warehouse()
    restore_backup(settings, made.folder, key)
    assert marked.books() == before
    marked.load()
    marked.assert_equal()
    assert not list(settings.home.glob(".incoming-*")), "nothing is left in plain"


def test_the_public_half_makes_backups_and_opens_none(marked, settings, key, tmp_path):
    public = BackupKey.parse(key.public, "the public half")
    made = back_up(settings, key=public)
    with pytest.raises(ConfigurationError, match="secret half"):
        restore_backup(settings, made.folder, public)
    assert try_restore(settings, key=key).folder == made.folder


def test_a_wrong_key_and_none_are_refused_before_anything_is_touched(
    marked, settings, key, other_key
):
    made = back_up(settings, key=key)
    before = marked.books()
    for attempt in (
        restore_backup,
        lambda *given: try_restore(given[0], given[1], None, *given[2:]),
    ):
        with pytest.raises(ConfigurationError, match="no key is set"):
            attempt(settings, made.folder)
        with pytest.raises(ConfigurationError, match=re.escape(other_key.public)):
            attempt(settings, made.folder, other_key)
    assert marked.books() == before
    assert not list(settings.home.glob(".incoming-*"))


def test_files_under_another_key_do_not_decrypt(marked, settings, key, other_key, tmp_path):
    """Though the manifest says that it is the right one."""
    file = WAREHOUSE_FILES[settings.target]
    (tmp_path / file).write_bytes(b"something else")
    made = back_up(settings, key=key)
    other_key.encrypt(tmp_path / file, tmp_path / "sealed")
    with pytest.raises(WarehouseError, match="cannot be decrypted"):
        key.decrypt(tmp_path / "sealed", tmp_path / "opened")
    whole = (made.folder / f"{file}.age").read_bytes()
    flipped = whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:]
    for damaged in (whole[:-1], whole[: len(whole) // 2], flipped, b""):
        (tmp_path / "sealed").write_bytes(damaged)
        with pytest.raises(WarehouseError, match="cannot be decrypted"):
            key.decrypt(tmp_path / "sealed", tmp_path / "opened")


def test_a_flipped_byte_is_refused_by_name_and_changes_nothing(marked, settings, key):
    made = back_up(settings, key=key)
    before = marked.books()
    for path in sorted(made.folder.iterdir()):
        whole = path.read_bytes()
        said = whole.find(b'"format": 2') + len(b'"format": ')
        for place in {len(whole) // 2, said if path.suffix == ".json" else 0}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            for attempt in (
                lambda: restore_backup(settings, made.folder, key),
                lambda: try_restore(settings, made.folder, key=key),
            ):
                with pytest.raises(WarehouseError, match=re.escape(path.name)):
                    attempt()
        path.write_bytes(whole)
    assert marked.books() == before


def test_a_backup_of_a_version_before_is_restored_and_tried_by_count(house, settings):
    made = back_up(settings)
    manifest = replace(made.manifest, format=1, checksums={}, beside={})
    (made.folder / MANIFEST_FILE).write_text(manifest.text())
    assert "checksums" not in manifest.text()
    tried = try_restore(settings)
    assert (tried.compared, tried.by_count) == (0, len(manifest.tables))
    assert restore_backup(settings, made.folder).manifest == manifest
    if not settings.is_file:
        for database in house.databases():
            if database != house.database:
                with psycopg.connect(house.server_url, autocommit=True) as connection:
                    connection.execute(f"drop database {database}")


def test_the_newest_backup_is_tried_in_a_new_place_and_removed(marked, settings, key, oltp_server):
    back_up(settings, key=key)
    made = back_up(settings, key=key)
    there = databases(oltp_server)
    files = {path.name for path in settings.home.iterdir()}
    before = marked.books()
    tried = try_restore(settings, key=key)
    assert tried.folder == made.folder
    assert (tried.compared, tried.by_count) == (len(made.manifest.tables), 0)
    assert databases(oltp_server) == there
    assert {path.name for path in settings.home.iterdir()} == files
    assert marked.books() == before


def test_rows_that_are_others_than_those_copied_are_found(marked, settings):
    """The files are whole; their rows are not those that the manifest tells of."""
    made = back_up(settings)
    text = made.manifest.text()
    for changed, message in (
        (
            replace(made.manifest, checksums={**made.manifest.checksums, "raw_shop.orders": "1"}),
            "checksum of raw_shop.orders",
        ),
        (
            replace(made.manifest, tables={**made.manifest.tables, "raw_shop.orders": 99}),
            "rows of raw_shop.orders is 100, not 99",
        ),
        (
            replace(made.manifest, tables={**made.manifest.tables, "raw_shop.gone": 1}),
            "rows of raw_shop.gone is None, not 1",
        ),
    ):
        (made.folder / MANIFEST_FILE).write_text(changed.text())
        with pytest.raises(WarehouseError, match=message):
            try_restore(settings)
    (made.folder / MANIFEST_FILE).write_text(text)
    assert try_restore(settings).compared == len(made.manifest.tables)


def test_without_a_backup_the_folder_is_named(house, settings):
    with pytest.raises(ConfigurationError, match="no backup of target"):
        try_restore(settings)


@pytest.mark.full
@pytest.mark.parametrize(
    ("function", "moment"), [("_compare", "before"), ("check_beside", "after")]
)
def test_a_killed_try_leaves_the_running_house_alone(
    marked, settings, key, tmp_path, oltp_server, function, moment
):
    made = back_up(settings, key=key)
    before, there = marked.books(), databases(oltp_server)
    call = (
        "from finhouse.safety.cipher import BackupKey; try_restore(settings, key="
        f"BackupKey.parse(Path({str(tmp_path / 'backup.key')!r}).read_text(), 'test'))"
    )
    marked.killed_in("drill", call.replace("; ", "\n            "), function, moment)
    assert marked.books() == before
    marked.load()
    marked.assert_equal()
    _, found = examine(settings, definitions=marked.definitions, oltp_url=marked.oltp_url)
    assert any("was killed" in finding.what for finding in found)
    assert try_restore(settings, made.folder, key=key).by_count == 0
    assert databases(oltp_server) == there
    assert not list(settings.home.glob(".incoming-*"))


def test_what_is_beside_the_warehouse_comes_back_when_it_is_lost(
    marked, settings, beside, key, oltp_server
):
    made = back_up(beside, key=key)
    assert set(made.manifest.beside) == set(BESIDE)
    assert Search([MARK, "fraud rate"]).in_folder(made.folder) == []
    tried = try_restore(beside, key=key)
    tables = len(made.manifest.tables) + sum(map(len, made.manifest.beside.values()))
    assert (tried.compared, tried.by_count) == (tables, 0)

    oltp_server.create_database("pulse_under_test")
    shutil.rmtree(beside.superset_home)
    marked.lose_warehouse()
    restore_backup(beside, made.folder, key)
    assert asked(beside) == ["what is the fraud rate"]
    assert charts(beside) == [f"{MARK} by hand"]
    assert (beside.superset_home / "secret_key").read_text() == "a key of Superset's"


def test_what_is_there_beside_it_stays_unless_it_is_asked_for(marked, settings, beside, key):
    made = back_up(beside, key=key)
    with connect_pulse(beside) as connection:
        connection.execute(ASKED.format("and since then"))
    with closing(sqlite3.connect(beside.superset_home / "superset.db")) as metadata, metadata:
        metadata.execute("insert into slices (slice_name) values ('since then')")
    marked.lose_warehouse()
    notes = restore_backup(beside, made.folder, key, ("superset",)).notes
    assert charts(beside) == [f"{MARK} by hand"]
    assert len(list(beside.superset_home.glob("superset.db.before-restore-*"))) == 1
    assert any("Superset's metadata are those of the backup" in note for note in notes)
    notes = restore_backup(beside, made.folder, key, ("pulse",)).notes
    assert asked(beside) == ["what is the fraud rate"]
    [note] = [note for note in notes if "monitors" in note]
    aside = note.rpartition(" ")[2]
    with connect_pulse(beside) as connection:
        [kept] = connection.execute(
            f"select count(*) as number from {aside}.pulse_query_history"
        ).fetchall()
    assert kept["number"] == 2
    assert any("Superset's metadata are kept" in note for note in notes)


def test_in_plain_superset_keeps_its_key_to_itself(house, settings, beside):
    made = back_up(beside)
    assert not (made.folder / SECRET_FILE).exists()
    shutil.rmtree(beside.superset_home)
    without = back_up(beside)
    with pytest.raises(ConfigurationError, match="holds no superset"):
        restore_backup(beside, without.folder, None, ("superset",))


@pytest.mark.parametrize("target", ["duckdb"], indirect=True)
def test_the_commands(house, settings, tmp_path, monkeypatch):
    monkeypatch.setenv("FINHOUSE_HOME", str(settings.home))
    for variable in (KEY, KEY_FILE):
        monkeypatch.delenv(variable, raising=False)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, arguments)
        return result.exit_code, " ".join(result.output.split())

    code, said = run("backup")
    assert code == 2 and "finhouse backup-key" in said and "--unencrypted" in said
    assert not backups_in(settings.home / "backups")
    file = tmp_path / "key"
    code, said = run("backup-key", str(file))
    assert code == 0 and "age1" in said and "AGE-SECRET" not in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("backup-key", str(file))[0] == 2
    monkeypatch.setenv(KEY_FILE, str(file))
    code, said = run("backup")
    assert code == 0 and "Encrypted for age1" in said
    code, said = run("restore-test")
    assert code == 0 and "can be restored" in said
    monkeypatch.setenv(KEY_FILE, "/nowhere/key")
    assert run("restore-test")[0] == 2
    monkeypatch.delenv(KEY_FILE)
    monkeypatch.setenv(KEY, file.read_text().splitlines()[-1])
    [made] = backups_in(settings.home / "backups")
    assert run("restore", made.folder.name)[0] == 0
    sealed = made.folder / f"{WAREHOUSE_FILES['duckdb']}.age"
    sealed.write_bytes(sealed.read_bytes()[:-1])
    code, said = run("restore-test")
    assert code == 4 and sealed.name in said
    code, said = run("backup", "--unencrypted")
    assert code == 0 and "Not encrypted" in said
    assert read_manifest(backups_in(settings.home / "backups")[-1].folder).encrypted_for is None
    code, said = run("backup-key", str(file / "below"))
    assert code == 2


@pytest.mark.parametrize(
    "text", ["", "nonsense", "age1nonsense", "AGE-SECRET-KEY-1NONSENSE", "a\nb"]
)
def test_what_is_no_key_is_refused_and_not_shown(text: str):
    with pytest.raises(ConfigurationError) as refused:
        BackupKey.parse(text, KEY)
    assert KEY in str(refused.value) and (not text or text not in str(refused.value))


def test_a_key_is_set_once(tmp_path: Path, key: BackupKey):
    file = str(tmp_path / "backup.key")
    read = BackupKey.from_environment({KEY_FILE: file})
    assert read is not None and read.public == key.public and "SECRET" not in repr(read)
    with pytest.raises(ConfigurationError, match="both"):
        BackupKey.from_environment({KEY_FILE: file, KEY: "x"})
    assert BackupKey.from_environment({}) is None


def test_age_itself_reads_it(tmp_path: Path, key: BackupKey):
    """The format is age's: the file begins as its specification says."""
    (tmp_path / "plain").write_bytes(b"x" * 200_000)
    key.encrypt(tmp_path / "plain", tmp_path / "sealed")
    assert (tmp_path / "sealed").read_bytes().startswith(b"age-encryption.org/v1\n-> X25519 ")
    key.decrypt(tmp_path / "sealed", tmp_path / "opened")
    assert (tmp_path / "opened").read_bytes() == b"x" * 200_000
