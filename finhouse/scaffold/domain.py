"""A new domain: its entry in dbt_project.yml, its KPI registry, and the models that the marts read.

It begins with one KPI, the rows of its first table by day and month: a registry needs an entry, and
that one is right whatever the business is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from zoneinfo import ZoneInfo

from finhouse.errors import ConfigurationError
from finhouse.scaffold import source_file
from finhouse.scaffold.dating import date_tables, dated_line
from finhouse.scaffold.kpi import KPI_COLUMNS, add_to_catalogue, registry_path
from finhouse.scaffold.names import singular, words
from finhouse.scaffold.plan import Plan
from finhouse.scaffold.project import PROJECT_FILE, domains, enable
from finhouse.scaffold.sources import plan_source

_CURRENCIES = "dbt_project/seeds/core/currencies.csv"
_MACROS = "dbt_project/macros/_macros.yml"
_GRAINS = {
    "daily": ("date_day", "day"),
    "monthly": ("month_start", "month"),
}


def plan_domain(
    plan: Plan,
    domain: str,
    *,
    time_zone: str,
    currency: str,
    label: str | None = None,
    url: str = "",
    schema: str | None = None,
    tables: Collection[str] = (),
    url_env: str | None = None,
) -> None:
    """Add the files of a domain, and of its source unless it has one.

    Args:
        label: what viewers call it; default its name in words.
        url: of the database it is read from.
        schema: its schema there; None where the source file of that name is there already.
        tables: those of the schema that are the domain's; default all.
        url_env: the variable that holds ``url``, where that is not the OLTP database's.

    Raises:
        ConfigurationError: the domain is declared already, zone or currency is unknown, or the
            source has no day to count on.
        SourceError: the catalogue cannot be read, or has no such schema or table.
    """
    if domain in domains(plan):
        raise ConfigurationError(
            f"domain {domain} is declared in {PROJECT_FILE} already", "choose another name"
        )
    label = label or words(domain).capitalize()
    _check(plan, time_zone, currency, label)
    if schema:
        plan_source(plan, domain, url, schema, tables=tables, url_env=url_env, time_zone=time_zone)
    elif not plan.has(source_file.path(domain)):
        raise ConfigurationError(
            f"there is no source {domain}, which the domain would read",
            f"add --from-database SCHEMA, or make the source first: finhouse new source {domain}",
        )
    dated = date_tables(plan, domain)
    _declare(plan, domain, label, time_zone, currency, dated)
    model, day = dated[0]
    table = model.partition("__")[2]
    measure = f"{singular(table)}_count"
    code = f"{domain}_{table}"
    registry = (
        f"{{#- The KPIs of {label}, by day and by month, as kpi_rows describes them. -#}}\n"
        f"{{% macro {domain}_kpis() -%}}\n"
        "    {{ return([\n"
        f"        {{'code': '{code}', 'grains': ['monthly', 'daily'], 'numerator': '{measure}'}},\n"
        "    ]) }}\n"
        "{%- endmacro %}\n"
    )
    plan.create(registry_path(domain), registry)
    _describe_registry(plan, domain)
    for grain in _GRAINS:
        _add_models(plan, domain, label, grain, model, day, measure)
    add_to_catalogue(
        plan,
        {
            "kpi_code": code,
            "kpi_name": words(table).capitalize(),
            "domain": domain,
            "formula": f"rows of {words(table)} whose {words(day)} is in the period",
            "unit": "count",
            "value_kind": "count",
            "additivity": "sum",
            "direction": "none",
        },
    )
    plan.next_command = f"make build DOMAINS={domain}"


def _check(plan: Plan, time_zone: str, currency: str, label: str) -> None:
    if not re.fullmatch(r"[A-Za-z][\w &.-]*", label):
        raise ConfigurationError(
            f"{label!r} is no label of a domain", "use letters, digits, spaces, & . and -"
        )
    try:
        ZoneInfo(time_zone)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"{time_zone!r} is no time zone", "use one like Africa/Nairobi"
        ) from error
    known = [row["currency_code"] for row in csv.DictReader(plan.text(_CURRENCIES).splitlines())]
    if currency not in known:
        raise ConfigurationError(
            f"currency {currency!r} is not in {_CURRENCIES}",
            f"use one of {', '.join(known)}, or add its row there and its rates to"
            " fx_rates_monthly.csv",
        )


def _declare(
    plan: Plan,
    domain: str,
    label: str,
    time_zone: str,
    currency: str,
    dated: list[tuple[str, str]],
) -> None:
    days = [dated_line(model, day) for model, day in dated]
    entry = [f"    {domain}:", f"      label: {label}", f"      time_zone: {time_zone}"]
    entry += [f"      currency: {currency}", "      launch_month: null", "      begins:", *days]
    entry += ["      clock:", *days, "      newest_day_is_complete: false"]
    entry += ["      has_future_dates: false", "      dated:", *days]
    lines = plan.text(PROJECT_FILE).splitlines()
    end = lines.index("  domains:") + 1
    while re.match(r"    \s*\S", lines[end]):
        end += 1
    lines[end:end] = entry
    text = enable("\n".join(lines) + "\n", domain, ("staging", "intermediate"))
    plan.change(
        PROJECT_FILE,
        text,
        f"vars.domains.{domain}: launch_month, if targets count from another month than its first;"
        " begins and clock, which only dates by the server's clock may be in;"
        " has_future_dates, if rows may be dated ahead",
    )


def _describe_registry(plan: Plan, domain: str) -> None:
    entry = (
        f"  - name: {domain}_kpis\n"
        f"    description: The registry of the {words(domain)} KPIs, as kpi_rows has them.\n"
    )
    text = plan.text(_MACROS)
    before = "  - name: kpis_of_grain\n"
    if before not in text:
        raise ConfigurationError(
            f"{_MACROS} does not describe kpis_of_grain, beside which registries are described",
            "restore its entry, and run the command again",
        )
    plan.change(_MACROS, text.replace(before, entry + before, 1))


def _add_models(
    plan: Plan, domain: str, label: str, grain: str, model: str, day: str, measure: str
) -> None:
    column, period = _GRAINS[grain]
    folder = f"dbt_project/models/intermediate/{domain}"
    table = model.partition("__")[2]
    metrics, kpis = f"int_{domain}_metrics_{grain}", f"int_{domain}_kpis_{grain}"
    is_daily = grain == "daily"
    period_of_row = day if is_daily else f"{{{{ month_start('{day}') }}}}"
    complete = "true as is_complete_period" if is_daily else "periods.is_complete_period"
    plan.create(
        f"{folder}/{metrics}.sql",
        f"""with {table} as (

    select * from {{{{ ref('{model}') }}}}

),

periods as (

    {{{{ {period}_spine('{domain}') }}}}

),

counted as (

    select
        {period_of_row} as period_start,
        cast(count(*) as bigint) as {measure}
    from {table}
    where {day} <= {{{{ as_of_date('{domain}') }}}}
    group by {period_of_row}

),

final as (

    select
        periods.{column},
        {complete},
        coalesce(counted.{measure}, 0) as {measure}
    from periods
    left join counted
        on periods.{column} = counted.period_start

)

select * from final
""",
    )
    doc_complete = (
        '"True on every row: no day after the as-of date is in."'
        if is_daily
        else "\"{{ doc('is_complete_period') }}\""
    )
    plan.create(
        f"{folder}/{metrics}.yml",
        f"""version: 2

models:
  - name: {metrics}
    description: >-
      One row per {period} of the domain's life, to the as-of date: the measures of the {period},
      which the KPIs are made of.
    data_tests:
      - row_rules:
          name: row_rules_{metrics}
          arguments:
            key: [{column}]
            not_null: [is_complete_period, {measure}]
    columns:
      - name: {column}
        data_type: date
        description: "{{{{ doc('{column}') }}}}"
      - name: is_complete_period
        data_type: boolean
        description: {doc_complete}
      - name: {measure}
        data_type: bigint
        description: Rows of {words(table)} whose {words(day)} is in the {period}.
""",
    )
    plan.create(
        f"{folder}/{kpis}.sql",
        f"""{{% set kpis = kpis_of_grain({domain}_kpis(), '{grain}') %}}
{{{{ config(meta={{'kpis': kpis}}) }}}}

with metrics as (

    select * from {{{{ ref('{metrics}') }}}}

),

final as (

    {{{{ kpi_rows('metrics', '{column}', 'is_complete_period', kpis) }}}}

)

select * from final
""",
    )
    described = "\n".join(
        f"      - name: {name}\n        data_type: {kind}\n"
        f"        description: \"{{{{ doc('{doc}') }}}}\""
        for name, kind, doc in KPI_COLUMNS
    )
    plan.create(
        f"{folder}/{kpis}.yml",
        f"""version: 2

models:
  - name: {kpis}
    description: One row per KPI of {label} and {period}, for the KPI marts to gather.
    data_tests:
      - row_rules:
          name: row_rules_{kpis}
          arguments:
            key: [kpi_code, period_start]
            not_null: [is_complete_period]
    columns:
{described}
""",
    )
