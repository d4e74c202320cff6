"""The package has floors: a module imports from below, never from above, and never in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from finhouse.settings import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "finhouse"

# From the ground up; parts of one floor do not know each other. A part stands as low as what it
# does allows, so that it can be used, tested and understood without anything above it.
FLOORS = (
    # What every part says, and how it fails; how it reads YAML; which hosts are this machine.
    {"errors", "console", "hosts", "yaml_text"},
    # Which businesses there are, and which of them this run is about; small files of our own.
    {"domains", "files"},
    # Where things are; servers that outlive a command, and programs that do not; telling somebody;
    # keys that a user gives.
    {"settings", "background", "children", "telling", "keys"},
    # What is loaded from: declared sources, the OLTP database. The embedded server of the latter
    # holds the Postgres warehouse, too, hence its place below the warehouse. What values leave
    # their source as.
    {"sources", "oltp", "pseudonyms"},
    # What runs SQL: the warehouse of the loader, and what Spark and Snowflake need to run.
    {"warehouse", "engines"},
    # The tables of the monitors: a source that the project itself writes.
    {"pulse_tables"},
    # Raw rows, models, and a company to try them on: three crafts that meet in the database alone.
    {"extract_load", "dbt", "demo"},
    # Which columns of dbt's marts a role does not see.
    {"clearances"},
    # What is done with dbt's models: carried to an engine and back, handed to readers, documented.
    {"bridge", "publish", "documentation"},
    # Rows that are past their retention, and all that still holds them; who read which mart.
    {"access_log", "retention"},
    # Copies of the warehouse and the way back; what a kill or a fault has left. Copies for people
    # who may not know whom rows are about.
    {"safety", "masking"},
    # The files of new sources, models and KPIs: read off a catalogue, or off the files there are.
    {"scaffold"},
    # The whole transform; what readers look at.
    {"transform", "scorecard", "dashboards"},
    # Whether the audit trail holds; which days a build speaks for, and the build of a past one; who
    # watches what is published; how a value came about.
    {"audit", "days", "explain", "pulse"},
    # What programs read.
    {"api"},
    # The whole job.
    {"pipeline"},
    # Whoever runs the job to judge it, to time it or by the clock.
    {"bench", "gate", "orchestration", "parity", "real_data"},
    # People.
    {"cli"},
    {"__main__"},
)
# Programs that run in environments of their own, without this package.
ELSEWHERE = ("dashboards/inside", "engines/snowflake_environment")


def module_name(path: Path) -> str:
    """``finhouse/oltp/__init__.py`` -> ``finhouse.oltp``."""
    parts = path.relative_to(PROJECT_ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(path: Path, *, for_types: bool = True) -> Iterator[str]:
    """Modules of the package that a file imports, wherever it does so.

    Args:
        for_types: whether those count that only a type checker reads.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(below)
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        for below in ast.walk(node)
    }
    for node in ast.walk(tree):
        if not for_types and id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: import from finhouse.<...>, not from a relative place"
            within = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else str(node.module) for name in within]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] == PACKAGE.name)


@cache
def imported() -> dict[str, list[str]]:
    """What each module imports; when it is asked for, as every test process collects this file."""
    return {module: sorted(set(imports(path))) for module, path in MODULES.items()}


def part(module: str) -> str:
    """``finhouse.oltp.server`` -> ``oltp``; the empty package itself has no part."""
    return module.removeprefix(PACKAGE.name).removeprefix(".").partition(".")[0]


PARTS = sorted({part(module) for module in MODULES} - {""})


def test_each_part_has_one_floor():
    assert sorted(name for floor in FLOORS for name in floor) == PARTS


@pytest.mark.parametrize("name", PARTS)
def test_a_part_imports_from_below(name: str):
    heights = {found: height for height, floor in enumerate(FLOORS) for found in floor}
    assert [
        f"{module} imports {below}"
        for module, found in imported().items()
        if part(module) == name
        for below in found
        if part(below) not in ("", name) and heights[part(below)] >= heights[name]
    ] == []


def test_no_module_imports_itself_by_way_of_others():
    """At run time: what a company does may name the company's type, which calls it."""
    try:
        TopologicalSorter(
            {module: set(imports(path, for_types=False)) for module, path in MODULES.items()}
        ).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_what_runs_elsewhere_needs_nothing_of_the_package():
    found = {
        module: imported()[module]
        for folder in ELSEWHERE
        for module, path in MODULES.items()
        if path.is_relative_to(PACKAGE / folder)
    }
    assert len(found) > len(ELSEWHERE)
    assert not [module for module, modules in found.items() if modules]
