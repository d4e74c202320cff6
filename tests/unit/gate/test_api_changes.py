"""The gate's look at the API: its snapshot, and what breaks callers without a word."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from finhouse.api.openapi import snapshot_path, snapshot_text
from finhouse.errors import GateError
from finhouse.gate.api_changes import check_api
from finhouse.gate.commits import base_commit

NOW = snapshot_text()


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@b.invalid"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose base has one address more than the API has now."""
    before = json.loads(NOW)
    before["paths"]["/old"] = before["paths"]["/scorecard"]
    snapshot_path(tmp_path).parent.mkdir(parents=True)
    snapshot_path(tmp_path).write_text(json.dumps(before))
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n- **BREAKING** `mau`: another.\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "base")
    snapshot_path(tmp_path).write_text(NOW)
    return tmp_path


def declare(root: Path, line: str) -> None:
    with (root / "CHANGELOG.md").open("a") as file:
        file.write(f"{line}\n")


def test_what_breaks_callers_must_be_declared(root: Path):
    with pytest.raises(GateError, match="breaks callers: GET /old") as error:
        check_api(root, base_commit(root))
    assert "- **BREAKING** API `GET /old`: old: ...; new: ..." in error.value.remedy
    declare(root, "- API `GET /old` is gone.")
    with pytest.raises(GateError, match="breaks callers: GET /old"):
        check_api(root, base_commit(root))
    declare(root, "- **BREAKING** API `GET /old`: old: the card; new: gone.")
    assert check_api(root, base_commit(root)) == len(json.loads(NOW)["paths"])


@pytest.mark.parametrize("text", [None, "{}", NOW.replace("published KPIs", "KPIs")])
def test_the_snapshot_must_be_of_the_api(root: Path, text: str | None):
    declare(root, "- **BREAKING** API `GET /old`: old: the card; new: gone.")
    snapshot_path(root).unlink()
    if text is not None:
        snapshot_path(root).write_text(text)
    with pytest.raises(GateError, match="is not of the API") as error:
        check_api(root, base_commit(root))
    assert "finhouse api openapi" in error.value.remedy


def test_an_api_that_is_new_breaks_nobody(root: Path):
    snapshot_path(root).unlink()
    git(root, "commit", "-qam", "no snapshot yet")
    snapshot_path(root).write_text(NOW)
    assert check_api(root, base_commit(root))
