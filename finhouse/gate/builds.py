"""Base and head, both built on copies of the frozen input.

The base is the commit's own files, built with the environment the head is built with: the packages
installed now, Python's and dbt's alike. The head starts from a copy of the base's *built* warehouse
and makes anew what it changes and what lies below that, so its warehouse is whole afterwards. Both
files bear the same name, which is the database's name to DuckDB: views find their tables in the
copy, and ``state:modified`` sees no difference that the code did not make.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from finhouse.console import console, step
from finhouse.dbt_packages import COMPATIBLE, install_dbt_packages, packages_in_use
from finhouse.dbt_results import read_manifest
from finhouse.errors import NodesFailedError, TransformError
from finhouse.gate.commits import Commit, base_commit, extract, is_unchanged
from finhouse.gate.folders import gate_home, is_made, put_in_place
from finhouse.gate.inputs import DEFAULT_SCALE, FrozenInput, frozen_input
from finhouse.settings import Settings
from finhouse.transform import build_marts, run_dbt
from finhouse.warehouse import open_warehouse
from finhouse.warehouse.base import quoted

PROJECT_FILES = ("dbt_project", "profiles.yml")
_RELATIONS = ("model", "seed", "snapshot")


@dataclass(frozen=True)
class Built:
    """One version of the project, built.

    Attributes:
        settings: its home, with warehouse and dbt artefacts, and its files.
        manifest: dbt's manifest; every model has its ``compiled_code``.
        rebuilt: unique ids of the models and seeds this build made itself.
    """

    settings: Settings
    manifest: Mapping[str, Any]
    rebuilt: frozenset[str]

    @property
    def warehouse(self) -> Path:
        return self.settings.duckdb_path

    @property
    def project(self) -> Path:
        """The folder of its dbt_project/, superset/ and CHANGELOG.md."""
        return self.settings.project_root


def build_base(settings: Settings, commit: Commit, frozen: FrozenInput) -> Built:
    """Build the seeds and models of ``commit``, unless that has been done on this input.

    Data tests are left out: the base passed them when it was merged.

    Raises:
        TransformError: the commit does not build.
    """
    folder = gate_home(settings) / "base"
    key = " ".join([commit.tree, frozen.key, _environment(settings)])
    if is_made(folder, key):
        console.print(f"Base {commit.short} ({commit.chosen_as}), as built before")
    else:
        with step(f"Base {commit.short} ({commit.chosen_as}): dbt build on the frozen input"):
            _make_base(settings, commit, frozen, folder, key)
    base = _version(settings, folder, folder / "project")
    return Built(base, read_manifest(base), frozenset())


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
    try:
        build_marts(
            base, variables=_variables(frozen), options=["--resource-type", "seed", "model"]
        )
    except TransformError as error:
        raise type(error)(
            f"the base {commit.short} ({commit.chosen_as}) does not build: {error.message}",
            "mend the base first, or compare with another one: --base REF",
        ) from error
    put_in_place(part, folder, key)


def build_both(
    settings: Settings, ref: str | None = None, scale: float = DEFAULT_SCALE
) -> tuple[Built, Built]:
    """Build base and head on the frozen input; return both. Hold ``exclusive(settings)``.

    Args:
        ref: the base; see ``base_commit``.
        scale: size of the demo company.

    Raises:
        FinhouseError: there is no base, or one of the two does not build.
    """
    commit = base_commit(settings.project_root, ref)
    frozen = frozen_input(settings, scale)
    base = build_base(settings, commit, frozen)
    return base, build_head(settings, base, commit, frozen)


def build_head(settings: Settings, base: Built, commit: Commit, frozen: FrozenInput) -> Built:
    """Build the work tree: what differs from the base, all that lies below it, and their tests.

    Where no file of the dbt project differs there is nothing to run.

    Raises:
        NodesFailedError: models or data tests fail; each is named with its reason.
        TransformError: the project does not compile.
    """
    home = gate_home(settings) / "head"
    home.mkdir(exist_ok=True)
    head = _version(settings, home, settings.project_root)
    for left_over in home.glob(f"{head.duckdb_path.name}*"):
        left_over.unlink()
    shutil.copyfile(base.warehouse, head.duckdb_path)
    if is_unchanged(settings.project_root, commit, PROJECT_FILES):
        console.print("Head: no file of the dbt project differs from the base, nothing to build")
        return Built(head, base.manifest, frozenset())
    variables = _variables(frozen)
    with step("Head: dbt compile"):
        manifest = _compiled(head, variables)
    _drop_what_is_gone(head, base.manifest, manifest)
    changed = recompiled(base.manifest, manifest)
    with step("Head: dbt build of state:modified+ and its data tests"):
        rebuilt = _build_changes(head, base, variables, changed)
    return Built(head, manifest, rebuilt)


def _compiled(head: Settings, variables: Mapping[str, object]) -> dict[str, Any]:
    """The manifest with every model's SQL."""
    code = run_dbt(
        head,
        ["--quiet", "compile", "--select", "resource_type:model", "--vars", json.dumps(variables)],
    )
    if code:
        raise TransformError(
            f"the dbt project does not compile (exit code {code})",
            "read dbt's message above; `make dbt ARGS=compile` shows the same",
        )
    return read_manifest(head)


def _build_changes(
    head: Settings, base: Built, variables: Mapping[str, object], changed: list[str]
) -> frozenset[str]:
    """Build what changed and all below it; return the unique ids of models and seeds made."""
    selection = ["state:modified+", *(f"{name}+" for name in changed)]
    options = ["--state", str(base.settings.dbt_output), "--select", *selection]
    try:
        summary = build_marts(head, variables=variables, options=options)
    except NodesFailedError as error:
        raise NodesFailedError(
            f"on the frozen input, {error.message}",
            "mend the model, or the test where the rule itself has changed; then run the gate"
            " again",
        ) from error
    results = json.loads((head.dbt_output / "run_results.json").read_text())["results"]
    made = frozenset(
        result["unique_id"]
        for result in results
        if result["unique_id"].partition(".")[0] in _RELATIONS
    )
    console.print(
        f"  {len(made)} models and seeds built, {summary.nodes - len(made)} data tests run,"
        f" {summary.warned} warnings"
    )
    return made


def recompiled(base: Mapping[str, Any], head: Mapping[str, Any]) -> list[str]:
    """Models of both manifests whose SQL is another one.

    dbt's ``state:modified`` compares what is written; a variable of dbt_project.yml that changes
    the SQL of a model whose file is untouched escapes it.
    """
    return sorted(
        node["name"]
        for unique_id, node in head["nodes"].items()
        if node["resource_type"] == "model"
        and unique_id in base["nodes"]
        and node["compiled_code"] != base["nodes"][unique_id]["compiled_code"]
    )


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
        if node["resource_type"] in _RELATIONS
    }


def _version(settings: Settings, home: Path, project_root: Path) -> Settings:
    return replace(settings, home=home, target="duckdb", project_root=project_root)


def _variables(frozen: FrozenInput) -> dict[str, object]:
    return {"build_started_at": frozen.loaded_until.strftime("%Y-%m-%d %H:%M:%S")}


def _environment(settings: Settings) -> str:
    """What builds beside the project's own files."""
    packages = packages_in_use(settings.dbt_project)
    return " ".join([*(f"{name} {version(name)}" for name in ("dbt-core", "dbt-duckdb")), packages])


def _install_packages(settings: Settings, base: Settings) -> None:
    """Give the base the dbt packages of the head; its own compatibility package where that is used.

    The hub is not asked: a base of yesterday shall not wait for it.
    """
    if packages_in_use(settings.dbt_project) == COMPATIBLE:
        install_dbt_packages(base.dbt_project, offline=True)
        return
    ours = settings.dbt_project / "dbt_packages"
    (base.dbt_project / "dbt_packages").symlink_to(os.path.relpath(ours, base.dbt_project))
