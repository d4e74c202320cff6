"""Which SQL is linted where a macro differs: what calls it, at any remove."""

from __future__ import annotations

from typing import Any

from finhouse.gate.lint import files_that_call


def macro(file: str, *calls: str) -> dict[str, Any]:
    return {"original_file_path": f"macros/{file}.sql", "depends_on": {"macros": list(calls)}}


def node(file: str, *calls: str) -> dict[str, Any]:
    return {"original_file_path": file, "depends_on": {"macros": list(calls), "nodes": []}}


MANIFEST = {
    "macros": {
        "macro.p.money": macro("money"),
        "macro.p.ratio": macro("ratio", "macro.p.money"),
        "macro.p.rate": macro("rates", "macro.p.ratio"),
        "macro.p.growth": macro("rates"),
    },
    "nodes": {
        "model.p.sales": node("models/sales.sql", "macro.p.money"),
        "model.p.rates": node("models/rates.sql", "macro.p.rate"),
        "model.p.plain": node("models/plain.sql"),
        "test.p.singular": node("tests/singular.sql", "macro.p.growth"),
        "test.p.of_a_model": node("models/sales.yml", "macro.p.money"),
        "seed.p.countries": {"original_file_path": "seeds/countries.csv", "depends_on": {}},
    },
}


def calling(*macro_files: str) -> set[str]:
    return files_that_call(MANIFEST, [f"dbt_project/macros/{file}.sql" for file in macro_files])


def test_a_macro_is_called_at_any_remove():
    sales, rates = "dbt_project/models/sales.sql", "dbt_project/models/rates.sql"
    assert calling("money") >= {sales, rates}
    assert calling("ratio") == {rates}
    assert calling("rates") == {rates, "dbt_project/tests/singular.sql"}


def test_what_calls_none_of_them_is_left_alone():
    assert "dbt_project/models/plain.sql" not in calling("money", "ratio", "rates")
    assert calling() == calling("of_nobody") == set()
