"""`make` refuses a Python that an environment does not install on, before anything is installed."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from finhouse.settings import PROJECT_ROOT

# Environment -> what make installs, the newest Python it takes.
ENVIRONMENTS = {
    "finhouse": (".venv/.ready", "3.13"),
    "Spark": (".venv/.spark-ready", "3.12"),
    "Snowflake": (".venv-snowflake/.ready", "3.13"),
    "Superset": (".venv-superset/.ready", "3.12"),
    "The gate": (".venv-gate/.ready", "3.13"),
}
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")


def number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def ask(folder: Path, environment: str, version: str) -> subprocess.CompletedProcess[str]:
    """Make an environment with a Python that says it is ``version``, and a uv that does nothing."""
    target, _ = ENVIRONMENTS[environment]
    python, uv = folder / "python", folder / "uv"
    python.write_text(
        "#!/bin/sh\n"
        "# The check is a program in one argument; it is run as that version would run it.\n"
        f'exec python3 -c "import sys; sys.version_info = ({version.replace(".", ", ")}, 0); '
        'exec(sys.argv[1])" "$2"\n'
    )
    uv.write_text("#!/bin/sh\n")
    for program in (python, uv):
        program.chmod(0o755)
    (folder / "Makefile").write_bytes((PROJECT_ROOT / "Makefile").read_bytes())
    (folder / "requirements").mkdir()
    for name in ("dev", "spark", "snowflake", "superset", "gate"):
        (folder / "requirements" / f"{name}.txt").touch()
    (folder / "pyproject.toml").touch()
    # Spark comes into the environment that is there.
    for name in (".venv", ".venv-superset", ".venv-gate", ".venv-snowflake"):
        (folder / name).mkdir()
    if target.endswith("spark-ready"):
        (folder / ".venv/.ready").touch()
    return subprocess.run(
        ["make", target, f"PYTHON={python}", f"UV={uv}"],
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_make_takes_the_versions_that_are_supported(environment: str, version: str, tmp_path: Path):
    target, newest = ENVIRONMENTS[environment]
    made = ask(tmp_path, environment, version)
    if number("3.11") <= number(version) <= number(newest):
        assert made.returncode == 0 and (tmp_path / target).exists(), made.stderr
        return
    assert made.returncode != 0 and not (tmp_path / target).exists()
    said = made.stderr
    assert f"{environment} needs Python 3.11 to {newest}" in said
    assert f"{tmp_path}/python is {version}" in said and "make PYTHON=/path/to/python3.11" in said


def test_the_package_says_the_same_versions_as_make():
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    told = re.findall(r":: Python :: ([\d.]+)", "\n".join(project["classifiers"]))
    _, newest = ENVIRONMENTS["finhouse"]
    assert told == [v for v in VERSIONS if number("3.11") <= number(v) <= number(newest)]
    assert project["requires-python"] == ">=3.11,<3.14"
