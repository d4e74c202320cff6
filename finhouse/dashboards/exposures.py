"""Dashboards as dbt exposures, so that dbt's documentation shows which of them use a mart."""

from __future__ import annotations

import textwrap
from pathlib import Path

from finhouse.dashboards.definitions import Definitions
from finhouse.settings import Settings

HEADER = """\
# Generated from superset/ by `finhouse dashboards exposures`; do not edit.
version: 2

exposures:
"""


def exposures_path(settings: Settings) -> Path:
    """Where the exposures stand in the dbt project."""
    return settings.dbt_project / "models" / "exposures" / "_dashboards__exposures.yml"


def render_exposures(definitions: Definitions) -> str:
    """One exposure per dashboard with the marts its charts and filters read."""
    text = HEADER
    for dashboard in definitions.dashboards:
        marts = {chart.mart for chart in definitions.charts_of(dashboard)}
        marts |= {choice.mart for choice in dashboard.filters}
        description = textwrap.fill(
            dashboard.description, 98, initial_indent=" " * 6, subsequent_indent=" " * 6
        )
        text += (
            f"  - name: {dashboard.slug.replace('-', '_')}_dashboard\n"
            f"    label: {dashboard.title}\n"
            "    type: dashboard\n"
            "    maturity: high\n"
            f"    description: >-\n{description}\n"
            "    depends_on:\n"
            + "".join(f"      - ref('{mart}')\n" for mart in sorted(marts))
            + f"    owner:\n      name: {dashboard.owner}\n"
            "      email: data@finhouse.invalid\n"
        )
    return text
