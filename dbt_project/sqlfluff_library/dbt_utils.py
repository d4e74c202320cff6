"""The dbt_utils.* macros models use; generic tests are not linted."""


def date_spine(datepart: str, start_date: str, end_date: str) -> str:
    """A relation of the spine's shape."""
    return f"select {start_date} as date_{datepart} where {start_date} < {end_date}"
