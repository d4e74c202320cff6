"""The house's own rules, judged on dbt's manifest: what dbt-bouncer cannot express.

Each rule is a function of the manifest that yields findings. The general conventions are in
dbt_project/dbt-bouncer.yml; see ``conventions``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from finhouse.dbt.data_classes import (
    CLASSES,
    GENERALISATIONS,
    INTERNAL,
    data_class,
    generalisation,
    meta_of,
)
from finhouse.dbt.inheritance import Inheritance, asked_for
from finhouse.dbt.kpis import CATALOGUE, GRAINS, registry_entries
from finhouse.dbt.manifest import MARTS, grain_of, models_of, snapshots_of, tests_by_model
from finhouse.dbt.queries import relation
from finhouse.documentation.coverage import has_tested_key
from finhouse.sources.definitions import (
    FILE_COLUMNS,
    PostgresDefinition,
    SourceDefinition,
    is_own_name,
    raw_schema,
)

_CATALOGUE_FILE = f"dbt_project/{CATALOGUE.as_posix()}"
_OF_A_SNAPSHOT = ("owner", "grain", "data_class")
# dbt makes a relation of a unit test, by its name; this is what PostgreSQL takes.
_LONGEST_NAME = 63
_TARGET = re.compile(r"\btarget\s*\.\s*(type|name)\b|\btarget\[")


@dataclass(frozen=True, order=True)
class Finding:
    """One breach of a rule.

    Attributes:
        rule: its short name.
        place: file or model.
        problem: what is wrong, with the offending value.
        remedy: what to do about it.
    """

    rule: str
    place: str
    problem: str
    remedy: str


def house_findings(
    manifest: Mapping[str, Any],
    catalogue: Sequence[Mapping[str, str]],
    codes_before: Collection[str],
    domains: Mapping[str, Mapping[str, Any]],
    selected: Collection[str],
) -> list[Finding]:
    """Findings of all rules that need no SQL, in order of rule and place.

    Args:
        manifest: dbt's manifest.json.
        catalogue: rows of the KPI catalogue.
        codes_before: KPI codes of the base's catalogue, which keep their names.
        domains: all domains, as ``vars.domains`` declares them.
        selected: names of those that dbt was run for.
    """
    return sorted(
        {
            *_untested_grains(manifest),
            *_snapshots(manifest),
            *_unknown_classes(manifest),
            *_unknown_generalisations(manifest),
            *_undescribed_macros(manifest),
            *_engines_named(manifest),
            *_kpis(manifest, [row["kpi_code"] for row in catalogue]),
            *_kpi_names(catalogue, codes_before),
            *_other_domains(manifest),
            *_undated_models(manifest, domains),
            *_clocks_of_other_tables(manifest, domains),
            *_disabled(manifest, domains.keys() - selected),
            *_softened_tests(manifest),
            *_long_unit_tests(manifest),
        }
    )


def _file(node: Mapping[str, Any]) -> str:
    return f"dbt_project/{node['original_file_path']}"


def _untested_grains(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """The grain a mart or snapshot declares is what its uniqueness test says."""
    tests = tests_by_model(manifest)
    for node in (*models_of(manifest, MARTS), *snapshots_of(manifest)):
        if not has_tested_key(node, tests.get(node["unique_id"], [])):
            yield Finding(
                "tested grain",
                _file(node),
                f"{node['name']} declares grain {grain_of(node)},"
                " and no test says that it is unique",
                "name its columns as the key of its row_rules",
            )


def _snapshots(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """A snapshot is asked what a mart is: it outlives what it was made from."""
    for node in snapshots_of(manifest):
        lacking = [key for key in _OF_A_SNAPSHOT if not meta_of(node).get(key)]
        if lacking:
            yield Finding(
                "snapshots",
                _file(node),
                f"snapshot {node['name']} lacks {', '.join(lacking)} in its config.meta",
                "set owner, grain (its unique_key and dbt_valid_from) and data_class",
            )
        if not node["description"].strip() or not node["columns"]:
            yield Finding(
                "snapshots",
                _file(node),
                f"snapshot {node['name']} is not described, or names no columns",
                "say what one row is, and describe each column, in a YAML file beside it",
            )
        for name, column in node["columns"].items():
            if not column["description"].strip() or not column.get("data_type"):
                yield Finding(
                    "snapshots",
                    _file(node),
                    f"column {name} of snapshot {node['name']} has no description or no data_type",
                    "describe it, or use a doc block, and declare its data_type",
                )


def _unknown_classes(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """A data class, of a mart or snapshot or of a column, is one of four."""
    for mart in (*models_of(manifest, MARTS), *snapshots_of(manifest)):
        classes = {mart["name"]: meta_of(mart).get("data_class")} | {
            f"{mart['name']}.{name}": data_class(mart, name) for name in mart["columns"]
        }
        for where, found in classes.items():
            if found is not None and found not in CLASSES:
                yield Finding(
                    "data class",
                    _file(mart),
                    f"{where} has data_class {found!r}",
                    f"use one of {', '.join(CLASSES)}",
                )


def _unknown_generalisations(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """What is shown for a hidden column is a month or a year, of a date or timestamp."""
    for mart in models_of(manifest, MARTS):
        for name, column in mart["columns"].items():
            own = meta_of(column).get("generalise")
            if own is not None and generalisation(mart, name) is None:
                yield Finding(
                    "data class",
                    _file(mart),
                    f"{mart['name']}.{name} of type {column.get('data_type')} has generalise "
                    f"{own!r}: it would be null to whoever may not see it",
                    f"use one of {', '.join(GENERALISATIONS)}, on a date or a timestamp",
                )


def _undescribed_macros(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Every macro but the engines' own versions of one is described."""
    for macro in manifest["macros"].values():
        ours = macro["package_name"] == "finhouse" and macro["original_file_path"].startswith(
            "macros/"
        )
        if ours and "__" not in macro["name"] and not macro["description"].strip():
            yield Finding(
                "macro description",
                _file(macro),
                f"macro {macro['name']} is not described",
                "describe it and its arguments, with a worked value, in macros/_macros.yml",
            )


def _engines_named(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """What differs between engines is dispatched: nothing asks which engine it runs on."""
    nodes = [
        *manifest["nodes"].values(),
        *(m for m in manifest["macros"].values() if m["package_name"] == "finhouse"),
    ]
    for node in nodes:
        code = node.get("raw_code") or node.get("macro_sql") or ""
        if _TARGET.search(code):
            yield Finding(
                "engine differences",
                _file(node),
                f"{node['name']} asks for the target",
                "put what differs into an adapter.dispatch macro under macros/engine",
            )


def _kpis(manifest: Mapping[str, Any], kpi_codes: Sequence[str]) -> Iterator[Finding]:
    """A KPI has one row in the catalogue and one definition a grain."""
    for code, count in Counter(kpi_codes).items():
        if count > 1:
            yield Finding(
                "one definition per KPI",
                _CATALOGUE_FILE,
                f"{code} stands {count} times in the catalogue",
                "give the other KPI a code of its own, or remove it",
            )
    defined: dict[str, dict[str, list[str]]] = {grain: {} for grain in GRAINS}
    for grain, model, entry in registry_entries(manifest):
        defined[grain].setdefault(entry["code"], []).append(_file(model))
    for grain, places in defined.items():
        for code, files in places.items():
            if len(files) > 1:
                yield Finding(
                    "one definition per KPI",
                    files[-1],
                    f"{code} is defined {len(files)} times for {grain} values: " + ", ".join(files),
                    "keep one definition; a variant is another KPI with a code of its own",
                )
            if code not in kpi_codes:
                yield Finding(
                    "one definition per KPI",
                    files[0],
                    f"{code} is not in the catalogue",
                    f"add its row to {_CATALOGUE_FILE}: name, formula, unit, owner",
                )


def _kpi_names(
    catalogue: Sequence[Mapping[str, str]], codes_before: Collection[str]
) -> Iterator[Finding]:
    """A new KPI's code begins with its domain, or with that of a KPI it is a variant of.

    ``burn_total`` stands beside ``burn_rate`` of the same domain. Within a domain no two KPIs share
    a name.
    """
    stems = {
        (row["domain"], row["kpi_code"].rpartition("_")[0])
        for row in catalogue
        if row["kpi_code"] in codes_before
    }
    for row in catalogue:
        code, domain = row["kpi_code"], row["domain"]
        beginnings = {domain} | {stem for owner, stem in stems if owner == domain and stem}
        if code not in codes_before and not code.startswith(tuple(f"{b}_" for b in beginnings)):
            yield Finding(
                "KPI names",
                _CATALOGUE_FILE,
                f"the new KPI {code} does not bear its domain, {domain}",
                f"call it {domain}_{code}",
            )
    names = Counter((row["domain"], row["kpi_name"]) for row in catalogue)
    for (domain, name), count in names.items():
        if count > 1:
            yield Finding(
                "KPI names",
                _CATALOGUE_FILE,
                f"{count} KPIs of {domain} are called {name!r}",
                "give each a name of its own",
            )


def _other_domains(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """A mart never reads the staging models of another domain."""
    for mart in models_of(manifest, MARTS):
        for parent in mart["depends_on"]["nodes"]:
            upstream = manifest["nodes"].get(parent)
            if (
                upstream
                and upstream["resource_type"] == "model"
                and upstream["fqn"][1] == "staging"
                and upstream["fqn"][2] != mart["fqn"][2]
            ):
                yield Finding(
                    "layers",
                    _file(mart),
                    f"{mart['name']} reads {upstream['name']}, of another domain",
                    "read a mart or an intermediate model of that domain",
                )


def _undated_models(
    manifest: Mapping[str, Any], domains: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    """Late rows of a table restate the month that its domain says they are of."""
    for model in models_of(manifest, "staging"):
        domain = domains.get(model["fqn"][2])
        if domain is None or model["name"] in {entry["model"] for entry in domain["dated"]}:
            continue
        dates = [
            name
            for name, column in model["columns"].items()
            if name != "_loaded_at"
            and str(column.get("data_type") or "").startswith(("date", "timestamp"))
        ]
        if dates and not meta_of(model).get("undated"):
            yield Finding(
                "dated tables",
                _file(model),
                f"{model['name']} has dates ({', '.join(dates)}), and its domain "
                f"{model['fqn'][2]} does not say which one a late row counts on",
                f"add the model and its date to `dated` of vars.domains.{model['fqn'][2]}, or say "
                "why none counts in its config: meta: {undated: ...}",
            )


def _clocks_of_other_tables(
    manifest: Mapping[str, Any], domains: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    """A day is complete when the clock's tables were read after it: the log must have them."""
    models = {model["name"]: model for model in models_of(manifest, "staging")}
    for domain, settings in domains.items():
        for clock in settings.get("clock", ()):
            model = models.get(clock["model"])
            source, _, table = clock["model"].removeprefix("stg_").partition("__")
            read = (source, clock.get("table", table))
            raw = [
                (found["source_name"], found["name"])
                for name in (model["depends_on"]["nodes"] if model else ())
                if (found := manifest["sources"].get(name))
            ]
            if raw and read not in raw:
                yield Finding(
                    "clocks",
                    _file(model),
                    f"the clock of {domain} looks for loads of {'.'.join(read)}, and "
                    f"{model['name']} reads {', '.join('.'.join(pair) for pair in raw)}",
                    f"name the raw table in vars.domains.{domain}.clock: {{model: {model['name']}, "
                    f"table: {raw[0][1]}, ...}}",
                )


def _disabled(manifest: Mapping[str, Any], not_selected: Set[str]) -> Iterator[Finding]:
    """Nothing is switched off but the domains of others: what is not wanted is removed."""
    for nodes in (manifest.get("disabled") or {}).values():
        for node in nodes:
            if node["package_name"] == "finhouse" and not not_selected & {*node["fqn"]}:
                yield Finding(
                    "nothing disabled",
                    _file(node),
                    f"{node['resource_type']} {node['name']} is disabled",
                    "fix it or remove it; git remembers",
                )


def _softened_tests(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """A test fails at the first bad row; one that only warns says why."""
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test":
            continue
        config = node["config"]
        conditions = {config.get("error_if"), config.get("warn_if")} - {None, "!= 0"}
        if conditions:
            yield Finding(
                "no softened tests",
                _file(node),
                f"test {node['name']} lets bad rows pass: {', '.join(sorted(conditions))}",
                "let it fail at the first row; exclude known rows by a where that names them",
            )
        if str(config.get("severity", "error")).lower() == "warn" and not meta_of(node).get("why"):
            yield Finding(
                "no softened tests",
                _file(node),
                f"test {node['name']} only warns",
                "let it fail, or say why it cannot in its config: meta: {why: ...}",
            )


def _long_unit_tests(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """A unit test runs on every engine."""
    for node in manifest.get("unit_tests", {}).values():
        if len(node["name"]) > _LONGEST_NAME:
            yield Finding(
                "names of unit tests",
                _file(node),
                f"unit test {node['name']} has {len(node['name'])} characters in its name",
                f"shorten it to {_LONGEST_NAME}: no more are a name for PostgreSQL",
            )


def unmasked_columns(
    manifest: Mapping[str, Any],
    handed_on: Mapping[str, Mapping[str, set[tuple[str, str]]]],
    sources: Iterable[SourceDefinition],
) -> list[Finding]:
    """Columns of marts and snapshots that show a source column to be masked, by whatever name.

    Args:
        handed_on: by model and column, the source columns whose values it has.
        sources: the declared sources; ``personal_data`` says what is to be masked.
    """
    masked = {
        (f"{raw_schema(source.name)}.{table.name}", column): f"{source.name}.{table.name}"
        for source in sources
        if isinstance(source, PostgresDefinition)
        for table in source.tables
        for column in table.masked
    }
    return sorted(
        Finding(
            "personal data",
            _file(mart),
            f"{mart['name']}.{column} shows {name} of {masked[table, name]}, to be masked",
            "show what readers need of it, such as a band, a year or a hash",
        )
        for mart in (*models_of(manifest, MARTS), *snapshots_of(manifest))
        for column, origins in handed_on.get(mart["name"], {}).items()
        for table, name in origins & masked.keys()
    )


def marts_below_their_class(manifest: Mapping[str, Any], inherited: Inheritance) -> list[Finding]:
    """Columns of marts and snapshots that are less than what they show of persons and business.

    What is held against their sources is the class by which they are masked for readers, of whom
    none sees less than what is internal.
    """
    found = []
    for mart in (*models_of(manifest, MARTS), *snapshots_of(manifest)):
        for name in mart["columns"]:
            shown = inherited.class_of(relation(mart), name)
            asked = asked_for(shown)
            held = data_class(mart, name)
            if held not in CLASSES:
                continue  # _unknown_classes tells
            if CLASSES.index(INTERNAL) < CLASSES.index(asked) > CLASSES.index(held):
                found.append(
                    Finding(
                        "data class",
                        _file(mart),
                        f"{mart['name']}.{name} inherits {shown} from its sources, and is declared"
                        f" {held}",
                        f"declare data_class: {asked}, show less, or say why it is less: meta:"
                        " {inherits: {class: ..., because: ...}}",
                    )
                )
    return sorted(found)


def unclassified_columns(
    columns: Mapping[str, Iterable[str]], sources: Iterable[SourceDefinition]
) -> list[Finding]:
    """Columns of raw tables that no class of their source file names.

    Args:
        columns: of each raw table, by ``schema.table``.
    """
    return sorted(
        Finding(
            "classes",
            f"finhouse/sources/{source.name}.yml",
            f"{table}.{column} has no class",
            f"write it under classes of {table}: docs/how-to/data-classes.md says which",
        )
        for source in sources
        for table in source.table_names
        for held in [columns.get(f"{raw_schema(source.name)}.{table}", ())]
        for column in held
        if not is_own_name(column)
        and column not in FILE_COLUMNS
        and source.class_of(table, column, held) is None
    )
