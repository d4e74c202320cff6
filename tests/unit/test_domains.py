"""The domains as dbt_project.yml declares them, however often they are asked for."""

from __future__ import annotations

from pathlib import Path

from finhouse.domains import declared_domains

PROJECT = "vars: {{domains: {{{}: {{label: Shop}}}}}}"


def test_a_project_that_changes_is_read_again(tmp_path: Path):
    for name in ("shop", "bank"):
        (tmp_path / "dbt_project.yml").write_text(PROJECT.format(name), encoding="utf-8")
        assert list(declared_domains(tmp_path)) == [name]


def test_what_a_caller_changes_is_its_own(tmp_path: Path):
    (tmp_path / "dbt_project.yml").write_text(PROJECT.format("shop"), encoding="utf-8")
    declared_domains(tmp_path)["shop"]["label"] = "Bank"
    assert declared_domains(tmp_path) == {"shop": {"label": "Shop"}}
