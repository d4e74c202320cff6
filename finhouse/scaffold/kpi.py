"""A new KPI: an entry in its domain's registry, and a row in the catalogue."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

from finhouse.dbt.kpis import CATALOGUE, parse_kpi_catalogue
from finhouse.errors import ConfigurationError
from finhouse.scaffold.names import is_keyword, words
from finhouse.scaffold.plan import Plan
from finhouse.scaffold.project import described_columns, model_path, refuse_unknown_domain
from finhouse.scaffold.text import LINE

KPI_COLUMNS = (
    ("kpi_code", "string", "kpi_code"),
    ("period_start", "date", "period_start"),
    ("is_complete_period", "boolean", "is_complete_period"),
    ("numerator", "numeric(26, 8)", "numerator"),
    ("denominator", "numeric(26, 8)", "denominator"),
    ("value", "numeric(26, 8)", "kpi_value"),
)
"""Name, type and doc block of the columns of int_<domain>_kpis_<grain>."""

_CATALOGUE = f"dbt_project/{CATALOGUE.as_posix()}"
_END_OF_ENTRIES = "    ]) }}\n"


def registry_path(domain: str) -> str:
    """Where the registry of a domain is."""
    return f"dbt_project/macros/kpi/{domain}_kpis.sql"


def plan_kpi(
    plan: Plan,
    code: str,
    domain: str,
    *,
    grains: Sequence[str],
    numerator: str,
    denominator: str | None = None,
    name: str | None = None,
    formula: str = "",
    unit: str | None = None,
    direction: str = "none",
    owner: str = "",
) -> None:
    """Add a KPI to the registry of its domain and to the catalogue.

    Args:
        numerator, denominator: expressions over the columns of int_<domain>_metrics_<grain>.
        name: what readers call it; default the code in words, without its domain.
        unit: currency, count, rate, number or ms; default by the numerator's name.

    Raises:
        ConfigurationError: there is no such domain; the code does not bear it, or is taken; the
            metrics models lack a column.
    """
    refuse_unknown_domain(plan, domain)
    if not code.startswith(f"{domain}_"):
        raise ConfigurationError(
            f"the code {code!r} does not bear its domain, {domain}", f"call it {domain}_{code}"
        )
    rows = parse_kpi_catalogue(plan.text(_CATALOGUE))
    if code in {row["kpi_code"] for row in rows}:
        raise ConfigurationError(
            f"{_CATALOGUE} has KPI {code} already", "choose another code: a variant is another KPI"
        )
    name = name or words(code.removeprefix(f"{domain}_")).capitalize()
    if (domain, name) in {(row["domain"], row["kpi_name"]) for row in rows}:
        raise ConfigurationError(
            f"{_CATALOGUE} has a KPI of {domain} called {name!r} already", "add another --name"
        )
    for grain in grains:
        _refuse_unknown_columns(plan, domain, grain, numerator, denominator)
    path = registry_path(domain)
    head, end, tail = plan.text(path).rpartition(_END_OF_ENTRIES)
    if not end:
        raise ConfigurationError(
            f"{path} does not end its entries with {_END_OF_ENTRIES.strip()!r}",
            "write the registry as the other domains' are, and run the command again",
        )
    plan.change(path, head + _entry(code, grains, numerator, denominator) + end + tail)
    for grain in grains:
        _document_ratio(plan, domain, grain, code, denominator)
    unit = unit or _unit(numerator, denominator)
    add_to_catalogue(
        plan,
        {
            "kpi_code": code,
            "kpi_name": name,
            "domain": domain,
            "formula": formula,
            "unit": unit,
            "value_kind": "ratio" if denominator else "count" if unit == "count" else "sum",
            "additivity": "ratio_of_sums" if denominator else "sum",
            "direction": direction,
            "owner": owner,
        },
    )
    plan.next_command = "make ci"


def add_to_catalogue(plan: Plan, row: Mapping[str, str]) -> None:
    """Add a KPI's row at the end of the catalogue; say what it lacks."""
    text = plan.text(_CATALOGUE)
    rows = parse_kpi_catalogue(text)
    header = next(csv.reader(text.splitlines()))
    last = max((int(known["display_order"] or 0) for known in rows), default=0)
    written = io.StringIO()
    writer = csv.DictWriter(written, header, restval="", lineterminator="\n")
    writer.writerow({**row, "display_order": str(last + 1)})
    plan.change(_CATALOGUE, text.rstrip("\n") + "\n" + written.getvalue())
    silent = [field for field in ("formula", "owner") if not row.get(field)]
    missing = f"{', '.join(silent)}; " if silent else ""
    plan.ask(
        _CATALOGUE,
        f"{row['kpi_code']}: {missing}direction (higher, lower or none), and target_operator if it"
        " has a target, whose steps are in kpi_target_steps.csv",
    )


def _entry(code: str, grains: Sequence[str], numerator: str, denominator: str | None) -> str:
    listed = ", ".join(f"'{grain}'" for grain in grains)
    parts = [f"'code': '{code}'", f"'grains': [{listed}]", f"'numerator': '{numerator}'"]
    if denominator:
        parts.append(f"'denominator': '{denominator}'")
    line = f"        {{{', '.join(parts)}}},\n"
    if len(line) <= LINE:
        return line
    return f"        {{{', '.join(parts[:2])},\n            {', '.join(parts[2:])}}},\n"


def _unit(numerator: str, denominator: str | None) -> str:
    if denominator:
        return "rate"
    if numerator.endswith("_count"):
        return "count"
    return "currency" if numerator.endswith("_amount") else "number"


def _refuse_unknown_columns(
    plan: Plan, domain: str, grain: str, numerator: str, denominator: str | None
) -> None:
    metrics = f"int_{domain}_metrics_{grain}"
    columns = described_columns(plan.text(model_path(plan, metrics)))
    for expression in (numerator, denominator or ""):
        if "'" in expression or "{" in expression:
            raise ConfigurationError(
                f"{expression!r} is more than an expression over the columns of {metrics}",
                "compute it there as a column, and name that",
            )
        # Columns, not functions and not words of SQL.
        named = re.findall(r"\b[a-z_]\w*\b(?!\s*\()", expression)
        unknown = [word for word in named if word not in columns and not is_keyword(word)]
        if unknown:
            raise ConfigurationError(
                f"{metrics} has no column {', '.join(unknown)}",
                f"add it to that model first, or use its columns: {', '.join(columns)}",
            )


def _document_ratio(
    plan: Plan, domain: str, grain: str, code: str, denominator: str | None
) -> None:
    """A metrics model that shows the ratios of the registry has one column more."""
    metrics = model_path(plan, f"int_{domain}_metrics_{grain}").removesuffix(".yml")
    if denominator and "kpi_ratio_columns" in plan.text(f"{metrics}.sql"):
        text = plan.text(f"{metrics}.yml")
        head, unit_tests, tail = text.partition("\nunit_tests:")
        column = f"      - name: {code}\n        data_type: numeric(26, 8)\n"
        column += '        description: ""\n'
        plan.change(f"{metrics}.yml", head.rstrip("\n") + "\n" + column + unit_tests + tail)
        plan.ask(f"{metrics}.yml", f"description of {code}")
    kpis = model_path(plan, f"int_{domain}_kpis_{grain}")
    if "unit_tests:" in plan.text(kpis) or plan.has(kpis.replace(".yml", "__unit_tests.yml")):
        plan.ask(kpis, f"the row of {code} that its unit tests expect")
