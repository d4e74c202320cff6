"""dbt as this project starts it does what dbt's own program does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pytest

from finhouse.dbt.process import PARSED, START

OWN = "from dbt.cli.main import cli; cli(prog_name='dbt')"

# Macros that stand in each other's way: of dbt, of its adapter, of a package and of the project.
FILES = {
    "dbt_project.yml": """
name: probe
profile: probe
macro-paths: [macros]
models: {probe: {+materialized: table}}
dispatch: [{macro_namespace: dbt, search_order: [probe, dbt]}]
""",
    "profiles.yml": "probe: {target: dev, outputs: {dev: {type: duckdb, path: probe.duckdb}}}",
    "packages.yml": "packages: [{local: lent}]",
    "lent/dbt_project.yml": "name: lent\nmacro-paths: [macros]\nmodel-paths: [models]",
    "lent/macros/lent.sql": """
{% macro who() %}'lent'{% endmacro %}
{% macro whose() %}{{ who() }}{% endmacro %}
""",
    "lent/models/borrowed.sql": "select {{ who() }} as who, {{ date_trunc('day', 'now()') }} as d",
    "macros/own.sql": """
{% macro who() %}'own'{% endmacro %}
{% macro default__date_trunc(part, date) %}cast({{ date }} as date){% endmacro %}
{% macro generate_schema_name(name, node) %}main{% endmacro %}
{% macro empty(relation) %}{{ return(relation is none) }}{% endmacro %}
""",
    "models/a.sql": """
select {{ who() }} as who, {{ lent.who() }} as lent, {{ lent.whose() }} as whose,
    {{ date_trunc('day', 'now()') }} as d, {{ dbt.date_trunc('day', 'now()') }} as of_dbt
""",
    "models/schema.yml": """
models:
  - name: a
    columns:
      - name: who
        data_tests: [unique, {accepted_values: {name: lent, arguments: {values: [lent]}}}]
unit_tests:
  - {name: a_is_own, model: a, given: [], expect: {rows: [{who: own}]}}
""",
}

LOGS = ["--log-format=json", "--log-format-file=json", "--no-use-colors"]
# Which thread takes a node is chance, and so is whether it has a connection already.
BY_CHANCE = ("NewConnection", "ConnectionReused", "ConnectionClosedInCleanup")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    subprocess.run(
        [sys.executable, "-c", OWN, "deps", "--quiet"], cwd=tmp_path / "project", check=True
    )
    return tmp_path / "project"


def build(project: Path, started: list[str], level: str) -> tuple[str, dict[str, str], Counter]:
    """What a build says, what it makes of each node, and the events that it writes down."""
    target = project.with_name(f"{level}-{len(started)}")
    (project / "probe.duckdb").unlink(missing_ok=True)
    arguments = f"--target-path {target} --log-path {target} --log-level-file {level}"
    ran = subprocess.run(
        [sys.executable, *started, "build", *LOGS, *arguments.split()],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1 and not ran.stderr, ran.stdout + ran.stderr
    results = json.loads((target / "run_results.json").read_text())["results"]
    made = {node["unique_id"]: f"{node['status']}: {node['compiled_code']}" for node in results}
    return events(ran.stdout), made, events((target / "dbt.log").read_text())


def parse(project: Path, house: str, shared: Path, *arguments: str) -> tuple[bool, dict]:
    """Whether dbt parses everything for a house, and what it knows of the project then."""
    home = project.with_name(house)
    ran = subprocess.run(
        [sys.executable, str(START), "parse", "--target-path", str(home), *LOGS, *arguments],
        cwd=project,
        env=os.environ | {"WAREHOUSE": str(home / "probe.duckdb"), PARSED: str(shared)},
        capture_output=True,
        text=True,
        check=True,
    )
    manifest = json.loads((home / "manifest.json").read_text())
    known = {
        name: {key: value for key, value in node.items() if key != "created_at"}
        for kind in ("nodes", "macros", "unit_tests")
        for name, node in manifest[kind].items()
    }
    return events(ran.stdout)["UnableToPartialParse"] > 0, known


def events(log: str) -> Counter:
    names = (json.loads(line)["info"]["name"] for line in log.splitlines())
    return Counter(name for name in names if name not in BY_CHANCE)


def test_builds_are_those_of_dbts_own_program(project: Path):
    """The same SQL and results, whichever macro wins; the same events in every log."""
    own = build(project, ["-c", OWN], "debug")
    said, made, _ = own
    assert sorted(result.partition(":")[0] for result in made.values()) == [
        *("fail", "pass", "pass", "success", "success")
    ]
    assert build(project, [str(START)], "debug") == own
    _, _, written = build(project, [str(START)], "info")
    assert written == said


def test_a_house_begins_with_what_another_has_parsed(project: Path):
    """And a run of its own day, too; not one that another variable may parse otherwise."""
    profile = project / "profiles.yml"
    profile.write_text(
        profile.read_text().replace("probe.duckdb", "\"{{ env_var('WAREHOUSE') }}\"")
    )
    shared = project / "target" / "parsed" / "duckdb.msgpack"
    everything, first = parse(project, "first", shared)
    assert everything
    assert parse(project, "second", shared) == (False, first)
    assert parse(project, "second", shared, "--vars", "as_of_date: 2026-01-31") == (False, first)
    kept = shared.read_bytes()
    everything, _ = parse(project, "second", shared, "--vars", "domains: [wallet]")
    assert everything and shared.read_bytes() == kept
    assert [file.name for file in shared.parent.iterdir()] == [shared.name]


def test_a_project_that_may_only_be_read_is_parsed_into_the_house(project: Path):
    # A file where the folder would be: it stands in the way of whoever runs the test.
    (project / "target").write_text("in the way")
    shared = project / "target" / "parsed" / "duckdb.msgpack"
    everything, first = parse(project, "first", shared)
    assert everything
    assert parse(project, "first", shared) == (False, first)


def test_a_damaged_parse_is_made_anew(project: Path):
    shared = project.with_name("duckdb.msgpack")
    shared.write_bytes(b"cut off")
    parse(project, "first", shared)
    assert shared.read_bytes() != b"cut off"


def test_dbt_is_of_the_version_that_was_read():
    """Of another one it is to be read again: until then dbt starts as it is."""
    [read_in] = [
        line.partition(" = ")[2].strip('"')
        for line in START.read_text().splitlines()
        if line.startswith("READ_IN")
    ]
    assert version("dbt-core").startswith(read_in)


@pytest.mark.parametrize("read_in", ["1.11.", "0."])
def test_dbt_of_another_version_starts_as_it_is(read_in: str):
    started = START.read_text().replace('READ_IN = "1.11."', f'READ_IN = "{read_in}"')
    look = """
import sys
sys.argv = ["dbt", "--version"]
try:
    exec(compile(sys.stdin.read(), "start.py", "exec"))
except SystemExit:
    pass
from dbt.context.macros import MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt_common.events.event_manager_client import get_event_manager
for part in (MacroNamespaceBuilder.build_namespace, ManifestContext.to_dict, get_event_manager()):
    print("made here:", getattr(part, "__module__", "") == "__main__")
"""
    printed = subprocess.run(
        [sys.executable, "-P", "-c", look], input=started, capture_output=True, text=True
    ).stdout
    assert printed.count(f"made here: {read_in == '1.11.'}") == 3, printed
