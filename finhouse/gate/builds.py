"""Base and head, both built on copies of the frozen input.

The base is the commit's own files, built with the environment the head is built with: the packages
installed now, Python's and dbt's alike. The head starts from a copy of the base's *built* warehouse
and rebuilds what it changes and what depends on that, so its warehouse is whole afterwards. Both
files bear the same name, which is the database's name to DuckDB: views find their tables in the
copy, and compiled SQL is compared without a difference that the code did not make.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from finhouse.console import console, step
from finhouse.dbt.manifest import read_manifest
from finhouse.dbt.packages import COMPATIBLE, install_dbt_packages, packages_in_use
from finhouse.dbt.process import run_dbt
from finhouse.dbt.results import read_results
from finhouse.errors import NodesFailedError, TransformError
from finhouse.gate.commits import Commit, extract, is_unchanged
from finhouse.gate.empty_sources import create_missing_sources
from finhouse.gate.inputs import FrozenInput
from finhouse.gate.model_changes import (
    RELATIONS,
    Version,
    read_variables,
    to_build,
    to_try_without_rows,
)
from finhouse.gate.workspace import gate_home, is_made, put_in_place
from finhouse.settings import Settings
from finhouse.transform import build_marts
from finhouse.warehouse import open_warehouse
from finhouse.warehouse.base import quoted

PROJECT_FILES = ("dbt_project", "profiles.yml")


@dataclass(frozen=True)
class Built:
    """One version of the project, built.

    Attributes:
        settings: its home, with warehouse and dbt artefacts, and its files.
        manifest: dbt's manifest; every model has its ``compiled_code``.
        rebuilt: unique ids of the models, seeds and snapshots this build made itself.
        said: in words, what it made and tested.
    """

    settings: Settings
    manifest: Mapping[str, Any]
    rebuilt: frozenset[str]
    said: str = ""

    @property
    def version(self) -> Version:
        return Version(self.manifest, read_variables(self.settings.dbt_project))

    @property
    def warehouse(self) -> Path:
        return self.settings.duckdb_path

    @property
    def project(self) -> Path:
        """The folder of its dbt_project/, superset/ and CHANGELOG.md."""
        return self.settings.project_root


@dataclass(frozen=True)
class Pair:
    """Both versions, and what they were built from; ``without_rows`` as in ``Change``."""

    commit: Commit
    frozen: FrozenInput
    base: Built
    head: Built
    without_rows: tuple[str, ...] = ()


def build_base(settings: Settings, commit: Commit, frozen: FrozenInput) -> Built:
    """Build the seeds and models of ``commit``, unless that has been done on this input.

    Data tests are left out: the base passed them when it was merged.

    Raises:
        TransformError: the commit does not build.
    """
    folder = gate_home(settings) / "base"
    key = " ".join(
        [commit.tree, frozen.key, frozen.loaded_until.isoformat(), _environment(settings)]
    )
    base = _version(settings, folder, folder / "project")
    if is_made(folder, key) and (manifest := _kept_manifest(base)):
        console.print(f"Base {commit.short} ({commit.chosen_as}), as built before")
    else:
        with step(f"Base {commit.short} ({commit.chosen_as}): dbt build on the frozen input"):
            _make_base(settings, commit, frozen, folder, key)
        manifest = read_manifest(base)
    return Built(base, manifest, frozenset())


def _kept_manifest(base: Settings) -> Mapping[str, Any] | None:
    """The manifest of a base that was built before; None where the base must be built again."""
    try:
        return read_manifest(base)
    except TransformError as error:
        console.print(f"  {error.message}", markup=False)
        return None


def _make_base(
    settings: Settings, commit: Commit, frozen: FrozenInput, folder: Path, key: str
) -> None:
    part = folder.with_name("base.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    base = _version(settings, part, part / "project")
    extract(settings.project_root, commit, base.project_root)
    _install_packages(settings, base)
    shutil.copyfile(frozen.warehouse, base.duckdb_path)
    if frozen.absent:
        create_missing_sources(base, _compiled(base, frozen.variables))
    try:
        build_marts(base, variables=frozen.variables, options=["--resource-type", *RELATIONS])
    except TransformError as error:
        raise type(error)(
            f"the base {commit.short} ({commit.chosen_as}) does not build: {error.message}",
            "fix the base first, or compare with another one: --base REF",
        ) from error
    put_in_place(part, folder, key)


@dataclass(frozen=True)
class Change:
    """The work tree held against the base, before anything of it is built.

    Attributes:
        head: home and files of the work tree; its warehouse is a copy of the base's.
        manifest: dbt's manifest of the head, every model with its ``compiled_code``.
        selection: what to build, as dbt's --select has it; empty where nothing differs.
        variables: variables of dbt that both builds share.
        without_rows: raw tables that the demo company does not have, as ``schema.table``.
    """

    head: Settings
    manifest: Mapping[str, Any]
    selection: tuple[str, ...]
    variables: Mapping[str, object]
    without_rows: tuple[str, ...] = ()


def head_settings(settings: Settings) -> Settings:
    """The work tree with a home in the gate's."""
    return _version(settings, gate_home(settings) / "head", settings.project_root)


def compile_head(settings: Settings, base: Built, commit: Commit, frozen: FrozenInput) -> Change:
    """Compile the work tree and find out what differs from the base.

    Raises:
        TransformError: the project does not compile.
    """
    head = head_settings(settings)
    head.home.mkdir(exist_ok=True)
    _copy_warehouse(base.settings, head)
    variables = frozen.variables
    if is_unchanged(settings.project_root, commit, PROJECT_FILES):
        console.print("  no file of the dbt project differs from the base: nothing to build")
        return Change(head, base.manifest, (), variables)
    manifest = _compiled(head, variables)
    _drop_what_is_gone(head, base.manifest, manifest)
    without_rows = {*create_missing_sources(head, manifest), *frozen.absent}
    now = Version(manifest, read_variables(head.dbt_project))
    return Change(
        head, manifest, to_build(base.version, now), variables, tuple(sorted(without_rows))
    )


def try_empty(change: Change) -> str:
    """Run the unit tests of what changed, and build it without rows; say how many of each.

    What lies below it waits for the build with rows.

    Raises:
        NodesFailedError: unit tests or models fail; each is named with its reason.
    """
    warehouse = change.head.duckdb_path
    kept = warehouse.with_name("kept")
    # In the same place, where dbt has parsed the project; elsewhere it would parse it again.
    shutil.copyfile(warehouse, kept)
    try:
        selection = to_try_without_rows(change.selection, change.manifest)
        return _build(change, selection, leave_out="test", options=["--empty"]).said
    finally:
        _remove_warehouse(change.head)
        kept.replace(warehouse)


def build_head(change: Change) -> Built:
    """Build what changed and all that lies below it, on the frozen input, and run its data tests.

    Raises:
        NodesFailedError: models or data tests fail; each is named with its reason and rows.
    """
    outcome = _build(change, change.selection)
    return Built(change.head, change.manifest, outcome.made, outcome.said)


def _compiled(project: Settings, variables: Mapping[str, object]) -> dict[str, Any]:
    """The manifest with the SQL of every model and snapshot."""
    code = run_dbt(
        project,
        [
            *("--quiet", "compile", "--vars", json.dumps(variables)),
            *("--select", "resource_type:model", "resource_type:snapshot"),
        ],
    )
    if code:
        raise TransformError(
            f"the dbt project of {project.project_root} does not compile (exit code {code})",
            "read dbt's message above; `make dbt ARGS=compile` shows the same",
        )
    return read_manifest(project)


@dataclass(frozen=True)
class _Outcome:
    """Unique ids of the models and seeds made, and the same in words."""

    made: frozenset[str]
    said: str


def _build(
    change: Change,
    selection: Sequence[str],
    leave_out: str = "unit_test",
    options: Sequence[str] = (),
) -> _Outcome:
    """Build a selection of the head."""
    if not selection:
        return _Outcome(frozenset(), "nothing to build")
    try:
        summary = build_marts(
            change.head,
            variables=change.variables,
            leave_out=leave_out,
            options=[*options, "--select", *selection],
        )
    except NodesFailedError as error:
        raise NodesFailedError(
            error.message,
            "fix the model, or the test where the rule itself has changed; then run the gate again",
        ) from error
    results = read_results(change.head)["results"]
    made = frozenset(
        result["unique_id"]
        for result in results
        if result["unique_id"].partition(".")[0] in RELATIONS
    )
    tests = sum(result["unique_id"].partition(".")[0].endswith("test") for result in results)
    return _Outcome(
        made,
        f"{len(made)} models, seeds and snapshots built, {tests} tests run, "
        f"{summary.warned} warnings",
    )


def _copy_warehouse(source: Settings, target: Settings) -> None:
    _remove_warehouse(target)
    shutil.copyfile(source.duckdb_path, target.duckdb_path)


def _remove_warehouse(settings: Settings) -> None:
    """Remove the file, with its write-ahead log should there be one."""
    for file in settings.home.glob(f"{settings.duckdb_path.name}*"):
        file.unlink()


def _drop_what_is_gone(
    head: Settings, base: Mapping[str, Any], manifest: Mapping[str, Any]
) -> None:
    """Drop from the head's warehouse what only the base makes, so that nothing reads it."""
    kept = set(_relations(manifest).values())
    gone = [relation for relation in _relations(base).values() if relation not in kept]
    if not gone:
        return
    with open_warehouse(head) as warehouse:
        for schema, name in gone:
            rows = warehouse.execute(
                "select table_type from information_schema.tables"
                " where table_schema = $1 and table_name = $2",
                (schema, name),
            )
            for (kind,) in rows:
                what = "view" if kind == "VIEW" else "table"
                warehouse.execute(f"drop {what} {quoted(schema)}.{quoted(name)}")


def _relations(manifest: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Unique id -> schema and name of each table or view that dbt makes."""
    return {
        unique_id: (node["schema"], node.get("alias") or node["name"])
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in RELATIONS
    }


def _version(settings: Settings, home: Path, project_root: Path) -> Settings:
    return replace(settings, home=home, target="duckdb", project_root=project_root)


def _environment(settings: Settings) -> str:
    """What builds beside the project's own files."""
    packages = packages_in_use(settings)
    return " ".join([*(f"{name} {version(name)}" for name in ("dbt-core", "dbt-duckdb")), packages])


def _install_packages(settings: Settings, base: Settings) -> None:
    """Give the base the dbt packages of the head; its own compatibility package where that is used.

    The hub is not asked: a base of yesterday shall not wait for it.
    """
    if packages_in_use(settings) == COMPATIBLE:
        install_dbt_packages(base, offline=True)
        return
    ours = settings.dbt_project / "dbt_packages"
    (base.dbt_project / "dbt_packages").symlink_to(os.path.relpath(ours, base.dbt_project))
