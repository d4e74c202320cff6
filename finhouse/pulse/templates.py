"""Monitors from templates: placeholders have types, and are bound as values, never as text.

``{threshold:number}`` in the SQL becomes a parameter before it is parsed, and the parameter a
literal of the tree: whatever a value holds, it stays a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import psycopg
import sqlglot
from sqlglot import exp

from finhouse.errors import ConfigurationError
from finhouse.pulse.monitors import Draft
from finhouse.pulse.reading import Reader, Row

# What templates are written in; the tree is then written for the engine.
_DIALECT = "duckdb"
_PLACEHOLDER = re.compile(r"\{(?P<name>[a-z_]+):(?P<type>[a-z_]+)\}")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,99}")
_RATINGS = range(1, 6)

Values = dict[str, Any]


def _number(text: Any) -> Decimal:
    number = Decimal(str(text))
    if not number.is_finite() or abs(number) >= Decimal("1e18"):
        raise ValueError
    return number


def _integer(text: Any) -> Decimal:
    number = _number(text)
    if number != number.to_integral_value():
        raise ValueError
    return number


def _kpi_code(text: Any) -> str:
    if not _CODE.fullmatch(str(text)):
        raise ValueError
    return str(text)


_TYPES: dict[str, Callable[[Any], Any]] = {
    "number": _number,
    "integer": _integer,
    "kpi_code": _kpi_code,
}


def offered(
    connection: psycopg.Connection, domains: Collection[str], kpis: Collection[str] | None = None
) -> list[Row]:
    """Templates of the selected domains, in the order of their categories.

    Args:
        kpis: codes of the published catalogue; a template of another KPI is not offered. None
            where nothing is published yet.
    """
    found = connection.execute(
        "select * from pulse.pulse_monitor_templates order by category, name"
    ).fetchall()
    return [
        template
        for template in found
        if (template["domain"] is None or template["domain"] in domains)
        and (kpis is None or _kpis_of(template) <= set(kpis))
    ]


def published_kpis(reader: Reader) -> set[str]:
    """Codes of the KPIs that are published."""
    _, rows = reader.rows(reader.checked("select kpi_code from published.kpi_catalogue"))
    return {row["kpi_code"] for row in rows}


def draft_of(
    template: Row,
    given: Mapping[str, Any],
    *,
    owner: str,
    name: str | None,
    dialect: str,
    data_source: str,
    kpis: Collection[str],
) -> Draft:
    """The monitor that a template makes of some values; the rest is as it suggests.

    Args:
        given: values by parameter, as text or as numbers.
        name: default that of the template.
        dialect: of the SQL.

    Raises:
        ConfigurationError: a parameter is unknown, or a value does not have its type.
    """
    values = bound_values(template, given, kpis)
    return Draft(
        owner=owner,
        name=name or template["name"],
        description=template["description"],
        sql=bound_sql(template["sql_template"], values, dialect),
        condition=bound_condition(template["suggested_alert_condition"], values),
        question=bound_text(template["natural_language_template"], values),
        data_source=data_source,
        severity=template["default_severity"],
        frequency=template["default_frequency"],
        domain=template["domain"],
        template_id=template["id"],
        template_values={parameter: _plain(value) for parameter, value in values.items()},
    )


def bound_values(template: Row, given: Mapping[str, Any], kpis: Collection[str]) -> Values:
    """A value for each parameter, of its type.

    Raises:
        ConfigurationError: names the parameter and what it takes.
    """
    parameters = template["parameters"]
    if unknown := sorted(given.keys() - parameters.keys()):
        raise ConfigurationError(
            f"template {template['code']} has no parameter {unknown[0]}",
            f"it has {', '.join(parameters)}",
        )
    values: Values = {}
    for name, parameter in parameters.items():
        text = given.get(name, parameter["default"])
        try:
            values[name] = _TYPES[parameter["type"]](text)
        except (ValueError, InvalidOperation) as error:
            raise ConfigurationError(
                f"{name} = {text!r} is no {parameter['type']}", parameter["description"]
            ) from error
        if parameter["type"] == "kpi_code" and values[name] not in kpis:
            raise ConfigurationError(
                f"there is no KPI {text} in what is published",
                "choose one of the catalogue, or select its domain and build",
            )
    return values


def bound_sql(sql_template: str, values: Values, dialect: str) -> str:
    """The SQL of a template with its values as literals.

    Raises:
        ConfigurationError: the template names a parameter that it does not declare.
    """
    text = _PLACEHOLDER.sub(lambda found: f"${found['name']}", sql_template)
    tree = sqlglot.parse_one(text, dialect=_DIALECT)
    for placeholder in list(tree.find_all(exp.Placeholder, exp.Parameter)):
        placeholder.replace(_literal(_value(placeholder.name, values)))
    return tree.sql(dialect=dialect, pretty=True)


def bound_condition(condition: Any, values: Values) -> Any:
    """A condition whose placeholders have become numbers."""
    if isinstance(condition, Mapping):
        return {name: bound_condition(part, values) for name, part in condition.items()}
    found = _PLACEHOLDER.fullmatch(condition) if isinstance(condition, str) else None
    return _plain(_value(found["name"], values)) if found else condition


def bound_text(text: str, values: Values) -> str:
    """A sentence for people with its values."""
    return _PLACEHOLDER.sub(lambda found: str(_plain(_value(found["name"], values))), text)


def placeholders(text: str) -> dict[str, str]:
    """Placeholders of a text: name -> type."""
    return {found["name"]: found["type"] for found in _PLACEHOLDER.finditer(text)}


def rate(connection: psycopg.Connection, code: str, stars: int) -> Row:
    """Add a rating of 1 to 5 to a template; its average has none until then.

    Raises:
        ConfigurationError: there is no such template, or no such rating.
    """
    if stars not in _RATINGS:
        raise ConfigurationError(f"{stars} is no rating", "rate from 1 to 5")
    changed = connection.execute(
        "update pulse.pulse_monitor_templates set rating_sum = rating_sum + %s, "
        "rating_count = rating_count + 1, updated_at = now() where code = %s returning *",
        (stars, code),
    ).fetchone()
    if changed is None:
        raise unknown_template(code)
    return changed


def unknown_template(code: str) -> ConfigurationError:
    """There is no template of a code."""
    return ConfigurationError(
        f"there is no template {code!r} for the selected domains",
        "`finhouse pulse templates` lists those there are",
    )


def _kpis_of(template: Row) -> set[str]:
    return {
        parameter["default"]
        for parameter in template["parameters"].values()
        if parameter["type"] == "kpi_code"
    }


def _value(name: str, values: Values) -> Any:
    try:
        return values[name]
    except KeyError as error:
        raise ConfigurationError(
            f"the template names {name}, which it does not declare", "declare it in parameters"
        ) from error


def _literal(value: Any) -> exp.Expression:
    if isinstance(value, str):
        return exp.Literal.string(value)
    # A negative number is an operator before a number.
    number = exp.Literal.number(f"{abs(value):f}")
    return exp.Paren(this=exp.Neg(this=number)) if value < 0 else number


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)
