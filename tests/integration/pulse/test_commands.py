"""``finhouse pulse``: what a person types, and what is then kept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from finhouse.cli import main
from tests.support.pulse import BELOW, SQL, Watched

FIGURES = "Low figures"


@pytest.fixture
def pulse(watched: Watched, told: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command in the house; returns what it printed."""
    monkeypatch.setenv("FINHOUSE_HOME", str(watched.settings.home))
    monkeypatch.setenv("PULSE_URL", str(watched.settings.pulse_url))
    for name in ("FINHOUSE_TARGET", "FINHOUSE_DOMAINS", "OLTP_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["pulse", *arguments], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())

    return run


@pytest.fixture
def sql_file(tmp_path: Path) -> str:
    path = tmp_path / "low_figures.sql"
    path.write_text(SQL)
    return str(path)


def test_a_monitor_is_tried_then_kept_then_run(
    watched: Watched, pulse: Any, sql_file: str, told: list[str]
):
    watched.publish(A=5, B=50)
    given = ("--sql-file", sql_file, "--condition", json.dumps(BELOW), "--severity", "high")
    tried = pulse("new", FIGURES, *given, "--dry-run")
    assert f"{FIGURES}: value < 10; 2 rows, 2 judged, 1 would alert now" in tried
    assert "kept" not in tried and watched.rows("select * from pulse.pulse_monitors") == []
    assert "kept as" in pulse("new", FIGURES, *given, "--domain", "wallet", "--user", "ada")
    assert f"{FIGURES} breached 2 1 1 told" in pulse("run")
    listed = pulse("list")
    assert f"{FIGURES} high daily 1 on 1 -" in listed
    [alert] = watched.alerts()
    short = str(alert["id"])[:8]
    assert f"{short} high firing" in pulse("alerts")
    assert "acknowledged by grace" in pulse("ack", short, "--user", "grace")
    assert "acknowledged" in pulse("alerts")
    assert "snoozed until" in pulse("snooze", short, "--hours", "2")
    assert "precision 100%" in pulse("feedback", short, "true_positive")
    assert "No stricter limit" in pulse("tune", FIGURES)
    assert "is at version 2" in pulse(
        *("edit", FIGURES, "--condition", json.dumps({**BELOW, "value": 60}), "--reason", "more")
    )
    assert "as version 1 was" in pulse("rollback", FIGURES, "1")
    versions = pulse("versions", FIGURES)
    assert "more" in versions and "back to version 1" in versions and "100%" in versions
    assert "is off" in pulse("disable", FIGURES, "--reason", "too loud")
    assert f"{FIGURES}: too loud" in pulse("list")
    assert "is on" in pulse("enable", FIGURES)
    replayed = pulse("run", "--monitor", FIGURES, "--replay", "2026-01-01", "2099-01-01")
    assert "A 2026-06-02 5.0000 5.0000 yes" in replayed
    assert len(told) == 1


def test_a_question_with_a_limit_makes_a_monitor(watched: Watched, pulse: Any):
    watched.publish(A=5)
    assert "1 judged, 1 would alert now" in pulse("new", "--ask", "mau below 907")
    [kept] = watched.rows("select * from pulse.pulse_monitors")
    assert kept["name"] == kept["natural_language_query"] == "mau below 907"
    assert kept["alert_condition"] == {
        "column": "value",
        "period": "month_start",
        "op": "<",
        "value": 907,
    }
    assert (kept["domain"], kept["time_zone"]) == ("wallet", "Africa/Johannesburg")
    assert "has none" in pulse("new", "--ask", "mau", code=2)
    assert "it names no KPI" in pulse("new", "--ask", "happiness below 3", code=2)


def test_a_template_makes_a_monitor_and_counts_it(watched: Watched, pulse: Any):
    watched.publish(A=5)
    # Of the templates only those of what is published are offered.
    offered = pulse("templates")
    assert "kpi_restated" in offered and "uptime_low" not in offered
    assert "no template 'uptime_low'" in pulse("new", "--template", "uptime_low", code=2)
    assert "4.00 of 5, by 1 ratings" in pulse("rate", "kpi_restated", "4")
    assert "3.50 of 5, by 2 ratings" in pulse("rate", "kpi_restated", "3")
    assert "is no rating" in pulse("rate", "kpi_restated", "6", code=2)
    [rated] = watched.rows(
        "select usage_count, avg_rating::text from pulse.pulse_monitor_templates "
        "where code = 'kpi_restated'"
    )
    assert rated == {"usage_count": 0, "avg_rating": "3.50"}


def test_what_is_said_of_a_monitor_that_is_made_is_kept(watched: Watched, pulse: Any):
    watched.publish(A=5)
    said = ("--domain", "commerce", "--description", "mine", "--severity", "low")
    pulse("new", "Mine", "--ask", "mau below 907", *said)
    [kept] = watched.rows("select * from pulse.pulse_monitors")
    assert (kept["domain"], kept["description"], kept["severity"]) == ("commerce", "mine", "low")


@pytest.mark.parametrize(
    ("content", "told_what"),
    [(b"select '\xff'", "is no text in UTF-8"), (b"select '\x00'", "NUL")],
)
def test_a_file_that_is_no_sql_is_refused(
    watched: Watched, pulse: Any, tmp_path: Path, content: bytes, told_what: str
):
    watched.publish(A=5)
    file = tmp_path / "broken.sql"
    file.write_bytes(content)
    given = ("--sql-file", str(file), "--condition", json.dumps(BELOW))
    assert told_what in pulse("new", "x", *given, code=2)


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity", "9" * 5000, "[" * 100_000])
def test_a_limit_that_is_no_number_is_refused(
    watched: Watched, pulse: Any, sql_file: str, number: str
):
    watched.publish(A=5)
    condition = f'{{"column": "value", "op": "<", "value": {number}}}'
    pulse("new", "x", "--sql-file", sql_file, "--condition", condition, code=2)
    assert watched.rows("select * from pulse.pulse_monitors") == []


def test_questions_are_answered_or_not(watched: Watched, pulse: Any):
    watched.publish(A=5)
    answered = pulse("ask", "mau", "in", "May", "2026")
    assert "Monthly active users, wallet, May 2026, by month" in answered and "905" in answered
    assert "kpi_code = 'mau'" in answered
    assert "ambiguous: a month without its year did you mean: March 2026" in pulse(
        "ask", "mau in March"
    )
    assert "not understood: nothing explains by, moon, phase" in pulse("ask", "mau by moon phase")
    outcomes = watched.rows("select outcome from pulse.pulse_query_history order by id")
    assert [row["outcome"] for row in outcomes] == ["answered", "ambiguous", "not_understood"]


@pytest.mark.parametrize(
    ("arguments", "told_what"),
    [
        (("new", "Nothing"), "needs a name, SQL and a condition"),
        (("new", "--template", "kpi_restated", "--set", "share"), "is not like threshold=3"),
        (("run", "--replay", "2026-01-01", "2026-01-02"), "--replay needs a monitor"),
        (("run", "--due", "--monitor", "x"), "give one of them"),
        (("run", "--monitor", "x"), "no monitor 'x'"),
        (("ack", "00000000"), "no alert begins with 00000000"),
        (("edit", "x", "--condition", "{", "--reason", "y"), "no JSON"),
        (("tune", "x"), "no monitor 'x'"),
    ],
)
def test_what_is_wrong_is_said(
    watched: Watched, pulse: Any, arguments: tuple[str, ...], told_what: str
):
    watched.publish(A=5)
    assert told_what in pulse(*arguments, code=2)


def test_init_says_what_is_there(pulse: Any):
    assert re.fullmatch(r"schema pulse is there, with 14 templates", pulse("init"))
