"""Extract-load: copy source systems into the raw layer, unaltered, exactly once."""

from finhouse.extract_load.loading import load_source, withdraw_file
from finhouse.extract_load.results import LoadResult

__all__ = ["LoadResult", "load_source", "withdraw_file"]
