"""The templates that come with the project, as rows of ``pulse_monitor_templates``."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from finhouse.yaml_text import parse_yaml

FILE = Path(__file__).parent / "templates.yml"
# Templates read whatever engine publishes: the runner writes them for it.
ANY_ENGINE = "any"
_NAMESPACE = uuid.UUID("6a3f0f0e-6d1b-5c57-9f0b-0d3f8f6b7a11")

_WRITE_SQL = """
insert into pulse.pulse_monitor_templates (
    id, code, name, description, category, natural_language_template, sql_template, data_source,
    default_frequency, default_severity, suggested_alert_condition, parameters, domain
)
values (
    %(id)s, %(code)s, %(name)s, %(description)s, %(category)s, %(question)s, %(sql)s,
    %(data_source)s, %(frequency)s, %(severity)s, %(condition)s, %(parameters)s, %(domain)s
)
on conflict (id) do update set
    (name, description, category, natural_language_template, sql_template, data_source,
     default_frequency, default_severity, suggested_alert_condition, parameters, domain, updated_at)
    = (excluded.name, excluded.description, excluded.category,
       excluded.natural_language_template, excluded.sql_template, excluded.data_source,
       excluded.default_frequency, excluded.default_severity, excluded.suggested_alert_condition,
       excluded.parameters, excluded.domain, now())
"""
_WITHDRAW_SQL = """
delete from pulse.pulse_monitor_templates as templates
where code <> all(%s) and not exists (
    select 1 from pulse.pulse_monitors as monitors where monitors.template_id = templates.id
)
"""


def shipped_templates() -> list[dict[str, Any]]:
    """The templates as the file declares them, in its order."""
    return list(parse_yaml(FILE.read_text(encoding="utf-8")))


def template_id(code: str) -> uuid.UUID:
    """The id of a template: the same in every house."""
    return uuid.uuid5(_NAMESPACE, code)


def write_templates(connection: psycopg.Connection) -> None:
    """Write the shipped templates; what people made of them, and said of them, stays.

    One that is shipped no more goes, unless a monitor was made of it.
    """
    shipped = shipped_templates()
    connection.execute(_WITHDRAW_SQL, ([template["code"] for template in shipped],))
    with connection.cursor() as cursor:
        cursor.executemany(_WRITE_SQL, [_row(template) for template in shipped])


def _row(template: dict[str, Any]) -> dict[str, Any]:
    return template | {
        "id": template_id(template["code"]),
        "data_source": ANY_ENGINE,
        "domain": template.get("domain"),
        "condition": Jsonb(template["condition"]),
        "parameters": Jsonb(template["parameters"]),
    }
