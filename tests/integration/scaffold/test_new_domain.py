"""`finhouse new domain`, `new kpi` and `new mart`: from a database to a KPI in its registry."""

from __future__ import annotations

import csv
import re

import pytest
import yaml

from finhouse.errors import ConfigurationError
from finhouse.scaffold.domain import plan_domain
from finhouse.scaffold.kpi import plan_kpi
from finhouse.scaffold.mart import plan_mart
from finhouse.scaffold.plan import Plan
from finhouse.scaffold.sources import plan_source, plan_table
from finhouse.warehouse import open_warehouse
from tests.integration.scaffold.conftest import SCHEMA, Copy

PROJECT = "dbt_project/dbt_project.yml"
CATALOGUE = "dbt_project/seeds/kpi/kpi_catalogue_entries.csv"
MODELS = "dbt_project/models"


def with_domain(copy: Copy) -> Plan:
    plan = Plan(copy.root)
    plan_domain(
        plan,
        "trading",
        time_zone="Africa/Nairobi",
        currency="KES",
        url=copy.oltp_url,
        schema=SCHEMA,
    )
    return plan


def test_domain_is_one_entry_that_names_its_days(pristine: Copy) -> None:
    plan = with_domain(pristine)
    entry = yaml.safe_load(plan.text(PROJECT))["vars"]["domains"]["trading"]
    days = [
        {"model": "stg_trading__orders", "date": "order_date"},
        {"model": "stg_trading__employees", "date": "created_date"},
        {"model": "stg_trading__payments", "date": "created_date"},
    ]
    assert entry == {
        "label": "Trading",
        "time_zone": "Africa/Nairobi",
        "currency": "KES",
        "launch_month": None,
        "begins": days,
        "clock": days,
        "newest_day_is_complete": False,
        "has_future_dates": False,
        "dated": days,
    }
    orders = plan.text(f"{MODELS}/staging/trading/stg_trading__orders.sql")
    assert "{{ business_date('order_at', 'trading') }} as order_date" in orders
    assert orders.endswith("select * from final\n")
    undated = [said for said in plan.to_say[PROJECT] if "a late row counts on" in said]
    assert ["audit_notes" in undated[0], "devices" in undated[1]] == [True, True]


def test_source_that_is_there_becomes_a_domain(copy: Copy) -> None:
    first = Plan(copy.root)
    plan_source(first, "trading", copy.oltp_url, SCHEMA)
    first.write()
    second = Plan(copy.root)
    plan_domain(second, "trading", time_zone="Africa/Nairobi", currency="KES", label="Trade & Co")
    second.write()
    entry = yaml.safe_load(copy.text(PROJECT))["vars"]["domains"]["trading"]
    assert entry["label"] == "Trade & Co"
    assert entry["clock"][0] == {"model": "stg_trading__orders", "date": "order_date"}
    third = Plan(copy.root)
    with pytest.raises(ConfigurationError, match="domain trading is declared"):
        plan_domain(third, "trading", time_zone="Africa/Nairobi", currency="KES")


def test_table_of_a_domain_is_dated(copy: Copy) -> None:
    with_domain(copy).write()
    source = copy.root / "finhouse" / "sources" / "trading.yml"
    text = source.read_text()
    removed, rest = text.split("  - name: payments\n", 1)
    source.write_text(removed + rest[rest.index("  - name: teams") :])
    for suffix in ("sql", "yml"):
        (copy.root / MODELS / f"staging/trading/stg_trading__payments.{suffix}").unlink()
    project = copy.root / PROJECT
    line = "        - {model: stg_trading__payments, date: created_date}\n"
    project.write_text(project.read_text().replace(line, ""))
    plan = Plan(copy.root)
    plan_table(plan, "trading", "payments", copy.oltp_url)
    dated = yaml.safe_load(plan.text(PROJECT))["vars"]["domains"]["trading"]["dated"]
    assert dated[-1] == {"model": "stg_trading__payments", "date": "created_date"}


@pytest.mark.full
def test_domain_kpi_and_mart_build_as_they_are_written(copy: Copy) -> None:
    base = copy.gate_base()
    printed = copy.succeed(
        *("new", "domain", "trading", "--time-zone", "Africa/Nairobi", "--currency", "KES"),
        *("--from-database", SCHEMA),
    )
    assert "trading_orders: owner; direction" in printed
    assert "Next: make build DOMAINS=trading" in printed
    printed = copy.succeed(
        *("new", "kpi", "trading_order_share", "--domain", "trading"),
        *("--numerator", "order_count", "--denominator", "order_count + 1"),
    )
    assert "trading_order_share: formula, owner; direction" in printed
    printed = copy.succeed(
        "new",
        "mart",
        "trading_customers",
        "--domain",
        "trading",
        "--from",
        "stg_trading__customers",
    )
    assert "leaves out city, postal_code: its source declares them to be masked" in printed
    assert "config.meta.owner: the team that answers for it" in printed

    folders = [f"{MODELS}/{layer}/trading" for layer in ("staging", "intermediate", "marts")]
    assert copy.check_written(base, *folders) == {
        "model_description_populated",
        "model_column_description_populated",
        "source_description_populated",
        "model_has_meta_keys",
        "dated tables",
    }, "the gate asks for what a person has to say, and for nothing else"

    # What only a person can say, and what a mart does not take without.
    said = copy.root / CATALOGUE
    rows = said.read_text(encoding="utf-8").replace(
        "trading_order_share,Order share,trading,,",
        "trading_order_share,Order share,trading,orders / (orders + 1),",
    )
    said.write_text(re.sub(r"(?m)^(trading_.*,none,,,,),,", r"\1Finance,,", rows), encoding="utf-8")
    # A house whose only domain is one's own: the whole job, and what is left of the dashboards.
    alone = {"FINHOUSE_DOMAINS": "trading"}
    printed = copy.succeed("build", environment=alone)
    assert "speaks for trading: 2025-06-02 to " in printed
    assert "scorecard: Trading" in printed
    copy.succeed("dashboards", "check", environment=alone)
    log = copy.settings.home / "dbt" / "parse" / "logs" / "dbt.log"
    assert "no changes found, skipping parsing" in log.read_text(), "the build has parsed it"
    with open_warehouse(copy.settings) as warehouse:
        months = warehouse.execute(
            "select kpi_code, cast(period_start as varchar), is_complete_period, numerator, value"
            " from intermediate.int_trading_kpis_monthly where numerator > 0 order by 1, 2"
        )
        customers = warehouse.execute("select count(*) from marts.trading_customers")
    # Orders of midnight in UTC, 2 June to 21 July, in Nairobi's days.
    assert [(*row[:3], float(row[3]), round(float(row[4]), 4)) for row in months] == [
        ("trading_order_share", "2025-06-01", True, 29.0, 0.9667),
        ("trading_order_share", "2025-07-01", True, 21.0, 0.9545),
        ("trading_orders", "2025-06-01", True, 29.0, 29.0),
        ("trading_orders", "2025-07-01", True, 21.0, 21.0),
    ]
    assert customers == [(20,)]


def test_kpi_is_an_entry_and_a_row(pristine: Copy) -> None:
    plan = Plan(pristine.root)
    plan_kpi(
        plan,
        "wallet_senders",
        "wallet",
        grains=["monthly"],
        numerator="mau",
        name="Senders",
        formula="distinct senders, in the month",
        direction="higher",
        owner="Growth",
    )
    registry = plan.text("dbt_project/macros/kpi/wallet_kpis.sql")
    entry = "{'code': 'wallet_senders', 'grains': ['monthly'], 'numerator': 'mau'},"
    assert registry.index(entry) > registry.index("'code': 'mau'")
    row = list(csv.DictReader(plan.text(CATALOGUE).splitlines()))[-1]
    assert {key: value for key, value in row.items() if value} == {
        "kpi_code": "wallet_senders",
        "kpi_name": "Senders",
        "domain": "wallet",
        "formula": "distinct senders, in the month",
        "unit": "number",
        "value_kind": "sum",
        "additivity": "sum",
        "direction": "higher",
        "owner": "Growth",
        "display_order": row["display_order"],
    }
    [said] = [said for said in plan.to_say if said.endswith("int_wallet_kpis_monthly.yml")]
    assert plan.to_say[said] == ["the row of wallet_senders that its unit tests expect"]


def test_ratio_is_documented_where_the_metrics_show_it(pristine: Copy) -> None:
    plan = Plan(pristine.root)
    plan_kpi(
        plan,
        "wallet_fresh_share",
        "wallet",
        grains=["monthly"],
        numerator="new_user_count",
        denominator="mau",
    )
    path = f"{MODELS}/intermediate/wallet/int_wallet_metrics_monthly.yml"
    columns = yaml.safe_load(plan.text(path))["models"][0]["columns"]
    assert columns[-1]["name"] == "wallet_fresh_share"
    assert plan.to_say[path] == ["description of wallet_fresh_share"]


def test_mart_takes_key_and_required_columns_from_its_model(pristine: Copy) -> None:
    plan = Plan(pristine.root)
    plan_mart(
        plan,
        "wallet_incidents",
        "wallet",
        "stg_wallet__service_incidents",
        owner="Operations",
        data_class="internal",
    )
    mart = yaml.safe_load(plan.text(f"{MODELS}/marts/wallet/wallet_incidents.yml"))["models"][0]
    assert mart["config"]["meta"] == {
        "owner": "Operations",
        "grain": ["service_incident_id"],
        "data_class": "internal",
    }
    required = [column["name"] for column in mart["columns"] if "constraints" in column]
    assert required == ["service_incident_id", "service", "started_at", "started_date"]
    [rules] = [test["row_rules"]["arguments"] for test in mart["data_tests"]]
    assert rules == {"key": ["service_incident_id"]}
    assert "_loaded_at" not in plan.text(f"{MODELS}/marts/wallet/wallet_incidents.sql")


MART = ("--domain", "wallet", "--from", "stg_wallet__users")
KPI = ("--domain", "wallet", "--numerator", "mau")
DOMAIN = ("--time-zone", "Africa/Nairobi", "--currency", "KES")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("mart", "Users", *MART), "'Users' is no name for a mart"),
        (("mart", "stg_users", *MART), "a mart is not called stg_users"),
        (("mart", "dim_users", *MART), "marts/wallet/dim_users.sql exists already"),
        (("mart", "people", *MART, "--grain", "x"), "grain names x, which people does not show"),
        (("mart", "people", *MART, "--data-class", "secret"), "'secret' is no data class"),
        (("mart", "people", "--domain", "bank", *MART[2:]), "there is no domain 'bank'"),
        (("mart", "people", *MART[:2], "--from", "nothing"), "there is no model 'nothing'"),
        (
            ("mart", "people", "--domain", "microfinance", *MART[2:]),
            "cannot begin with stg_wallet__users, a model of staging/wallet",
        ),
        (("kpi", "senders", *KPI), "call it wallet_senders"),
        (("kpi", "wallet_a", *KPI[:2], "--numerator", "maus"), "has no column maus"),
        (("kpi", "wallet_a", *KPI, "--name", "New users"), "called 'New users' already"),
        (("domain", "wallet", *DOMAIN), "domain wallet is declared"),
        (("domain", "cards", *DOMAIN), "there is no source cards"),
        (("domain", "cards", *DOMAIN[:3], "XXX"), "currency 'XXX' is not in"),
        (("domain", "cards", "--time-zone", "Mars", *DOMAIN[2:]), "'Mars' is no time zone"),
    ],
)
def test_bad_input_is_named_with_its_remedy(
    pristine: Copy, arguments: tuple[str, ...], told: str
) -> None:
    message = pristine.fail("new", *arguments)
    assert told in message
    assert "Remedy:" in message
