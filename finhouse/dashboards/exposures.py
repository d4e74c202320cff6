"""Dashboards as dbt exposures, so that dbt's documentation shows which of them use a mart.

A dashboard is one exposure for each domain its charts are about, in the folder of that domain, and
one for the charts that are about all: so that dbt knows only those of the domains it runs for.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path

from finhouse.dashboards.definitions import Dashboard, Definitions
from finhouse.dashboards.selection import Belongings, read_belongings
from finhouse.settings import Settings

HEADER = """\
# Generated from superset/ by `finhouse dashboards exposures`; do not edit.
version: 2

exposures:
"""
FILE = "_dashboards__exposures.yml"
ABOUT_ALL = ""


def exposures_folder(settings: Settings) -> Path:
    """Where the exposures stand in the dbt project."""
    return settings.dbt_project / "models" / "exposures"


def write_exposures(settings: Settings, definitions: Definitions) -> list[Path]:
    """Write the files of the exposures and remove those that are none any more; return the files.

    Args:
        definitions: the dashboards of all domains.
    """
    folder = exposures_folder(settings)
    rendered = render_exposures(definitions, read_belongings(settings.dbt_project))
    for path in _files(folder).keys() - rendered.keys():
        (folder / path).unlink()
    for path, text in rendered.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return [folder / path for path in rendered]


def exposures_are_current(settings: Settings, definitions: Definitions) -> bool:
    """Whether the files of the exposures say what the dashboards of all domains use now."""
    rendered = render_exposures(definitions, read_belongings(settings.dbt_project))
    return _files(exposures_folder(settings)) == rendered


def render_exposures(definitions: Definitions, belongings: Belongings) -> dict[Path, str]:
    """Text of each file, by its path in the folder of the exposures."""
    texts: dict[Path, str] = {}
    for dashboard in definitions.dashboards:
        marts = _marts_by_domain(dashboard, definitions, belongings)
        for domain, read in sorted(marts.items()):
            name = f"{dashboard.slug.replace('-', '_')}_dashboard"
            if domain and len(marts) > 1:
                name += f"_of_{domain}"
            path = Path(domain) / FILE
            texts[path] = texts.get(path, HEADER) + _exposure(name, dashboard, read)
    return texts


def _marts_by_domain(
    dashboard: Dashboard, definitions: Definitions, belongings: Belongings
) -> dict[str, set[str]]:
    """Marts that charts and filters read, by the domain of the charts."""
    marts: dict[str, set[str]] = {}
    for chart in definitions.charts_of(dashboard):
        domains = belongings.domains_of(chart)
        domain = domains.pop() if len(domains) == 1 else ABOUT_ALL
        marts.setdefault(domain, set()).add(chart.mart)
    return marts


def _exposure(name: str, dashboard: Dashboard, marts: Iterable[str]) -> str:
    description = textwrap.fill(
        dashboard.description, 98, initial_indent=" " * 6, subsequent_indent=" " * 6
    )
    return (
        f"  - name: {name}\n"
        f"    label: {dashboard.title}\n"
        "    type: dashboard\n"
        "    maturity: high\n"
        f"    description: >-\n{description}\n"
        "    depends_on:\n"
        + "".join(f"      - ref('{mart}')\n" for mart in sorted(marts))
        + f"    owner:\n      name: {dashboard.owner}\n"
        "      email: data@finhouse.invalid\n"
    )


def _files(folder: Path) -> dict[Path, str]:
    return {
        path.relative_to(folder): path.read_text(encoding="utf-8") for path in folder.rglob(FILE)
    }
