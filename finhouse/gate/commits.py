"""Which commit a change is measured against, and its files as they were."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from finhouse.errors import ConfigurationError
from finhouse.gate.sql_text import bare

MAIN_BRANCHES = ("origin/main", "main")


@dataclass(frozen=True)
class Commit:
    """A commit of the project.

    Attributes:
        id: its full hash.
        tree: hash of its content; equal for commits of equal files.
        chosen_as: why it is the base, in words.
    """

    id: str
    tree: str
    chosen_as: str

    @property
    def short(self) -> str:
        return self.id[:9]


def base_commit(root: Path, ref: str | None = None) -> Commit:
    """The commit a change in ``root`` is measured against.

    Args:
        root: the project, in a git repository.
        ref: any name git knows; default where the branch left main; on main itself the last
            commit while files are uncommitted, else the one before.

    Raises:
        ConfigurationError: there is no repository or no such commit.
    """
    if not _knows(root, "HEAD"):
        raise ConfigurationError(
            f"{root} is no git repository with a commit in it, so there is nothing to compare with",
            "run the gate in a clone of the project",
        )
    if ref:
        return _commit(root, ref, f"`{ref}`")
    main = next((name for name in MAIN_BRANCHES if _knows(root, name)), None)
    if main is None:
        raise ConfigurationError(
            f"neither {' nor '.join(MAIN_BRANCHES)} is known in {root}",
            "run `git fetch origin main`, or name the base: finhouse gate moves --base REF",
        )
    fork = _git(root, "merge-base", "HEAD", main)
    if fork is None:
        raise ConfigurationError(
            f"HEAD and {main} have no commit in common in {root}: the clone is shallow",
            "run `git fetch --unshallow` (in CI: fetch-depth: 0), or name the base with --base REF",
        )
    if fork != _git(root, "rev-parse", "HEAD"):
        return _commit(root, fork, f"where the branch left {main}")
    if _git(root, "status", "--porcelain"):
        return _commit(root, "HEAD", "the last commit, as files are uncommitted")
    return _commit(root, "HEAD~1", "the commit before the last")


def is_unchanged(root: Path, commit: Commit, paths: Sequence[str]) -> bool:
    """Whether the work tree has these files and folders exactly as ``commit`` has them."""
    return (
        _git(root, "diff", "--quiet", commit.id, "--", *paths) is not None
        and _git(root, "ls-files", "--others", "--exclude-standard", "--", *paths) == ""
    )


def differs_in_comments_alone(root: Path, commit: Commit, paths: Sequence[str]) -> bool:
    """Whether these files and folders have the same SQL, and nothing else but prose is different.

    A doc block in Markdown is prose; a YAML file may be a test or a setting, and counts.
    """
    listed = _git(root, "diff", "--name-status", "--no-renames", commit.id, "--", *paths)
    new = _git(root, "ls-files", "--others", "--exclude-standard", "--", *paths)
    if listed is None or new:
        return False
    changed = [line.split("\t", 1) for line in listed.splitlines()]
    return all(
        name.endswith(".md")
        or (kind == "M" and name.endswith(".sql") and _is_same_sql(root, commit, name))
        for kind, name in changed
    )


def _is_same_sql(root: Path, commit: Commit, name: str) -> bool:
    top = Path(_git(root, "rev-parse", "--show-toplevel") or root)
    before = _git(root, "show", f"{commit.id}:{name}") or ""
    return bare(before) == bare((top / name).read_text(encoding="utf-8"))


def changed_files(root: Path, commit: Commit, *paths: str) -> list[str]:
    """Files of the work tree under ``paths`` that ``commit`` does not have as they are now."""
    differing = _git(root, "diff", "--name-only", "--diff-filter=d", commit.id, "--", *paths)
    new = _git(root, "ls-files", "--others", "--exclude-standard", "--", *paths)
    return sorted(filter(None, f"{differing or ''}\n{new or ''}".splitlines()))


def file_at(root: Path, commit: Commit, path: Path) -> str:
    """The text of one file as ``commit`` has it, by its path within the project; empty for none."""
    return _git(root, "show", f"{commit.id}:./{path.as_posix()}") or ""


def extract(root: Path, commit: Commit, folder: Path) -> None:
    """Write the files of ``commit`` into ``folder``; repository and work tree stay as they are."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", commit.id], cwd=root, capture_output=True, check=True
    )
    folder.mkdir(parents=True, exist_ok=True)
    # By tar: the filter that keeps Python's tarfile inside the folder is there from 3.11.4 on.
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)


def _commit(root: Path, ref: str, chosen_as: str) -> Commit:
    found = _git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if found is None:
        raise ConfigurationError(
            f"git knows no commit {ref} in {root}",
            "fetch it (in CI: fetch-depth: 0), or name another base with --base REF",
        )
    tree = _git(root, "rev-parse", f"{found}^{{tree}}")
    return Commit(found, tree or found, chosen_as)


def _knows(root: Path, ref: str) -> bool:
    return _git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") is not None


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, or None where it fails."""
    try:
        result = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ConfigurationError(
            "git is not installed, and the gate compares commits", "install git"
        ) from error
    return result.stdout.strip() if result.returncode == 0 else None
