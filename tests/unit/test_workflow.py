"""The workflow on GitHub calls our own commands, with no more rights than each job needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from finhouse.gate.report import MARKER
from finhouse.settings import PROJECT_ROOT

WORKFLOW = PROJECT_ROOT / ".github" / "workflows" / "ci.yml"


@pytest.fixture(scope="module")
def workflow() -> dict:
    # YAML reads the key `on` as a truth value.
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))


def steps(workflow: dict) -> Iterator[tuple[dict, dict]]:
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            yield job, step


def test_it_runs_on_pull_requests_without_their_targets_rights(workflow: dict):
    assert "pull_request" in workflow[True]
    assert "pull_request_target" not in WORKFLOW.read_text(encoding="utf-8")
    assert workflow["permissions"] == {}


def test_who_may_write_runs_nothing_of_the_change(workflow: dict):
    for job in workflow["jobs"].values():
        if "write" in job["permissions"].values():
            assert not [s for s in job["steps"] if "checkout" in s.get("uses", "")]
            assert not [s for s in job["steps"] if "make" in s.get("run", "")]
        else:
            assert job["permissions"] == {"contents": "read"}


def test_actions_are_pinned_and_leave_no_credential(workflow: dict):
    for _, step in steps(workflow):
        if "uses" in step:
            assert re.search(r"@[0-9a-f]{40}$", step["uses"]), step["uses"]
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_its_commands_are_ours(workflow: dict):
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    called = {
        match
        for _, step in steps(workflow)
        for match in re.findall(r"^make ([a-z-]+)", step.get("run", ""), flags=re.MULTILINE)
    }
    assert called <= targets and {"ci", "test-all"} <= called


def test_the_comment_is_found_again_by_what_the_report_begins_with(workflow: dict):
    [comment] = [s for _, s in steps(workflow) if "OURS" in s.get("env", {})]
    [begins] = re.findall(r'startswith\("([^"]+)"\)', comment["env"]["OURS"])
    assert MARKER.startswith(begins)
