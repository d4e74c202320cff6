"""The runner: what is due, once a publication, each execution logged, and errors with an end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from finhouse.errors import ConfigurationError, ServiceError
from finhouse.pulse import monitors
from finhouse.pulse.alerts import give_feedback
from finhouse.pulse.guard import ROW_LIMIT
from finhouse.pulse.reading import QueryFailedError, open_reader
from finhouse.pulse.running import ERRORS_ALLOWED, replay, run_one
from finhouse.pulse.tuning import tune
from finhouse.pulse_tables import connect_pulse, pulse_url
from finhouse.pulse_tables.templates import shipped_templates
from tests.support.pulse import BELOW, SQL, Watched

LOG = "select * from pulse.pulse_execution_log order by id"
BROKEN = "delete from published.figures"


def due_again(watched: Watched) -> None:
    watched.execute("update pulse.pulse_monitors set next_run = now()")


def test_what_is_due_runs_once_and_is_due_at_its_next_slot(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor(frequency="hourly")
    watched.monitor(name="Later")
    watched.monitor(name="Off")
    watched.execute(
        "update pulse.pulse_monitors set enabled = name <> 'Off', "
        "next_run = next_run + case when name = 'Later' then interval '1 hour' else '0' end"
    )
    assert [one.monitor for one in watched.run_due()] == ["Low figures"]
    assert watched.run_due() == []
    [kept] = watched.rows("select * from pulse.pulse_monitors where name = 'Low figures'")
    assert kept["next_run"] - kept["last_run"] <= timedelta(hours=1)
    assert kept["next_run"].minute == 0 and kept["last_publication_id"] == "p001"


def test_a_publication_is_judged_once(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor()
    watched.run_due()
    due_again(watched)
    assert [one.outcome for one in watched.run_due()] == ["unchanged"]
    watched.publish(A=5)
    due_again(watched)
    assert [one.outcome for one in watched.run_due()] == ["breached"]
    log = watched.rows(LOG)
    assert [(row["outcome"], row["rows_returned"]) for row in log] == [
        ("breached", 1),
        ("unchanged", None),
        ("breached", 2),
    ]
    assert [row["alert_triggered"] for row in log] == [True, False, True]
    assert [row["publication_id"] for row in log] == ["p001", "p001", "p002"]
    [alert] = watched.alerts()
    assert alert["occurrence_count"] == 2


def test_another_condition_judges_the_same_publication(watched: Watched, told: list[str]):
    watched.publish(A=15)
    watched.monitor()
    watched.run_due()
    watched.edit(condition={**BELOW, "value": 20})
    assert [one.outcome for one in watched.run_due()] == ["breached"]


def test_another_frequency_is_not_kept_waiting_by_the_old_one(watched: Watched, told: list[str]):
    watched.publish(A=15)
    watched.monitor(frequency="monthly")
    watched.run_due()
    watched.edit(description="other words")
    assert watched.run_due() == []
    watched.edit(frequency="hourly")
    assert [one.outcome for one in watched.run_due()] == ["unchanged"]


def test_more_rows_than_a_query_may_return_are_an_error(watched: Watched, told: list[str]):
    """Cut off, they would fire and end alerts by which of them were returned."""
    watched.publish(**{f"b{number}": 50 for number in range(ROW_LIMIT)})
    watched.monitor()
    assert watched.run().outcome == "quiet"
    watched.publish(one_more=50)
    assert "more than 1,000 rows" in watched.run().error
    with pytest.raises(QueryFailedError, match="more than 1,000 rows"):
        watched.monitor(name="Too many")


def test_monitors_of_another_engine_are_left_alone(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor()
    watched.execute("update pulse.pulse_monitors set data_source = 'postgres'")
    assert watched.run_due() == []
    with pytest.raises(ConfigurationError, match="reads what postgres publishes, not duckdb"):
        watched.run()


def test_an_error_is_logged_and_the_others_run(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor()
    watched.monitor(name="Broken")
    watched.execute(f"update pulse.pulse_monitors set sql_query = '{BROKEN}' where name = 'Broken'")
    assert {one.monitor: one.outcome for one in watched.run_due()} == {
        "Low figures": "breached",
        "Broken": "error",
    }
    [row] = watched.rows(f"select * from ({LOG}) as log where outcome = 'error'")
    assert "DELETE, not SELECT" in row["error_message"] and not row["alert_triggered"]


def test_the_third_error_in_a_row_switches_a_monitor_off(watched: Watched, told: list[str]):
    watched.publish(A=50)
    watched.monitor()
    watched.execute(f"update pulse.pulse_monitors set sql_query = '{BROKEN}'")
    for number in range(ERRORS_ALLOWED - 1):
        due_again(watched)
        assert [one.outcome for one in watched.run_due()] == ["error"], number
    # One that succeeds in between, and they are counted anew.
    watched.execute(f"update pulse.pulse_monitors set sql_query = '{SQL}', next_run = now()")
    assert [one.outcome for one in watched.run_due()] == ["quiet"]
    watched.execute(f"update pulse.pulse_monitors set sql_query = '{BROKEN}'")
    for _ in range(ERRORS_ALLOWED + 1):
        watched.publish(A=50)
        due_again(watched)
        watched.run_due()
    [kept] = watched.rows("select * from pulse.pulse_monitors")
    assert not kept["enabled"] and "DELETE, not SELECT" in kept["disabled_reason"]
    assert len(watched.rows(LOG)) == 2 * ERRORS_ALLOWED, "after that it did not run"
    assert len(told) == 1 and "Low figures of ada has been switched off" in told[0]
    with connect_pulse(watched.settings) as connection:
        on = monitors.switch(connection, "Low figures", enabled=True)
    assert on["enabled"] and (on["error_count"], on["disabled_reason"]) == (0, None)


def test_a_bug_is_logged_like_any_error(
    watched: Watched, told: list[str], monkeypatch: pytest.MonkeyPatch
):
    def judge(*_: Any) -> None:
        raise ZeroDivisionError("by nought")

    watched.publish(A=5)
    watched.monitor()
    monkeypatch.setattr("finhouse.pulse.running.judge", judge)
    assert watched.run().error == "ZeroDivisionError: by nought"
    assert [row["error_message"] for row in watched.rows(LOG)] == ["ZeroDivisionError: by nought"]


def test_two_runners_share_what_is_due(watched: Watched, told: list[str]):
    watched.publish(A=5)
    for number in range(6):
        watched.monitor(name=f"Monitor {number}")
    with ThreadPoolExecutor(2) as pool:
        runs = [run.result() for run in [pool.submit(watched.run_due) for _ in range(2)]]
    assert sorted(one.monitor for run in runs for one in run) == [
        f"Monitor {number}" for number in range(6)
    ]
    assert len(watched.rows(LOG)) == 6 == len(told)


def test_one_that_is_being_run_is_not_run_again(watched: Watched, told: list[str]):
    watched.publish(A=5)
    kept = watched.monitor()
    with (
        connect_pulse(watched.settings) as other,
        other.transaction(),
        connect_pulse(watched.settings) as connection,
        open_reader(watched.settings) as reader,
    ):
        other.execute("select 1 from pulse.pulse_monitors for update")
        with pytest.raises(ConfigurationError, match="is being run"):
            run_one(connection, reader, str(kept["id"]), "duckdb")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"data_source": "bigquery"}, "'bigquery' is refused: finhouse publishes to DuckDB"),
        ({"data_source": "oracle"}, "'oracle' is unknown"),
        ({"name": " "}, "is no name"),
        ({"severity": "urgent"}, "severity 'urgent'"),
        ({"frequency": "yearly"}, "frequency 'yearly'"),
        ({"domain": "farming"}, "no domain 'farming'"),
        ({"sql": BROKEN}, "DELETE, not SELECT"),
        ({"condition": {**BELOW, "column": "worth"}}, "no column worth"),
        ({"condition": {**BELOW, "key": []}}, "have one period"),
    ],
)
def test_what_is_unfit_is_not_kept(watched: Watched, changes: dict[str, Any], told: str):
    watched.publish(A=5, B=5)
    with pytest.raises(ConfigurationError, match=told):
        watched.monitor(**changes)
    assert watched.rows("select * from pulse.pulse_monitors") == []


def test_a_name_is_taken_once(watched: Watched):
    watched.publish(A=5)
    watched.monitor()
    with pytest.raises(ConfigurationError, match="already"):
        watched.monitor()


def test_versions_keep_what_was_and_the_way_back(watched: Watched, told: list[str]):
    watched.publish(A=15)
    watched.monitor(domain="wallet")
    watched.edit(condition={**BELOW, "value": 20})
    watched.edit(severity="low")
    with connect_pulse(watched.settings) as connection, open_reader(watched.settings) as reader:
        back = monitors.roll_back(connection, reader, "Low figures", 1, user="grace")
        kept = monitors.versions(connection, "Low figures")
        with pytest.raises(ConfigurationError, match="has no version 9"):
            monitors.roll_back(connection, reader, "Low figures", 9, user="grace")
        with pytest.raises(ConfigurationError, match="nothing of Low figures changes"):
            monitors.roll_back(connection, reader, "Low figures", 3, user="grace")
    assert back["alert_condition"] == BELOW and back["query_version"] == 3
    assert (back["time_zone"], back["domain"]) == ("Africa/Johannesburg", "wallet")
    assert [(row["version"], row["change_reason"], row["created_by"]) for row in kept] == [
        (1, "created", "ada"),
        (2, "as the test says", "ada"),
        (3, "back to version 1", "grace"),
    ]
    assert [row["alert_condition"]["value"] for row in kept] == [10, 20, 10]


def test_precision_is_that_of_the_version_that_alerted(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor()
    watched.run()
    watched.edit(condition={**BELOW, "value": 20})
    watched.publish(A=5, B=15)
    watched.run()
    with connect_pulse(watched.settings) as connection:
        for alert in watched.alerts():
            right = alert["data"]["key"]["bank"] == "A"
            word = "true_positive" if right else "false_positive"
            give_feedback(connection, str(alert["id"]), word, "ada")
        kept = monitors.versions(connection, "Low figures")
    assert [(row["true_positives"], row["false_positives"]) for row in kept] == [(1, 0), (1, 1)]


def test_a_replay_judges_by_the_condition_of_today_and_writes_nothing(
    watched: Watched, told: list[str]
):
    for value in (5, 15, 25):
        watched.publish(A=value)
        if value == 5:
            watched.monitor()
        watched.run()
    watched.edit(condition={**BELOW, "value": 20})
    today = date.today()
    before = watched.rows(LOG)
    with connect_pulse(watched.settings) as connection:
        replayed = replay(connection, "Low figures", today - timedelta(days=1), today)
        assert replay(connection, "Low figures", date(2020, 1, 1), date(2020, 1, 2)) == []
    assert [[one["is_breach"] for one in found] for _, found in replayed] == [
        [True],
        [True],
        [False],
    ]
    assert watched.rows(LOG) == before


def test_a_replay_leaves_what_another_kind_of_condition_has_judged(
    watched: Watched, told: list[str]
):
    watched.publish(A=5)
    watched.monitor()
    watched.run()
    watched.edit(condition={"rows": "count", "op": ">", "value": 100})
    watched.run()
    today = date.today()
    with connect_pulse(watched.settings) as connection:
        replayed = replay(connection, "Low figures", today - timedelta(days=1), today)
    assert [[one["is_breach"] for one in found] for _, found in replayed] == [[True], [False]]


def test_tuning_proposes_what_spares_false_alarms_and_loses_no_true_one(
    watched: Watched, told: list[str]
):
    watched.publish(A=9, B=8, C=4)
    watched.monitor()
    watched.run()
    # B was further out once than when it was first seen.
    watched.publish(A=9, B=6, C=7)
    watched.run()
    with connect_pulse(watched.settings) as connection:
        with pytest.raises(ConfigurationError, match="has feedback"):
            tune(connection, "Low figures")
        for alert in watched.alerts():
            right = alert["data"]["key"]["bank"] == "C"
            word = "true_positive" if right else "false_positive"
            give_feedback(connection, str(alert["id"]), word, "ada")
        found = tune(connection, "Low figures")
    assert (found.limit, found.true_ones, found.false_ones) == (10, 1, 2)
    assert [
        (int(one.limit), one.false_alarms_gone, one.true_ones_lost, one.precision)
        for one in found.proposals
    ] == [(9, 1, 0, 0.5), (6, 2, 0, 1.0), (4, 2, 1, None)]
    assert found.best and found.best.limit == 6
    [kept] = watched.rows("select * from pulse.pulse_monitors")
    assert kept["alert_condition"] == BELOW, "it proposes; a person edits"


def test_the_tables_are_made_once_whoever_comes_first(watched: Watched):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: pulse_url(watched.settings), range(4)))
    found = watched.rows("select code, usage_count, avg_rating from pulse.pulse_monitor_templates")
    assert {row["code"] for row in found} == {one["code"] for one in shipped_templates()}
    assert {(row["usage_count"], row["avg_rating"]) for row in found} == {(0, None)}


def test_who_may_not_make_the_tables_is_told_who_may(watched: Watched):
    url = watched.settings.pulse_url or ""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop role if exists pulse_stranger")
        connection.execute("create role pulse_stranger login password 'secret-word'")
    stranger = psycopg.conninfo.make_conninfo(url, user="pulse_stranger", password="secret-word")
    settings = type(watched.settings)(
        **{**vars(watched.settings), "source_urls": {"PULSE_URL": stranger}}
    )
    with pytest.raises(ServiceError, match="finhouse pulse init") as refused:
        pulse_url(settings)
    assert "permission denied" in str(refused.value) and "secret-word" not in str(refused.value)
