"""Copies of the shared company, for tests that change it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.house import House


@contextmanager
def copied(built: Path, base: Path, domains: str = "") -> Iterator[House]:
    """A house for ``domains`` (empty: all) that starts where the shared company stands.

    In the same place one after the other: one at a time.

    Args:
        built: home of the shared company, with its server stopped.
        base: folder of this test process.
    """
    house = House(base / "copy" / "house", domains)
    # Thousands of small files that nobody reads: what dbt has rendered.
    shutil.copytree(built, house.home, ignore=shutil.ignore_patterns("compiled", "run"))
    house.server.start()
    yield house
    house.server.stop()
    shutil.rmtree(house.home)
