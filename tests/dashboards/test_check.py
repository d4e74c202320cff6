"""The static check finds what is wrong, and names it; metrics become the SQL they mean."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from finhouse.dashboards.bundle import build_assets
from finhouse.dashboards.catalog import Dataset, build_catalog
from finhouse.dashboards.check import findings
from finhouse.dashboards.definitions import DEFINITIONS, Definitions
from finhouse.dashboards.exposures import exposures_are_current, render_exposures
from finhouse.dashboards.loading import load_definitions
from finhouse.dashboards.selection import of_domains, read_belongings
from finhouse.errors import ConfigurationError
from finhouse.settings import load_settings

VOLUME = "charts/executive/volume-against-target.yaml"
EXECUTIVE = "dashboards/executive.yaml"

Project = tuple[Definitions, dict[str, Dataset]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the dashboards to spoil."""
    return Path(shutil.copytree(DEFINITIONS, tmp_path / "superset"))


def spoil(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_repository_is_clean(project: Project):
    assert findings(*project) == []


def test_exposures_are_current(project: Project):
    settings = load_settings()
    assert exposures_are_current(settings, project[0]), "run `finhouse dashboards exposures`"
    belongings = read_belongings(settings.dbt_project)
    marts = set()
    for path, text in render_exposures(project[0], belongings).items():
        for exposure in yaml.safe_load(text)["exposures"]:
            for reference in exposure["depends_on"]:
                mart = reference.removeprefix("ref('").removesuffix("')")
                marts.add(mart)
                # dbt knows the marts of a domain only where it is selected.
                assert belongings.marts.get(mart, path.parts[0]) == path.parts[0]
    assert marts == {chart.mart for chart in project[0].charts.values()}


def test_dashboards_of_one_domain_are_sound_and_about_it_alone(project: Project):
    definitions, catalog = project
    belongings = read_belongings(load_settings().dbt_project)
    for domain in sorted(set(belongings.marts.values())):
        narrowed = of_domains(definitions, belongings, {domain})
        assert findings(narrowed, catalog) == []
        assert {frozenset(belongings.domains_of(chart)) for chart in narrowed.charts.values()} == {
            frozenset(),
            frozenset({domain}),
        }
    everything = of_domains(definitions, belongings, set(belongings.marts.values()))
    assert everything == definitions


SPOILED = {
    "no such mart": (VOLUME, "mart: kpi_monthly", "mart: kpi_yearly", "no mart kpi_yearly"),
    "no such metric": (
        VOLUME,
        "[monthly_transaction_volume]",
        "[volume]",
        "mart kpi_monthly has no metric volume",
    ),
    "no such column": (
        VOLUME,
        "column: is_complete_period",
        "column: is_done",
        "mart kpi_monthly has no column is_done",
    ),
    "personal column": (
        VOLUME,
        "mart: kpi_monthly",
        "mart: dim_users",
        "mart dim_users has a row per person",
    ),
    "time is no date": (
        "charts/executive/scorecard.yaml",
        "time: month_start",
        "time: owner",
        "owner is no date",
    ),
    "running period unmarked": (
        VOLUME,
        "  - {column: is_complete_period, equals: true}",
        "  - {column: kpi_code, is_known: true}",
        "has a period that still runs",
    ),
    "two comparisons": (
        VOLUME,
        "equals: true}",
        "equals: true, is_known: true}",
        "exactly one comparison",
    ),
    "a split is missing": (
        "charts/bank-partnerships/banks-compared.yaml",
        "by: [bank_name]",
        "by: [bank_code]",
        "needs a split by bank_name",
    ),
    "file of another name": (
        VOLUME,
        "title: Volume against target",
        "title: Total volume",
        "total-volume.yaml",
    ),
    "chart without a file": (EXECUTIVE, "[Targets]", "[Goals]", "'Goals' has no file"),
    "chart nobody shows": (EXECUTIVE, "[Targets]", "[Goals]", "shows 'Targets'"),
    "chart placed twice": (
        EXECUTIVE,
        "[Revenue by source, Gross margin by month]",
        "[Revenue by source, Revenue by source]",
        "placed 2 times",
    ),
    "tile of a grain the KPI does not have": (
        EXECUTIVE,
        "{kpi: mau, title: Active users}",
        "{kpi: mau, title: Active users, grain: day}",
        "tile 'Active users': mart kpi_daily has no metric mau",
    ),
    "two conditions of a colour": (
        "charts/loan-performance/branches-compared.yaml",
        "target: par_30_with_restructured, colour",
        "target: par_30_with_restructured, above: 0.05, colour",
        "exactly one condition",
    ),
    "row too narrow": (
        "dashboards/loan-performance.yaml",
        "width: 6",
        "width: 5",
        "11 of 12 columns wide",
    ),
    "filter on no column": (EXECUTIVE, "column: owner", "column: boss", "no column"),
    "what is missed is not first": (
        "charts/executive/scorecard.yaml",
        "sort: attention_order",
        "sort: display_order",
        "needs `sort: attention_order`",
    ),
    "a KPI that is not complete": (
        "charts/growth/activation-by-month.yaml",
        "  - {column: is_activation_complete, equals: true}\n",
        "",
        "activation_rate is complete where is_activation_complete is true",
    ),
    "a week that still runs": (
        "charts/growth/daily-active-users.yaml",
        "  - {column: is_complete_week, equals: true}",
        "  - {column: active_users, at_least: 0}",
        "filter on is_complete_week, or split by week_status",
    ),
    "a distinct count by quarter": (
        "charts/executive/active-users-by-month.yaml",
        "grain: month",
        "grain: quarter",
        "metric mau of several months is not made of theirs",
    ),
    "a filter that reaches a part of a section": (
        EXECUTIVE,
        "charts: [Targets]",
        "charts: [Targets, Revenue by source]",
        "acts on some charts of the section 'Against the targets'",
    ),
    "a filter that offers codes": (
        "dashboards/growth.yaml",
        "column: signup_source__words",
        "column: signup_source",
        "offers codes: filter on signup_source__words",
    ),
    "bars that do not begin at zero": (
        VOLUME.replace("volume", "burn-rate"),
        "grain: month",
        "grain: month\naxis_from: 5",
        "bars begin at zero, not at 5",
    ),
    "filter on a mart not shown": (
        EXECUTIVE,
        "mart: kpi_scorecard_monthly, column: owner",
        "mart: kpi_catalogue, column: owner",
        "no chart of the dashboard reads kpi_catalogue",
    ),
    "filter on a mart that does not say whom it is about": (
        "dashboards/growth.yaml",
        "mart: acquisition_monthly, column: signup_source__words",
        "mart: acquisition_monthly, column: month_start",
        "does not say whom its rows are about",
    ),
    "two of a slug": (
        "dashboards/data-quality.yaml",
        "slug: data-quality",
        "slug: executive",
        "2 dashboards have the slug executive",
    ),
    "sorted by nothing": (
        "charts/executive/scorecard.yaml",
        "sort: attention_order",
        "sort: beauty",
        "sorted by beauty",
    ),
    "coloured by nothing": (
        "charts/executive/scorecard.yaml",
        "column: status_text, equals: Met",
        "column: status, equals: Met",
        "colour rule names status",
    ),
    "combo without lines": (
        "charts/growth/referral-programme.yaml",
        "lines: [referred_activation_rate]\n",
        "",
        "a combo needs lines",
    ),
    "no grain": (VOLUME, "grain: month\n", "", "needs a grain"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_check_finds(what: str, folder: Path, project: Project):
    file, old, new, message = SPOILED[what]
    spoil(folder, file, old, new)
    found = findings(load_definitions(folder), project[1])
    assert any(message in finding for finding in found), found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("metrics: [monthly_transaction_volume]", "sql: select 1", "Extra inputs"),
        ("type: combo", "type: pie", "Input should be"),
        ("title: Volume", "title: [", "is no YAML"),
        ("its target", "its {target of fame}", "KPI fame, which is not in the catalogue"),
        ("its target", "its {target of mau}", "KPI mau has no target"),
    ],
)
def test_loading_refuses(old: str, new: str, message: str, folder: Path):
    spoil(folder, VOLUME, old, new)
    with pytest.raises(ConfigurationError, match=message):
        load_definitions(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (EXECUTIVE, "{kpi: new_users}", "{kpi: fame}", "KPI fame, which is not in the catalogue"),
        (VOLUME, "log_axis: true\n", "", "whose steps go from 10,000,000 to 1,000,000,000"),
        (EXECUTIVE, "{kpi: new_users}", "{kpi: new_users, title: Targets}", "tile 'Targets'"),
        (
            "charts/loan-performance/branches-compared.yaml",
            "target: par_30_with_restructured, colour",
            "target: monthly_transaction_volume, colour",
            "has 3 target steps",
        ),
        (
            "charts/executive/active-users-by-month.yaml",
            "note: ",
            "note: Target {target}. ",
            "no metric is a KPI with a target",
        ),
    ],
)
def test_tiles_and_targets_come_from_the_catalogue(
    file: str, old: str, new: str, message: str, folder: Path
):
    spoil(folder, file, old, new)
    with pytest.raises(ConfigurationError, match=message):
        load_definitions(folder)


def mart(columns: dict[str, dict], people: object = None, grain: tuple[str, ...] = ()) -> dict:
    """A dbt manifest with one mart of the domain wallet."""
    node = {
        "resource_type": "model",
        "name": "balances",
        "fqn": ["finhouse", "marts", "wallet", "balances"],
        "description": "Balances.",
        "config": {"meta": {"people": people, "grain": grain}},
        "columns": {
            name: {
                "data_type": meta.pop("data_type", "bigint"),
                "description": name,
                "config": {"meta": meta},
            }
            for name, meta in columns.items()
        },
    }
    return {"nodes": {"model.finhouse.balances": node}}


VARIABLES = {
    "domains": {"wallet": {"currency": "ZAR"}},
    "reporting_currency": "USD",
    "minimum_cell_size": 5,
}
LEDGER = {"currency": "ZAR", "label": "The ledger"}
ROWS = """
select * from (values
    (date '2026-05-01', 'a', 10, 100.0, true),
    (date '2026-05-01', 'b', 30, 200.0, false),
    (date '2026-06-01', 'a', 50, 300.0, true),
    (date '2026-06-01', 'b', 10, 400.0, true)
) as balances (month_start, branch, late_count, balance_amount, is_open)
"""


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"aggregate": "sum"}, 1000),
        ({"ratio": ["late_count", "balance_amount"], "format": "percent"}, 0.1),
        ({"ratio": ["late_count", "balance_amount"], "complement": True, "format": "percent"}, 0.9),
        # Balances of two months are no 1,000: on average over time there were 500.
        ({"aggregate": "average_over_time", "over": "month_start"}, 500),
        ({"aggregate": "sum", "where": ["is_open"]}, 800),
        ({"aggregate": "count_distinct", "column": "branch", "format": "count"}, 2),
        ({"aggregate": "count", "where_any": ["is_open"], "format": "count"}, 3),
        ({"aggregate": "max", "column": "late_count", "format": "count"}, 50),
    ],
    ids=str,
)
def test_metrics_mean_what_they_say(spec: dict, expected: float):
    columns = {
        "month_start": {"data_type": "date"},
        "branch": {"data_type": "string"},
        "late_count": {},
        "is_open": {"data_type": "boolean"},
        "balance_amount": {"data_type": "numeric(20, 2)", "metric": spec},
    }
    metric = build_catalog(mart(columns), [], VARIABLES)["balances"].metrics["balance_amount"]
    [(value,)] = duckdb.sql(f"select {metric.expression} from ({ROWS})").fetchall()
    assert float(value) == pytest.approx(expected)
    assert metric.currency == ("ZAR" if metric.format == "currency" else None)


@pytest.mark.parametrize(
    ("hours", "late", "state"),
    [
        ([47.9, 1], 0, "ok"),
        ([48.1, 1], 1, "late"),
        # Of which nothing is known, or nothing at all: nothing proves that it is recent.
        ([None, 1], 1, "late"),
        ([], None, "late"),
    ],
)
def test_what_is_late_is_measured_when_it_is_looked_at(
    hours: list[float | None], late: int | None, state: str
):
    columns = {
        "loaded_at": {"data_type": "timestamp", "metric": {"aggregate": "age", "format": "number"}},
        "limit_hours": {"data_type": "numeric(12, 2)"},
    }
    metrics = {
        name: {"aggregate": name, "column": "loaded_at", "limit": "limit_hours", "format": "text"}
        for name in ("late_count", "lateness")
    }
    manifest = mart(columns)
    manifest["nodes"]["model.finhouse.balances"]["config"]["meta"]["metrics"] = metrics
    found = build_catalog(manifest, [], VARIABLES)["balances"].metrics
    assert all(metric.is_age for metric in found.values())
    asked = [found[name].expression for name in ("loaded_at", "late_count", "lateness")]
    with duckdb.connect() as connection:
        # Whatever time zone a session has: the column is in UTC.
        connection.execute("set timezone = 'America/New_York'")
        connection.execute(
            "create table balances (loaded_at timestamp, limit_hours numeric(12, 2))"
        )
        now = datetime.now(UTC).replace(tzinfo=None)
        for age in hours:
            at = None if age is None else now - timedelta(hours=age)
            connection.execute("insert into balances values ($1, 48)", [at])
        row = connection.execute(f"select {', '.join(asked)} from balances").fetchone()
    known = [age for age in hours if age is not None]
    assert row[1:] == (late, state)
    assert row[0] == (pytest.approx(max(known), abs=0.02) if known else None)


def test_texts_are_listed_in_order():
    spec = {"aggregate": "list", "format": "text"}
    columns = {"branch": {"data_type": "string", "metric": spec}}
    metric = build_catalog(mart(columns), [], VARIABLES)["balances"].metrics["branch"]
    found = duckdb.sql(
        f"select {metric.expression} from (values ('b'), ('a')) as balances (branch)"
    )
    assert found.fetchall() == [("a, b",)]


def test_last_takes_the_newest_row():
    columns = {
        "month_start": {"data_type": "date"},
        "late_count": {"metric": {"aggregate": "last", "over": "month_start"}},
    }
    metric = build_catalog(mart(columns), [], VARIABLES)["balances"].metrics["late_count"]
    [(value,)] = duckdb.sql(
        f"select {metric.expression} from ({ROWS}) where branch = 'b'"
    ).fetchall()
    assert value == 10


PEOPLE = {
    "column": "late_count",
    "aggregate": "average_over_time",
    "over": "month_start",
}


@pytest.mark.parametrize(("fewest", "shown"), [(1, "abc"), (20, "abc"), (21, "ac"), (31, "c")])
def test_groups_of_too_few_customers_are_not_shown(fewest: int, shown: str):
    """Branch a stands for 30 customers a month, b for 20, c for none."""
    columns = {
        "month_start": {"data_type": "date"},
        "branch": {"data_type": "string"},
        "late_count": {},
    }
    about = mart(columns, people=PEOPLE)
    dataset = build_catalog(about, [], VARIABLES | {"minimum_cell_size": fewest})["balances"]
    rows = duckdb.sql(
        f"select branch from ({ROWS} union all select date '2026-06-01', 'c', 0, 9.0, true) "
        f"group by branch having {dataset.shown_where} order by branch"
    ).fetchall()
    assert "".join(branch for (branch,) in rows) == shown


def test_a_filter_says_that_small_groups_are_hidden(project: Project):
    definitions, catalog = project
    assets = build_assets(definitions, catalog, "duckdb://")
    for dashboard in definitions.dashboards:
        metadata = yaml.safe_load(assets[f"dashboards/{dashboard.slug}.yaml"])["metadata"]
        told = {
            entry["name"]: "fewer than 5 customers" in entry["description"]
            for entry in metadata["native_filter_configuration"]
        }
        marts = [catalog[chart.mart] for chart in definitions.charts_of(dashboard)]
        for choice in dashboard.filters:
            about_customers = any(choice.column in mart.columns and mart.people for mart in marts)
            assert told[choice.title] == about_customers, (dashboard.slug, choice.title)


@pytest.mark.parametrize(("stated", "people"), [(None, None), ("none", "")])
def test_a_mart_about_no_customers_hides_nothing(stated: str | None, people: str | None):
    dataset = build_catalog(mart({"late_count": {}}, people=stated), [], VARIABLES)["balances"]
    assert (dataset.people, dataset.shown_where) == (people, None)


@pytest.mark.parametrize("stated", ["nobody", {"aggregate": "sum", "column": "nothing"}, ["none"]])
def test_wrong_people_are_refused(stated: object):
    with pytest.raises(ConfigurationError, match="people of mart balances"):
        build_catalog(mart({"late_count": {}}, people=stated), [], VARIABLES)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("plain", ["Bank timeout", "Ledger", "Kyc"]),
        ("domains", ["BANK_TIMEOUT", "The ledger", "KYC"]),
        ("kpis", ["BANK_TIMEOUT", "ledger", "Customers known"]),
    ],
)
def test_words_made_of_codes(words: str, shown: list[str]):
    columns = {"error": {"data_type": "string", "words": words}}
    variables = VARIABLES | {"domains": {"wallet": {"currency": "ZAR"}, "ledger": LEDGER}}
    kpis = [{"kpi_code": "KYC", "kpi_name": "Customers known"}]
    catalog = build_catalog(mart(columns), kpis, variables)
    expression = catalog["balances"].columns["error__words"].expression
    codes = "(values ('BANK_TIMEOUT'), ('ledger'), ('KYC')) as errors (error)"
    assert duckdb.sql(f"select {expression} from {codes}").fetchall() == [(w,) for w in shown]


def test_words_of_another_kind_are_refused():
    with pytest.raises(ConfigurationError, match="say plain, domains, kpis, none"):
        build_catalog(mart({"error": {"data_type": "string", "words": "nice"}}), [], VARIABLES)


def test_codes_are_shown_in_words():
    columns = {"branch": {"data_type": "string", "words": {"a": "Andrew's", "b": "Bank"}}}
    shown = build_catalog(mart(columns), [], VARIABLES)["balances"].columns["branch__words"]
    rows = duckdb.sql(
        f"select {shown.expression} from (values ('a'), ('b'), ('c')) as branches (branch)"
    ).fetchall()
    assert rows == [("Andrew's",), ("Bank",), ("c",)]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "one of aggregate, ratio and kpi"),
        ({"aggregate": "last"}, "needs `over`"),
        ({"aggregate": "lateness", "format": "text"}, "needs `limit`"),
        ({"aggregate": "sum", "column": "nothing"}, "no column nothing"),
        ({"aggregate": "average"}, "Input should be"),
        ({"aggregate": "sum", "sql": "sum(x)"}, "Extra inputs"),
    ],
    ids=str,
)
def test_wrong_metrics_are_refused(spec: dict, message: str):
    with pytest.raises(ConfigurationError, match=message):
        build_catalog(mart({"late_count": {"metric": spec}}), [], VARIABLES)


def test_the_last_of_several_rows_a_period_is_refused():
    """It would be any of them, and another one on another engine."""
    grain = ("month", "branch")
    last = {"aggregate": "last", "over": "month", "format": "count"}
    columns = {"month": {"data_type": "date"}, "branch": {}}
    with pytest.raises(ConfigurationError, match="of month, branch may be any of several rows"):
        build_catalog(mart(columns | {"balance": {"metric": last}}, grain=grain), [], VARIABLES)
    columns = {"month": {"data_type": "date"}, "branch": {}}
    balance = {"metric": last | {"per": ["branch"]}}
    catalog = build_catalog(mart(columns | {"balance": balance}, grain=grain), [], VARIABLES)
    assert "balance" in catalog["balances"].metrics
