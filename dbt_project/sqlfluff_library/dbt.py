"""The dbt.* macros the project uses, as dbt-duckdb renders them."""


def type_string() -> str:
    """The type of text."""
    return "varchar"


def dateadd(datepart: str, interval: object, from_date_or_timestamp: str) -> str:
    """A date or timestamp, so many dateparts later."""
    return f"date_add({from_date_or_timestamp}, interval ({interval}) {datepart})"


def datediff(first_date: str, second_date: str, datepart: str) -> str:
    """Dateparts from one date to another."""
    return f"date_diff('{datepart}', {first_date}, {second_date})"


def concat(fields: list[str]) -> str:
    """Texts one after the other."""
    return " || ".join(fields)


def safe_cast(field: str, type_name: str) -> str:
    """A cast that answers null, where an engine has it; DuckDB is given the plain one."""
    return f"cast({field} as {type_name})"
