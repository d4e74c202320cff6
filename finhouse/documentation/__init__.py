"""The documentation as static pages: dbt's own, column lineage, coverage, and an index of them."""
