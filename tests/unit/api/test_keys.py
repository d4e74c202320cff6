"""API keys: shown once, kept as hashes that only their owner may read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from finhouse.api.keys import READ_KPI, READ_RESTRICTED, KeyRing
from finhouse.errors import ConfigurationError, ServiceError


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "api")


def test_a_key_is_known_by_its_secret_alone(ring: KeyRing):
    key = ring.add("reports", [READ_KPI])
    other = ring.add("planning", [READ_KPI, READ_RESTRICTED])
    found = ring.identify(key)
    assert found and (found.name, found.scopes) == ("reports", (READ_KPI,))
    prefix, identifier, _ = key.split("_", 2)
    secret_of_other = other.split("_", 2)[2]
    for wrong in ("", "fh", key[:-1], f"{prefix}_{identifier}_{secret_of_other}", f"x{key}"):
        assert ring.identify(wrong) is None


def test_the_secret_is_not_in_the_file(ring: KeyRing):
    secret = ring.add("reports", [READ_KPI]).split("_", 2)[2]
    text = ring.file.read_text(encoding="utf-8")
    assert secret not in text and "$argon2id$" in text
    assert stat.S_IMODE(ring.file.stat().st_mode) == 0o600


def test_a_key_that_was_found_good_is_recognised_until_it_is_revoked(ring: KeyRing):
    key = ring.add("reports", [READ_KPI])
    # Another process, such as the server, whose memory the command line does not share.
    serving = KeyRing(ring.file.parent)
    assert serving.recognised(key) is None
    assert serving.identify(key)
    assert serving.recognised(key)
    ring.revoke("reports")
    assert serving.recognised(key) is None and serving.identify(key) is None


def test_a_key_that_is_made_later_is_known_at_once(ring: KeyRing):
    serving = KeyRing(ring.file.parent)
    assert serving.all() == []
    assert serving.identify(ring.add("reports", [READ_KPI]))


@pytest.mark.parametrize(
    ("name", "scopes", "said"),
    [
        ("reports", [READ_KPI], "there is a key 'reports' already"),
        ("re\nports", [READ_KPI], "no name for a key"),
        ("", [READ_KPI], "no name for a key"),
        ("others", ["write:all"], "no scope write:all"),
    ],
)
def test_what_cannot_be_added(ring: KeyRing, name: str, scopes: list[str], said: str):
    ring.add("reports", [READ_KPI])
    with pytest.raises(ConfigurationError, match=said):
        ring.add(name, scopes)
    assert [key.name for key in ring.all()] == ["reports"]


def test_a_key_that_is_not_there_cannot_be_revoked(ring: KeyRing):
    ring.add("reports", [READ_KPI])
    with pytest.raises(ConfigurationError, match="no key 'report'") as error:
        ring.revoke("report")
    assert "reports" in error.value.remedy


def test_a_file_that_others_may_read_is_refused(ring: KeyRing):
    key = ring.add("reports", [READ_KPI])
    ring.file.chmod(0o640)
    serving = KeyRing(ring.file.parent)
    with pytest.raises(ConfigurationError, match="may read") as error:
        serving.identify(key)
    assert f"chmod 600 {ring.file}" in error.value.remedy


@pytest.mark.parametrize("content", ["", "[", "{}", '[{"id": "a"}]', "[1]", "\x00"])
def test_a_damaged_file_is_said(ring: KeyRing, content: str):
    ring.add("reports", [READ_KPI])
    ring.file.write_text(content)
    with pytest.raises(ServiceError, match="damaged"):
        KeyRing(ring.file.parent).all()
