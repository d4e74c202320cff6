"""Write the whole documentation into one folder, and refuse it when the marts are not covered."""

from __future__ import annotations

import html
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from finhouse.console import step
from finhouse.dbt.manifest import manifest_in
from finhouse.dbt.process import run_dbt
from finhouse.documentation.coverage import Coverage, coverage, gaps
from finhouse.documentation.lineage_page import write_lineage_page
from finhouse.errors import TransformError
from finhouse.files import read_json
from finhouse.settings import Settings

PAGES = (
    ("dbt.html", "Models and columns", "every model with its columns, tests, SQL and graph"),
    ("lineage.html", "Column lineage", "what each column is made of, and what is made of it"),
    ("coverage.html", "Coverage", "how much is described and tested, model by model"),
)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;"
    "color:#1c2733}table{border-collapse:collapse;width:100%}th,td{padding:.25rem .6rem;"
    "text-align:left;border-bottom:1px solid #d5dde5}td.n,th.n{text-align:right}"
    ".gap{color:#b3261e}a{color:#0b5cad}"
)


def write_site(settings: Settings, folder: Path) -> list[Coverage]:
    """Write dbt's page, the lineage page, the coverage page and an index of them.

    Args:
        settings: names the warehouse, which must have been built: types and columns are its.
        folder: where to; index.html is the page to open.

    Raises:
        TransformError: nothing is built, dbt fails, or a mart is not fully covered.
    """
    if settings.is_file and not settings.duckdb_path.exists():
        # dbt would say so, too, but only once it has parsed and compiled everything.
        raise _nothing_built(settings)
    output = folder / ".dbt"
    folder.mkdir(parents=True, exist_ok=True)
    with step("dbt docs"):
        arguments = ["docs", "generate", "--static", "--quiet", "--target-path", str(output)]
        if code := run_dbt(settings, arguments):
            raise TransformError(
                f"dbt docs generate failed (exit code {code})", "read dbt's message above"
            )
    manifest = manifest_in(output)
    catalog = read_json(
        output / "catalog.json", _catalog, TransformError, f"delete {output} and run it again"
    )
    if not catalog["nodes"]:
        raise _nothing_built(settings)
    shutil.copyfile(output / "static_index.html", folder / "dbt.html")
    with step("Column lineage"):
        write_lineage_page(
            output / "manifest.json", output / "catalog.json", folder / "lineage.html"
        )
    covered = coverage(manifest, catalog)
    (folder / "coverage.html").write_text(_coverage_page(covered), encoding="utf-8")
    (folder / "index.html").write_text(_index_page(), encoding="utf-8")
    missing = gaps(covered)
    if missing:
        raise TransformError(
            f"{len(missing)} gaps in the documentation and tests of the marts:\n"
            + "\n".join(f"  {gap}" for gap in missing),
            "describe each column and test each key in the mart's YAML file",
        )
    return covered


def _catalog(found: Any) -> dict[str, Any]:
    if not isinstance(found["nodes"], dict):
        raise TypeError
    return found


def _nothing_built(settings: Settings) -> TransformError:
    return TransformError(
        f"the {settings.target} warehouse holds no models, so there are no columns to document",
        "run `make build` first",
    )


def shares(covered: Sequence[Coverage]) -> Iterator[tuple[str, int, str, str, str]]:
    """By layer: its name, models, and the shares of columns described, columns checked, keys."""
    for layer in sorted({entry.layer for entry in covered}):
        of_layer = [entry for entry in covered if entry.layer == layer]
        columns = sum(entry.columns for entry in of_layer)
        yield (
            layer,
            len(of_layer),
            _share(sum(entry.described for entry in of_layer), columns),
            _share(sum(entry.checked for entry in of_layer), columns),
            _share(sum(entry.has_tested_key for entry in of_layer), len(of_layer)),
        )


def _share(part: int, whole: int) -> str:
    # Rounded down: 100 % is all of them and nothing less.
    return f"{100 * part // whole} %" if whole else "-"


def _index_page() -> str:
    items = "".join(
        f'<li><a href="{file}">{title}</a>: {about}</li>' for file, title, about in PAGES
    )
    return _page("finhouse: documentation", f"<ul>{items}</ul>")


def _coverage_page(covered: Sequence[Coverage]) -> str:
    layers = _table(
        ("Layer", "Models", "Columns described", "Columns tested or constrained", "Key tested"),
        [tuple(str(cell) for cell in row) for row in shares(covered)],
    )
    models = _table(
        ("Model", "Layer", "Columns", "Described", "Tested or constrained", "Key tested"),
        [
            (
                entry.name,
                entry.layer,
                str(entry.columns),
                str(entry.described),
                str(entry.checked),
                "yes" if entry.has_tested_key else "no",
            )
            for entry in covered
        ],
    )
    missing = "".join(f'<li class="gap">{html.escape(gap)}</li>' for gap in gaps(covered))
    return _page(
        "Coverage of documentation and tests",
        f"{f'<ul>{missing}</ul>' if missing else ''}{layers}<h2>By model</h2>{models}",
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(text)}</th>" for text in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{html.escape(title)}</h1>{body}</body></html>\n"
    )
