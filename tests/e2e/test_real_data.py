"""`make verify-real`: the unchanged pipeline on a real bank and real merchant files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.house import House

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def verified(real_data: Path, tmp_path_factory):
    """What the command printed, and the house it left behind; engines are compared elsewhere."""
    house = House(tmp_path_factory.mktemp("real"))
    printed = house.succeed("verify-real", env={"FINHOUSE_REAL_DATA": str(real_data)})
    return printed, house


def test_every_figure_equals_its_reference(verified):
    printed, _ = verified
    lines = [line for line in printed.splitlines() if line.rstrip().endswith("equal")]
    assert "DIFFERENT" not in printed
    assert len(lines) == 88
    assert "88 of 88 figures equal their reference." in printed
    assert any("MRC-009405" in line and line.count("23068866.75") == 2 for line in lines)
    assert any("monthly_active_merchants" in line and line.count(" 6446 ") == 2 for line in lines)


def test_it_stays_in_a_house_of_its_own(verified):
    _, house = verified
    assert [path.name for path in house.home.iterdir()] == ["verify-real"]
    assert not house.server.is_running()


def test_real_days_lack_no_file(verified):
    """They were first read long after their time: nothing is expected after the last."""
    _, house = verified
    left = House(house.home / "verify-real")
    assert left.published_rows("select count(*) from published.fct_activities") != [(0,)]
    assert left.published_rows("select * from published.file_gaps") == []


def test_missing_data_is_a_clear_error(tmp_path: Path):
    result = House(tmp_path / "home").run(
        "verify-real", env={"FINHOUSE_REAL_DATA": str(tmp_path / "nowhere")}
    )
    assert result.returncode == 2
    assert "nowhere" in result.stdout and "FINHOUSE_REAL_DATA" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
