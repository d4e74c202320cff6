"""Who reviews which file: .github/CODEOWNERS, written from the owners that the marts declare."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finhouse.errors import ConfigurationError
from finhouse.yaml_text import parse_yaml

# The organisation whose teams review; a fork names its own.
ORGANISATION = "finhouse"
# Reviews what belongs to no mart.
PLATFORM = "Data platform"
MARTS_FOLDER = Path("dbt_project") / "models" / "marts"

HEADER = f"""\
# Generated from the owners of the marts by `finhouse codeowners`; do not edit.
# The last pattern that matches a file decides. All other files: {PLATFORM}.
"""


def codeowners_path(root: Path) -> Path:
    """Where GitHub looks for the file, in the repository at ``root``."""
    return root / ".github" / "CODEOWNERS"


def render_codeowners(root: Path) -> str:
    """The content of CODEOWNERS: a mart's files belong to the team that owns the mart.

    Args:
        root: the repository.

    Raises:
        ConfigurationError: a mart names no owner.
    """
    lines = [f"* {team(PLATFORM)}"]
    folder = None
    for path, name, owner in sorted(_marts(root)):
        if path.parent != folder:
            folder = path.parent
            lines.append("")
        place = f"/{folder.as_posix()}/"
        lines.append(f"{place}{name}.* {team(owner)}")
        if (root / folder / f"{name}__unit_tests.yml").exists():
            lines.append(f"{place}{name}__unit_tests.yml {team(owner)}")
    return HEADER + "\n".join(lines) + "\n"


def team(owner: str) -> str:
    """The team that an owner is on GitHub: "Customer success" -> @finhouse/customer-success."""
    return f"@{ORGANISATION}/{owner.lower().replace(' ', '-')}"


def _marts(root: Path) -> Iterator[tuple[Path, str, str]]:
    """YAML file (relative to ``root``), name and owner of each mart."""
    for path in (root / MARTS_FOLDER).rglob("*.yml"):
        content: dict[str, Any] = parse_yaml(path.read_text(encoding="utf-8")) or {}
        for model in content.get("models", []):
            owner = model.get("config", {}).get("meta", {}).get("owner")
            if not owner:
                raise ConfigurationError(
                    f"{path} names no owner of the mart {model['name']}",
                    "set owner in the mart's config.meta",
                )
            yield path.relative_to(root), model["name"], owner
