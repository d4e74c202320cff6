"""The description of the API: current in the repository, and what of a change breaks callers."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from finhouse.api.openapi import broken_operations, snapshot_path, snapshot_text
from finhouse.settings import PROJECT_ROOT

VALUES = "/kpis/{code}/values"
JUDGING = "POST /pulse/alerts/{alert_id}/feedback"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return json.loads(snapshot_text())


def test_the_snapshot_is_current():
    assert snapshot_path(PROJECT_ROOT).read_text(encoding="utf-8") == snapshot_text(), (
        "run `finhouse api openapi` and commit what it writes"
    )


def test_each_address_says_what_it_answers(described: dict[str, Any]):
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            for status, response in operation["responses"].items():
                content = response["content"]
                if status >= "400":
                    assert list(content) == ["application/problem+json"], (path, status)
            is_open = path in ("/health", "/ready")
            assert operation.get("security") == (None if is_open else [{"key": []}])


def parameter(described: dict[str, Any], name: str) -> dict[str, Any]:
    parameters = described["paths"][VALUES]["get"]["parameters"]
    return next(one for one in parameters if one["name"] == name)


def judging(described: dict[str, Any]) -> dict[str, Any]:
    return described["paths"]["/pulse/alerts/{alert_id}/feedback"]["post"]


def members(described: dict[str, Any], schema: str) -> dict[str, Any]:
    return described["components"]["schemas"][schema]["properties"]


Change = Callable[[dict[str, Any]], object]
BREAKING: dict[str, tuple[Change, list[str]]] = {
    "an address is gone": (lambda api: api["paths"].pop("/scorecard"), ["GET /scorecard"]),
    "a parameter is gone": (
        lambda api: api["paths"][VALUES]["get"]["parameters"].remove(parameter(api, "grain")),
        [f"GET {VALUES}"],
    ),
    "a parameter must be sent": (
        lambda api: parameter(api, "grain").update(required=True),
        [f"GET {VALUES}"],
    ),
    "a parameter takes less": (
        lambda api: parameter(api, "limit")["schema"].update(maximum=10),
        [f"GET {VALUES}"],
    ),
    "a parameter means something else by itself": (
        lambda api: parameter(api, "grain")["schema"].update(default="other"),
        [f"GET {VALUES}"],
    ),
    "a value of a parameter is gone": (
        lambda api: parameter(api, "grain")["schema"].update(enum=["month"]),
        [f"GET {VALUES}"],
    ),
    "a value of a body is gone": (
        lambda api: members(api, "Feedback")["feedback"].update(enum=["true_positive"]),
        [JUDGING],
    ),
    "a member must be sent in a body": (
        lambda api: api["components"]["schemas"]["Feedback"]["required"].append("why"),
        [JUDGING],
    ),
    "a member of a body has another name": (
        lambda api: members(api, "Feedback").update(said=members(api, "Feedback").pop("feedback")),
        [JUDGING],
    ),
    "a body is gone": (lambda api: judging(api).pop("requestBody"), [JUDGING]),
    "a body has another type": (
        lambda api: judging(api)["requestBody"]["content"].update(
            {"text/plain": judging(api)["requestBody"]["content"].pop("application/json")}
        ),
        [JUDGING],
    ),
    "a body must be sent": (
        lambda api: api["paths"]["/scorecard"]["get"].update(
            requestBody={"required": True, "content": {}}
        ),
        ["GET /scorecard"],
    ),
    "an answer has another status": (
        lambda api: judging(api)["responses"].update({"202": judging(api)["responses"].pop("200")}),
        [JUDGING],
    ),
    "a key is needed": (
        lambda api: api["paths"]["/health"]["get"].update(security=[{"key": []}]),
        ["GET /health"],
    ),
    "a member may be left out": (
        lambda api: api["components"]["schemas"]["CardEntry"]["required"].remove("target_status"),
        ["GET /scorecard"],
    ),
    "a member is gone": (
        lambda api: members(api, "KpiValue").pop("numerator"),
        [f"GET {VALUES}", f"GET {VALUES}/{{period}}/history"],
    ),
    "a member has another type": (
        lambda api: members(api, "CardEntry")["target_status"].update(type="integer"),
        ["GET /scorecard"],
    ),
    "a member may be null": (
        lambda api: members(api, "TopMerchant").update(
            total_volume={"anyOf": [{"type": "number"}, {"type": "null"}]}
        ),
        ["GET /analytics/top-merchant"],
    ),
}
HARMLESS: dict[str, Change] = {
    "nothing": lambda api: None,
    "an address is new": lambda api: api["paths"].update({"/new": api["paths"]["/scorecard"]}),
    "a parameter is new": lambda api: api["paths"]["/scorecard"]["get"]["parameters"].append(
        {"name": "x", "in": "query", "required": False, "schema": {"type": "string"}}
    ),
    "a parameter takes more": lambda api: parameter(api, "limit")["schema"].update(maximum=5000),
    "a body takes more": lambda api: members(api, "Feedback")["feedback"]["enum"].append("x"),
    "a body has a member more": lambda api: members(api, "Feedback").update(x={"type": "string"}),
    "no key is needed": lambda api: api["paths"]["/scorecard"]["get"].pop("security"),
    "a member is new": lambda api: members(api, "CardEntry").update(x={"type": "string"}),
    "a description is another": lambda api: parameter(api, "limit")["schema"].update(
        description="other"
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_callers_is_named(described: dict[str, Any], name: str):
    change, broken = BREAKING[name]
    head = copy.deepcopy(described)
    change(head)
    assert broken_operations(described, head) == broken


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_added_breaks_nobody(described: dict[str, Any], name: str):
    head = copy.deepcopy(described)
    HARMLESS[name](head)
    assert broken_operations(described, head) == []
