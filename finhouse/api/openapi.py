"""The description of the API as the repository keeps it, and what of a change breaks callers.

The snapshot is of all domains, whatever this run has selected.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from finhouse.api.app import create_app
from finhouse.api.guard import Admission
from finhouse.api.keys import KeyRing
from finhouse.api.project import Project
from finhouse.api.published_file import PublishedFile
from finhouse.domains import declared_domains
from finhouse.settings import load_settings

SNAPSHOT = Path("docs") / "reference" / "openapi.json"
Described = Mapping[str, Any]
_REFERENCE = "#/components/schemas/"
# Words of a schema that are no promise.
_PROSE = ("title", "description", "examples", "default")


def snapshot_path(root: Path) -> Path:
    """Where the snapshot is, in the repository at ``root``."""
    return root / SNAPSHOT


def snapshot_text() -> str:
    """The description of the API as it is now."""
    settings = load_settings({})
    app = create_app(
        Project(settings, tuple(declared_domains())),
        PublishedFile(settings.published_path, settings.api_home),
        KeyRing(settings.api_home),
        Admission(needs_key=True),
    )
    return json.dumps(app.openapi(), indent=2) + "\n"


def broken_operations(base: Described, head: Described) -> list[str]:
    """Operations, such as ``GET /kpis``, that a caller of the base may find broken in the head.

    One that is gone; a parameter that is gone, must be sent now or takes other values; a member
    that is gone from an answer or has another type. What is added breaks nobody.
    """
    after = dict(_operations(head))
    return sorted(
        name
        for name, operation in _operations(base)
        if name not in after
        or _asks_otherwise(operation, after[name])
        or _answers_otherwise(_answer(base, operation), _answer(head, after[name]))
    )


def _operations(described: Described) -> Iterator[tuple[str, Described]]:
    for path, operations in described.get("paths", {}).items():
        for method, operation in operations.items():
            yield f"{method.upper()} {path}", operation


def _asks_otherwise(base: Described, head: Described) -> bool:
    before, after = _parameters(base), _parameters(head)
    return any(
        name not in after or _promise(one["schema"]) != _promise(after[name]["schema"])
        for name, one in before.items()
    ) or any(
        one["required"] and not before.get(name, {}).get("required") for name, one in after.items()
    )


def _parameters(operation: Described) -> dict[tuple[str, str], Described]:
    return {(one["in"], one["name"]): one for one in operation.get("parameters", [])}


def _answer(described: Described, operation: Described) -> dict[str, Any]:
    """Schema of the answer by media type, with nothing left to look up."""
    content = operation["responses"]["200"].get("content", {})
    return {media: _resolved(described, one["schema"]) for media, one in content.items()}


def _resolved(described: Described, schema: Any) -> Any:
    if isinstance(schema, list):
        return [_resolved(described, part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REFERENCE)
        return _resolved(described, described["components"]["schemas"][name])
    return {name: _resolved(described, part) for name, part in schema.items()}


def _answers_otherwise(base: Any, head: Any) -> bool:
    """Whether a reader of ``base`` may miss something in ``head``; members may be added."""
    if not isinstance(base, dict) or not isinstance(head, dict):
        return bool(base != head)
    return any(
        _answers_otherwise(part, head.get(name))
        for name, part in _promise(base).items()
        # Which members are there is told by the properties.
        if name != "required"
    )


def _promise(schema: Any) -> Any:
    return {name: part for name, part in schema.items() if name not in _PROSE}
