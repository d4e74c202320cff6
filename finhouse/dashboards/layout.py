"""Where charts stand on a dashboard: Superset's position tree from sections and rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finhouse.dashboards.definitions import Dashboard, Section

ROOT, GRID, HEADER = "ROOT_ID", "GRID_ID", "HEADER_ID"

Part = dict[str, Any]


def position_of(dashboard: Dashboard, identifiers: Mapping[str, str]) -> dict[str, Any]:
    """The position tree of a dashboard.

    Args:
        dashboard: sections, rows and widths.
        identifiers: UUID of each chart by title; a chart without one is left out.
    """
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        ROOT: {"id": ROOT, "type": "ROOT", "children": [GRID]},
        GRID: {"id": GRID, "type": "GRID", "children": [], "parents": [ROOT]},
        HEADER: {"id": HEADER, "type": "HEADER", "meta": {"text": dashboard.title}},
    }
    for number, section in enumerate(dashboard.sections, start=1):
        _add_section(position, section, f"S{number}", identifiers)
    return position


def _add_section(
    position: dict[str, Any], section: Section, key: str, identifiers: Mapping[str, str]
) -> None:
    grid = [ROOT, GRID]
    if section.title:
        header = f"HEADER-{key}"
        position[header] = {
            "id": header,
            "type": "HEADER",
            "children": [],
            "parents": grid,
            "meta": {
                "text": section.title,
                "headerSize": "SMALL_HEADER",
                "background": "BACKGROUND_TRANSPARENT",
            },
        }
        position[GRID]["children"].append(header)
    for number, row in enumerate(section.rows, start=1):
        name = f"ROW-{key}-{number}"
        children = []
        for placed in row.placed:
            if placed.chart not in identifiers:
                continue
            uuid = identifiers[placed.chart]
            part = f"CHART-{uuid}"
            children.append(part)
            position[part] = {
                "id": part,
                "type": "CHART",
                "children": [],
                "parents": [*grid, name],
                "meta": {
                    # Superset replaces it by the chart's own id; until then it must be unique.
                    "chartId": len(position),
                    "uuid": uuid,
                    "sliceName": placed.chart,
                    "width": placed.width,
                    "height": row.height,
                },
            }
        position[name] = {
            "id": name,
            "type": "ROW",
            "children": children,
            "parents": grid,
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        position[GRID]["children"].append(name)
