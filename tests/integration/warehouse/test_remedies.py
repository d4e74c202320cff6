"""Errors of the engines carry the remedy that suits them: each is provoked here.

A disk that is full is in tests/e2e/test_airflow.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import psycopg
import pytest

from finhouse.warehouse.remedies import remedy_of

WIDE = "select repeat('x', 1000) || i as value from range(1000000) as t(i) order by value desc"


def too_little_memory(folder: Path, url: str) -> None:
    config = {"memory_limit": "20MB", "temp_directory": "", "threads": "1"}
    with duckdb.connect(config=config) as connection:
        connection.execute(f"create table wide as {WIDE}")


def a_file_that_may_only_be_read(folder: Path, url: str) -> None:
    path = folder / "readable.duckdb"
    duckdb.connect(str(path)).close()
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("create table anything (i integer)")


def a_right_that_is_missing(folder: Path, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create role without_rights")
        connection.execute("create table guarded (i integer)")
        connection.execute("set role without_rights")
        connection.execute("select * from guarded")


def a_connection_that_was_ended(folder: Path, url: str) -> None:
    with psycopg.connect(url) as connection, psycopg.connect(url) as other:
        other.execute("select pg_terminate_backend(%s)", (connection.info.backend_pid,))
        other.commit()
        connection.execute("select 1")


def a_table_that_is_locked(folder: Path, url: str) -> None:
    with psycopg.connect(url) as first, psycopg.connect(url) as second:
        first.execute("create table locked (i integer)")
        first.commit()
        first.execute("lock table locked in access exclusive mode")
        second.execute("set lock_timeout = '100ms'")
        second.execute("select * from locked")


def nonsense(folder: Path, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("select nonsense")


@pytest.mark.parametrize(
    ("provoke", "remedy"),
    [
        (too_little_memory, "memory"),
        (a_file_that_may_only_be_read, "connect to a warehouse that may be written"),
        (a_right_that_is_missing, "give its user the right that is missing"),
        (a_connection_that_was_ended, "why it ended the connection"),
        (a_table_that_is_locked, "wait for the other process"),
        (nonsense, "see its log for what it says of this"),
    ],
)
def test_an_error_is_answered_by_its_kind(
    provoke: Callable[[Path, str], None], remedy: str, tmp_path: Path, oltp_url: str
):
    with pytest.raises((duckdb.Error, psycopg.Error)) as caught:
        provoke(tmp_path, oltp_url)
    assert remedy in remedy_of(caught.value), caught.value
