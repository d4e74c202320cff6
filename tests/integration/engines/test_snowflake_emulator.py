"""The emulator of Snowflake: it starts, heals and behaves; what it cannot show is pinned here."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from finhouse.engines.snowflake_account import SnowflakeAccount, SnowflakeEmulator
from tests.support.snowflake import ask

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory):
    """An emulator for the tests that only ask it something."""
    emulator = SnowflakeEmulator(tmp_path_factory.mktemp("emulator"))
    account = emulator.serve()
    ask(account, ["create schema if not exists testing"])
    yield account
    emulator.stop()


@pytest.fixture
def emulator(tmp_path: Path):
    """An emulator to stop and to kill."""
    emulator = SnowflakeEmulator(tmp_path / "emulator")
    yield emulator
    emulator.stop()


def kept(account: SnowflakeAccount) -> list[list[str]] | str:
    return ask(account, ["select n from testing.kept"])[0]


def test_data_outlives_a_stop_and_a_kill(emulator: SnowflakeEmulator):
    first = emulator.serve()
    ask(first, ["create schema testing", "create table testing.kept as select 7 as n"])
    assert emulator.serve() == first, "a second start takes the one that runs"
    emulator.stop()
    assert not emulator.is_running()
    second = emulator.serve()
    assert (second.location, kept(second)) == (first.location, [["7"]])
    os.kill(int((emulator.home / "pid").read_text()), signal.SIGKILL)
    while emulator.is_running():
        pass
    third = emulator.serve()
    assert (third.location, kept(third)) == (first.location, [["7"]])
    # Lost data is another place: what was shipped to the lost one is shipped again.
    emulator.stop()
    shutil.rmtree(emulator.home)
    assert emulator.serve().location != first.location


def test_two_commands_at_once_start_one(emulator: SnowflakeEmulator):
    accounts = []
    starts = [
        threading.Thread(target=lambda: accounts.append(SnowflakeEmulator(emulator.home).serve()))
        for _ in range(2)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len(accounts) == 2
    assert accounts[0] == accounts[1]


# What the shims mend: statements, and Snowflake's answer to the last of them.
MENDED = {
    "null timestamps": (
        ["select cast(null as timestamp), cast(null as timestamp_tz)"],
        [[None, None]],
    ),
    "formatted numbers": (
        [
            "select to_char(-1234567.891, 'FM999,999,990.00'),"
            " to_char(round(999.5, 0), 'FM999,990'), to_char(cast(null as number), 'FM990.00')"
        ],
        [["-1,234,567.89", "1,000", None]],
    ),
    # As doubles it is 0.30000000000000004.
    "sums of decimals": (
        ["select sum(n) from (select 0.10 as n union all select 0.20)"],
        [["0.30"]],
    ),
    "small integers": (["select cast(1 as tinyint)"], [["1"]]),
    "temporary tables with a schema": (
        [
            "create or replace temporary table finhouse.testing.passing as select 1 as n",
            "select n from finhouse.testing.passing",
        ],
        [["1"]],
    ),
    "comments with apostrophes": (
        [
            "create or replace table testing.commented as select 1 as n",
            "comment on table testing.commented is $$the user's own$$",
            "select comment from information_schema.tables where table_name = 'COMMENTED'",
        ],
        [["the user's own"]],
    ),
    "clones that replace": (
        [
            "create or replace table testing.old as select 1 as n",
            "create or replace table testing.new as select 2 as n",
            "create or replace table testing.old clone testing.new",
            "select n from testing.old",
        ],
        [["2"]],
    ),
}
# What stays otherwise than in Snowflake: statements, and the emulator's answer to the last of them.
NOT_SHOWN = {
    # Snowflake: no row, the insert is rolled back.
    "transactions": (
        [
            "create or replace table testing.rolled (n integer)",
            "begin",
            "insert into testing.rolled values (1)",
            "rollback",
            "select n from testing.rolled",
        ],
        [["1"]],
    ),
    # Snowflake divides decimals to six more digits: 2.333333.
    "division of decimals": (["select cast(7 as number(3, 0)) / 3"], [["2.3333333333333335"]]),
    # Snowflake: unknown function.
    "DuckDB's functions": (["select string_agg(n, ',') from (select 'a' as n)"], [["a"]]),
    # Snowflake keeps it.
    "comments of columns": (
        [
            "create or replace table testing.described as select 1 as n",
            'alter table finhouse.testing.described alter "N" comment $$a number$$',
            "select comment from information_schema.columns where table_name = 'DESCRIBED'",
        ],
        [[None]],
    ),
}


@pytest.fixture(scope="module")
def answers(account: SnowflakeAccount) -> dict[str, list[list[str]] | str]:
    """The last answer of each case, all asked in one session: connecting takes its time."""
    cases = {name: statements for name, (statements, _) in (MENDED | NOT_SHOWN).items()}
    answered = iter(ask(account, [each for statements in cases.values() for each in statements]))
    return {name: [next(answered) for _ in cases[name]][-1] for name in cases}


@pytest.mark.parametrize("case", MENDED)
def test_shims_give_snowflakes_answer(answers: dict, case: str):
    assert answers[case] == MENDED[case][1]


@pytest.mark.parametrize("case", NOT_SHOWN)
def test_what_the_emulator_does_not_show(answers: dict, case: str):
    """Listed in docs/reference/engines.md; a failure means that the emulator has learnt it."""
    assert answers[case] == NOT_SHOWN[case][1]


def test_two_sessions_merge_at_once(account: SnowflakeAccount):
    """As snapshots do, of which dbt builds two at a time, each in a transaction."""
    ask(account, ["create schema merging"])

    def answers(table: str) -> list[list[list[str]] | str]:
        return ask(
            account,
            [
                "use schema merging",
                f"create table {table} as select 1 as n, 2 as m",
                f"create table {table}_new as select 3 as n, 4 as m",
                "begin",
                f"merge into {table} as old using {table}_new as new on old.n = new.n "
                "when not matched then insert (n, m) values (new.n, new.m)",
                # Long enough for the other session to merge meanwhile.
                "select count(*) from table(generator(rowcount => 500000000))",
                "commit",
                f"select count(*) from {table}",
            ],
        )

    with ThreadPoolExecutor() as pool:
        for found in pool.map(answers, ("here", "there")):
            assert not [answer for answer in found if isinstance(answer, str)]
            assert found[-1] == [["2"]]


def test_statements_that_fail_are_answered_with_an_error(account: SnowflakeAccount):
    missing, unknown, large, fine = ask(
        account,
        [
            "select * from testing.nowhere",
            "remove @testing.nothing",
            # Snowflake's numbers have 38 digits, the emulator's integers 64 bits.
            "select cast(99999999999999999999 as number(38, 0))",
            "select 1",
        ],
    )
    assert "does not exist" in missing
    assert isinstance(unknown, str)
    assert "99999999999999999999" in large
    assert fine == [["1"]]
