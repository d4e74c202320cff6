"""What `make setup` installs is enough for the unit tests, as CONTRIBUTING.md says."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions

from finhouse.settings import PROJECT_ROOT

# None in the place of a module makes its import fail.
COLLECT = """
import sys
import pytest
sys.modules.update(dict.fromkeys({absent}))
sys.exit(pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", "tests/unit"]))
"""


def brought_by_other_targets() -> list[str]:
    """Modules that are installed here and are of no package of `make setup`, such as Airflow's."""
    pinned = (PROJECT_ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    of_setup = {"finhouse", *re.findall(r"(?m)^([a-z0-9-]+)==", pinned)}
    return sorted(
        module
        for module, packages in packages_distributions().items()
        if not of_setup & {re.sub(r"[-_.]+", "-", package).lower() for package in packages}
        and module.isidentifier()
    )


def test_unit_tests_need_nothing_else() -> None:
    absent = brought_by_other_targets()
    assert {"airflow", "croniter"} <= {*absent}
    collected = subprocess.run(
        [sys.executable, "-c", COLLECT.format(absent=absent)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
    )
    assert collected.returncode == 0, collected.stdout[-2000:]
