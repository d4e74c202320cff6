"""Which commit the gate compares with, in real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.gate.commits import (
    base_commit,
    changed_files,
    differs_in_comments_alone,
    extract,
    is_unchanged,
)
from finhouse.gate.workspace import exclusive, is_made, put_in_place
from finhouse.settings import Settings


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@b.invalid"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path, content: str) -> str:
    (folder / "file").write_text(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", content)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "one")
    return folder


def test_a_branch_is_measured_from_where_it_left_main(repository: Path):
    fork = commit(repository, "two")
    git(repository, "switch", "-qc", "feature")
    commit(repository, "three")
    git(repository, "switch", "-q", "main")
    commit(repository, "main goes on")
    git(repository, "switch", "-q", "feature")
    assert base_commit(repository).id == fork


def test_on_main_uncommitted_files_are_measured_from_the_last_commit(repository: Path):
    first = git(repository, "rev-parse", "HEAD")
    last = commit(repository, "two")
    assert base_commit(repository).id == first
    (repository / "new").write_text("x")
    assert base_commit(repository).id == last


def test_a_named_base_wins(repository: Path):
    first = git(repository, "rev-parse", "HEAD")
    commit(repository, "two")
    commit(repository, "three")
    assert base_commit(repository, "HEAD~2").id == first


def test_what_is_not_there_is_named_with_its_remedy(repository: Path, tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"no commit nowhere[\s\S]*fetch"):
        base_commit(repository, "nowhere")
    with pytest.raises(ConfigurationError, match=r"no commit HEAD~1[\s\S]*--base"):
        base_commit(repository)  # a first commit has no parent
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="no git repository"):
        base_commit(tmp_path / "empty")


def test_a_shallow_clone_is_told_to_fetch(repository: Path, tmp_path: Path):
    commit(repository, "two")
    git(repository, "switch", "-qc", "feature")
    commit(repository, "three")
    clone = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=feature", f"file://{repository}", "shallow")
    with pytest.raises(ConfigurationError, match="git fetch origin main"):
        base_commit(clone)
    git(clone, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    with pytest.raises(ConfigurationError, match="--unshallow"):
        base_commit(clone)


def test_files_are_taken_out_as_they_were(repository: Path, tmp_path: Path):
    found = base_commit(repository, "HEAD")
    commit(repository, "two")
    extract(repository, found, tmp_path / "then")
    assert (tmp_path / "then" / "file").read_text() == "one"
    assert (repository / "file").read_text() == "two"
    assert git(repository, "status", "--porcelain") == ""


def test_changed_new_and_deleted_files_are_seen_but_not_ignored_ones(repository: Path):
    (repository / ".gitignore").write_text("ignored\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "ignore")
    found = base_commit(repository, "HEAD")
    (repository / "ignored").write_text("x")
    assert is_unchanged(repository, found, ["."])
    assert changed_files(repository, found, ".") == []
    (repository / "new").write_text("x")
    assert not is_unchanged(repository, found, ["."])
    assert changed_files(repository, found, ".") == ["new"]
    (repository / "new").unlink()
    (repository / "file").unlink()
    assert not is_unchanged(repository, found, ["."])


def test_a_folder_counts_only_when_it_is_whole_and_of_its_key(tmp_path: Path):
    part, folder = tmp_path / "part", tmp_path / "folder"
    part.mkdir()
    assert not is_made(folder, "a")
    put_in_place(part, folder, "a")
    assert is_made(folder, "a")
    assert not is_made(folder, "b")
    folder.joinpath("key").unlink()  # what a kill before the end leaves
    assert not is_made(folder, "a")


def test_two_gates_do_not_share_a_home(tmp_path: Path):
    settings = Settings(home=tmp_path, landing=tmp_path)
    with (
        exclusive(settings),
        pytest.raises(WarehouseError, match="another gate"),
        exclusive(settings),
    ):
        pass
    with exclusive(settings):
        pass


@pytest.mark.parametrize(
    ("name", "text", "is_still"),
    [
        ("a.sql", "select 1 -- one\n", True),
        ("a.sql", "select 2\n", False),
        ("b.md", "Other prose.\n", True),
        ("c.yml", "a: 1 # one\n", False),
        ("new.sql", "select 1\n", False),
        ("new.md", "Prose.\n", False),
        ("a.sql", None, False),
    ],
)
def test_comments_and_prose_are_told_from_changes(
    repository: Path, name: str, text: str | None, is_still: bool
):
    for file, content in (("a.sql", "select 1\n"), ("b.md", "Prose.\n"), ("c.yml", "a: 1\n")):
        (repository / file).write_text(content)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "three files")
    base = base_commit(repository, "HEAD")
    assert differs_in_comments_alone(repository, base, ["."])
    if text is None:
        (repository / name).unlink()
    else:
        (repository / name).write_text(text)
    assert differs_in_comments_alone(repository, base, ["."]) is is_still
