"""Format and lint: ruff for Python, yamllint for YAML, sqlfluff for SQL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from finhouse.dbt.manifest import Manifest, Node
from finhouse.errors import GateError
from finhouse.gate.commits import Commit, changed_files, is_unchanged

PYTHON_FOLDERS = ("finhouse", "airflow", "notebooks", "tests")
SQL_FOLDERS = ("dbt_project/models", "dbt_project/tests")
_DBT = Path("dbt_project")
# Where one of these differs, what was clean in the base may not be so any more.
_SQL_CONTEXT = (".sqlfluff", "dbt_project/sqlfluff_library", "requirements")
_YAML_CONTEXT = (".yamllint", "requirements")


def lint_python(root: Path) -> None:
    """Check and format-check all Python.

    Raises:
        GateError: ruff found something.
    """
    for arguments, remedy in (
        (["ruff", "check", "--quiet", *PYTHON_FOLDERS], "correct it; `ruff check --fix` does most"),
        (["ruff", "format", "--check", "--quiet", *PYTHON_FOLDERS], "run `ruff format`"),
    ):
        _run(root, arguments, "Python", remedy)


def lint_yaml(root: Path, base: Commit | None = None) -> str:
    """Check the YAML that differs from ``base``, or all of it; say which.

    Raises:
        GateError: yamllint found something.
    """
    if base is None or not is_unchanged(root, base, _YAML_CONTEXT):
        files, said = ["."], "all YAML"
    else:
        files = [f for f in changed_files(root, base, ".") if f.endswith((".yml", ".yaml"))]
        said = f"{len(files)} files that differ"
    if files:
        _run(root, ["yamllint", "--strict", *files], "YAML", "correct the lines above")
    return said


def lint_sql(root: Path, base: Commit, manifest: Manifest) -> int:
    """Check the SQL that differs from ``base``, or all of it; return the number of files.

    A file's findings depend on the file, the settings and the macros it calls: one that was clean
    in the base and calls the same macros is clean now.

    Args:
        manifest: dbt's, of the work tree.

    Raises:
        GateError: sqlfluff found something.
    """
    if not is_unchanged(root, base, _SQL_CONTEXT):
        files = list(SQL_FOLDERS)
        count = sum(1 for folder in files for _ in (root / folder).rglob("*.sql"))
    else:
        macros = changed_files(root, base, "dbt_project/macros")
        changed = {*changed_files(root, base, *SQL_FOLDERS), *files_that_call(manifest, macros)}
        files = sorted(name for name in changed if name.endswith(".sql"))
        count = len(files)
    if files:
        command = ["sqlfluff", "lint", "--disable-progress-bar", "--processes", "0", *files]
        _run(root, command, "SQL", "run `sqlfluff fix` on the file, or correct the lines above")
    return count


def files_that_call(manifest: Manifest, macro_files: Iterable[str]) -> set[str]:
    """SQL files of models and singular tests that call a macro of these files, at any remove."""
    wanted = set(macro_files)
    macros = manifest["macros"]
    called = {name for name, macro in macros.items() if _file_of(macro) in wanted}
    while callers := {
        name for name in macros.keys() - called if called & set(_macros_called(macros[name]))
    }:
        called |= callers
    nodes = manifest["nodes"].values()
    found = {_file_of(node) for node in nodes if called & set(_macros_called(node))}
    return {name for name in found if name.startswith(SQL_FOLDERS)}


def _macros_called(node: Node) -> list[str]:
    return node["depends_on"].get("macros", [])


def _file_of(node: Node) -> str:
    return (_DBT / node["original_file_path"]).as_posix()


def _run(root: Path, command: Sequence[str], what: str, remedy: str) -> None:
    tool = Path(sys.executable).with_name(command[0])
    result = subprocess.run([str(tool), *command[1:]], cwd=root, capture_output=True, text=True)
    if result.returncode:
        said = f"{result.stdout.strip()}\n{result.stderr.strip()}".strip()
        raise GateError(f"{command[0]} finds fault with the {what}:\n{said}", remedy)
