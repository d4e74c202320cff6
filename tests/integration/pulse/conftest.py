"""A house with monitors on a real PostgreSQL, and somebody who is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pulse import Watched
from tests.support.warehouse import ThrowAwayServer


@pytest.fixture
def watched(tmp_path: Path, oltp_server: ThrowAwayServer) -> Watched:
    """A house without monitors; nothing is published yet."""
    return Watched(tmp_path, oltp_server.create_database("pulse_under_test"))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What somebody has been told."""
    texts: list[str] = []

    def tell(text: str) -> bool:
        texts.append(text)
        return True

    monkeypatch.setattr("finhouse.pulse.running.tell", tell)
    return texts
