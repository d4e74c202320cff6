"""CODEOWNERS is what the marts' owners make of it, and gives every file of a mart to its owner."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from finhouse.documentation.codeowners import (
    MARTS_FOLDER,
    PLATFORM,
    codeowners_path,
    render_codeowners,
    team,
)
from finhouse.errors import ConfigurationError
from finhouse.settings import PROJECT_ROOT


def reviewers(text: str, path: Path) -> str:
    """Who reviews ``path``, relative to the repository: the last pattern that matches decides."""
    rules = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return [
        owner
        for pattern, owner in rules
        if pattern == "*" or fnmatchcase(f"/{path.as_posix()}", pattern)
    ][-1]


def write_mart(root: Path, name: str, meta: dict) -> None:
    folder = root / MARTS_FOLDER / "wallet"
    folder.mkdir(parents=True, exist_ok=True)
    model = {"name": name, "config": {"meta": meta}}
    (folder / f"{name}.yml").write_text(yaml.safe_dump({"models": [model]}), encoding="utf-8")


def test_the_committed_file_is_what_the_command_writes():
    committed = codeowners_path(PROJECT_ROOT).read_text(encoding="utf-8")
    assert committed == render_codeowners(PROJECT_ROOT), "run `finhouse codeowners` and commit it"


def test_every_file_of_a_mart_belongs_to_its_owner():
    text = render_codeowners(PROJECT_ROOT)
    checked = 0
    for path in (PROJECT_ROOT / MARTS_FOLDER).rglob("*.yml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for model in content.get("models", []):
            name, owner = model["name"], team(model["config"]["meta"]["owner"])
            files = [*path.parent.glob(f"{name}.*"), *path.parent.glob(f"*{name}__unit_tests.yml")]
            assert path.parent / f"{name}.sql" in files
            for file in files:
                assert reviewers(text, file.relative_to(PROJECT_ROOT)) == owner, file
            checked += 1
    assert checked > 0
    assert reviewers(text, Path("README.md")) == team(PLATFORM)


def test_owners_are_teams(tmp_path: Path):
    write_mart(tmp_path, "dim_users", {"owner": "Customer success"})
    assert (
        "/dbt_project/models/marts/wallet/dim_users.* @finhouse/customer-success\n"
        in render_codeowners(tmp_path)
    )


def test_a_mart_without_an_owner_is_named(tmp_path: Path):
    write_mart(tmp_path, "dim_users", {"grain": ["user_id"]})
    with pytest.raises(ConfigurationError, match=r"dim_users") as caught:
        render_codeowners(tmp_path)
    assert "owner" in caught.value.remedy
