"""The API keeps what its description promises, whatever it is asked: requests by schemathesis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.support.api_server import Served, serving
from tests.support.house import House

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def api(company: House) -> Iterator[Served]:
    with serving(company, "duckdb") as served:
        yield served


@pytest.fixture
def described(api: Served):
    return schemathesis.openapi.from_url(f"{api.server.url}/openapi.json")


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case):
    # A cursor may be any text and is good only if it was handed out.
    case.call_and_validate(excluded_checks=[positive_data_acceptance])
