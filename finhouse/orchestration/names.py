"""Names that DAGs, tasks and the local server share."""

from __future__ import annotations

# One slot where a DuckDB file is written, which has one writer; several for a server.
WRITER_POOL = "warehouse_writers"
# One slot: two announcements within a millisecond would be taken for two rounds.
ANNOUNCEMENT_POOL = "announcements"
OLTP_CONNECTION = "finhouse_oltp"
WAREHOUSE_CONNECTION = "finhouse_warehouse"
TRANSFORM_DAG = "transform"
WATCH_DAG = "round_watch"
PUBLISHED_ASSET = "published_marts"
PULSE_DAG = "pulse"
PULSE_BY_HAND_DAG = "pulse_by_hand"
# How long a transform may take before somebody is told.
TRANSFORM_MINUTES = 120
# What a run of an extract-load DAG may be asked to do.
INCREMENTAL, FULL_REFRESH, DATE_RANGE = "incremental", "full refresh", "date range"


def extract_load_dag_id(source_name: str) -> str:
    """``wallet`` -> ``extract_load_wallet``."""
    return f"extract_load_{source_name}"


def near_real_time_dag_id(source_name: str) -> str:
    """``wallet`` -> ``near_real_time_wallet``."""
    return f"near_real_time_{source_name}"


def near_real_time_asset(source_name: str) -> str:
    """``wallet`` -> ``raw_wallet_near_real_time``."""
    return f"raw_{source_name}_near_real_time"


def writer_slots(target: str) -> int:
    """How many tasks may write a warehouse of this engine at once."""
    return 4 if target == "postgres" else 1
