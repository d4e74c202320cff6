"""An alert fires once, repeats quietly, is told again for a reason, and resolves."""

from __future__ import annotations

import pytest

from finhouse.errors import ConfigurationError
from finhouse.pulse import alerts, monitors
from finhouse.pulse_tables import connect_pulse
from tests.support.pulse import BELOW, SQL, Watched


def test_an_alert_fires_repeats_quietly_and_resolves(watched: Watched, told: list[str]):
    watched.publish(A=5, B=50)
    watched.monitor(severity="high")
    assert watched.run().outcome == "breached"
    [alert] = watched.alerts()
    assert (alert["status"], alert["occurrence_count"]) == ("firing", 1)
    assert (alert["severity"], alert["publication_id"]) == ("high", "p001")
    assert alert["data"]["key"] == {"bank": "A"} and alert["data"]["value"] == "5.0000"
    assert told == ["[high] Low figures (bank A; 2026-06-02): 5; condition: value < 10"]

    second = watched.publish(A=4, B=50)
    assert watched.run().told == 0
    [alert] = watched.alerts()
    assert (alert["status"], alert["occurrence_count"]) == ("firing", 2)
    assert (alert["publication_id"], alert["data"]["value"]) == (second, "4.0000")
    assert alert["first_seen_at"] < alert["last_seen_at"]
    assert len(told) == 1

    watched.publish(A=11, B=50)
    assert watched.run().outcome == "quiet"
    [alert] = watched.alerts()
    assert alert["status"] == "resolved" and alert["resolved_at"] is not None

    watched.publish(A=3, B=50)
    watched.run()
    assert [row["status"] for row in watched.alerts()] == ["resolved", "firing"]
    assert len(told) == 2, "what comes back is news"


def test_each_key_has_an_alert_of_its_own(watched: Watched, told: list[str]):
    watched.publish(A=5, B=6, C=70)
    watched.monitor()
    assert watched.run().alerting == 2
    assert len({alert["fingerprint"] for alert in watched.alerts()}) == 2 == len(told)
    watched.publish(A=5, B=60, C=70)
    watched.run()
    assert {a["data"]["key"]["bank"]: a["status"] for a in watched.alerts()} == {
        "A": "firing",
        "B": "resolved",
    }


def test_no_data_neither_fires_nor_resolves(watched: Watched, told: list[str]):
    watched.publish(A=None)
    watched.monitor()
    assert watched.run().outcome == "no_data" and not watched.alerts()
    watched.publish(A=5)
    watched.run()
    watched.publish(A=None)
    assert watched.run().outcome == "no_data"
    assert [alert["status"] for alert in watched.alerts()] == ["firing"]
    watched.forget()
    watched.publish()
    assert watched.run().outcome == "no_data", "a mart without rows says nothing, either"
    assert [alert["status"] for alert in watched.alerts()] == ["firing"]


def test_what_is_not_returned_any_more_has_recovered(watched: Watched, told: list[str]):
    watched.publish(A=5, B=50)
    watched.monitor()
    watched.run()
    watched.forget()
    watched.publish(B=50)
    watched.run()
    assert [alert["status"] for alert in watched.alerts()] == ["resolved"]


def test_no_data_alerts_where_it_is_asked_to(watched: Watched, told: list[str]):
    watched.publish(A=50, B=50)
    watched.monitor(condition={**BELOW, "no_data": "alert"})
    watched.run()
    watched.publish(A=None, B=50)
    watched.run()
    [alert] = watched.alerts()
    assert alert["message"] == "Low figures (bank A; 2026-06-03): no data"
    watched.publish(A=50, B=50)
    watched.run()
    assert [alert["status"] for alert in watched.alerts()] == ["resolved"]


def test_nothing_at_all_is_told_and_ends_nothing(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor(condition={**BELOW, "no_data": "alert"})
    watched.run()
    watched.forget()
    watched.publish()
    watched.run()
    assert [(a["status"], a["data"]["key"]) for a in watched.alerts()] == [
        ("firing", {"bank": "A"}),
        ("firing", {}),
    ]
    watched.publish(A=50)
    watched.run()
    assert {alert["status"] for alert in watched.alerts()} == {"resolved"}


def test_a_breach_must_last(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor(condition={**BELOW, "for": 3})
    outcomes = []
    for value in (5, 5, 50, 5, 5, 5, 5):
        watched.publish(A=value)
        execution = watched.run()
        outcomes.append((execution.outcome, execution.alerting))
    assert outcomes == [
        *([("breached", 0)] * 2),
        ("quiet", 0),
        *([("breached", 0)] * 2),
        *([("breached", 1)] * 2),
    ]
    [alert] = watched.alerts()
    assert alert["occurrence_count"] == 2


def test_what_fires_and_has_to_last_again_goes_on(watched: Watched, told: list[str]):
    """No data breaks no row of breaches; another version begins a new one, and ends the old."""
    watched.publish(A=5)
    watched.monitor(condition={**BELOW, "for": 2})
    watched.run()
    for value, seen in ((5, 1), (None, 1), (5, 2)):
        watched.publish(A=value)
        watched.run()
        [alert] = watched.alerts()
        assert (alert["status"], alert["occurrence_count"]) == ("firing", seen)
    watched.edit(condition={**BELOW, "value": 9, "for": 2})
    [alert] = watched.alerts()
    assert (alert["status"], alert["data"]["resolved_reason"]) == ("resolved", "edited")
    for statuses in (["resolved"], ["resolved", "firing"]):
        watched.publish(A=5)
        watched.run()
        assert [alert["status"] for alert in watched.alerts()] == statuses
    assert [alert["query_version"] for alert in watched.alerts()] == [1, 2]
    watched.publish(A=50)
    watched.run()
    assert {alert["status"] for alert in watched.alerts()} == {"resolved"}


def test_a_monitor_that_is_off_has_no_alert_that_fires(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor()
    watched.run()
    with connect_pulse(watched.settings) as connection:
        monitors.switch(connection, "Low figures", enabled=False)
    [alert] = watched.alerts()
    assert (alert["status"], alert["data"]["resolved_reason"]) == ("resolved", "disabled")


def test_no_rows_are_a_recovery_where_the_condition_says_so(watched: Watched, told: list[str]):
    """A query that returns what is amiss returns nothing when nothing is."""
    amiss = "select bank, max(value) as value from published.figures where value > 90 group by bank"
    condition = {"column": "value", "key": ["bank"], "op": ">", "value": 90}
    watched.publish(A=95)
    watched.monitor(sql=amiss, condition={**condition, "no_rows": "recovered"})
    watched.monitor(name="Unknown", sql=amiss, condition=condition)
    assert [watched.run(name).outcome for name in ("Low figures", "Unknown")] == ["breached"] * 2
    watched.forget()
    watched.publish(A=5)
    assert [watched.run(name).outcome for name in ("Low figures", "Unknown")] == [
        "quiet",
        "no_data",
    ]
    assert [alert["status"] for alert in watched.alerts()] == ["resolved", "firing"]


def test_the_same_publication_again_is_no_other_one(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor(condition={**BELOW, "for": 2})
    assert [watched.run().alerting for _ in range(3)] == [0, 0, 0]
    watched.publish(A=5)
    assert watched.run().alerting == 1


@pytest.mark.parametrize(("hours", "times"), [(23, 1), (25, 2)])
def test_it_is_told_again_after_a_day(watched: Watched, told: list[str], hours: float, times: int):
    watched.publish(A=5)
    watched.monitor()
    watched.run()
    watched.let_time_pass(hours)
    watched.publish(A=5)
    watched.run()
    assert len(told) == times


def test_a_higher_severity_is_told_and_a_lower_one_is_not(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor(severity="medium")
    watched.run()
    for severity, times in (("critical", 2), ("low", 2)):
        watched.edit(severity=severity)
        watched.publish(A=5)
        watched.run()
        assert len(told) == times
    assert [alert["severity"] for alert in watched.alerts()] == ["low"]


def test_a_snooze_is_kept_and_ended(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor()
    watched.run()
    [alert] = watched.alerts()
    with connect_pulse(watched.settings) as connection:
        alerts.snooze(connection, str(alert["id"]), 48)
    for hours, times in ((30, 1), (30, 2), (1, 2)):
        watched.let_time_pass(hours)
        watched.publish(A=5)
        watched.run()
        assert len(told) == times, f"after {hours} more hours"


def test_a_higher_severity_breaks_a_snooze(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor(severity="medium")
    watched.run()
    [alert] = watched.alerts()
    with connect_pulse(watched.settings) as connection:
        alerts.snooze(connection, str(alert["id"]), 48)
    watched.edit(severity="critical")
    watched.publish(A=5)
    watched.run()
    assert len(told) == 2


def test_what_is_acknowledged_is_not_told_when_its_snooze_ends(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor()
    watched.run()
    [alert] = watched.alerts()
    with connect_pulse(watched.settings) as connection:
        alerts.snooze(connection, str(alert["id"]), 1)
        alerts.acknowledge(connection, str(alert["id"]), "ada")
    watched.let_time_pass(48)
    watched.publish(A=5)
    watched.run()
    assert len(told) == 1


def test_what_is_acknowledged_is_known(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor()
    watched.run()
    [alert] = watched.alerts()
    with connect_pulse(watched.settings) as connection:
        first = alerts.acknowledge(connection, str(alert["id"]), "ada")
        again = alerts.acknowledge(connection, str(alert["id"])[:8], "grace")
    assert first["acknowledged"] and again["acknowledged_by"] == "ada"
    assert first["acknowledged_at"] == again["acknowledged_at"]
    watched.let_time_pass(48)
    watched.publish(A=5)
    watched.run()
    assert len(told) == 1
    watched.edit(severity="critical")
    watched.publish(A=5)
    watched.run()
    assert len(told) == 2


def test_who_could_not_be_told_is_told_later(watched: Watched, monkeypatch: pytest.MonkeyPatch):
    reached: list[bool] = []

    def tell(_: str) -> bool:
        reached.append(len(reached) > 0)
        return reached[-1]

    monkeypatch.setattr("finhouse.pulse.running.tell", tell)
    watched.publish(A=5)
    watched.monitor()
    for expected in (0, 1, 0):
        assert watched.run().told == expected
    assert reached == [False, True]


def test_feedback_is_counted_once_and_the_last_word_counts(watched: Watched, told: list[str]):
    watched.publish(A=5, B=5, C=5)
    watched.monitor()
    watched.run()
    ids = [str(alert["id"]) for alert in watched.alerts()]
    with connect_pulse(watched.settings) as connection:
        for alert_id, feedback in (
            *((ids[0], "true_positive"), (ids[0], "true_positive"), (ids[1], "true_positive")),
            *((ids[2], "true_positive"), (ids[2], "false_positive")),
        ):
            alerts.give_feedback(connection, alert_id, feedback, "ada")
        kept = monitors.find(connection, "Low figures")
        with pytest.raises(ConfigurationError, match="no feedback"):
            alerts.give_feedback(connection, ids[0], "maybe", "ada")
        with pytest.raises(ConfigurationError, match="no alert begins"):
            alerts.give_feedback(connection, "00000000", "true_positive", "ada")
    assert (kept["true_positives"], kept["false_positives"]) == (2, 1)
    assert monitors.precision(2, 1) == pytest.approx(2 / 3)
    assert monitors.precision(0, 0) is None


def test_what_is_resolved_cannot_be_snoozed(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor()
    watched.run()
    watched.publish(A=50)
    watched.run()
    [alert] = watched.alerts()
    with (
        connect_pulse(watched.settings) as connection,
        pytest.raises(ConfigurationError, match="has been resolved"),
    ):
        alerts.snooze(connection, str(alert["id"]), 1)


def test_a_query_of_personal_data_is_not_kept(watched: Watched):
    watched.publish(A=5)
    with pytest.raises(ConfigurationError, match=r"figures.secret holds personal data"):
        watched.monitor(sql=SQL.replace("bank,", "secret as bank,"))
    assert watched.rows("select * from pulse.pulse_monitors") == []
