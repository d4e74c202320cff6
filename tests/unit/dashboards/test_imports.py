"""An import is left out only where it would change nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from finhouse.dashboards.imports import _WRITTEN, LastImport

BUNDLE = {"assets": {"charts/volume.yaml": "a"}, "users": {"viewer": {"password": "secret"}}}
REPORT = {"charts": {"volume": 1}}


def change(metadata: Path, sql: str) -> None:
    with closing(sqlite3.connect(metadata)) as connection:
        connection.execute(sql)
        connection.commit()


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    """A database with the tables that an import writes, a row in each."""
    path = tmp_path / "superset.db"
    for table in _WRITTEN:
        change(path, f"create table {table} (id, username, password, active, last_login)")
        change(path, f"insert into {table} values (1, 'viewer', 'hash', true, null)")
    return path


@pytest.fixture
def last(tmp_path: Path, metadata: Path) -> LastImport:
    """The record of an import of BUNDLE."""
    last = LastImport(tmp_path, metadata, "key")
    assert last.report(BUNDLE) is None
    last.remember(BUNDLE, REPORT)
    assert last.report(BUNDLE) == REPORT
    return last


@pytest.mark.parametrize(
    "other",
    [
        BUNDLE | {"assets": {"charts/volume.yaml": "b"}},
        BUNDLE | {"assets": {}},
        BUNDLE | {"users": {"viewer": {"password": "another"}}},
        BUNDLE | {"more": True},
    ],
)
def test_another_bundle_is_imported(last: LastImport, other: dict):
    assert last.report(other) is None


@pytest.mark.parametrize("table", _WRITTEN)
@pytest.mark.parametrize(
    "sql",
    ["update {} set active = false", "delete from {}", "insert into {} (id) values (2)"],
)
def test_what_was_changed_in_superset_is_imported_again(
    last: LastImport, metadata: Path, table: str, sql: str
):
    change(metadata, sql.format(table))
    assert last.report(BUNDLE) is None


def test_a_log_in_changes_nothing(last: LastImport, metadata: Path):
    change(metadata, "update ab_user set last_login = '2026-01-01'")
    assert last.report(BUNDLE) == REPORT


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"signature": "x"}'])
def test_a_record_that_cannot_be_read_is_none(last: LastImport, tmp_path: Path, content: str):
    (tmp_path / "imported.json").write_text(content)
    assert last.report(BUNDLE) is None


@pytest.mark.parametrize("content", [b"", b"no database" * 99])
def test_metadata_that_cannot_be_read_are_imported(
    last: LastImport, metadata: Path, content: bytes
):
    metadata.write_bytes(content)
    assert last.report(BUNDLE) is None


def test_an_import_that_has_begun_forgets_the_last(last: LastImport):
    last.forget()
    assert last.report(BUNDLE) is None


def test_no_password_can_be_read_from_the_record(last: LastImport, tmp_path: Path):
    assert "secret" not in (tmp_path / "imported.json").read_text()
