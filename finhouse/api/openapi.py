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
_HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems")


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

    One that is gone; a parameter or a body that is gone, must be sent now, takes less, or means
    something else by itself; a key that is needed now; a member of an answer that is gone, may be
    left out, or has another type. What is added breaks nobody.
    """
    after = dict(_operations(head))
    return sorted(
        name
        for name, operation in _operations(base)
        if name not in after
        or _asks_otherwise(operation, after[name])
        or _is_locked(operation, after[name])
        or _answers_otherwise(_answers(operation), _answers(after[name]))
    )


def _operations(described: Described) -> Iterator[tuple[str, Described]]:
    """Operations by name, with nothing left to look up."""
    for path, operations in described.get("paths", {}).items():
        for method, operation in operations.items():
            default = {"security": described["security"]} if "security" in described else {}
            yield f"{method.upper()} {path}", default | _resolved(described, operation)


def _asks_otherwise(base: Described, head: Described) -> bool:
    before, after = _parameters(base), _parameters(head)
    return (
        any(
            name not in after or _takes_less(one["schema"], after[name]["schema"])
            for name, one in before.items()
        )
        or any(
            one.get("required") and not before.get(name, {}).get("required")
            for name, one in after.items()
        )
        or _takes_another_body(base.get("requestBody"), head.get("requestBody"))
    )


def _parameters(operation: Described) -> dict[tuple[str, str], Described]:
    return {(one["in"], one["name"]): one for one in operation.get("parameters", [])}


def _takes_another_body(base: Described | None, head: Described | None) -> bool:
    if base is None or head is None:
        return base is not head and (head is None or bool(head.get("required")))
    after = head["content"]
    return bool(head.get("required") and not base.get("required")) or any(
        media not in after or _takes_less(one.get("schema", {}), after[media].get("schema", {}))
        for media, one in base["content"].items()
    )


def _takes_less(base: Any, head: Any) -> bool:
    """Whether something that ``base`` takes may not be taken by ``head``, or be so otherwise."""
    if not isinstance(base, dict) or not isinstance(head, dict):
        return bool(base != head)
    if base.get("default") != head.get("default"):
        return True
    return any(_takes_less_by(name, base, head) for name in {*base, *head} - {*_PROSE})


def _takes_less_by(name: str, base: Described, head: Described) -> bool:
    """The same by one word of the two schemas."""
    before, after = base.get(name), head.get(name)
    if name == "properties":
        return any(
            member not in (after or {}) or _takes_less(part, after[member])
            for member, part in (before or {}).items()
        )
    if name == "required":
        return not set(after or ()) <= set(before or ())
    # What is not said any more limits nothing.
    if after is None or before == after:
        return False
    if before is None:
        return True
    if name == "enum":
        return not set(before) <= set(after)
    if name in ("anyOf", "oneOf"):
        return any(all(_takes_less(one, other) for other in after) for one in before)
    if name in _HIGHEST or name in _LOWEST:
        return bool(after < before) if name in _HIGHEST else bool(after > before)
    return _takes_less(before, after)


def _is_locked(base: Described, head: Described) -> bool:
    """Whether who needed no key, or another one, needs one now."""
    return bool(head.get("security")) and base.get("security") != head["security"]


def _answers(operation: Described) -> dict[str, Any]:
    """Schema of each good answer, by status and media type."""
    return {
        status: {media: one.get("schema", {}) for media, one in response.get("content", {}).items()}
        for status, response in operation["responses"].items()
        if status.startswith("2")
    }


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
    if isinstance(base, list) and isinstance(head, list):
        pairs = zip(base, head, strict=False)
        return len(base) != len(head) or any(_answers_otherwise(*pair) for pair in pairs)
    if not isinstance(base, dict) or not isinstance(head, dict):
        return bool(base != head)
    return any(
        _members_otherwise(part, head.get(name))
        if name == "properties"
        else not set(part) <= set(head.get(name, ()))
        if name == "required"
        else _answers_otherwise(part, head.get(name))
        for name, part in base.items()
        if name not in _PROSE
    )


def _members_otherwise(base: Described, head: Described | None) -> bool:
    """The same of members, whose names are no words of a schema."""
    return any(
        name not in (head or {}) or _answers_otherwise(part, (head or {})[name])
        for name, part in base.items()
    )
