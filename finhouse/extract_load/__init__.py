"""Extract-load: copy source systems into the raw layer, unaltered, exactly once."""

from finhouse.extract_load.databases import database_url, source_url
from finhouse.extract_load.loading import load_source, withdraw_file
from finhouse.extract_load.reconciling import reconcile_source, refuse_differences
from finhouse.extract_load.results import LoadResult, Reconciliation
from finhouse.extract_load.windows import DateWindow

__all__ = [
    "DateWindow",
    "LoadResult",
    "Reconciliation",
    "database_url",
    "load_source",
    "reconcile_source",
    "refuse_differences",
    "source_url",
    "withdraw_file",
]
