"""The KPI API as programs see it: a server of its own before the demo company, asked over HTTP."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from finhouse.api.openapi import snapshot_path
from finhouse.api.serving import ApiServer
from finhouse.bench.api_load import Callers, paths_of, publish_evenly
from finhouse.settings import PROJECT_ROOT
from tests.support.api_server import Served, serving
from tests.support.house import House
from tests.support.marks import OMITTED, Search, masked_marks

SWAPS, SECONDS = 3, 3
# What the engine has no part in.
on_one_engine = pytest.mark.parametrize("api", ["duckdb"], indirect=True)


@pytest.fixture(scope="module", params=["duckdb", pytest.param("postgres", marks=pytest.mark.full)])
def api(request: pytest.FixtureRequest, company: House) -> Iterator[Served]:
    with serving(company, request.param) as served:
        yield served


def test_it_says_what_it_reads(api: Served):
    [(publication,)] = api.rows("select max(publication_id) from published.data_recency")
    ready = api.get("/ready")
    assert ready["publication_id"] == publication and ready["age_seconds"] > 0
    assert {one["domain"]: one["as_of_date"] for one in ready["domains"]} == {
        domain: str(day)
        for domain, day in api.rows("select domain, as_of_date from published.data_recency")
    }
    assert api.get("/health")["status"] == "ok"


@pytest.mark.parametrize(
    ("grain", "mart", "start"),
    [
        ("month", "kpi_monthly", "month_start"),
        ("day", "kpi_daily", "date_day"),
    ],
)
def test_every_value_is_the_marts_to_the_last_digit(api: Served, grain: str, mart: str, start: str):
    rows = api.rows(
        f"select kpi_code, {start}, value, numerator, denominator, reporting_value, target, "
        f"target_status, is_complete_period from published.{mart} order by 1, 2"
    )
    wanted: dict[str, list[tuple]] = {}
    for code, *rest in rows:
        wanted.setdefault(code, []).append((str(rest[0]), *map(exact, rest[1:6]), *rest[6:]))
    assert len(wanted) > 30
    for code, values in wanted.items():
        got = [
            (
                *(item[name] for name in ("period_start", "value", "numerator", "denominator")),
                *(item[name] for name in ("reporting_value", "target", "target_status")),
                item["is_complete_period"],
            )
            for item in api.everything(f"/kpis/{code}/values", grain=grain, limit=1000)
        ]
        assert got == values, code


def exact(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def test_the_catalogue_and_the_card_hold_every_kpi(api: Served):
    codes = [code for (code,) in api.rows("select kpi_code from published.kpi_catalogue")]
    listed = [item["kpi_code"] for item in api.everything("/kpis", limit=7)]
    card = api.get("/scorecard")
    assert sorted(listed) == sorted(codes) == sorted(one["kpi_code"] for one in card["items"])
    assert {one["kpi_code"]: (one["value"], one["target_status"]) for one in card["items"]} == {
        code: (exact(value), status)
        for code, value, status in api.rows(
            "select kpi_code, value, target_status from published.kpi_scorecard"
        )
    }


LINEAGE = {
    "mau": {("wallet.transactions", "created_at"), ("wallet.transactions", "sender_id")},
    "cac": {("wallet.marketing_spend", "amount"), ("wallet.users", "created_at")},
    "par_30": {("microfinance.loan_schedules", "due_date"),
               ("microfinance.loan_repayments", "principal_paid")},
    "merchant_failure_rate": {("merchant_activity.activities", "status")},
}  # fmt: skip


@on_one_engine
def test_lineage_ends_at_the_columns_of_the_sources(api: Served):
    declared = {
        f"{schema.removeprefix('raw_')}.{table}": columns
        for schema, table, columns in api.house.rows(
            "select table_schema, table_name, string_agg(column_name, ',') "
            "from information_schema.columns where table_schema like 'raw%' group by 1, 2",
            api.target,
        )
    }
    for item in api.everything("/kpis", limit=1000):
        lineage = api.get(f"/kpis/{item['kpi_code']}/lineage")
        assert lineage["computed_by"] and lineage["sources"], item["kpi_code"]
        for source in (one for one in lineage["sources"] if one["kind"] == "source"):
            assert set(source["columns"]) <= set(declared[source["name"]].split(",")), source
        if wanted := LINEAGE.get(item["kpi_code"]):
            found = {(one["name"], c) for one in lineage["sources"] for c in one["columns"]}
            assert wanted <= found


def test_the_five_results_are_the_marts(api: Served):
    [(merchant, volume)] = api.rows(
        "select merchant_id, total_amount from published.top_merchant where merchant_rank = 1"
    )
    top = api.get("/analytics/top-merchant")
    assert top == {"merchant_id": merchant, "total_volume": float(volume)}
    adoption = api.get("/analytics/product-adoption")
    assert list(adoption.values()) == sorted(adoption.values(), reverse=True)
    funnel = api.get("/analytics/kyc-funnel")
    assert funnel["documents_submitted"] > funnel["tier_upgrades"] > 0
    rates = api.get("/analytics/failure-rates")
    counts = {
        product: (failed, succeeded)
        for product, failed, succeeded in api.rows(
            "select product, failed_count, success_count from published.failure_rates"
        )
    }
    assert {one["product"] for one in rates} == counts.keys()
    for one in rates:
        failed, succeeded = counts[one["product"]]
        # Otherwise: in whole tenths of a percent.
        tenths = (2000 * failed + failed + succeeded) // (2 * (failed + succeeded))
        assert one["failure_rate"] == pytest.approx(tenths / 10)


def test_projections_are_json_and_csv(api: Served):
    projected = api.get("/projections/bear")
    by_cohorts = api.get("/projections/bear", method="cohort")
    for answer, method in ((projected, "compound"), (by_cohorts, "cohort")):
        assert answer["method"] == method
        assert [month["month_number"] for month in answer["months"]] == list(range(1, 25))
        has_new_users = {m["projected_new_user_count"] is not None for m in answer["months"]}
        assert has_new_users == {method == "cohort"}
    assert api.client.get("/projections/bear", params={"method": "hope"}).status_code == 422
    assert api.client.get("/projections/nobody").status_code == 404
    answers = [
        api.client.get("/projections/bear", headers={"Accept": "text/csv"}),
        api.client.get("/projections/bear", params={"format": "csv"}),
    ]
    for answer in answers:
        assert answer.headers["Content-Type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["volume_amount"] for row in rows] == [
            month["volume_amount"] for month in projected["months"]
        ]
        assert {row["publication_id"] for row in rows} == {projected["publication_id"]}
    tags = {answer.headers["ETag"] for answer in answers}
    assert len(tags | {api.client.get("/projections/bear").headers["ETag"]}) == 3


@on_one_engine
def test_the_log_is_a_line_of_json_a_request(api: Served):
    api.client.get("/kpis/mau", headers={"X-Request-ID": "asked-by-a-test"})
    # Written once the answer is sent, so maybe after it has arrived.
    deadline = time.monotonic() + 10
    while not re.search("asked-by-a-test.*\n", log := api.server.log_file.read_text()):
        assert time.monotonic() < deadline, log[-2000:]
        time.sleep(0.05)
    # What is being written may lack its end.
    lines = [json.loads(line) for line in log.splitlines(keepends=True) if line.endswith("\n")]
    [entry] = [line for line in lines if line.get("request_id") == "asked-by-a-test"]
    assert (entry["path"], entry["status"]) == ("/kpis/mau", 200)
    assert not [line for line in lines if line["level"] == "error"]
    assert api.server.log_file.stat().st_mode & 0o077 == 0


@on_one_engine
def test_no_answer_shows_a_marked_person(api: Served):
    search = Search((*OMITTED, *masked_marks(api.house)))
    described = api.get("/openapi.json")["paths"]
    paths = [path for path, ways in described.items() if "get" in ways and "{" not in path]
    for item in api.everything("/kpis", limit=1000):
        code = f"/kpis/{item['kpi_code']}"
        paths += [code, f"{code}/values?limit=1000", f"{code}/lineage"]
    paths += [f"/projections/{name}" for name in ("bear", "base", "bull")]
    answers = [(path, api.client.get(path)) for path in paths if path != "/ask"]
    assert sum(answer.status_code == 200 for _, answer in answers) > 200
    for path, answer in answers:
        assert search.found_in(answer.content) == set(), path
    # Nor is a question in somebody's own words written down.
    assert api.client.get("/ask", params={"q": "what does Kwanarix Aaad owe"}).status_code < 500
    assert search.in_file(api.server.log_file) == []


# Every address as its description allows, and those with parameters otherwise as well.
ASKED = [
    (path, method, mode)
    for path, operations in json.loads(snapshot_path(PROJECT_ROOT).read_text())["paths"].items()
    for method, operation in operations.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or {"parameters", "requestBody"} & operation.keys()
]


@pytest.mark.full
@on_one_engine
@pytest.mark.parametrize(("path", "method", "mode"), ASKED)
def test_every_answer_is_as_described(api: Served, path: str, method: str, mode: GenerationMode):
    """Whatever is asked, as it should be and otherwise; keys are tried in another test."""
    description = api.get("/openapi.json")
    description["paths"][path][method].pop("security", None)
    described = schemathesis.openapi.from_dict(description)
    described.config.update(base_url=api.server.url)

    @given(case=described[path][method.upper()].as_strategy(generation_mode=mode))
    # The same cases each time: no change is refused for what it has not touched.
    @settings(
        max_examples=20,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def asked(case: Case) -> None:
        # A cursor may be any text and is good only if it was handed out.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    asked()


@on_one_engine
@pytest.mark.parametrize("begun", [b"GET /health?", b"GET /health HTTP/1.1\r\nX-Long: "])
def test_a_request_that_does_not_end_is_ended(api: Served, begun: bytes):
    with socket.create_connection(("127.0.0.1", urlsplit(api.server.url).port), 60) as caller:
        try:
            caller.sendall(begun + b"a" * 2**20)
            answered = caller.recv(100)
        except ConnectionError:
            answered = b""
    assert answered == b"" or answered.startswith(b"HTTP/1.1 400")
    assert api.get("/health")["status"] == "ok"


@pytest.mark.full
def test_callers_never_fail_nor_see_two_publications(company_copy: House, target: str):
    """32 connections while builds are published; `make bench ARGS=--api` does more, and longer.

    Of the first publication a page is kept: its cursor is of no use after it.
    """
    with serving(company_copy, target) as api:
        path = "/kpis/mau/values"
        cursor = api.get(path, limit=2)["next_cursor"]
        monthly = [
            item["kpi_code"]
            for item in api.everything("/kpis", limit=1000)
            if item["has_monthly_values"]
        ]
        assert len(monthly) > 30
        with Callers(api.server.url, paths_of(monthly)) as seen:
            publish_evenly(company_copy.settings(target), SWAPS, SECONDS)
        assert seen.errors == []
        assert len(seen.publications) == SWAPS + 1
        assert api.get("/ready")["publication_id"] == max(seen.publications)
        refused = api.client.get(path, params={"limit": 2, "cursor": cursor})
        assert refused.status_code == 409
        again = api.client.get(refused.json()["restart"])
        assert again.json()["publication_id"] == max(seen.publications)


@pytest.mark.full
def test_other_addresses_than_loopback_ask_for_a_key(company: House):
    house = company
    refused = house.run("api", "run", "--host", "0.0.0.0", "--port", "8099")
    assert refused.returncode == 2 and "finhouse api keys add" in refused.stdout
    key = house.succeed("api", "keys", "add", "reports").splitlines()[0]
    assert key.split("_", 2)[2] not in house.succeed("api", "keys", "list")
    house.succeed("api", "start", "--require-key")
    try:
        url = ApiServer(house.settings()).url
        with httpx.Client(base_url=url, timeout=60) as client:
            assert client.get("/scorecard").status_code == 401
            client.headers["Authorization"] = f"Bearer {key}"
            assert client.get("/scorecard").status_code == 200
            assert client.get("/analytics/top-merchant").status_code == 403
            house.succeed("api", "keys", "revoke", "reports")
            assert client.get("/scorecard").status_code == 401
    finally:
        house.succeed("api", "stop")


@pytest.mark.full
def test_a_house_of_some_domains_answers_for_them_alone(company: House):
    house = House(company.home, "wallet")
    with serving(house, "duckdb") as api:
        assert {item["domain"] for item in api.everything("/kpis", limit=1000)} == {"wallet"}
        assert api.client.get("/analytics/top-merchant").status_code == 404
        assert api.client.get("/kpis/par_30").status_code == 404
        assert api.get("/projections/base")["months"]


@on_one_engine
def test_the_example_of_the_how_to_reads_all_pages(api: Served):
    text = (PROJECT_ROOT / "docs" / "how-to" / "kpi-api.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    example = example.replace("http://127.0.0.1:8090", api.server.url).replace(
        "limit=100", "limit=5"
    )
    found: dict[str, Any] = {}
    exec(example, found)
    assert found["items"] == api.everything("/kpis/mau/values")
    assert len(found["items"]) > 10


@on_one_engine
def test_starting_it_twice_is_once(api: Served):
    said = api.house.succeed("--target", api.target, "api", "start")
    assert api.server.url in said
    assert "running" in api.house.succeed("--target", api.target, "api", "status")
