"""A monitor's life in a house that is built: planted fraud, feedback, tuning, and the way back."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from finhouse.telling import ALERT_URL
from tests.support.house import WITHOUT_DATA_TESTS, House

pytestmark = pytest.mark.full

FRAUD = "Fraud rate too high"
# Far above what the demo company sees, and far below what is planted.
LIMIT = Decimal("0.05")
# Tells the planted cases from the company's own.
PLANTED_LOSS = "1.23"
PLANT = f"""
insert into wallet.fraud_cases (transaction_id, reported_at, resolved_at, outcome, loss_amount)
select id, created_at, created_at, 'confirmed', {PLANTED_LOSS}
from wallet.transactions
where created_at > (select max(created_at) - interval '10 days' from wallet.transactions)
    and id not in (select transaction_id from wallet.fraud_cases)
"""
CLEAR = f"update wallet.fraud_cases set outcome = 'cleared' where loss_amount = {PLANTED_LOSS}"
# By the source's own rows, in the business's time zone.
EXPECTED = """
with days as (
    select t.id, (t.created_at at time zone 'Africa/Johannesburg')::date as day,
        exists (
            select 1 from wallet.fraud_cases as f
            where f.transaction_id = t.id and f.outcome = 'confirmed'
        ) as is_fraud
    from (
        select distinct on (id) id, created_at from wallet.transactions order by id
    ) as t
)
select count(*) filter (where is_fraud), count(*) from days
where day <= date '{as_of}' and day > date '{as_of}' - 30
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small company with nothing but its wallet."""
    small = House(tmp_path / "house", "wallet")
    small.succeed("demo", "--scale", "0.02")
    yield small
    small.server.stop()


@pytest.fixture
def webhook() -> Iterator[tuple[dict[str, str], list[str]]]:
    """The variable that names a webhook, and what it has been told."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append(json.loads(body)["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {ALERT_URL: f"http://127.0.0.1:{server.server_port}/"}, told
    server.shutdown()
    server.server_close()


def fraud_rate(house: House, target: str) -> Decimal:
    """Confirmed fraud of the last thirty complete days, from the source."""
    [(as_of,)] = house.published_rows("select as_of_date from published.data_recency", target)
    [(frauds, transactions)] = house.oltp_rows(EXPECTED.format(as_of=as_of))
    return Decimal(frauds) / transactions


def alert_ids(house: House, target: str) -> list[str]:
    listed = house.succeed("--target", target, "pulse", "alerts")
    return re.findall(r"^ ([0-9a-f]{8}) ", listed, re.M)


# What depends on the engine is how a monitor reads the marts: the next test does, on both.
@pytest.mark.parametrize("target", ["duckdb"])
def test_a_monitor_from_its_template_to_its_precision(
    house: House, target: str, webhook: tuple[dict[str, str], list[str]]
):
    env, told = webhook

    def pulse(*arguments: str) -> str:
        return house.succeed("--target", target, "pulse", *arguments, env=env)

    def build() -> None:
        house.succeed("--target", target, "build", env=WITHOUT_DATA_TESTS)

    build()
    assert fraud_rate(house, target) < LIMIT
    pulse("new", "--template", "fraud_rate_high", "--set", f"threshold={LIMIT}")
    assert re.search(rf"{FRAUD} +quiet", pulse("run"))
    assert alert_ids(house, target) == [] == told

    house.execute_oltp(PLANT)
    planted = fraud_rate(house, target)
    assert planted > LIMIT
    build()
    assert re.search(rf"{FRAUD} +breached", pulse("run", "--monitor", FRAUD))
    [text] = told
    assert text.startswith(f"[critical] {FRAUD}")
    [alert] = alert_ids(house, target)
    [(data, occurrences)] = house.oltp_rows("select data, occurrence_count from pulse.pulse_alerts")
    assert occurrences == 1 and round(Decimal(data["value"]) - planted, 6) == 0
    # The same publication again: seen again, and nobody is told again.
    pulse("run", "--monitor", FRAUD)
    assert len(told) == 1
    assert "acknowledged" in pulse("ack", alert)
    assert "precision 100%" in pulse("feedback", alert, "true_positive")

    house.execute_oltp(CLEAR)
    build()
    assert fraud_rate(house, target) < LIMIT
    assert re.search(rf"{FRAUD} +quiet", pulse("run", "--monitor", FRAUD))
    assert alert_ids(house, target) == []

    # A limit that is too strict raises a false alarm.
    own = fraud_rate(house, target)
    assert own > 0, "the company has fraud of its own in the last thirty days"
    condition = {"column": "value", "period": "until_date", "op": ">", "value": float(own / 2)}
    pulse("edit", FRAUD, "--condition", json.dumps(condition), "--reason", "sooner")
    assert re.search(rf"{FRAUD} +breached", pulse("run"))
    [false_alarm] = alert_ids(house, target)
    assert "precision 50%" in pulse("feedback", false_alarm, "false_positive")
    # Nothing says yet what a stricter limit would lose.
    assert "No alert was judged right" in pulse("tune", FRAUD)
    pulse("rollback", FRAUD, "1")
    assert re.search(rf"{FRAUD} +quiet", pulse("run"))
    assert alert_ids(house, target) == []

    house.succeed("--target", target, "load", "pulse")
    house.succeed("--target", target, "dbt", "build", "--select", "path:models/*/pulse")
    assert house.rows(
        "select query_version, change_reason, is_current, alert_count, "
        "cast(precision_rate as numeric(4, 2)) from marts.pulse_query_versions order by 1",
        target,
    ) == [
        (1, "created", False, 1, Decimal("1.00")),
        (2, "sooner", False, 1, Decimal("0.00")),
        (3, "back to version 1", True, 0, None),
    ]
    assert house.rows(
        "select template_code, query_version, alert_count, firing_alert_count, "
        "cast(precision_rate as numeric(4, 2)) from marts.pulse_monitors",
        target,
    ) == [("fraud_rate_high", 3, 2, 0, Decimal("0.50"))]
    assert house.rows(
        "select outcome, count(*) from marts.pulse_execution_log group by 1 order by 1", target
    ) == [("breached", 3), ("quiet", 3)]


def test_every_template_that_is_offered_runs(company_copy: House, target: str):
    """Those of all domains, on marts that are there."""
    offered = re.findall(
        r"^ ([a-z0-9]+_[a-z0-9_]+) ",
        company_copy.succeed("--target", target, "pulse", "templates"),
        re.M,
    )
    assert {"fraud_rate_high", "par_30_jump", "stock_at_reorder_point", "raw_table_late"} <= {
        *offered
    }
    for code in offered:
        company_copy.succeed("--target", target, "pulse", "new", "--template", code)
    printed = company_copy.succeed("--target", target, "pulse", "run")
    outcomes = re.findall(r" (quiet|breached|no_data|unchanged|error) ", printed)
    assert len(outcomes) == len(offered) and "error" not in outcomes, printed
