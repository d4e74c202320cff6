"""The page of column lineage, drawn by dbt-colibri; it asks no other host for anything."""

from __future__ import annotations

import logging
import re
import tempfile
from pathlib import Path

from finhouse.errors import TransformError

# Names of XML vocabularies look like addresses and are none.
_VOCABULARIES = ("www.w3.org", "www.eclipse.org")
_ADDRESS = re.compile(r"https?://([A-Za-z0-9.-]*)")
# The browser refuses whatever the page might still try.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'self\' data: blob: '
    "'unsafe-inline' 'unsafe-eval'; connect-src 'self' data: blob:; form-action 'none'\">"
)
NOWHERE = "about:invalid#"


def write_lineage_page(manifest: Path, catalog: Path, page: Path) -> None:
    """Write the column lineage of a built project as one page.

    Args:
        manifest: dbt's manifest.json, compiled.
        catalog: dbt's catalog.json.
        page: the file to write.

    Raises:
        TransformError: the SQL of some columns could not be followed.
    """
    # A library of `make docs` alone; the rest of the program runs without it.
    from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor
    from dbt_colibri.report.generator import DbtColibriReportGenerator

    logging.getLogger("colibri").setLevel(logging.ERROR)
    extractor = DbtColumnLineageExtractor(str(manifest), str(catalog))
    generator = DbtColibriReportGenerator(extractor, disable_telemetry=True)
    with tempfile.TemporaryDirectory() as folder:
        generator.generate_report(output_dir=folder)
        errors = Path(folder) / "colibri-parsing-errors.json"
        if errors.exists():
            raise TransformError(
                f"column lineage cannot be followed: {errors.read_text(encoding='utf-8')}",
                "write the SQL of those columns plainer, or pin sqlglot to a version that reads it",
            )
        html = (Path(folder) / "index.html").read_text(encoding="utf-8")
    page.write_text(without_foreign_hosts(html), encoding="utf-8")


def without_foreign_hosts(html: str) -> str:
    """The page with every address of another host made void, and the browser told to ask none."""
    html = _ADDRESS.sub(lambda found: found[0] if _is_vocabulary(found[1]) else NOWHERE, html)
    return html.replace("<head>", f"<head>{_POLICY}", 1)


def foreign_hosts(html: str) -> set[str]:
    """Hosts that a page names and that are not itself."""
    return {host for host in _ADDRESS.findall(html) if not _is_vocabulary(host)}


def _is_vocabulary(host: str) -> bool:
    return host in ("", *_VOCABULARIES)
