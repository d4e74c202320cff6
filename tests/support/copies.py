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

    Always in the same place and on the same port, with what dbt parsed there before for the same
    domains: anything else makes dbt parse the whole project again. One at a time, therefore, and
    whoever uses it builds for these domains alone.

    Args:
        built: home of the shared company, with its server stopped.
        base: folder of this test process.
    """
    house = House(base / "copy" / "house", domains)
    kept = base / "copy" / "kept" / (domains or "all")
    options = house.server.data / "postmaster.opts"
    kept_options = kept.with_name(options.name)
    # Thousands of small files that nobody reads: what dbt has rendered.
    shutil.copytree(built, house.home, ignore=shutil.ignore_patterns("compiled", "run"))
    if kept.exists():
        shutil.copytree(kept, house.home / "dbt", dirs_exist_ok=True)
    if kept_options.exists():
        shutil.copy(kept_options, options)
    house.server.start()
    yield house
    house.server.stop()
    for parsed in (house.home / "dbt").glob("*/partial_parse.msgpack"):
        again = kept / parsed.relative_to(house.home / "dbt")
        again.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(parsed, again)
    shutil.copy(options, kept_options)
    shutil.rmtree(house.home)
