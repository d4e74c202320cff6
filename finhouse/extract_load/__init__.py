"""Extract-load: copy source systems into the raw layer, unaltered, exactly once."""

from finhouse.extract_load.definitions import available_sources, read_source
from finhouse.extract_load.loading import load_source, withdraw_file
from finhouse.extract_load.results import LoadResult

__all__ = ["LoadResult", "available_sources", "load_source", "read_source", "withdraw_file"]
