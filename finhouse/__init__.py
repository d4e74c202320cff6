"""finhouse: an open, dbt-centric analytics warehouse for financial services."""

__version__ = "0.1.0"
