"""The transform runs for a round that every source was loaded for, whatever else is announced."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from finhouse.errors import SourceError
from finhouse.orchestration import alerts, tasks
from finhouse.orchestration.rounds import begin_of, day_of, overdue_round
from finhouse.publish import ensure_reporting_tables
from finhouse.settings import PROJECT_ROOT, Settings
from finhouse.sources import available_sources, read_source
from finhouse.warehouse import connect
from tests.support.airflow import airflow_environment, make_metadata
from tests.support.house import House

W, M, F = "raw_wallet", "raw_microfinance", "raw_merchant_activity"
# The monitors' own source, which every house has: here it is the first of each round.
P = "raw_pulse"
BATCH = "raw_wallet_near_real_time"

# What is announced for which round, and the rounds that are run for right after it.
_OF_THE_DOMAINS: dict[str, list[tuple[str, str, list[str]]]] = {
    "a round": [(W, "1", []), (M, "1", []), (F, "1", ["1"])],
    "a night that a source missed": [
        *((W, "1", []), (M, "1", [])),
        *((W, "2", []), (M, "2", []), (F, "2", ["2"])),
        *((F, "3", []), (M, "3", []), (W, "3", ["3"])),
    ],
    "a night made up for later": [
        *((W, "1", []), (M, "1", [])),
        *((W, "2", []), (F, "1", ["1"]), (M, "2", []), (F, "2", ["2"])),
    ],
    "a source announced twice": [
        *((W, "1", []), (W, "1", []), (M, "1", []), (M, "1", []), (F, "1", ["1"])),
        *((W, "1", []), (W, "2", []), (M, "2", []), (F, "2", ["2"])),
    ],
    "nights out of order": [
        *((F, "2", []), (F, "1", []), (W, "1", []), (W, "2", [])),
        *((M, "2", ["2"]), (M, "1", ["1"])),
    ],
    "a batch in between": [
        *((W, "1", []), (BATCH, "batch a", ["batch a"]), (M, "1", [])),
        *((BATCH, "batch b", ["batch b"]), (F, "1", ["1"]), (BATCH, "batch c", ["batch c"])),
    ],
    "three nights on": [
        *((W, "1", []), (M, "1", [])),
        *((W, "2", []), (F, "2", [])),
        *((M, "3", []), (F, "3", [])),
        *((W, "4", []), (M, "4", []), (F, "4", ["4"])),
        *((W, "3", ["3"]), (M, "2", ["2"]), (F, "1", ["1"])),
    ],
    "a round by hand amid a night": [
        *((W, "1", []), (W, "by hand", []), (M, "by hand", []), (M, "1", [])),
        *((F, "by hand", ["by hand"]), (F, "1", ["1"])),
    ],
}
SEQUENCES = {
    name: [
        *((P, of_round, []) for of_round in sorted({r for a, r, _ in sequence if a != BATCH})),
        *sequence,
    ]
    for name, sequence in _OF_THE_DOMAINS.items()
}


@pytest.fixture(scope="module")
def fired(company: House, tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """The rounds that are run for, after each step of all sequences, one sequence after another."""
    three = House(company.home, "wallet,microfinance,merchant_activity")
    env = airflow_environment(three, tmp_path_factory.mktemp("rounds"))
    make_metadata(env)
    steps = [
        (asset, f"{name}: {of_round}")
        for name, sequence in SEQUENCES.items()
        for asset, of_round, _ in sequence
    ]
    result = subprocess.run(
        [sys.executable, "-m", "tests.support.round_sequences"],
        input=json.dumps(steps),
        cwd=PROJECT_ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", SEQUENCES)
def test_the_transform_runs_for_whole_rounds(fired: list[list[str]], name: str):
    before = 0
    for other, sequence in SEQUENCES.items():
        if other == name:
            break
        before += len(sequence)
    for number, (asset, of_round, expected) in enumerate(SEQUENCES[name], start=before):
        known = fired[number - 1] if number else []
        new = fired[number][len(known) :]
        assert new == [f"{name}: {one}" for one in expected], (number - before, asset, of_round)


def run(run_type: str, scheduled: str) -> SimpleNamespace:
    moment = datetime.fromisoformat(scheduled)
    return SimpleNamespace(run_type=run_type, logical_date=moment, run_after=moment)


@pytest.mark.parametrize(
    ("scheduled", "time_zone", "day"),
    [
        ("2026-06-29T22:30:00+00:00", "Africa/Johannesburg", "2026-06-30"),
        ("2026-06-30T03:30:00+00:00", "America/New_York", "2026-06-29"),
        ("2026-06-30T00:30:00+00:00", "UTC", "2026-06-30"),
    ],
)
def test_a_scheduled_load_is_of_its_scheduled_day(scheduled: str, time_zone: str, day: str):
    assert tasks.round_of({"round": None}, run("scheduled", scheduled), time_zone) == day


def test_a_load_by_hand_is_of_the_round_it_names_or_of_none():
    # Here, as every test process collects this file, and Airflow takes seconds to import.
    from airflow.sdk.exceptions import AirflowSkipException

    by_hand = run("manual", "2026-06-30T12:00:00+00:00")
    assert tasks.round_of({"round": " 2026-06-29 "}, by_hand, "UTC") == "2026-06-29"
    for nothing in (None, ""):
        with pytest.raises(AirflowSkipException):
            tasks.round_of({"round": nothing}, by_hand, "UTC")


def test_every_source_is_loaded_after_midnight():
    """Before it, the round of a day would lack the day's end."""
    for source in map(read_source, available_sources()):
        _, hour, *_ = source.schedule.split()
        assert int(hour) < 12, source.name


def test_days_and_names_of_rounds():
    assert day_of("2026-06-30") == date(2026, 6, 30)
    assert [day_of(name) for name in (None, "", "by hand 2026-06-30", "2026-06-31")] == [None] * 4
    assert begin_of(date(2026, 6, 30), "Africa/Nairobi") == datetime(2026, 6, 29, 21)


WALLET = read_source("wallet")


@pytest.mark.parametrize(
    ("asked_at", "published_at", "overdue"),
    [
        # Scheduled at 22:30 UTC; due three hours later: one for the load, two for the transform.
        ("2026-06-30T01:20:00+00:00", None, None),
        ("2026-06-30T01:30:00+00:00", None, date(2026, 6, 30)),
        ("2026-06-30T02:20:00+00:00", "2026-06-29T21:00:00", date(2026, 6, 30)),
        ("2026-06-30T02:20:00+00:00", "2026-06-29T23:10:00", None),
        ("2026-06-30T22:20:00+00:00", None, date(2026, 6, 30)),
        ("2026-06-30T22:40:00+00:00", None, None),
    ],
)
def test_a_round_is_overdue_until_it_is_published_or_the_next_one_is_asked_for(
    asked_at: str, published_at: str | None, overdue: date | None
):
    published = datetime.fromisoformat(published_at) if published_at else None
    late = overdue_round(WALLET, datetime.fromisoformat(asked_at), published)
    assert (late and late.day) == overdue


def test_a_source_has_a_deadline_of_its_own_for_publications():
    hasty = WALLET.model_copy(update={"publication_deadline_minutes": 90})
    asked_at = datetime(2026, 6, 30, 0, 1, tzinfo=UTC)
    assert overdue_round(WALLET, asked_at, None) is None
    late = overdue_round(hasty, asked_at, None)
    assert late and (late.scheduled_at, late.due_at) == (
        datetime(2026, 6, 29, 22, 30),
        datetime(2026, 6, 30),
    )


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A warehouse whose log says: all sources were loaded on the 30th, files the day before."""
    settings = Settings(home=tmp_path, landing=tmp_path / "landing")
    monkeypatch.setattr(tasks, "task_settings", lambda: settings)
    with connect(settings) as warehouse:
        warehouse.create_schema("raw_operations")
        warehouse.execute(
            "create table raw_operations.load_log"
            " (source_name text, status text, started_at timestamp)"
        )
        for source in available_sources():
            day = 29 if source == "merchant_activity" else 30
            warehouse.execute(
                "insert into raw_operations.load_log values ($1, 'succeeded', $2), ($1, 'failed',"
                " '2026-07-09 00:00:00')",
                (source, datetime(2026, 6, day, 5)),
            )
    return settings


@pytest.mark.usefixtures("loaded")
def test_a_round_without_a_load_of_its_own_is_refused():
    tasks.judge_round("2026-06-29")
    with pytest.raises(SourceError, match=r"without a load of merchant_activity\n") as caught:
        tasks.judge_round("2026-06-30")
    assert "extract-load" in caught.value.remedy
    with pytest.raises(SourceError, match="merchant_activity, microfinance, pulse, wallet"):
        tasks.judge_round("2026-07-01")
    for without_a_day in (None, "by hand 2026-07-01 10:00:00 abc", "scheduled__2026-07-01"):
        tasks.judge_round(without_a_day)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []

    def tell(text: str) -> bool:
        texts.append(text)
        return True

    monkeypatch.setattr(alerts, "tell", tell)
    return texts


def begin(settings: Settings, moment: datetime) -> None:
    """Let the first load of the warehouse have begun at a moment."""
    with connect(settings) as warehouse:
        warehouse.execute(
            "insert into raw_operations.load_log values ('wallet', 'succeeded', $1)", (moment,)
        )


def publish_at(settings: Settings, moment: datetime) -> None:
    with connect(settings) as warehouse:
        ensure_reporting_tables(settings, warehouse)
        warehouse.execute(
            "insert into raw_operations.publications values ($1, $2, null, 1, 1)",
            (f"{moment:%Y%m%dT%H%M%S}", moment),
        )


def watch(hour: int, day: int = 30) -> list[str]:
    told = tasks.tell_of_late_rounds(datetime(2026, 6, day, hour, 20, tzinfo=UTC))
    return [line for lines in told.values() for line in lines if line.startswith("wallet")]


def test_a_late_round_is_told_once_with_the_source_that_is_behind_and_once_when_it_is_over(
    loaded: Settings, told: list[str]
):
    begin(loaded, datetime(2026, 6, 28, 5))
    publish_at(loaded, datetime(2026, 6, 29, 2))
    assert watch(1) == []
    [late] = watch(2)
    assert late.startswith("wallet: the round of 2026-06-30 is not published; the source was last")
    assert "A round is overdue" in told[-1] and late in told[-1]
    assert watch(3) == [] and watch(12) == []
    # Due at 01:30 UTC.
    publish_at(loaded, datetime(2026, 6, 30, 13, 0))
    publish_at(loaded, datetime(2026, 6, 30, 14, 0))
    assert watch(14) == [
        "wallet: the round of 2026-06-30 was published at 2026-06-30 13:00:00 UTC, 11.5 hours late"
    ]
    assert "A late round has been published" in told[-1]
    assert watch(15) == []


def test_each_night_that_is_late_is_told_and_one_publication_ends_them_all(
    loaded: Settings, told: list[str]
):
    begin(loaded, datetime(2026, 6, 27, 5))
    assert len(watch(2, day=29)) == len(watch(2, day=30)) == 1
    publish_at(loaded, datetime(2026, 6, 30, 3, 30))
    assert [line.rpartition(", ")[2] for line in watch(4)] == ["26.0 hours late", "2.0 hours late"]


def test_what_nobody_could_be_told_is_told_again(
    loaded: Settings, told: list[str], monkeypatch: pytest.MonkeyPatch
):
    begin(loaded, datetime(2026, 6, 28, 5))
    with monkeypatch.context() as broken:
        broken.setattr(alerts, "tell", lambda text: False)
        assert len(watch(2)) == 1
    assert len(watch(3)) == 1 and watch(4) == []
    publish_at(loaded, datetime(2026, 6, 30, 5))
    with monkeypatch.context() as broken:
        broken.setattr(alerts, "tell", lambda text: False)
        assert len(watch(6)) == 1
    assert len(watch(7)) == 1 and watch(8) == []


@pytest.mark.usefixtures("told")
def test_rounds_before_the_first_load_are_none_of_the_warehouse(loaded: Settings):
    """The first load of the fixture began on the 29th, after that night's round was due."""
    assert watch(6, day=29) == []
    assert len(watch(6, day=30)) == 1


@pytest.mark.domains("bnpl")
def test_a_real_house_that_is_published_again_says_that_it_is_over(
    company_copy: House, told: list[str], monkeypatch: pytest.MonkeyPatch
):
    """Asked after two days without a build, then after one."""
    monkeypatch.setattr(tasks, "task_settings", company_copy.settings)
    monkeypatch.setattr(tasks, "available_sources", lambda: ["bnpl"])
    after_days = datetime.now(UTC) + timedelta(days=2)
    [line] = tasks.tell_of_late_rounds(after_days)["late"]
    assert line.startswith("bnpl: the round of") and "the source was last loaded at" in line
    assert tasks.tell_of_late_rounds(after_days) == {"late": [], "over": []}
    company_copy.succeed("publish")
    assert tasks.tell_of_late_rounds(after_days) == {"late": [], "over": []}
    company_copy.execute_warehouse(
        "update raw_operations.publications set published_at = published_at + interval '2 days'"
        " where publication_id = (select max(publication_id) from raw_operations.publications)"
    )
    [line] = tasks.tell_of_late_rounds(after_days)["over"]
    assert "was published at" in line and line.endswith("hours late")
    assert tasks.tell_of_late_rounds(after_days) == {"late": [], "over": []}
    assert len(told) == 2
