"""Dashboards as code: YAML files and dbt's metrics become a running Superset."""
