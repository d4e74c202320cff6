"""The API answers questions, shows alerts as they are, and takes what people say of them."""

from __future__ import annotations

from typing import Any

import pytest

from finhouse.api.guard import Admission
from finhouse.api.keys import READ_KPI, WRITE_PULSE, KeyRing
from finhouse.domains import declared_domains
from finhouse.settings import Settings, load_settings
from tests.support.api import api_of, ask
from tests.support.pulse import BELOW, Watched

NOBODY = "00000000-0000-0000-0000-000000000000"
HISTORY = "select * from pulse.pulse_query_history order by id"


@pytest.fixture
def firing(watched: Watched, told: list[str]) -> str:
    """Id of an alert that fires."""
    watched.publish(A=5)
    watched.monitor(severity="high", domain="wallet")
    watched.run()
    [alert] = watched.alerts()
    return str(alert["id"])


def asked(watched: Watched, path: str, **more: Any) -> Any:
    return ask(api_of(watched.settings), path, **more)


def bearer(settings: Settings, *scopes: str) -> dict[str, str]:
    key = KeyRing(settings.api_home).add(" ".join(scopes).replace(":", "."), scopes)
    return {"Authorization": f"Bearer {key}"}


def test_a_question_is_answered_and_kept(watched: Watched):
    publication = watched.publish(A=5)
    response = asked(watched, "/ask?q=mau since May 2026 vs target")
    answer = response.json()
    assert answer["outcome"] == "answered" and answer["kpi_code"] == "mau"
    assert answer["reading"] == (
        "Monthly active users, wallet, May-Jun 2026, by month, compared with the target"
    )
    assert [
        (one["period"], one["value"], one["compared_value"], one["group"])
        for one in answer["values"]
    ] == [
        ("2026-06", "906.00000000", "905.00000000", None),
        ("2026-05", "905.00000000", "905.00000000", None),
    ]
    assert "kpi_code = 'mau'" in answer["sql"]
    assert answer["publication_id"] == publication == response.headers["X-Publication-ID"]
    assert response.headers["Cache-Control"] == "no-store"
    [row] = watched.rows(HISTORY)
    assert (row["outcome"], row["rows_returned"], row["user_id"]) == (
        *("answered", 2),
        "this machine",
    )
    assert row["query_text"] == "mau since May 2026 vs target" and row["reading"]


@pytest.mark.parametrize(
    ("question", "outcome", "member", "value"),
    [
        ("mau in March", "ambiguous", "candidates", ["March 2026", "March 2025"]),
        ("mau by moon phase", "not_understood", "unknown_words", ["by", "moon", "phase"]),
        ("active buyers per month", "not_understood", "nearest", ["Monthly active users"]),
    ],
)
def test_what_is_not_clear_is_not_run_but_kept(
    watched: Watched, question: str, outcome: str, member: str, value: list[str]
):
    watched.publish(A=5)
    answer = asked(watched, f"/ask?q={question}").json()
    assert (answer["outcome"], answer[member]) == (outcome, value), answer
    assert answer["values"] == [] and answer["sql"] is None and answer["why"]
    [row] = watched.rows(HISTORY)
    assert (row["outcome"], row["rows_returned"], row["sql_query"]) == (outcome, None, None)
    assert row["unknown_words"] == answer["unknown_words"]


def test_whatever_is_asked_is_kept(watched: Watched):
    watched.publish(A=5)
    for question in ("mau%00", "%00", "mau%20%ff", "%F0%9F%92%A5", "mau%20%ED%A0%80"):
        response = asked(watched, f"/ask?q={question}")
        assert response.status_code == 200, question
        assert response.json()["outcome"] == "not_understood"
    assert len(watched.rows(HISTORY)) == 5


def test_kpis_of_other_domains_cannot_be_asked_for(watched: Watched):
    watched.publish(A=5)
    wallet = api_of(watched.settings, domains=("wallet",))
    assert ask(wallet, "/ask?q=orders").json()["outcome"] == "not_understood"
    both = api_of(watched.settings, domains=("wallet", "commerce"))
    assert ask(both, "/ask?q=orders").json()["outcome"] == "answered"


def test_alerts_are_as_they_are_now(watched: Watched, firing: str):
    [alert] = asked(watched, "/pulse/alerts").json()["items"]
    assert (alert["id"], alert["monitor"], alert["severity"]) == (firing, "Low figures", "high")
    assert alert["data"] == {
        "key": {"bank": "A"},
        "period": "2026-06-02",
        "value": "5.0000",
        "reference": None,
        "score": "5.0000",
    }
    watched.publish(A=50)
    watched.run()
    assert asked(watched, "/pulse/alerts").json()["items"] == []
    [resolved] = asked(watched, "/pulse/alerts?status=all").json()["items"]
    assert resolved["status"] == "resolved" and resolved["resolved_at"]


def test_what_people_say_is_written_once(watched: Watched, firing: str):
    for _ in range(2):
        known = asked(watched, f"/pulse/alerts/{firing}/acknowledge", method="POST").json()
        assert known["acknowledged"] and known["acknowledged_at"]
    path = f"/pulse/alerts/{firing}/feedback"
    for _ in range(2):
        judged = asked(watched, path, method="POST", body={"feedback": "false_positive"}).json()
        assert judged["feedback"] == "false_positive"
    [monitor] = watched.rows("select * from pulse.pulse_monitors")
    assert (monitor["true_positives"], monitor["false_positives"]) == (0, 1)
    for body in ({"feedback": "maybe"}, {}, {"feedback": "true_positive", "more": 1}):
        refused = asked(watched, path, method="POST", body=body)
        assert refused.status_code == 422, body


def test_alerts_that_there_are_not(watched: Watched, firing: str):
    for path in (f"/pulse/alerts/{NOBODY}/acknowledge", f"/pulse/alerts/{firing[:-1]}/acknowledge"):
        assert asked(watched, path, method="POST").status_code in (404, 422)
    # Of a domain that this API says nothing of.
    commerce = api_of(watched.settings, domains=("commerce",))
    assert ask(commerce, "/pulse/alerts").json()["items"] == []
    refused = ask(commerce, f"/pulse/alerts/{firing}/acknowledge", method="POST")
    assert refused.status_code == 404
    assert refused.json()["type"] == "urn:finhouse:problem:unknown-alert"
    [alert] = watched.alerts()
    assert not alert["acknowledged"]


def test_alerts_of_the_house_are_of_every_domain(watched: Watched, told: list[str]):
    watched.publish(A=5)
    watched.monitor(condition=BELOW, domain=None)
    watched.run()
    commerce = api_of(watched.settings, domains=("commerce",))
    assert len(ask(commerce, "/pulse/alerts").json()["items"]) == 1


def test_saying_something_needs_a_scope_of_its_own(watched: Watched, firing: str):
    settings = watched.settings
    app = api_of(settings, Admission(needs_key=True))
    reader, writer = bearer(settings, READ_KPI), bearer(settings, READ_KPI, WRITE_PULSE)
    path = f"/pulse/alerts/{firing}/acknowledge"
    assert ask(app, path, method="POST").status_code == 401
    refused = ask(app, path, reader, method="POST")
    assert refused.status_code == 403 and WRITE_PULSE in refused.json()["detail"]
    [alert] = watched.alerts()
    assert not alert["acknowledged"]
    assert ask(app, path, writer, method="POST").status_code == 200
    [alert] = watched.alerts()
    assert alert["acknowledged_by"] == "key read.kpi write.pulse"
    assert ask(app, "/pulse/alerts", reader).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://shop.example", 403),
        ("null", 403),
        ("http://127.0.0.1.example", 403),
        ("http://127.0.0.1:3000", 200),
        ("http://localhost:3000", 200),
    ],
)
def test_without_keys_no_page_of_another_site_says_anything(
    watched: Watched, firing: str, origin: str, status: int
):
    """A browser sends such a request without asking; only its answer is kept from the page."""
    path = f"/pulse/alerts/{firing}/acknowledge"
    answered = asked(watched, path, headers={"Origin": origin}, method="POST")
    assert answered.status_code == status
    [alert] = watched.alerts()
    assert alert["acknowledged"] is (status == 200)


def test_alerts_of_other_domains_take_no_place(watched: Watched, firing: str):
    """However many there are, and however severe."""
    watched.monitor(name="Others", domain="commerce")
    watched.execute(
        "insert into pulse.pulse_alerts (monitor_id, fingerprint, query_version, detected_at, "
        "severity, message, data, status, first_seen_at, last_seen_at, publication_id) "
        "select id, n::text, 1, now(), 'critical', 'x', '{}', 'firing', now(), now(), 'p' "
        "from pulse.pulse_monitors, generate_series(1, 1000) as n where name = 'Others'"
    )
    wallet = api_of(watched.settings, domains=("wallet",))
    assert [one["id"] for one in ask(wallet, "/pulse/alerts").json()["items"]] == [firing]


def test_without_their_database_questions_are_answered_and_alerts_are_not_ready(
    watched: Watched, caplog: pytest.LogCaptureFixture
):
    watched.publish(A=5)
    nowhere = load_settings(
        {
            "FINHOUSE_HOME": str(watched.settings.home),
            "PULSE_URL": "postgresql://ada:secret-word@127.0.0.1:9/pulse",
        }
    )
    app = api_of(nowhere, domains=tuple(declared_domains()))
    refused = ask(app, "/pulse/alerts")
    assert refused.status_code == 503 and "secret-word" not in refused.text
    assert refused.headers["Retry-After"]
    answered = ask(app, "/ask?q=mau")
    assert answered.status_code == 200 and answered.json()["outcome"] == "answered"
    assert answered.headers["X-Question-Kept"] == "no"
    assert "X-Question-Kept" not in ask(api_of(watched.settings), "/ask?q=mau").headers
    assert "secret-word" not in caplog.text
