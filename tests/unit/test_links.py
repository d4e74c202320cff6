"""Every relative link of the documentation leads somewhere, heading included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from finhouse.settings import PROJECT_ROOT

# What `make docs` writes is not in the repository.
GENERATED = PROJECT_ROOT / "docs" / "site"
PAGES = sorted(
    path.relative_to(PROJECT_ROOT)
    for path in (*PROJECT_ROOT.glob("*.md"), *(PROJECT_ROOT / "docs").rglob("*.md"))
    if GENERATED not in path.parents
)
_CODE = re.compile(r"^```.*?^```|^ {3}```.*?^ {3}```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links(text: str) -> Iterator[tuple[str, str]]:
    """Path and heading of each relative link outside of code; either may be empty."""
    for target in _LINK.findall(_CODE.sub("", text)):
        if "://" not in target and not target.startswith("mailto:"):
            path, _, heading = target.partition("#")
            yield path, heading


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in _HEADING.findall(text)
    }


@pytest.mark.parametrize("name", PAGES, ids=str)
def test_links_resolve(name: Path):
    page = PROJECT_ROOT / name
    broken = []
    for path, heading in links(page.read_text(encoding="utf-8")):
        target = page.parent / path if path else page
        if not target.exists() or (heading and heading not in anchors(target)):
            broken.append(f"{path}#{heading}" if heading else path)
    assert not broken, f"{name}: {', '.join(broken)}"


def test_the_index_lists_every_page():
    docs = PROJECT_ROOT / "docs"
    index = docs / "README.md"
    listed = {(docs / path).resolve() for path, _ in links(index.read_text(encoding="utf-8"))}
    pages = {(PROJECT_ROOT / name).resolve() for name in PAGES if name.parts[0] == "docs"}
    assert pages - listed == {index.resolve()}


def test_paths_of_pages_in_code_and_messages_exist():
    """Errors, comments and settings cite pages by their path from the root."""
    cited = {
        (str(path.relative_to(PROJECT_ROOT)), page)
        for folder in ("finhouse", "airflow", "dbt_project/macros", "tests", "requirements")
        for path in (PROJECT_ROOT / folder).rglob("*")
        if path.suffix in (".py", ".yml", ".sql", ".in")
        for page in re.findall(r"docs/[\w/-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert cited
    assert {entry for entry in cited if not (PROJECT_ROOT / entry[1]).exists()} == set()
