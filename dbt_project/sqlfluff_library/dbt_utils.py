"""The dbt_utils.* macros models use; generic tests are not linted."""


def generate_series(upper_bound: int) -> str:
    """A relation of the series' shape."""
    return f"select {upper_bound} as generated_number"
