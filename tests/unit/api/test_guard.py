"""Who is let in, and what every answer bears, refused ones too."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import httpx
import pytest

from finhouse.api.guard import FAILURES_PER_MINUTE, Admission
from finhouse.api.keys import READ_KPI, READ_RESTRICTED, KeyRing
from finhouse.api.observing import LOGGER, SECURITY_HEADERS, JsonLines
from finhouse.api.routes import merchants
from finhouse.settings import Settings
from tests.support.api import api_of, ask, house_settings, write_publication

KEYED = Admission(needs_key=True)
SCOPES_OF_TEST = (READ_KPI, READ_RESTRICTED)
TOP_MERCHANT = (
    "create table published.top_merchant as "
    "select 1 as merchant_rank, 'm1' as merchant_id, 12.50::numeric(20, 2) as total_amount"
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication of one result."""
    path = tmp_path_factory.mktemp("published") / "house.duckdb"
    write_publication(path, "p1", TOP_MERCHANT)
    return path


@pytest.fixture
def settings(published: Path, tmp_path: Path) -> Settings:
    """A house that has published it, with keys of its own."""
    settings = house_settings(tmp_path)
    settings.published_path.parent.mkdir()
    settings.published_path.hardlink_to(published)
    return settings


@pytest.fixture
def keys(settings: Settings) -> KeyRing:
    return KeyRing(settings.api_home)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_without_a_key_the_answer_says_how_to_send_one(settings: Settings):
    api = api_of(settings, KEYED)
    for headers in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer "}):
        refused = ask(api, "/kpis", headers)
        assert refused.status_code == 401 and refused.headers["WWW-Authenticate"] == "Bearer"
        assert "Authorization: Bearer" in refused.json()["detail"]
    # Nor is it told which addresses there are.
    assert ask(api, "/nonsense").status_code == 401


@pytest.mark.parametrize("path", ["/health", "/ready", "/openapi.json"])
def test_whoever_watches_over_it_needs_no_key(settings: Settings, path: str):
    assert ask(api_of(settings, KEYED), path).status_code == 200


def test_a_key_opens_what_its_scopes_say(settings: Settings, keys: KeyRing):
    api = api_of(settings, KEYED)
    plain, whole = keys.add("plain", [READ_KPI]), keys.add("all", [READ_KPI, READ_RESTRICTED])
    none = keys.add("restricted alone", [READ_RESTRICTED])
    path = "/analytics/top-merchant"
    assert ask(api, path, bearer(whole)).json() == {"merchant_id": "m1", "total_volume": 12.5}
    # Also where the answer is in memory.
    for key, scope in ((plain, READ_RESTRICTED), (none, READ_KPI)):
        refused = ask(api, path, bearer(key))
        assert refused.status_code == 403 and scope in refused.json()["detail"]


def test_a_revoked_key_opens_nothing(settings: Settings, keys: KeyRing):
    api = api_of(settings, KEYED)
    key = keys.add("reports", [READ_KPI, READ_RESTRICTED])
    assert ask(api, "/analytics/top-merchant", bearer(key)).status_code == 200
    keys.revoke("reports")
    assert ask(api, "/analytics/top-merchant", bearer(key)).status_code == 401


def test_each_key_has_its_own_rate(settings: Settings, keys: KeyRing):
    api = api_of(settings, Admission(needs_key=True, per_second=2))
    first, second = (bearer(keys.add(name, SCOPES_OF_TEST)) for name in ("a", "b"))
    path = "/analytics/top-merchant"
    answers = [ask(api, path, first) for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and answers[0].status_code == 200
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert refused[0].json()["type"] == "urn:finhouse:problem:too-many-requests"
    assert ask(api, path, second).status_code == 200


def test_what_needs_no_key_is_counted_by_address(settings: Settings, keys: KeyRing):
    api = api_of(settings, Admission(needs_key=True, per_second=2))
    answers = [ask(api, "/ready") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and answers[0].status_code == 200
    # Whoever has a key is not held up by others at the same address.
    key = bearer(keys.add("reports", SCOPES_OF_TEST))
    assert ask(api, "/analytics/top-merchant", key).status_code == 200


def test_whoever_guesses_keys_is_held_up(settings: Settings, keys: KeyRing):
    api = api_of(settings, KEYED)
    good = bearer(keys.add("reports", SCOPES_OF_TEST))
    assert ask(api, "/analytics/top-merchant", good).status_code == 200
    identifier = keys.all()[0].id
    statuses = [
        ask(api, "/kpis", bearer(f"fh_{identifier}_{number}")).status_code
        for number in range(FAILURES_PER_MINUTE + 1)
    ]
    assert statuses == [401] * FAILURES_PER_MINUTE + [429]
    # A key that is known already is none that is guessed.
    assert ask(api, "/analytics/top-merchant", good).status_code == 200


@pytest.mark.parametrize("guess", ["fh_{id}_{n}", "fh_nobody_{n}", "fh_{n}_x", "{n}", "_{n}_"])
def test_who_has_a_key_is_not_held_up_by_who_guesses(settings: Settings, keys: KeyRing, guess: str):
    """Also where the guard sees the key for the first time."""
    api = api_of(settings, KEYED)
    keys.add("guessed", [READ_KPI])
    guessed = keys.all()[0].id
    good = bearer(keys.add("reports", SCOPES_OF_TEST))
    statuses = [
        ask(api, "/kpis", bearer(guess.format(id=guessed, n=number))).status_code
        for number in range(FAILURES_PER_MINUTE + 1)
    ]
    assert statuses == [401] * FAILURES_PER_MINUTE + [429]
    assert ask(api, "/analytics/top-merchant", good).status_code == 200


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://127.0.0.1:8090", 200),
        ("http://localhost:8090", 200),
        ("http://[::1]:8090", 200),
        ("http://finhouse.example", 421),
        ("http://127.0.0.1.example:8090", 421),
    ],
)
def test_without_keys_a_page_with_a_name_of_its_own_is_not_answered(
    settings: Settings, url: str, status: int
):
    assert ask(api_of(settings), "/health", url=url).status_code == status


def every_kind(settings: Settings) -> list[httpx.Response]:
    """Answers of every kind: good, not found, not allowed, refused, not valid, not ready."""
    api, guarded = api_of(settings), api_of(settings, KEYED)
    return [
        ask(api, "/health"),
        ask(api, "/analytics/top-merchant"),
        ask(api, "/nonsense"),
        ask(api, "/health", method="POST"),
        ask(guarded, "/kpis"),
        ask(api, "/kpis/mau/values?grain=year"),
        ask(api, "/scorecard"),
    ]


def test_every_answer_bears_what_it_must(settings: Settings):
    answers = every_kind(settings)
    assert [answer.status_code for answer in answers] == [200, 200, 404, 405, 401, 422, 503]
    for answer in answers:
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert float(answer.headers["X-Process-Time"]) >= 0
        assert answer.headers["X-Request-ID"]
        if answer.status_code >= 400:
            told = answer.json()
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert told["status"] == answer.status_code
            assert told["request_id"] == answer.headers["X-Request-ID"]
            assert told["type"].startswith("urn:finhouse:problem:")
            assert told["instance"] == answer.request.url.path


def test_the_callers_own_id_is_kept_where_it_fits_a_log(settings: Settings):
    api = api_of(settings)
    assert ask(api, "/health", {"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    for unfit in ('a"b', "x" * 65, "a b"):
        answered = ask(api, "/health", {"X-Request-ID": unfit})
        assert answered.headers["X-Request-ID"] != unfit


def test_a_bug_shows_nothing_of_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(merchants, "_check_data", broken)
    with caplog.at_level(logging.INFO, LOGGER):
        logging.getLogger(LOGGER).propagate = True
        answered = ask(api_of(settings), "/analytics/top-merchant")
    assert answered.status_code == 500 and "secret" not in answered.text
    failed = next(record for record in caplog.records if record.levelname == "ERROR")
    entry = json.loads(JsonLines().format(failed))
    assert entry["request_id"] == answered.json()["request_id"]
    assert "a secret of ours" in entry["trace"]


@pytest.mark.parametrize(
    ("query", "logged"),
    [
        ("q=zoe", "q=*"),
        ("%71=zoe&x=1", "q=*&x=1"),
        ("x=1&q=zoe&q=grace", "x=1&q=*&q=*"),
        ("q", "q=*"),
        ("qq=1&from=2026-01-01", "qq=1&from=2026-01-01"),
    ],
)
def test_the_log_does_not_say_what_was_asked(
    settings: Settings, caplog: pytest.LogCaptureFixture, query: str, logged: str
):
    with caplog.at_level(logging.INFO, LOGGER):
        logging.getLogger(LOGGER).propagate = True
        ask(api_of(settings), f"/health?{query}")
    [line] = [JsonLines().format(record) for record in caplog.records if record.name == LOGGER]
    assert json.loads(line)["query"] == logged and "zoe" not in line


def test_the_log_is_json_and_knows_no_key(
    settings: Settings, keys: KeyRing, caplog: pytest.LogCaptureFixture
):
    key = keys.add("reports", SCOPES_OF_TEST)
    with caplog.at_level(logging.INFO, LOGGER):
        logging.getLogger(LOGGER).propagate = True
        ask(api_of(settings, KEYED), "/analytics/top-merchant?x=1", bearer(key))
    [line] = [JsonLines().format(record) for record in caplog.records if record.name == LOGGER]
    entry = json.loads(line)
    assert (entry["path"], entry["query"], entry["status"]) == (
        "/analytics/top-merchant",
        "x=1",
        200,
    )
    assert entry["key_id"] == keys.all()[0].id and entry["publication_id"] == "p1"
    assert entry["seconds"] > 0 and "time" in entry
    assert key.split("_", 2)[2] not in line
