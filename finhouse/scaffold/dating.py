"""Business days: which day a row counts on, and how the domain's entry says so."""

from __future__ import annotations

from finhouse.errors import ConfigurationError
from finhouse.scaffold import source_file, staging
from finhouse.scaffold.columns import moment_name
from finhouse.scaffold.names import singular, snake_case
from finhouse.scaffold.plan import Plan
from finhouse.scaffold.project import PROJECT_FILE, model_entry
from finhouse.sources.definitions import PostgresDefinition, TableDefinition

_LAST_LINES = "\n)\n\nselect * from renamed\n"


def date_tables(plan: Plan, domain: str) -> list[tuple[str, str]]:
    """Give the staging models of a domain's source a business day each.

    Returns (model, column), tables of events first.


    The day is that of the table's ``event_time``; a model that has others is left to a person.

    Raises:
        ConfigurationError: the source reads files, or no model has such a day.
    """
    path = source_file.path(domain)
    definition = source_file.parsed(domain, plan.text(path))
    if not isinstance(definition, PostgresDefinition):
        raise ConfigurationError(
            f"source {domain} reads files, whose cells are text: no day can be read off {path}",
            "write the entry of vars.domains by hand, as that of merchant_activity",
        )
    found = []
    # A table that refers to many others is one of events, which a business counts.
    for table in sorted(definition.tables, key=lambda table: -len(table.references)):
        day = _business_day(plan, domain, table)
        if day:
            found.append((staging.model_name(domain, table.name), day))
    if not found:
        raise ConfigurationError(
            f"no table of {path} has an event_time that its staging model shows: no day begins or"
            " ends the life of the domain",
            "declare the event_time of a table of mode incremental, and run the command again",
        )
    return found


def date_new_table(plan: Plan, domain: str, table_name: str) -> None:
    """Let late rows of a new table restate the month they are of, in the domain's entry."""
    definition = source_file.parsed(domain, plan.text(source_file.path(domain)))
    if not isinstance(definition, PostgresDefinition):
        return
    [table] = definition.chosen([table_name])
    day = _business_day(plan, domain, table)
    if not day:
        return
    lines = plan.text(PROJECT_FILE).splitlines()
    start = lines.index("  domains:")
    entry = next(i for i in range(start, len(lines)) if lines[i] == f"    {domain}:")
    last = next(i for i in range(entry, len(lines)) if lines[i] == "      dated:") + 1
    while last < len(lines) and lines[last].startswith("        "):
        last += 1
    lines.insert(last, dated_line(staging.model_name(domain, table_name), day))
    plan.change(PROJECT_FILE, "\n".join(lines) + "\n")


def dated_line(model: str, day: str) -> str:
    """A line of a domain's ``begins``, ``clock`` and ``dated``."""
    return f"        - {{model: {model}, date: {day}}}"


def _business_day(plan: Plan, domain: str, table: TableDefinition) -> str | None:
    """The column a late row of the table counts on, added to its model if need be."""
    model = staging.model_name(domain, table.name)
    path = f"{staging.folder(domain)}/{model}"
    entry = model_entry(plan.text(f"{path}.yml"))
    types = {column["name"]: column.get("data_type", "") for column in entry["columns"]}
    times = [
        name
        for name, kind in types.items()
        if name != "_loaded_at" and kind.startswith(("date", "timestamp"))
    ]
    event = snake_case(table.event_time or "")
    if types.get(event) == "date":
        return event
    moment = moment_name(event, singular(table.name)) if event else ""
    day = f"{moment.removesuffix('_at')}_date"
    if types.get(moment) == "timestamp" and types.get(day) == "date":
        return day
    sql = plan.text(f"{path}.sql")
    if types.get(moment) != "timestamp" or day in types or not sql.endswith(_LAST_LINES):
        if times:
            plan.ask(
                PROJECT_FILE,
                f"vars.domains.{domain}.dated: which of {', '.join(times)} of {model} a late row"
                " counts on; or, in the model's config, why none does: meta: {undated: ...}",
            )
        return None
    plan.change(f"{path}.sql", _with_day(sql, moment, day, domain))
    text = plan.text(f"{path}.yml")
    head, unit_tests, tail = text.partition("\nunit_tests:")
    lines = [f"      - name: {day}", "        data_type: date"]
    lines += [f"        description: Business day of {moment}, in the domain's time zone."]
    plan.change(
        f"{path}.yml", head.rstrip("\n") + "\n" + "\n".join(lines) + "\n" + unit_tests + tail
    )
    return day


def _with_day(sql: str, moment: str, day: str, domain: str) -> str:
    return sql.removesuffix(_LAST_LINES) + "\n".join(
        [
            "",
            "),",
            "",
            "final as (",
            "",
            "    select",
            "        *,",
            f"        {{{{ business_date('{moment}', '{domain}') }}}} as {day}",
            "    from renamed",
            "",
            ")",
            "",
            "select * from final",
            "",
        ]
    )
