"""Answers of one publication: pages by key, ETags, memory, and the shapes of numbers."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import settings as settings_of_search
from hypothesis import strategies as st

from finhouse.api.answers import MEMORY_BYTES, Answers
from finhouse.api.routes.merchants import percent
from finhouse.settings import Settings
from tests.support.api import api_of, ask, house_settings, write_publication

CATALOGUE = """
create table published.kpi_catalogue as
select * from (values
    ('mau', 'Monthly active users', 'wallet', 10, null::numeric(26, 8)),
    ('gmv', 'Volume', 'wallet', 20, 0.05),
    ('par_30', 'PAR 30', 'microfinance', 10, 1e-8)
) as t(kpi_code, kpi_name, domain, display_order, final_target)
cross join (
    select true as has_monthly_values, true as has_daily_values, 'Growth' as owner,
        'a 100% formula' as formula, 'number' as unit, 'ratio' as value_kind,
        'sum' as additivity, 'higher' as direction, null::text as target_operator,
        null::text as target_source, null::text as target_note
)
"""
VALUES = """
create table published.{mart} as
select 'gmv' as kpi_code, 'wallet' as domain, day::date as {column},
    (row_number() over ())::numeric(26, 8) as value, 0::numeric(26, 8) as numerator,
    null::numeric(26, 8) as denominator, 'ZAR' as currency_code,
    0.10::numeric(24, 6) as reporting_value, null::numeric(26, 8) as target,
    'no_target' as target_status, true as is_complete_period, 0 as missing_file_count
from range(date '2026-01-01', date '{end}', interval 1 {grain}) as t(day)
"""
MONTHLY = VALUES.format(mart="kpi_monthly", column="month_start", end="2026-08-01", grain="month")
DAILY = VALUES.format(mart="kpi_daily", column="date_day", end="2026-01-11", grain="day")
RESTATEMENTS = """
create table published.kpi_restatements as
select 'gmv' as kpi_code, 'wallet' as domain, 'month' as period_grain,
    date '2026-01-01' as period_start, n::integer as change_number,
    1.0::numeric(26, 8) as old_value, 1.0::numeric(26, 8) as old_numerator,
    null::numeric(26, 8) as old_denominator, 2.0::numeric(26, 8) as new_value,
    2.0::numeric(26, 8) as new_numerator, null::numeric(26, 8) as new_denominator,
    1.0::numeric(26, 8) as value_change, timestamp '2026-02-01' as reported_at,
    timestamp '2026-02-02' + interval (n // 3) hour as restated_at,
    'late_data' as cause_kind, '["b1","b2"]' as cause_batches
from range(1, 8) as t(n)
"""
TABLES = (CATALOGUE, MONTHLY, DAILY, RESTATEMENTS)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A house with one publication, for tests that only look."""
    settings = house_settings(tmp_path_factory.mktemp("house"))
    write_publication(settings.published_path, "p1", *TABLES)
    return settings


@pytest.fixture(scope="module")
def api(settings: Settings) -> FastAPI:
    return api_of(settings)


@pytest.fixture
def own_settings(tmp_path: Path) -> Settings:
    """A house of the test's own, to publish in."""
    settings = house_settings(tmp_path)
    write_publication(settings.published_path, "p1", *TABLES)
    return settings


def pages(api: FastAPI, path: str, limit: int) -> list[list[dict]]:
    """All pages of an address."""
    found, cursor = [], ""
    while cursor is not None:
        answer = ask(api, f"{path}limit={limit}{cursor and '&cursor='}{cursor}").json()
        found.append(answer["items"])
        cursor = answer["next_cursor"]
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/kpis?", "kpi_code"),
        ("/kpis/gmv/values?", "period"),
        ("/kpis/gmv/values?grain=day&from=2026-01-02&", "period"),
        ("/restatements?", "change_number"),
    ],
)
def test_pages_are_the_whole_in_its_order(api: FastAPI, path: str, key: str, limit: int):
    whole = [item[key] for item in ask(api, path).json()["items"]]
    paged = pages(api, path, limit)
    assert [item[key] for page in paged for item in page] == whole
    assert len(set(whole)) == len(whole) > 2
    assert all(len(page) == limit for page in paged[:-1])


def test_restatements_are_told_latest_first(api: FastAPI):
    times = [item["restated_at"] for item in ask(api, "/restatements").json()["items"]]
    assert times == sorted(times, reverse=True) and len(set(times)) == 3


def test_a_cursor_of_another_publication_says_where_to_begin_again(own_settings: Settings):
    api = api_of(own_settings)
    path = "/kpis/gmv/values?grain=day&limit=3&from=2026-01-02"
    cursor = ask(api, path).json()["next_cursor"]
    assert ask(api, f"{path}&cursor={cursor}").status_code == 200
    write_publication(own_settings.published_path, "p2", *TABLES)
    refused = ask(api, f"{path}&cursor={cursor}")
    assert refused.status_code == 409
    told = refused.json()
    assert (told["restart"], told["publication_id"]) == (path, "p2")
    assert ask(api, told["restart"]).json()["publication_id"] == "p2"


def encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "abc",
        "%E2%82%AC",
        encoded("p1"),
        encoded(["p1", "/kpis", ["2026-01-01"]]),
        encoded(["p1", "/kpis/gmv/values", "2026-01-01"]),
        encoded(["p1", "/kpis/gmv/values", []]),
        encoded(["p1", "/kpis/gmv/values", ["x' or 1=1"]]),
        encoded(["p1", "/kpis/gmv/values", [None]]),
        encoded(["\ud800", "/kpis/gmv/values", ["2026-01-01"]]),
        encoded([1, "/kpis/gmv/values", ["2026-01-01"]]),
        base64.urlsafe_b64encode(b"[" * 700).decode(),
    ],
)
def test_a_cursor_of_no_page_is_refused(api: FastAPI, cursor: str):
    refused = ask(api, f"/kpis/gmv/values?cursor={cursor}")
    assert refused.status_code == 400 and refused.json()["restart"] == "/kpis/gmv/values"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/kpis", [float("inf"), "gmv"]),
        ("/kpis", [10**30, "gmv"]),
        ("/kpis", [True, "gmv"]),
        ("/kpis", [1, "g\0"]),
        ("/kpis", [1]),
        ("/kpis", [1, "gmv", "gmv"]),
        ("/kpis", [1, "\ud800"]),
        ("/kpis/gmv/values", ["2026-01-01", "2026-01-02"]),
        ("/kpis/gmv/values", ["\udfff"]),
        ("/restatements", ["2026-02-01T00:00:00", "gmv", "\ud83d", "2026-01-01", 1]),
        ("/restatements", ["2026-02-01T00:00:00", ["gmv"], "month", "2026-01-01", 1]),
        ("/restatements", ["2026-02-01T00:00:00", "gmv", "month", "2026-01-01", "one"]),
        ("/restatements", ["2026-02-01T00:00:00", "gmv", "month", "2026-01-01", 1, 2]),
    ],
)
def test_a_key_that_no_row_has_is_refused_before_it_is_asked_for(
    api: FastAPI, path: str, key: list
):
    assert ask(api, f"{path}?cursor={encoded(['p1', path, key])}").status_code == 400


HALF = st.characters(categories=["Cs"])
ANY_TEXT = st.text(st.one_of(HALF, st.characters()), max_size=8)
ANY_DAY = st.one_of(st.dates().map(str), st.datetimes().map(lambda at: at.isoformat()), ANY_TEXT)
KEYS = {
    "/kpis": (st.integers(), ANY_TEXT),
    "/kpis/gmv/values": (ANY_DAY,),
    "/restatements": (ANY_DAY, ANY_TEXT, ANY_TEXT, ANY_DAY, st.integers()),
}


@pytest.mark.parametrize("path", KEYS)
def test_no_cursor_makes_the_server_fail(api: FastAPI, path: str):
    """Also one that holds halves of characters, in its key or in its publication."""

    @given(key=st.tuples(*KEYS[path]), publication=st.sampled_from(["p1", "p2", "\udfff"]))
    @settings_of_search(max_examples=100, derandomize=True, deadline=None)
    def asked(key: tuple, publication: str) -> None:
        cursor = encoded([publication, path, key])
        assert ask(api, f"{path}?cursor={cursor}").status_code in (200, 400, 409, 422)

    asked()


def test_a_cursor_belongs_to_the_parameters_of_its_request(api: FastAPI):
    """Else a page of days would go on in months."""
    path = "/kpis/gmv/values?grain={}&limit=3&from=2026-01-02"
    cursor = ask(api, path.format("day")).json()["next_cursor"]
    refused = ask(api, f"{path.format('month')}&cursor={cursor}")
    assert refused.status_code == 400 and refused.json()["restart"] == path.format("month")
    # How many rows a page has is no matter, nor in which order the parameters stand.
    other = f"/kpis/gmv/values?from=2026-01-02&cursor={cursor}&limit=2&grain=day"
    assert ask(api, other).status_code == 200


def test_apis_of_other_domains_or_currencies_share_no_tag(own_settings: Settings):
    def tag(**changes: object) -> str:
        api = api_of(own_settings)
        for name, value in changes.items():
            setattr(api.state.project, name, value)
        return ask(api, "/kpis").headers["ETag"]

    tags = [tag(), tag(domains=("wallet",)), tag(reporting_currency="XXX")]
    assert len(set(tags)) == 3 and tag() == tags[0]


@pytest.mark.parametrize("address", ["/kpis/gmv", "/health", "/kpis/nosuch", "/nonsense"])
def test_head_is_get_without_the_content(own_settings: Settings, address: str):
    api = api_of(own_settings)
    got, head = ask(api, address), ask(api, address, method="HEAD")
    assert got.content and not head.content
    assert head.status_code == got.status_code
    varying = {"x-request-id", "x-process-time", "content-length"}
    assert {k: v for k, v in head.headers.items() if k not in varying} == {
        k: v for k, v in got.headers.items() if k not in varying
    }
    refused = ask(api, "/pulse/alerts/1/acknowledge", method="HEAD")
    assert refused.status_code == 405


def test_an_answer_is_new_only_with_the_publication(own_settings: Settings):
    api = api_of(own_settings)
    first = ask(api, "/kpis/gmv")
    tag = {"If-None-Match": f'"other", W/{first.headers["ETag"]}'}
    again = ask(api, "/kpis/gmv", tag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["X-Publication-ID"] == "p1"
    for known in (api, api_of(own_settings)):
        assert ask(known, "/kpis/gmv", {"If-None-Match": "*"}).status_code == 304
    assert ask(api, "/kpis/nosuch", {"If-None-Match": "*"}).status_code == 404
    # Another address, and another form of it, have tags of their own.
    others = [ask(api, "/kpis/mau"), ask(api, "/kpis/gmv?x=1")]
    assert len({one.headers["ETag"] for one in [first, *others]}) == 3
    write_publication(own_settings.published_path, "p2", *TABLES)
    fresh = ask(api, "/kpis/gmv", tag)
    assert fresh.status_code == 200 and fresh.json()["publication_id"] == "p2"


def test_what_was_answered_is_answered_from_memory(settings: Settings):
    api = api_of(settings)
    before = ask(api, "/kpis/gmv/values").content
    assert ask(api, "/kpis/gmv/values").content == before
    asked = 0
    rows = api.state.answers.publications.read

    def counted(use):
        nonlocal asked
        asked += 1
        return rows(use)

    api.state.answers.publications.read = counted
    assert ask(api, "/kpis/gmv/values").content == before and asked == 0
    assert ask(api, "/kpis/gmv/values?limit=2").status_code == 200 and asked == 1


def test_small_answers_do_not_fill_the_memory(api: FastAPI):
    """Any address can be asked for with parameters that mean nothing: each is another answer."""
    answers = Answers(api.state.answers.publications)
    many = MEMORY_BYTES // 500
    for number in range(many):
        answers.remember("p1", str(number), b"{}")
    assert answers.known("p1", "0") is None
    assert answers.known("p1", str(many - 1)) == b"{}"


def test_an_error_is_not_remembered(api: FastAPI):
    assert ask(api, "/scorecard").status_code == 503
    missing = ask(api, "/kpis/nonsense")
    assert missing.status_code == 404 and "ETag" not in missing.headers
    assert missing.headers["Cache-Control"] == "no-store"


def test_numbers_of_the_generic_part_are_exact_strings(api: FastAPI):
    value = ask(api, "/kpis/gmv/values?limit=1").json()["items"][0]
    assert value["value"] == "1.00000000"
    # As Python writes it: 0E-8.
    assert value["numerator"] == "0.00000000"
    assert (value["denominator"], value["reporting_value"]) == (None, "0.100000")
    assert ask(api, "/kpis/par_30").json()["final_target"] == "0.00000001"


@pytest.mark.parametrize(
    ("asked", "periods"),
    [
        ("", ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07"]),
        ("from=2026-06-01", ["2026-06", "2026-07"]),
        ("from=2026-06-02&to=2026-07-01", ["2026-07"]),
        ("from=2026-06-02&to=2026-06-01", []),
        ("grain=day&to=2026-01-02", ["2026-01-01", "2026-01-02"]),
    ],
)
def test_periods_are_chosen_by_their_first_day(api: FastAPI, asked: str, periods: list[str]):
    items = ask(api, f"/kpis/gmv/values?{asked}").json()["items"]
    assert [item["period"] for item in items] == periods


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ("", ["mau", "par_30", "gmv"]),
        ("q=MONTHLY", ["mau"]),
        ("q=100%25", ["mau", "par_30", "gmv"]),
        ("q=_", ["par_30"]),
        ("q='", []),
        ("domain=microfinance", ["par_30"]),
        ("domain=nonsense", []),
    ],
)
def test_the_catalogue_is_searched_as_it_stands(api: FastAPI, asked: str, codes: list[str]):
    assert [one["kpi_code"] for one in ask(api, f"/kpis?{asked}").json()["items"]] == codes


def test_a_house_speaks_of_its_domains_alone(settings: Settings):
    api = api_of(settings, domains=("microfinance",))
    assert [one["kpi_code"] for one in ask(api, "/kpis").json()["items"]] == ["par_30"]
    assert ask(api, "/kpis?domain=wallet").json()["items"] == []
    assert ask(api, "/kpis/gmv").status_code == 404
    assert ask(api, "/restatements").json()["items"] == []
    paths = set(api.openapi()["paths"])
    assert "/scorecard" in paths
    assert not [path for path in paths if path.startswith(("/analytics", "/imports", "/proj"))]
    assert ask(api, "/analytics/kyc-funnel").status_code == 404


@pytest.mark.parametrize(
    ("period", "status"),
    [("2026-01", 200), ("2026-01-05", 200), ("2025-01", 404), ("2026-13", 404), ("2026", 422)],
)
def test_a_period_has_a_history_where_it_has_a_value(api: FastAPI, period: str, status: int):
    answered = ask(api, f"/kpis/gmv/values/{period}/history")
    assert answered.status_code == status
    if period == "2026-01":
        told = answered.json()
        assert told["current"]["period"] == period
        assert [one["change_number"] for one in told["changes"]] == list(range(1, 8))
        assert told["changes"][0]["cause_batches"] == ["b1", "b2"]
        assert told["changes"][0]["restated_at"] == "2026-02-02T00:00:00Z"


@pytest.mark.parametrize(
    ("failed", "succeeded", "told"),
    [(1, 15, 6.3), (1, 799, 0.1), (1, 1999, 0.1), (1, 2001, 0.0), (49, 951, 4.9), (1, 0, 100.0)],
)
def test_failure_rates_are_rounded_half_up(failed: int, succeeded: int, told: float):
    assert percent(failed, succeeded) == told
