"""``finhouse pulse``: monitors on what is published, and questions to it."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import psycopg

from finhouse.cli.options import DAY
from finhouse.console import console, print_table
from finhouse.domains import selected_domains
from finhouse.errors import ConfigurationError
from finhouse.pulse import alerts, monitors, running, templates, tuning
from finhouse.pulse.conditions import in_words
from finhouse.pulse.questions.asking import Answer, ask, record
from finhouse.pulse.questions.sql import watched
from finhouse.pulse.reading import Reader, Row, open_reader
from finhouse.pulse.slots import FREQUENCIES
from finhouse.pulse_tables import connect_pulse
from finhouse.settings import Settings


@click.group()
def pulse() -> None:
    """Watch the published KPIs: monitors, alerts, feedback, and questions in plain words."""


_user = click.option(
    "--user", default=getpass.getuser, show_default="yours", help="Who does this; it is kept."
)
_reason = click.option("--reason", required=True, help="Why; kept with the version.")


def _as_json(_: click.Context, __: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"no JSON: {error}") from error


def _as_values(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if wrong := [text for text, (_, sign, _) in zip(given, pairs, strict=True) if not sign]:
        raise click.BadParameter(f"{wrong[0]!r} is not like threshold=3")
    return {name: value for name, _, value in pairs}


def _sql_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no text in UTF-8", "save it as UTF-8") from error


_sql_file = click.option(
    "--sql-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with one SELECT.",
)
_condition = click.option("--condition", callback=_as_json, help="When it alerts, as JSON.")
_severity = click.option("--severity", type=click.Choice(monitors.SEVERITIES))
_frequency = click.option("--frequency", type=click.Choice(FREQUENCIES))


@contextmanager
def _pulse(settings: Settings) -> Iterator[tuple[psycopg.Connection, Reader]]:
    with connect_pulse(settings) as connection, open_reader(settings) as reader:
        yield connection, reader


@pulse.command("init")
@click.pass_obj
def pulse_init(settings: Settings) -> None:
    """Make the tables of schema pulse, and the templates; other commands do so, too."""
    with connect_pulse(settings) as connection:
        [count] = connection.execute(
            "select count(*) as templates from pulse.pulse_monitor_templates"
        ).fetchall()
    console.print(f"schema pulse is there, with {count['templates']} templates")


@pulse.command("templates")
@click.pass_obj
def pulse_templates(settings: Settings) -> None:
    """List the templates for what is published of the selected domains."""
    with _pulse(settings) as (connection, reader):
        found = _offered(connection, reader)
    print_table(
        "Templates",
        ["template", "what it watches", "for", "used", "rating"],
        [
            (
                template["code"],
                template["name"],
                template["category"],
                str(template["usage_count"]),
                str(template["avg_rating"] or "-"),
            )
            for template in found
        ],
        numeric=("used", "rating"),
    )
    for template in found:
        chosen = " ".join(
            f"--set {name}={parameter['default']}"
            for name, parameter in template["parameters"].items()
        )
        console.print(f"  {template['code']} {chosen}", markup=False)
    console.print("Next: finhouse pulse new --template CODE, with what is to differ of the above")


@pulse.command("rate")
@click.argument("template")
@click.argument("stars", type=int)
@click.pass_obj
def pulse_rate(settings: Settings, template: str, stars: int) -> None:
    """Rate a template from 1 to 5."""
    with connect_pulse(settings) as connection:
        rated = templates.rate(connection, template, stars)
    console.print(f"{template}: {rated['avg_rating']} of 5, by {rated['rating_count']} ratings")


@pulse.command("new")
@click.argument("name", required=False)
@click.option("--template", "code", help="Make it of this template.")
@click.option(
    "--set", "values", multiple=True, callback=_as_values, help="A parameter: threshold=3."
)
@click.option("--ask", "question", help="Make it of a question with a limit: 'mau below 900'.")
@_sql_file
@_condition
@_severity
@_frequency
@click.option("--domain", help="Whose days and as-of date count; default those of the house.")
@click.option("--description", default="", help="What it is for.")
@click.option("--dry-run", is_flag=True, help="Try it; keep nothing.")
@_user
@click.pass_obj
def pulse_new(
    settings: Settings,
    name: str | None,
    code: str | None,
    values: dict[str, str],
    sql_file: Path | None,
    condition: Any,
    severity: str | None,
    frequency: str | None,
    domain: str | None,
    question: str | None,
    description: str,
    dry_run: bool,
    user: str,
) -> None:
    """Make a monitor, of a template, a question, or SQL and a condition; it is due at once."""
    with _pulse(settings) as (connection, reader):
        if code:
            draft = _of_template(connection, reader, settings, code, values, name, user)
        elif question:
            draft = _of_question(reader, settings, question, name, user)
        else:
            if not name or sql_file is None or condition is None:
                raise ConfigurationError(
                    "a monitor needs a name, SQL and a condition",
                    "give NAME, --sql-file and --condition; or --template CODE, or --ask QUESTION",
                )
            draft = monitors.Draft(
                owner=user,
                name=name,
                sql=_sql_of(sql_file),
                condition=condition,
                data_source=settings.target,
                description=description,
                domain=domain,
            )
        chosen = {
            "severity": severity,
            "frequency": frequency,
            "domain": domain,
            "description": description,
        }
        draft = replace(draft, **{name: value for name, value in chosen.items() if value})
        monitors.check_draft(draft)
        trial = monitors.try_out(reader, draft.sql, draft.condition)
        breaches = sum(one.is_breach for one in trial.observations)
        console.print(
            f"{draft.name}: {in_words(draft.condition)}; {trial.rows} rows, "
            f"{len(trial.observations)} judged, {breaches} would alert now",
            markup=False,
        )
        if not dry_run:
            made = monitors.create(connection, reader, draft)
            console.print(f"kept as {made['id']}; next: finhouse pulse run", markup=False)


@pulse.command("ask")
@click.argument("words", nargs=-1, required=True)
@_user
@click.pass_obj
def pulse_ask(settings: Settings, words: tuple[str, ...], user: str) -> None:
    """Ask in plain words: KPI, dimension, period, comparison, limit; never a guess."""
    with _pulse(settings) as (connection, reader):
        answer = _asked(reader, " ".join(words))
        record(connection, answer, user, settings.target)
    if answer.outcome != "answered":
        console.print(f"{answer.outcome.replace('_', ' ')}: {answer.why}", markup=False)
        for candidate in answer.candidates or answer.nearest:
            console.print(f"  did you mean: {candidate}", markup=False)
        return
    columns = list(answer.rows[0]) if answer.rows else []
    print_table(
        answer.reading,
        columns,
        [[_cell(value) for value in row.values()] for row in answer.rows],
    )
    console.print(answer.sql, markup=False)


@pulse.command("list")
@click.pass_obj
def pulse_list(settings: Settings) -> None:
    """List the monitors, their versions, and what their alerts were worth."""
    with connect_pulse(settings) as connection:
        found = monitors.all_monitors(connection)
    print_table(
        "Monitors",
        ["monitor", "severity", "every", "version", "is", "fires", "precision"],
        [
            (
                monitor["name"],
                monitor["severity"],
                monitor["frequency"],
                str(monitor["query_version"]),
                "on" if monitor["enabled"] else "off",
                str(monitor["firing_count"]),
                _share(monitors.precision(monitor["true_positives"], monitor["false_positives"])),
            )
            for monitor in found
        ],
        numeric=("version", "fires", "precision"),
    )
    for monitor in found:
        if not monitor["enabled"]:
            console.print(f"{monitor['name']}: {monitor['disabled_reason']}", markup=False)


@pulse.command("run")
@click.option("--due", is_flag=True, help="Every enabled monitor whose time has come; the default.")
@click.option("--monitor", help="This one now, by id or name.")
@click.option(
    "--replay",
    nargs=2,
    type=DAY,
    metavar="FROM TO",
    help="Judge again, by the condition of today, what --monitor found on these days.",
)
@click.pass_obj
def pulse_run(
    settings: Settings,
    due: bool,
    monitor: str | None,
    replay: tuple[datetime, datetime] | None,
) -> None:
    """Run what is due, or one monitor; each execution is logged."""
    if replay:
        if not monitor:
            raise ConfigurationError("--replay needs a monitor", "add --monitor NAME")
        _replay(settings, monitor, replay)
        return
    if due and monitor:
        raise ConfigurationError("--due and --monitor were given", "give one of them")
    with _pulse(settings) as (connection, reader):
        if monitor:
            executions = [running.run_one(connection, reader, monitor, settings.target)]
        else:
            executions = running.run_due(connection, reader, settings.target)
    _print_executions(executions)


@pulse.command("alerts")
@click.option("--all", "show_all", is_flag=True, help="Resolved ones, too.")
@click.pass_obj
def pulse_alerts(settings: Settings, show_all: bool) -> None:
    """List the alerts that fire."""
    with connect_pulse(settings) as connection:
        found = alerts.alerts_of(connection, only_firing=not show_all)
    print_table(
        "Alerts",
        ["id", "severity", "is", "since", "seen", "what"],
        [
            (
                str(alert["id"])[: alerts.SHORT_ID],
                alert["severity"],
                _state(alert),
                f"{alert['first_seen_at']:%Y-%m-%d %H:%M}",
                str(alert["occurrence_count"]),
                alert["message"].partition("; condition: ")[0],
            )
            for alert in found
        ],
        numeric=("seen",),
    )


@pulse.command("ack")
@click.argument("alert")
@_user
@click.pass_obj
def pulse_ack(settings: Settings, alert: str, user: str) -> None:
    """Acknowledge an alert: only a higher severity is then told again."""
    with connect_pulse(settings) as connection:
        done = alerts.acknowledge(connection, alert, user)
    console.print(f"{alert} acknowledged by {done['acknowledged_by']}", markup=False)


@pulse.command("snooze")
@click.argument("alert")
@click.option("--hours", type=click.FloatRange(min=0.1, max=24 * 90), default=24, show_default=True)
@click.pass_obj
def pulse_snooze(settings: Settings, alert: str, hours: float) -> None:
    """Say nothing of an alert for some hours."""
    with connect_pulse(settings) as connection:
        done = alerts.snooze(connection, alert, hours)
    console.print(f"{alert} snoozed until {done['snoozed_until']:%Y-%m-%d %H:%M} UTC", markup=False)


@pulse.command("feedback")
@click.argument("alert")
@click.argument("feedback", type=click.Choice(alerts.FEEDBACK))
@_user
@click.pass_obj
def pulse_feedback(settings: Settings, alert: str, feedback: str, user: str) -> None:
    """Say whether an alert was right; the last word counts."""
    with connect_pulse(settings) as connection:
        done = alerts.give_feedback(connection, alert, feedback, user)
        monitor = monitors.find(connection, str(done["monitor_id"]))
    share = monitors.precision(monitor["true_positives"], monitor["false_positives"])
    console.print(f"{monitor['name']}: precision {_share(share)}", markup=False)


@pulse.command("edit")
@click.argument("monitor")
@_sql_file
@_condition
@_severity
@_frequency
@click.option("--description")
@_reason
@_user
@click.pass_obj
def pulse_edit(
    settings: Settings,
    monitor: str,
    sql_file: Path | None,
    condition: Any,
    severity: str | None,
    frequency: str | None,
    description: str | None,
    reason: str,
    user: str,
) -> None:
    """Change a monitor; another SQL or condition makes a version."""
    changes = {
        "sql": _sql_of(sql_file) if sql_file else None,
        "condition": condition,
        "severity": severity,
        "frequency": frequency,
        "description": description,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    with _pulse(settings) as (connection, reader):
        changed = monitors.edit(connection, reader, monitor, given, reason=reason, user=user)
    console.print(f"{changed['name']} is at version {changed['query_version']}", markup=False)


@pulse.command("versions")
@click.argument("monitor")
@click.pass_obj
def pulse_versions(settings: Settings, monitor: str) -> None:
    """List the versions of a monitor, each with its precision."""
    with connect_pulse(settings) as connection:
        found = monitors.versions(connection, monitor)
    print_table(
        f"Versions of {monitor}",
        ["version", "made", "why", "condition", "alerts", "true", "false", "precision"],
        [
            (
                str(version["version"]),
                f"{version['created_at']:%Y-%m-%d %H:%M}",
                version["change_reason"],
                in_words(version["alert_condition"]),
                str(version["alert_count"]),
                str(version["true_positives"]),
                str(version["false_positives"]),
                _share(monitors.precision(version["true_positives"], version["false_positives"])),
            )
            for version in found
        ],
        numeric=("version", "alerts", "true", "false", "precision"),
    )


@pulse.command("rollback")
@click.argument("monitor")
@click.argument("version", type=click.IntRange(min=1))
@_user
@click.pass_obj
def pulse_rollback(settings: Settings, monitor: str, version: int, user: str) -> None:
    """Make a new version with the text of an old one."""
    with _pulse(settings) as (connection, reader):
        changed = monitors.roll_back(connection, reader, monitor, version, user=user)
    console.print(
        f"{changed['name']} is at version {changed['query_version']}, as version {version} was",
        markup=False,
    )


@pulse.command("tune")
@click.argument("monitor")
@click.pass_obj
def pulse_tune(settings: Settings, monitor: str) -> None:
    """Try stricter limits on the alerts that were judged, and propose one; nothing is changed."""
    with connect_pulse(settings) as connection:
        found = tuning.tune(connection, monitor)
    print_table(
        f"{monitor}: limit {found.limit}, {found.true_ones} true and {found.false_ones} false",
        ["limit", "false alarms gone", "true ones lost", "precision"],
        [
            (
                str(one.limit),
                str(one.false_alarms_gone),
                str(one.true_ones_lost),
                _share(one.precision),
            )
            for one in found.proposals
        ],
        numeric=("limit", "false alarms gone", "true ones lost", "precision"),
    )
    if found.best:
        console.print(
            f"Limit {found.best.limit} spares {found.best.false_alarms_gone} of "
            f"{found.false_ones} false alarms and loses no true one. "
            "If it seems right: finhouse pulse edit --condition ... --reason ..."
        )
    elif not found.true_ones:
        console.print(
            "No alert was judged right: what a stricter limit would lose cannot be told. "
            "Next: finhouse pulse feedback ALERT true_positive"
        )
    else:
        console.print("No stricter limit spares a false alarm without losing a true one.")


@pulse.command("enable")
@click.argument("monitor")
@click.pass_obj
def pulse_enable(settings: Settings, monitor: str) -> None:
    """Switch a monitor on; it is due at once."""
    with connect_pulse(settings) as connection:
        monitors.switch(connection, monitor, enabled=True)
    console.print(f"{monitor} is on", markup=False)


@pulse.command("disable")
@click.argument("monitor")
@click.option("--reason", default="", help="Why; shown in the list.")
@click.pass_obj
def pulse_disable(settings: Settings, monitor: str, reason: str) -> None:
    """Switch a monitor off, and resolve its alerts."""
    with connect_pulse(settings) as connection:
        monitors.switch(connection, monitor, enabled=False, reason=reason)
    console.print(f"{monitor} is off", markup=False)


def _offered(connection: psycopg.Connection, reader: Reader) -> list[Row]:
    return templates.offered(connection, selected_domains(), templates.published_kpis(reader))


def _of_template(
    connection: psycopg.Connection,
    reader: Reader,
    settings: Settings,
    code: str,
    values: dict[str, str],
    name: str | None,
    user: str,
) -> monitors.Draft:
    found = [one for one in _offered(connection, reader) if one["code"] == code]
    if not found:
        raise templates.unknown_template(code)
    return templates.draft_of(
        found[0],
        values,
        owner=user,
        name=name,
        dialect=reader.dialect,
        data_source=settings.target,
        kpis=templates.published_kpis(reader),
    )


def _asked(reader: Reader, question: str) -> Answer:
    def run(sql: str) -> list[Row]:
        return reader.rows(reader.checked(sql))[1]

    return ask(question, run, reader.dialect, selected_domains())


def _of_question(
    reader: Reader, settings: Settings, question: str, name: str | None, user: str
) -> monitors.Draft:
    answer = _asked(reader, question)
    if answer.understood is None:
        hints = ", ".join(answer.candidates or answer.nearest)
        raise ConfigurationError(
            f"the question is {answer.outcome.replace('_', ' ')}: {answer.why}",
            f"say which of these: {hints}" if hints else "name a KPI of the catalogue",
        )
    sql, condition = watched(answer.understood, reader.dialect)
    return monitors.Draft(
        owner=user,
        name=name or question,
        sql=sql,
        condition=condition,
        data_source=settings.target,
        question=question,
        description=answer.reading,
        domain=answer.understood.kpi.domain,
    )


def _replay(settings: Settings, monitor: str, days: tuple[datetime, datetime]) -> None:
    first, last = (day.date() for day in days)
    with connect_pulse(settings) as connection:
        replayed = running.replay(connection, monitor, first, last)
    rows: list[tuple[str, ...]] = [
        (
            f"{row['executed_at']:%Y-%m-%d %H:%M}",
            ", ".join(one["key"].values()) or "-",
            one["period"] or "-",
            str(one["value"] or "-"),
            str(one["score"] or "-"),
            "yes" if one["is_breach"] else "no",
        )
        for row, observations in replayed
        for one in observations
    ]
    print_table(
        f"{monitor}, judged by the condition of today",
        ["run", "of", "period", "value", "score", "breach"],
        rows,
        numeric=("value", "score"),
    )


def _print_executions(executions: Iterable[running.Execution]) -> None:
    print_table(
        "Monitors run",
        ["monitor", "outcome", "rows", "alerting", "said"],
        [
            (
                one.monitor,
                one.outcome,
                "-" if one.rows is None else str(one.rows),
                str(one.alerting),
                one.error or f"{one.told} told",
            )
            for one in executions
        ],
        numeric=("rows", "alerting"),
    )


def _state(alert: Row) -> str:
    if alert["status"] == "resolved":
        return "resolved"
    if alert["acknowledged"]:
        return "acknowledged"
    until = alert["snoozed_until"]
    return "snoozed" if until and until > datetime.now(UTC) else "firing"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, Decimal | float):
        text = f"{value:.8f}"
        return text.rstrip("0").rstrip(".")
    return str(value)


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
