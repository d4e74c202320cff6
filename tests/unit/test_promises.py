"""Every promise of README has tests that try to break it, and they exist."""

from __future__ import annotations

import ast
import re

from finhouse.settings import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "reference" / "promises.md").read_text(encoding="utf-8")
README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([^|]+) \| (.*) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_promise_is_tried():
    promised = re.findall(r"^- \*\*(.+?)\.\*\*", README.partition("## What it promises")[2], re.M)
    tried = {promise: TEST.findall(tests) for promise, tests in ROW.findall(PAGE)}
    assert promised and set(promised) == tried.keys() - {"promise", "---"}
    assert all(tried[promise] for promise in promised)


def test_every_test_that_is_named_exists():
    for file, name in TEST.findall(PAGE):
        tree = ast.parse((PROJECT_ROOT / file).read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in functions, f"{file} has no {name}"
