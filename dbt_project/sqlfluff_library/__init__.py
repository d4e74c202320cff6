"""What sqlfluff needs of dbt to render a model: its builtins, as DuckDB text.

sqlfluff's dbt templater does not fit our dbt and costs four times the time, so `.sqlfluff` uses the
jinja templater: the project's own macros are loaded as they are, ref, source and config are
sqlfluff's stubs, and this package adds the rest. Nothing here reaches a database.
"""

from sqlfluff_library import dbt, dbt_utils
from sqlfluff_library.dispatching import adapter
from sqlfluff_library.variables import env_var, run_started_at, target, var

__all__ = ["adapter", "dbt", "dbt_utils", "env_var", "run_started_at", "target", "var"]
