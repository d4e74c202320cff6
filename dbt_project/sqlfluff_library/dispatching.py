"""`adapter.dispatch` for a DuckDB target."""

from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context


class Adapter:
    """Stands in for dbt's adapter object."""

    @pass_context
    def dispatch(
        self, context: Context, macro_name: str, macro_namespace: str | None = None
    ) -> Callable[..., Any]:
        """Give the macro DuckDB would run: duckdb__<name>, else default__<name>."""
        for prefix in ("duckdb", "default"):
            macro = context.get(f"{prefix}__{macro_name}")
            if macro is not None:
                return macro
        raise LookupError(f"No duckdb__ or default__ macro for {macro_namespace}.{macro_name}")

    def quote(self, identifier: str) -> str:
        """A name as DuckDB quotes it."""
        return f'"{identifier}"'


adapter = Adapter()
